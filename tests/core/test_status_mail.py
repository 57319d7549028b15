"""What incoming mail does to the ladder, and how evidence that contradicts itself is weighed."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.arrival import FailureReason
from desktop.core.policy import WhyNot
from desktop.core.status import (
    Aside,
    CopyFacts,
    CopyState,
    CopyStatus,
    EvidenceKind,
    JudgedHit,
    MailSign,
    Rung,
    copy_status,
    present_asides,
)
from desktop.core.verdict import Confidence, Judgement, Verdict
from tests.fakes.samples import SENT_AT, click, hit

SENT = CopyFacts(state=CopyState.SENT, prepared_at=SENT_AT, state_at=SENT_AT)
REFUSED = replace(SENT, state=CopyState.REFUSED)
UNCERTAIN = replace(SENT, state=CopyState.UNCERTAIN)
BACK = date(2026, 5, 18)
MAIL_KINDS = tuple(EvidenceKind)[tuple(EvidenceKind).index(EvidenceKind.DELIVERED) :]


def at(hours: float) -> datetime:
    return SENT_AT + timedelta(hours=hours)


def sign(
    kind: EvidenceKind,
    hours: float = 1,
    *,
    returns_on: date | None = None,
    reason: FailureReason | None = None,
    detail: str = "",
    number: int = 1,
) -> MailSign:
    return MailSign(kind=kind, at=at(hours), arrival_id=number, returns_on=returns_on, reason=reason, detail=detail)


def judged(verdict: Verdict, *, hours: float = 1, is_click: bool = False) -> JudgedHit:
    judgement = Judgement(verdict=verdict, rule="r", confidence=Confidence.HIGH, reason="because")
    one = click(after_s=hours * 3600) if is_click else hit(after_s=hours * 3600)
    return JudgedHit(hit=one, judgement=judgement)


def weighed(
    *signs: MailSign, facts: CopyFacts = SENT, hits: Sequence[JudgedHit] = ()
) -> tuple[Rung, tuple[Aside, ...]]:
    status = copy_status(facts, hits, signs)
    return status.rung, status.asides


SILENT = (Aside.NO_SIGN_YET,)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (EvidenceKind.DELIVERED, (Rung.DELIVERED, SILENT)),
        (EvidenceKind.RELAYED, (Rung.SENT, SILENT)),
        (EvidenceKind.DELAYED, (Rung.SENT, (Aside.DELAYED,))),
        (EvidenceKind.NOT_DELIVERED, (Rung.SENT, (Aside.NOT_DELIVERED,))),
        (EvidenceKind.POSSIBLE_BOUNCE, (Rung.SENT, SILENT)),
        (EvidenceKind.AUTO_REPLY, (Rung.SENT, SILENT)),
        (EvidenceKind.AWAY, (Rung.SENT, (Aside.AWAY, Aside.NO_SIGN_YET))),
        (EvidenceKind.RECEIPT, (Rung.CONFIRMED, ())),
        (EvidenceKind.RECEIPT_DENIED, (Rung.SENT, SILENT)),
        (EvidenceKind.REPLY, (Rung.REPLIED, ())),
        (EvidenceKind.POSSIBLE_REPLY, (Rung.SENT, SILENT)),
    ],
)
def test_each_kind_of_mail_has_its_own_meaning(kind: EvidenceKind, expected: tuple[Rung, tuple[Aside, ...]]) -> None:
    """Only reports of delivery, receipts and replies are rungs; what is possible moves nothing."""
    assert weighed(sign(kind)) == expected


@pytest.mark.parametrize("kind", [EvidenceKind.REPLY, EvidenceKind.RECEIPT])
def test_an_open_is_inferred_from_whoever_answered_and_says_so(kind: EvidenceKind) -> None:
    """Whoever replied or whose program showed it has read it; a person's own open, if not later, is the proof."""
    status = copy_status(SENT, [], [sign(kind, 2), sign(kind, 3, number=2)])
    assert (status.opened_at, status.is_open_inferred) == (at(2), True)
    seen = copy_status(SENT, [judged(Verdict.PERSON, hours=2)], [sign(kind, 2)])
    assert (seen.opened_at, seen.is_open_inferred) == (at(2), False)
    later = copy_status(SENT, [judged(Verdict.PERSON, hours=5)], [sign(kind, 2)])
    assert (later.opened_at, later.is_open_inferred) == (at(2), True)
    assert not copy_status(SENT, [], [sign(EvidenceKind.RECEIPT_DENIED)]).is_open_inferred


def test_the_first_reply_gives_the_time() -> None:
    """A second reply does not move it; a receipt is none."""
    signs = [sign(EvidenceKind.REPLY, 5), sign(EvidenceKind.REPLY, 3, number=2), sign(EvidenceKind.RECEIPT, 1)]
    assert copy_status(SENT, [], signs).replied_at == at(3)
    assert copy_status(SENT, [], signs[2:]).replied_at is None


@pytest.mark.parametrize("kind", [EvidenceKind.REPLY, EvidenceKind.RECEIPT, EvidenceKind.RECEIPT_DENIED])
@pytest.mark.parametrize("facts", [SENT, REFUSED])
@pytest.mark.parametrize("hours", [0.5, 2])
def test_what_only_its_reader_can_send_proves_delivery(kind: EvidenceKind, facts: CopyFacts, hours: float) -> None:
    """Before or after the bounce: somebody has the mail; the bounce stays in the timeline."""
    signs = [sign(EvidenceKind.NOT_DELIVERED, 1, reason=FailureReason.FULL), sign(kind, hours, number=2)]
    status = copy_status(facts, [], signs)
    assert (Aside.NOT_DELIVERED in status.asides, status.failure) == (False, None)
    assert EvidenceKind.NOT_DELIVERED in {line.kind for line in status.evidence}


@pytest.mark.parametrize("is_click", [False, True])
def test_a_persons_open_or_click_proves_delivery_and_a_machines_does_not(is_click: bool) -> None:
    """A proxy or scanner may fetch for another mailbox."""
    failed = sign(EvidenceKind.NOT_DELIVERED)
    assert weighed(failed, hits=[judged(Verdict.PERSON, is_click=is_click)])[1] == ()
    assert weighed(failed, hits=[judged(Verdict.SCANNER, is_click=is_click)])[1] == (Aside.NOT_DELIVERED,)
    assert weighed(failed, hits=[judged(Verdict.IMAGE_PROXY)]) == (Rung.PROBABLY_OPENED, (Aside.NOT_DELIVERED,))


def test_of_a_failure_and_a_delivery_the_newer_stands() -> None:
    """Delivered and then returned is not delivered; returned and then delivered is; at one instant the former."""
    failed = sign(EvidenceKind.NOT_DELIVERED, 2)
    assert weighed(sign(EvidenceKind.DELIVERED, 1), failed) == (Rung.SENT, (Aside.NOT_DELIVERED,))
    assert weighed(sign(EvidenceKind.DELIVERED, 3), failed) == (Rung.DELIVERED, SILENT)
    assert weighed(sign(EvidenceKind.DELIVERED, 2), failed) == (Rung.SENT, (Aside.NOT_DELIVERED,))
    # A reply settles it: both then stand as they were reported.
    replied = sign(EvidenceKind.REPLY, 3)
    assert copy_status(SENT, [], [sign(EvidenceKind.DELIVERED, 1), failed, replied]).asides == ()


def test_a_refusal_is_a_failure_at_its_own_time() -> None:
    """A delivery reported afterwards stands against it, one reported before does not; a later bounce says why."""
    assert weighed(facts=REFUSED) == (Rung.QUEUED, (Aside.NOT_DELIVERED,))
    assert weighed(sign(EvidenceKind.DELIVERED, 1), facts=REFUSED) == (Rung.DELIVERED, SILENT)
    assert weighed(sign(EvidenceKind.DELIVERED, -1), facts=REFUSED) == (Rung.SENT, (Aside.NOT_DELIVERED,))
    early = sign(EvidenceKind.NOT_DELIVERED, -2, reason=FailureReason.FULL)
    assert weighed(sign(EvidenceKind.DELIVERED, -1), early, facts=REFUSED)[1] == (Aside.NOT_DELIVERED,)
    assert copy_status(REFUSED, [], [early]).failure is FailureReason.FULL
    assert copy_status(REFUSED, [], []).failure is None


def test_the_newest_failure_gives_the_reason() -> None:
    """A mailbox that was full and is then unknown is unknown."""
    signs = [
        sign(EvidenceKind.NOT_DELIVERED, 2, reason=FailureReason.UNKNOWN_USER),
        sign(EvidenceKind.NOT_DELIVERED, 1, reason=FailureReason.FULL, number=2),
    ]
    assert copy_status(SENT, [], signs).failure is FailureReason.UNKNOWN_USER
    assert copy_status(SENT, [], [*signs, sign(EvidenceKind.DELIVERED, 3)]).failure is None


@pytest.mark.parametrize(
    "kind",
    [
        EvidenceKind.DELIVERED,
        EvidenceKind.NOT_DELIVERED,
        EvidenceKind.AUTO_REPLY,
        EvidenceKind.AWAY,
        EvidenceKind.RECEIPT_DENIED,
        EvidenceKind.REPLY,
    ],
)
def test_a_delay_ends_with_whatever_came_of_it(kind: EvidenceKind) -> None:
    """Delivered, returned or answered by anybody: it is not under way any more, whichever was reported first."""
    for hours in (0.5, 2):
        assert Aside.DELAYED not in weighed(sign(EvidenceKind.DELAYED, 1), sign(kind, hours, number=2))[1]


def test_a_delay_outlasts_what_says_nothing_of_it() -> None:
    """Passed on before the delay, or only a possible reply: still delayed; passed on after it or opened: not."""
    delayed = sign(EvidenceKind.DELAYED, 2)
    assert weighed(delayed, sign(EvidenceKind.RELAYED, 1))[1] == (Aside.DELAYED,)
    assert weighed(delayed, sign(EvidenceKind.POSSIBLE_REPLY, 3))[1] == (Aside.DELAYED,)
    assert weighed(delayed, sign(EvidenceKind.RELAYED, 2))[1] == SILENT
    assert weighed(delayed, hits=[judged(Verdict.IMAGE_PROXY)]) == (Rung.PROBABLY_OPENED, ())
    assert weighed(delayed, facts=REFUSED)[1] == (Aside.NOT_DELIVERED,)


def test_an_absence_ends_with_a_later_reply() -> None:
    """A reply before it or of its instant, and an open, do not end it; without an absence there is no day."""
    away = sign(EvidenceKind.AWAY, 2, returns_on=BACK)
    ended = copy_status(SENT, [], [away, sign(EvidenceKind.REPLY, 3)])
    assert (ended.asides, ended.returns_on) == ((), None)
    for hours in (1, 2):
        standing = copy_status(SENT, [judged(Verdict.PERSON, hours=9)], [away, sign(EvidenceKind.REPLY, hours)])
        assert (standing.asides, standing.returns_on) == ((Aside.AWAY,), BACK)


def test_the_newest_absence_states_the_day() -> None:
    """An older day falls with a newer answer, even one that states none; of one instant the stated one stands."""
    old, new = sign(EvidenceKind.AWAY, 1, returns_on=BACK), sign(EvidenceKind.AWAY, 2, number=2)
    assert copy_status(SENT, [], [old, new]).returns_on is None
    assert copy_status(SENT, [], [old, replace(new, returns_on=date(2026, 6, 1))]).returns_on == date(2026, 6, 1)
    assert copy_status(SENT, [], [old, replace(new, at=old.at)]).returns_on == BACK


@pytest.mark.parametrize("kind", MAIL_KINDS)
def test_any_answer_shows_that_a_mail_of_unknown_fate_left(kind: EvidenceKind) -> None:
    """What may be about another mail alone leaves it uncertain."""
    is_only_possible = kind in (EvidenceKind.POSSIBLE_REPLY, EvidenceKind.POSSIBLE_BOUNCE)
    assert is_only_possible is (Aside.UNCERTAIN in weighed(sign(kind), facts=UNCERTAIN)[1])


def test_the_timeline_shows_every_sign_and_what_counted() -> None:
    """Replies, receipts and deliveries that stand count; of one instant the order is by kind."""
    signs = [sign(EvidenceKind.REPLY), sign(EvidenceKind.DELIVERED), sign(EvidenceKind.AWAY, detail="x")]
    lines = copy_status(SENT, [], signs).evidence
    assert [(line.kind, line.counted, line.detail, line.sign) for line in lines[:3]] == [
        (EvidenceKind.REPLY, True, "", signs[0]),
        (EvidenceKind.AWAY, False, "x", signs[2]),
        (EvidenceKind.DELIVERED, True, "", signs[1]),
    ]
    fallen = copy_status(SENT, [], [sign(EvidenceKind.DELIVERED), sign(EvidenceKind.NOT_DELIVERED, 2)]).evidence
    assert [(line.kind, line.counted) for line in fallen[:2]] == [
        (EvidenceKind.NOT_DELIVERED, False),
        (EvidenceKind.DELIVERED, False),
    ]


def test_an_untracked_copy_hears_from_mail_all_the_same() -> None:
    """It still claims no silence, since nothing was asked of its pictures."""
    elsewhere = replace(SENT, why_not=WhyNot.ELSEWHERE)
    assert weighed(sign(EvidenceKind.REPLY), facts=elsewhere) == (Rung.REPLIED, (Aside.NOT_TRACKED,))
    assert weighed(sign(EvidenceKind.AUTO_REPLY), facts=elsewhere) == (Rung.SENT, (Aside.NOT_TRACKED,))


@st.composite
def signs(draw: st.DrawFn) -> MailSign:
    kind = draw(st.sampled_from(MAIL_KINDS))
    is_away, is_failure = kind is EvidenceKind.AWAY, kind is EvidenceKind.NOT_DELIVERED
    return sign(
        kind,
        draw(st.integers(0, 3)),
        returns_on=draw(st.sampled_from([None, BACK, date(2026, 6, 1)])) if is_away else None,
        reason=draw(st.sampled_from(list(FailureReason)[:3])) if is_failure else None,
        number=draw(st.integers(1, 5)),
    )


verdicts = st.builds(judged, st.sampled_from(Verdict), hours=st.integers(0, 3).map(float), is_click=st.booleans())


@given(st.data(), st.lists(signs(), max_size=6), st.lists(verdicts, max_size=4), st.sampled_from(CopyState))
def test_no_order_of_the_same_evidence_changes_the_status(
    data: st.DataObject, mail: list[MailSign], hits: list[JudgedHit], state: CopyState
) -> None:
    """Rung, asides, times and timeline are the same for every permutation of signs and hits."""
    facts = replace(SENT, state=state)
    expected = copy_status(facts, hits, mail)
    shuffled = copy_status(facts, data.draw(st.permutations(hits)), data.draw(st.permutations(mail)))
    assert replace(expected, evidence=()) == replace(shuffled, evidence=())
    assert sorted(map(repr, expected.evidence)) == sorted(map(repr, shuffled.evidence))
    assert [line.at for line in expected.evidence] == [line.at for line in shuffled.evidence]


@given(st.lists(signs(), max_size=6), signs(), st.sampled_from(CopyState))
def test_no_status_contradicts_itself(mail: list[MailSign], more: MailSign, state: CopyState) -> None:
    """Not delivered never stands beside an open, delayed or uncertain; a rung falls by failures alone."""

    def checked(status: CopyStatus) -> CopyStatus:
        for one, other in itertools.combinations(
            (Aside.NOT_DELIVERED, Aside.DELAYED, Aside.UNCERTAIN, Aside.NO_SIGN_YET), 2
        ):
            assert not {one, other} <= set(status.asides)
        assert status.rung <= Rung.SENT or Aside.NOT_DELIVERED not in status.asides
        assert (status.returns_on is None) or Aside.AWAY in status.asides
        return status

    facts = replace(SENT, state=state)
    before, after = (checked(copy_status(facts, [], each)) for each in (mail, [*mail, more]))
    if more.kind is not EvidenceKind.NOT_DELIVERED:
        assert before.rung <= after.rung


def test_a_later_mail_that_arrived_settles_earlier_failures_at_its_address() -> None:
    """A failure or delay of the first mail needs no eye once the second was delivered there; at another it does."""
    failed, delayed = (Rung.SENT, (Aside.NOT_DELIVERED,)), (Rung.SENT, (Aside.DELAYED, Aside.STOPPED))
    opened = (Rung.OPENED, ())
    assert present_asides([("a", *failed), ("a", *delayed), ("b", *failed), ("a", *opened)]) == [
        (Rung.SENT, ()),
        (Rung.SENT, (Aside.STOPPED,)),
        failed,
        opened,
    ]
    assert present_asides([("a", *opened), ("a", *failed)]) == [opened, failed]
    assert present_asides([("a", *failed), ("a", Rung.SENT, ())])[0] == failed


def test_an_absence_ends_for_the_person_with_a_reply_to_a_later_mail() -> None:
    """Delivery and opens do not end it: mail is read on holiday too."""
    away = (Rung.SENT, (Aside.AWAY,))
    assert present_asides([("a", *away), ("a", Rung.REPLIED, ())])[0] == (Rung.SENT, ())
    assert present_asides([("a", *away), ("a", Rung.CONFIRMED, ())])[0] == away
    assert present_asides([("a", Rung.REPLIED, ()), ("a", *away)])[1] == away


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 5.1.1 <mara@novak.example>: Recipient address rejected: User unknown", FailureReason.UNKNOWN_USER),
        ("552 5.2.2 Mailbox full", FailureReason.FULL),
        ("554 5.7.1 Sender is on a block list", None),
        ("550 No thanks", None),
    ],
)
def test_a_refusal_tells_what_it_says_of_the_recipient(reply: str, expected: FailureReason | None) -> None:
    """What the provider says of itself, or nothing plain, is no reason that concerns the recipient."""
    assert copy_status(replace(REFUSED, reply=reply), [], []).failure is expected


def test_a_reply_that_refused_nothing_tells_no_reason() -> None:
    """The words of an acceptance are not searched for failures."""
    assert copy_status(replace(SENT, reply="250 2.0.0 user unknown? queued"), [], []).failure is None
