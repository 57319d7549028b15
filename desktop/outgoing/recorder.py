"""What can be written down later: done in order on one thread, in a moment when no mail passes.

Interpreter and disk are shared with the mail, so that work beside it makes it wait; what became of a mail stands in the
journal already.  However busy it is, nothing waits longer than half a second.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

QUIET_S: Final = 0.02
LONGEST_S: Final = 0.5


class Recorder:
    """One thread and its queue; every method is thread-safe."""

    def __init__(self) -> None:
        """Start the thread."""
        self._works: deque[tuple[float, Callable[[], None], Future[None]]] = deque()
        self._changed = threading.Condition()
        self._is_closing = False
        self._heard_at = 0.0
        self._thread = threading.Thread(target=self._run, name="outgoing-recorder", daemon=True)
        self._thread.start()

    def hear(self) -> None:
        """Take note that mail passes."""
        self._heard_at = time.monotonic()

    def later(self, work: Callable[[], None]) -> "Future[None]":
        """Have `work`, which must not fail, done soon; return its end."""
        done: Future[None] = Future()
        with self._changed:
            if self._is_closing:
                raise RuntimeError("the recorder is closed")
            self._works.append((time.monotonic(), work, done))
            if len(self._works) == 1:
                self._changed.notify()
        return done

    def close(self) -> None:
        """Do at once what is left, and end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._works and not self._is_closing:
                    self._changed.wait()
                if not self._works:
                    return
                while (wait_s := self._wait_s()) > 0:
                    self._changed.wait(wait_s)
                _, work, done = self._works.popleft()
            work()
            done.set_result(None)

    def _wait_s(self) -> float:
        if self._is_closing:
            return 0.0
        now = time.monotonic()
        return min(self._heard_at + QUIET_S - now, self._works[0][0] + LONGEST_S - now)
