"""What a desktop does by itself as time goes by, with a relay or without, for as long as it runs.

Once an hour what was recorded ages and what is over goes; every five minutes, and when told to, earlier relays are
asked for stops.  Both times are the clock's, looked at each minute: a computer that slept through them is not late.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

EVERY: Final = timedelta(hours=1)
# For so long at most new mail may be tracked to somebody who pressed stop in mail of an earlier channel.
LOOK_EVERY: Final = timedelta(minutes=5)
TICK_S: Final = 60.0
_JOIN_S: Final = 1.0


class Duties:
    """The thread; `age` and `look` are called on it and raise nothing that may happen."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        age: Callable[[], None],
        look: Callable[[], None],
        tick_s: float = TICK_S,
    ) -> None:
        """Do nothing yet."""
        self._clock = clock
        self._age = age
        self._look = look
        self._tick_s = tick_s
        self._is_wanted = threading.Event()
        self._is_stopping = False
        # A daemon, because quitting must not wait for a relay that does not answer.
        self._thread = threading.Thread(target=self._run, name="duties", daemon=True)

    def start(self) -> None:
        """Begin, with all of it; once."""
        self._thread.start()

    def ask(self) -> None:
        """Have earlier relays asked soon; from any thread, never waits."""
        self._is_wanted.set()

    def stop(self) -> None:
        """Begin nothing more; wait a second at most for what is under way."""
        self._is_stopping = True
        self._is_wanted.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        aged_at: datetime | None = None
        looked_at: datetime | None = None
        while not self._is_stopping:
            is_asked = self._is_wanted.is_set()
            self._is_wanted.clear()
            now = self._clock()
            if _is_due(aged_at, now, EVERY):
                self._age()
                aged_at = now
            if is_asked or _is_due(looked_at, now, LOOK_EVERY):
                self._look()
                looked_at = now
            self._is_wanted.wait(self._tick_s)


def _is_due(done_at: datetime | None, now: datetime, every: timedelta) -> bool:
    """Return whether it is time again; a clock that was set back is no reason to wait for years."""
    return done_at is None or not timedelta() <= now - done_at < every
