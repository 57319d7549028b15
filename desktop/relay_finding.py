"""What the doctor says of a relay whose addresses answered: that all is well, or what will soon not be."""

from datetime import timedelta
from typing import Final

from desktop.core.errors import Unreachable
from desktop.tracking.health import Health
from desktop.ui import words

SOON_DAYS: Final = 14
MAX_SKEW: Final = timedelta(minutes=5)


def seen_of(relay: tuple[Health, ...]) -> str:
    """Say that a relay's addresses are well; raise Unreachable for the first that will soon not be."""
    for each in relay:
        if each.certificate_days is not None and each.certificate_days < SOON_DAYS:
            raise Unreachable(
                f"The certificate of {each.address} ends in {words.count(each.certificate_days, 'day', 'days')}.",
                "Renew it on the relay's machine.",
            )
        if abs(each.ahead) > MAX_SKEW:
            minutes = words.count(round(abs(each.ahead).total_seconds() / 60), "minute", "minutes")
            raise Unreachable(
                f"The clock of {each.address} and this computer's differ by {minutes}.",
                "Set the clock of whichever is wrong; until then hits are dated by this computer's.",
            )
    addresses = " and ".join(each.address for each in relay)
    days = [each.certificate_days for each in relay if each.certificate_days is not None]
    verb = "answers" if len(relay) == 1 else "answer"
    if not days:
        return f"{addresses} {verb} (no TLS)"
    return f"{addresses} {verb}, certificate valid for {min(days)} days"
