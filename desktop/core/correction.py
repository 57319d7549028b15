"""What the user says a hit really was, and which later hits follow.

A correction teaches only where hits can be told apart: at a network that no published list names.  Behind a proxy or
in a cloud everybody looks the same, so there it holds for that one hit.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from relay.wire.hit import HitKind


class Who(StrEnum):
    """Whose request the user says it was; a colleague is somebody on the user's own side."""

    ME = "me"
    COLLEAGUE = "colleague"
    MACHINE = "machine"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What hits are alike by: the program without its versions and the network, and for a recipient their address.

    `address` is normalised, and empty where the shape is the same whomever the copy went to.
    """

    kind: HitKind
    program: str
    network: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One correction; without a `shape` it holds for its hit alone."""

    id: int
    hit_id: bytes
    who: Who
    at: datetime
    shape: Shape | None = None
