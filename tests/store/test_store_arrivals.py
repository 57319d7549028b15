"""Mail read in folders: what becomes a conversation, what joins one, what is told, and what is never kept twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

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
from desktop.core.notice import NoticeKind
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyState, EvidenceKind, Rung
from desktop.store.accounts import AccountRow, Security, delete_account, save_account
from desktop.store.arrivals import Batch, Recipient, SentMail, known_names, record_batch
from desktop.store.change import Change
from desktop.store.columns import to_ms
from desktop.store.database import Store
from desktop.store.folders import FolderRole, FolderRow, folders, forget_folder
from desktop.store.mail import (
    ConversationCard,
    ConversationDetail,
    CopyRow,
    NewCopy,
    cards,
    conversation,
    record_message,
)
from desktop.store.people import people
from tests.fakes.mailbox_world import INBOX, NOW, OWN, Mail, arrival, batch, mail_facts, record, sent
from tests.fakes.samples import SENT_AT, tracked_copy

ANNA, BOB, CARL = "anna@becker.example", "bob@lund.example", "carl@else.example"


@pytest.fixture(autouse=True)
def account(store: Store) -> AccountRow:
    row = AccountRow(
        id=1,
        label="",
        host="",
        port=1,
        security=Security.TLS,
        user="not an address",
        identities=(Mailbox("Kim", OWN), Mailbox("", "Kim@Home.example")),
    )
    save_account(store, row)
    return row


def details(store: Store) -> Iterator[ConversationDetail]:
    for card in cards(store):
        detail = conversation(store, card.id)
        assert detail is not None
        yield detail


def copies(store: Store) -> dict[str, CopyRow]:
    """Return the newest copy by address."""
    return {copy.address: copy for detail in details(store) for message in detail.messages for copy in message.copies}


def members(store: Store) -> list[tuple[list[str], int]]:
    """Return of each conversation its messages' ids and how many arrivals it has."""
    found = [([each.message_id for each in detail.messages], len(detail.arrivals)) for detail in details(store)]
    return sorted(found)


def test_a_sent_mail_is_a_conversation_with_whom_it_went_to(store: Store) -> None:
    """Sent from a phone: the provider took it, nothing was added, and the people are known by their names."""
    change = record(store, sent("<1@s>", to=(ANNA, BOB)))
    (card,) = cards(store)
    expected = ConversationCard(
        id=card.id,
        names=("Anna", "Bob"),
        subject="Offer",
        at=SENT_AT,
        rung=Rung.SENT,
        asides=(Aside.NOT_TRACKED,),
        copies=2,
    )
    assert card == expected
    assert change == Change(
        conversations=frozenset({card.id}),
        copies=frozenset(copy.id for copy in copies(store).values()),
        people=frozenset({ANNA, BOB}),
    )
    assert {copy.status.why_not for copy in copies(store).values()} == {WhyNot.ELSEWHERE}
    assert [(row.name, row.messages) for row in people(store)] == [("Anna", 1), ("Bob", 1)]


@pytest.mark.parametrize("reply_first", [True, False])
def test_a_reply_may_come_before_the_mail_it_answers(store: Store, reply_first: bool) -> None:
    """Whichever folder is read first: the copy is replied to, the card waits for nobody."""
    mails: list[Mail] = [arrival("<r@a>", "<1@s>"), sent("<1@s>")]
    for each in mails if reply_first else reversed(mails):
        record(store, each)
    (card,) = cards(store)
    assert (card.rung, card.waits, card.at) == (Rung.REPLIED, False, SENT_AT + timedelta(hours=1))
    (detail,) = details(store)
    (row,) = detail.arrivals
    assert (row.from_.address, row.copy_ids, row.question) == (ANNA, (copies(store)[ANNA].id,), None)
    assert known_names(store, ["<r@a>", "<1@s>", "<2@s>"]) == frozenset({"<r@a>", "<1@s>"})


def test_mail_of_others_opens_no_conversation_until_we_take_part(store: Store) -> None:
    """A thread among others is nobody's; with our answer all of it is there, the oldest of it no answer to us."""
    record(store, arrival("<a@a>", subject="Question"), arrival("<b@b>", "<a@a>", sender=BOB))
    assert cards(store) == ()
    record(store, sent("<1@s>", "<a@a>", "<b@b>", to=(ANNA,), after_h=5))
    assert members(store) == [(["<1@s>"], 2)]
    assert (cards(store)[0].rung, cards(store)[0].waits) == (Rung.SENT, True)


def test_a_common_ancestor_unites_two_conversations_into_the_older(store: Store) -> None:
    """The change names both, what the user said of the younger one goes over, and the younger one is gone."""
    record(store, sent("<1@s>"))
    record(store, sent("<2@s>", after_h=3))
    younger, older = (card.id for card in cards(store))
    store.write(
        lambda connection: (
            Change(),
            connection.execute(
                "INSERT INTO reminder VALUES (?, 5, 1000, NULL, 3), (?, 7, 500, 2000, 4)", (older, younger)
            ),
        )
    )
    change = record(store, arrival("<r@a>", "<1@s>", "<2@s>", after_h=5))
    assert change.conversations == frozenset({older, younger})
    assert [card.id for card in cards(store)] == [older]
    assert conversation(store, younger) is None
    assert members(store) == [(["<1@s>", "<2@s>"], 1)]
    with store.read() as connection:
        rows = connection.execute("SELECT * FROM reminder").fetchall()
    assert rows == [(older, 5, 1000, 2000, 4)]


def test_what_the_user_said_of_a_conversation_alone_goes_over_whole(store: Store) -> None:
    """The older one had no reminder of its own."""
    record(store, sent("<1@s>"))
    record(store, sent("<2@s>", after_h=3))
    younger, older = (card.id for card in cards(store))
    store.write(
        lambda connection: (
            Change(),
            connection.execute("INSERT INTO reminder VALUES (?, 7, NULL, 5, NULL)", (younger,)),
        )
    )
    record(store, arrival("<r@a>", "<1@s>", "<2@s>", after_h=5))
    with store.read() as connection:
        assert connection.execute("SELECT * FROM reminder").fetchall() == [(older, 7, None, 5, None)]


def test_reports_and_lists_never_unite_conversations(store: Store) -> None:
    """What is about two mails belongs to the first it names; a person's mail unites them."""
    record(store, sent("<1@s>"), sent("<2@s>", after_h=1))
    for number, kind in enumerate(set(ArrivalKind) - {ArrivalKind.MAIL}):
        record(store, arrival(f"<{number}@a>", "<1@s>", "<2@s>", kind=kind))
    assert members(store) == [(["<1@s>"], 0), (["<2@s>"], 6)]
    record(store, arrival("<r@a>", "<1@s>", "<2@s>"))
    assert members(store) == [(["<1@s>", "<2@s>"], 7)]


def test_a_bare_answer_joins_the_newest_mail_of_its_subject_to_its_sender(store: Store) -> None:
    """A program that drops References leaves subject and people; the mail it follows may be learnt later."""
    record(store, sent("<1@s>"))
    record(store, arrival("<r@a>", after_h=10))
    assert members(store) == [(["<1@s>"], 1)]
    record(store, sent("<2@s>", after_h=5))
    assert members(store) == [(["<1@s>"], 0), (["<2@s>"], 1)]
    assert sorted(card.rung for card in cards(store)) == [Rung.SENT, Rung.REPLIED]
    record(store, sent("<3@s>", "<r@a>", subject="Re: Offer", after_h=12))
    assert members(store) == [(["<1@s>"], 0), (["<2@s>", "<3@s>"], 1)]


@pytest.mark.parametrize(
    "bare",
    [
        arrival("<r@a>", subject="Offer"),
        arrival("<r@a>", subject="Re: Offers"),
        arrival("<r@a>", "<unknown@a>"),
        arrival("<r@a>", sender=BOB),
        arrival("<r@a>", after_h=-1),
        arrival("<r@a>", after_h=24 * 91),
        arrival("<r@a>", kind=ArrivalKind.BULK),
        arrival("<r@a>", kind=ArrivalKind.CALENDAR),
        arrival("<r@a>", kind=ArrivalKind.AUTO_REPLY, subject="Offerings closed"),
        arrival("<r@a>", kind=ArrivalKind.AUTO_REPLY, subject="Away"),
        arrival("<r@a>", kind=ArrivalKind.AUTO_REPLY, after_h=24 * 15),
        arrival("<r@a>", subject=""),
    ],
)
def test_a_subject_alone_joins_nothing(store: Store, bare: Arrival) -> None:
    """Without a prefix, from another person, too late, of another subject, or naming another mail: it stays apart."""
    record_batch(store, batch(sent("<1@s>"), bare), now=SENT_AT + timedelta(days=200))
    assert members(store) == [(["<1@s>"], 0)]


def test_reports_without_ids_join_by_whom_and_what_they_are_about(store: Store) -> None:
    """An automatic answer of the recipient and a report on them, whose subjects hold ours."""
    record(store, sent("<1@s>"))
    away = arrival(
        "<away@a>",
        kind=ArrivalKind.AUTO_REPLY,
        subject="Automatic reply: OFFER",
        is_away=True,
        returns_on=date(2026, 5, 11),
    )
    failure = DeliveryReport(recipient=ANNA, action=DeliveryAction.FAILED, reason=FailureReason.FULL)
    bounce = arrival(
        "<bounce@a>",
        kind=ArrivalKind.BOUNCE,
        sender="postmaster@becker.example",
        subject="Undeliverable: Offer",
        deliveries=(failure,),
        after_h=2,
    )
    record(store, away, bounce)
    (card,) = cards(store)
    assert (card.asides, card.returns_on) == ((Aside.NOT_DELIVERED, Aside.AWAY, Aside.NOT_TRACKED), date(2026, 5, 11))
    status = copies(store)[ANNA].status
    assert (status.failure, status.returns_on) == (FailureReason.FULL, date(2026, 5, 11))


def test_a_receipt_confirms_and_is_told_by_its_name_without_ids(store: Store) -> None:
    """A receipt that names the recipient and our subject alone is theirs."""
    receipt = Receipt(recipient=ANNA, answer=ReceiptAnswer.DISPLAYED, is_automatic=False)
    record(store, replace(sent("<1@s>"), asks_receipt=True))
    record(
        store,
        arrival("<x@a>", sender="phone@else.example", kind=ArrivalKind.RECEIPT, subject="Read: Offer", receipt=receipt),
    )
    (detail,) = details(store)
    (message,) = detail.messages
    assert (message.asks_receipt, message.copies[0].status.rung) == (True, Rung.CONFIRMED)


def listened(store: Store, message_id: str = "<1@s>") -> int:
    (copy_id,) = record_message(
        store,
        account_id=1,
        facts=mail_facts(message_id=message_id, to=(ANNA,)),
        at=SENT_AT,
        copies=(tracked_copy(),),
    )[1]
    return copy_id


def test_what_the_listener_recorded_is_found_in_sent_and_stays_one(store: Store) -> None:
    """By its Message-ID; its copy keeps its picture."""
    copy_id = listened(store)
    assert record(store, sent("<1@s>")) == Change()
    assert [(copy.id, copy.status.why_not) for copy in copies(store).values()] == [(copy_id, None)]


@pytest.mark.parametrize(("late_s", "is_twin"), [(0, True), (2, True), (-2, True), (2.5, False)])
def test_a_mail_that_got_another_name_from_its_provider_stays_one(store: Store, late_s: float, is_twin: bool) -> None:
    """Same sender, subject, recipients and Date within two seconds: an answer to the given name is one to our mail."""
    listened(store)
    given = sent("<given@exchange>", after_h=late_s / 3600)
    record(store, arrival("<r@a>", "<given@exchange>"))
    record(store, given)
    expected = [Rung.REPLIED] if is_twin else [Rung.QUEUED, Rung.REPLIED]
    assert expected == sorted(card.rung for card in cards(store))
    assert record(store, given) == Change()


@pytest.mark.parametrize(
    "other",
    [
        sent("<2@s>", subject="Offer 2"),
        sent("<2@s>", to=(ANNA, BOB)),
        replace(sent("<2@s>"), facts=mail_facts("kim@home.example", message_id="<2@s>", to=(ANNA,))),
        replace(sent("<2@s>"), facts=mail_facts(message_id="<2@s>", to=(ANNA,), dated=None)),
    ],
)
def test_a_mail_that_differs_is_another_one(store: Store, other: SentMail) -> None:
    """Another subject, recipient, sender, or no Date to compare."""
    listened(store)
    record(store, other)
    assert len(cards(store)) == 2


def test_two_mails_in_sent_are_two_though_they_look_alike(store: Store) -> None:
    """Sent twice from a phone is sent twice: only what the listener recorded has twins."""
    record(store, sent("<1@s>"))
    record(store, sent("<2@s>"))
    assert len(cards(store)) == 2


def test_a_conversation_is_with_others(store: Store) -> None:
    """Notes to oneself and mail between own accounts open none; a copy to oneself is no recipient."""
    record(store, sent("<1@s>", to=(OWN,)), sent("<2@s>", to=("KIM@home.example", OWN)), sent("<3@s>", to=()))
    assert cards(store) == ()
    record(store, sent("<4@s>", to=(OWN, ANNA)))
    assert list(copies(store)) == [ANNA]


@pytest.mark.parametrize("arrived_first", [True, False])
def test_our_own_mail_in_an_inbox_is_not_counted_twice(store: Store, arrived_first: bool) -> None:
    """A copy to oneself, or between own accounts, is the message itself, whichever folder is read first."""
    mails: list[Mail] = [arrival("<1@s>", sender=OWN, subject="Offer", after_h=2), sent("<1@s>", to=(ANNA, OWN))]
    for each in mails if arrived_first else reversed(mails):
        record(store, each)
    assert members(store) == [(["<1@s>"], 0)]
    assert cards(store)[0].at == SENT_AT


@pytest.mark.parametrize("forged_first", [True, False])
def test_a_mail_that_claims_the_name_of_ours_is_nothing(store: Store, forged_first: bool) -> None:
    """A stranger cannot answer, nor take a message's place, under its own Message-ID, whichever is read first."""
    record(store, sent("<0@s>"))
    mails: list[Mail] = [arrival("<1@s>", "<0@s>"), sent("<1@s>", to=(BOB,), after_h=1)]
    for each in mails if forged_first else reversed(mails):
        record(store, each)
    assert members(store) == [(["<0@s>"], 0), (["<1@s>"], 0)]
    assert [card.rung for card in cards(store)] == [Rung.SENT, Rung.SENT]


def test_our_own_reply_is_none(store: Store) -> None:
    """What one wrote to a conversation from another program asks nothing and answers nothing."""
    record(store, sent("<1@s>"), arrival("<x@s>", "<1@s>", sender="kim@home.example"))
    (card,) = cards(store)
    assert (card.rung, card.has_question, card.waits) == (Rung.SENT, False, True)


def test_a_mail_without_message_id_is_known_again(store: Store) -> None:
    """By its header fields: read twice, in two folders, it is one; another one is another."""
    came = arrival("", "<1@s>")
    nameless: list[Mail] = [sent("", to=(ANNA,)), came, sent("<1@s>")]
    assert record(store, *nameless)
    assert record(store, *nameless) == Change()
    later = replace(came, at=SENT_AT + timedelta(hours=9))
    assert record(store, later) == Change()
    assert record(store, sent("", to=(BOB,)))
    assert len(cards(store)) == 3


def test_a_mail_met_in_two_folders_came_when_it_first_did(store: Store) -> None:
    """The earlier instant stands, in either order; within a batch too."""
    early, late = arrival("<r@a>", "<1@s>"), arrival("<r@a>", "<1@s>", after_h=7)
    record(store, sent("<1@s>"), late)
    assert record(store, early)
    assert record(store, late) == Change()
    assert copies(store)[ANNA].status.replied_at == SENT_AT + timedelta(hours=1)
    record(store, arrival("<q@a>", "<1@s>", after_h=0.5), arrival("<q@a>", "<1@s>", after_h=0.2))
    assert copies(store)[ANNA].status.replied_at == SENT_AT + timedelta(hours=0.2)


def test_a_mail_of_ours_met_in_two_folders_was_sent_when_it_first_was(store: Store) -> None:
    """A copy that was moved later is no later mail; what the listener recorded keeps its own time."""
    record(store, sent("<1@s>", after_h=3))
    assert record(store, sent("<1@s>"), sent("<1@s>", after_h=5)).copies
    assert (cards(store)[0].at, len(cards(store))) == (SENT_AT, 1)
    assert record(store, sent("<1@s>", after_h=3)) == Change()
    listened(store, "<2@s>")
    assert record(store, sent("<2@s>", after_h=-1)) == Change()


def test_no_mail_is_of_tomorrow_and_none_is_too_old(store: Store) -> None:
    """A date in 2099 came now; one of 1970, or before, harms nothing."""
    future = datetime(2099, 1, 1, tzinfo=UTC)
    old = datetime(1969, 12, 31, tzinfo=UTC)
    record(store, replace(sent("<1@s>"), at=future), replace(arrival("<r@a>", "<1@s>"), at=future))
    record(store, replace(sent("<2@s>", to=(BOB,)), at=old), replace(arrival("<q@a>", "<2@s>", sender=BOB), at=old))
    newest, oldest = cards(store)
    assert (newest.at, newest.rung, oldest.rung) == (NOW, Rung.REPLIED, Rung.REPLIED)
    assert copies(store)[ANNA].status.replied_at == NOW
    assert record_batch(store, batch(replace(sent("<1@s>"), at=future)), now=NOW + timedelta(days=1)) == Change()


def test_what_strangers_write_is_kept_as_plain_text(store: Store) -> None:
    """Lone surrogates are replaced, long texts cut, bad addresses left out, a missing sender is nobody."""
    odd = replace(sent("<1@s>"), recipients=(Recipient(address=ANNA, name="A\ud800"), Recipient(address="nobody")))
    record(store, odd)
    nobody = replace(arrival("<r@a>", "<1@s>"), facts=replace(mail_facts(message_id="<r@a>"), from_=None))
    long = arrival("<l@a>", "<1@s>", subject="\udcff" + "x" * 5_000, name="n" * 5_000)
    record(store, replace(nobody, about_ids=("<1@s>",), kind=ArrivalKind.BOUNCE), long)
    (detail,) = details(store)
    assert [(each.name, each.address) for each in detail.messages[0].copies] == [("A?", ANNA)]
    rows = {each.kind: each for each in detail.arrivals}
    assert (len(rows[ArrivalKind.MAIL].subject), len(rows[ArrivalKind.MAIL].from_.name)) == (998, 998)
    assert rows[ArrivalKind.BOUNCE].from_ == Mailbox("", "")


def test_of_several_names_for_a_person_the_newest_mails_is_shown(store: Store) -> None:
    """In any order; mail that names nobody shows it too."""
    unnamed = replace(sent("<1@s>"), recipients=(Recipient(address=ANNA),))
    newer = replace(sent("<2@s>", after_h=2), recipients=(Recipient(address=ANNA, name="Anna B."),))
    older = replace(sent("<3@s>", after_h=1), recipients=(Recipient(address=ANNA, name="Annie"),))
    record(store, unnamed)
    assert cards(store)[0].names == (ANNA,)
    change = record(store, newer)
    assert len(change.conversations) == 2
    record(store, older)
    assert sorted(card.names[0] for card in cards(store)) == ["Anna B.", "Anna B.", "Annie"]


def news(store: Store, *mails: Arrival) -> list[tuple[NoticeKind, str]]:
    change = record_batch(store, batch(*mails, is_news=True), now=NOW)
    return [(notice.kind, notice.address) for notice in change.notices]


def test_news_is_told_once_and_old_mail_not_at_all(store: Store) -> None:
    """A reply, an absence, a receipt and a bounce ring once a copy; what a first sync reads does not."""
    record(store, sent("<1@s>"), sent("<2@s>", after_h=1))
    assert record(store, arrival("<0@a>", "<1@s>")).notices == ()
    assert news(store, arrival("<1@a>", "<1@s>")) == [(NoticeKind.REPLIED, ANNA)]
    assert news(store, arrival("<1@a>", "<1@s>"), arrival("<2@a>", "<1@s>")) == []
    away = arrival("<3@a>", "<2@s>", kind=ArrivalKind.AUTO_REPLY, is_away=True, returns_on=date(2026, 5, 11))
    assert news(store, away) == [(NoticeKind.AWAY, ANNA)]
    receipt = Receipt(recipient=ANNA, answer=ReceiptAnswer.DISPLAYED, is_automatic=False)
    shown = [arrival(f"<{each}@a>", "<2@s>", kind=ArrivalKind.RECEIPT, receipt=receipt) for each in (4, 5)]
    assert news(store, *shown) == [(NoticeKind.CONFIRMED, ANNA)]
    denied = replace(receipt, answer=ReceiptAnswer.DENIED)
    assert news(store, arrival("<6@a>", "<2@s>", kind=ArrivalKind.RECEIPT, receipt=denied)) == []


def test_a_bounce_is_told_once_with_its_reason(store: Store) -> None:
    """Two reports on one copy ring once; a delay does not ring."""
    record(store, sent("<1@s>"))
    delay = DeliveryReport(recipient=ANNA, action=DeliveryAction.DELAYED)
    failure = DeliveryReport(recipient=ANNA, action=DeliveryAction.FAILED, reason=FailureReason.UNKNOWN_USER)
    assert news(store, arrival("<0@a>", "<1@s>", kind=ArrivalKind.BOUNCE, deliveries=(delay,))) == []
    reports = [arrival(f"<{each}@a>", "<1@s>", kind=ArrivalKind.BOUNCE, deliveries=(failure,)) for each in (1, 2)]
    (notice,) = record_batch(store, batch(*reports, is_news=True), now=NOW).notices
    assert (notice.kind, notice.failure, notice.subject) == (
        NoticeKind.NOT_DELIVERED,
        FailureReason.UNKNOWN_USER,
        "Offer",
    )


def test_what_is_outweighed_is_not_told(store: Store) -> None:
    """A bounce of mail that was answered, and an absence that ended with a reply, are no news."""
    record(store, sent("<1@s>"), arrival("<r@a>", "<1@s>", after_h=9))
    failure = DeliveryReport(recipient=ANNA, action=DeliveryAction.FAILED)
    assert news(store, arrival("<b@a>", "<1@s>", kind=ArrivalKind.BOUNCE, deliveries=(failure,))) == []
    assert news(store, arrival("<a@a>", "<1@s>", kind=ArrivalKind.AUTO_REPLY, is_away=True)) == []
    later = arrival("<c@a>", "<1@s>", kind=ArrivalKind.AUTO_REPLY, is_away=True, after_h=10)
    assert news(store, later) == [(NoticeKind.AWAY, ANNA)]


def test_one_reply_to_several_mails_is_one_notice(store: Store) -> None:
    """Of the newest mail; a second one is none, though it names the older mail alone."""
    record(store, sent("<1@s>"), sent("<2@s>", "<1@s>", after_h=1, subject="Re: Offer"))
    change = record_batch(store, batch(arrival("<r@a>", "<1@s>", "<2@s>", after_h=3), is_news=True), now=NOW)
    assert [(each.kind, each.subject) for each in change.notices] == [(NoticeKind.REPLIED, "Re: Offer")]
    assert news(store, arrival("<s@a>", "<1@s>", after_h=4)) == []


def test_news_of_a_mail_learnt_later_is_told_then(store: Store) -> None:
    """The reply was read at once, the Sent folder a minute later: the user hears of it."""
    assert news(store, arrival("<r@a>", "<1@s>")) == []
    assert [each.kind for each in record(store, sent("<1@s>")).notices] == [NoticeKind.REPLIED]


def test_replies_from_two_people_are_two_notices(store: Store) -> None:
    """Each of them for themselves."""
    record(store, sent("<1@s>", to=(ANNA, BOB)))
    told = news(store, arrival("<1@a>", "<1@s>"), arrival("<2@a>", "<1@s>", sender=BOB))
    assert told == [(NoticeKind.REPLIED, ANNA), (NoticeKind.REPLIED, BOB)]


def test_a_folders_place_is_kept_with_its_mail(store: Store) -> None:
    """By account and name; forgetting one leaves the others, and the mail."""
    further = replace(INBOX, uid_validity=7, next_uid=9, modseq=12, backlog_uid=3)
    other = FolderRow(account_id=2, name="Sent", role=FolderRole.SENT, uid_validity=1, next_uid=1)
    record_batch(store, Batch(account_id=1, folder=INBOX), now=NOW)
    record_batch(store, Batch(account_id=1, folder=further), now=NOW)
    record_batch(store, Batch(account_id=2, folder=other, sent=(sent("<1@s>"),)), now=NOW)
    assert (folders(store, 1), folders(store, 2)) == ((further,), (other,))
    assert forget_folder(store, 2, "Sent") == Change()
    assert (folders(store, 2), folders(store, 1), len(cards(store))) == ((), (further,), 1)


def test_a_failed_batch_leaves_the_folder_where_it_was(store: Store) -> None:
    """Mail and place go together: a naive instant is a bug, and nothing is kept."""
    naive = replace(arrival("<r@a>"), at=datetime(2026, 5, 4))  # noqa: DTZ001 - the case
    with pytest.raises(TypeError):
        record(store, sent("<1@s>"), naive)
    assert (folders(store, 1), cards(store), known_names(store, ["<1@s>"])) == ((), (), frozenset())


def test_an_account_that_is_deleted_leaves_its_mail_and_no_place(store: Store) -> None:
    """Set up again, its folders are read anew, and what they hold is known."""
    record(store, sent("<1@s>"), arrival("<r@a>", "<1@s>"))
    delete_account(store, 1)
    assert (folders(store, 1), [card.rung for card in cards(store)]) == ((), [Rung.REPLIED])


def test_an_arrival_may_be_about_a_copy_of_any_fate(store: Store) -> None:
    """The listener's copy, prepared and never confirmed, was sent if somebody answers it."""
    copy_id = listened(store)
    record(store, arrival("<r@a>", "<1@s>", kind=ArrivalKind.AUTO_REPLY))
    row = copies(store)[ANNA]
    assert (row.id, row.status.rung, row.status.evidence[0].kind) == (copy_id, Rung.SENT, EvidenceKind.AUTO_REPLY)


def test_mail_handed_in_joins_what_came_before_it(store: Store) -> None:
    """The listener's answer to a mail that was read before makes it a conversation."""
    record(store, arrival("<a@a>", subject="Question"))
    record_message(
        store,
        account_id=1,
        facts=mail_facts(message_id="<1@s>", refs=("<a@a>",), subject="Re: Question"),
        at=SENT_AT + timedelta(hours=2),
        copies=(NewCopy(address=ANNA, why_not=WhyNot.NO_PERMISSION),),
        asks_receipt=True,
    )
    assert members(store) == [(["<1@s>"], 1)]
    assert next(details(store)).messages[0].asks_receipt
    with store.read() as connection:
        assert connection.execute("SELECT last_sent_ms, last_reply_ms FROM conversation").fetchall() == [
            (to_ms(SENT_AT + timedelta(hours=2)), to_ms(SENT_AT + timedelta(hours=1)))
        ]


def test_a_state_is_not_what_a_sent_folder_says(store: Store) -> None:
    """A mail in Sent was taken by the provider: its copies are sent from the start."""
    record(store, sent("<1@s>"))
    with store.read() as connection:
        assert connection.execute("SELECT state FROM copy").fetchall() == [(CopyState.SENT,)]
