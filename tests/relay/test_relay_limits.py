"""What bad input gets: a 4xx, no echo, and nothing held."""

import asyncio
import json
import logging
import socket
import threading
import time

import pytest

from relay import logs, server
from relay.hits import GIF
from relay.server import MAX_HEAD_BYTES, MAX_URL_BYTES
from tests.relay.desk import Desk, raw

CLOSE = b"Connection: close\r\n\r\n"


def status_of(base: str, octets: bytes) -> int:
    return int(raw(base, octets).split(b" ")[1])


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"GET /" + b"a" * MAX_URL_BYTES + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE, 414),
        (b"GET /" + b"a" * 1_000_000, 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * MAX_HEAD_BYTES + b"\r\n" + CLOSE, 431),
        (b"GET / HTTP/1.1\r\n" + b"X: abcdefgh\r\n" * 3_000 + CLOSE, 431),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000, 431),
        (b"POST /channels HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n" + CLOSE, 413),
        (b"POST /channels HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"800\r\n" + b"a" * 2048
         + b"\r\n" + b"900\r\n" + b"a" * 2304 + b"\r\n", 413),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n" + CLOSE, 400),
        (b"POST /channels HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"e" * 600_000, 431),
        (b"GET /mark-echo HTTP/1.1\r\nHost: x\r\n" + CLOSE, 404),
        (b"PUT /channels HTTP/1.1\r\nHost: x\r\n" + CLOSE, 405),
        (b"CONNECT mark-echo:443 HTTP/1.1\r\nHost: x\r\n" + CLOSE, 400),
    ],
    ids=range(13),
)  # fmt: skip
def test_what_is_too_large_or_no_request_gets_a_4xx(base: str, octets: bytes, expected: int) -> None:
    """Each kind of excess has its status, and the connection is closed."""
    assert status_of(base, octets) == expected


def test_no_refusal_echoes_the_request(base: str) -> None:
    """A mark in path, header or method never comes back."""
    for octets in (
        b"GET /mark-echo HTTP/1.1\r\nHost: mark-echo\r\n" + CLOSE,
        b"GET /open/../mark-echo/ HTTP/1.1\r\nHost: mark-echo\r\n" + CLOSE,
        b"GET /health/ HTTP/1.1\r\nHost: mark-echo\r\n" + CLOSE,
        b"MARK-ECHO / HTTP/1.1\r\n" + CLOSE,
        b"GET /stop/mark-echo/me HTTP/1.1\r\nHost: mark-echo\r\n" + CLOSE,
        b"POST /stop/mark-echo/me HTTP/1.1\r\nHost: mark-echo\r\n" + CLOSE,
    ):
        assert b"mark-echo" not in raw(base, octets).lower()


def test_what_is_within_the_limits_passes(desk: Desk) -> None:
    """A head just under the limit and pipelined requests are served."""
    path = desk.open_url().removeprefix(desk.base).encode()
    long = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nX: " + b"a" * (MAX_HEAD_BYTES - 200) + b"\r\n"
    assert raw(desk.base, long + CLOSE).endswith(GIF)
    short = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n"
    answers = raw(desk.base, (short + b"\r\n") * 49 + short + CLOSE)
    assert answers.count(GIF) == 50
    assert len(desk.hits()) == 51


def test_pictures_answered_directly_and_in_turn_are_the_same_octets(desk: Desk) -> None:
    """The first of two pipelined pictures is answered by the protocol, the second by the application."""
    path = desk.open_url().removeprefix(desk.base).encode()
    one = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n"
    answers = raw(desk.base, one + b"\r\n" + one + b"\r\n" + one + CLOSE).split(GIF)
    in_application = raw(desk.base, b"GET http://x" + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE)
    assert (len(answers), answers[3]) == (4, b"")
    assert answers[0] == answers[1]
    assert answers[2] + GIF == raw(desk.base, one + CLOSE) == in_application
    assert len(desk.hits()) == 5


def test_requests_behind_a_picture_are_answered_in_turn(desk: Desk) -> None:
    """A picture with a body nobody needs, then others on the same connection, in their order."""
    path = desk.open_url().removeprefix(desk.base).encode()
    octets = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"a" * 100_000
    answer = raw(desk.base, octets + b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET " + path + b" HTTP/1.0\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.index(GIF) < answer.index(b'"healthy"') < answer.rindex(GIF)
    assert len(desk.hits()) == 2


def test_who_leaves_before_the_picture_comes_is_stored_all_the_same(desk: Desk) -> None:
    """A request was made; a client that hangs up at once does not unmake it."""
    desk.poll()
    host, _, port = desk.base.removeprefix("http://").rpartition(":")
    waiting = desk.poll_raw(wait_s=20, stream=True)
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"GET {desk.open_url().removeprefix(desk.base)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert len(waiting.json()["rows"]) == 1


def test_an_endless_head_is_not_held(base: str) -> None:
    """Sending goes on for megabytes only until the relay has hung up."""
    host, _, port = base.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall(b"a" * 600_000_000)


def test_a_connection_is_given_up_when_idle_and_not_while_it_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing asked, or nothing more after an answer, ends it; a poll that waits longer than that is answered."""
    monkeypatch.setattr(server, "KEEP_ALIVE_S", 0.2)
    assert raw(desk.base, b"") == b""
    picture = desk.open_url().removeprefix(desk.base)
    for path in (picture, "/health"):
        answer = raw(desk.base, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 200 OK")
    desk.acknowledge(desk.poll()["rows"])
    begun = time.monotonic()
    assert desk.poll(wait_s=0.9)["rows"] == []
    assert time.monotonic() - begun >= 0.9


def test_a_head_that_does_not_come_is_given_up(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a head is hung up on without an answer."""
    monkeypatch.setattr(server, "HEAD_WAIT_S", 0.1)
    assert raw(base, b"GET /health HTTP/1.1\r\nHost:") == b""


def test_who_leaves_in_the_middle_of_a_body_harms_nobody(desk: Desk) -> None:
    """A POST cut off stores nothing and the relay goes on."""
    host, _, port = desk.base.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST /stops HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    assert desk.exchange([]) == []


def test_a_log_line_of_others_holds_no_word_of_theirs() -> None:
    """Uvicorn's and asyncio's messages, arguments and exceptions are reduced to place and type; our own are kept."""
    with pytest.raises(ValueError, match="mark") as caught:
        int("mark of a request")
    trouble = (caught.type, caught.value, caught.tb)
    theirs = logging.LogRecord("uvicorn.error", logging.ERROR, "/x/on.py", 7, "mark %s", ("mark",), trouble)
    line = logs.Discreet().format(theirs)
    assert "mark" not in line
    assert line.startswith("ERROR uvicorn.error: from on.py:7 (ValueError at test_relay_limits.py:")
    ours = logging.LogRecord("relay.eventlog", logging.ERROR, "/x/y.py", 7, "a sentence", (), None)
    assert logs.Discreet().format(ours) == "ERROR relay.eventlog: a sentence"


def test_a_thread_that_dies_is_logged_without_its_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in the worker names its place; what it quotes stays out."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logs.set_up()

    def break_down() -> None:
        raise ValueError("mark of a request")

    thread = threading.Thread(target=break_down, name="eventlog")
    thread.start()
    thread.join()
    written = capsys.readouterr().err
    assert "thread eventlog ended by a bug (ValueError at test_relay_limits.py:" in written
    assert "mark" not in written


def test_json_of_the_exchange_may_be_large(desk: Desk) -> None:
    """Twenty thousand stops fit in one exchange."""
    tags = [number.to_bytes(8, "big") for number in range(20_000)]
    assert len(json.dumps([tag.hex() for tag in tags])) > 399_999
    assert desk.exchange(tags) == tags


def test_a_body_that_does_not_come_is_given_up() -> None:
    """After the wait the request is answered 408 instead of being held."""
    from starlette.exceptions import HTTPException
    from starlette.requests import Request

    from relay.body import read_body

    async def never() -> dict[str, object]:
        await asyncio.Event().wait()
        return {}

    request = Request({"type": "http", "headers": [], "method": "POST"}, never)
    with pytest.raises(HTTPException) as caught:
        asyncio.run(read_body(request, 10, wait_s=0.01))
    assert caught.value.status_code == 408
