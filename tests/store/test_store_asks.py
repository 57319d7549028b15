"""Questions in mail and what came back from their pages: the one way to a permission by the person themselves."""

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from desktop.core.errors import Refused
from desktop.core.ledger import Event
from desktop.core.notice import NoticeKind
from desktop.core.permission import Method, Permission, Standing
from desktop.store import ledger, people
from desktop.store.asks import AskedMeanwhile, NewAsk, apply_consent, forget_asking, record_ask, want_asking
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.ledger import history, is_sound, verify_ledger
from desktop.store.mail import NewCopy, record_message
from desktop.store.policies import grounds
from relay.wire.answer import Answer, AnswerKind
from relay.wire.claims import Claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.wording import asked_text, wording_hash
from tests.fakes.samples import SENT_AT, facts, tracked_copy

ANNA = "anna@becker.example"
OPENS = frozenset({Purpose.OPENS})
SEEN = frozenset({Purpose.OPENS, Purpose.CLICKS})
CLAIMS = Claims(sender="Kim Larsen", language=Language.GERMAN, purposes=frozenset(Purpose))
WORDING = wording_hash(asked_text(CLAIMS))
LATER = SENT_AT + timedelta(days=1)
TAG = b"anna-tag"
ASKING = NewCopy(address=ANNA, name="Anna Becker")


def ask(
    store: Store, *, number: int = 1, generation: int = 0, tag: bytes = TAG, at: datetime = SENT_AT, address: str = ANNA
) -> bytes:
    """Send a mail that asks; return the token id of its link.

    Whether it may ask is looked at with the first alone: the others are of any time and from any other store.
    """
    token_id = bytes([number]) * 12
    asking = NewAsk(token_id=token_id, tag=tag, generation=generation, claims=CLAIMS)
    asked = replace(ASKING, address=address, tag=tag, generation=generation, ask=asking if number == 1 else None)
    _, (copy_id,) = record_message(store, account_id=1, facts=facts(message_id=f"<{number}@s>"), at=at, copies=(asked,))

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        record_ask(
            connection,
            copy_id=copy_id,
            address=address,
            token_id=token_id,
            tag=tag,
            generation=generation,
            claims=CLAIMS,
            at=at,
        )
        return Change(), None

    if number > 1:
        store.write(work)
    return token_id


def answer(token_id: bytes, purposes: frozenset[Purpose] = OPENS, **others: object) -> Answer:
    plain = Answer(
        id=token_id[:1] * 16,
        kind=AnswerKind.CONSENT,
        token_id=token_id,
        tag=TAG,
        at_ms=round(LATER.timestamp() * 1000),
        purposes=purposes,
        language=Language.GERMAN,
        wording=WORDING,
    )
    return replace(plain, **others)  # type: ignore[arg-type]


def press(store: Store, given: Answer) -> Change:
    return store.write(lambda connection: (apply_consent(connection, given, now=LATER + timedelta(hours=1)), None))[0]


def refused(store: Store) -> list[str]:
    with store.read() as connection:
        return [reason for (reason,) in connection.execute("SELECT reason FROM refused_answer ORDER BY at_ms, id")]


def test_a_question_is_recorded_and_grants_nothing(store: Store) -> None:
    """Who was asked stands as asked, with the time, and is not tracked; nobody else is."""
    ask(store)
    assert people.permission_of(store, ANNA) == Permission(address=ANNA, standing=Standing.ASKED, asked_at=SENT_AT)
    assert people.permission_of(store, "ben@becker.example").standing is Standing.UNKNOWN
    (entry,) = history(store, ANNA)
    assert (entry.event, entry.purposes, entry.language) == (Event.ASKED, CLAIMS.purposes, Language.GERMAN)
    assert entry.text == asked_text(CLAIMS)


def test_6_a_yes_on_the_page_is_recorded_with_purpose_wording_language_method_and_time(store: Store) -> None:
    """The ledger row says what was chosen of what was offered, and the exact text that was shown."""
    change = press(store, answer(ask(store)))
    permission = people.permission_of(store, ANNA)
    assert (permission.standing, permission.purposes, permission.method) == (Standing.GRANTED, OPENS, Method.PAGE)
    assert (permission.granted_at, permission.asked_at) == (LATER, SENT_AT)
    assert (permission.language, permission.wording) == (Language.GERMAN, WORDING)
    assert history(store, ANNA)[0].text == asked_text(CLAIMS)
    (notice,) = change.notices
    assert (notice.kind, notice.person, notice.purposes) == (NoticeKind.AGREED, "Anna Becker", OPENS)
    assert (notice.conversation_id, notice.copy_id, notice.subject) == (1, 1, "Offer")
    assert change.people == frozenset({ANNA})
    assert verify_ledger(store) is None


def test_2_opens_and_clicks_are_consented_to_separately(store: Store) -> None:
    """What was not chosen is not granted, whatever was offered."""
    chosen = [OPENS, frozenset({Purpose.CLICKS}), SEEN, SEEN | {Purpose.PLACE}]
    for number, purposes in enumerate(chosen, start=1):
        address, tag = f"p{number}@becker.example", bytes([number]) * 8
        press(store, answer(ask(store, number=number, address=address, tag=tag), purposes, tag=tag))
        assert people.permission_of(store, address).purposes == purposes


def test_a_no_on_the_page_is_recorded_and_holds(store: Store) -> None:
    """No purpose is a no: the tag is stopped here too, and the user cannot say yes for them."""
    change = press(store, answer(ask(store), frozenset()))
    assert people.permission_of(store, ANNA).standing is Standing.DENIED
    assert [notice.kind for notice in change.notices] == [NoticeKind.DENIED]
    assert people.is_stopped(store, TAG)
    with pytest.raises(Refused, match="said no"):
        grant(store)
    assert people.record_stops(store, [TAG], LATER) == Change()


def grant(store: Store, method: Method = Method.SPOKEN) -> Change:
    return people.record_grant(
        store, address=ANNA, name="", purposes=SEEN, method=method, evidence="on the phone", at=SENT_AT
    )


@pytest.mark.parametrize("first", ["the stop", "the answer"])
def test_a_no_rings_once_whichever_way_it_comes_first(store: Store, first: str) -> None:
    """The relay tells the stop of its tag as well; nobody stopped what was never tracked."""
    given = answer(ask(store), frozenset())
    changes = [people.record_stops(store, [TAG], LATER)] if first == "the stop" else []
    changes += [press(store, given), people.record_stops(store, [TAG], LATER)]
    assert [notice.kind for each in changes for notice in each.notices] == [NoticeKind.DENIED]
    assert people.permission_of(store, ANNA).standing is Standing.DENIED


def test_a_no_after_a_stop_that_rang_is_recorded_and_rings_no_more(store: Store) -> None:
    """Where mail was tracked the stop told the user; what the person said stands all the same."""
    token_id = ask(store)
    grant(store)
    record_message(
        store, account_id=1, facts=facts(message_id="<t@s>"), at=SENT_AT, copies=(tracked_copy(ANNA, tag=TAG),)
    )
    assert [each.kind for each in people.record_stops(store, [TAG], LATER).notices] == [NoticeKind.STOPPED]
    change = press(store, answer(token_id, frozenset()))
    assert (change.notices, change.people) == ((), frozenset({ANNA}))
    assert people.permission_of(store, ANNA).standing is Standing.DENIED


def test_a_no_holds_for_mail_they_already_have(store: Store) -> None:
    """After a yes that the user recorded, the person's own no ends it, and stops every tag of theirs."""
    token_id = ask(store)
    grant(store)
    other = tracked_copy(ANNA, tag=b"othertag")
    record_message(store, account_id=1, facts=facts(message_id="<t@s>"), at=SENT_AT, copies=(other,))
    change = press(store, answer(token_id, frozenset()))
    assert people.all_stop_tags(store) == frozenset({TAG, b"othertag"})
    assert 2 in change.copies


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"token_id": b"f" * 12}, "foreign"),
        ({"tag": b"stranger"}, "foreign"),
        ({"wording": bytes(32)}, "wording"),
        ({"language": Language.FRENCH}, "wording"),
        ({"purposes": frozenset({Purpose.PLACE})}, "purposes"),
    ],
)
def test_a_yes_to_what_was_not_asked_grants_nothing_and_says_why(
    store: Store, others: dict[str, object], reason: str
) -> None:
    """A foreign link, other words, or nothing to be seen: nothing is granted, and the reason is kept."""
    given = replace(answer(ask(store)), **others)  # type: ignore[arg-type]
    assert press(store, given) == Change()
    assert (people.permission_of(store, ANNA).standing, refused(store)) == (Standing.ASKED, [reason])


def test_more_than_was_offered_is_not_granted(store: Store) -> None:
    """A box that the page did not have cannot have been ticked; those it had are granted."""
    claims = replace(CLAIMS, purposes=OPENS)
    asking = NewAsk(token_id=b"o" * 12, tag=TAG, generation=0, claims=claims)
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(NewCopy(address=ANNA, ask=asking),))
    wording = wording_hash(asked_text(claims))
    press(store, answer(b"o" * 12, SEEN, wording=wording))
    assert (people.permission_of(store, ANNA).standing, refused(store)) == (Standing.ASKED, ["purposes"])


def test_a_replayed_answer_grants_nothing_and_says_why(store: Store) -> None:
    """A link works once; what was answered first stands."""
    token_id = ask(store)
    press(store, answer(token_id))
    assert press(store, answer(token_id, SEEN, id=b"2" * 16)) == Change()
    assert (people.permission_of(store, ANNA).purposes, refused(store)) == (OPENS, ["replayed"])


def test_a_yes_to_a_question_older_than_a_no_grants_nothing(store: Store) -> None:
    """What the person told the user since holds; a question put after it can be answered with a yes."""
    token_id = ask(store)
    people.withdraw(store, ANNA, LATER)
    assert people.permission_of(store, ANNA).standing is Standing.WITHDRAWN
    press(store, answer(token_id))
    assert (people.permission_of(store, ANNA).standing, refused(store)) == (Standing.WITHDRAWN, ["generation"])
    anew = ask(store, number=2, generation=1, tag=b"anna-2nd")
    assert people.permission_of(store, ANNA).standing is Standing.WITHDRAWN
    press(store, answer(anew, tag=b"anna-2nd"))
    permission = people.permission_of(store, ANNA)
    assert (permission.standing, permission.generation) == (Standing.GRANTED, 1)


def test_a_yes_under_a_tag_that_is_stopped_grants_nothing(store: Store) -> None:
    """A stop of which only the tag was known, as after a restore, holds against it."""
    people.record_stops(store, [TAG], SENT_AT)
    press(store, answer(ask(store)))
    assert (people.permission_of(store, ANNA).standing, refused(store)) == (Standing.STOPPED, ["generation"])


def test_a_yes_begins_no_generation_before_its_time(store: Store) -> None:
    """A link of the generation after a no grants nothing to one who has not refused."""
    press(store, answer(ask(store, number=2, generation=1)))
    assert (people.permission_of(store, ANNA).standing, refused(store)) == (Standing.ASKED, ["generation"])


def test_a_question_costs_no_check_of_the_whole_chain(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its row and its text are gone through by themselves."""
    assert is_sound(store)
    monkeypatch.setattr(ledger, "broken_at", lambda _: pytest.fail("the whole chain was gone through"))
    ask(store)
    assert is_sound(store)


def test_a_no_ends_every_question_that_is_still_open(store: Store) -> None:
    """What they were asked since is answered with a yes in vain; the next question begins another generation."""
    older = ask(store)
    people.withdraw(store, ANNA, LATER)
    newer = ask(store, number=2, generation=1, tag=b"anna-2nd")
    press(store, answer(older, frozenset()))
    press(store, answer(newer, tag=b"anna-2nd"))
    found = people.permission_of(store, ANNA)
    assert (found.standing, found.generation, refused(store)) == (Standing.DENIED, 1, ["generation"])
    third = ask(store, number=3, generation=2, tag=b"anna-3rd")
    press(store, answer(third, tag=b"anna-3rd"))
    assert people.permission_of(store, ANNA).standing is Standing.GRANTED


def test_a_no_from_an_older_question_ends_a_newer_yes_that_was_before_it(store: Store) -> None:
    """The last thing the person said counts; said before the newer yes, it was of the older mail."""
    older, as_old = ask(store), ask(store, number=3)
    people.withdraw(store, ANNA, SENT_AT)
    newer = ask(store, number=2, generation=1, tag=b"anna-2nd")
    press(store, answer(newer, tag=b"anna-2nd"))
    early = round((LATER - timedelta(hours=1)).timestamp() * 1000)
    press(store, answer(older, frozenset(), at_ms=early))
    assert (people.permission_of(store, ANNA).standing, refused(store)) == (Standing.GRANTED, ["generation"])
    press(store, answer(as_old, frozenset()))
    found = people.permission_of(store, ANNA)
    assert (found.standing, found.generation) == (Standing.DENIED, 1)


def test_a_no_counts_in_whatever_words_it_was_asked(store: Store) -> None:
    """Words of another version refuse a yes and not a no; the chain names none that it does not have."""
    press(store, answer(ask(store), frozenset(), wording=bytes(32)))
    assert people.permission_of(store, ANNA).standing is Standing.DENIED
    assert (history(store, ANNA)[0].wording, verify_ledger(store)) == (b"", None)


def test_an_answer_from_the_future_is_recorded_now(store: Store) -> None:
    """The relay's clock may be wrong; what is agreed is not agreed later than it is known."""
    far = round((LATER + timedelta(days=9)).timestamp() * 1000)
    press(store, answer(ask(store), at_ms=far))
    assert people.permission_of(store, ANNA).granted_at == LATER + timedelta(hours=1)


def test_another_kind_of_answer_is_a_bug(store: Store) -> None:
    """A confirmation grants nothing here."""
    given = answer(ask(store), frozenset(), kind=AnswerKind.CONFIRM)
    with pytest.raises(ValueError, match="another question"):
        press(store, given)


def test_6_none_is_accepted_after_a_no_except_from_the_person(store: Store) -> None:
    """The user's record is refused; nor can the user record what comes from the page alone."""
    with pytest.raises(Refused, match="on their page"):
        grant(store, Method.PAGE)
    press(store, answer(ask(store), frozenset()))
    with pytest.raises(Refused, match="said no"):
        grant(store)
    anew = ask(store, number=2, generation=1, tag=b"anna-2nd")
    press(store, answer(anew, tag=b"anna-2nd"))
    assert people.permission_of(store, ANNA).standing is Standing.GRANTED


def test_a_yes_of_their_own_is_no_mistake_of_the_users(store: Store) -> None:
    """It is withdrawn, not taken back."""
    press(store, answer(ask(store)))
    with pytest.raises(Refused, match="on their own page"):
        people.retract_grant(store, ANNA, LATER)
    people.withdraw(store, ANNA, LATER)
    assert people.permission_of(store, ANNA).standing is Standing.WITHDRAWN


def wants(store: Store) -> bool:
    return grounds(store, ANNA, 1, is_suppressed=False).is_asking_wanted


@pytest.mark.parametrize(("days", "is_taken"), [(179, False), (180, True)])
def test_5_the_same_person_is_not_asked_again_for_180_days(store: Store, days: int, *, is_taken: bool) -> None:
    """By hand neither; after that the user may, and the next question uses that up."""
    ask(store)
    now = SENT_AT + timedelta(days=days)
    if not is_taken:
        with pytest.raises(Refused, match="180 days"):
            want_asking(store, ANNA, now)
        assert not wants(store)
        return
    assert want_asking(store, ANNA, now) == Change(people=frozenset({ANNA}))
    assert wants(store)
    ask(store, number=2, at=now)
    assert not wants(store)
    assert people.permission_of(store, ANNA).asked_at == now


def test_who_said_no_is_asked_by_hand_alone(store: Store) -> None:
    """Before they were ever asked, and after a no to the user, the user may put it into one mail."""
    grant(store)
    with pytest.raises(Refused, match="allowed it already"):
        want_asking(store, ANNA, LATER)
    people.withdraw(store, ANNA, LATER)
    want_asking(store, ANNA, LATER)
    assert wants(store)
    assert people.people(store)[0].is_asking_wanted


def test_the_wish_to_ask_can_be_taken_back(store: Store) -> None:
    """It is gone then; a second time there is nothing to take back."""
    want_asking(store, ANNA, SENT_AT)
    assert forget_asking(store, "Anna@becker.example") == Change(people=frozenset({ANNA}))
    assert not wants(store)
    assert forget_asking(store, ANNA) == Change()


def asks_now(store: Store, *, number: int, generation: int = 0, at: datetime = SENT_AT) -> None:
    """Record a mail that was decided to ask."""
    asking = NewAsk(token_id=bytes([number]) * 12, tag=TAG, generation=generation, claims=CLAIMS)
    copies = (replace(ASKING, ask=asking), NewCopy(address="ben@becker.example"))
    record_message(store, account_id=1, facts=facts(message_id=f"<{number}@s>"), at=at, copies=copies)


def test_5_of_mails_that_leave_at_once_one_asks(store: Store) -> None:
    """Each was decided on before another's question stood: the second is refused whole, and nothing of it is kept."""
    asks_now(store, number=1)
    with pytest.raises(AskedMeanwhile):
        asks_now(store, number=2)
    assert [entry.event for entry in history(store, ANNA)] == [Event.ASKED]
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM message").fetchone() == (1,)


def test_5_what_was_answered_meanwhile_is_not_asked(store: Store) -> None:
    """A yes, or a no, that came since the mail was decided on; the question of a generation that is over neither."""
    grant(store)
    with pytest.raises(AskedMeanwhile):
        asks_now(store, number=2)
    people.withdraw(store, ANNA, LATER)
    for generation in (0, 1):
        with pytest.raises(AskedMeanwhile):
            asks_now(store, number=3, generation=generation)
    want_asking(store, ANNA, LATER)
    with pytest.raises(AskedMeanwhile):
        asks_now(store, number=4)
    asks_now(store, number=5, generation=1)
    assert people.permission_of(store, ANNA).asked_at == SENT_AT


def test_what_a_person_left_unticked_on_their_page_is_not_recorded_for_them(store: Store) -> None:
    """Neither at once nor after less was recorded; less than they ticked may be, and who was never asked is free."""
    press(store, answer(ask(store), SEEN))

    def record(purposes: frozenset[Purpose], address: str = ANNA) -> None:
        people.record_grant(
            store, address=address, name="", purposes=purposes, method=Method.SPOKEN, evidence="phone", at=LATER
        )

    wider = SEEN | {Purpose.PLACE}
    with pytest.raises(Refused, match="chose on their own page"):
        record(wider)
    assert people.permission_of(store, ANNA).purposes == SEEN
    record(OPENS)
    assert people.permission_of(store, ANNA).purposes == OPENS
    with pytest.raises(Refused, match="chose on their own page"):
        record(wider)
    record(SEEN)
    assert people.permission_of(store, ANNA).purposes == SEEN
    record(wider, "ben@becker.example")
    assert people.permission_of(store, "ben@becker.example").purposes == wider
