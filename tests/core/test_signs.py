"""What an arrival proves of which copies, and what the user has to be asked."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from desktop.core.arrival import (
    ArrivalKind,
    DeliveryAction,
    DeliveryReport,
    FailureReason,
    Receipt,
    ReceiptAnswer,
)
from desktop.core.signs import Answer, Heard, Known, OurCopy, OurMessage, last_heard, mail_signs
from desktop.core.status import EvidenceKind, MailSign
from tests.fakes.samples import SENT_AT

ANNA, BOB, CARL, OWN = "anna@becker.example", "bob@lund.example", "carl@else.example", "kim@sender.example"
# The first message went to Anna and Bob (copies 1 and 2), the second to Anna alone (copy 3).
FIRST = OurMessage(id=1, own=frozenset({11}), copies=(OurCopy(id=1, address=ANNA), OurCopy(id=2, address=BOB)))
SECOND = OurMessage(id=2, own=frozenset({12, 112}), copies=(OurCopy(id=3, address=ANNA),))
BOTH = (FIRST, SECOND)
NOBODY = Known()


def heard(id_: int = 1, *mentions: int, sender: str = ANNA, kind: ArrivalKind = ArrivalKind.MAIL, **more: Any) -> Heard:
    at: datetime = more.pop("at", SENT_AT + timedelta(hours=id_))
    return Heard(id=id_, kind=kind, key=100 + id_, mentions=mentions, sender=sender, at=at, **more)


def failed(recipient: str = "", **more: Any) -> DeliveryReport:
    return DeliveryReport(recipient=recipient, action=DeliveryAction.FAILED, **more)


def kinds(*arrivals: Heard, known: Known = NOBODY) -> dict[int, list[EvidenceKind]]:
    found = mail_signs(BOTH, arrivals, known)
    return {copy_id: sorted(sign.kind for sign in signs) for copy_id, signs in sorted(found.items())}


def test_a_reply_marks_the_senders_copies_of_what_it_refers_to() -> None:
    """Anna's answer to the second message, which names the first too, counts for both her copies, not for Bob's."""
    assert kinds(heard(1, 12, 11)) == {1: [EvidenceKind.REPLY], 3: [EvidenceKind.REPLY]}
    assert kinds(heard(1, 112)) == {3: [EvidenceKind.REPLY]}
    assert kinds(heard(1, 99)) == {}


def test_a_mail_handed_in_twice_is_answered_once_for_all() -> None:
    """The second attempt, to Bob alone, has the same name: his answer, absence and bounce concern both."""
    again = OurMessage(id=3, own=frozenset({11}), copies=(OurCopy(id=4, address=BOB),))
    bounce = heard(2, 11, kind=ArrivalKind.BOUNCE, deliveries=(failed(BOB),))
    absence = heard(3, 11, kind=ArrivalKind.AUTO_REPLY, sender=BOB)
    found = mail_signs((FIRST, SECOND, again), [heard(1, 11, sender=BOB), bounce, absence], NOBODY)
    assert {copy_id: len(signs) for copy_id, signs in found.items()} == {2: 3, 4: 3}
    alone = replace(FIRST, copies=FIRST.copies[1:])
    unnamed = heard(2, 11, kind=ArrivalKind.BOUNCE, deliveries=(failed(),))
    assert sorted(mail_signs((alone, again), [unnamed], NOBODY)) == [2, 4]


def test_a_reply_reaches_back_through_mail_between() -> None:
    """Whoever answers an answer answers what that was about; mails that name each other end it."""
    between = heard(1, 11, 102, sender=BOB)
    assert kinds(between, heard(2, 101)) == {1: [EvidenceKind.REPLY], 2: [EvidenceKind.REPLY]}


def test_mails_that_follow_each_other_in_a_circle_end_it() -> None:
    """Made by a broken program, or to keep us busy: the third answers what the circle answers."""
    circle = (heard(1, 12, 102, sender=CARL), heard(2, 101, sender=CARL))
    assert kinds(*circle, heard(3, 102), known=Known(own=frozenset({CARL}))) == {3: [EvidenceKind.REPLY]}


def test_an_answer_by_subject_counts_for_the_message_it_follows() -> None:
    """What a program that drops References leaves is the message that the subject leads to."""
    assert kinds(heard(1, follows=2)) == {3: [EvidenceKind.REPLY]}
    assert kinds(heard(1, follows=9)) == {}


def test_a_reply_from_an_unknown_address_is_only_possible() -> None:
    """It may be either recipient's; the address is told."""
    found = mail_signs(BOTH, [heard(1, 11, sender=CARL)], NOBODY)
    expected = MailSign(kind=EvidenceKind.POSSIBLE_REPLY, at=SENT_AT + timedelta(hours=1), arrival_id=1, detail=CARL)
    assert found == {1: (expected,), 2: (expected,)}


def test_who_has_answered_is_not_asked_about() -> None:
    """A third person who joins in after Anna replied can only be Bob."""
    asked = kinds(heard(1, 11), heard(2, 11, sender=CARL))
    assert asked == {1: [EvidenceKind.REPLY], 2: [EvidenceKind.POSSIBLE_REPLY]}


@pytest.mark.parametrize(
    ("arrival", "known"),
    [
        (heard(1, 12, sender=BOB), NOBODY),
        (heard(1, 12, sender=OWN), Known(own=frozenset({OWN}))),
        (heard(1, 12, sender=""), NOBODY),
        (heard(1, 12, sender=CARL, kind=ArrivalKind.BULK), NOBODY),
        (heard(1, 12, kind=ArrivalKind.CALENDAR), NOBODY),
    ],
)
def test_known_people_oneself_and_machines_raise_no_question(arrival: Heard, known: Known) -> None:
    """Bob is known from the first message, the user is not asked about themselves, lists and calendars are none."""
    assert kinds(arrival, known=known) == {}


def test_a_yes_makes_an_address_the_persons_and_a_no_keeps_it_aside() -> None:
    """With the alias Carl's mail is Anna's, earlier and later; after a no nothing of his is asked here any more."""
    mails = (heard(1, 12, sender=CARL), heard(2, 12, sender=CARL))
    alias = Known(aliases={CARL: frozenset({ANNA})})
    assert kinds(*mails, known=alias) == {3: [EvidenceKind.REPLY, EvidenceKind.REPLY]}
    assert kinds(*mails) == {3: [EvidenceKind.POSSIBLE_REPLY, EvidenceKind.POSSIBLE_REPLY]}
    assert kinds(replace(mails[0], answer=Answer(copy_id=None)), mails[1]) == {}


def test_an_absence_is_the_senders_own_and_of_the_nearest_message() -> None:
    """Anna's automatic answer to the second message says so with its day; it is no reply."""
    back = date(2026, 5, 11)
    away = heard(1, 12, 11, kind=ArrivalKind.AUTO_REPLY, is_away=True, returns_on=back)
    found = mail_signs(BOTH, [away], NOBODY)
    assert found == {
        3: (MailSign(kind=EvidenceKind.AWAY, at=SENT_AT + timedelta(hours=1), arrival_id=1, returns_on=back),)
    }
    assert kinds(replace(away, is_away=False)) == {3: [EvidenceKind.AUTO_REPLY]}


def test_a_third_address_that_answers_by_itself_says_nothing_of_who_is_away() -> None:
    """A colleague's absence after a forward is not Anna's; with two recipients it is nobody's."""
    away = heard(1, 12, kind=ArrivalKind.AUTO_REPLY, is_away=True, sender=CARL, returns_on=date(2026, 5, 11))
    found = mail_signs(BOTH, [away], NOBODY)
    assert [(sign.kind, sign.detail, sign.returns_on) for sign in found[3]] == [(EvidenceKind.AUTO_REPLY, CARL, None)]
    assert kinds(replace(away, mentions=(11,))) == {}


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (DeliveryAction.FAILED, EvidenceKind.NOT_DELIVERED),
        (DeliveryAction.DELAYED, EvidenceKind.DELAYED),
        (DeliveryAction.DELIVERED, EvidenceKind.DELIVERED),
        (DeliveryAction.RELAYED, EvidenceKind.RELAYED),
        (DeliveryAction.EXPANDED, EvidenceKind.RELAYED),
    ],
)
def test_a_report_is_about_the_recipient_it_names(action: DeliveryAction, expected: EvidenceKind) -> None:
    """Bob's copy has the sign, Anna's none; reasons belong to failures."""
    report = DeliveryReport(recipient=BOB, action=action, diagnostic="said so")
    found = mail_signs(BOTH, [heard(1, 11, sender="", kind=ArrivalKind.BOUNCE, deliveries=(report,))], NOBODY)
    reason = FailureReason.OTHER if expected is EvidenceKind.NOT_DELIVERED else None
    assert {copy_id: [(each.kind, each.detail, each.reason) for each in signs] for copy_id, signs in found.items()} == {
        2: [(expected, "said so", reason)]
    }


def test_the_address_it_was_sent_to_goes_before_the_one_it_ended_at() -> None:
    """Anna's mailbox passes on to Bob's: what failed was sent to Anna."""
    report = failed(BOB, original=ANNA, reason=FailureReason.FULL)
    expected = MailSign(
        kind=EvidenceKind.NOT_DELIVERED, at=SENT_AT + timedelta(hours=1), arrival_id=1, reason=FailureReason.FULL
    )
    bounce = heard(1, 11, kind=ArrivalKind.BOUNCE, deliveries=(report,))
    assert mail_signs(BOTH, [bounce], NOBODY) == {1: (expected,)}


def test_a_report_that_names_nobody_is_about_the_only_recipient() -> None:
    """Of two recipients it may be either: the user is asked."""
    bounce = heard(1, 12, kind=ArrivalKind.BOUNCE, deliveries=(failed(),))
    assert kinds(bounce) == {3: [EvidenceKind.NOT_DELIVERED]}
    asked = kinds(replace(bounce, mentions=(11,)))
    assert asked == {1: [EvidenceKind.POSSIBLE_BOUNCE], 2: [EvidenceKind.POSSIBLE_BOUNCE]}


def test_a_failure_at_an_address_nobody_wrote_to_is_asked_about() -> None:
    """The forward of Anna's mailbox failed, her own copy may be there all the same; a delay there asks nothing."""
    bounce = heard(1, 12, kind=ArrivalKind.BOUNCE, deliveries=(failed(CARL, diagnostic="no such user"),))
    found = mail_signs(BOTH, [bounce], NOBODY)
    assert [(sign.kind, sign.detail) for sign in found[3]] == [(EvidenceKind.POSSIBLE_BOUNCE, "no such user")]
    delayed = DeliveryReport(recipient=CARL, action=DeliveryAction.DELAYED)
    assert kinds(replace(bounce, deliveries=(delayed,))) == {}


def test_only_the_copies_no_report_names_are_asked_about() -> None:
    """One report fits Anna, the other nobody: it can only be Bob's."""
    bounce = heard(1, 11, kind=ArrivalKind.BOUNCE, deliveries=(failed(ANNA), failed(CARL)))
    assert kinds(bounce) == {1: [EvidenceKind.NOT_DELIVERED], 2: [EvidenceKind.POSSIBLE_BOUNCE]}


def test_what_looks_like_a_bounce_is_asked_about_and_a_yes_makes_it_one() -> None:
    """Until then it moves nothing; with a named address only that one is asked about."""
    suspected = heard(1, 11, sender="daemon@x.example", kind=ArrivalKind.SUSPECTED_BOUNCE)
    assert kinds(suspected) == {1: [EvidenceKind.POSSIBLE_BOUNCE], 2: [EvidenceKind.POSSIBLE_BOUNCE]}
    assert kinds(replace(suspected, deliveries=(failed(BOB),))) == {2: [EvidenceKind.POSSIBLE_BOUNCE]}
    assert kinds(replace(suspected, answer=Answer(copy_id=None))) == {}
    confirmed = replace(
        suspected,
        answer=Answer(copy_id=1),
        deliveries=(failed(), failed(reason=FailureReason.BLOCKED, diagnostic="no")),
    )
    expected = MailSign(
        kind=EvidenceKind.NOT_DELIVERED,
        at=SENT_AT + timedelta(hours=1),
        arrival_id=1,
        detail="no",
        reason=FailureReason.BLOCKED,
    )
    assert mail_signs(BOTH, [confirmed], NOBODY) == {1: (expected,)}
    bare = replace(expected, reason=FailureReason.OTHER, detail="")
    assert mail_signs(BOTH, [replace(confirmed, deliveries=())], NOBODY) == {1: (bare,)}


def test_a_receipt_is_its_recipients_own() -> None:
    """Displayed or denied, for the address it names, else for its sender; another's receipt proves nothing."""

    def receipt(answer: ReceiptAnswer, recipient: str, sender: str = ANNA) -> Heard:
        given = Receipt(recipient=recipient, answer=answer, is_automatic=False)
        return heard(1, 12, sender=sender, kind=ArrivalKind.RECEIPT, receipt=given)

    assert kinds(receipt(ReceiptAnswer.DISPLAYED, ANNA, CARL)) == {3: [EvidenceKind.RECEIPT]}
    assert kinds(receipt(ReceiptAnswer.DENIED, "")) == {3: [EvidenceKind.RECEIPT_DENIED]}
    assert kinds(receipt(ReceiptAnswer.DISPLAYED, CARL)) == {}
    assert kinds(heard(1, 12, kind=ArrivalKind.RECEIPT)) == {}


def test_reports_about_mail_nobody_here_sent_change_nothing() -> None:
    """Backscatter names ids of its own."""
    bounce = heard(1, 77, kind=ArrivalKind.BOUNCE, deliveries=(failed(ANNA), failed()))
    assert kinds(bounce, heard(2, 77, kind=ArrivalKind.SUSPECTED_BOUNCE)) == {}


def test_a_person_was_last_heard_when_they_wrote_themselves() -> None:
    """Anna's own mail counts, in answer or not; a stranger's and an automatic one do not."""
    at = SENT_AT + timedelta(hours=1)
    arrivals = [heard(1), heard(2, sender=CARL), heard(3, kind=ArrivalKind.AUTO_REPLY)]
    assert last_heard(BOTH, arrivals, NOBODY) == at
    assert last_heard(BOTH, arrivals, Known(aliases={CARL: frozenset({ANNA})})) == at + timedelta(hours=1)
    assert last_heard(BOTH, [], NOBODY) is None
