"""What recipients pressed, taken in: each answer once, and each where it belongs."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from desktop.core.notice import NoticeKind
from desktop.core.permission import Standing
from desktop.core.status import CopyState, CopyStatus, EvidenceKind, Rung
from desktop.store.answers import REMEMBERED_FOR, record_answers
from desktop.store.asks import record_ask
from desktop.store.change import Change
from desktop.store.columns import to_ms
from desktop.store.database import Store
from desktop.store.mail import NewCopy, NewToken, cards, conversation, record_message, record_outcome
from desktop.store.people import permission_of, record_stops
from desktop.store.reminders import cases
from relay.wire.answer import Answer, AnswerKind
from relay.wire.claims import Claims
from relay.wire.hit import HIT_ID_BYTES
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import RANDOM_ID_BYTES, RECIPIENT_TAG_BYTES, TokenType
from relay.wire.wording import asked_text, wording_hash
from tests.fakes.samples import SENT_AT, facts

ANNA = "anna@becker.example"
PRESSED_AT = SENT_AT + timedelta(hours=2)
LATER = SENT_AT + timedelta(hours=3)
TAG = b"anna's t"
CONFIRM = b"confirm link"
QUESTION = b"consent link"
CLAIMS = Claims(sender="Kim Larsen", language=Language.ENGLISH, purposes=frozenset(Purpose))


def sent(store: Store, *, tag: bytes = TAG, token_id: bytes = CONFIRM) -> int:
    """Return the id of an untracked copy that bears a confirm link."""
    token = NewToken(random_id=token_id, type=TokenType.CONFIRM)
    copy = NewCopy(address=ANNA, name="Anna Becker", tag=tag, tokens=(token,))
    _, (copy_id,) = record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return copy_id


def pressed(kind: AnswerKind, token_id: bytes, *, at: datetime = PRESSED_AT, tag: bytes = TAG) -> Answer:
    return Answer(id=os.urandom(HIT_ID_BYTES), kind=kind, token_id=token_id, tag=tag, at_ms=to_ms(at))


def chosen(*purposes: Purpose, at: datetime = PRESSED_AT) -> Answer:
    """Return a choice on the page of the question; without purposes it is a no."""
    return replace(
        pressed(AnswerKind.CONSENT, QUESTION, at=at),
        purposes=frozenset(purposes),
        language=CLAIMS.language,
        wording=wording_hash(asked_text(CLAIMS)),
    )


def asked(store: Store) -> None:
    copy_id = sent(store)

    def work(connection: object) -> tuple[Change, None]:
        record_ask(
            connection,  # type: ignore[arg-type]
            copy_id=copy_id,
            address=ANNA,
            token_id=QUESTION,
            tag=TAG,
            generation=0,
            claims=CLAIMS,
            at=SENT_AT,
        )
        return Change(), None

    store.write(work)


def status(store: Store) -> CopyStatus:
    detail = conversation(store, cards(store)[0].id)
    assert detail is not None
    return detail.messages[0].copies[0].status


def kinds(change: Change) -> list[NoticeKind]:
    return [notice.kind for notice in change.notices]


def test_a_confirmation_is_a_rung_of_its_own(store: Store) -> None:
    """A press of "I have read it" lets the copy and its conversation stand on Confirmed, is told, and ends no wait."""
    copy_id = sent(store)
    change = record_answers(store, [pressed(AnswerKind.CONFIRM, CONFIRM)], now=LATER)
    (card,) = cards(store)
    assert (card.rung, status(store).rung) == (Rung.CONFIRMED, Rung.CONFIRMED)
    assert [(line.kind, line.at) for line in status(store).evidence][:1] == [(EvidenceKind.CONFIRMATION, PRESSED_AT)]
    assert (kinds(change), change.copies) == ([NoticeKind.CONFIRMED], frozenset({copy_id}))
    assert [person.confirmed_at for case in cases(store) for person in case.awaited] == [PRESSED_AT]


def test_a_press_is_kept_to_the_minute(store: Store) -> None:
    """Of the instant no more is kept than its minute, and the list puts the conversation there."""
    sent(store)
    record_answers(store, [pressed(AnswerKind.CONFIRM, CONFIRM, at=PRESSED_AT + timedelta(seconds=42))], now=LATER)
    assert (status(store).opened_at, cards(store)[0].at) == (PRESSED_AT, PRESSED_AT)


def test_an_answer_counts_once(store: Store) -> None:
    """The relay gives out what was not acknowledged: the same answer again, and a second press, alter nothing."""
    sent(store)
    first = pressed(AnswerKind.CONFIRM, CONFIRM)
    assert record_answers(store, [first], now=LATER)
    again = pressed(AnswerKind.CONFIRM, CONFIRM, at=PRESSED_AT + timedelta(minutes=1))
    for repeated in (first, again):
        assert record_answers(store, [repeated], now=LATER) == Change()
    assert status(store).opened_at == PRESSED_AT


def test_the_first_press_stands_whichever_comes_first(store: Store) -> None:
    """An earlier press that comes home later is the one that counts; it rings no second time."""
    sent(store)
    record_answers(store, [pressed(AnswerKind.CONFIRM, CONFIRM)], now=LATER)
    earlier = PRESSED_AT - timedelta(hours=1)
    change = record_answers(store, [pressed(AnswerKind.CONFIRM, CONFIRM, at=earlier)], now=LATER)
    assert (status(store).opened_at, kinds(change)) == (earlier, [])


@pytest.mark.parametrize(
    ("kind", "token_id"), [(AnswerKind.CONFIRM, b"another link"), (AnswerKind.CONSENT, b"another link")]
)
def test_an_answer_to_nothing_known_alters_nothing(store: Store, kind: AnswerKind, token_id: bytes) -> None:
    """After restoring an older backup an answer may be to mail unknown here; the permission stays what it was."""
    asked(store)
    answer = replace(chosen(Purpose.OPENS), token_id=token_id)
    if kind is AnswerKind.CONFIRM:
        answer = pressed(kind, token_id)
    record_answers(store, [answer], now=LATER)
    assert (status(store).rung, permission_of(store, ANNA).standing) == (Rung.SENT, Standing.ASKED)


def test_item_9_after_a_stop_no_press_is_kept(store: Store) -> None:
    """After a stop a confirmation of that pair stores nothing; one from before it does."""
    sent(store)
    record_stops(store, [TAG], PRESSED_AT)
    assert not record_answers(store, [pressed(AnswerKind.CONFIRM, CONFIRM)], now=LATER)
    assert status(store).rung is Rung.SENT
    before = pressed(AnswerKind.CONFIRM, CONFIRM, at=PRESSED_AT - timedelta(minutes=1))
    record_answers(store, [before], now=LATER)
    assert status(store).rung is Rung.CONFIRMED


@pytest.mark.parametrize(
    ("purposes", "standing", "kind"),
    [((Purpose.OPENS,), Standing.GRANTED, NoticeKind.AGREED), ((), Standing.DENIED, NoticeKind.DENIED)],
)
def test_a_choice_goes_to_the_ledger(
    store: Store, purposes: tuple[Purpose, ...], standing: Standing, kind: NoticeKind
) -> None:
    """What was ticked is granted and no more; nothing ticked is a no; both are told."""
    asked(store)
    change = record_answers(store, [chosen(*purposes)], now=LATER)
    permission = permission_of(store, ANNA)
    assert (permission.standing, permission.purposes) == (standing, frozenset(purposes))
    assert kinds(change) == [kind]


def test_answers_are_taken_in_in_the_order_they_were_given(store: Store) -> None:
    """A no that was given after a confirmation leaves it, whichever the relay names first."""
    asked(store)
    no, read = chosen(at=PRESSED_AT + timedelta(minutes=1)), pressed(AnswerKind.CONFIRM, CONFIRM)
    change = record_answers(store, [no, read], now=LATER)
    assert kinds(change) == [NoticeKind.CONFIRMED, NoticeKind.DENIED]
    assert status(store).rung is Rung.CONFIRMED


@pytest.fixture
def remembered(store: Store) -> Callable[[], int]:
    """Return how many answers are remembered."""

    def count() -> int:
        with store.read() as connection:
            return int(connection.execute("SELECT count(*) FROM answer").fetchone()[0])

    return count


def test_answers_are_remembered_as_long_as_they_can_come(store: Store, remembered: Callable[[], int]) -> None:
    """The id of one that was taken in stays for a year and more, and goes then."""
    record_answers(store, [pressed(AnswerKind.CONFIRM, CONFIRM)], now=LATER)
    record_answers(store, [], now=LATER + REMEMBERED_FOR)
    assert remembered() == 1
    record_answers(store, [], now=LATER + REMEMBERED_FOR + timedelta(days=1))
    assert remembered() == 0


def test_what_was_pressed_is_deleted_with_the_rest(store: Store) -> None:
    """Item 15: a wish to delete takes the confirmation away too, of every mail to that person until then."""
    sent(store)
    later = sent(store, token_id=b"another one.", tag=b"anna's 2")
    confirmations = [
        pressed(AnswerKind.CONFIRM, CONFIRM),
        pressed(AnswerKind.CONFIRM, b"another one.", tag=b"anna's 2", at=PRESSED_AT + timedelta(hours=1)),
    ]
    record_answers(store, confirmations, now=LATER)
    wish = pressed(AnswerKind.DELETE, b"stop link id", at=PRESSED_AT + timedelta(minutes=30))
    change = record_answers(store, [wish], now=LATER)
    assert NoticeKind.DELETED in kinds(change)
    with store.read() as connection:
        assert connection.execute("SELECT copy_id FROM confirmation").fetchall() == [(later,)]
    assert len(TAG) == RECIPIENT_TAG_BYTES
    assert len(CONFIRM) == RANDOM_ID_BYTES
