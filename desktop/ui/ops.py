"""Work leaves the main thread here and its outcome comes back on it.

One QObject, made on the main thread, carries every crossing: a signal with a lambda as its slot would run the lambda on
the worker.  A Trouble goes to the caller's own words; any other exception is a bug and is raised again on the main
thread, where it reaches sys.excepthook.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal, Slot

from desktop.core.errors import Trouble

_T = TypeVar("_T")
_CLOSE_WAIT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Arrival:
    owner: QObject
    deliver: Callable[[], None]
    ends_work: bool


class Ops(QObject):
    """Runs blocking work on threads of its own; quitting never waits for them longer than a second."""

    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        """Make it on the main thread: whatever comes back, comes back to the thread that made it."""
        super().__init__(parent)
        self._gate = threading.Lock()
        self._is_closed = False
        self._workers: set[threading.Thread] = set()
        self._under_way = 0
        # Queued even from the main thread, so that an outcome never arrives inside the call that asked for it.
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        owner: QObject,
        work: Callable[[], _T],
        done: Callable[[_T], None] | None = None,
        failed: Callable[[Trouble], None] | None = None,
    ) -> None:
        """Do `work` on a worker; then call `done` with its result, or `failed` with its Trouble, on the main thread.

        Nothing is called once `owner` is gone.  A Trouble that nobody takes is a bug.
        """

        def carry() -> None:
            try:
                result = work()
            except Trouble as trouble:
                deliver = _told(trouble, failed)
            except BaseException as bug:  # noqa: BLE001 - raised again on the main thread, for the crash handler
                deliver = _raised(bug)
            else:
                deliver = _done(result, done)
            self._send(_Arrival(owner, deliver, ends_work=True))
            with self._gate:
                self._workers.discard(threading.current_thread())

        worker = threading.Thread(target=carry, name="ui-work", daemon=True)
        with self._gate:
            if self._is_closed:
                return
            self._workers.add(worker)
            self._under_way += 1
        worker.start()

    @property
    def is_idle(self) -> bool:
        """Whether all work asked for is done and its outcome delivered."""
        return self._under_way == 0

    def on_main(self, owner: QObject, callback: Callable[[_T], None]) -> Callable[[_T], None]:
        """Return a function that any thread may call; `callback` then runs on the main thread, in order."""
        return lambda value: self._send(_Arrival(owner, lambda: callback(value), ends_work=False))

    def close(self) -> None:
        """Deliver nothing more, and give running work a moment to end."""
        with self._gate:
            self._is_closed = True
            workers = tuple(self._workers)
        for worker in workers:
            worker.join(_CLOSE_WAIT_S / len(workers))

    def _send(self, arrival: _Arrival) -> None:
        with self._gate:
            if not self._is_closed and shiboken6.isValid(self):
                self._arrived.emit(arrival)

    @Slot(object)
    def _on_arrived(self, arrival: _Arrival) -> None:
        self._under_way -= arrival.ends_work
        if not self._is_closed and shiboken6.isValid(arrival.owner):
            arrival.deliver()


def _done(result: _T, done: Callable[[_T], None] | None) -> Callable[[], None]:
    return lambda: None if done is None else done(result)


def _told(trouble: Trouble, failed: Callable[[Trouble], None] | None) -> Callable[[], None]:
    return _raised(trouble) if failed is None else lambda: failed(trouble)


def _raised(bug: BaseException) -> Callable[[], None]:
    def raise_it() -> None:
        raise bug

    return raise_it
