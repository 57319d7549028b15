"""A connection to a provider in words: commands out, replies in, as they come (RFC 5321 4.2).

It takes over from smtplib once that has signed in: a reply is read with one call, where a mail waits for five of them.
Every method blocks; any raises OSError when the connection fails.
"""

import contextlib
import select
import socket
from typing import Final

_CHUNK_BYTES: Final = 16_384
# Far beyond what any server says (RFC 5321 4.5.3.1.5 allows 512 octets a line).
_MAX_REPLY_BYTES: Final = 65_536


class Line:
    """Used by one thread at a time, except for `wake`."""

    def __init__(self, sock: socket.socket, *, wait_s: float) -> None:
        """Take over a connection on which nothing is under way; `wait_s` is how long anything may take."""
        self._socket = sock
        self._buffer = bytearray()
        self.wait(wait_s)

    def wait(self, seconds: float) -> None:
        """Set how long anything may take from now on."""
        self._socket.settimeout(seconds)

    def send(self, octets: bytes) -> None:
        """Send octets."""
        self._socket.sendall(octets)

    def reply(self) -> tuple[int, bytes]:
        """Return the next reply's code, -1 for what is no reply, and its text with LF between its lines."""
        # Not sticky: an answer to a command sent ahead would hold up the next one in the server's Nagle.
        acknowledge_at_once(self._socket)
        lines = []
        while True:
            line = self._line()
            lines.append(line[4:].strip(b" \t\r\n"))
            if not line[:3].isdigit():
                return -1, b"\n".join(lines)
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            octets = self._socket.recv(_CHUNK_BYTES)
            if not octets:
                raise ConnectionResetError("closed")
            self._buffer += octets
            if len(self._buffer) > _MAX_REPLY_BYTES:
                raise ConnectionAbortedError("not an answer")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def has_ended(self) -> bool:
        """Return whether an idle connection's server said something by itself: 421, or that it closed."""
        readable, _, _ = select.select([self._socket], [], [], 0)
        return bool(readable or self._buffer)

    def close(self) -> None:
        """Close without a word."""
        self._socket.close()

    def wake(self) -> None:
        """End whatever another thread waits for on this connection."""
        # SSLSocket.shutdown() would first forget its TLS state under the other thread's feet.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def acknowledge_at_once(sock: socket.socket) -> None:
    """Spare the 40 ms that a server with TLS 1.3 waits for our acknowledgement of its session tickets (Nagle)."""
    if hasattr(socket, "TCP_QUICKACK"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
