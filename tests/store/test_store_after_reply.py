"""A reply quotes the mail and shows its picture to the user: what was fetched since then proves nobody's reading."""

from datetime import timedelta

import pytest

from desktop.core.arrival import Arrival, ArrivalKind
from desktop.core.notice import NoticeKind
from desktop.core.status import CopyState, CopyStatus, Rung
from desktop.core.verdict import Verdict
from desktop.store.database import Store
from desktop.store.hits import age_hits, record_hits, still_stands
from desktop.store.mail import cards, conversation, record_message, record_outcome
from desktop.store.questions import answer_question, questions
from tests.fakes.mailbox_world import arrival, mail_facts, record
from tests.fakes.samples import OUTLOOK, SENT_AT, THUNDERBIRD, click, hit, tracked_copy

ANNA = "anna@becker.example"
LATER = SENT_AT + timedelta(hours=3)
H = 3_600


def sent(store: Store) -> tuple[bytes, bytes]:
    """Record a sent copy; return its picture's and its link's ids."""
    copy = tracked_copy()
    _, (copy_id,) = record_message(
        store, account_id=1, facts=mail_facts(message_id="<1@x>", to=(ANNA,)), at=SENT_AT, copies=(copy,)
    )
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return copy.tokens[0].random_id, copy.tokens[1].random_id


def status(store: Store) -> CopyStatus:
    detail = conversation(store, cards(store)[0].id)
    assert detail is not None
    return detail.messages[0].copies[0].status


def verdicts(store: Store) -> list[Verdict]:
    return [line.judgement.verdict for line in status(store).evidence if line.judgement is not None]


def test_an_open_that_rang_is_taken_back_when_the_reply_before_it_is_read(store: Store) -> None:
    """The mail program showed the user the quoting reply before Readback had read it; then the reply is known."""
    picture, _ = sent(store)
    (notice,) = record_hits(store, [hit(token_id=picture, after_s=2 * H)], now=LATER).notices
    assert (notice.kind, verdicts(store)) == (NoticeKind.OPENED, [Verdict.PERSON])
    change = record(store, arrival("<r@x>", "<1@x>", after_h=1), is_news=True)
    assert [each.kind for each in change.notices] == [NoticeKind.REPLIED]
    assert (verdicts(store), still_stands(store, notice)) == ([Verdict.UNKNOWN], False)
    assert status(store).rung is Rung.REPLIED


def test_what_came_before_the_reply_stands(store: Store) -> None:
    """The recipient read it and then answered: that was a person, also when they look at it again."""
    picture, _ = sent(store)
    record_hits(store, [hit(token_id=picture, agent=OUTLOOK, after_s=H / 2)], now=LATER)
    record(store, arrival("<r@x>", "<1@x>", after_h=1))
    record_hits(store, [hit(token_id=picture, agent=OUTLOOK, after_s=2 * H)], now=LATER)
    assert verdicts(store) == [Verdict.PERSON, Verdict.PERSON]
    record_hits(store, [hit(token_id=picture, agent=THUNDERBIRD, after_s=2 * H)], now=LATER)
    assert sorted(verdicts(store)) == [Verdict.PERSON, Verdict.PERSON, Verdict.UNKNOWN]


def test_who_was_seen_long_before_the_reply_is_still_known(store: Store) -> None:
    """A first reading that was cut to the minute meanwhile witnesses all the same."""
    picture, _ = sent(store)
    record_hits(store, [hit(token_id=picture, agent=OUTLOOK, after_s=H / 2)], now=LATER)
    age_hits(store, SENT_AT + timedelta(days=3))
    record(store, arrival("<r@x>", "<1@x>", after_h=72))
    record_hits(store, [hit(token_id=picture, agent=OUTLOOK, after_s=80 * H)], now=LATER)
    assert verdicts(store) == [Verdict.PERSON, Verdict.PERSON]


def test_no_open_rings_after_the_reply_and_a_link_does(store: Store) -> None:
    """Who answered has read it; that they use a link afterwards is news."""
    picture, link = sent(store)
    record(store, arrival("<r@x>", "<1@x>", after_h=1))
    late = hit(token_id=picture, agent=OUTLOOK, after_s=H / 2)
    assert record_hits(store, [late], now=LATER).notices == ()
    assert verdicts(store) == [Verdict.PERSON]
    change = record_hits(store, [click(token_id=link, after_s=2 * H)], now=LATER)
    assert [each.kind for each in change.notices] == [NoticeKind.CLICKED]


def test_a_reply_that_was_none_gives_back_what_it_took(store: Store) -> None:
    """A stranger's mail taken for the reply judges the hits; taken back, they stand as before and nothing rings."""
    picture, _ = sent(store)
    record_hits(store, [hit(token_id=picture, after_s=2 * H)], now=LATER)
    record(store, arrival("<r@x>", "<1@x>", sender="stranger@else.example", after_h=1))
    (question,) = questions(store)
    answer_question(store, question.arrival_id, copy_id=question.candidates[0].copy_id)
    assert verdicts(store) == [Verdict.UNKNOWN]
    assert answer_question(store, question.arrival_id, copy_id=None).notices == ()
    assert verdicts(store) == [Verdict.PERSON]


@pytest.mark.parametrize(
    "quoting",
    [
        arrival("<r@x>", "<1@x>", sender="stranger@else.example", after_h=1),
        arrival("<r@x>", "<1@x>", kind=ArrivalKind.AUTO_REPLY, after_h=1),
    ],
)
def test_whatever_quotes_the_mail_shows_it_to_the_user(store: Store, quoting: Arrival) -> None:
    """A stranger's answer and a ticket's make nothing known of the recipient, and what is fetched since may be ours."""
    picture, _ = sent(store)
    record_hits(store, [hit(token_id=picture, agent=OUTLOOK, after_s=H / 2)], now=LATER)
    record(store, quoting)
    assert status(store).rung is Rung.OPENED
    record_hits(store, [hit(token_id=picture, after_s=2 * H)], now=LATER)
    assert sorted(verdicts(store)) == [Verdict.PERSON, Verdict.UNKNOWN]


def test_an_absence_notice_quotes_nothing(store: Store) -> None:
    """Who is away for the day and reads it in the evening is the recipient all the same."""
    picture, _ = sent(store)
    record(store, arrival("<r@x>", "<1@x>", kind=ArrivalKind.AUTO_REPLY, is_away=True, after_h=1))
    change = record_hits(store, [hit(token_id=picture, after_s=2 * H)], now=LATER)
    assert (verdicts(store), [each.kind for each in change.notices]) == ([Verdict.PERSON], [NoticeKind.OPENED])


def test_what_proves_no_reply_leaves_an_opening_to_be_told(store: Store) -> None:
    """Only a proven reply makes an opening old news: after a ticket's answer the recipient's first opening rings."""
    picture, _ = sent(store)
    record(store, arrival("<r@x>", "<1@x>", kind=ArrivalKind.AUTO_REPLY, after_h=1))
    change = record_hits(store, [hit(token_id=picture, agent=OUTLOOK, after_s=H / 2)], now=LATER)
    assert [each.kind for each in change.notices] == [NoticeKind.OPENED]
