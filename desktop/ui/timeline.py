"""A copy's evidence as the rows of a timeline: machine fetches that stand together are folded into one.

Pure, so that the terminal tells the same story as the window.  Folding hides nothing: a row keeps its lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from desktop.core.policy import WhyNot
from desktop.core.status import Evidence, EvidenceKind
from desktop.core.verdict import MACHINES
from desktop.ui import words


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One row: what it says, and the lines folded under it, newest first (one line where nothing is folded)."""

    at: datetime
    says: words.EvidenceWords
    lines: tuple[Evidence, ...]

    @property
    def is_folded(self) -> bool:
        """Whether several lines stand under this row."""
        return len(self.lines) > 1


def is_machine(evidence: Evidence) -> bool:
    """Say whether a line tells of a machine's fetch."""
    return evidence.judgement is not None and evidence.judgement.verdict in MACHINES


def rows_of(evidence: Sequence[Evidence], why_not: WhyNot | None = None) -> tuple[TimelineRow, ...]:
    """Return the rows for a copy's evidence, newest first as it came; "made ready" is no news once there is more."""
    told = [line for line in evidence if line.kind is not EvidenceKind.PREPARED] or list(evidence)
    rows = []
    for _, grouped in groupby(told, key=_fold_key):
        lines = tuple(grouped)
        rows += (
            [_folded(lines)] if len(lines) > 1 and is_machine(lines[0]) else [_single(line, why_not) for line in lines]
        )
    return tuple(rows)


def _fold_key(evidence: Evidence) -> str:
    if not is_machine(evidence) or evidence.judgement is None:
        return "told one by one"
    return evidence.judgement.verdict.value


def _single(line: Evidence, why_not: WhyNot | None) -> TimelineRow:
    return TimelineRow(at=line.at, says=words.evidence_words(line, why_not), lines=(line,))


def _folded(lines: tuple[Evidence, ...]) -> TimelineRow:
    says = words.EvidenceWords(sentence=words.folded_sentence(lines), why="", counted=words.NOTHING_LEFT)
    return TimelineRow(at=lines[0].at, says=says, lines=lines)
