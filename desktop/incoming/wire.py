"""The octets of one IMAP connection: imaplib's protocol over a socket that another thread may shut, with bounds.

imaplib believes any size a server names and loses half a line when a read times out; here every line, literal and
answer has a limit, and what has come is kept until it is whole.
"""

import base64
import contextlib
import imaplib
import selectors
import socket
import ssl
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, cast

# A SEARCH answer of two million UIDs is one line; no literal we ask for has more than 131,072 octets.
MAX_LINE_BYTES: Final = 16 * 1024 * 1024
MAX_LITERAL_BYTES: Final = 1024 * 1024
MAX_ANSWER_BYTES: Final = 96 * 1024 * 1024
_READ_BYTES: Final = 262_144
_SENT_BYTES: Final = 65_536
# Seconds of silence until the system asks whether the other side is still there, between questions, and how many.
_KEEP_ALIVE: Final = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait: for a connection, for the next octet of an answer, and for an answer as a whole."""

    connect_s: float = 20.0
    command_s: float = 60.0
    answer_s: float = 600.0


class Plug:
    """What another thread pulls to end whatever one connection waits for; once pulled, nothing connects any more."""

    def __init__(self) -> None:
        """Start with no connection."""
        self._gate = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_pulled = False

    def hold(self, connected: socket.socket) -> None:
        """Take charge of a socket; raise ConnectionAbortedError where the plug was pulled before."""
        with self._gate:
            self._socket = connected
            if self._is_pulled:
                raise ConnectionAbortedError

    def pull(self) -> None:
        """End the connection under way; never waits."""
        with self._gate:
            self._is_pulled = True
            if self._socket is not None:
                # SSLSocket.shutdown() would first forget its TLS state under the other thread's feet.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Bell:
    """Wakes a thread that waits, for a connection or for time to pass."""

    def __init__(self) -> None:
        """Make a pair of sockets: a rung bell is one with an octet to read."""
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)

    def ring(self) -> None:
        """Wake whoever waits, now or next."""
        # Full means that it rings already, closed that nobody listens any more.
        with contextlib.suppress(OSError):
            self._far.send(b"\0")

    def quiet(self) -> bool:
        """Return whether it rang, and end that."""
        with contextlib.suppress(BlockingIOError):
            return bool(self._near.recv(4096))
        return False

    def wait(self, seconds: float, other: socket.socket | None = None) -> bool:
        """Wait until the bell rings, `other` can be read or time is over; return whether it was one of the first."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._near, selectors.EVENT_READ)
            if other is not None:
                selector.register(other, selectors.EVENT_READ)
            return bool(selector.select(max(0.0, seconds)))

    def close(self) -> None:
        """Close both ends."""
        self._near.close()
        self._far.close()


class Wire(imaplib.IMAP4):
    """One connection; raises OSError and imaplib's errors."""

    def __init__(self, host: str, port: int, *, context: ssl.SSLContext | None, plug: Plug, timeouts: Timeouts) -> None:
        """Connect, encrypt at once where there is a context, and read the greeting and the capabilities."""
        self._context = context
        self._plug = plug
        self._timeouts = timeouts
        self._buffer = bytearray()
        self._taken_bytes = 0
        self._ends_at_s = monotonic() + timeouts.answer_s
        super().__init__(host, port)

    def open(self, host: str = "", port: int = 993, timeout: float | None = None) -> None:  # noqa: ARG002
        """Connect; called by imaplib."""
        self.host, self.port = host, port
        self.sock = socket.create_connection((host, port), self._timeouts.connect_s)
        try:
            self._plug.hold(self.sock)
            _keep_alive(self.sock)
            if self._context is not None:
                self._encrypt(self._context)
            self.sock.settimeout(self._timeouts.command_s)
        except BaseException:
            self.sock.close()
            raise

    def _encrypt(self, context: ssl.SSLContext) -> None:
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        # The plug must hold the new object before the handshake, which can take as long as it likes.
        self._plug.hold(self.sock)
        self.sock.do_handshake()

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Encrypt the open connection; what came before and was not asked for is thrown away, as RFC 3501 6.2.1 asks.

        Octets that follow the answer unencrypted are somebody's injection (CVE-2011-0411): the connection ends.
        """
        if self._simple_command("STARTTLS")[0] != "OK":
            raise self.error("STARTTLS refused")
        if self._buffer:
            raise self.abort("octets after STARTTLS")
        self._encrypt(context)
        self.sock.settimeout(self._timeouts.command_s)
        self._get_capabilities()

    def send(self, data: Any) -> None:
        """Send a command or a part of it; the clock and the measure of its answer begin anew."""
        self._taken_bytes = 0
        # A time-out is for one call of `sendall`, however much it sends: a long mail goes in pieces.
        for start in range(0, max(1, len(data)), _SENT_BYTES):
            self.sock.sendall(data[start : start + _SENT_BYTES])
        self._ends_at_s = monotonic() + self._timeouts.answer_s

    def readline(self) -> bytes:
        """Return a line with its end, or what is left where the connection ended."""
        looked_at = 0
        while (end := self._buffer.find(b"\n", looked_at)) < 0:
            looked_at = len(self._buffer)
            if looked_at > MAX_LINE_BYTES:
                raise self.abort("line too long")
            if not self._fill():
                return self._take(len(self._buffer))
        return self._take(end + 1)

    def read(self, size: int) -> bytes:
        """Return exactly `size` octets; a size that nothing we ask for can have ends the connection."""
        if size > MAX_LITERAL_BYTES:
            raise self.abort("literal too large")
        while len(self._buffer) < size:
            if not self._fill():
                raise self.abort("socket error: EOF")
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self) -> bool:
        if monotonic() > self._ends_at_s:
            raise TimeoutError
        octets = self.sock.recv(_READ_BYTES)
        self._buffer += octets
        self._taken_bytes += len(octets)
        if self._taken_bytes > MAX_ANSWER_BYTES:
            raise self.abort("answer too long")
        return bool(octets)

    def line_at_once(self) -> bytes | None:
        """Return a line that has come, None where none is whole yet; raise EOFError where the connection ended."""
        self._ends_at_s = monotonic() + self._timeouts.answer_s
        self.sock.settimeout(0)
        try:
            while b"\n" not in self._buffer:
                if not self._fill():
                    raise EOFError
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        finally:
            self.sock.settimeout(self._timeouts.command_s)
        self._taken_bytes = 0
        return self.readline()

    def shutdown(self) -> None:
        """Close, without a word."""
        self.sock.close()

    def sign_in(self, mechanism: str, secret: bytes, *, at_once: bool) -> tuple[str, bytes]:
        """Authenticate; return the status word and text of the answer.

        The secret goes with the command where the server takes that (SASL-IR, RFC 4959).  A further challenge is a
        bearer's refusal, to be answered with nothing (RFC 7628 3.2.3), after which the server says NO.
        """
        encoded = base64.b64encode(secret)
        tag: bytes = self._new_tag()
        line = tag + b" AUTHENTICATE " + mechanism.encode("ascii")
        if at_once:
            return self._answered(tag, line + b" " + encoded, [b""])
        return self._answered(tag, line, [encoded, b""])

    def log_in(self, user: bytes, password: bytes) -> tuple[str, bytes]:
        """Sign in with LOGIN, both words as literals, which take every octet (RFC 3501 6.2.3)."""
        tag: bytes = self._new_tag()
        line = tag + b" LOGIN {" + str(len(user)).encode() + b"}"
        return self._answered(tag, line, [user + b" {" + str(len(password)).encode() + b"}", password])

    def _answered(self, tag: bytes, line: bytes, answers: list[bytes]) -> tuple[str, bytes]:
        """Send a line and one of the answers to each challenge; return the status word and text of the end."""
        self.send(line + b"\r\n")
        ended: tuple[str, list[bytes]] | None = None
        while ended is None:
            if self._get_response() is None:
                self.send((answers.pop(0) if answers else b"*") + b"\r\n")
            self._check_bye()
            ended = cast("tuple[str, list[bytes]] | None", self.tagged_commands[tag])
        status, texts = ended
        if status == "OK":
            self.state = "AUTH"
        return status, texts[-1]


def _keep_alive(connected: socket.socket) -> None:
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in _KEEP_ALIVE:
        if hasattr(socket, name):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
