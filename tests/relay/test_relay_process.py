"""The relay as it is really started: `python -m relay serve`, killed with -9, its files searched."""

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from relay.__main__ import main
from relay.wire.clock import PracticeClock
from tests.relay.desk import START_MS, TAG, Clock, Desk

ROOT = Path(__file__).resolve().parents[2]


class RealClock(Clock):
    """The clock the process keeps."""

    def __init__(self, practice: PracticeClock) -> None:
        super().__init__()
        self.ms = practice.now_ms()


class Process:
    """A relay process of this test's own."""

    def __init__(self, data: Path, *flags: str) -> None:
        command = [sys.executable, "-m", "relay", "serve", "--data", str(data), "--port", "0", *flags]
        self.log = (data.parent / f"{data.name}.log").open("a+b")
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self.log)
        assert self.process.stdout is not None
        self.announced = self.process.stdout.readline().decode()
        self.base = self.announced.split()[-1]

    def kill(self) -> None:
        """Kill with -9."""
        self.process.kill()
        self.process.wait(10)

    def end(self) -> int:
        """Ask to stop, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(15)
        self.close()
        return code

    def close(self) -> None:
        """Kill if it still runs, and close the pipes."""
        self.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()


@contextmanager
def process(data: Path, *flags: str) -> Iterator[Process]:
    """Run a relay process and give it up afterwards."""
    one = Process(data, *flags)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[PracticeClock]:
    """Give a practice clock's file, as both sides map it."""
    clock = PracticeClock(tmp_path / "clock")
    yield clock
    clock.close()


def flags_of(tmp_path: Path) -> list[str]:
    return ["--open-registration", "--practice-clock", str(tmp_path / "clock"), "--trusted-proxy", "127.0.0.0/8"]


def shoot(desk: Desk, answered: list[bytes], is_loaded: threading.Event, number: int) -> None:
    """Open pictures on one connection until the relay is gone, noting whose answer came back whole."""
    session = requests.Session()
    try:
        while True:
            random_id = number.to_bytes(4, "big") + os.urandom(8)
            if session.get(desk.open_url(random_id=random_id), timeout=10).status_code == 200:
                answered.append(random_id)
            if len(answered) >= 60:
                is_loaded.set()
    except requests.RequestException:
        session.close()


@pytest.mark.timeout(240)
def test_killed_ten_times_under_load_no_answered_hit_is_lost(tmp_path: Path, practice: PracticeClock) -> None:
    """Whatever was answered before a kill -9 is fed after the next start, ten times over."""
    data = tmp_path / "relay"
    desk: Desk | None = None
    expected: set[bytes] = set()
    for _ in range(10):
        with process(data, *flags_of(tmp_path)) as relay:
            if desk is None:
                desk = Desk(relay.base, RealClock(practice))
            desk.base = relay.base
            answered: list[bytes] = []
            load = (desk, answered, threading.Event())
            shooters = [threading.Thread(target=shoot, args=(*load, number)) for number in range(4)]
            for shooter in shooters:
                shooter.start()
            assert load[2].wait(20)
            relay.kill()
            for shooter in shooters:
                shooter.join()
            expected.update(answered)
    assert desk is not None
    fed: set[bytes] = set()
    with process(data, *flags_of(tmp_path)) as relay:
        desk.base = relay.base
        while rows := desk.poll(lease="e" * 32)["rows"]:
            fed.update(hit.token_id for hit in desk.opened(rows))
            desk.acknowledge(rows)
    desk.close()
    assert expected - fed == set()


def test_a_stop_answered_before_a_kill_holds_after_it_even_without_the_database(
    tmp_path: Path, practice: PracticeClock
) -> None:
    """Kill -9 right after the 200, the database deleted: the tag is still stopped."""
    data = tmp_path / "relay"
    with process(data, *flags_of(tmp_path)) as relay:
        desk = Desk(relay.base, RealClock(practice))
        assert desk.session.post(desk.stop_url(), timeout=10).status_code == 200
        relay.kill()
    with process(data, *flags_of(tmp_path)) as relay:
        desk.base = relay.base
        desk.get(desk.open_url())
        assert desk.hits() == []
        desk.get(desk.open_url(tag=b"another1"))
        assert len(desk.hits()) == 1
        relay.kill()
    for lost in data.glob("relay.sqlite3*"):
        lost.unlink()
    with process(data, *flags_of(tmp_path)):
        assert f"{desk.channel_id.hex()} {TAG.hex()}" in (data / "stops.txt").read_text()
    desk.close()


def test_what_a_request_said_is_in_no_file_and_no_log(tmp_path: Path, practice: PracticeClock) -> None:
    """A planted address, agent and mark are in neither the files nor the log, in clear, base64 or hex."""
    data = tmp_path / "relay"
    marks = ["203.0.113.77", "PlantedAgent", "planted-mark", "planted@example.org"]
    with process(data, *flags_of(tmp_path), "--contact", "ops@example.com") as relay:
        desk = Desk(relay.base, RealClock(practice))
        headers = {"X_Forwarded_For": marks[0], "user_agent": marks[1], "Accept_Language": marks[2]}
        desk.get(desk.open_url(), **headers)
        desk.get(desk.click_url(b"https://example.org/?planted@example.org"), **headers)
        desk.get(f"{relay.base}/open/planted-mark", **headers)
        desk.get(f"{relay.base}/planted-mark?planted@example.org", **headers)
        desk.session.post(desk.stop_url(), headers={"X-Forwarded-For": marks[0]}, data="planted-mark", timeout=10)
        [opened, clicked] = desk.hits()
        assert relay.end() in {0, -signal.SIGTERM}
    desk.close()
    assert (str(opened.network), opened.agent, clicked.agent) == ("203.0.113.0/24", marks[1], marks[1])
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert desk.channel_id in kept  # The search looks where things are.
    for mark in marks:
        for form in (mark.encode(), mark.encode().hex().encode(), base64.b64encode(mark.encode())[:-4]):
            assert form not in kept
    assert (tmp_path / "relay.log").read_bytes() == b""


def test_the_practice_clock_moves_the_relay_on(tmp_path: Path, practice: PracticeClock) -> None:
    """Ninety-one days passed on the shared clock expire a token for the running process."""
    with process(tmp_path / "relay", *flags_of(tmp_path)) as relay:
        desk = Desk(relay.base, RealClock(practice))
        url = desk.open_url()
        desk.get(url)
        [hit] = desk.hits()
        assert hit.at_ms > START_MS
        practice.advance(91 * 86_400)
        desk.get(url)
        assert desk.hits() == [hit]
        desk.get(desk.open_url(days_ago=-91))
        assert hit.at_ms + 90 * 86_400_000 < desk.hits()[-1].at_ms
        desk.close()


def test_the_line_it_prints_is_where_it_listens(tmp_path: Path) -> None:
    """One line, the free port in it, and nothing else on standard output."""
    with process(tmp_path / "relay") as relay:
        assert relay.announced == f"listening on {relay.base}\n"
        assert requests.get(f"{relay.base}/health", timeout=10).json() == {"healthy": True}
        assert relay.process.stdout is not None
        assert relay.end() in {0, -signal.SIGTERM}


def test_without_a_contact_it_says_so_in_one_line(tmp_path: Path) -> None:
    """One line on standard error, before it listens; none where a contact is set."""
    for flags, lines in (([], 1), (["--contact", "ops@example.com"], 0)):
        data = tmp_path / f"relay{lines}"
        with process(data, *flags):
            said = data.with_name(f"{data.name}.log").read_text()
        assert (said.count("no --contact is set"), said.count("\n")) == (lines, lines)


def test_where_the_figures_are_is_said_first(tmp_path: Path) -> None:
    """With a listener for figures its address is printed too, and they are there."""
    with process(tmp_path / "relay", "--metrics", "0") as relay:
        assert relay.announced.startswith("figures on http://127.0.0.1:")
        assert "readback_relay_healthy 1.0" in requests.get(relay.base, timeout=10).text


def test_the_secrets_are_the_owners_alone(tmp_path: Path) -> None:
    """Folder 0700 and every file 0600; a secrets file that others may read is refused."""
    data = tmp_path / "relay"
    with process(data):
        assert data.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in data.iterdir()} == {0o600}
    (data / "secrets.json").chmod(0o644)
    assert main(["serve", "--data", str(data), "--port", "0"]) == 2
