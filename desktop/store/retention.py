"""How long hits are kept: the raw ones for as long as the user wishes, what they proved as long as the mail.

What stays of a hit that is let go is which kind it was of and what it meant; of a copy, the rung that they proved and
the first day of that.  So no status falls, and no opening rings twice, because time went by.
"""

from datetime import datetime
from typing import Final

from desktop.store.change import Change
from desktop.store.database import Store

KEEP_DAYS: Final = "privacy.keep_days"
STRICT: Final = "privacy.strict"
DEFAULT_KEEP_DAYS: Final = 365
KEEP_CHOICES: Final = (30, 90, 365, 730)


def expire_hits(store: Store, now: datetime) -> Change:
    """Let go of raw hits that are older than the user keeps them, and of what else is over."""
    raise NotImplementedError
