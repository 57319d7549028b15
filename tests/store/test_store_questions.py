"""What the user is asked about incoming mail, what follows from the answer, and that both can be taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from desktop.core.address import Mailbox
from desktop.core.arrival import Arrival, ArrivalKind, DeliveryAction, DeliveryReport, FailureReason
from desktop.core.status import Aside, Rung
from desktop.store.arrivals import record_batch
from desktop.store.database import Store
from desktop.store.mail import cards, conversation
from desktop.store.questions import Candidate, Question, QuestionKind, answer_question, questions, retract_answer
from tests.fakes.mailbox_world import NOW, arrival, batch, picture, record, sent
from tests.fakes.samples import SENT_AT

ANNA, BOB, HOME = "anna@becker.example", "bob@lund.example", "anna@home.example"


def from_home(number: int = 1, *refs: str, **more: object) -> Arrival:
    return arrival(f"<h{number}@a>", *(refs or ("<1@s>",)), sender=HOME, name="Anna", **more)  # type: ignore[arg-type]


def rungs(store: Store) -> list[Rung]:
    return sorted(card.rung for card in cards(store))


def the_question(store: Store) -> Question:
    (question,) = questions(store)
    return question


def test_a_reply_from_another_address_is_asked_about(store: Store) -> None:
    """Who wrote what and when, whose it may be, the namesake first; the card and the arrival say so."""
    record(store, sent("<1@s>", to=(BOB, ANNA)))
    record(store, from_home())
    (card,) = cards(store)
    detail = conversation(store, card.id)
    assert detail is not None
    bob, anna = detail.messages[0].copies
    assert the_question(store) == Question(
        arrival_id=detail.arrivals[0].id,
        kind=QuestionKind.REPLY,
        conversation_id=card.id,
        candidates=(
            Candidate(copy_id=anna.id, address=ANNA, name="Anna"),
            Candidate(copy_id=bob.id, address=BOB, name="Bob"),
        ),
        sender=Mailbox("Anna", HOME),
        subject="Re: Offer",
        at=SENT_AT + timedelta(hours=1),
    )
    assert (card.has_question, card.rung, card.waits) == (True, Rung.SENT, True)
    assert (detail.arrivals[0].question, detail.arrivals[0].copy_ids) == (the_question(store), ())
    assert questions(store, card.id) == questions(store)
    assert questions(store, card.id + 1) == ()


def test_a_yes_counts_for_mail_before_and_after_and_everywhere(store: Store) -> None:
    """One answer settles the earlier mail, the later one, and that of other conversations, also by subject alone."""
    record(store, sent("<1@s>"), sent("<2@s>", subject="Plan"), sent("<3@s>", subject="Visit"))
    record(store, from_home(1), from_home(2, "<2@s>"))
    record(store, arrival("<h3@a>", sender=HOME, subject="Re: Visit"))
    assert rungs(store) == [Rung.SENT] * 3
    question = next(each for each in questions(store) if each.subject == "Re: Offer")
    change = answer_question(store, question.arrival_id, question.candidates[0].copy_id)
    assert (len(change.conversations), change.notices) == (3, ())
    assert (rungs(store), questions(store)) == ([Rung.REPLIED] * 3, ())
    record(store, sent("<4@s>", subject="Call"), from_home(4, "<4@s>"))
    assert rungs(store) == [Rung.REPLIED] * 4


def test_a_yes_is_taken_back_whole(store: Store) -> None:
    """Everything stands as before the answer, the questions too."""
    record(store, sent("<1@s>"), sent("<2@s>", subject="Plan"))
    record(store, from_home(1), arrival("<h3@a>", sender=HOME, subject="Re: Plan"))
    before = picture(store)
    question = the_question(store)
    answer_question(store, question.arrival_id, question.candidates[0].copy_id)
    assert picture(store) != before
    retract_answer(store, question.arrival_id)
    assert picture(store) == before


def test_a_no_keeps_the_address_aside_in_this_conversation(store: Store) -> None:
    """Its earlier and later mail here asks nothing more; elsewhere it is asked about; taken back it is asked again."""
    record(store, sent("<1@s>"), sent("<2@s>", subject="Plan"), from_home(1), from_home(2))
    question = the_question(store)
    before = picture(store)
    answer_question(store, question.arrival_id, None)
    assert (questions(store), rungs(store)) == ((), [Rung.SENT] * 2)
    record(store, from_home(3))
    assert questions(store) == ()
    record(store, from_home(4, "<2@s>"))
    assert the_question(store).subject == "Re: Offer"
    retract_answer(store, question.arrival_id)
    assert len(questions(store)) == 2
    answered = next(card for card in cards(store) if card.subject == "Offer")
    detail = conversation(store, answered.id)
    assert detail is not None
    assert [row.answer for row in detail.arrivals] == [None] * 3
    assert before != picture(store)


def test_an_answer_shows_on_its_arrival(store: Store) -> None:
    """So that the window can offer to take it back."""
    record(store, sent("<1@s>"), from_home())
    question = the_question(store)

    def answer() -> str | None:
        detail = conversation(store, question.conversation_id)
        assert detail is not None
        return detail.arrivals[0].answer

    answer_question(store, question.arrival_id, None)
    assert answer() == "no"
    answer_question(store, question.arrival_id, question.candidates[0].copy_id)
    assert answer() == "yes"


def test_an_address_may_be_two_peoples(store: Store) -> None:
    """A shared mailbox, confirmed once for each of them, counts for both."""
    record(store, sent("<1@s>", to=(ANNA,)), sent("<2@s>", subject="Plan", to=(BOB,)))
    record(store, from_home(1), from_home(2, "<2@s>"))
    for _ in range(2):
        question = questions(store)[0]
        answer_question(store, question.arrival_id, question.candidates[0].copy_id)
    assert rungs(store) == [Rung.REPLIED] * 2
    record(store, sent("<3@s>", to=(ANNA, BOB), subject="Both"), from_home(3, "<3@s>"))
    detail = next(found for card in cards(store) if (found := conversation(store, card.id)) and card.subject == "Both")
    assert [copy.status.rung for copy in detail.messages[0].copies] == [Rung.REPLIED] * 2


def test_who_replied_from_their_own_address_is_not_asked_about(store: Store) -> None:
    """The question falls with Anna's own answer, whichever comes first."""
    record(store, sent("<1@s>"), from_home())
    assert len(questions(store)) == 1
    record(store, arrival("<r@a>", "<1@s>"))
    assert (questions(store), cards(store)[0].has_question) == ((), False)


def suspected(number: int = 1, *reports: DeliveryReport) -> Arrival:
    found = arrival(
        f"<b{number}@x>", "<1@s>", sender="daemon@becker.example", kind=ArrivalKind.SUSPECTED_BOUNCE, subject="Returned"
    )
    return replace(found, deliveries=reports, at=SENT_AT + timedelta(hours=number))


def test_what_looks_like_a_bounce_is_one_once_the_user_says_so(store: Store) -> None:
    """Then the copy is not delivered, with the reason if any is known; until then, and after a no, it is not."""
    report = DeliveryReport(recipient="", action=DeliveryAction.FAILED, reason=FailureReason.BLOCKED)
    record(store, sent("<1@s>", to=(ANNA, BOB)), suspected(1, report), suspected(2))
    first, second = questions(store)
    assert (first.kind, [each.address for each in first.candidates]) == (QuestionKind.BOUNCE, [ANNA, BOB])
    before = picture(store)
    answer_question(store, second.arrival_id, None)
    assert (len(questions(store)), Aside.NOT_DELIVERED in cards(store)[0].asides) == (1, False)
    answer_question(store, first.arrival_id, first.candidates[1].copy_id)
    assert (questions(store), Aside.NOT_DELIVERED in cards(store)[0].asides) == ((), True)
    detail = conversation(store, first.conversation_id)
    assert detail is not None
    assert [copy.status.failure for copy in detail.messages[0].copies] == [None, FailureReason.BLOCKED]
    retract_answer(store, first.arrival_id)
    retract_answer(store, second.arrival_id)
    assert picture(store) == before


def test_a_bounces_sender_is_no_other_address_of_anybody(store: Store) -> None:
    """A yes to a bounce makes the daemon's later mail nobody's."""
    record(store, sent("<1@s>"), suspected())
    question = the_question(store)
    answer_question(store, question.arrival_id, question.candidates[0].copy_id)
    record(store, arrival("<m@x>", "<1@s>", sender="daemon@becker.example"))
    assert rungs(store) == [Rung.SENT]


def test_an_answer_survives_that_conversations_become_one(store: Store) -> None:
    """What the user confirmed holds in the united conversation, and can be taken back there."""
    record(store, sent("<1@s>"), sent("<2@s>", subject="Plan", after_h=1), from_home(1, "<2@s>"))
    question = the_question(store)
    answer_question(store, question.arrival_id, question.candidates[0].copy_id)
    record(store, sent("<3@s>", "<1@s>", "<2@s>", after_h=3))
    (card,) = cards(store)
    assert card.rung is Rung.REPLIED
    retract_answer(store, question.arrival_id)
    assert the_question(store).conversation_id == card.id


def test_answers_to_strangers_are_refused(store: Store) -> None:
    """An unknown arrival, an unknown copy, or a copy of another conversation."""
    record(store, sent("<1@s>"), sent("<2@s>", to=(BOB,)), from_home())
    question = the_question(store)
    others = next(card.id for card in cards(store) if card.id != question.conversation_id)
    detail = conversation(store, others)
    assert detail is not None
    stranger = detail.messages[0].copies[0].id
    for arrival_id, copy_id in ((99, None), (question.arrival_id, 99), (question.arrival_id, stranger)):
        with pytest.raises(LookupError):
            answer_question(store, arrival_id, copy_id)
    assert questions(store) == (question,)


def test_asked_while_watching_nothing_rings(store: Store) -> None:
    """A possible reply or bounce is no notice; it waits in the list."""
    record(store, sent("<1@s>"))
    assert record_batch(store, batch(from_home(), suspected(), is_news=True), now=NOW).notices == ()
    assert len(questions(store)) == 2
