"""The ladder, what stands beside it, and the evidence."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from desktop.core.correction import Correction, Who
from desktop.core.forwarding import Forwarding
from desktop.core.policy import WhyNot
from desktop.core.status import (
    Aside,
    CopyFacts,
    CopyState,
    Evidence,
    EvidenceKind,
    JudgedHit,
    Rung,
    conversation_asides,
    conversation_rung,
    copy_status,
)
from desktop.core.verdict import MACHINES, Confidence, Judgement, Verdict
from tests.fakes.samples import OUTLOOK, SENT_AT, click, hit

PREPARED_AT = SENT_AT - timedelta(seconds=2)
PREPARED = CopyFacts(state=CopyState.PREPARED, prepared_at=PREPARED_AT, state_at=PREPARED_AT)
SENT = CopyFacts(state=CopyState.SENT, prepared_at=PREPARED_AT, state_at=SENT_AT)


def judged(verdict: Verdict, *, after_s: float = 60, is_click: bool = False) -> JudgedHit:
    judgement = Judgement(verdict=verdict, rule="r", confidence=Confidence.HIGH, reason="because")
    one = click(after_s=after_s) if is_click else hit(after_s=after_s)
    return JudgedHit(hit=one, judgement=judgement, destination="https://example.com/" if is_click else "")


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ([], Rung.SENT),
        ([judged(Verdict.IMAGE_PROXY)], Rung.PROBABLY_OPENED),
        ([judged(Verdict.IMAGE_PROXY), judged(Verdict.PERSON)], Rung.OPENED),
        ([judged(Verdict.PERSON, is_click=True), judged(Verdict.PERSON)], Rung.CLICKED),
        ([judged(Verdict.IMAGE_PROXY, is_click=True)], Rung.SENT),
    ],
)
def test_the_highest_rung_proven_stands(hits: list[JudgedHit], expected: Rung) -> None:
    """A proxy's picture is probable, a person's an open, a person's link a click; a proxy's link proves nothing."""
    assert copy_status(SENT, hits).rung is expected


@pytest.mark.parametrize("verdict", sorted(MACHINES | {Verdict.SELF, Verdict.UNKNOWN}))
@pytest.mark.parametrize("is_click", [False, True])
def test_machines_are_evidence_and_no_rung(verdict: Verdict, is_click: bool) -> None:
    """A machine's, the sender's or an unknown hit stands in the timeline, not counted."""
    status = copy_status(SENT, [judged(verdict, is_click=is_click)])
    assert (status.rung, status.asides) == (Rung.SENT, (Aside.NO_SIGN_YET,))
    assert (status.evidence[0].kind, status.evidence[0].counted) == (EvidenceKind.HIT, False)


def test_a_copy_that_waits_is_queued_without_aside() -> None:
    """Before the provider's answer nothing is claimed, not even silence."""
    status = copy_status(PREPARED, [])
    assert (status.rung, status.asides) == (Rung.QUEUED, ())
    assert status.evidence == (Evidence(at=PREPARED_AT, kind=EvidenceKind.PREPARED),)


def test_a_click_proves_that_the_message_was_read_and_rewrites_no_hit() -> None:
    """A person's click gives the time of reading; the prefetch before it stays a prefetch."""
    prefetch = judged(Verdict.PREFETCH, after_s=3)
    used = judged(Verdict.PERSON, after_s=600, is_click=True)
    status = copy_status(SENT, [prefetch, used])
    assert (status.opened_at, status.clicked_at) == (used.at, used.at)
    assert [line.judgement for line in status.evidence[:2]] == [used.judgement, prefetch.judgement]


def test_the_first_open_and_the_first_click_give_the_times() -> None:
    """Later opens and clicks do not move the times; a proxy gives none."""
    hits = [
        judged(Verdict.IMAGE_PROXY, after_s=50),
        judged(Verdict.PERSON, after_s=300),
        judged(Verdict.PERSON, after_s=100),
        judged(Verdict.PERSON, after_s=400, is_click=True),
        judged(Verdict.PERSON, after_s=200, is_click=True),
    ]
    status = copy_status(SENT, hits)
    assert (status.opened_at, status.clicked_at) == (
        SENT_AT + timedelta(seconds=100),
        SENT_AT + timedelta(seconds=200),
    )
    assert copy_status(SENT, hits[:1]).opened_at is None


def test_a_refused_copy_is_not_delivered() -> None:
    """A refusal leaves the ladder's foot, with the provider's words as evidence."""
    refused = replace(SENT, state=CopyState.REFUSED, reply="550 5.1.1 No such user")
    status = copy_status(refused, [])
    assert (status.rung, status.asides) == (Rung.QUEUED, (Aside.NOT_DELIVERED,))
    newest = Evidence(at=SENT_AT, kind=EvidenceKind.REFUSED, detail="550 5.1.1 No such user")
    assert status.evidence[0] == newest


def test_an_uncertain_copy_is_uncertain_until_somebody_has_it() -> None:
    """A lost answer proves neither; a person's open proves that it arrived, a scanner's does not."""
    uncertain = replace(SENT, state=CopyState.UNCERTAIN)
    assert copy_status(uncertain, []).asides == (Aside.UNCERTAIN,)
    assert copy_status(uncertain, [judged(Verdict.SCANNER)]).asides == (Aside.UNCERTAIN,)
    opened = copy_status(uncertain, [judged(Verdict.PERSON)])
    assert (opened.rung, opened.asides) == (Rung.OPENED, ())


def test_an_untracked_copy_says_why_and_claims_no_silence() -> None:
    """Without tracking there is no "no sign yet": nothing was listened for."""
    status = copy_status(replace(SENT, why_not=WhyNot.SIGNED), [])
    assert (status.rung, status.asides, status.why_not) == (Rung.SENT, (Aside.NOT_TRACKED,), WhyNot.SIGNED)


def test_a_stop_stands_beside_the_rung_it_found() -> None:
    """Who opened and then stopped has opened, and stopped; the stop is a line of its own."""
    stopped_at = SENT_AT + timedelta(hours=1)
    status = copy_status(replace(SENT, stopped_at=stopped_at), [judged(Verdict.PERSON)])
    assert (status.rung, status.asides) == (Rung.OPENED, (Aside.STOPPED,))
    assert status.evidence[0] == Evidence(at=stopped_at, kind=EvidenceKind.STOP)
    assert copy_status(replace(SENT, stopped_at=stopped_at), []).asides == (Aside.STOPPED,)


def test_evidence_stands_newest_first_and_says_what_counted() -> None:
    """Sending counts, a person's click counts with its destination, of one instant the outcome is the newer."""
    used = judged(Verdict.PERSON, after_s=60, is_click=True)
    status = copy_status(replace(SENT, prepared_at=SENT_AT), [used])
    assert status.evidence == (
        Evidence(
            at=used.at,
            kind=EvidenceKind.HIT,
            judgement=used.judgement,
            hit=used.hit,
            detail="https://example.com/",
            counted=True,
        ),
        Evidence(at=SENT_AT, kind=EvidenceKind.SENT, counted=True),
        Evidence(at=SENT_AT, kind=EvidenceKind.PREPARED),
    )


def test_a_line_names_the_correction_that_decides_it() -> None:
    """What the user said stands at the hits it decides, and at no other."""
    said = Correction(id=1, hit_id=bytes(16), who=Who.ME, at=SENT_AT)
    mine, other = replace(judged(Verdict.SELF), correction=said), judged(Verdict.PERSON, after_s=90)
    status = copy_status(SENT, [mine, other])
    assert [line.correction for line in status.evidence if line.hit is not None] == [None, said]
    assert status.rung is Rung.OPENED


def test_a_later_reader_elsewhere_is_said_to_be_possibly_another() -> None:
    """With another program in another network the line says who read it first; the rung and the counts are the same."""
    first = replace(judged(Verdict.PERSON), hit=hit(after_s=60, agent=OUTLOOK))
    later = replace(hit(after_s=90), network=ip_network("203.0.113.0/24"))
    elsewhere, machine = replace(first, hit=later), replace(judged(Verdict.SCANNER), hit=replace(later, id=bytes(16)))
    status = copy_status(SENT, [first, elsewhere, machine])
    found = {line.hit.id: line.forwarding for line in status.evidence if line.hit is not None}
    assert found == {
        first.hit.id: None,
        later.id: Forwarding(earlier_at=first.at, earlier_client="Outlook"),
        bytes(16): None,
    }
    assert (status.rung, status.opened_at) == (Rung.OPENED, first.at)


def test_a_conversation_stands_on_its_highest_copy() -> None:
    """One copy opened makes the conversation opened; none makes it queued."""
    assert conversation_rung([Rung.SENT, Rung.OPENED, Rung.QUEUED]) is Rung.OPENED
    assert conversation_rung([]) is Rung.QUEUED


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        ([], ()),
        ([(Rung.SENT, (Aside.NO_SIGN_YET,)), (Rung.SENT, (Aside.NOT_TRACKED,))], (Aside.NO_SIGN_YET,)),
        ([(Rung.SENT, (Aside.NOT_TRACKED,))], (Aside.NOT_TRACKED,)),
        ([(Rung.SENT, (Aside.NO_SIGN_YET,)), (Rung.PROBABLY_OPENED, ())], ()),
        ([(Rung.DELIVERED, (Aside.NO_SIGN_YET,))], (Aside.NO_SIGN_YET,)),
        (
            [(Rung.OPENED, (Aside.STOPPED,)), (Rung.QUEUED, (Aside.NOT_DELIVERED,))],
            (Aside.NOT_DELIVERED, Aside.STOPPED),
        ),
    ],
)
def test_a_conversation_shows_what_needs_an_eye(
    copies: list[tuple[Rung, tuple[Aside, ...]]], expected: tuple[Aside, ...]
) -> None:
    """Failures and stops of one copy show; silence and "not tracked" only if no copy says more."""
    assert conversation_asides(copies) == expected
