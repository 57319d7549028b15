"""A mailbox server on loopback: real IMAP4rev1 over TLS or STARTTLS, and lies and faults on request.

It knows what a mail tracker asks for: LIST, NAMESPACE, STATUS, EXAMINE, UID SEARCH by UID and day or by Message-ID, UID
FETCH of heads, flags and partial bodies, IDLE; and to write: SELECT, APPEND, UID STORE, UID EXPUNGE, UID MOVE.
A `plot` for a command word, or else for "*", is asked first; it may say anything, or let the command pass.
"""

import base64
import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from types import TracebackType
from typing import Self

from tests.fakes import imap_filing

USER = "alice@example.test"
PASSWORD = "mailbox secret ü"
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class DroppedError(Exception):
    """This connection ends here."""


@dataclass(kw_only=True)
class Mail:
    """One mail in a folder."""

    octets: bytes
    received_at: datetime
    flags: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Box:
    """One folder; `claims_next_uid` is what it says of itself where that is a lie."""

    attributes: tuple[str, ...] = ()
    uid_validity: int = 7
    mails: dict[int, Mail] = field(default_factory=dict)
    next_uid: int = 1
    modseq: int = 1
    claims_next_uid: int | None = None

    def add(self, octets: bytes, received_at: datetime, *flags: str) -> int:
        """Put a mail in; return its UID."""
        uid = self.next_uid
        self.mails[uid] = Mail(octets=octets, received_at=received_at, flags=flags)
        self.next_uid += 1
        self.modseq += 1
        return uid


Plot = Callable[["Talk", str, str], bool]


class ImapServer:
    """Started by `with`; serves each connection on a thread."""

    def __init__(
        self,
        context: ssl.SSLContext,
        *,
        implicit_tls: bool = True,
        capabilities: str = "SASL-IR AUTH=PLAIN IDLE NAMESPACE SPECIAL-USE CONDSTORE",
        before_tls: str = "STARTTLS LOGINDISABLED",
        greeting: bytes = b"* OK ready\r\n",
    ) -> None:
        self.context = context
        self.implicit = implicit_tls
        self.capabilities = capabilities
        self.before_tls = before_tls
        self.greeting = greeting
        self.separator = "/"
        self.namespace = '(("" "/")) NIL NIL'
        self.tokens = {"good token"}
        self.boxes: dict[str, Box] = {"INBOX": Box(), "Sent": Box(attributes=("\\Sent",))}
        self.plots: dict[str, Plot] = {}
        self.tells_uids = True
        self.keeps: Callable[[Box, bytes], bytes | int] = lambda _box, octets: octets
        self.commands: list[str] = []
        self.connections = 0
        self.changed = threading.Condition()
        self._talks: set[Talk] = set()
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._is_stopping = False
        self._accepting = threading.Thread(target=self._accept, name="imap-server")

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._is_stopping = True
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.kick()
        self._accepting.join()
        for thread in self._threads:
            thread.join()

    @property
    def is_stopping(self) -> bool:
        """Whether the door is closing."""
        return self._is_stopping

    def deliver(self, name: str, octets: bytes, received_at: datetime, *flags: str) -> int:
        """Put a mail into a folder and tell whoever idles there."""
        with self.changed:
            uid = self.boxes[name].add(octets, received_at, *flags)
            self.changed.notify_all()
        for talk in tuple(self._talks):
            talk.tell_exists(name)
        return uid

    def kick(self) -> None:
        """Cut every connection."""
        for talk in tuple(self._talks):
            talk.cut()

    def count(self, words: str) -> int:
        """Return how many commands began with these words."""
        return sum(command.upper().startswith(words.upper()) for command in tuple(self.commands))

    def await_command(self, words: str, count: int = 1, timeout_s: float = 10.0) -> None:
        """Return once a command came `count` times."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.count(words) >= count, timeout_s), self.commands

    def await_idling(self, timeout_s: float = 10.0) -> None:
        """Return once a connection idles."""
        with self.changed:
            assert self.changed.wait_for(lambda: any(talk.idles for talk in self._talks), timeout_s), self.commands

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection, self.connections), name="imap-client")
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        talk = Talk(self, connection, number)
        self._talks.add(talk)
        try:
            talk.run()
        except (OSError, DroppedError):
            talk.cut()
        finally:
            self._talks.discard(talk)
            talk.close()


class Talk:
    """One connection."""

    def __init__(self, server: ImapServer, connection: socket.socket, number: int) -> None:
        self.server = server
        self.number = number
        self.socket = connection
        self.is_secure = False
        self.selected = ""
        self.is_read_only = True
        self.is_mute = False
        self.literal = b""
        self.idles = False
        self.tag = ""
        self._buffer = b""
        self._saying = threading.Lock()
        self._told = 0

    def cut(self) -> None:
        """End the connection from any thread."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def reset(self) -> None:
        """End the connection as a broken line does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise DroppedError

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def say(self, octets: bytes | str) -> None:
        """Say a line, or octets that end in one."""
        line = octets.encode() if isinstance(octets, str) else octets
        if self.is_mute:
            return
        with self._saying:
            self.socket.sendall(line if line.endswith(b"\r\n") else line + b"\r\n")

    def done(self, text: str = "done") -> None:
        """Say that the command under way went well."""
        self.say(f"{self.tag} OK {text}")

    def tell_exists(self, name: str) -> None:
        """Tell of new mail if this connection idles in that folder."""
        if self.idles and self.selected == name:
            with contextlib.suppress(OSError):
                self._exists()

    def _exists(self) -> None:
        self._told = len(self.server.boxes[self.selected].mails)
        self.say(f"* {self._told} EXISTS")

    def encrypt(self) -> None:
        """Shake hands."""
        self.socket = self.server.context.wrap_socket(self.socket, server_side=True)
        self.is_secure = True

    def run(self) -> None:
        """Serve until the end."""
        if not self._plotted("CONNECT", ""):
            if self.server.implicit:
                self.encrypt()
            self.say(self.server.greeting)
        while True:
            line = self.command()
            self.tag, _, rest = line.partition(" ")
            words = rest.upper().split(" ")
            verb = " ".join(words[:2]) if words[0] == "UID" else words[0]
            with self.server.changed:
                self.server.commands.append(rest)
                self.server.changed.notify_all()
            if verb == "LOGOUT":
                self.say("* BYE")
                self.done()
                return
            if not self._plotted(verb, rest):
                self.perform(verb, rest)

    def perform(self, verb: str, rest: str) -> None:
        """Do what a command asks."""
        getattr(self, f"_do_{verb.lower().replace(' ', '_')}")(rest)

    def perform_unheard(self, verb: str, rest: str) -> None:
        """Do what a command asks, and drop the connection before a word is said of it."""
        self.is_mute = True
        self.perform(verb, rest)
        self.reset()

    def _plotted(self, verb: str, rest: str) -> bool:
        plot = self.server.plots.get(verb) or self.server.plots.get("*")
        return plot is not None and plot(self, verb, rest)

    def line(self) -> bytes:
        """Return the next line without its end."""
        while b"\r\n" not in self._buffer:
            octets = self.socket.recv(65_536)
            if not octets:
                raise DroppedError
            self._buffer += octets
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line

    def command(self) -> str:
        """Return the next command with its literals as quoted words."""
        line = self.line()
        while match := re.search(rb"\{(\d+)(\+?)\}$", line):
            if not match[2]:
                self.say("+ go on")
            size = int(match[1])
            while len(self._buffer) < size:
                self._buffer += self.socket.recv(65_536)
            literal, self._buffer = self._buffer[:size], self._buffer[size:]
            self.literal = literal
            # A mail is no word of a command.
            word = b"" if b" APPEND " in line.upper() else b'"' + literal + b'"'
            line = line[: match.start()] + word + self.line()
        return line.decode("utf-8")

    def _do_capability(self, _: str) -> None:
        words = self.server.capabilities if self.is_secure else self.server.before_tls
        self.say(f"* CAPABILITY IMAP4rev1 {words}")
        self.done()

    def _do_starttls(self, _: str) -> None:
        self.done()
        self.encrypt()

    def _do_login(self, rest: str) -> None:
        self._signed_in(rest == f'LOGIN "{USER}" "{PASSWORD}"')

    def _do_authenticate(self, rest: str) -> None:
        words = rest.split(" ")
        if len(words) > 2:
            given = words[2]
        else:
            self.say("+ ")
            given = self.line().decode()
        secret = base64.b64decode(given).decode()
        if words[1].upper() == "PLAIN":
            self._signed_in(secret.split("\0")[1:] == [USER, PASSWORD])
            return
        is_good = any(f"auth=Bearer {token}\1" in secret for token in self.server.tokens)
        if not is_good:
            self.say(b"+ " + base64.b64encode(b'{"status":"invalid_token"}'))
            assert self.line() == b""
        self._signed_in(is_good)

    def _signed_in(self, is_good: bool) -> None:
        self.say(f"{self.tag} OK welcome" if is_good else f"{self.tag} NO [AUTHENTICATIONFAILED] no")

    def _do_list(self, _: str) -> None:
        for name, box in self.server.boxes.items():
            self.say(f'* LIST ({" ".join(box.attributes)}) "{self.server.separator}" "{name}"')
        self.done()

    def _do_namespace(self, _: str) -> None:
        self.say(f"* NAMESPACE {self.server.namespace}")
        self.done()

    def _do_status(self, rest: str) -> None:
        name = self._name(rest)
        box = self.server.boxes[name]
        modseq = f" HIGHESTMODSEQ {box.modseq}" if "HIGHESTMODSEQ" in rest else ""
        claimed = box.next_uid if box.claims_next_uid is None else box.claims_next_uid
        self.say(
            f'* STATUS "{name}" (MESSAGES {len(box.mails)} UIDNEXT {claimed} UIDVALIDITY {box.uid_validity}{modseq})'
        )
        self.done()

    def _name(self, rest: str) -> str:
        match = re.search(r'"([^"]*)"', rest)
        return match[1] if match else rest.split(" ")[1]

    def _do_examine(self, rest: str) -> None:
        self._open(rest, "READ-ONLY")

    def _do_select(self, rest: str) -> None:
        self._open(rest, "READ-WRITE")

    def _open(self, rest: str, access: str) -> None:
        name = self._name(rest)
        box = self.server.boxes.get(name)
        if box is None:
            self.say(f"{self.tag} NO no such folder")
            return
        self.selected = name
        claimed = box.next_uid if box.claims_next_uid is None else box.claims_next_uid
        self._exists()
        for text in ("* FLAGS ()", f"* OK [UIDVALIDITY {box.uid_validity}] ok", f"* OK [UIDNEXT {claimed}] ok"):
            self.say(text)
        self.say(f"* OK [HIGHESTMODSEQ {box.modseq}] ok")
        self.is_read_only = access == "READ-ONLY"
        self.say(f"{self.tag} OK [{access}] opened")

    def _do_noop(self, _: str) -> None:
        self.done()

    def _do_append(self, rest: str) -> None:
        imap_filing.append(self, rest)

    def _do_uid_store(self, rest: str) -> None:
        imap_filing.store(self, rest)

    def _do_uid_expunge(self, rest: str) -> None:
        imap_filing.expunge(self, rest)

    def _do_uid_move(self, rest: str) -> None:
        imap_filing.move(self, rest)

    def _do_uid_search(self, rest: str) -> None:
        if "HEADER" in rest:
            imap_filing.search_header(self, rest)
            return
        match = re.search(r"UID (\d+):(\d+|\*) SINCE (\d+)-(\w+)-(\d+)", rest)
        assert match, rest
        mails = self.server.boxes[self.selected].mails
        top = max(mails, default=0)
        low, high = int(match[1]), top if match[2] == "*" else int(match[2])
        since = date(int(match[5]), MONTHS.index(match[4]) + 1, int(match[3]))
        # RFC 3501 6.4.8: "5:*" names the last mail even where its UID is below 5.
        low, high = min(low, high), max(low, high)
        found = [
            str(uid)
            for uid, mail in sorted(mails.items())
            if low <= uid <= high
            and mail.received_at.date() >= since
            and not ("UNDRAFT" in rest and "\\Draft" in mail.flags)
        ]
        self.say(f"* SEARCH {' '.join(found)}".rstrip())
        self.done()

    def _do_uid_fetch(self, rest: str) -> None:
        numbers = rest.split(" ")[2]
        mails = self.server.boxes[self.selected].mails
        for position, uid in enumerate(sorted(mails), 1):
            if imap_filing.is_named(uid, numbers, max(mails)):
                self.say(self.fetched(uid, rest, position))
        self.done()

    def fetched(self, uid: int, rest: str, position: int = 1) -> bytes:
        """Return an answer to FETCH."""
        mail = self.server.boxes[self.selected].mails[uid]
        at = mail.received_at
        zone = f"{at:%z}"
        when = f"{at.day:2d}-{MONTHS[at.month - 1]}-{at.year} {at:%H:%M:%S} {zone}"
        if "FLAGS" in rest:
            return f'* {position} FETCH (UID {uid} FLAGS ({" ".join(mail.flags)}) INTERNALDATE "{when}")'.encode()
        if "BODY" not in rest:
            return f"* {position} FETCH (UID {uid})".encode()
        body, section = mail.octets, "BODY[]<0>"
        if match := re.search(r"HEADER\.FIELDS \(([^)]*)\)", rest):
            body, section = _fields(mail.octets, match[1].split()), f"BODY[HEADER.FIELDS ({match[1]})]<0>"
        if limit := re.search(r"<(\d+)\.(\d+)>", rest):
            body = body[int(limit[1]) : int(limit[1]) + int(limit[2])]
            section = section.replace("<0>", f"<{limit[1]}>")
        head = f'* {position} FETCH (UID {uid} INTERNALDATE "{when}" {section} {{{len(body)}}}\r\n'
        return head.encode() + body + b")\r\n"

    def _do_idle(self, _: str) -> None:
        self.say("+ idling")
        with self.server.changed:
            self.idles = True
            # What came between the last command and this one.
            is_behind = self._told != len(self.server.boxes[self.selected].mails)
            self.server.changed.notify_all()
        if is_behind:
            self._exists()
        line = self.line()
        self.idles = False
        assert line == b"DONE", line
        self.done()


def _fields(octets: bytes, names: list[str]) -> bytes:
    header = re.split(rb"\r\n\r\n", octets, maxsplit=1)[0] + b"\r\n"
    wanted = {name.lower().encode() for name in names}
    found = re.findall(rb"(?ms)^([^\s:]+):(.*?\r\n)(?=\S|\Z)", header)
    return b"".join(name + b":" + value for name, value in found if name.lower() in wanted) + b"\r\n"
