"""The ladder of one copy as a row of steps: which are proven, which only possible, which cannot be known.

Pure.  "Probably opened" and "Opened" share one step, since they are two degrees of the same thing.  A step known only
because a later one is proven is implied: it has no time of its own and names the step it follows from.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from desktop.core.status import Aside, CopyStatus, Evidence, EvidenceKind, Rung
from desktop.core.verdict import Verdict
from relay.wire.hit import HitKind


class Proof(StrEnum):
    """How far a step is proven."""

    PROVEN = "proven"
    IMPLIED = "implied"
    POSSIBLE = "possible"
    OPEN = "open"
    UNKNOWABLE = "unknowable"


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStep:
    """One step, and since when it is proven where that is known; `follows` is the step that implies it."""

    rung: Rung
    proof: Proof
    at: datetime | None = None
    follows: Rung | None = None


_SIGNS: Final = frozenset({Rung.OPENED, Rung.CLICKED})
# What a mail that came in, or a press of the "I have read it" button, proves by itself.
_BY_WORD: Final = {
    Rung.DELIVERED: frozenset({EvidenceKind.DELIVERED}),
    Rung.CONFIRMED: frozenset({EvidenceKind.RECEIPT, EvidenceKind.CONFIRMATION}),
    Rung.REPLIED: frozenset({EvidenceKind.REPLY}),
}


def ladder_of(status: CopyStatus) -> tuple[LadderStep, ...]:
    """Return the steps from leaving to a reply, lowest first."""
    is_waiting = status.rung is Rung.QUEUED and not {Aside.NOT_DELIVERED, Aside.UNCERTAIN} & set(status.asides)
    first = Rung.QUEUED if is_waiting else Rung.SENT
    # A confirmation comes only where it was asked for, so its step stands only once it came.
    is_confirmed = status.rung is Rung.CONFIRMED or _came(status, Rung.CONFIRMED) is not None
    asked = (Rung.CONFIRMED,) if is_confirmed else ()
    return tuple(
        _step(status, rung) for rung in (first, Rung.DELIVERED, Rung.OPENED, Rung.CLICKED, *asked, Rung.REPLIED)
    )


def _step(status: CopyStatus, rung: Rung) -> LadderStep:
    if rung is Rung.OPENED and status.rung is Rung.PROBABLY_OPENED:
        at = min((line.at for line in status.evidence if line.counted and line.hit is not None), default=None)
        return LadderStep(rung=Rung.PROBABLY_OPENED, proof=Proof.POSSIBLE, at=at)
    if _is_proven(status, rung):
        witnessed = _witnessed(status)
        if rung in witnessed:
            return LadderStep(rung=rung, proof=Proof.PROVEN, at=_since(status, rung))
        follows = min((other for other in witnessed if other > rung), default=None)
        return LadderStep(rung=rung, proof=Proof.IMPLIED, follows=follows)
    if rung is Rung.SENT and Aside.UNCERTAIN in status.asides:
        return LadderStep(rung=rung, proof=Proof.POSSIBLE)
    shut = Aside.NOT_TRACKED in status.asides and rung in _SIGNS
    gone = Aside.NOT_DELIVERED in status.asides
    return LadderStep(rung=rung, proof=Proof.UNKNOWABLE if shut or gone else Proof.OPEN)


def _is_proven(status: CopyStatus, rung: Rung) -> bool:
    if rung is Rung.CLICKED:
        return status.clicked_at is not None or status.rung is Rung.CLICKED
    if rung is Rung.CONFIRMED:
        return True
    return rung is not Rung.QUEUED and status.rung >= rung


def _witnessed(status: CopyStatus) -> frozenset[Rung]:
    """Return the rungs with evidence of their own; the status' rung has it by what a status is."""
    found = {status.rung}
    if any(line.kind is EvidenceKind.SENT for line in status.evidence):
        found.add(Rung.SENT)
    if _opens(status):
        found.add(Rung.OPENED)
    if status.clicked_at is not None:
        found.add(Rung.CLICKED)
    found |= {rung for rung in _BY_WORD if _came(status, rung) is not None}
    return frozenset(found)


def _came(status: CopyStatus, rung: Rung) -> datetime | None:
    """Return when the first word that proves a rung came, and counts."""
    kinds = _BY_WORD[rung]
    return min((line.at for line in status.evidence if line.kind in kinds and line.counted), default=None)


def _opens(status: CopyStatus) -> list[datetime]:
    return [_shown_at(line) for line in status.evidence if line.counted and _is_opening(line)]


def _shown_at(line: Evidence) -> datetime:
    """Return a line's instant; where only its day is known, the middle of it: almost everywhere the same day."""
    return line.at.replace(hour=12, minute=0, second=0, microsecond=0) if line.is_day_only else line.at


def _clicked_at(status: CopyStatus) -> datetime | None:
    lines = [line for line in status.evidence if line.counted and line.at == status.clicked_at]
    return _shown_at(lines[0]) if lines else status.clicked_at


def _is_opening(line: Evidence) -> bool:
    """Say whether a line tells of a person's opening: a picture they fetched, or what is left of one."""
    if line.kind is EvidenceKind.EARLIER:
        return line.rung is Rung.OPENED
    is_picture = line.hit is not None and line.hit.kind is HitKind.OPEN
    return is_picture and line.judgement is not None and line.judgement.verdict is Verdict.PERSON


def _since(status: CopyStatus, rung: Rung) -> datetime | None:
    if rung is Rung.SENT:
        return next((line.at for line in status.evidence if line.kind is EvidenceKind.SENT), None)
    if rung is Rung.OPENED:
        return min(_opens(status), default=None)
    if rung in _BY_WORD:
        return _came(status, rung)
    return _clicked_at(status) if rung is Rung.CLICKED else None
