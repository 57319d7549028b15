"""A mail provider's submission server on loopback: real SMTP with TLS or STARTTLS and AUTH, and bad days on request.

Every message is kept with its exact octets as they came over the wire.  Stages are named by the command that is being
answered: connect, ehlo, starttls, auth, mail, rcpt, data, body, dot, rset, quit.
"""

import base64
import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

USER = "alice@example.test"
PASSWORD = "provider secret ü"


class DroppedError(Exception):
    """This connection ends here."""


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """A certificate authority, a good certificate for 127.0.0.1 and localhost, and its files."""

    ca: trustme.CA
    ca_file: Path

    def context(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """Return a server context with a certificate for `names`."""
        past = datetime(2020, 1, 1, tzinfo=UTC) if expired else None
        leaf = self.ca.issue_cert(*(names or ("127.0.0.1", "localhost")), not_after=past)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        return context


def make_certificates(folder: Path) -> Certificates:
    """Return a fresh authority whose certificate lies in `folder`."""
    ca = trustme.CA()
    ca_file = folder / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    return Certificates(ca=ca, ca_file=ca_file)


@dataclass
class Faults:
    """What goes wrong: replies in place of the good ones, drops, and waits, by stage or by stage and address.

    A reply may also be for one connection: "mail #2".
    """

    replies: dict[str, str] = field(default_factory=dict)
    drops: set[str] = field(default_factory=set)
    waits: dict[str, threading.Event] = field(default_factory=dict)
    # The message is kept and the connection cut before the answer.
    swallow_answer: bool = False
    # As Postfix does: after a refusal at the dot the transaction stands until RSET.
    keeps_refused: bool = False

    def clear(self) -> None:
        """Have a good day again."""
        self.replies.clear()
        self.drops.clear()
        self.waits.clear()
        self.swallow_answer = False
        self.keeps_refused = False


@dataclass(frozen=True, kw_only=True)
class Received:
    """One message: the commands that named it, its content, and the octets between 354 and the dot's CRLF."""

    mail: str
    rcpts: tuple[str, ...]
    content: bytes
    wire: bytes
    connection: int


class Provider:
    """Started by `with`; serves each connection on a thread."""

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        implicit_tls: bool = False,
        extensions: tuple[str, ...] = ("SIZE 26214400", "8BITMIME", "SMTPUTF8", "DSN", "PIPELINING"),
        auth: str = "PLAIN LOGIN",
        offers_starttls: bool = True,
        owner_of: Callable[[str], str | None] = lambda _token: None,
    ) -> None:
        self._context = context
        self._implicit = implicit_tls
        self.extensions = extensions
        self.auth = auth
        self.offers_starttls = offers_starttls
        # Whose mailbox an access token opens, None for one that does not hold.
        self.owner_of = owner_of
        # Takes a token in the AUTH command alone, however long it is.
        self.needs_initial_response = False
        self.faults = Faults()
        self.messages: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.reached: dict[str, threading.Event] = {}
        self._changed = threading.Condition()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._is_stopping = False
        self._accepting = threading.Thread(target=self._accept, name="provider")

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the door and every connection."""
        if self._is_stopping:
            return
        self._is_stopping = True
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for event in self.faults.waits.values():
            event.set()
        for each in tuple(self._sockets):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        self._accepting.join()
        for thread in self._threads:
            thread.join()

    def await_messages(self, count: int, timeout_s: float = 10.0) -> list[Received]:
        """Return the messages once there are `count`."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.messages) >= count, timeout_s), len(self.messages)
            return list(self.messages)

    def await_command(self, verb: str, count: int = 1, timeout_s: float = 10.0) -> None:
        """Return once `verb` came `count` times."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.count(verb) >= count, timeout_s), self.commands

    def count(self, verb: str) -> int:
        """Return how often a command came."""
        return sum(command.upper().startswith(verb) for command in self.commands)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection, self.connections), name="provider-client")
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        talk = _Talk(self, connection, number)
        self._sockets.add(connection)
        try:
            if self._implicit:
                talk.encrypt()
            talk.run()
        except (OSError, DroppedError, ssl.SSLError):
            talk.is_over = True
        finally:
            self._sockets.discard(connection)
            talk.close()

    def note(self, command: str) -> None:
        """Keep a command and wake whoever awaits it."""
        with self._changed:
            self.commands.append(command)
            self._changed.notify_all()

    def keep(self, received: Received) -> None:
        """Keep a message and wake whoever awaits it."""
        with self._changed:
            self.messages.append(received)
            self._changed.notify_all()


class _Talk:
    """One connection."""

    def __init__(self, provider: Provider, connection: socket.socket, number: int) -> None:
        self._provider = provider
        self._socket = connection
        self._buffer = b""
        self._number = number
        self._is_secure = False
        self._mail = ""
        self._rcpts: list[str] = []
        self.is_over = False

    def encrypt(self) -> None:
        self._socket = self._provider._context.wrap_socket(self._socket, server_side=True)
        self._provider._sockets.add(self._socket)
        self._is_secure = True
        self._buffer = b""

    def close(self) -> None:
        self._provider._sockets.discard(self._socket)
        self._socket.close()

    def run(self) -> None:
        self._answer("connect", "", "220 provider.test ESMTP")
        while not self.is_over:
            line = self._line().decode("utf-8", "surrogateescape")
            self._provider.note(line)
            self._command(line)

    def _command(self, line: str) -> None:
        verb = line.split(" ", 1)[0].upper()
        if verb in ("EHLO", "HELO"):
            self._ehlo()
        elif verb == "STARTTLS" and self._provider.offers_starttls:
            if self._answer("starttls", "", "220 go on"):
                self.encrypt()
        elif verb == "AUTH":
            self._auth(line)
        elif verb == "MAIL" and self._mail:
            self._say("503 5.5.1 Error: nested MAIL command")
        elif verb == "MAIL":
            if self._answer("mail", line, "250 2.1.0 sender ok"):
                self._mail, self._rcpts = line, []
        elif verb == "RCPT":
            if self._answer("rcpt", line, "250 2.1.5 recipient ok"):
                self._rcpts.append(line)
        elif verb == "DATA":
            if self._answer("data", "", "354 go on"):
                self._content()
        elif verb == "RSET":
            self._mail, self._rcpts = "", []
            self._answer("rset", "", "250 2.0.0 reset")
        elif verb == "QUIT":
            self._answer("quit", "", "221 2.0.0 bye")
            self.is_over = True
        else:
            self._say("502 5.5.1 what")

    def _ehlo(self) -> None:
        self._mail, self._rcpts = "", []
        offers = list(self._provider.extensions)
        if self._is_secure:
            offers.append(f"AUTH {self._provider.auth}")
        elif self._provider.offers_starttls:
            offers.append("STARTTLS")
        lines = ["provider.test", *offers]
        good = "\r\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)
        self._answer("ehlo", "", good)

    def _auth(self, line: str) -> None:
        words = line.split(" ")
        if words[1].upper() in ("XOAUTH2", "OAUTHBEARER"):
            self._bearer(words[1].upper(), words[2] if len(words) > 2 else None)
            return
        if words[1].upper() == "PLAIN":
            given = base64.b64decode(words[2]).decode().split("\0")[1:]
        else:
            user = base64.b64decode(words[2]).decode()
            self._say("334 UGFzc3dvcmQ6")
            given = [user, base64.b64decode(self._line()).decode()]
        good = "235 2.7.0 welcome" if given == [USER, PASSWORD] else "535 5.7.8 wrong"
        self._answer("auth", "", good)

    def _bearer(self, mechanism: str, initial: str | None) -> None:
        """Take a token as XOAUTH2 (Google's) or OAUTHBEARER (RFC 7628) has it; a refusal comes after its JSON."""
        if initial is None and self._provider.needs_initial_response:
            self._say("504 5.7.4 Unrecognized authentication type")
            return
        if initial is None:
            self._say("334 ")
            initial = self._line().decode()
            self._provider.note(initial)
        given = base64.b64decode(initial).decode()
        if mechanism == "XOAUTH2":
            user = given.partition("\1")[0].removeprefix("user=")
            after_error = ""
        else:
            user = given.split(",")[1].removeprefix("a=").replace("=2C", ",").replace("=3D", "=")
            after_error = "AQ=="
        fields = given.split("\1")
        token = next((each.removeprefix("auth=Bearer ") for each in fields if each.startswith("auth=Bearer ")), "")
        is_good = given.endswith("\1\1") and self._provider.owner_of(token) == user
        if not is_good:
            self._say("334 " + base64.b64encode(b'{"status":"401","schemes":"bearer"}').decode())
            if self._line().decode() != after_error:
                self._say("501 5.5.2 the exchange is not over")
                return
        self._answer("auth", "", "235 2.7.0 welcome" if is_good else "535 5.7.8 no such token")

    def _content(self) -> None:
        self._stop_or_wait("body", "")
        wire = self._until(b"\r\n.\r\n", b"\r\n")
        content = wire[: -len(b".\r\n")].replace(b"\r\n.", b"\r\n")
        content = content.removeprefix(b".") if wire != b".\r\n" else b""
        self._provider.note("DOT")
        self._stop_or_wait("dot", "")
        reply = self._reply("dot", " ".join(self._rcpts), "250 2.0.0 queued as 4711")
        if reply.startswith("2"):
            received = Received(
                mail=self._mail, rcpts=tuple(self._rcpts), content=content, wire=wire, connection=self._number
            )
            self._provider.keep(received)
        if self._provider.faults.swallow_answer:
            raise DroppedError
        if reply.startswith("2") or not self._provider.faults.keeps_refused:
            self._mail, self._rcpts = "", []
        self._say(reply)

    def _answer(self, stage: str, line: str, good: str) -> bool:
        """Answer a command, as the faults say; return whether it was accepted."""
        self._stop_or_wait(stage, line)
        reply = self._reply(stage, line, good)
        self._say(reply)
        if reply.startswith("421"):
            raise DroppedError
        return reply[0] in "23"

    def _reply(self, stage: str, line: str, good: str) -> str:
        reply = good
        for wanted, other in self._provider.faults.replies.items():
            name, _, address = wanted.partition(" ")
            if name == stage and (address in line or address == f"#{self._number}"):
                reply = other
        return reply

    def _stop_or_wait(self, stage: str, line: str) -> None:
        for wanted in self._keys(stage, line):
            if wanted in self._provider.faults.waits:
                self._provider.reached.setdefault(wanted, threading.Event()).set()
                self._provider.faults.waits[wanted].wait(30)
            if wanted in self._provider.faults.drops:
                self._reset()

    def _keys(self, stage: str, line: str) -> Iterator[str]:
        yield stage
        for wanted in (*self._provider.faults.waits, *self._provider.faults.drops):
            name, _, address = wanted.partition(" ")
            if name == stage and address and address in line:
                yield wanted

    def _reset(self) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise DroppedError

    def _say(self, text: str) -> None:
        self._socket.sendall(text.encode("utf-8") + b"\r\n")

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            self._more()
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def _until(self, end: bytes, before: bytes) -> bytes:
        """Return what comes up to and with `end`, which may begin in `before`."""
        while end not in before + self._buffer:
            self._more()
        at = (before + self._buffer).index(end) + len(end) - len(before)
        taken, self._buffer = self._buffer[:at], self._buffer[at:]
        return taken

    def _more(self) -> None:
        octets = self._socket.recv(65_536)
        if not octets:
            raise DroppedError
        self._buffer += octets
