"""A mail client's connection as octets: commands in, content in, replies out, and whether the client is still there.

It is a protocol of its own, not asyncio's stream reader: a client's end must be seen while its mail is on the way to
the provider, and the first octet after a reply is the proof that the reply was read.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from desktop.outgoing.replies import Reply
from desktop.outgoing.transparency import END_OF_DATA

# RFC 4954 4: an AUTH line may have 12,288 octets; every other command is far shorter.
MAX_LINE_BYTES: Final = 12_288
_PAUSE_ABOVE_BYTES: Final = 1_048_576


class ClientLeftError(Exception):
    """The connection ended, or the client said nothing for too long."""


class LineTooLongError(Exception):
    """The command line was longer than any there is; it has been read to its end."""


class Wire(asyncio.Protocol):
    """One connection; its coroutines are awaited by one task."""

    def __init__(self, on_connected: Callable[["Wire"], None]) -> None:
        """Call `on_connected` once there is a transport."""
        self._on_connected = on_connected
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._is_paused = False
        self._is_interrupted = False
        self.is_ended = False
        # Called with True at octets or a clean end, with False when the connection broke.
        self.on_sign: Callable[[bool], None] = lambda _was_read: None
        self.on_end: Callable[[], None] = lambda: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the dialogue."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a listener needs a stream transport")
        self._transport = transport
        self._on_connected(self)

    def data_received(self, data: bytes) -> None:
        """Keep what came until it is asked for."""
        self.on_sign(True)
        self._buffer += data
        self._arrived.set()
        if len(self._buffer) > _PAUSE_ABOVE_BYTES and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Take note of a clean end; a reply can still be written."""
        self.on_sign(True)
        self._end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note of an end, clean or not."""
        if exc is not None:
            self.on_sign(False)
        self._end()

    def _end(self) -> None:
        if not self.is_ended:
            self.is_ended = True
            self._arrived.set()
            self.on_end()

    async def read_line(self, wait_s: float) -> bytes:
        """Return one line without its end, which may be a bare LF in a command; raise ClientLeftError."""
        skipped = False
        while True:
            end = self._buffer.find(b"\n")
            if end >= 0:
                line = bytes(self._buffer[:end])
                self._take(end + 1)
                if skipped or len(line) > MAX_LINE_BYTES:
                    raise LineTooLongError
                return line.removesuffix(b"\r")
            if len(self._buffer) > MAX_LINE_BYTES:
                self._take(len(self._buffer))
                skipped = True
            await self._more(wait_s)

    async def read_content(self, max_bytes: int, wait_s: float) -> bytes | None:
        """Return the octets before CRLF.CRLF with their last CRLF, or None when they were more than `max_bytes`.

        Only that exact sequence ends a message (RFC 5321 4.1.1.4); raises ClientLeftError when it never comes.
        """
        # The first line has no CRLF before it, but may be the dot.
        kept = bytearray(b"\r\n")
        is_over = False
        while True:
            kept += self._buffer
            searched_from = max(0, len(kept) - len(self._buffer) - len(END_OF_DATA) + 1)
            self._take(len(self._buffer))
            end = kept.find(END_OF_DATA, searched_from)
            if end >= 0:
                self._buffer[:0] = kept[end + len(END_OF_DATA) :]
                self._arrived.set()
                is_over = is_over or end > max_bytes
                return None if is_over else bytes(kept[2 : end + 2])
            if len(kept) > max_bytes + len(END_OF_DATA):
                is_over = True
                del kept[: -len(END_OF_DATA)]
            await self._more(wait_s)

    def _take(self, count: int) -> None:
        del self._buffer[:count]
        if self._is_paused and len(self._buffer) <= _PAUSE_ABOVE_BYTES and self._transport is not None:
            self._is_paused = False
            with contextlib.suppress(RuntimeError):
                self._transport.resume_reading()

    async def _more(self, wait_s: float) -> None:
        """Wait for octets beyond those there are."""
        if self.is_ended or self._is_interrupted:
            raise ClientLeftError
        self._arrived.clear()
        try:
            await asyncio.wait_for(self._arrived.wait(), wait_s)
        except TimeoutError:
            raise ClientLeftError from None
        if self._is_interrupted:
            raise ClientLeftError

    def interrupt(self) -> None:
        """End the wait for what the client says next, as if it had left."""
        self._is_interrupted = True
        self._arrived.set()

    def write(self, reply: Reply) -> None:
        """Send a reply; after the end of the connection it goes nowhere."""
        self.write_octets(reply.spell())

    def write_octets(self, octets: bytes) -> None:
        """Send octets."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    def close(self) -> None:
        """Close once everything written has left."""
        if self._transport is not None:
            self._transport.close()
