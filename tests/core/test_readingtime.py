"""About how long a mail was looked at: with the permission alone, and never more than is proven."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from desktop.core.readingtime import ReadingTime, reading_time
from desktop.core.status import CopyFacts, CopyState, Evidence, JudgedHit, copy_status
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit
from relay.wire.labels import Label
from relay.wire.purpose import Purpose
from tests.fakes.samples import CHROME, FIREFOX, SENT_AT, click, hit

READING = frozenset({Purpose.OPENS, Purpose.CLICKS, Purpose.READING})
SENT = CopyFacts(state=CopyState.SENT, prepared_at=SENT_AT, state_at=SENT_AT)
OPENED = hit(after_s=3600, agent=FIREFOX)
USED = click(after_s=3600 + 4 * 60)


def evidence(*hits: Hit, verdict: Verdict = Verdict.PERSON) -> Sequence[Evidence]:
    judgement = Judgement(verdict=verdict, rule="r", confidence=Confidence.HIGH, reason="because")
    return copy_status(SENT, [JudgedHit(hit=each, judgement=judgement) for each in hits]).evidence


def minutes(*hits: Hit, purposes: frozenset[Purpose] = READING, verdict: Verdict = Verdict.PERSON) -> int:
    """Return what is told, 0 for nothing."""
    found = reading_time(evidence(*hits, verdict=verdict), purposes)
    return 0 if found is None else found.minutes


@pytest.mark.parametrize("left_out", [Purpose.READING, None])
def test_reading_time_needs_a_box_of_its_own(left_out: Purpose | None) -> None:
    """Item 2: without the purpose of reading time it is not derived, from the same hits; with it, it is."""
    purposes = READING - {left_out}
    assert minutes(OPENED, USED, purposes=purposes) == (0 if left_out else 3)


def test_reading_alone_allows_nothing() -> None:
    """A permission for reading time and nothing that it could be known by derives nothing."""
    assert minutes(OPENED, USED, purposes=frozenset({Purpose.READING})) == 0


def test_the_time_between_opening_and_link_is_told() -> None:
    """Both instants stand beside the whole minutes that are proven."""
    assert reading_time(evidence(OPENED, USED), READING) == ReadingTime(
        minutes=3, opened_at=SENT_AT + timedelta(hours=1), clicked_at=SENT_AT + timedelta(hours=1, minutes=4)
    )


@pytest.mark.parametrize(
    "hits",
    [
        (OPENED,),
        (USED,),
        (replace(OPENED, agent=CHROME), USED),
        (replace(OPENED, network=ip_network("203.0.113.0/24")), USED),
        (replace(OPENED, labels=(Label("apple-egress", "2026-08-22"),)), USED),
        (OPENED, click(after_s=3600 + 110)),
        (OPENED, click(after_s=3600 + 62 * 60)),
        (hit(after_s=3600 + 5 * 60, agent=FIREFOX), USED),
    ],
    ids=["no link", "no opening", "other program", "other network", "listed", "too short", "too long", "after"],
)
def test_nothing_is_told_where_nothing_is_proven(hits: tuple[Hit, ...]) -> None:
    """Another program or network, a proxy's, under a minute for sure, over an hour, or in the wrong order: nothing."""
    assert minutes(*hits) == 0


def test_machines_tell_no_time() -> None:
    """Of the same two hits by a scanner nothing is told."""
    assert minutes(OPENED, USED, verdict=Verdict.SCANNER) == 0


def test_the_last_opening_before_the_link_counts() -> None:
    """Where it was opened twice before, the time is from the second; of two links the longer time is told."""
    again = hit(after_s=3600 + 2 * 60, agent=FIREFOX)
    assert minutes(OPENED, again, click(after_s=3600 + 5 * 60)) == 2
    assert minutes(OPENED, click(after_s=3600 + 5 * 60), click(after_s=3600 + 9 * 60)) == 8


@pytest.mark.parametrize(("first_s", "then_s"), [(0, 0), (59, 0), (0, 59), (59.999, 59.999)])
def test_what_is_told_is_true_and_outlives_exact_times(first_s: float, then_s: float) -> None:
    """Whatever the seconds, no more is told than was, and the same once both times are cut to the minute."""
    first, then = hit(after_s=first_s, agent=FIREFOX), click(after_s=10 * 60 + then_s)
    told = minutes(first, then)
    assert told * 60_000 <= then.at_ms - first.at_ms
    cut = [replace(each, at_ms=each.at_ms // 60_000 * 60_000) for each in (first, then)]
    assert minutes(*cut) == told == 9


def test_where_only_the_day_is_kept_no_time_is_told() -> None:
    """A line that knows no more than its day is no beginning and no end."""
    lines = [replace(line, is_day_only=line.hit is not None) for line in evidence(OPENED, USED)]
    assert reading_time(lines, READING) is None
