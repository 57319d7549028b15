"""What the relay knows of rows that nobody acknowledged, against the database that holds them."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from relay.database import ROW_KEY_BYTES, Database
from relay.marks import MARK_BYTES
from relay.unread import Unread
from relay.wire.seal import SEALED_BYTES
from tests.relay.desk import Clock, Desk, served

ONE, OTHER = b"channel-id-1", b"channel-id-2"


def row(channel_id: bytes, number: int) -> bytes:
    return bytes([number]) * ROW_KEY_BYTES + channel_id + bytes([number]) * (MARK_BYTES + SEALED_BYTES)


def opened(folder: Path) -> Database:
    database = Database(folder / "db")
    database.begin()
    return database


def test_a_batch_is_taken_apart_and_numbered_in_order(tmp_path: Path) -> None:
    """Rows put in as one blob come out field by field, at the positions that were given for them."""
    database = opened(tmp_path)
    database.add_hits([row(ONE, 1)], 7)
    assert database.add_hits([row(ONE, 2), row(OTHER, 3), row(ONE, 4)], 7) == range(2, 5)
    database.commit()
    assert list(database.positions()) == [(ONE, 1), (ONE, 2), (OTHER, 3), (ONE, 4)]
    expected = [(number, bytes([number]) * ROW_KEY_BYTES, bytes([number]) * SEALED_BYTES) for number in (1, 2, 4)]
    assert database.hits_at(ONE, [4, 3, 2, 1]) == expected
    database.close()


def test_positions_are_never_given_twice(tmp_path: Path) -> None:
    """The position of a deleted row, the last one even, is not given to another; an undone one may be."""
    database = opened(tmp_path)
    database.add_hits([row(ONE, 1), row(ONE, 2)], 7)
    database.remove_hits(ONE, [1, 2], frozenset({bytes([2]) * ROW_KEY_BYTES}))
    database.commit()
    database.begin()
    assert database.add_hits([row(ONE, 3)], 7) == range(3, 4)
    database.rollback()
    database.begin()
    assert database.add_hits([row(ONE, 4)], 7) == range(3, 4)
    database.rollback()
    assert list(database.positions()) == [(ONE, 1)]
    database.close()


def test_only_the_owner_removes(tmp_path: Path) -> None:
    """A key at a position of another channel stays."""
    database = opened(tmp_path)
    database.add_hits([row(ONE, 1)], 7)
    database.remove_hits(OTHER, [1], frozenset({bytes([1]) * ROW_KEY_BYTES}))
    assert list(database.positions()) == [(ONE, 1)]
    database.close()


@given(st.lists(st.sampled_from([ONE, OTHER]), max_size=40), st.sets(st.integers(0, 39)), st.integers(0, 45))
def test_what_is_forgotten_or_expired_is_gone_and_the_rest_is_in_order(
    channel_ids: list[bytes], gone: set[int], end: int
) -> None:
    """Whatever was added comes back, oldest first, but for what was forgotten or lies before the end."""
    rows = [(channel_id, position) for position, channel_id in enumerate(channel_ids)]
    unread = Unread(rows[:5])
    unread.add(rows[5:])
    for channel_id in {ONE, OTHER} & set(channel_ids):
        unread.forget(channel_id, [position for owner, position in rows if owner == channel_id and position in gone])
    unread.expire(end)
    for channel_id in (ONE, OTHER):
        left = [
            position for owner, position in rows if owner == channel_id and position >= end and position not in gone
        ]
        assert left[:7] == unread.oldest(channel_id, 7)


def test_what_was_stored_before_a_restart_is_fed_after_it(tmp_path: Path, clock: Clock) -> None:
    """The next process reads from the database what is unread; what was acknowledged stays gone."""
    with served(tmp_path, clock) as base:
        desk = Desk(base, clock)
        desk.get(desk.open_url(random_id=b"acknowledged"))
        desk.acknowledge(desk.poll()["rows"])
        desk.get(desk.open_url(random_id=b"not-yet-read"))
        desk.session.close()
    with served(tmp_path, clock) as base:
        desk.base = base
        assert [hit.token_id for hit in desk.hits()] == [b"not-yet-read"]
        desk.close()
