"""The log's worker: order, batches, failure, and the seal's rotation."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from relay import eventlog
from relay.database import ChannelRow, Database, StorageError
from relay.eventlog import MAX_BATCH, EventLog, Record
from relay.stops import Stops
from relay.wire import seal
from relay.wire.hit import HIT_BYTES
from relay.wire.seal import SEALED_BYTES
from tests.relay.desk import TAG, Clock, Desk

CHANNEL = b"channel-id-1"
PUBLIC = seal.public_key_of(bytes(range(32)))


def record(tag: bytes = TAG, public_key: bytes = PUBLIC) -> Record:
    return Record(plain=bytes(HIT_BYTES), channel_id=CHANNEL, recipient_tag=tag, public_key=public_key)


@asynccontextmanager
async def started(
    folder: Path, monotonic: Callable[[], float] = time.monotonic
) -> AsyncIterator[tuple[EventLog, Stops]]:
    """Run a log of its own."""
    stops = Stops(folder / "stops.txt")
    log = EventLog(folder / "db", stops, mark_of=lambda tag, _key: tag, now_ms=Clock(), monotonic=monotonic)
    log.start(asyncio.get_running_loop())
    try:
        yield log, stops
    finally:
        log.close()
        stops.close()


def stored(folder: Path) -> list[tuple[bytes, bytes]]:
    database = Database(folder / "db")
    rows = database.hits_at(CHANNEL, [position for _, position in database.positions()])
    database.close()
    return [(row_key, sealed) for _, row_key, sealed in rows]


def test_a_hit_queued_behind_a_stop_is_not_stored_and_one_before_it_is(tmp_path: Path) -> None:
    """The worker takes jobs in order, whatever batch they fall in; who waits learns which was stored."""

    async def scenario() -> tuple[Any, ...]:
        async with started(tmp_path) as (log, stops):
            before = log.store(record())
            stop = log.run(lambda database: stops.add(CHANNEL, frozenset({TAG}), database))
            after, other = log.store(record()), log.store(record(tag=b"another1"))
            return await before, await stop, await after, await other

    assert asyncio.run(scenario()) == (True, {TAG}, False, True)
    assert len(stored(tmp_path)) == 2


def test_more_than_a_batch_is_stored_whole(tmp_path: Path) -> None:
    """Several batches' worth of hits all become durable, and closing finishes what is queued."""

    async def scenario() -> None:
        async with started(tmp_path) as (log, _):
            for _ in range(2 * MAX_BATCH + 10):
                log.store(record())

    asyncio.run(scenario())
    assert len(stored(tmp_path)) == 2 * MAX_BATCH + 10


def test_an_answer_is_after_the_commit(tmp_path: Path) -> None:
    """When the future is done another connection already sees the row."""

    async def scenario() -> int:
        async with started(tmp_path) as (log, _):
            await log.store(record())
            return len(stored(tmp_path))

    assert asyncio.run(scenario()) == 1


def test_a_failed_commit_is_told_to_all_of_its_batch_and_the_log_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A storage error undoes the batch and makes the log unhealthy until the next one succeeds."""

    def twice(database: Database) -> None:
        row = ChannelRow(channel_id=CHANNEL, public_key=PUBLIC, bearer_hash=b"h")
        database.add_channel(row)
        database.add_channel(row)

    async def scenario() -> list[bool]:
        async with started(tmp_path) as (log, _):
            with pytest.raises(StorageError):
                await log.run(twice)
            seen = [log.is_healthy]
            await log.store(record())
            return [*seen, log.is_healthy]

    assert asyncio.run(scenario()) == [False, True]
    assert "hits are not stored until it can" in caplog.text
    caplog.clear()
    database = Database(tmp_path / "db")
    assert database.channels() == []
    database.close()


def test_a_bug_in_the_worker_reaches_who_waits_and_who_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody hangs: the job that met the bug and every later one fail, and health says so."""
    died: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: died.append(args.exc_type))

    def bug(_: Database) -> None:
        raise LookupError("a bug")

    async def scenario() -> bool:
        async with started(tmp_path) as (log, _):
            with pytest.raises(LookupError, match="a bug"):
                await log.run(bug)
            log.close()
            with pytest.raises(StorageError):
                await log.store(record())
            return log.is_healthy

    assert asyncio.run(scenario()) is False
    assert died == [LookupError]


def test_a_picture_and_a_link_are_served_when_the_log_cannot_write(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The recipient sees the picture and reaches the destination; health is 503; then all is stored again."""

    def full(*_: object) -> None:
        raise StorageError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Database, "commit", full)
        assert desk.get(desk.open_url()).status_code == 200
        assert desk.get(desk.click_url()).status_code == 302
        assert desk.get(f"{desk.base}/health").status_code == 503
        assert desk.post("/feed/acknowledge", {"keys": ["00" * 16]}).status_code == 503
    desk.get(desk.open_url())
    assert len(desk.hits()) == 1
    assert desk.get(f"{desk.base}/health").status_code == 200
    assert "StorageError" not in caplog.text
    caplog.clear()


def test_the_ephemeral_key_is_replaced_every_ten_minutes(tmp_path: Path) -> None:
    """Within ten minutes seals share it; after them they do not."""
    now = [0.0]

    async def scenario() -> None:
        async with started(tmp_path, lambda: now[0]) as (log, _):
            for seconds in (0.0, 599.0, 600.0):
                now[0] = seconds
                await log.store(record())

    asyncio.run(scenario())
    first, second, third = (sealed[5:37] for _, sealed in stored(tmp_path))
    assert first == second != third


def test_an_idle_worker_still_looks_at_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any request hits expire: the wait for jobs ends by itself."""
    monkeypatch.setattr(eventlog, "_IDLE_S", 0.01)
    database = Database(tmp_path / "db")
    database.begin()
    database.add_hits([b"k" * 16 + CHANNEL + TAG + bytes(SEALED_BYTES)], 1)
    database.commit()
    swept = asyncio.Event()

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        expire = Database.expire_hits

        def expire_and_tell(self: Database, before_day: int) -> int:
            loop.call_soon_threadsafe(swept.set)
            return expire(self, before_day)

        monkeypatch.setattr(Database, "expire_hits", expire_and_tell)
        async with started(tmp_path):
            await asyncio.wait_for(swept.wait(), 10)

    asyncio.run(scenario())
    assert (list(database.positions()), database.gaps(CHANNEL)) == ([], [])
    database.close()


def test_a_sweep_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A day whose sweep failed is not taken for swept."""
    calls = []
    expire = Database.expire_hits

    def fail_once(self: Database, before_day: int) -> int:
        calls.append(before_day)
        if len(calls) == 1:
            raise StorageError("busy")
        return expire(self, before_day)

    monkeypatch.setattr(Database, "expire_hits", fail_once)

    async def scenario() -> None:
        async with started(tmp_path) as (log, _):
            for _ in range(3):
                await log.store(record())

    asyncio.run(scenario())
    assert len(calls) == 2
    assert "cannot write" in caplog.text
    caplog.clear()
