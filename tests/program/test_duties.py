"""What a desktop does as time goes by: hourly by the clock, and when it is told to."""

import queue
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from desktop.duties import Duties
from tests.fakes.samples import SENT_AT

WAIT_S = 10.0


class Bench:
    """Duties whose minute is a moment, with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = SENT_AT
        self.looked_at_clock = threading.Semaphore(0)
        self.done: queue.Queue[str] = queue.Queue()
        self.duties = Duties(
            clock=self.clock, age=lambda: self.done.put("age"), look=lambda: self.done.put("look"), tick_s=0.01
        )

    def clock(self) -> datetime:
        """Return the time, and note that it was asked for."""
        self.looked_at_clock.release()
        return self.now

    def next(self, count: int) -> list[str]:
        """Return the next that were done."""
        return [self.done.get(timeout=WAIT_S) for _ in range(count)]

    def pass_rounds(self) -> None:
        """Wait until the clock was looked at a few times more."""
        while self.looked_at_clock.acquire(blocking=False):
            continue
        for _ in range(4):
            assert self.looked_at_clock.acquire(timeout=WAIT_S)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Lend duties at work."""
    made = Bench()
    made.duties.start()
    yield made
    made.duties.stop()


def test_all_is_done_at_the_start_and_every_hour_of_the_clock(bench: Bench) -> None:
    """An hour later it is done again, and a clock that was set back starts a new hour."""
    assert bench.next(2) == ["age", "look"]
    for step in (timedelta(hours=1), -timedelta(days=400)):
        bench.now += step
        assert bench.next(2) == ["age", "look"]


def test_earlier_relays_are_asked_every_five_minutes(bench: Bench) -> None:
    """Not sooner by itself, and what ages is not looked through each time."""
    bench.next(2)
    bench.now += timedelta(minutes=4, seconds=59)
    bench.pass_rounds()
    assert bench.done.empty()
    for _ in range(2):
        bench.now += timedelta(minutes=5)
        assert bench.next(1) == ["look"]


def test_who_asks_has_earlier_relays_asked_at_once(bench: Bench) -> None:
    """That alone: what ages is not looked through for it."""
    bench.next(2)
    bench.duties.ask()
    assert bench.next(1) == ["look"]
    bench.pass_rounds()
    assert bench.done.empty()


def test_once_stopped_nothing_more_is_done(bench: Bench) -> None:
    """Asked in vain, and stopped twice without harm; what was never started is stopped as well."""
    bench.next(2)
    bench.duties.stop()
    bench.duties.ask()
    bench.now += timedelta(hours=2)
    assert bench.done.empty()
    Bench().duties.stop()
