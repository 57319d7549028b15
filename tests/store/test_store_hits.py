"""Hits: each once, judged among their siblings, told once, cut to the minute in time."""

import re
from datetime import datetime, timedelta

import pytest

from desktop.core.correction import Who
from desktop.core.notice import NoticeKind
from desktop.core.status import Aside, CopyState, CopyStatus, Rung
from desktop.core.verdict import Verdict
from desktop.store import settings
from desktop.store.change import Change
from desktop.store.corrections import correct_hit
from desktop.store.database import Store
from desktop.store.hits import age_hits, gaps, record_gaps, record_hits, still_stands
from desktop.store.mail import NewCopy, cards, conversation, record_message, record_outcome
from desktop.store.people import record_stops
from relay.wire.hit import Hit
from tests.fakes.samples import CHROME, GMAIL_PROXY, SENT_AT, THUNDERBIRD, click, facts, hit, tracked_copy

LATER = SENT_AT + timedelta(hours=2)


def sent(store: Store, copy: NewCopy) -> int:
    _, (copy_id,) = record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return copy_id


def status(store: Store) -> CopyStatus:
    detail = conversation(store, cards(store)[0].id)
    assert detail is not None
    return detail.messages[0].copies[0].status


def verdicts(store: Store) -> list[Verdict]:
    return [line.judgement.verdict for line in status(store).evidence if line.judgement is not None]


def kinds(change: Change) -> list[NoticeKind]:
    return [notice.kind for notice in change.notices]


def test_a_persons_open_moves_the_ladder_and_notifies(store: Store) -> None:
    """One transaction keeps the hit, judges it, moves copy and card, and says whom to notify of."""
    copy = tracked_copy()
    copy_id = sent(store, copy)
    opened = hit(token_id=copy.tokens[0].random_id)
    change = record_hits(store, [opened], now=LATER)
    (card,) = cards(store)
    assert (card.rung, card.asides) == (Rung.OPENED, ())
    assert card.at == SENT_AT + timedelta(hours=1)
    assert (change.copies, change.conversations) == (frozenset({copy_id}), frozenset({card.id}))
    assert kinds(change) == [NoticeKind.OPENED]
    assert (status(store).rung, status(store).evidence[0].hit) == (Rung.OPENED, opened)


def test_the_same_hit_again_is_no_second_hit(store: Store, told: list[Change]) -> None:
    """The relay gives out what was not acknowledged; an id known already alters and tells nothing."""
    copy = tracked_copy()
    sent(store, copy)
    opened = hit(token_id=copy.tokens[0].random_id)
    record_hits(store, [opened, opened], now=LATER)
    told.clear()
    assert record_hits(store, [opened], now=LATER) == Change()
    assert told == []
    assert verdicts(store) == [Verdict.PERSON]


def test_each_sign_notifies_once_over_all_batches(store: Store) -> None:
    """A second open rings nobody, a probable one that proves a person's neither; the rung rises all the same."""
    copy = tracked_copy()
    sent(store, copy)
    picture, link = (token.random_id for token in copy.tokens)
    probable = hit(agent=GMAIL_PROXY, labels=("google-fetchers",), token_id=picture)
    assert kinds(record_hits(store, [probable], now=LATER)) == [NoticeKind.PROBABLY_OPENED]
    assert cards(store)[0].rung is Rung.PROBABLY_OPENED
    assert kinds(record_hits(store, [hit(after_s=4_000, token_id=picture)], now=LATER)) == []
    assert cards(store)[0].rung is Rung.OPENED
    (notice,) = record_hits(store, [click(after_s=5_000, token_id=link)], now=LATER).notices
    assert (notice.kind, notice.link) == (NoticeKind.CLICKED, "https://example.com/0")
    assert kinds(record_hits(store, [click(after_s=6_000, token_id=link)], now=LATER)) == []
    assert cards(store)[0].rung is Rung.CLICKED


def test_a_machine_is_kept_and_told_to_nobody(store: Store) -> None:
    """A prefetch stands in the timeline; the card stays silent and does not move up."""
    copy = tracked_copy()
    sent(store, copy)
    preload = hit(agent="Mozilla/5.0", labels=("apple-egress",), token_id=copy.tokens[0].random_id)
    assert kinds(record_hits(store, [preload], now=LATER)) == []
    (card,) = cards(store)
    assert (card.rung, card.asides, card.at) == (Rung.SENT, (Aside.NO_SIGN_YET,), SENT_AT)
    assert verdicts(store) == [Verdict.PREFETCH]


def test_a_burst_that_comes_in_two_batches_is_judged_whole(store: Store) -> None:
    """The first click was a person's; with the rest of the burst all are the scanner's, and the rung falls back."""
    copy = tracked_copy(links=2)
    sent(store, copy)
    first, second = (click(after_s=600 + number, token_id=copy.tokens[number].random_id) for number in (1, 2))
    record_hits(store, [first], now=LATER)
    assert verdicts(store) == [Verdict.PERSON]
    record_hits(store, [second], now=LATER)
    assert verdicts(store) == [Verdict.SCANNER, Verdict.SCANNER]
    assert cards(store)[0].rung is Rung.SENT


def test_a_click_after_a_burst_that_was_told_too_early_is_told(store: Store) -> None:
    """The burst's first click rang before the rest came; the person's own click later still rings."""
    copy = tracked_copy(links=2)
    sent(store, copy)
    first, second = (click(after_s=600 + number, token_id=copy.tokens[number].random_id) for number in (1, 2))
    assert kinds(record_hits(store, [first], now=LATER)) == [NoticeKind.CLICKED]
    assert kinds(record_hits(store, [second], now=LATER)) == []
    used = click(after_s=3_600, token_id=copy.tokens[1].random_id, same_source=b"\x02" * 8)
    assert kinds(record_hits(store, [used], now=LATER)) == [NoticeKind.CLICKED]


def test_a_click_that_a_burst_belies_does_not_stand_any_more(store: Store) -> None:
    """Its notice asks to wait for the burst's time; with the rest of the burst it falls, alone it stands."""
    for rest_comes in (True, False):
        copy = tracked_copy(links=2)
        sent(store, copy)
        first, second = (click(after_s=600 + number, token_id=copy.tokens[number].random_id) for number in (1, 2))
        (notice,) = record_hits(store, [first], now=LATER).notices
        if rest_comes:
            record_hits(store, [second], now=LATER)
        assert (notice.settles_after_s, still_stands(store, notice)) == (3.5, not rest_comes)


def test_what_no_burst_can_belie_is_told_at_once(store: Store) -> None:
    """An open, a click on a mail's only link and a stop wait for nothing."""
    copy = tracked_copy(links=1)
    sent(store, copy)
    picture, link = (token.random_id for token in copy.tokens)
    opened, used = hit(after_s=600, token_id=picture), click(after_s=700, token_id=link)
    (first,) = record_hits(store, [opened], now=LATER).notices
    (second,) = record_hits(store, [used], now=LATER).notices
    (third,) = record_stops(store, [copy.tag or b""], LATER).notices
    assert [each.settles_after_s for each in (first, second, third)] == [0, 0, 0]
    assert still_stands(store, third)


def test_a_burst_in_one_batch_rings_nobody(store: Store) -> None:
    """Judging comes before telling."""
    copy = tracked_copy(links=2)
    sent(store, copy)
    burst = [click(after_s=600 + number, token_id=copy.tokens[number].random_id) for number in (1, 2)]
    assert kinds(record_hits(store, burst, now=LATER)) == []


def test_the_window_comes_from_the_argument_or_the_setting(store: Store) -> None:
    """An argument overrides what is stored; what is stored overrides 40 s."""
    copy = tracked_copy()
    sent(store, copy)
    picture = copy.tokens[0].random_id
    record_hits(store, [hit(after_s=5, token_id=picture)], now=LATER)
    assert verdicts(store) == [Verdict.UNKNOWN]
    settings.put(store, settings.WINDOW, 1)
    record_hits(store, [hit(after_s=6, token_id=picture)], now=LATER)
    assert verdicts(store) == [Verdict.PERSON, Verdict.PERSON]
    record_hits(store, [hit(after_s=7, token_id=picture)], now=LATER, window_s=30)
    assert verdicts(store) == [Verdict.UNKNOWN] * 3


def hit_rules(store: Store) -> list[tuple[int | None, str]]:
    with store.read() as connection:
        return connection.execute("SELECT copy_id, rule FROM hit").fetchall()


@pytest.mark.parametrize("place", [0, 1])
def test_a_token_without_record_or_of_another_type_belongs_to_no_copy(store: Store, place: int) -> None:
    """A foreign id, or a link's id asked for as a picture, is kept as unknown and touches no copy."""
    copy = tracked_copy()
    sent(store, copy)
    kind = (click, hit)[place]
    stray: list[Hit] = [hit(token_id=b"nobody's tok"), kind(token_id=copy.tokens[place].random_id)]
    assert record_hits(store, stray, now=LATER) == Change()
    assert hit_rules(store) == [(None, "unknown-token")] * 2
    assert cards(store)[0].rung is Rung.SENT


def test_a_hit_later_than_the_stop_is_dropped_and_an_earlier_one_kept(store: Store) -> None:
    """A relay restored without the stop may still send what it should not have stored."""
    copy = tracked_copy(tag=b"anna-tag")
    sent(store, copy)
    record_stops(store, [b"anna-tag"], LATER)
    picture = copy.tokens[0].random_id
    assert record_hits(store, [hit(after_s=7_200, token_id=picture)], now=LATER) == Change()
    assert hit_rules(store) == []
    record_hits(store, [hit(after_s=7_199, token_id=picture)], now=LATER)
    assert verdicts(store) == [Verdict.PERSON]
    assert cards(store)[0].asides == (Aside.STOPPED,)


def test_times_are_cut_to_the_minute_after_two_days_and_verdicts_stand(store: Store) -> None:
    """What is two days old loses its seconds everywhere; what is younger keeps them."""
    copy = tracked_copy(links=2)
    copy_id = sent(store, copy)
    picture = copy.tokens[0].random_id
    old, young = hit(after_s=3_601, token_id=picture), hit(after_s=90_061, token_id=picture)
    record_hits(store, [old, young], now=LATER)
    now = SENT_AT + timedelta(days=2, seconds=3_602)
    change = age_hits(store, now)
    assert change == Change(copies=frozenset({copy_id}), conversations=frozenset({cards(store)[0].id}))
    assert times(store) == [SENT_AT + timedelta(seconds=90_061), SENT_AT + timedelta(seconds=3_600)]
    assert verdicts(store) == [Verdict.PERSON, Verdict.PERSON]
    assert cards(store)[0].at == SENT_AT + timedelta(seconds=90_060)
    assert age_hits(store, now) == Change()


def times(store: Store) -> list[datetime]:
    return [line.at for line in status(store).evidence if line.hit is not None]


EARLY: tuple[tuple[str, tuple[str, ...]], ...] = (
    (THUNDERBIRD, ()),
    (CHROME, ()),
    (CHROME, ("microsoft-cloud",)),
    (CHROME, ("proofpoint",)),
    (GMAIL_PROXY, ("google-fetchers",)),
    ("", ()),
    ("okhttp/4.9.3", ()),
)


def test_no_reason_holds_a_time_that_is_cut(store: Store) -> None:
    """What came too early is told without its seconds, as judged, as corrected and as aged; that it was stays told."""
    copy = tracked_copy(links=2)
    sent(store, copy)
    picture, link, _ = (token.random_id for token in copy.tokens)
    hits = [
        kind(token_id=token, agent=agent, labels=labels, after_s=3 + 4 * number, same_source=bytes([number]) * 8)
        for number, (agent, labels) in enumerate(EARLY)
        for kind, token in ((hit, picture), (click, link))
    ]
    record_hits(store, hits, now=LATER)
    correct_hit(store, hits[0].id, Who.MACHINE, now=LATER)
    age_hits(store, SENT_AT + timedelta(days=3))
    with store.read() as connection:
        told = connection.execute("SELECT reason, coalesce(ruled, '') FROM hit").fetchall()
    assert len(told) == 2 * len(EARLY)
    assert [each for each in told if re.search(r"\d+(\.\d+)? ?s\b", " ".join(each))] == []
    assert len([ruled for _, ruled in told if "too early to tell" in ruled]) == 1
    assert len([reason for reason, _ in told if "soon after sending" in reason]) >= len(EARLY)


def test_an_aged_verdict_is_not_judged_anew(store: Store) -> None:
    """Two clicks of one minute become one instant when aged: that must not make a burst of them."""
    copy = tracked_copy(links=2)
    sent(store, copy)
    clicks = [click(after_s=600 + 20 * number, token_id=copy.tokens[number].random_id) for number in (1, 2)]
    record_hits(store, clicks, now=LATER)
    age_hits(store, SENT_AT + timedelta(days=4))
    record_hits(store, [hit(after_s=90_000, token_id=copy.tokens[0].random_id)], now=LATER)
    assert verdicts(store) == [Verdict.PERSON] * 3


def test_what_is_evidence_for_each_other_ages_together(store: Store) -> None:
    """Two days divide a burst: its older half waits, for cut to the minute it would prove the younger a person's."""
    copy = tracked_copy(links=2)
    sent(store, copy)
    picture = copy.tokens[0].random_id
    burst = [click(after_s=600 + number, token_id=copy.tokens[number].random_id) for number in (1, 2)]
    record_hits(store, [hit(after_s=300, token_id=picture), *burst], now=LATER)
    assert verdicts(store) == [Verdict.SCANNER, Verdict.SCANNER, Verdict.PERSON]
    assert age_hits(store, SENT_AT + timedelta(days=2, seconds=602)) != Change()
    record_hits(store, [hit(after_s=90_000, token_id=picture)], now=LATER)
    assert verdicts(store)[1:] == [Verdict.SCANNER, Verdict.SCANNER, Verdict.PERSON]
    assert times(store)[1:3] == [SENT_AT + timedelta(seconds=602), SENT_AT + timedelta(seconds=601)]
    age_hits(store, SENT_AT + timedelta(days=2, seconds=603))
    assert times(store)[1:3] == [SENT_AT + timedelta(seconds=600)] * 2


def test_gaps_are_kept_by_day_and_only_grow(store: Store) -> None:
    """What the relay dropped unread is shown, newest day first."""
    record_gaps(store, {"2026-05-01": 3, "2026-05-02": 1})
    record_gaps(store, {"2026-05-01": 2, "2026-05-02": 4})
    assert record_gaps(store, {}) == Change()
    assert gaps(store) == (("2026-05-02", 4), ("2026-05-01", 3))


def test_labels_headers_and_agents_are_read_back_as_they_came(store: Store) -> None:
    """Nothing of a hit is lost in its row."""
    copy = tracked_copy()
    sent(store, copy)
    whole = hit(
        agent="Ünïcode ‽",
        labels=("apple-egress", "x"),
        headers={"sec-fetch-dest": "image", "via": "1.1 proxy"},
        token_id=copy.tokens[0].random_id,
    )
    record_hits(store, [whole], now=LATER)
    assert status(store).evidence[0].hit == whole
