"""Whoever sends slowly, reads slowly, sends too much at once or sends no HTTP: hung up on, and the relay goes on."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from ipaddress import ip_network
from pathlib import Path

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from relay import server
from relay.counts import Counts
from relay.database import Database, StorageError
from relay.hits import GIF
from relay.limits import DEFAULT
from relay.server import MAX_PIPELINED
from relay.wire import seal
from tests.fakes.hostile import Hostile
from tests.relay.desk import Clock, Desk, Running, raw, running, spell

CLOSE = b"Connection: close\r\n\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n"
MARK = "mark-5f0e1d7c"
PICTURE = b"GET /open/" + b"A" * 72 + b".gif HTTP/1.1\r\nHost: x\r\n\r\n"
TRUSTED = (ip_network("127.0.0.0/8"),)
KEY = spell(seal.public_key_of(bytes(range(1, 33))))  # The same in every worker: it stands in names of tests.


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve behind a proxy on this machine, one relay for all tests that need no other."""
    with running(tmp_path_factory.mktemp("relay"), Clock(), trusted_proxies=TRUSTED) as served:
        yield served


@pytest.fixture
def relay(serving: Running) -> Running:
    """Give the relay with nothing counted."""
    for name, nothing in asdict(Counts()).items():
        setattr(serving.counts, name, nothing)
    return serving


@contextmanager
def connected(base: str) -> Iterator[socket.socket]:
    """Connect and give the connection."""
    host, _, port = base.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        yield connection


def until(condition: Callable[[], bool]) -> bool:
    """Wait until something is so, ten seconds at most."""
    deadline_s = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline_s:
        threading.Event().wait(0.005)
    return condition()


def statuses_of(answer: bytes) -> list[int]:
    """Return the statuses of all answers on one connection."""
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def test_a_body_that_trickles_is_given_up(relay: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a body that nobody waits for does not hold its connection; one that comes whole is taken."""
    monkeypatch.setattr(server, "BODY_WAIT_S", 0.1)
    head = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
    assert statuses_of(raw(relay.base, head + b"\r\nab")) == [404]
    assert relay.counts.connections_cut == 1
    assert statuses_of(raw(relay.base, head + CLOSE + b"abcde")) == [404]
    assert relay.counts.connections_cut == 1


def send_until_refused(connection: socket.socket, octets: bytes) -> int:
    """Send the same again and again, reading nothing, until the connection takes no more; return how often."""
    connection.settimeout(0.5)
    for times in range(10_000):
        try:
            connection.sendall(octets)
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            return times
    return times


def test_who_does_not_read_the_answers_is_cut_off(relay: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures asked for without end, and no answer read: the relay stops reading, and hangs up after a while."""
    monkeypatch.setattr(server, "WRITE_WAIT_S", 0.2)
    with connected(relay.base) as connection:
        assert send_until_refused(connection, PICTURE * 100) < 9_999
        assert until(lambda: relay.counts.connections_cut == 1)
    assert raw(relay.base, HEALTH + CLOSE).startswith(b"HTTP/1.1 200")


def test_who_reads_late_gets_everything(relay: Running) -> None:
    """Pictures asked for until nothing more is taken are all answered once they are read."""
    with connected(relay.base) as connection:
        times = send_until_refused(connection, PICTURE * 100)
        held = relay.counts.pictures
        answer = bytearray()
        while answer.count(GIF, -200) == 0 or len(answer) < held * 300:
            answer += connection.recv(1 << 20)
        assert until(lambda: relay.counts.pictures > held)
        assert held < (times + 1) * 100
    assert relay.counts.connections_cut == 0


def test_more_than_so_many_requests_behind_one_another_are_refused(relay: Running) -> None:
    """What was asked for first is answered, then comes a 429 and the end; as many as may be are all answered."""
    answered = statuses_of(raw(relay.base, (HEALTH + b"\r\n") * (MAX_PIPELINED + 20)))
    assert answered == [200] * (MAX_PIPELINED + 1) + [429]
    assert statuses_of(raw(relay.base, (HEALTH + b"\r\n") * MAX_PIPELINED + HEALTH + CLOSE)) == [200] * 65


def test_what_was_asked_before_nonsense_is_answered(relay: Running) -> None:
    """Two requests that are HTTP get their answers, then what is none gets its refusal."""
    octets = (HEALTH + b"\r\n") * 2
    assert statuses_of(raw(relay.base, octets + b"nonsense\r\n\r\n" + octets)) == [200, 200, 400]
    broken = b"POST /channels HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    assert statuses_of(raw(relay.base, broken)) == [400]
    assert statuses_of(raw(relay.base, octets + broken)) == [200, 200, 400]


@pytest.mark.parametrize(
    "last",
    [
        b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /health HTTP/1.0\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"GET /open/x.gif HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
)
def test_nothing_behind_the_last_request_is_a_request(relay: Running, last: bytes) -> None:
    """A picture smuggled behind what ends the connection is neither answered nor stored; before it, it is."""
    desk = Desk(relay.base)
    picture = b"GET " + desk.open_url().removeprefix(desk.base).encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    assert statuses_of(raw(relay.base, last + picture)) == [200]
    assert relay.counts.hits_stored == 0
    assert statuses_of(raw(relay.base, picture + last)) == [200, 200]
    assert relay.counts.hits_stored == 1
    desk.close()


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: 5, 5",
        b"Content-Length: +5",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding : chunked",
        b"X: a\r\n Transfer-Encoding: chunked",
        b"Transfer-Encoding:\x0bchunked",
    ],
)
def test_a_body_that_two_readers_may_end_elsewhere_is_refused(relay: Running, framing: bytes) -> None:
    """Every known form of request smuggling ends the connection; the plain form of each is served."""
    smuggled = b"\r\n\r\n0\r\n\r\n" + HEALTH + b"\r\n"
    assert statuses_of(raw(relay.base, b"POST /nowhere HTTP/1.1\r\nHost: x\r\n" + framing + smuggled)) == [400]
    plain = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked"
    assert statuses_of(raw(relay.base, plain + b"\r\n\r\n0\r\n\r\n" + HEALTH + CLOSE)) == [404, 200]


def heard_by(connection: socket.socket, octets: bytes) -> bytes:
    """Return what is answered; nothing where the connection is closed or reset, whichever the system makes of it."""
    try:
        connection.sendall(octets)
        return connection.recv(1)
    except (ConnectionResetError, BrokenPipeError):
        return b""


def test_one_network_holds_so_many_connections(tmp_path: Path, clock: Clock) -> None:
    """In all and by network: one more is closed unheard, and taken when another has gone."""
    with running(tmp_path, clock, limits=replace(DEFAULT, connections_in_all=2)) as relay:
        with connected(relay.base), connected(relay.base):
            with connected(relay.base) as third:
                assert heard_by(third, HEALTH + b"\r\n") == b""
            assert relay.counts.connections_refused == 1
        assert until(lambda: raw(relay.base, HEALTH + CLOSE).startswith(b"HTTP/1.1 200"))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 4_000,
        b'{"a":' * 700,
        json.dumps({"invite": "\ud800", "public_key": KEY}).encode(),
        json.dumps({"invite": "é", "public_key": KEY}).encode(),
    ],
)
def test_a_registration_meant_to_break_the_relay_does_not(tmp_path: Path, clock: Clock, body: bytes) -> None:
    """Where invites are asked for, nesting and lone surrogates are refused; pictures are stored afterwards."""
    with running(tmp_path, clock, open_registration=False) as relay:
        assert requests.post(f"{relay.base}/channels", data=body, timeout=10).status_code == 400
        good = json.dumps({"invite": "unknown", "public_key": KEY}).encode()
        assert requests.post(f"{relay.base}/channels", data=good, timeout=10).status_code == 403
        assert requests.get(f"{relay.base}/health", timeout=10).json() == {"healthy": True}


def test_a_full_disk_registers_nobody_and_answers_pictures(
    relay: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk at the relay refuses registration and answers pictures without storing, counted; later both work."""
    desk = Desk(relay.base)
    stored = desk.get(desk.open_url())

    def full(*_: object) -> None:
        raise StorageError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(Database, "commit", full)
        refused = requests.post(f"{relay.base}/channels", json={"invite": None, "public_key": KEY}, timeout=10)
        assert (refused.status_code, refused.json()["error"][:38]) == (503, "The relay cannot write its files now, ")
        assert desk.get(desk.open_url()).content == stored.content
        assert desk.get(desk.click_url()).status_code == 302
    assert (relay.counts.hits_stored, relay.counts.hits_disk_failed) == (1, 2)
    desk.get(desk.open_url())
    assert relay.counts.hits_stored == 2
    Desk(relay.base).close()
    desk.close()
    caplog.clear()


def test_pressing_and_registering_have_limits(tmp_path: Path, clock: Clock) -> None:
    """By link and by network: 429 in four languages, with no word of the request; the next hour is another."""
    limits = replace(DEFAULT, posts_per_link=2, posts_per_network=3, registrations_per_network=1)
    with running(tmp_path, clock, limits=limits, trusted_proxies=TRUSTED) as relay:
        desk = Desk(relay.base, clock)

        def press(url: str, network: str) -> requests.Response:
            headers = {"X-Forwarded-For": network, "User-Agent": MARK}
            return desk.session.post(url, headers=headers, data={MARK: MARK}, timeout=10)

        stop = desk.stop_url()
        assert [press(stop, "198.51.100.1").status_code for _ in range(3)] == [200, 200, 429]
        assert press(desk.stop_url(tag=b"recipie2"), "198.51.100.9").status_code == 429
        refused = press(f"{relay.base}/stop/{MARK}/me", "198.51.100.9")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
        assert MARK not in refused.text
        assert [word in refused.text for word in ("Too many", "Zu viele", "Trop de", "Demasiadas")] == [True] * 4
        assert press(desk.stop_url(tag=b"recipie3"), "203.0.113.1").status_code == 200
        for path in ("/channels", "/%63hannels"):
            answer = press(f"{relay.base}{path}", "192.0.2.7")
        assert answer.status_code == 429
        assert relay.counts.posts_limited == 4
        clock.ms += 3_600_000
        assert press(stop, "198.51.100.1").status_code == 200
        desk.close()


def test_answers_are_counted_by_kind_and_class(relay: Running) -> None:
    """What was asked for and how it was answered are numbers; no path or word of a request is among them."""
    desk = Desk(relay.base)
    desk.get(desk.open_url())
    desk.get(desk.click_url())
    desk.get(desk.stop_url())
    desk.get(f"{relay.base}/{MARK}")
    counts = relay.counts
    assert counts.pictures == 1
    expected = {("desktop", "2xx"): 1, ("link", "3xx"): 1, ("page", "2xx"): 1, ("other", "4xx"): 1}
    assert counts.answers == expected
    assert MARK not in repr(counts)
    desk.close()


def test_who_hangs_up_with_answers_due_leaves_no_trace(relay: Running, caplog: pytest.LogCaptureFixture) -> None:
    """Requests behind one another, then a reset: nothing is logged, and the relay goes on."""
    for _ in range(20):
        with connected(relay.base) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall((HEALTH + b"\r\n") * 50)
    assert raw(relay.base, HEALTH + CLOSE).startswith(b"HTTP/1.1 200")
    assert caplog.get_records("call") == []


@pytest.fixture(scope="module")
def good(serving: Running) -> list[str]:
    """Give paths that the relay knows."""
    desk = Desk(serving.base)
    urls = [desk.open_url(), desk.click_url(), desk.stop_url()]
    desk.close()
    return [url.removeprefix(serving.base) for url in urls]


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_no_hostile_batch_breaks_or_moves_the_relay(serving: Running, good: list[str], seed: int) -> None:
    """Forty requests of any kind on one connection: one answer each, none of the 5xx, none with the mark."""
    answer = raw(serving.base, Hostile(seed, mark=MARK, good=good, key=KEY).batch(40).octets)
    statuses = [status for status in statuses_of(answer) if status != 100]
    assert len(statuses) == 40
    assert max(statuses) < 500
    assert MARK.encode() not in answer
