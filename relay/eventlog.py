"""Durable appends in natural batches: one worker thread owns the writing connection, the sealer and the stops.

While one commit is in flight whatever arrives becomes the next batch; a timed window never helped.  Whoever waits is
told after the commit, never before.  The worker takes jobs in order, so a hit queued behind a stop sees it.  The loop
hands jobs over once a turn, not one by one: each hand-over wakes the worker, which then fights the loop for the
interpreter.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from relay.database import ROW_KEY_BYTES, Database, StorageError
from relay.stops import Stops
from relay.wire.randomness import Randomness
from relay.wire.seal import Sealer
from relay.wire.token import SECONDS_PER_DAY

MAX_BATCH: Final = 1_024  # Past this no more hand-overs join; one loop turn's is taken whole.
SEALER_LIFE_S: Final = 600.0
RETENTION_DAYS: Final = 14
GAP_DAYS: Final = 90
ANSWER_DAYS: Final = 365
_IDLE_S: Final = 60.0
MS_PER_DAY: Final = SECONDS_PER_DAY * 1_000

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A hit on its way to the log: its 1,024 octets, whom they are sealed to, and the tag that a stop would name."""

    plain: bytes
    channel_id: bytes
    recipient_tag: bytes
    public_key: bytes


# What to do, and whom to tell on the loop afterwards: the result, or None and why there is none.
_Told = Callable[[Any, BaseException | None], None]
_Job = tuple[Record | Callable[[Database], Any], _Told]


class EventLog:
    """The one place where the relay writes.

    On the loop `on_stored` is called with (channel id, position) of hits that became durable, positions ascending, and
    `on_expired` with the position before which there are none any more.
    """

    def __init__(
        self,
        path: Path,
        stops: Stops,
        *,
        mark_of: Callable[[bytes, bytes], bytes],
        now_ms: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the parts; `mark_of` gives a row's mark of its tag and key; `start` opens the database in the worker."""
        self._path = path
        self._stops = stops
        self._mark_of = mark_of
        self._now_ms = now_ms
        self._monotonic = monotonic
        self.on_stored: Callable[[list[tuple[bytes, int]]], None] = lambda _rows: None
        self.on_expired: Callable[[int], None] = lambda _end: None
        self._fresh: list[_Job] = []
        self._queue: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="eventlog", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._swept_day = -1
        self._randomness = Randomness()
        self._sealer: tuple[Sealer, float] | None = None
        self.is_healthy = True

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the worker; its answers come back on `loop`."""
        self._loop = loop
        self._thread.start()

    def close(self) -> None:
        """Finish what is queued and end the worker."""
        self._hand_over()
        self._queue.put(None)
        self._thread.join()

    def store(self, record: Record) -> "asyncio.Future[bool]":
        """Seal and append a hit unless its tag is stopped; done after the commit, or raises StorageError."""
        return self._promise(record)

    def store_then(self, record: Record, told: Callable[[Any, BaseException | None], None]) -> None:
        """Do the same for who needs no future: `told` is called on the loop with what the future would hold."""
        self._submit(record, told)

    def run(self, work: Callable[[Database], _T]) -> "asyncio.Future[_T]":
        """Do `work` inside the next batch's transaction; the future is done after the commit.

        `work` must not leave half a change behind when it raises OSError or StorageError: either undoes the batch.
        """
        return self._promise(work)

    def seal_answer(self, plain: bytes, *, channel_id: bytes, recipient: bytes) -> tuple[bytes, bytes]:
        """Return a random row key and `plain` sealed; for jobs of `run`, as both belong to the worker."""
        sealed = self._current_sealer().seal(plain, channel_id=channel_id, recipient=recipient)
        return self._randomness.take(ROW_KEY_BYTES), sealed

    def _promise(self, work: Record | Callable[[Database], Any]) -> "asyncio.Future[Any]":
        future = self._loop.create_future()
        self._submit(work, partial(_fulfil, future))
        return future

    def _submit(self, work: Record | Callable[[Database], Any], told: _Told) -> None:
        if not self._fresh:
            self._loop.call_soon(self._hand_over)
        self._fresh.append((work, told))

    def _hand_over(self) -> None:
        jobs, self._fresh = self._fresh, []
        if not jobs:
            return
        if self._thread.is_alive():
            self._queue.put(jobs)
        else:
            _fail(jobs, StorageError("the worker is gone"))

    def _work(self) -> None:
        database = Database(self._path)
        try:
            while (jobs := self._next_batch()) is not None:
                self._sweep(database)
                if jobs:
                    self._commit(database, jobs)
        except BaseException:
            self.is_healthy = False
            raise
        finally:
            database.close()

    def _next_batch(self) -> list[_Job] | None:
        """Return what is queued, at least one job unless the wait was long; None when the log is being closed."""
        try:
            first = self._queue.get(timeout=_IDLE_S)
        except queue.Empty:
            return []
        if first is None:
            return None
        jobs = first
        while len(jobs) < MAX_BATCH:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            jobs += more
        return jobs

    def _commit(self, database: Database, jobs: list[_Job]) -> None:
        try:
            database.begin()
            results, stored = self._do(database, jobs)
            database.commit()
        except (StorageError, OSError) as error:
            database.rollback()
            self._note_failure(error)
            self._loop.call_soon_threadsafe(_fail, jobs, error)
        except BaseException as bug:
            self._loop.call_soon_threadsafe(_fail, jobs, bug)
            raise
        else:
            self.is_healthy = True
            self._loop.call_soon_threadsafe(self._settle, jobs, results, stored)

    def _do(self, database: Database, jobs: list[_Job]) -> tuple[list[Any], list[tuple[bytes, int]]]:
        rows: list[bytes] = []
        channel_ids: list[bytes] = []
        results: list[Any] = []
        sealer = self._current_sealer()
        for work, _ in jobs:
            if not isinstance(work, Record):
                results.append(work(database))
                continue
            is_wanted = work.recipient_tag not in self._stops.tags(work.channel_id)
            if is_wanted:
                sealed = sealer.seal(work.plain, channel_id=work.channel_id, recipient=work.public_key)
                row_key = self._randomness.take(ROW_KEY_BYTES)
                rows.append(row_key + work.channel_id + self._mark_of(work.recipient_tag, row_key) + sealed)
                channel_ids.append(work.channel_id)
            results.append(is_wanted)
        positions = database.add_hits(rows, self._now_ms() // MS_PER_DAY) if rows else ()
        return results, list(zip(channel_ids, positions, strict=True))

    def _current_sealer(self) -> Sealer:
        """Return the sealer, made in this thread, in memory only, replaced every ten minutes."""
        now_s = self._monotonic()
        if self._sealer is None or now_s - self._sealer[1] >= SEALER_LIFE_S:
            self._sealer = (Sealer(), now_s)
        return self._sealer[0]

    def _sweep(self, database: Database) -> None:
        """Once a day turn hits unread for 14 days into gaps, and forget what was kept for its time.

        That is 90 days for gaps, 365 for answers but wishes to delete, and for used links until they are void anyway.
        """
        day = self._now_ms() // MS_PER_DAY
        if day == self._swept_day:
            return
        try:
            database.begin()
            end = database.expire_hits(day - RETENTION_DAYS)
            database.forget_gaps(day - GAP_DAYS)
            database.forget_answers(day - ANSWER_DAYS)
            database.forget_used(day)
            database.commit()
        except StorageError as error:
            database.rollback()
            self._note_failure(error)
        else:
            self._swept_day = day
            self._loop.call_soon_threadsafe(self.on_expired, end)

    def _note_failure(self, error: Exception) -> None:
        self.is_healthy = False
        _log.error("the relay cannot write its files (%s): hits are not stored until it can", type(error).__name__)

    def _settle(self, jobs: list[_Job], results: list[Any], stored: list[tuple[bytes, int]]) -> None:
        if stored:
            self.on_stored(stored)
        for (_, told), result in zip(jobs, results, strict=True):
            told(result, None)


def _fail(jobs: list[_Job], error: BaseException) -> None:
    for _, told in jobs:
        told(None, error)


def _fulfil(future: "asyncio.Future[Any]", result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
