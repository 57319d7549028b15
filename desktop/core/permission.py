"""What a person allowed, and how that is known.

Without a standing permission nothing is tracked; opens and clicks are allowed separately, and place only beside them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class Purpose(StrEnum):
    """What a person can allow, each for itself; PLACE, roughly where and on what device, says more of what is seen."""

    OPENS = "opens"
    CLICKS = "clicks"
    PLACE = "place"


# What puts something into a mail; without one of these there is nothing that a place could be known of.
SEEING: Final = frozenset({Purpose.OPENS, Purpose.CLICKS})


def usable(purposes: frozenset[Purpose]) -> frozenset[Purpose]:
    """Return the purposes as they are, or none where not one of them lets anything be seen."""
    return purposes if purposes & SEEING else frozenset()


class Method(StrEnum):
    """How a permission came about."""

    SPOKEN = "spoken"
    WRITTEN = "written"
    CONTRACT = "contract"


class Standing(StrEnum):
    """Where a person stands now."""

    UNKNOWN = "unknown"
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What stands for one normalised address; `generation` rises with each grant after a stop.

    `purposes` is empty and `granted_at` None unless the standing is GRANTED.
    """

    address: str
    standing: Standing
    purposes: frozenset[Purpose] = frozenset()
    generation: int = 0
    method: Method | None = None
    evidence: str = ""
    granted_at: datetime | None = None
