"""The figures of a stretch of time, as the store's rows give them."""

from datetime import timedelta

from desktop.core.correction import Who
from desktop.core.policy import WhyNot
from desktop.core.report import Rate
from desktop.core.status import CopyState
from desktop.store.corrections import correct_hit, undo_correction
from desktop.store.database import Store
from desktop.store.figures import report_between
from desktop.store.hits import record_hits
from desktop.store.mail import NewCopy, record_message, record_outcome
from desktop.store.questions import answer_question, questions
from tests.fakes.mailbox_world import arrival, mail_facts, record
from tests.fakes.samples import GMAIL_PREFETCH, GMAIL_PROXY, SENT_AT, click, hit, tracked_copy

START, END = SENT_AT - timedelta(days=1), SENT_AT + timedelta(days=1)
LATER = SENT_AT + timedelta(hours=6)
GOOGLE = ("google-fetchers",)


def send(store: Store, number: int, copy: NewCopy, *, account_id: int = 1, after_h: float = 0) -> NewCopy:
    at = SENT_AT + timedelta(hours=after_h)
    message = mail_facts(message_id=f"<{number}@x>", to=(copy.address,), dated=at)
    _, (copy_id,) = record_message(store, account_id=account_id, facts=message, at=at, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=at)
    return copy


def test_every_kind_of_sign_counts_at_its_end(store: Store) -> None:
    """A person, a proxy, a preload, a click, a reply, silence, and one without permission: each where it belongs."""
    sent = [send(store, number, tracked_copy()) for number in range(6)]
    send(store, 6, NewCopy(address="bob@lund.example", why_not=WhyNot.NO_PERMISSION))
    pictures, links = ([each.tokens[place].random_id for each in sent] for place in (0, 1))
    hits = [
        hit(token_id=pictures[0]),
        hit(token_id=pictures[1], agent=GMAIL_PROXY, labels=GOOGLE),
        hit(token_id=pictures[2], agent=GMAIL_PREFETCH, labels=GOOGLE),
        click(token_id=links[3]),
    ]
    record_hits(store, hits, now=LATER)
    record(store, arrival("<r@x>", "<4@x>", after_h=1))
    found = report_between(store, START, END)
    assert (found.sent, found.not_delivered) == (7, 0)
    assert found.opened == Rate(of=6, proven=3, possible=4)
    assert found.clicked == Rate(of=6, proven=1, possible=1)
    assert found.replied == Rate(of=7, proven=1, possible=1)


def test_only_what_was_sent_in_that_time_by_that_account_counts(store: Store) -> None:
    """The first instant counts, the last one does not; without an account all of them do."""
    for number, (after_h, account_id) in enumerate(((0, 1), (1, 1), (1, 2), (2, 1))):
        send(store, number, tracked_copy(), account_id=account_id, after_h=after_h)
    start, end = SENT_AT + timedelta(hours=0), SENT_AT + timedelta(hours=2)
    assert [report_between(store, start, end, each).sent for each in (None, 1, 2, 3)] == [3, 2, 1, 0]
    assert report_between(store, start, end + timedelta(milliseconds=1)).sent == 4


def test_a_correction_changes_the_rate_and_its_undo_gives_it_back(store: Store) -> None:
    """A proven open that was the user counts nowhere; one that nobody could tell, and was the recipient, is proven."""
    opened, early = (
        hit(token_id=send(store, 0, tracked_copy()).tokens[0].random_id),
        hit(token_id=send(store, 1, tracked_copy("bob@lund.example")).tokens[0].random_id, after_s=5),
    )
    record_hits(store, [opened, early], now=LATER)
    assert report_between(store, START, END).opened == Rate(of=2, proven=1, possible=2)
    _, recipient = correct_hit(store, early.id, Who.RECIPIENT, now=LATER)
    assert report_between(store, START, END).opened == Rate(of=2, proven=2, possible=2)
    undo_correction(store, recipient)
    _, mine = correct_hit(store, opened.id, Who.ME, now=LATER)
    assert report_between(store, START, END).opened == Rate(of=2, proven=0, possible=0)
    undo_correction(store, mine)
    assert report_between(store, START, END).opened == Rate(of=2, proven=1, possible=2)


def test_a_possible_reply_is_possible_until_it_is_answered(store: Store) -> None:
    """A stranger's mail may be the reply; called one it is proven, called none it is gone."""
    send(store, 0, tracked_copy())
    record(store, arrival("<r@x>", "<0@x>", sender="stranger@else.example", after_h=1))
    (question,) = questions(store)
    assert report_between(store, START, END).replied == Rate(of=1, proven=0, possible=1)
    answer_question(store, question.arrival_id, question.candidates[0].copy_id)
    assert report_between(store, START, END).replied == Rate(of=1, proven=1, possible=1)
    answer_question(store, question.arrival_id, None)
    assert report_between(store, START, END).replied == Rate(of=1, proven=0, possible=0)
