"""A copy's evidence as the rows of a timeline: machine fetches that stand together are folded into one.

Pure, so that the terminal tells the same story as the window.  Folding hides nothing: a row keeps its lines.  What came
in the minute of the sending and was cut to that minute stands after the sending.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from desktop.core.policy import WhyNot
from desktop.core.status import Evidence, EvidenceKind
from desktop.core.verdict import MACHINES
from desktop.ui import evidence_words


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One row: what it says, and the lines folded under it, newest first (one line where nothing is folded)."""

    at: datetime
    says: evidence_words.EvidenceWords
    lines: tuple[Evidence, ...]

    @property
    def is_folded(self) -> bool:
        """Whether several lines stand under this row."""
        return len(self.lines) > 1


def is_machine(evidence: Evidence) -> bool:
    """Say whether a line tells of a machine's fetch."""
    return evidence.judgement is not None and evidence.judgement.verdict in MACHINES


def sent_at_of(evidence: Sequence[Evidence]) -> datetime | None:
    """Return when a copy left, None where nobody here saw it leave."""
    return next((line.at for line in evidence if line.kind is EvidenceKind.SENT), None)


def is_said(evidence: Evidence) -> bool:
    """Say whether the user said of this very hit whose it was."""
    correction, hit = evidence.correction, evidence.hit
    return correction is not None and hit is not None and correction.hit_id == hit.id


def rows_of(evidence: Sequence[Evidence], why_not: WhyNot | None = None) -> tuple[TimelineRow, ...]:
    """Return the rows for a copy's evidence, newest first as it came; "made ready" is no news once there is more."""
    sent_at = sent_at_of(evidence)
    told = [line for line in evidence if line.kind is not EvidenceKind.PREPARED] or list(evidence)
    told.sort(key=lambda line: _after_sending(line, sent_at))
    rows = []
    for _, grouped in groupby(told, key=_fold_key):
        lines = tuple(grouped)
        rows += (
            [_folded(lines)]
            if len(lines) > 1 and is_machine(lines[0])
            else [_single(line, why_not, sent_at) for line in lines]
        )
    return tuple(rows)


def _after_sending(line: Evidence, sent_at: datetime | None) -> int:
    """Return where a line belongs of those after the sending, the sending itself, and those before."""
    if sent_at is None or line.at > sent_at:
        return 0
    is_cut = line.hit is not None and not evidence_words.is_exact(line.hit)
    if is_cut and sent_at - line.at < _MINUTE:
        return 0
    return 1


_MINUTE: Final = timedelta(minutes=1)


def _fold_key(evidence: Evidence) -> object:
    # What the user said of a hit stands where they said it; what follows from that folds by itself.
    if not is_machine(evidence) or evidence.judgement is None or is_said(evidence):
        return None if evidence.hit is None else evidence.hit.id
    return evidence.judgement.verdict, evidence.correction is None


def _single(line: Evidence, why_not: WhyNot | None, sent_at: datetime | None) -> TimelineRow:
    return TimelineRow(at=line.at, says=evidence_words.evidence_words(line, why_not, sent_at), lines=(line,))


def _folded(lines: tuple[Evidence, ...]) -> TimelineRow:
    says = evidence_words.EvidenceWords(
        sentence=evidence_words.folded_sentence(lines), why="", counted=evidence_words.NOTHING_LEFT
    )
    return TimelineRow(at=lines[0].at, says=says, lines=lines)
