"""Durable appends in natural batches: one worker thread owns the writing connection, the sealer and the stops.

While one commit is in flight whatever arrives becomes the next batch; a timed window never helped.  Whoever waits on a
future is told after the commit, never before.  The worker takes jobs in order, so a hit queued behind a stop sees it.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from relay.database import Database, StorageError
from relay.stops import Stops
from relay.wire.hit import Hit, encode
from relay.wire.randomness import Randomness
from relay.wire.seal import Sealer
from relay.wire.token import SECONDS_PER_DAY

ROW_KEY_BYTES: Final = 16
MAX_BATCH: Final = 1_024
SEALER_LIFE_S: Final = 600.0
RETENTION_DAYS: Final = 14
GAP_DAYS: Final = 90
_IDLE_S: Final = 60.0
MS_PER_DAY: Final = SECONDS_PER_DAY * 1_000

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A hit on its way to the log: what it says, whom it is sealed to, and the tag that a stop would name."""

    hit: Hit
    channel_id: bytes
    recipient_tag: bytes
    public_key: bytes


@dataclass(frozen=True, slots=True)
class _Job:
    work: Record | Callable[[Database], Any]
    future: "asyncio.Future[Any]"


class EventLog:
    """The one place where the relay writes; `on_stored` is called on the loop with the channels that got hits."""

    def __init__(
        self,
        path: Path,
        stops: Stops,
        *,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the parts; `start` opens the database in the worker."""
        self._path = path
        self._stops = stops
        self._now_ms = now_ms
        self._monotonic = monotonic
        self.on_stored: Callable[[set[bytes]], None] = lambda _channel_ids: None
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
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
        self._queue.put(None)
        self._thread.join()

    def store(self, record: Record) -> "asyncio.Future[bool]":
        """Seal and append a hit unless its tag is stopped; done after the commit, or raises StorageError."""
        return self._submit(record)

    def run(self, work: Callable[[Database], _T]) -> "asyncio.Future[_T]":
        """Do `work` inside the next batch's transaction; the future is done after the commit.

        `work` must not leave half a change behind when it raises OSError or StorageError: either undoes the batch.
        """
        return self._submit(work)

    def _submit(self, work: Record | Callable[[Database], Any]) -> "asyncio.Future[Any]":
        future = self._loop.create_future()
        if self._thread.is_alive():
            self._queue.put(_Job(work, future))
        else:
            future.set_exception(StorageError("the worker is gone"))
        return future

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
        jobs = [first]
        while len(jobs) < MAX_BATCH:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._queue.put(None)
                break
            jobs.append(job)
        return jobs

    def _commit(self, database: Database, jobs: list[_Job]) -> None:
        stored: set[bytes] = set()
        try:
            database.begin()
            results = self._do(database, jobs, stored)
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

    def _do(self, database: Database, jobs: list[_Job], stored: set[bytes]) -> list[Any]:
        rows: list[tuple[bytes, bytes, int, bytes]] = []
        results: list[Any] = []
        day = self._now_ms() // MS_PER_DAY
        sealer = self._current_sealer()
        for job in jobs:
            work = job.work
            if not isinstance(work, Record):
                results.append(work(database))
                continue
            is_wanted = work.recipient_tag not in self._stops.tags(work.channel_id)
            if is_wanted:
                sealed = sealer.seal(encode(work.hit), channel_id=work.channel_id, recipient=work.public_key)
                rows.append((self._randomness.take(ROW_KEY_BYTES), work.channel_id, day, sealed))
                stored.add(work.channel_id)
            results.append(is_wanted)
        database.add_hits(rows)
        return results

    def _current_sealer(self) -> Sealer:
        """Return the sealer, made in this thread, in memory only, replaced every ten minutes."""
        now_s = self._monotonic()
        if self._sealer is None or now_s - self._sealer[1] >= SEALER_LIFE_S:
            self._sealer = (Sealer(), now_s)
        return self._sealer[0]

    def _sweep(self, database: Database) -> None:
        """Once a day turn hits unread for 14 days into gaps, and forget gaps of more than 90 days ago."""
        day = self._now_ms() // MS_PER_DAY
        if day == self._swept_day:
            return
        try:
            database.begin()
            database.expire_hits(day - RETENTION_DAYS)
            database.forget_gaps(day - GAP_DAYS)
            database.commit()
        except StorageError as error:
            database.rollback()
            self._note_failure(error)
        else:
            self._swept_day = day

    def _note_failure(self, error: Exception) -> None:
        self.is_healthy = False
        _log.error("the relay cannot write its files (%s): hits are not stored until it can", type(error).__name__)

    def _settle(self, jobs: list[_Job], results: list[Any], stored: set[bytes]) -> None:
        for job, result in zip(jobs, results, strict=True):
            if not job.future.done():
                job.future.set_result(result)
        if stored:
            self.on_stored(stored)


def _fail(jobs: list[_Job], error: BaseException) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(error)
