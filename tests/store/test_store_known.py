"""Whose a token or a tag is, and what a mail asked, as the windows show it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desktop.store.asks import NewAsk, apply_consent
from desktop.store.database import Store
from desktop.store.known import KnownToken, Question, known_tags, known_tokens, questions_of
from desktop.store.mail import NewCopy, record_message
from desktop.store.people import withdraw
from relay.wire.answer import Answer, AnswerKind
from relay.wire.claims import Claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.wording import asked_text, wording_hash
from tests.fakes.samples import SENT_AT, facts, tracked_copy

ANNA, BEN = "anna@becker.example", "ben@becker.example"
LATER = SENT_AT + timedelta(days=1)
OPENS = frozenset({Purpose.OPENS})
CLAIMS = Claims(sender="Kim Larsen", language=Language.ENGLISH, purposes=frozenset(Purpose))
ASK = NewAsk(token_id=b"q" * 12, tag=b"anna-tag", generation=0, claims=CLAIMS)


def asked(store: Store) -> int:
    """Record a mail that asks Anna; return its copy's id."""
    copy = NewCopy(address=ANNA, name="Anna Becker", tag=ASK.tag, ask=ASK)
    return record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(copy,))[1][0]


def press(store: Store, purposes: frozenset[Purpose], **others: bytes) -> None:
    """Let an answer come to Anna's question."""
    answer = Answer(
        id=b"a" * 16,
        kind=AnswerKind.CONSENT,
        token_id=ASK.token_id,
        tag=ASK.tag,
        at_ms=round(LATER.timestamp() * 1000),
        purposes=purposes,
        language=Language.ENGLISH,
        wording=others.get("wording", wording_hash(asked_text(CLAIMS))),
    )
    store.write(lambda connection: (apply_consent(connection, answer, now=LATER), None))


def test_a_token_is_known_by_its_copy(store: Store) -> None:
    """A picture's, a link's with where it leads, and a question's; those of nobody here are left out."""
    named, unnamed = tracked_copy(ANNA), replace(tracked_copy(BEN, name=""), tokens=tracked_copy().tokens)
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(named, unnamed))
    asked(store)
    picture, link = named.tokens
    wanted = [picture.random_id, link.random_id, unnamed.tokens[0].random_id, ASK.token_id, b"nobody's tok"]
    assert known_tokens(store, wanted) == {
        picture.random_id: KnownToken(person="Anna Becker", subject="Offer"),
        link.random_id: KnownToken(person="Anna Becker", subject="Offer", destination="https://example.com/0"),
        unnamed.tokens[0].random_id: KnownToken(person=BEN, subject="Offer"),
        ASK.token_id: KnownToken(person="Anna Becker", subject="Offer"),
    }


def test_a_tag_is_known_by_its_person(store: Store) -> None:
    """By name, or by address where there is none; a tag of nobody here is left out."""
    copies = (tracked_copy(ANNA, tag=b"anna-tag"), tracked_copy(BEN, name="", tag=b"bens-tag"))
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=copies)
    known = known_tags(store, [b"anna-tag", b"bens-tag", b"nobodys!"])
    assert known == {b"anna-tag": "Anna Becker", b"bens-tag": BEN}


def test_a_question_without_an_answer(store: Store) -> None:
    """It says when and for what; a copy that put none is left out."""
    copy_id = asked(store)
    _, (other,) = record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(tracked_copy(BEN),))
    found = questions_of(store, [(copy_id, ANNA), (other, BEN)])
    assert found == {copy_id: Question(at=SENT_AT, purposes=frozenset(Purpose))}


@pytest.mark.parametrize(
    ("purposes", "agreed", "is_denied"), [(OPENS, OPENS, False), (frozenset(), None, True)], ids=["yes", "no"]
)
def test_a_question_with_its_answer(
    store: Store, purposes: frozenset[Purpose], agreed: frozenset[Purpose] | None, *, is_denied: bool
) -> None:
    """What they then chose on the page, or that they said no; what came later is no part of it."""
    copy_id = asked(store)
    press(store, purposes)
    withdraw(store, ANNA, LATER + timedelta(days=1))
    (question,) = questions_of(store, [(copy_id, ANNA)]).values()
    assert (question.answered_at, question.agreed, question.is_denied) == (LATER, agreed, is_denied)


def test_an_answer_that_grants_nothing_is_no_yes_and_no_no(store: Store) -> None:
    """To other words than were asked, say: it came, and that is all."""
    copy_id = asked(store)
    press(store, OPENS, wording=bytes(32))
    (question,) = questions_of(store, [(copy_id, ANNA)]).values()
    assert (question.answered_at, question.agreed, question.is_denied) == (LATER, None, False)
