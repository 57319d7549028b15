"""What the store knows of follow-ups: the cases, what the user said of them, and the undo."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from desktop.core.address import Mailbox
from desktop.core.arrival import (
    Arrival,
    ArrivalKind,
    DeliveryAction,
    DeliveryReport,
    FailureReason,
    Receipt,
    ReceiptAnswer,
)
from desktop.core.followup import Due, FollowUpKind
from desktop.core.parse import MessageFacts
from desktop.core.policy import WhyNot
from desktop.core.status import CopyState, Rung
from desktop.core.workdays import WorkCalendar
from desktop.store import reminders
from desktop.store.accounts import AccountRow, Security, delete_account, save_account
from desktop.store.arrivals import Batch, record_batch
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.folders import FolderRole, FolderRow
from desktop.store.hits import record_hits
from desktop.store.mail import NewCopy, cards, conversation, record_message, record_outcome
from desktop.store.questions import answer_question, questions
from desktop.store.reminders import ReminderRow, cases, due_list, mark_done, newest_wait, reminder, restore, snooze
from tests.fakes.samples import GMAIL_PROXY, SENT_AT, click, facts, hit, tracked_copy

CALENDAR = WorkCalendar()
ANNA = Mailbox("Anna Becker", "anna@becker.example")
NOW = SENT_AT + timedelta(days=10)
INBOX = FolderRow(account_id=1, name="INBOX", role=FolderRole.INBOX, uid_validity=1, next_uid=2)


def send(store: Store, *copies: NewCopy, at: datetime = SENT_AT, **named: Any) -> tuple[int, ...]:
    """Record a message that the provider took; return the copies' ids."""
    message = facts(**({"message_id": f"<{os.urandom(8).hex()}@sender.example>"} | named))
    _, ids = record_message(store, account_id=1, facts=message, at=at, copies=copies or (tracked_copy(),))
    for copy_id in ids:
        record_outcome(store, copy_id, CopyState.SENT, at=at)
    return ids


def untracked(address: str, role: str = "to") -> NewCopy:
    return NewCopy(address=address, role=role, why_not=WhyNot.NO_PERMISSION)


def receive(store: Store, about: str, *, at: datetime, sender: Mailbox = ANNA, **named: Any) -> None:
    """Let a mail come in that refers to one of ours."""
    message = MessageFacts(
        subject="Re: Offer",
        from_=sender,
        to=(),
        cc=(),
        message_id=f"<{os.urandom(8).hex()}@becker.example>",
        in_reply_to=about,
        references=(about,),
        date=at,
    )
    values: dict[str, Any] = {"kind": ArrivalKind.MAIL, "facts": message, "at": at}
    arrival = Arrival(**(values | named))
    record_batch(store, Batch(account_id=1, folder=INBOX, arrivals=(arrival,)), now=max(NOW, at))


def the_id(store: Store) -> int:
    (card,) = cards(store)
    return card.id


def account(**named: Any) -> AccountRow:
    values: dict[str, Any] = {
        "id": 0,
        "label": "Work",
        "host": "smtp.sender.example",
        "port": 465,
        "security": Security.TLS,
        "user": "kim@sender.example",
        "identities": (Mailbox("Kim", "Kim@sender.example"),),
        "imap_host": "imap.sender.example",
    }
    return AccountRow(**(values | named))


@pytest.fixture(autouse=True)
def _read(store: Store) -> None:
    """Let there be an account whose incoming mail was read."""
    save_account(store, account())
    record_batch(store, Batch(account_id=1, folder=INBOX), now=SENT_AT)


def test_a_mail_without_an_answer_is_a_case(store: Store) -> None:
    """It has its subject, instant and recipient; the list says when and why."""
    send(store)
    (case,) = cases(store)
    assert (case.subject, case.sent_at, case.wait_days, case.replied_at) == ("Offer", SENT_AT, 3, None)
    assert [(each.address, each.name, each.rung) for each in case.awaited] == [
        ("anna@becker.example", "Anna Becker", Rung.SENT)
    ]
    (line,) = due_list(store, SENT_AT, CALENDAR)
    assert (line.kind, line.due, line.due_on) == (FollowUpKind.NO_ANSWER, Due.NEXT, date(2026, 5, 7))


def test_only_the_newest_message_is_waited_for(store: Store) -> None:
    """A second message in the conversation begins anew, with its own recipients."""
    send(store, message_id="<a@sender.example>")
    later = SENT_AT + timedelta(days=2)
    send(store, untracked("ben@becker.example"), at=later, in_reply_to="<a@sender.example>")
    (case,) = cases(store)
    assert (case.sent_at, [each.address for each in case.awaited]) == (later, ["ben@becker.example"])


def test_a_reply_ends_it_and_our_next_word_begins_anew(store: Store) -> None:
    """Answered it is no case; written to once more it is one again."""
    send(store, message_id="<a@sender.example>")
    receive(store, "<a@sender.example>", at=SENT_AT + timedelta(days=1))
    assert cases(store) == ()
    send(store, at=SENT_AT + timedelta(days=2), in_reply_to="<a@sender.example>")
    (case,) = cases(store)
    assert (case.replied_at, case.awaited[0].unanswered_twice_at) == (SENT_AT + timedelta(days=1), None)


def test_an_automatic_answer_ends_nothing(store: Store) -> None:
    """Away until Monday the 18th, the person is due on that day; also in a conversation that got no such answer."""
    send(store, message_id="<a@sender.example>")
    away: dict[str, Any] = {"kind": ArrivalKind.AUTO_REPLY, "is_away": True, "returns_on": date(2026, 5, 18)}
    receive(store, "<a@sender.example>", at=SENT_AT + timedelta(minutes=1), about_ids=("<a@sender.example>",), **away)
    send(store, at=SENT_AT + timedelta(days=1), subject="Another matter")
    found = due_list(store, NOW, CALENDAR, cap=2)
    assert [(each.kind, each.due_on) for each in found] == [(FollowUpKind.AWAY, date(2026, 5, 18))] * 2


def test_who_answered_since_is_not_away(store: Store) -> None:
    """A reply after the automatic answer shows that they are back, for other conversations too."""
    send(store, message_id="<a@sender.example>")
    away: dict[str, Any] = {"kind": ArrivalKind.AUTO_REPLY, "is_away": True, "returns_on": date(2026, 5, 18)}
    receive(store, "<a@sender.example>", at=SENT_AT + timedelta(minutes=1), about_ids=("<a@sender.example>",), **away)
    receive(store, "<a@sender.example>", at=SENT_AT + timedelta(minutes=2))
    send(store, at=SENT_AT + timedelta(days=1), subject="Another matter")
    assert [each.kind for each in due_list(store, NOW, CALENDAR)] == [FollowUpKind.NO_ANSWER]


def test_a_bounce_is_to_be_mended(store: Store) -> None:
    """It is due on the day the report came, with its reason; the provider's own refusal on the day of that."""
    send(store, untracked("anna@becker.example"), message_id="<a@sender.example>")
    report = DeliveryReport(
        recipient="anna@becker.example",
        action=DeliveryAction.FAILED,
        status="5.1.1",
        reason=FailureReason.UNKNOWN_USER,
    )
    at = SENT_AT + timedelta(days=1)
    daemon = Mailbox("", "mailer-daemon@becker.example")
    bounced: dict[str, Any] = {
        "kind": ArrivalKind.BOUNCE,
        "deliveries": (report,),
        "about_ids": ("<a@sender.example>",),
    }
    receive(store, "<a@sender.example>", at=at, sender=daemon, **bounced)
    (line,) = due_list(store, at, CALENDAR)
    assert (line.kind, line.due, line.people[0].undelivered_at) == (FollowUpKind.NOT_DELIVERED, Due.TODAY, at)
    assert line.people[0].failure is FailureReason.UNKNOWN_USER
    message = facts(message_id="<b@sender.example>", subject="Another matter")
    _, (copy_id,) = record_message(
        store, account_id=1, facts=message, at=SENT_AT, copies=(untracked("ben@becker.example"),)
    )
    record_outcome(store, copy_id, CopyState.REFUSED, at=at, reply="550 5.1.1 no such user")
    refused = next(each for each in due_list(store, at, CALENDAR) if each.people[0].address == "ben@becker.example")
    assert (refused.kind, refused.people[0].undelivered_at) == (FollowUpKind.NOT_DELIVERED, at)


def test_a_question_is_a_follow_up_until_it_is_answered(store: Store) -> None:
    """A reply from another address is asked about; "no" leaves silence, "yes" ends it."""
    send(store, message_id="<a@sender.example>")
    at = SENT_AT + timedelta(days=1)
    receive(store, "<a@sender.example>", at=at, sender=Mailbox("Anna", "anna@home.example"))
    (line,) = due_list(store, at, CALENDAR)
    assert (line.kind, line.due, line.people[0].asked_at) == (FollowUpKind.POSSIBLE_REPLY, Due.TODAY, at)
    (question,) = questions(store)
    answer_question(store, question.arrival_id, None)
    assert [each.kind for each in due_list(store, at, CALENDAR)] == [FollowUpKind.NO_ANSWER]
    answer_question(store, question.arrival_id, question.candidates[0].copy_id)
    assert due_list(store, at, CALENDAR) == ()


def test_what_looks_like_a_bounce_is_asked_about(store: Store) -> None:
    """Until the user says so it is a question and no failure."""
    send(store, message_id="<a@sender.example>")
    daemon = Mailbox("", "mailer-daemon@becker.example")
    named: dict[str, Any] = {"kind": ArrivalKind.SUSPECTED_BOUNCE, "about_ids": ("<a@sender.example>",)}
    receive(store, "<a@sender.example>", at=SENT_AT + timedelta(hours=1), sender=daemon, **named)
    assert [each.kind for each in due_list(store, NOW, CALENDAR)] == [FollowUpKind.POSSIBLE_BOUNCE]


def test_opens_and_clicks_are_counted_by_sittings(store: Store) -> None:
    """Requests of people count, half an hour apart; a proxy's is a probable open, and a click has its own instant."""
    copy = tracked_copy()
    token, link = (each.random_id for each in copy.tokens)
    send(store, copy)
    hours = (1, 1.1, 3, 30)
    hits = [hit(after_s=each * 3600, token_id=token) for each in hours]
    proxied = hit(after_s=2 * 3600, token_id=token, agent=GMAIL_PROXY, labels=("google-fetchers",))
    used = click(after_s=31 * 3600, token_id=link)
    record_hits(store, [*hits, proxied, used], now=NOW)
    ((person,),) = [case.awaited for case in cases(store)]
    instants = [SENT_AT + timedelta(hours=each) for each in (1, 2, 31)]
    assert (person.opens, person.opened_at, person.last_open_at, person.clicked_at) == (
        4,
        instants[0],
        instants[2],
        instants[2],
    )
    assert person.probably_opened_at == SENT_AT + timedelta(hours=2)
    assert [each.kind for each in due_list(store, SENT_AT + timedelta(days=2), CALENDAR)] == [FollowUpKind.WARM]


def test_a_proxys_fetch_is_a_probable_open(store: Store) -> None:
    """It satisfies "opened, no reply" and counts as nobody's sitting."""
    copy = tracked_copy()
    send(store, copy)
    record_hits(
        store,
        [hit(after_s=7200, token_id=copy.tokens[0].random_id, agent=GMAIL_PROXY, labels=("google-fetchers",))],
        now=NOW,
    )
    ((person,),) = [case.awaited for case in cases(store)]
    assert (person.rung, person.opens, person.opened_at) == (Rung.PROBABLY_OPENED, 0, None)
    assert person.probably_opened_at == SENT_AT + timedelta(hours=2)
    assert [each.kind for each in due_list(store, NOW, CALENDAR)] == [FollowUpKind.OPENED_NO_REPLY]


def test_mail_that_nobody_answers_is_no_case(store: Store) -> None:
    """A no-reply address, one's own, a list, list mail and what has not left are not waited for, nor who is copied."""
    send(store, untracked("no-reply@shop.example"), subject="One")
    send(store, untracked("kim@sender.example"), subject="Two")
    send(store, untracked("dev@lists.example.org"), subject="Three")
    send(store, NewCopy(address="erik@lund.example", why_not=WhyNot.LIST_MAIL), subject="Four")
    record_message(store, account_id=1, facts=facts(subject="Five"), at=SENT_AT, copies=(tracked_copy(),))
    assert cases(store) == ()
    send(store, untracked("no-reply@shop.example"), untracked("erik@lund.example"), subject="Six")
    send(store, untracked("erik@lund.example", "cc"), untracked("no-reply@shop.example"), subject="Seven")
    assert [[each.address for each in case.awaited] for case in cases(store)] == [["erik@lund.example"]] * 2
    assert [each.subject for each in due_list(store, NOW, CALENDAR)] == ["Six"]


def test_what_was_just_sent_is_not_unanswered_yet(store: Store) -> None:
    """A second mail is no warning at the first one's line before its own wait is over, and is one after it."""
    send(store, message_id="<a@sender.example>")
    send(store, at=NOW - timedelta(hours=1), subject="Another matter", message_id="<b@sender.example>")
    line = due_list(store, NOW, CALENDAR)[0]
    assert (line.sent_at, line.is_insistent) == (SENT_AT, False)
    assert {line.is_insistent for line in due_list(store, NOW + timedelta(days=9), CALENDAR)} == {True}


def test_messages_without_an_answer_are_counted_in_all_conversations(store: Store) -> None:
    """Two mails on two matters without an answer are two; a reply to one sets the count back."""
    send(store, message_id="<a@sender.example>")
    send(store, at=SENT_AT + timedelta(days=1), subject="Another matter", message_id="<b@sender.example>")
    assert [case.awaited[0].unanswered_twice_at for case in cases(store)] == [SENT_AT + timedelta(days=1)] * 2
    assert due_list(store, NOW, CALENDAR)[0].is_insistent is True
    receive(store, "<b@sender.example>", at=SENT_AT + timedelta(days=2))
    assert [case.awaited[0].unanswered_twice_at for case in cases(store)] == [None]
    assert due_list(store, NOW, CALENDAR)[0].is_insistent is False


def test_the_nearest_wait_counts(store: Store) -> None:
    """The account's, before it the conversation's, before that the newest message's; None falls back."""
    send(store)
    assert [case.wait_days for case in cases(store)] == [3]
    save_account(store, account(id=1, wait_days=5))
    assert [case.wait_days for case in cases(store)] == [5]
    id_ = the_id(store)
    change, before = reminders.set_wait(store, id_, 7)
    assert (change, before) == (Change(conversations=frozenset({id_})), ReminderRow(conversation_id=id_))
    assert [case.wait_days for case in cases(store)] == [7]
    detail = conversation(store, id_)
    assert detail is not None
    message_id = detail.messages[0].id
    change, before = reminders.set_message_wait(store, message_id, 2)
    assert (change, before.wait_days, before.message_wait_days) == (Change(conversations=frozenset({id_})), 7, None)
    assert [case.wait_days for case in cases(store)] == [2]
    restore(store, before)
    assert [case.wait_days for case in cases(store)] == [7]
    reminders.set_wait(store, id_, None)
    assert [case.wait_days for case in cases(store)] == [5]
    assert reminder(store, id_) == ReminderRow(conversation_id=id_)


def test_the_latest_word_on_a_wait_holds(store: Store) -> None:
    """A wait for the conversation ends the newest message's own, and the undo brings both back."""
    send(store, message_id="<a@sender.example>")
    id_ = the_id(store)
    assert newest_wait(store, 7) is None
    send(store, message_id="<b@sender.example>", in_reply_to="<a@sender.example>", at=SENT_AT + timedelta(hours=1))
    newest = newest_wait(store, id_)
    detail = conversation(store, id_)
    assert newest is not None
    assert detail is not None
    assert (newest.message_id, newest.message_wait_days) == (detail.messages[-1].id, None)
    reminders.set_message_wait(store, detail.messages[-1].id, 2)
    _, before = reminders.set_wait(store, id_, 9)
    assert newest_wait(store, id_) == replace(newest, wait_days=9)
    assert [case.wait_days for case in cases(store)] == [9]
    restore(store, before)
    assert newest_wait(store, id_) == replace(newest, message_wait_days=2)
    assert [case.wait_days for case in cases(store)] == [2]


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_wait_is_between_a_day_and_a_year(store: Store, days: int) -> None:
    """What no calendar can mean is refused and nothing is kept; a year is taken."""
    send(store)
    id_ = the_id(store)
    for refused in (reminders.set_wait, reminders.set_message_wait):
        with pytest.raises(ValueError, match="days to wait"):
            refused(store, id_, days)
    assert reminder(store, id_) == ReminderRow(conversation_id=id_)
    reminders.set_wait(store, id_, 366)
    assert reminder(store, id_).wait_days == 366


UNTIL = SENT_AT + timedelta(days=14)


@pytest.mark.parametrize(
    ("say", "after"),
    [
        (lambda store, id_: snooze(store, id_, UNTIL, NOW), {"snoozed_until": UNTIL, "done_at": NOW}),
        (lambda store, id_: mark_done(store, id_, NOW), {"done_at": NOW}),
        (reminders.wake, {}),
        (
            lambda store, id_: reminders.set_wait(store, id_, 9),
            {"wait_days": 9, "snoozed_until": NOW, "done_at": SENT_AT},
        ),
    ],
)
def test_what_the_user_says_is_one_change_that_can_be_undone(
    store: Store, told: list[Change], say: Callable[[Store, int], tuple[Change, ReminderRow]], after: dict[str, Any]
) -> None:
    """Each names the conversation, returns what stood before, and is taken back by restoring that."""
    send(store)
    id_ = the_id(store)
    snooze(store, id_, NOW, SENT_AT)
    earlier = reminder(store, id_)
    told.clear()
    change, before = say(store, id_)
    assert (change, before, told) == (Change(conversations=frozenset({id_})), earlier, [change])
    assert reminder(store, id_) == replace(ReminderRow(conversation_id=id_), **after)
    assert restore(store, before) == Change(conversations=frozenset({id_}))
    assert reminder(store, id_) == earlier


def test_done_and_snoozed_go_off_the_list_and_come_back(store: Store) -> None:
    """Done until we write again; snoozed until the day, or shown when asked for."""
    send(store, message_id="<a@sender.example>")
    id_ = the_id(store)
    _, before = mark_done(store, id_, NOW)
    assert due_list(store, NOW, CALENDAR) == ()
    restore(store, before)
    assert len(due_list(store, NOW, CALENDAR)) == 1
    snooze(store, id_, UNTIL, NOW)
    assert due_list(store, NOW, CALENDAR) == ()
    assert [each.snoozed_until for each in due_list(store, NOW, CALENDAR, with_snoozed=True)] == [UNTIL]
    assert [each.due_on for each in due_list(store, UNTIL, CALENDAR)] == [UNTIL.date()]
    mark_done(store, id_, NOW)
    send(store, at=NOW + timedelta(days=1), in_reply_to="<a@sender.example>")
    assert [each.sent_at for each in due_list(store, UNTIL, CALENDAR)] == [NOW + timedelta(days=1)]


def test_a_reply_during_a_snooze_ends_it_for_good(store: Store) -> None:
    """When we write once more, the old snooze neither hides nor hurries that."""
    send(store, message_id="<a@sender.example>")
    snooze(store, the_id(store), UNTIL, NOW)
    receive(store, "<a@sender.example>", at=NOW + timedelta(hours=1))
    assert due_list(store, UNTIL, CALENDAR, with_snoozed=True) == ()
    send(store, at=NOW + timedelta(hours=2), in_reply_to="<a@sender.example>")
    (line,) = due_list(store, NOW + timedelta(hours=3), CALENDAR)
    assert (line.due, line.due_on) == (Due.NEXT, date(2026, 5, 19))


def test_what_is_said_of_a_conversation_that_is_gone_alters_nothing(store: Store) -> None:
    """While its line was on the screen it became part of another: nothing is kept, and nothing breaks."""
    send(store)
    gone = ReminderRow(conversation_id=7)
    assert mark_done(store, 7, NOW) == (Change(), gone)
    assert restore(store, replace(gone, wait_days=4)) == Change()
    assert reminder(store, 7) == gone
    assert mark_done(store, the_id(store), NOW)[0] != Change()
    with pytest.raises(LookupError, match="no message 7"):
        reminders.set_message_wait(store, 7, 3)


def test_conversations_that_become_one_keep_what_was_said(store: Store) -> None:
    """Two mails that a later one joins keep their snooze in the conversation that stays."""
    send(store, message_id="<a@sender.example>")
    send(store, message_id="<b@sender.example>", subject="Another matter", at=SENT_AT + timedelta(hours=1))
    for card in cards(store):
        snooze(store, card.id, UNTIL, NOW)
    receive(store, "<a@sender.example>", at=SENT_AT - timedelta(hours=1), sender=Mailbox("", "ben@other.example"))
    joining = facts(message_id="<c@sender.example>", references=("<a@sender.example>", "<b@sender.example>"))
    record_message(store, account_id=1, facts=joining, at=SENT_AT + timedelta(hours=2), copies=(tracked_copy(),))
    assert [reminder(store, card.id).snoozed_until for card in cards(store)] == [UNTIL]


def test_an_instant_is_kept_to_the_millisecond_in_utc(store: Store) -> None:
    """Whatever zone the user's morning was given in."""
    send(store)
    local = datetime(2026, 5, 20, 9, tzinfo=UTC).astimezone()
    snooze(store, the_id(store), local, NOW)
    assert reminder(store, the_id(store)).snoozed_until == local


def bounce(store: Store, about: str, recipient: str, at: datetime) -> None:
    """Let a report come in that a mail did not reach one of its recipients."""
    report = DeliveryReport(
        recipient=recipient, action=DeliveryAction.FAILED, status="5.1.1", reason=FailureReason.UNKNOWN_USER
    )
    daemon = Mailbox("", "mailer-daemon@becker.example")
    named: dict[str, Any] = {"kind": ArrivalKind.BOUNCE, "deliveries": (report,), "about_ids": (about,)}
    receive(store, about, at=at, sender=daemon, **named)


HANS, IDA, JON = (f"{name}@{name}.example" for name in ("hans", "ida", "jon"))


def group_offer(store: Store) -> int:
    """Send one offer to three, of whom one is not reached, one answers and one is silent; return the conversation."""
    send(store, *map(untracked, (HANS, IDA, JON)), message_id="<a@sender.example>")
    bounce(store, "<a@sender.example>", HANS, SENT_AT + timedelta(minutes=1))
    receive(store, "<a@sender.example>", at=SENT_AT + timedelta(days=1), sender=Mailbox("Ida", IDA))
    return the_id(store)


def standing(store: Store) -> list[tuple[FollowUpKind, list[str]]]:
    return [(each.kind, [who.address for who in each.people]) for each in due_list(store, NOW, CALENDAR)]


def test_one_persons_answer_hides_nobody_else(store: Store) -> None:
    """The bounce stands first; done with it, the silence of the third; done with that, nothing; each can be undone."""
    id_ = group_offer(store)
    assert standing(store) == [(FollowUpKind.NOT_DELIVERED, [HANS])]
    _, before = mark_done(store, id_, NOW)
    assert standing(store) == [(FollowUpKind.NO_ANSWER, [JON])]
    _, between = mark_done(store, id_, NOW)
    assert standing(store) == []
    restore(store, between)
    assert standing(store) == [(FollowUpKind.NO_ANSWER, [JON])]
    restore(store, before)
    assert standing(store) == [(FollowUpKind.NOT_DELIVERED, [HANS])]


def test_when_all_answered_the_failure_alone_is_left(store: Store) -> None:
    """Done with it, the conversation is done with."""
    id_ = group_offer(store)
    receive(store, "<a@sender.example>", at=SENT_AT + timedelta(days=2), sender=Mailbox("Jon", JON))
    assert standing(store) == [(FollowUpKind.NOT_DELIVERED, [HANS])]
    mark_done(store, id_, NOW)
    assert standing(store) == []
    assert reminder(store, id_) == ReminderRow(conversation_id=id_, done_at=NOW)


def test_whom_an_earlier_message_did_not_reach_stands_until_written_to_again(store: Store) -> None:
    """Our answer to another ends no bounce, be it answered or to nobody who answers; a message to that person does."""
    group_offer(store)
    later = {"in_reply_to": "<a@sender.example>"}
    send(store, untracked(IDA), at=SENT_AT + timedelta(days=2), **later)
    assert standing(store) == [(FollowUpKind.NOT_DELIVERED, [HANS])]
    send(store, untracked("no-reply@shop.example"), at=SENT_AT + timedelta(days=3), **later)
    assert standing(store) == [(FollowUpKind.NOT_DELIVERED, [HANS])]
    send(store, untracked(HANS), at=SENT_AT + timedelta(days=4), **later)
    assert standing(store) == [(FollowUpKind.NO_ANSWER, [HANS])]


def test_conversations_that_become_one_keep_what_was_mended(store: Store) -> None:
    """Done with a bounce, it stays so in the conversation that takes the mail in."""
    id_ = group_offer(store)
    mark_done(store, id_, NOW)
    send(store, untracked(JON), message_id="<b@sender.example>", subject="Another matter", at=SENT_AT)
    joining = facts(message_id="<c@sender.example>", references=("<a@sender.example>", "<b@sender.example>"))
    record_message(store, account_id=1, facts=joining, at=SENT_AT + timedelta(hours=2), copies=(untracked(IDA),))
    assert [reminder(store, card.id).mended_at for card in cards(store)] == [NOW]


@pytest.mark.parametrize(
    ("roles", "hears"),
    [
        ({FolderRole.INBOX: None}, True),
        ({FolderRole.INBOX: None, FolderRole.ALL: None, FolderRole.JUNK: 4}, True),
        ({FolderRole.INBOX: 4}, False),
        ({FolderRole.INBOX: None, FolderRole.ALL: 4}, False),
        ({FolderRole.SENT: None}, False),
        ({}, False),
    ],
)
def test_silence_counts_once_the_inbox_is_read(store: Store, roles: dict[FolderRole, int | None], hears: bool) -> None:
    """Until an answer would be known nobody is said not to have answered; what bounced is known at once."""
    _, account_id = save_account(store, account(user="second@sender.example"))
    for role, backlog in roles.items():
        folder = replace(INBOX, account_id=account_id, name=role, role=role, backlog_uid=backlog)
        record_batch(store, Batch(account_id=account_id, folder=folder), now=NOW)
    _, (jon, hans) = record_message(
        store, account_id=account_id, facts=facts(), at=SENT_AT, copies=(untracked(JON), untracked(HANS))
    )
    record_outcome(store, jon, CopyState.SENT, at=SENT_AT)
    assert standing(store) == ([(FollowUpKind.NO_ANSWER, [JON])] if hears else [])
    record_outcome(store, hans, CopyState.REFUSED, at=SENT_AT, reply="550 5.1.1 no such user")
    assert standing(store) == [(FollowUpKind.NOT_DELIVERED, [HANS])]


@pytest.mark.parametrize("gone", ["account", "incoming"])
def test_silence_of_a_mailbox_that_nobody_reads_is_unknown(store: Store, gone: str) -> None:
    """With the account removed, or its incoming mail no longer read, silence goes; a bounce stays."""
    send(store, subject="Another matter")
    send(store, untracked(HANS), subject="Third", message_id="<d@sender.example>")
    bounce(store, "<d@sender.example>", HANS, SENT_AT + timedelta(minutes=1))
    assert sorted(kind for kind, _ in standing(store)) == [FollowUpKind.NO_ANSWER, FollowUpKind.NOT_DELIVERED]
    if gone == "account":
        delete_account(store, 1)
    else:
        save_account(store, account(id=1, imap_host=""))
    assert standing(store) == [(FollowUpKind.NOT_DELIVERED, [HANS])]


def test_a_receipt_of_today_makes_nothing_late(store: Store) -> None:
    """Confirmed as read today it is due today, and not since the day its silence was."""
    send(store, message_id="<a@sender.example>")
    receipt = Receipt(recipient="anna@becker.example", answer=ReceiptAnswer.DISPLAYED, is_automatic=False)
    named: dict[str, Any] = {"kind": ArrivalKind.RECEIPT, "receipt": receipt, "about_ids": ("<a@sender.example>",)}
    receive(store, "<a@sender.example>", at=NOW, **named)
    (line,) = due_list(store, NOW, CALENDAR)
    assert (line.kind, line.due, line.due_on) == (FollowUpKind.OPENED_NO_REPLY, Due.TODAY, NOW.date())
