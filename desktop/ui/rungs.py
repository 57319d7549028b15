"""The ladder of one copy as a row of steps: which are proven, which only possible, which cannot be known.

Pure.  "Probably opened" and "Opened" share one step, since they are two degrees of the same thing; a click proves that
the mail was read, so it proves the step before it too.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from desktop.core.status import Aside, CopyStatus, EvidenceKind, Rung


class Proof(StrEnum):
    """How far a step is proven."""

    PROVEN = "proven"
    POSSIBLE = "possible"
    OPEN = "open"
    UNKNOWABLE = "unknowable"


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStep:
    """One step, and since when it is proven where that is known."""

    rung: Rung
    proof: Proof
    at: datetime | None = None


_SIGNS: Final = frozenset({Rung.OPENED, Rung.CLICKED})


def ladder_of(status: CopyStatus) -> tuple[LadderStep, ...]:
    """Return the steps from leaving to a reply, lowest first."""
    is_waiting = status.rung is Rung.QUEUED and not {Aside.NOT_DELIVERED, Aside.UNCERTAIN} & set(status.asides)
    first = Rung.QUEUED if is_waiting else Rung.SENT
    # A confirmation comes only where it was asked for, so its step stands only once it came.
    asked = (Rung.CONFIRMED,) if status.rung is Rung.CONFIRMED else ()
    return tuple(
        _step(status, rung) for rung in (first, Rung.DELIVERED, Rung.OPENED, Rung.CLICKED, *asked, Rung.REPLIED)
    )


def _step(status: CopyStatus, rung: Rung) -> LadderStep:
    if rung is Rung.OPENED and status.rung is Rung.PROBABLY_OPENED:
        at = min((line.at for line in status.evidence if line.counted and line.hit is not None), default=None)
        return LadderStep(rung=Rung.PROBABLY_OPENED, proof=Proof.POSSIBLE, at=at)
    if _is_proven(status, rung):
        return LadderStep(rung=rung, proof=Proof.PROVEN, at=_since(status, rung))
    if rung is Rung.SENT and Aside.UNCERTAIN in status.asides:
        return LadderStep(rung=rung, proof=Proof.POSSIBLE)
    shut = Aside.NOT_TRACKED in status.asides and rung in _SIGNS
    gone = Aside.NOT_DELIVERED in status.asides
    return LadderStep(rung=rung, proof=Proof.UNKNOWABLE if shut or gone else Proof.OPEN)


def _is_proven(status: CopyStatus, rung: Rung) -> bool:
    if rung is Rung.CLICKED:
        return status.clicked_at is not None or status.rung is Rung.CLICKED
    if rung is Rung.CONFIRMED:
        return status.rung is Rung.CONFIRMED
    return rung is not Rung.QUEUED and status.rung >= rung


def _since(status: CopyStatus, rung: Rung) -> datetime | None:
    if rung is Rung.SENT:
        return next((line.at for line in status.evidence if line.kind is EvidenceKind.SENT), None)
    return {Rung.OPENED: status.opened_at, Rung.CLICKED: status.clicked_at}.get(rung)
