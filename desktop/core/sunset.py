"""How long a mail is tracked: each may end earlier than the relay's limit, and no one later.

The relay accepts a token for 90 days from the day in it.  A mail with an earlier sunset bears a day that lies so far
back, so that the relay, which knows nothing of sunsets, stores nothing beyond.
"""

from datetime import datetime
from typing import Final

# As many days as relay.hits accepts a token for.
LONGEST_DAYS: Final = 90
_DAY_S: Final = 86_400


def issue_day(today: int, sunset_days: int) -> int:
    """Return the day for the tokens of a mail of `today`, both in days since 1970-01-01 UTC; ValueError for no sunset.

    Of a picture and of links alone: a stop link bears its true day.
    """
    if not 1 <= sunset_days <= LONGEST_DAYS:
        raise ValueError("a sunset comes after 1 to 90 days")
    return today - (LONGEST_DAYS - sunset_days)


def is_over(prepared_at: datetime, at: datetime, sunset_days: int) -> bool:
    """Return whether the sunset of a mail is over at an instant; by whole days of UTC, as the relay counts."""
    return _day(at) - _day(prepared_at) > sunset_days


def _day(at: datetime) -> int:
    return int(at.timestamp() // _DAY_S)
