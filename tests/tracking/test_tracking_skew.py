"""Hits are dated by the desktop's clock, whatever the relay's shows and however an answer was held up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.core.verdict import Verdict
from desktop.tracking.skew import Skew
from relay.wire.clock import PracticeClock
from relay.wire.hit import HitKind
from tests.fakes.relay_process import RelayProcess
from tests.fakes.samples import hit
from tests.tracking.desktop_side import DesktopSide, fetch, now
from tests.tracking.scripted import batch, run_scripted, sealed

MINUTE_MS = 60_000
WAY_S = 0.2
START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


class Times:
    """A desktop's clock and the time that really passes, both moved by hand, and a relay that is ahead."""

    def __init__(self) -> None:
        self.clock_s = 0.0
        self.passed_s = 0.0
        self.ahead_ms = 0
        self.skew = Skew(lambda: START + timedelta(seconds=self.clock_s), monotonic=lambda: self.passed_s)

    def pass_(self, passed_s: float) -> None:
        """Let time pass."""
        self.clock_s += passed_s
        self.passed_s += passed_s

    def poll(
        self, *, way_s: float = WAY_S, meanwhile: Callable[[], None] | None = None, held_up_s: float = 0.0
    ) -> bool:
        """Poll for a second; `meanwhile` happens before the relay answers, and the answer may be held up."""
        self.skew.asked(1.0)
        self.pass_(2 * way_s)
        self.skew.admitted()
        if meanwhile is not None:
            meanwhile()
        self.pass_(1.0)
        true_ms = round((START.timestamp() + self.clock_s) * 1000)
        self.pass_(way_s + held_up_s)
        self.skew.arriving()
        return self.skew.learn(true_ms + self.ahead_ms)

    def set_clock(self, by_s: float) -> Callable[[], None]:
        """Return what sets the desktop's clock on, or back; the relay's stays, so that it is ahead by so much less."""

        def work() -> None:
            self.clock_s += by_s
            self.ahead_ms -= round(by_s * 1000)

        return work


@pytest.mark.parametrize("ahead_ms", [MINUTE_MS, -MINUTE_MS, 2_001, -2_001, 0, 2_000, -2_000])
def test_an_answer_tells_how_far_the_relay_is_ahead(ahead_ms: int) -> None:
    """To the millisecond, once the answer's way is taken off; up to two seconds are none."""
    times = Times()
    assert times.skew.ahead_ms == 0
    times.ahead_ms = ahead_ms
    assert times.poll()
    assert times.skew.ahead_ms == (ahead_ms if abs(ahead_ms) > 2_000 else 0)


def test_what_connecting_took_is_no_answers_way() -> None:
    """Ten seconds until the headers came are not taken for five of an answer's way."""
    times = Times()
    times.skew.asked(1.0)
    times.pass_(10.0)
    times.skew.admitted()
    times.skew.arriving()
    assert not times.skew.learn(round((START.timestamp() + times.clock_s) * 1000))
    times.ahead_ms = MINUTE_MS
    times.skew.asked(1.0)
    times.pass_(5.0)
    times.skew.admitted()
    times.skew.arriving()
    assert times.skew.learn(round((START.timestamp() + times.clock_s) * 1000) + MINUTE_MS)
    assert times.skew.ahead_ms == MINUTE_MS + 1_000


@pytest.mark.parametrize("is_first", [True, False])
def test_one_answer_that_was_held_up_changes_nothing(is_first: bool) -> None:
    """Three seconds late, it makes the relay seem behind; the others beside it hold."""
    times = Times()
    for number in range(4):
        assert times.poll(held_up_s=3.0 if number == (0 if is_first else 2) else 0.0)
        if number:
            assert times.skew.ahead_ms == 0


def test_a_relay_whose_clock_was_set_is_known_by_its_second_answer() -> None:
    """The newest answers count, not all that ever came."""
    times = Times()
    for _ in range(10):
        times.poll()
    times.ahead_ms = MINUTE_MS
    times.poll()
    times.poll()
    assert times.skew.ahead_ms == MINUTE_MS


@pytest.mark.parametrize("by_s", [60.0, -60.0, 1.5])
def test_a_clock_set_while_an_answer_was_on_its_way_makes_it_tell_nothing(by_s: float) -> None:
    """It may have left before or after; nor does what was learnt by the clock as it was hold; the next answer tells."""
    times = Times()
    times.ahead_ms = MINUTE_MS
    times.poll()
    assert not times.poll(meanwhile=times.set_clock(by_s))
    assert times.skew.ahead_ms == 0
    assert times.poll()
    assert times.skew.ahead_ms == MINUTE_MS - by_s * 1000


def test_a_clock_that_is_slewed_is_steady() -> None:
    """Twin: a correction by parts of a second at a time keeps what was learnt, though they add up."""
    times = Times()
    times.ahead_ms = MINUTE_MS
    for _ in range(10):
        assert times.poll(meanwhile=times.set_clock(0.5))
    assert abs(times.skew.ahead_ms - (MINUTE_MS - 5_000)) <= 1_000


def test_a_clock_set_between_polls_makes_what_was_learnt_void() -> None:
    """A sleep, or a clock that was set, is seen when the next poll begins."""
    times = Times()
    times.ahead_ms = MINUTE_MS
    for _ in range(3):
        times.poll()
    times.set_clock(MINUTE_MS / 1000)()
    assert times.poll()
    assert times.skew.ahead_ms == 0


def test_an_answer_read_long_after_it_was_due_tells_nothing() -> None:
    """Where time counts on in sleep the clock seems steady, but no relay waits that long."""
    times = Times()
    times.ahead_ms = MINUTE_MS
    times.poll()
    assert not times.poll(held_up_s=3_600.0)
    assert times.skew.ahead_ms == MINUTE_MS


@contextmanager
def relay_ahead(folder: Path, ahead_s: float) -> Iterator[RelayProcess]:
    """Serve a relay whose clock is ahead of real time."""
    clock = PracticeClock(folder / "clock")
    clock.advance(ahead_s)
    clock.close()
    relay = RelayProcess(folder / "data")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("READBACK_RELAY_PRACTICE_CLOCK", str(folder / "clock"))
        relay.start()
    try:
        yield relay
    finally:
        relay.stop(is_kill=True)


@pytest.fixture(scope="module", params=[60.0, -60.0, 0.0], ids=["ahead", "behind", "right"])
def skewed_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a relay whose clock is a minute ahead, a minute behind, or right."""
    with relay_ahead(tmp_path_factory.mktemp("skewed"), request.param) as relay:
        yield relay.url


@pytest.fixture
def skewed(skewed_url: str, tmp_path: Path) -> Iterator[DesktopSide]:
    """Return a desktop of that relay."""
    side = DesktopSide(skewed_url, tmp_path / "readback.sqlite")
    yield side
    side.close()


def offsets_s(desk: DesktopSide) -> list[float]:
    """Return how long before now the hits in the store are dated, in seconds."""
    with desk.store.read() as connection:
        rows = connection.execute("SELECT at_ms FROM hit").fetchall()
    return [now().timestamp() - at_ms / 1000 for (at_ms,) in rows]


@pytest.mark.parametrize("is_on", [True, False], ids=["on", "off"])
@pytest.mark.parametrize(("after_s", "verdict"), [(5, Verdict.UNKNOWN), (50, Verdict.PERSON)])
def test_too_early_is_told_by_one_clock(skewed: DesktopSide, after_s: float, verdict: Verdict, is_on: bool) -> None:
    """At 5 s it may be a scanner, at 50 s it is a person, be the desktop on or off when it comes."""
    if is_on:
        skewed.listening()
    picture = skewed.send(ago=timedelta(seconds=after_s))
    fetch(picture)
    if not is_on:
        skewed.listening()
    skewed.wait_until(lambda: len(skewed.verdicts()) == 1)
    assert skewed.verdicts() == [verdict]
    [passed_s] = offsets_s(skewed)
    assert abs(passed_s) < 4


def test_a_clock_both_sides_share_moves_on_while_a_poll_waits(tmp_path: Path) -> None:
    """Forty minutes pass at once for the relay and the desktop: no hit is dated before or after it came."""
    with relay_ahead(tmp_path, 0.0) as relay:
        shared = PracticeClock(tmp_path / "clock")
        desk = DesktopSide(relay.url, tmp_path / "readback.sqlite")
        picture = desk.send()
        desk.listening(clock=lambda: datetime.fromtimestamp(shared.now_ms() / 1000, UTC))
        for number in range(1, 4):
            shared.advance(2_400)
            fetch(picture)
            desk.wait_until(lambda count=number: len(desk.verdicts()) == count)  # type: ignore[misc]
        found = sorted(offsets_s(desk))
        desk.close()
        shared.close()
    assert [abs(each + moved_s) < 10 for each, moved_s in zip(found, (7_200, 4_800, 2_400), strict=True)] == [True] * 3


def test_rows_whose_answer_tells_nothing_are_asked_for_again(
    desk: DesktopSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not stored nor acknowledged at first; the second answer is taken though it tells nothing either."""
    monkeypatch.setattr(Skew, "learn", lambda _self, _relay_ms: False)
    row = sealed(desk, hit(), key=b"row")
    client = run_scripted(desk, batch(), batch(row), batch(row), batch(row))
    assert client.acknowledged == [b"row"]
    with desk.store.read() as connection:
        assert connection.execute("SELECT count(*) FROM hit").fetchone() == (1,)


@pytest.mark.parametrize("is_told", [True, False])
def test_a_relay_cannot_date_a_hit_before_time(desk: DesktopSide, is_told: bool) -> None:
    """Shifted to before 1970 it is as one that cannot be opened; its twin is stored."""
    one = hit(kind=HitKind.OPEN, after_s=-now().timestamp() / 2)
    telling = batch(sealed(desk, one, key=b"one"), now_ms=253_370_764_799_999 if is_told else None)
    client = run_scripted(desk, telling)
    assert client.acknowledged == [b"one"]
    assert desk.pollers[0].state.bad_seals == int(is_told)
