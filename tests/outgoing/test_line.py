"""A provider's replies as octets."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from desktop.outgoing.line import Line


@contextmanager
def talking() -> Iterator[tuple[Line, socket.socket]]:
    """Give a line and the server at its other end."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        line = Line(socket.create_connection(door.getsockname()), wait_s=10)
        server, _ = door.accept()
    with server:
        yield line, server
    line.close()


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (b"250 2.1.0 Ok\r\n", (250, b"2.1.0 Ok")),
        (b"250\r\n", (250, b"")),
        (b"250-one\r\n250 two\n", (250, b"one\ntwo")),
        (b"HTTP/1.1 400 Bad\r\n", (-1, b"/1.1 400 Bad")),
        (b"\r\n", (-1, b"")),
    ],
)
def test_a_reply_is_read_whole(octets: bytes, reply: tuple[int, bytes]) -> None:
    """One line or several, and what is no reply has a code that is none."""
    with talking() as (line, server):
        for octet in octets:
            server.sendall(bytes([octet]))
        assert reply == line.reply()
        assert not line.has_ended()


def test_replies_that_come_together_are_read_one_by_one() -> None:
    """Two answers in one packet are two answers; with the second unread the connection is not an idle one."""
    with talking() as (line, server):
        server.sendall(b"250 first\r\n354 second\r\n")
        assert line.reply() == (250, b"first")
        assert line.has_ended()
        assert line.reply() == (354, b"second")
        assert not line.has_ended()


@pytest.mark.parametrize("octets", [b"", b"250 hal", b"x" * 70_000])
def test_an_end_or_no_end_of_a_reply_is_a_failure(octets: bytes) -> None:
    """A connection that closes in the middle, or says too much, raises instead of answering."""
    with talking() as (line, server):
        server.sendall(octets)
        server.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionError):
            line.reply()
