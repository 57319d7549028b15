"""Rates: what counts at which end, and of what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.report import CopyFigures, Rate, Report, report
from desktop.core.status import Aside, Rung
from desktop.core.verdict import Verdict
from relay.wire.hit import HitKind
from relay.wire.purpose import Purpose

BOTH = frozenset({Purpose.OPENS, Purpose.CLICKS})
NONE = Rate(of=0, proven=0, possible=0)
SILENT = Rate(of=1, proven=0, possible=0)
MAYBE = Rate(of=1, proven=0, possible=1)
PROVEN = Rate(of=1, proven=1, possible=1)


def copy(rung: Rung = Rung.SENT, *hits: tuple[HitKind, Verdict], may_be_answered: bool = False) -> CopyFigures:
    """Return a copy with a picture and a link."""
    return CopyFigures(rung=rung, purposes=BOTH, has_links=True, hits=frozenset(hits), may_be_answered=may_be_answered)


def test_nothing_gives_noughts() -> None:
    """Of no copies there is no rate."""
    assert report(()) == Report(sent=0, not_delivered=0, opened=NONE, clicked=NONE, replied=NONE)


def test_what_has_not_left_is_not_sent() -> None:
    """A draft's copy and one that the provider refused count nowhere; one that left does."""
    refused = CopyFigures(rung=Rung.QUEUED, asides=frozenset({Aside.NOT_DELIVERED}))
    assert report([refused, CopyFigures(rung=Rung.QUEUED)]) == report(())
    assert report([CopyFigures(rung=Rung.SENT)]).sent == 1


def test_what_came_back_could_not_show_anything() -> None:
    """It was sent, and is out of every rate; delivered, it is in all of them."""
    returned = CopyFigures(
        rung=Rung.SENT, asides=frozenset({Aside.NOT_DELIVERED}), purposes=BOTH, has_links=True, count=3
    )
    assert report([returned]) == Report(sent=3, not_delivered=3, opened=NONE, clicked=NONE, replied=NONE)
    assert report([copy()]) == Report(sent=1, not_delivered=0, opened=SILENT, clicked=SILENT, replied=SILENT)


@pytest.mark.parametrize(
    ("purposes", "has_links", "opened", "clicked"),
    [
        (frozenset(), True, NONE, NONE),
        (frozenset({Purpose.OPENS}), True, SILENT, NONE),
        (frozenset({Purpose.CLICKS}), True, NONE, SILENT),
        (frozenset({Purpose.CLICKS}), False, NONE, NONE),
        (BOTH, True, SILENT, SILENT),
    ],
)
def test_a_rate_is_of_those_that_could_show_it(
    purposes: frozenset[Purpose], has_links: bool, opened: Rate, clicked: Rate
) -> None:
    """Without a picture no opening can be seen, without a tracked link no click; every copy can be answered."""
    found = report([CopyFigures(rung=Rung.SENT, purposes=purposes, has_links=has_links)])
    assert (found.opened, found.clicked, found.replied) == (opened, clicked, SILENT)


@pytest.mark.parametrize(
    ("verdict", "opened"),
    [
        (Verdict.IMAGE_PROXY, MAYBE),
        (Verdict.UNKNOWN, MAYBE),
        (Verdict.PREFETCH, SILENT),
        (Verdict.SCANNER, SILENT),
        (Verdict.PREVIEW, SILENT),
        (Verdict.SELF, SILENT),
    ],
)
def test_machines_and_the_user_count_at_neither_end(verdict: Verdict, opened: Rate) -> None:
    """A proxy's fetch and what nobody can tell may have been a person; a machine's never."""
    found = report([copy(Rung.SENT, (HitKind.OPEN, verdict))])
    assert (found.opened, found.clicked) == (opened, SILENT)


def test_an_unclear_click_may_be_both_a_machines_is_none() -> None:
    """Whoever used a link has read it: what may be a click may be an opening."""
    found = report([copy(Rung.SENT, (HitKind.CLICK, Verdict.UNKNOWN))])
    assert (found.opened, found.clicked) == (MAYBE, MAYBE)
    found = report([copy(Rung.SENT, (HitKind.CLICK, Verdict.SCANNER))])
    assert (found.opened, found.clicked) == (SILENT, SILENT)


@pytest.mark.parametrize(
    ("figures", "opened", "clicked", "replied"),
    [
        (copy(Rung.OPENED, (HitKind.OPEN, Verdict.PERSON)), PROVEN, SILENT, SILENT),
        (copy(Rung.CLICKED, (HitKind.CLICK, Verdict.PERSON)), PROVEN, PROVEN, SILENT),
        (copy(Rung.CONFIRMED), PROVEN, SILENT, SILENT),
        (copy(Rung.REPLIED), PROVEN, SILENT, PROVEN),
        (copy(Rung.REPLIED, (HitKind.CLICK, Verdict.PERSON)), PROVEN, PROVEN, PROVEN),
        (copy(Rung.SENT, may_be_answered=True), MAYBE, SILENT, MAYBE),
        (copy(Rung.REPLIED, may_be_answered=True), PROVEN, SILENT, PROVEN),
        (copy(Rung.DELIVERED), SILENT, SILENT, SILENT),
    ],
)
def test_what_a_person_did_is_proven(figures: CopyFigures, opened: Rate, clicked: Rate, replied: Rate) -> None:
    """A person's click, a receipt and a reply prove the reading too; a possible reply is possible at both."""
    found = report([figures])
    assert (found.opened, found.clicked, found.replied) == (opened, clicked, replied)


FIGURES = st.builds(
    CopyFigures,
    count=st.integers(1, 3),
    rung=st.sampled_from(Rung),
    asides=st.frozensets(st.sampled_from(Aside), max_size=2),
    purposes=st.frozensets(st.sampled_from(Purpose)),
    has_links=st.booleans(),
    hits=st.frozensets(st.tuples(st.sampled_from(HitKind), st.sampled_from(Verdict)), max_size=3),
    may_be_answered=st.booleans(),
)


@given(st.lists(FIGURES, max_size=6))
def test_a_range_never_turns_round(copies: list[CopyFigures]) -> None:
    """Nothing proven is impossible, nothing possible is out of nothing, and alike ones may be counted as one kind."""
    found = report(copies)
    for rate in (found.opened, found.clicked, found.replied):
        assert 0 <= rate.proven <= rate.possible <= rate.of <= found.sent - found.not_delivered
    singly = [
        CopyFigures(
            rung=each.rung,
            asides=each.asides,
            purposes=each.purposes,
            has_links=each.has_links,
            hits=each.hits,
            may_be_answered=each.may_be_answered,
        )
        for each in copies
        for _ in range(each.count)
    ]
    assert found == report(singly)
