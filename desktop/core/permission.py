"""What a person allowed, and how that is known.

Without a standing permission nothing is tracked, unless the user tells and lets people stop.  Opens and clicks are
allowed separately, and place and reading time only beside them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from relay.wire.language import Language
from relay.wire.purpose import Purpose

# What puts something into a mail; without one of these there is nothing that a place could be known of.
SEEING: Final = frozenset({Purpose.OPENS, Purpose.CLICKS})


def usable(purposes: frozenset[Purpose]) -> frozenset[Purpose]:
    """Return the purposes as they are, or none where not one of them lets anything be seen."""
    return purposes if purposes & SEEING else frozenset()


class Method(StrEnum):
    """How a permission came about: by the person on the consent page, or as the user recorded it."""

    PAGE = "page"
    SPOKEN = "spoken"
    WRITTEN = "written"
    CONTRACT = "contract"


class Standing(StrEnum):
    """Where a person stands: DENIED on the consent page, WITHDRAWN by telling the user, STOPPED on the stop page."""

    UNKNOWN = "unknown"
    ASKED = "asked"
    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"


# Their no: only they themselves can grant anew.
REFUSING: Final = frozenset({Standing.DENIED, Standing.WITHDRAWN, Standing.STOPPED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What stands for one normalised address; `generation` rises with each grant after a stop.

    `purposes` is empty and `granted_at` None unless the standing is GRANTED.  `asked_at` is when they were last asked;
    `language` and `wording` (the SHA-256 of its exact text) are of what they agreed to on the consent page.
    `is_uncertain`: a no of theirs may be among what a repair of the ledger found lost, and nothing was said since.
    """

    address: str
    standing: Standing
    purposes: frozenset[Purpose] = frozenset()
    generation: int = 0
    method: Method | None = None
    evidence: str = ""
    granted_at: datetime | None = None
    asked_at: datetime | None = None
    language: Language | None = None
    wording: bytes = b""
    is_uncertain: bool = False


def as_refused_by(permission: Permission, other: Permission) -> Permission:
    """Return what stands for an address while whoever has another one, of which it is a detail, refuses."""
    is_uncertain = permission.is_uncertain or (other.is_uncertain and permission.granted_at is None)
    if permission.standing in REFUSING or other.standing not in REFUSING:
        return replace(permission, is_uncertain=is_uncertain)
    return Permission(
        address=permission.address,
        standing=other.standing,
        generation=permission.generation,
        asked_at=permission.asked_at,
        is_uncertain=is_uncertain,
    )
