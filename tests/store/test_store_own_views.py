"""Own views: what the desktop learns of its own addresses and programs, early or late, judges what came from there."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from desktop.core.agents import program_shape
from desktop.core.notice import NoticeKind
from desktop.core.status import CopyState, Rung
from desktop.core.verdict import Verdict
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.hits import age_hits, record_hits, still_stands
from desktop.store.mail import cards, conversation, record_message, record_outcome
from desktop.store.own_views import record_own_program, record_own_source
from tests.fakes.samples import FIREFOX, HOME, SAFARI, SENT_AT, THUNDERBIRD, facts, hit, tracked_copy

NETWORK = "198.51.100.0/24"
LATER = SENT_AT + timedelta(hours=2)
PROGRAM = program_shape(THUNDERBIRD)
OTHER = b"\x02" * 8
Step = Callable[[Store], Change]


def opened(store: Store) -> bytes:
    """Record a sent copy; return its picture's id."""
    copy = tracked_copy()
    _, (copy_id,) = record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return copy.tokens[0].random_id


def rules(store: Store) -> list[tuple[Verdict, str]]:
    detail = conversation(store, cards(store)[0].id)
    assert detail is not None
    lines = detail.messages[0].copies[0].status.evidence
    return [(line.judgement.verdict, line.judgement.rule) for line in lines if line.judgement is not None]


def learn_mark(store: Store) -> Change:
    return record_own_source(store, mark=HOME, network=NETWORK, now=LATER)


def learn_mark_elsewhere(store: Store) -> Change:
    return record_own_source(store, mark=HOME, network="203.0.113.0/24", now=LATER)


def learn_mark_with_hits(store: Store) -> Change:
    return record_hits(store, [], now=LATER, own_sources={HOME: NETWORK})


def learn_program(store: Store) -> Change:
    return record_own_program(store, program=PROGRAM, how="submitted", now=LATER)


@pytest.mark.parametrize("learn", [learn_mark, learn_mark_elsewhere, learn_mark_with_hits])
def test_an_own_mark_learnt_late_takes_back_what_was_told(store: Store, learn: Step) -> None:
    """An open that rang falls as soon as the mark shows that it may have been the user; the true one rings then."""
    picture = opened(store)
    (notice,) = record_hits(store, [hit(token_id=picture)], now=LATER).notices
    assert (notice.kind, cards(store)[0].rung) == (NoticeKind.OPENED, Rung.OPENED)
    change = learn(store)
    assert (change.notices, len(change.copies)) == ((), 1)
    assert [verdict for verdict, _ in rules(store)] == [Verdict.UNKNOWN]
    assert (cards(store)[0].rung, still_stands(store, notice)) == (Rung.SENT, False)
    true_one = hit(after_s=4_000, token_id=picture, same_source=OTHER)
    assert [each.kind for each in record_hits(store, [true_one], now=LATER).notices] == [NoticeKind.OPENED]


def test_an_own_program_learnt_late_makes_an_own_view(store: Store) -> None:
    """The own address alone is unknown; with the own program it was the user."""
    picture = opened(store)
    learn_mark(store)
    record_hits(store, [hit(token_id=picture)], now=LATER)
    assert [verdict for verdict, _ in rules(store)] == [Verdict.UNKNOWN]
    assert len(learn_program(store).copies) == 1
    assert [verdict for verdict, _ in rules(store)] == [Verdict.SELF]


@pytest.mark.parametrize(("agent", "verdict"), [(SAFARI, Verdict.UNKNOWN), (FIREFOX, Verdict.PERSON)])
def test_an_own_browser_learnt_late_speaks_behind_apples_relay(store: Store, agent: str, verdict: Verdict) -> None:
    """From where it came is hidden there: the own Safari may have been the user; another browser tells nothing."""
    picture = opened(store)
    relayed = hit(token_id=picture, agent=SAFARI, labels=("apple-egress",), headers={"sec-fetch-dest": "image"})
    assert [each.kind for each in record_hits(store, [relayed], now=LATER).notices] == [NoticeKind.OPENED]
    record_own_program(store, program=program_shape(agent), how="browser", now=LATER)
    assert [each for each, _ in rules(store)] == [verdict]


def test_the_order_in_which_it_is_learnt_makes_no_difference(store: Store) -> None:
    """Known before the hit came, the same is said of it at once, and nothing rings."""
    picture = opened(store)
    learn_program(store)
    learn_mark(store)
    assert record_hits(store, [hit(token_id=picture)], now=LATER).notices == ()
    assert [verdict for verdict, _ in rules(store)] == [Verdict.SELF]


def test_what_is_known_alters_nothing(store: Store, told: list[Change]) -> None:
    """The same mark and the same program again are no news, and nobody is told."""
    opened(store)
    learn_mark(store)
    learn_program(store)
    told.clear()
    for learn in (learn_mark, learn_mark_with_hits, learn_program):
        assert Change() == learn(store)
    assert told == []


def test_a_network_that_was_not_kept_is_filled_in(store: Store) -> None:
    """A mark of an earlier version had none; the first time it is learnt with one, that is kept."""
    picture = opened(store)
    learn_program(store)
    record_hits(store, [hit(token_id=picture, same_source=OTHER, after_s=86_400)], now=LATER)
    record_own_source(store, mark=HOME, network="", now=LATER)
    assert [verdict for verdict, _ in rules(store)] == [Verdict.PERSON]
    learn_mark(store)
    assert [verdict for verdict, _ in rules(store)] == [Verdict.UNKNOWN]
    record_own_source(store, mark=HOME, network="", now=LATER)
    assert [verdict for verdict, _ in rules(store)] == [Verdict.UNKNOWN]


def test_a_days_own_mark_tells_others_of_the_same_network_apart(store: Store) -> None:
    """With the desktop off it may have been the user; another mark of that day says it was not, and rings."""
    picture = opened(store)
    learn_program(store)
    record_own_source(store, mark=HOME, network=NETWORK, now=LATER - timedelta(days=1))
    assert record_hits(store, [hit(token_id=picture, same_source=OTHER)], now=LATER).notices == ()
    assert [verdict for verdict, _ in rules(store)] == [Verdict.UNKNOWN]
    change = record_own_source(store, mark=b"\x03" * 8, network=NETWORK, now=LATER)
    assert [verdict for verdict, _ in rules(store)] == [Verdict.PERSON]
    assert [each.kind for each in change.notices] == [NoticeKind.OPENED]


def test_a_mark_of_another_network_that_day_tells_nobody_apart_here(store: Store) -> None:
    """At the office the desktop was on and at home it was off: who reads at home may have been the user."""
    picture = opened(store)
    learn_program(store)
    record_own_source(store, mark=HOME, network=NETWORK, now=LATER - timedelta(days=1))
    record_own_source(store, mark=b"\x03" * 8, network="203.0.113.0/24", now=LATER)
    assert record_hits(store, [hit(token_id=picture, same_source=OTHER)], now=LATER).notices == ()
    assert [verdict for verdict, _ in rules(store)] == [Verdict.UNKNOWN]


def test_an_aged_hit_keeps_what_the_rules_said(store: Store) -> None:
    """Two days later a mark learnt for the first time belies nothing any more; within them it does."""
    picture = opened(store)
    record_hits(store, [hit(token_id=picture)], now=LATER)
    age_hits(store, LATER + timedelta(days=2))
    assert learn_mark(store) == Change()
    assert [verdict for verdict, _ in rules(store)] == [Verdict.PERSON]


def test_a_hit_of_no_copy_is_left_alone(store: Store) -> None:
    """After a restore a hit may have no copy; learning its mark alters nothing."""
    opened(store)
    record_hits(store, [hit(token_id=b"nobody's tok")], now=LATER)
    assert learn_mark(store) == Change()
