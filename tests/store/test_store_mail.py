"""Messages, copies, conversations and cards."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from desktop.core.address import Mailbox
from desktop.core.errors import Malformed
from desktop.core.notice import NoticeKind
from desktop.core.parse import MessageFacts
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyState, EvidenceKind, Rung
from desktop.store.change import Change
from desktop.store.columns import to_ms
from desktop.store.database import Store
from desktop.store.hits import record_hits
from desktop.store.mail import ConversationCard, NewCopy, cards, conversation, record_message, record_outcome
from desktop.store.people import people
from tests.fakes.samples import SENT_AT, facts, hit, tracked_copy


def record(
    store: Store, *copies: NewCopy, message: MessageFacts | None = None, at: datetime = SENT_AT
) -> tuple[int, ...]:
    given = message if message is not None else facts(message_id=f"<{os.urandom(8).hex()}@sender.example>")
    return record_message(store, account_id=1, facts=given, at=at, copies=copies or (tracked_copy(),))[1]


def test_a_recorded_message_is_a_queued_conversation(store: Store) -> None:
    """Before anything leaves, the card stands there, queued, with all recipients in order."""
    untracked = NewCopy(address="Erik@Lund.example", role="cc", why_not=WhyNot.NO_PERMISSION)
    change, ids = record_message(
        store, account_id=1, facts=facts(subject="Re: Offer"), at=SENT_AT, copies=(tracked_copy(), untracked)
    )
    (card,) = cards(store)
    expected = ConversationCard(
        id=card.id,
        names=("Anna Becker", "erik@lund.example"),
        subject="Offer",
        at=SENT_AT,
        rung=Rung.QUEUED,
        asides=(),
        copies=2,
    )
    assert card == expected
    assert change == Change(
        conversations=frozenset({card.id}),
        copies=frozenset(ids),
        people=frozenset({"anna@becker.example", "erik@lund.example"}),
    )
    assert [(row.address, row.messages) for row in people(store)] == [
        ("anna@becker.example", 1),
        ("erik@lund.example", 1),
    ]


def test_an_outcome_moves_the_copy_and_the_card(store: Store) -> None:
    """Sent and refused copies of one message each have their own status, with the provider's words."""
    sent, refused = record(store, tracked_copy(), tracked_copy("paul@becker.example", name="Paul"))
    record_outcome(store, sent, CopyState.SENT, at=SENT_AT, reply="250 queued")
    record_outcome(store, refused, CopyState.REFUSED, at=SENT_AT, reply="550 5.1.1 No such user")
    (card,) = cards(store)
    assert (card.rung, card.asides) == (Rung.SENT, (Aside.NOT_DELIVERED, Aside.NO_SIGN_YET))
    detail = conversation(store, card.id)
    assert detail is not None
    (message,) = detail.messages
    assert (message.from_, message.subject) == (Mailbox("Kim Larsen", "kim@sender.example"), "Offer")
    first, second = message.copies
    assert (first.status.rung, second.status.asides) == (Rung.SENT, (Aside.NOT_DELIVERED,))
    assert second.status.evidence[0].detail == "550 5.1.1 No such user"


def test_an_outcome_of_an_unknown_copy_is_a_bug(store: Store) -> None:
    """There is nothing to keep it on."""
    with pytest.raises(LookupError, match="no copy 99"):
        record_outcome(store, 99, CopyState.SENT, at=SENT_AT)


def test_a_refusal_after_the_sending_notifies_once(store: Store) -> None:
    """What the user thought sent and was refused later is told; while the client waited it is not."""
    late, heard = record(store, tracked_copy(), tracked_copy("paul@becker.example"))
    record_outcome(store, late, CopyState.UNCERTAIN, at=SENT_AT)
    (notice,) = record_outcome(store, late, CopyState.REFUSED, at=SENT_AT, reply="550 full").notices
    assert (notice.kind, notice.detail, notice.copy_id) == (NoticeKind.NOT_DELIVERED, "550 full", late)
    record_outcome(store, late, CopyState.SENT, at=SENT_AT)
    assert record_outcome(store, late, CopyState.REFUSED, at=SENT_AT).notices == ()
    assert record_outcome(store, heard, CopyState.REFUSED, at=SENT_AT).notices == ()


def test_hits_before_the_outcome_are_judged_anew_by_it(store: Store) -> None:
    """A fetch during the hand-over looks like an own view until it is known that the copy was sent."""
    copy = tracked_copy()
    (copy_id,) = record(store, copy)
    early = hit(after_s=-1, token_id=copy.tokens[0].random_id)
    record_hits(store, [early], now=SENT_AT)
    (card,) = cards(store)

    def rule() -> str:
        detail = conversation(store, card.id)
        assert detail is not None
        judgements = [line.judgement for line in detail.messages[0].copies[0].status.evidence]
        return next(judgement.rule for judgement in judgements if judgement is not None)

    assert rule() == "never-sent"
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    assert rule() == "too-early"


def test_a_failed_record_leaves_nothing(store: Store) -> None:
    """A bad address among the recipients means no message, no copy, no person."""
    with pytest.raises(Malformed):
        record(store, tracked_copy(), tracked_copy("nobody"))
    assert (cards(store), people(store)) == ((), ())


def test_replies_join_their_conversation_by_reference_only(store: Store) -> None:
    """A reply to our mail, and two answers to one mail of theirs, join; an equal subject does not."""
    record(store, message=facts(message_id="<1@s>"))
    record(
        store,
        message=facts(message_id="<2@s>", subject="Re: Offer", in_reply_to="<x@r>", references=("<1@s>", "<x@r>")),
    )
    record(store, message=facts(message_id="<3@s>", subject="Re: Offer", in_reply_to="<x@r>"))
    assert [card.copies for card in cards(store)] == [3]
    record(store, message=facts(message_id="<4@s>", subject="Re: Offer"))
    assert [card.copies for card in cards(store)] == [1, 3]


def test_a_conversation_holds_its_messages_oldest_first(store: Store) -> None:
    """The order is that of sending, and an unknown id is nothing."""
    record(store, message=facts(message_id="<1@s>"), at=SENT_AT)
    later = SENT_AT + timedelta(hours=1)
    record(store, message=facts(message_id="<2@s>", subject="Re: Offer", in_reply_to="<1@s>"), at=later)
    (card,) = cards(store)
    assert card.at == later
    detail = conversation(store, card.id)
    assert detail is not None
    assert [(each.subject, each.at) for each in detail.messages] == [("Offer", SENT_AT), ("Re: Offer", later)]
    assert conversation(store, card.id + 1) is None


def test_a_message_without_sender_or_ids_is_a_conversation_of_its_own(store: Store) -> None:
    """Bad mail is recorded all the same."""
    bare = MessageFacts(subject="", from_=None, to=(), cc=(), message_id="", in_reply_to="", references=(), date=None)
    record(store, message=bare)
    record(store, message=bare)
    first, second = cards(store)
    assert first.id != second.id
    detail = conversation(store, first.id)
    assert detail is not None
    assert detail.messages[0].from_ == Mailbox("", "")


def test_cards_stand_newest_first_up_to_the_limit(store: Store) -> None:
    """The newest message or sign comes first, of one instant the later recorded."""
    for number in range(4):
        record(store, message=facts(subject=f"Offer {number}", message_id=f"<{number}@s>"))
    assert [card.subject for card in cards(store)] == ["Offer 3", "Offer 2", "Offer 1", "Offer 0"]
    assert [card.subject for card in cards(store, limit=2)] == ["Offer 3", "Offer 2"]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("offer", ["Offer for Müller", "Offer"]),
        ("MÜLLER", ["Offer for Müller"]),
        ("anna offer", ["Offer for Müller", "Offer"]),
        ("paul@becker", ["Plan"]),
        ("anna plan", []),
        ("100%", []),
        ("  ", ["Plan", "Offer for Müller", "Offer"]),
    ],
)
def test_search_finds_subject_name_and_address_by_every_word(store: Store, search: str, expected: list[str]) -> None:
    """All words must stand there, in any case and place; a wildcard is a plain character."""
    record(store, message=facts(subject="Offer", message_id="<1@s>"))
    record(store, message=facts(subject="Offer for Müller", message_id="<2@s>"))
    record(store, tracked_copy("paul@becker.example", name="Paul"), message=facts(subject="Plan", message_id="<3@s>"))
    assert [card.subject for card in cards(store, search=search)] == expected


def test_a_shared_copy_says_that_it_is_shared(store: Store) -> None:
    """What happens to it was done by one of the group, and the row says so."""
    shared = NewCopy(address="anna@becker.example", shared=True, why_not=WhyNot.SHARED)
    record(store, shared)
    (card,) = cards(store)
    detail = conversation(store, card.id)
    assert detail is not None
    (row,) = detail.messages[0].copies
    assert (row.shared, row.status.why_not, row.role) == (True, WhyNot.SHARED, "to")
    assert [line.kind for line in row.status.evidence] == [EvidenceKind.PREPARED]


def test_a_naive_instant_is_a_bug() -> None:
    """Without a zone an instant is none."""
    assert to_ms(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1_000
    with pytest.raises(ValueError, match="time zone"):
        to_ms(datetime(1970, 1, 1))  # noqa: DTZ001 - the case


def test_a_copy_without_a_name_takes_the_one_the_person_is_known_by(store: Store) -> None:
    """A Bcc recipient, named in no header, is shown by the name of an earlier mail; an unknown one by the address."""
    record(store, tracked_copy())
    record(store, tracked_copy(name=""), NewCopy(address="new@becker.example", why_not=WhyNot.NO_PERMISSION))
    latest, earlier = cards(store)
    assert (latest.names, earlier.names) == (("Anna Becker", "new@becker.example"), ("Anna Becker",))
