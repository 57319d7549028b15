"""How far the relay's clock is ahead of this desktop's, so that hits can be dated by the clock that dates the sending.

A scanner comes seconds after the sending, so clocks a minute apart would make a person of it, or a scanner of a person.
Each answer tells the relay's time, and the median of the last few holds.  An answer on whose way the desktop slept or
its clock was set tells nothing, and what was learnt before holds no longer.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Final

# Below this the clocks are taken for one: an answer's way is measured by no more than that.
CLOSE_MS: Final = 2_000
_KEPT: Final = 3
_STEADY_MS: Final = 1_000
# A longer way was spent on connecting, all but a little of it before the relay looked at its clock.
_LONGEST_WAY_MS: Final = 1_000
_LATE_S: Final = 5.0


class Skew:
    """What is told of one poll: asked, admitted (the headers came), arriving (the answer came), learn."""

    def __init__(self, clock: Callable[[], datetime], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Know nothing: the clocks are taken for one."""
        self._clock = clock
        self._monotonic = monotonic
        self._ahead: deque[int] = deque(maxlen=_KEPT)
        self._due_s = self._asked_s = self._admitted_s = self._arrived_s = monotonic()
        self._arrived_ms = self._now_ms()
        self._step_ms = self._arrived_ms - self._arrived_s * 1_000

    def _now_ms(self) -> int:
        return round(self._clock().timestamp() * 1_000)

    @property
    def ahead_ms(self) -> int:
        """How far the relay is ahead: negative if it is behind, 0 when that is too little to matter or not known."""
        if not self._ahead:
            return 0
        # Of two the greater, since an answer that is late makes the relay seem behind.
        found = sorted(self._ahead)[len(self._ahead) // 2]
        return found if abs(found) > CLOSE_MS else 0

    def asked(self, wait_s: float) -> None:
        """Begin to measure; the relay answers within `wait_s`."""
        self._asked_s = self._admitted_s = self._monotonic()
        self._due_s = self._asked_s + wait_s + _LATE_S
        self._is_steady(self._now_ms(), self._asked_s)

    def admitted(self) -> None:
        """Note that the headers came, a round trip after the question."""
        self._admitted_s = self._monotonic()

    def arriving(self) -> None:
        """Note that the answer came."""
        self._arrived_ms, self._arrived_s = self._now_ms(), self._monotonic()

    def learn(self, relay_ms: int) -> bool:
        """Take the time that the answer told; return False if it tells nothing, as there is no saying when it left."""
        if not self._is_steady(self._arrived_ms, self._arrived_s) or self._arrived_s > self._due_s:
            return False
        way_ms = min(_LONGEST_WAY_MS, round((self._admitted_s - self._asked_s) * 500))
        self._ahead.append(relay_ms + way_ms - self._arrived_ms)
        return True

    def _is_steady(self, now_ms: int, at_s: float) -> bool:
        """Return whether the clock went on as time did since the last look; else forget what was learnt by it."""
        step_ms = now_ms - at_s * 1_000
        is_steady = abs(step_ms - self._step_ms) <= _STEADY_MS
        self._step_ms = step_ms
        if not is_steady:
            self._ahead.clear()
        return is_steady
