"""The store's file: one thread that writes, read-only connections for whoever reads.

Every write is one transaction, durable on return (WAL, synchronous=FULL); subscribers hear of it after the commit, on
the writer thread and in the order of the commits.  What a subscriber raises is logged and never fails the writer.
"""

import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from desktop.core.errors import StoreTrouble
from desktop.store.change import Change
from desktop.store.failures import told_as_trouble
from desktop.store.migrate import migrate, steps

T = TypeVar("T")
Subscriber = Callable[[Change], None]
# A mail waits this long at most for another program's lock before it goes out untracked.
_BUSY_S: Final = 1.0
# Nobody waits for a mail while the file is rewritten on the user's word.
_REWRITING_MS: Final = 10_000
_log = logging.getLogger(__name__)


class Store:
    """One open store; all methods may be called from any thread, `write` not from a subscriber."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime], busy_s: float = _BUSY_S) -> None:
        """Open the file, made with mode 0600 if missing, and bring it to the newest schema; raise StoreTrouble."""
        self.path = path
        self.clock = clock
        self._busy_s = busy_s
        self._subscribers: list[Subscriber] = []
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._is_closed = threading.Event()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        try:
            with told_as_trouble():
                self._connection = self._writer.submit(self._open).result()
        except BaseException:
            self._is_closed.set()
            self._writer.shutdown()
            raise

    def _open(self) -> sqlite3.Connection:
        self._writer_ident = threading.get_ident()
        _make_private(self.path)
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=self._busy_s)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            # What is deleted is overwritten: hits that are let go, mail to somebody who was erased.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            migrate(connection, steps())
        except BaseException:
            connection.close()
            raise
        return connection

    def write(self, work: Callable[[sqlite3.Connection], tuple[Change, T]]) -> tuple[Change, T]:
        """Run `work` in one transaction; return what it returns once that is durable and told.

        Raises StoreTrouble, and whatever `work` raises; nothing is altered then.
        """
        if threading.get_ident() == self._writer_ident:
            raise RuntimeError("a subscriber must not write")
        self._check_open()
        with told_as_trouble():
            change, result, telling = self._writer.submit(self._transact, work).result()
        bug = telling.exception()
        if bug is not None:
            _log.error("a subscriber failed", exc_info=bug)
        return change, result

    def _transact(self, work: Callable[[sqlite3.Connection], tuple[Change, T]]) -> tuple[Change, T, Future[None]]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            change, result = work(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return change, result, self._writer.submit(self._tell, change)

    def _tell(self, change: Change) -> None:
        if change:
            for subscriber in tuple(self._subscribers):
                subscriber(change)

    def rewrite(self) -> None:
        """Write the file anew and empty its log, so that nothing deleted is left in either; raise StoreTrouble.

        It waits for whoever reads, in this program or in another one, and gives up after ten seconds.
        """
        self._check_open()
        with told_as_trouble():
            self._writer.submit(self._rewrite).result()

    def _rewrite(self) -> None:
        # What VACUUM puts together beside the file would else stand in the system's folder for such.
        self._connection.execute("PRAGMA temp_store = MEMORY")
        self._connection.execute("VACUUM")
        self._connection.execute(f"PRAGMA busy_timeout = {_REWRITING_MS}")
        is_busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._connection.execute(f"PRAGMA busy_timeout = {round(self._busy_s * 1000)}")
        if is_busy:
            raise StoreTrouble(
                "Readback's data is being read by another program, so parts of it that were deleted are not gone yet.",
                "Close other windows of Readback, and backup programs that read its folder, then try again.",
            )

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber` on the writer thread after every commit that altered something; return what ends that.

        Once that has returned, no call is under way and none will come; on the writer thread it must not be called.
        """
        self._subscribers.append(subscriber)
        return lambda: self._unsubscribe(subscriber)

    def _unsubscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.remove(subscriber)
        # What is told on the writer thread at this moment has ended once the writer takes up the next thing.
        if not self._is_closed.is_set():
            self._writer.submit(_nothing).result()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Lend a read-only connection that sees one state of the file throughout; raise StoreTrouble."""
        self._check_open()
        with told_as_trouble():
            connection = self._borrow()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
        self._give_back(connection)

    def _borrow(self) -> sqlite3.Connection:
        try:
            return self._readers.get_nowait()
        except queue.Empty:
            return sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                timeout=self._busy_s,
                check_same_thread=False,
            )

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._readers.put(connection)
        if self._is_closed.is_set():
            self._close_readers()

    def _close_readers(self) -> None:
        while True:
            try:
                self._readers.get_nowait().close()
            except queue.Empty:
                return

    def _check_open(self) -> None:
        if self._is_closed.is_set():
            raise StoreTrouble("Readback's data is closed.", "Start Readback again.")

    def close(self) -> None:
        """Finish the writes under way and close the file; a second call does nothing."""
        if self._is_closed.is_set():
            return
        self._is_closed.set()
        self._writer.submit(self._connection.close).result()
        self._writer.shutdown()
        self._close_readers()


def _nothing() -> None:
    """Be the writer's next thing."""


def _make_private(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except PermissionError as error:
        raise StoreTrouble(
            "Readback may not write its data file.",
            "Give your user the right to write the file and the folder it is in.",
        ) from error
    except OSError as error:
        raise StoreTrouble(
            "Readback's data file cannot be opened.",
            "Check that its folder exists and that your user may write there.",
        ) from error
