"""About how long a mail was looked at, where its copy was sent with that permission.

One thing alone is derived: the time between an opening and the use of a link in it, in the same program from the same
network, which is a time somebody had the mail before them at the least.  No picture is kept loading and nothing is
counted on a page.  Whole minutes are said, cut so that the sentence stays true once exact times are gone; and nothing
of more than an hour, since nobody reads one mail that long.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from desktop.core.agents import program_shape
from desktop.core.permission import usable
from desktop.core.status import Evidence
from desktop.core.verdict import Verdict
from relay.wire.hit import Hit, HitKind
from relay.wire.purpose import Purpose

LONGEST: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTime:
    """At least so many whole minutes lay between an opening and a link used in the same program."""

    minutes: int
    opened_at: datetime
    clicked_at: datetime


def reading_time(evidence: Sequence[Evidence], purposes: frozenset[Purpose]) -> ReadingTime | None:
    """Return the longest time that a copy's evidence shows, None where nothing may be derived or nothing shows.

    `purposes` are those that the copy was sent with.  A link counts from the last opening before it, for the mail may
    have been closed in between.
    """
    if Purpose.READING not in usable(purposes):
        return None
    people = [line for line in evidence if _is_persons(line)]
    times = [time for line in people for time in _before(line, people)]
    return max(times, key=lambda each: (each.minutes, each.clicked_at), default=None)


def _is_persons(line: Evidence) -> bool:
    """Return whether a line is a person's hit from a network that is theirs, with more than the day of it known."""
    if line.hit is None or line.judgement is None or line.is_day_only:
        return False
    return line.judgement.verdict is Verdict.PERSON and not line.hit.labels


def _before(click: Evidence, people: Sequence[Evidence]) -> Iterator[ReadingTime]:
    """Yield the time before a used link, if there is one to tell of."""
    openings = [line for line in people if _leads_to(line, click)]
    opening = max(openings, key=lambda line: line.at, default=None)
    if opening is None:
        return
    # Cut to the minute both, and one less: true whichever seconds there were, so that it stays the same when they go.
    span = _to_the_minute(click.at) - _to_the_minute(opening.at)
    minutes = span // _MINUTE - 1
    if minutes >= 1 and span <= LONGEST:
        yield ReadingTime(minutes=minutes, opened_at=opening.at, clicked_at=click.at)


def _leads_to(opening: Evidence, click: Evidence) -> bool:
    """Return whether one hit is an opening and the other a link used after it, in one program from one network."""
    first, then = opening.hit, click.hit
    if first is None or then is None or (first.kind, then.kind) != (HitKind.OPEN, HitKind.CLICK):
        return False
    return first.at_ms <= then.at_ms and _reader(first) == _reader(then)


def _reader(hit: Hit) -> tuple[str, str]:
    return program_shape(hit.agent), str(hit.network)


def _to_the_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
