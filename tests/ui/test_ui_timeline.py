"""Machine fetches fold, nothing else does, and the ladder claims no more than is proven."""

from dataclasses import replace

import pytest

from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyStatus, Evidence, EvidenceKind, Rung
from desktop.core.verdict import MACHINES, Verdict
from desktop.ui.ladder import described
from desktop.ui.rungs import Proof, ladder_of
from desktop.ui.timeline import rows_of
from relay.wire.hit import HitKind
from tests.ui.sample_data import NOW
from tests.ui.test_ui_evidence_words import hit_line

SENT = Evidence(at=NOW, kind=EvidenceKind.SENT, detail="250 ok", counted=True)
STATUS = CopyStatus(rung=Rung.SENT, asides=(), evidence=(SENT,), why_not=None, opened_at=None, clicked_at=None)


def proofs(status: CopyStatus) -> dict[Rung, Proof]:
    """Return how far each step is proven."""
    return {step.rung: step.proof for step in ladder_of(status)}


@pytest.mark.parametrize("verdict", sorted(MACHINES))
def test_machines_fold(verdict: Verdict) -> None:
    """Several fetches of one kind of machine are one row that keeps every line."""
    lines = [hit_line(verdict, HitKind.OPEN, seconds=-number) for number in range(4)]
    rows = rows_of([*lines, SENT])
    assert [len(row.lines) for row in rows] == [4, 1]
    assert rows[0].is_folded


def test_people_do_not_fold() -> None:
    """Each open of a person stands by itself."""
    lines = [hit_line(Verdict.PERSON, HitKind.OPEN, seconds=-number) for number in range(4)]
    assert [len(row.lines) for row in rows_of(lines)] == [1, 1, 1, 1]


def test_a_person_between_machines_stays_in_order() -> None:
    """Folding moves nothing past a person's line."""
    machine = hit_line(Verdict.SCANNER, HitKind.CLICK)
    person = hit_line(Verdict.PERSON, HitKind.OPEN)
    rows = rows_of([machine, machine, person, machine, machine, machine])
    assert [len(row.lines) for row in rows] == [2, 1, 3]


def test_a_scanner_s_burst_is_told_as_one() -> None:
    """The fold says how many links in how many seconds, and that it does not count."""
    lines = [hit_line(Verdict.SCANNER, HitKind.CLICK, seconds=-number, link=number) for number in range(3)]
    row = rows_of(lines)[0]
    assert row.says.joined() == "A security scanner followed 3 links in 2 s. Not counted."


def test_made_ready_stands_only_while_it_is_all() -> None:
    """A copy that left is not told to have been made ready first."""
    ready = Evidence(at=NOW, kind=EvidenceKind.PREPARED)
    assert [row.lines[0].kind for row in rows_of([ready])] == [EvidenceKind.PREPARED]
    assert [row.lines[0].kind for row in rows_of([SENT, ready])] == [EvidenceKind.SENT]


def test_sent_proves_only_itself() -> None:
    """A copy the provider took is not shown as delivered."""
    assert proofs(STATUS)[Rung.SENT] is Proof.PROVEN
    assert proofs(STATUS)[Rung.DELIVERED] is Proof.OPEN


def test_probably_opened_is_possible_not_proven() -> None:
    """A proxy's fetch leaves the step hollow."""
    shown = proofs(replace(STATUS, rung=Rung.PROBABLY_OPENED))
    assert shown[Rung.PROBABLY_OPENED] is Proof.POSSIBLE
    assert Rung.OPENED not in shown


def test_a_click_proves_the_reading() -> None:
    """Whoever used a link has read the mail."""
    shown = proofs(replace(STATUS, rung=Rung.CLICKED, opened_at=NOW, clicked_at=NOW))
    assert shown[Rung.OPENED] is Proof.IMPLIED
    assert shown[Rung.CLICKED] is Proof.PROVEN


def test_a_step_known_from_a_later_one_has_no_time_of_its_own() -> None:
    """Without an open of its own the step names the click; with one it has that open's time."""
    click = hit_line(Verdict.PERSON, HitKind.CLICK)
    opened = hit_line(Verdict.PERSON, HitKind.OPEN, seconds=-60)
    clicked = replace(STATUS, rung=Rung.CLICKED, evidence=(click, SENT), opened_at=click.at, clicked_at=click.at)
    steps = {step.rung: step for step in ladder_of(clicked)}
    assert (steps[Rung.OPENED].at, steps[Rung.OPENED].follows) == (None, Rung.CLICKED)
    assert "Opened: follows from the click" in described(ladder_of(clicked))
    steps = {step.rung: step for step in ladder_of(replace(clicked, evidence=(click, opened, SENT)))}
    assert (steps[Rung.OPENED].at, steps[Rung.OPENED].proof) == (opened.at, Proof.PROVEN)
    assert (steps[Rung.DELIVERED].proof, steps[Rung.DELIVERED].follows) == (Proof.IMPLIED, Rung.OPENED)


def test_a_delivery_is_proven_only_by_its_own_report() -> None:
    """Delivered as the highest rung is proven; under a proxy's fetch it follows from that."""
    assert proofs(replace(STATUS, rung=Rung.DELIVERED))[Rung.DELIVERED] is Proof.PROVEN
    assert proofs(replace(STATUS, rung=Rung.PROBABLY_OPENED))[Rung.DELIVERED] is Proof.IMPLIED


def test_a_reply_proves_no_click() -> None:
    """A reply says nothing about links."""
    assert proofs(replace(STATUS, rung=Rung.REPLIED))[Rung.CLICKED] is Proof.OPEN


def test_an_untracked_copy_cannot_be_known() -> None:
    """Opens and clicks of an untracked copy are shown as unknowable, its reply as still open."""
    shown = proofs(replace(STATUS, asides=(Aside.NOT_TRACKED,), why_not=WhyNot.SIGNED))
    assert shown[Rung.OPENED] is Proof.UNKNOWABLE
    assert shown[Rung.CLICKED] is Proof.UNKNOWABLE
    assert shown[Rung.REPLIED] is Proof.OPEN


def test_a_lost_answer_leaves_the_sending_possible() -> None:
    """A copy whose answer was lost is shown as possibly sent, neither proven nor queued."""
    shown = proofs(replace(STATUS, rung=Rung.QUEUED, asides=(Aside.UNCERTAIN,)))
    assert shown[Rung.SENT] is Proof.POSSIBLE
    assert Rung.QUEUED not in shown
    assert proofs(replace(STATUS, rung=Rung.QUEUED))[Rung.QUEUED] is Proof.OPEN


def test_what_was_sent_elsewhere_is_not_said_to_have_been_taken() -> None:
    """Of mail that merely lies in Sent nobody saw the provider take it; of our own that is said."""
    assert [row.says.sentence for row in rows_of([SENT], WhyNot.ELSEWHERE)] == ["It is in your Sent folder."]
    for why_not in (None, WhyNot.NO_RELAY):
        assert [row.says.sentence for row in rows_of([SENT], why_not)] == ["The provider took it."]
