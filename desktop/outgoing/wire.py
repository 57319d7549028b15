"""A mail client's connection as octets: commands in, content in, replies out, and whether the client is still there.

It has a thread of its own, which waits for the client and for the provider in turn: between two octets of the one and
of the other nothing is handed from thread to thread.  A client's end must be known while its mail is on the way all the
same, so whoever asks for it looks (`look`); and the first octet after a reply is the proof that the reply was read.
"""

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from typing import Final

from desktop.outgoing.replies import Reply
from desktop.outgoing.transparency import END_OF_DATA

# RFC 4954 4: an AUTH line may have 12,288 octets; every other command is far shorter.
MAX_LINE_BYTES: Final = 12_288
_CHUNK_BYTES: Final = 262_144
_AHEAD_BYTES: Final = 1_048_576
_LOOK_AGAIN_S: Final = 0.01


class ClientLeftError(Exception):
    """The connection ended, or the client said nothing for too long."""


class LineTooLongError(Exception):
    """The command line was longer than any there is; it has been read to its end."""


class Wire:
    """One connection, read and written by one thread; `look` and `interrupt` may be called from any."""

    def __init__(self, connection: socket.socket, wait_s: float) -> None:
        """Take an accepted connection; a client that says nothing for `wait_s` seconds counts as gone."""
        self._socket = connection
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(wait_s)
        self._buffer = bytearray()
        # Held by who reads, and by who looks while nobody reads; the buffer is theirs.
        self._reading = threading.Lock()
        self._receipts = 0
        self._is_interrupted = False
        self.is_ended = False
        # Called with True at octets or a clean end, with False when the connection broke.
        self.on_sign: Callable[[bool], None] = lambda _was_read: None
        self.on_end: Callable[[], None] = lambda: None

    def read_line(self) -> bytes:
        """Return one line without its end, which may be a bare LF in a command; raise ClientLeftError."""
        with self._reading:
            return self._line()

    def _line(self) -> bytes:
        skipped = False
        while True:
            end = self._buffer.find(b"\n")
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                if skipped or len(line) > MAX_LINE_BYTES:
                    raise LineTooLongError
                return line.removesuffix(b"\r")
            if len(self._buffer) > MAX_LINE_BYTES:
                self._buffer.clear()
                skipped = True
            self._more()

    def read_content(self, max_bytes: int) -> bytes | None:
        """Return the octets before CRLF.CRLF with their last CRLF, or None when they were more than `max_bytes`.

        Only that exact sequence ends a message (RFC 5321 4.1.1.4); raises ClientLeftError when it never comes.
        """
        with self._reading:
            return self._content(max_bytes)

    def _content(self, max_bytes: int) -> bytes | None:
        # The first line has no CRLF before it, but may be the dot.
        kept = bytearray(b"\r\n")
        is_over = False
        while True:
            searched_from = max(0, len(kept) - len(END_OF_DATA) + 1)
            kept += self._buffer
            self._buffer.clear()
            end = kept.find(END_OF_DATA, searched_from)
            if end >= 0:
                self._buffer += kept[end + len(END_OF_DATA) :]
                is_over = is_over or end > max_bytes
                return None if is_over else bytes(kept[2 : end + 2])
            if len(kept) > max_bytes + len(END_OF_DATA):
                is_over = True
                del kept[: -len(END_OF_DATA)]
            self._more()

    def _more(self) -> None:
        """Wait for octets beyond those there are."""
        if self.is_ended or self._is_interrupted:
            raise ClientLeftError
        if not self._receive() or self._is_interrupted:
            raise ClientLeftError

    def _receive(self) -> bool:
        try:
            return self._keep()
        finally:
            self._receipts += 1

    def _keep(self) -> bool:
        """Keep what comes and return whether anything did; take note of an end, clean or not."""
        try:
            octets = self._socket.recv(_CHUNK_BYTES)
        except TimeoutError:
            return False
        except OSError:
            self.on_sign(False)
            self._end()
            return False
        if octets:
            self.on_sign(True)
            self._buffer += octets
            return True
        if not self._is_interrupted:
            self.on_sign(True)
        self._end()
        return False

    def _end(self) -> None:
        if not self.is_ended:
            self.is_ended = True
            self.on_end()

    def look(self) -> None:
        """Take note of what the client did by now, though nothing is expected of it."""
        receipts = self._receipts
        while not self.is_ended and self._receipts == receipts and self._is_readable():
            # Whoever reads at this moment takes the same note.
            if self._reading.acquire(timeout=_LOOK_AGAIN_S):
                try:
                    while not self.is_ended and len(self._buffer) < _AHEAD_BYTES and self._is_readable():
                        self._receive()
                finally:
                    self._reading.release()
                return

    def _is_readable(self) -> bool:
        handle = self._socket.fileno()
        if handle < 0:
            return False
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        return bool(waiting.poll(0))

    def interrupt(self) -> None:
        """End the wait for what the client says next, as if it had left; a reply can still be written."""
        self._is_interrupted = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)

    def write(self, reply: Reply) -> None:
        """Send a reply; after the end of the connection it goes nowhere."""
        self.write_octets(reply.spell())

    def write_octets(self, octets: bytes) -> None:
        """Send octets."""
        # What became of a client that takes nothing any more is seen at the next read.
        with contextlib.suppress(OSError):
            self._socket.sendall(octets)

    def close(self) -> None:
        """Close; everything written is on its way, and nothing that lies unread takes it back (RFC 9293 3.10.4)."""
        self.look()
        self._socket.close()
