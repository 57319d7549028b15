"""How long hits are kept: raw ones for the user's time, what they proved longer, in the strict profile their day."""

import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest

from desktop.core.correction import Who
from desktop.core.notice import NoticeKind
from desktop.core.status import CopyState, CopyStatus, EvidenceKind, Rung
from desktop.store import settings
from desktop.store.change import Change
from desktop.store.corrections import correct_hit, corrections
from desktop.store.database import Store
from desktop.store.figures import report_between
from desktop.store.hits import STRICT, age_hits, record_hits
from desktop.store.mail import NewCopy, cards, conversation, record_message, record_outcome
from desktop.store.retention import DEFAULT_KEEP_DAYS, KEEP_CHOICES, KEEP_DAYS, expire_hits
from relay.wire.hit import Hit
from tests.fakes.samples import GMAIL_PROXY, SENT_AT, click, facts, hit, tracked_copy

LATER = SENT_AT + timedelta(days=1)
DAY_S = 86_400.0


def sent(store: Store, copy: NewCopy) -> int:
    _, (copy_id,) = record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)
    return copy_id


def status(store: Store) -> CopyStatus:
    detail = conversation(store, cards(store)[0].id)
    assert detail is not None
    return detail.messages[0].copies[0].status


def received(store: Store, *hits: Hit) -> list[NoticeKind]:
    return [notice.kind for notice in record_hits(store, hits, now=LATER).notices]


def after(days: float) -> datetime:
    return SENT_AT + timedelta(days=days)


def test_14_raw_hits_go_after_the_time_the_user_sets(store: Store) -> None:
    """Item 14: a year by default; what is older is gone with agent and network, what is younger is whole."""
    copy = tracked_copy()
    copy_id = sent(store, copy)
    picture = copy.tokens[0].random_id
    received(store, hit(token_id=picture), hit(token_id=picture, after_s=20 * DAY_S))
    change = expire_hits(store, after(DEFAULT_KEEP_DAYS + 1))
    assert (change.copies, change.notices) == (frozenset({copy_id}), ())
    assert [line.at for line in status(store).evidence if line.hit] == [after(20)]
    settings.put(store, KEEP_DAYS, min(KEEP_CHOICES))
    expire_hits(store, after(51))
    assert [line for line in status(store).evidence if line.hit] == []


def test_14_the_twin_what_is_younger_stays_and_nothing_is_told(store: Store, told: list[Change]) -> None:
    """Item 14, its twin: within the time a hit stays as it came."""
    copy = tracked_copy()
    sent(store, copy)
    whole = hit(token_id=copy.tokens[0].random_id)
    received(store, whole)
    told.clear()
    settings.put(store, KEEP_DAYS, max(KEEP_CHOICES))
    assert expire_hits(store, after(max(KEEP_CHOICES))) == Change()
    assert [line.hit for line in status(store).evidence if line.hit] == [whole]
    assert told == [Change(settings=True)]


def test_what_they_proved_outlives_them(store: Store) -> None:
    """The rung stays with the first day of it; the line says that no more is kept."""
    copy = tracked_copy()
    sent(store, copy)
    picture, link = (token.random_id for token in copy.tokens)
    probable = hit(agent=GMAIL_PROXY, labels=("google-fetchers",), token_id=picture)
    received(store, probable, hit(token_id=picture, after_s=2 * DAY_S), click(token_id=link, after_s=3 * DAY_S))
    card = cards(store)[0]
    expire_hits(store, after(400))
    assert cards(store)[0].rung is card.rung is Rung.CLICKED
    (line,) = (line for line in status(store).evidence if line.kind is EvidenceKind.EARLIER)
    assert (line.rung, line.at.date(), line.is_day_only, line.counted) == (Rung.CLICKED, date(2026, 5, 7), True, True)
    assert (status(store).clicked_at, status(store).opened_at) == (line.at, line.at)


def test_a_higher_rung_that_expires_later_takes_the_place(store: Store) -> None:
    """Piece by piece the same comes out as at once; a lower one alters nothing."""
    copy = tracked_copy()
    sent(store, copy)
    picture, link = (token.random_id for token in copy.tokens)
    received(store, *(hit(token_id=picture, after_s=days * DAY_S) for days in (1, 40)))
    received(store, click(token_id=link, after_s=20 * DAY_S))
    days = []
    for now in (370, 390, 410):
        expire_hits(store, after(now))
        days += [line.at.date() for line in status(store).evidence if line.kind is EvidenceKind.EARLIER]
    assert days == [date(2026, 5, 5), date(2026, 5, 24), date(2026, 5, 24)]
    assert status(store).rung is Rung.CLICKED


def test_what_rang_once_does_not_ring_again(store: Store) -> None:
    """After the hits that told of it are gone another opening is still no first one."""
    copy = tracked_copy()
    sent(store, copy)
    picture, link = (token.random_id for token in copy.tokens)
    assert received(store, hit(token_id=picture, after_s=60)) == [NoticeKind.OPENED]
    settings.put(store, KEEP_DAYS, 30)
    expire_hits(store, after(31))
    preload = hit(agent="Mozilla/5.0", labels=("apple-egress",), token_id=picture, after_s=34 * DAY_S)
    assert received(store, preload) == []
    assert received(store, hit(token_id=picture, after_s=35 * DAY_S)) == []
    assert received(store, click(token_id=link, after_s=36 * DAY_S)) == [NoticeKind.CLICKED]
    expire_hits(store, after(70))
    assert received(store, click(token_id=link, after_s=71 * DAY_S)) == []


def test_machines_leave_no_rung_and_rates_stay_as_they_were(store: Store) -> None:
    """What only a machine did proves nothing later either; the figures count what they counted."""
    first, second = tracked_copy(), tracked_copy("bob@lund.example")
    sent(store, first)
    preload = hit(agent="Mozilla/5.0", labels=("apple-egress",), token_id=first.tokens[0].random_id)
    received(store, preload)
    sent(store, second)
    received(store, click(token_id=second.tokens[1].random_id))
    before = report_between(store, SENT_AT, LATER)
    expire_hits(store, after(400))
    assert report_between(store, SENT_AT, LATER) == before
    assert before.clicked.proven == 1
    with store.read() as connection:
        rungs = connection.execute("SELECT rung FROM copy ORDER BY id").fetchall()
    assert rungs == [(Rung.SENT,), (Rung.CLICKED,)]


def test_what_the_user_said_goes_on_deciding(store: Store) -> None:
    """A word on a hit that expires holds for those like it that stay; with the last of them it goes."""
    copy = tracked_copy()
    sent(store, copy)
    picture = copy.tokens[0].random_id
    mine, like_it = hit(token_id=picture), hit(token_id=picture, after_s=40 * DAY_S)
    received(store, mine, like_it)
    correct_hit(store, mine.id, Who.ME, now=LATER)
    expire_hits(store, after(370))
    assert [row.correction.hit_id for row in corrections(store)] == [like_it.id]
    assert status(store).rung is Rung.SENT
    expire_hits(store, after(500))
    assert (corrections(store), status(store).rung) == ((), Rung.SENT)


def test_what_expired_is_in_the_file_no_more(store: Store) -> None:
    """A hit that is let go is overwritten, and not left in a page that is free."""
    copy = tracked_copy()
    sent(store, copy)
    received(store, *(hit(token_id=copy.tokens[0].random_id, agent="plantedagent") for _ in range(3)))
    empty_log(store)
    assert b"plantedagent" in store.path.read_bytes()
    expire_hits(store, after(400))
    empty_log(store)
    assert b"plantedagent" not in store.path.read_bytes()


def empty_log(store: Store) -> None:
    store._writer.submit(lambda: store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()).result()


def test_hits_of_no_copy_expire_too(store: Store) -> None:
    """What belongs to nobody known is kept no longer than the rest."""
    received(store, hit())
    expire_hits(store, after(400))
    with store.read() as connection:
        assert connection.execute("SELECT count(*) FROM hit").fetchone() == (0,)


def days_and_times(store: Store) -> list[tuple[datetime, bool]]:
    return [(line.at, line.is_day_only) for line in status(store).evidence if line.hit]


def test_13_a_strict_profile_keeps_only_the_day(store: Store) -> None:
    """Item 13: once a hit is two days old its day is all that is kept, and the card's with it; the verdict stands."""
    copy = tracked_copy()
    copy_id = sent(store, copy)
    picture = copy.tokens[0].random_id
    received(store, hit(token_id=picture, after_s=3_601), hit(token_id=picture, after_s=DAY_S + 3_601))
    settings.put(store, STRICT, True)
    change = age_hits(store, after(4))
    assert days_and_times(store) == [(datetime(2026, 5, 5, tzinfo=UTC), True), (SENT_AT, True)]
    assert (cards(store)[0].at, cards(store)[0].rung) == (datetime(2026, 5, 5, tzinfo=UTC), Rung.OPENED)
    assert change == Change(copies=frozenset({copy_id}), conversations=frozenset({cards(store)[0].id}))
    assert age_hits(store, after(4)) == Change()


def test_13_the_twin_otherwise_times_are_kept_to_the_minute(store: Store) -> None:
    """Item 13, its twin: without the strict profile the minute stays, and so it does while a hit is young."""
    copy = tracked_copy()
    sent(store, copy)
    received(store, hit(token_id=copy.tokens[0].random_id, after_s=3_661))
    age_hits(store, after(4))
    assert days_and_times(store) == [(SENT_AT + timedelta(seconds=3_660), False)]
    settings.put(store, STRICT, True)
    received(store, hit(token_id=copy.tokens[0].random_id, after_s=3 * DAY_S + 1))
    age_hits(store, after(4))
    assert days_and_times(store) == [(after(3) + timedelta(seconds=1), False), (SENT_AT, True)]


def test_a_mail_is_recorded_until_its_sunset(store: Store) -> None:
    """What comes after it is dropped, though a relay without the sunset's day sent it; what comes before is kept."""
    copy = tracked_copy()
    copy_id = sent(store, copy)
    picture = copy.tokens[0].random_id

    def set_sunset(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("UPDATE copy SET sunset_days = 7 WHERE id = ?", (copy_id,))
        return Change(), None

    store.write(set_sunset)
    assert received(store, hit(token_id=picture, after_s=8 * DAY_S)) == []
    assert days_and_times(store) == []
    assert received(store, hit(token_id=picture, after_s=7 * DAY_S)) == [NoticeKind.OPENED]


@pytest.mark.parametrize("days", [89, 91])
def test_without_a_sunset_a_mail_is_recorded_for_ninety_days(store: Store, days: int) -> None:
    """The relay's own limit is the longest."""
    copy = tracked_copy()
    sent(store, copy)
    received(store, hit(token_id=copy.tokens[0].random_id, after_s=days * DAY_S))
    assert len(days_and_times(store)) == (1 if days < 90 else 0)
