"""A client's connection: what is noted of it while nobody reads, and that nothing said meanwhile is lost."""

import socket
import threading
from collections.abc import Iterator

import pytest

from desktop.outgoing.replies import ours
from desktop.outgoing.wire import ClientLeftError, Wire


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Wire]]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        client = socket.create_connection(door.getsockname())
        accepted, _ = door.accept()
    wire = Wire(accepted, 10)
    with client:
        yield client, wire
    wire.close()


@pytest.fixture
def client(ends: tuple[socket.socket, Wire]) -> socket.socket:
    return ends[0]


@pytest.fixture
def wire(ends: tuple[socket.socket, Wire]) -> Wire:
    return ends[1]


def test_an_end_is_noted_though_nobody_reads(client: socket.socket, wire: Wire) -> None:
    """A client that closed cleanly is known to be gone once somebody looks, and not before."""
    ends: list[str] = []
    signs: list[bool] = []
    wire.on_end = lambda: ends.append("end")
    wire.on_sign = signs.append
    wire.look()
    assert (ends, signs, wire.is_ended) == ([], [], False)
    client.close()
    wire.look()
    wire.look()
    assert (ends, signs, wire.is_ended) == (["end"], [True], True)


def test_a_broken_connection_is_no_sign_of_reading(client: socket.socket, wire: Wire) -> None:
    """A reset is noted as an end after which nothing was certainly read."""
    signs: list[bool] = []
    wire.on_sign = signs.append
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    client.close()
    wire.look()
    assert (signs, wire.is_ended) == ([False], True)


def test_what_came_before_the_look_is_read_after_it(client: socket.socket, wire: Wire) -> None:
    """Commands sent ahead are kept in order, and the end behind them is seen at once."""
    client.sendall(b"MAIL\r\nRCPT\r\n")
    wire.look()
    client.sendall(b"QUIT\r\n")
    client.shutdown(socket.SHUT_WR)
    wire.look()
    assert wire.is_ended
    assert [wire.read_line() for _ in range(3)] == [b"MAIL", b"RCPT", b"QUIT"]
    with pytest.raises(ClientLeftError):
        wire.read_line()


def test_looking_takes_nothing_from_who_reads(client: socket.socket, wire: Wire) -> None:
    """While others look all the time, every line and the content arrive whole and in order."""
    is_over = threading.Event()

    def look() -> None:
        while not is_over.is_set():
            wire.look()

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for each in lookers:
        each.start()
    try:
        for number in range(200):
            client.sendall(b"line %d\r\n" % number)
            assert b"line %d" % number == wire.read_line()
        client.sendall(b"content\r\n.\r\nNOOP\r\n")
        assert wire.read_content(100) == b"content\r\n"
        assert wire.read_line() == b"NOOP"
    finally:
        is_over.set()
        for each in lookers:
            each.join()


def test_an_interrupted_wait_ends_and_a_reply_can_still_be_written(client: socket.socket, wire: Wire) -> None:
    """An interrupt ends the wait of a client that says nothing, and is no sign of reading."""
    signs: list[bool] = []
    wire.on_sign = signs.append
    interrupting = threading.Thread(target=wire.interrupt)
    interrupting.start()
    with pytest.raises(ClientLeftError):
        wire.read_line()
    interrupting.join()
    wire.write(ours("421 4.3.2 Bye."))
    assert (client.recv(100), signs) == (b"421 4.3.2 Bye.\r\n", [])
