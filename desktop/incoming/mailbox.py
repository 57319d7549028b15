"""A mailbox at the provider: one connection that is encrypted and signed in, and the few questions put to it.

Folders are only ever examined and bodies only peeked at, so no flag of any mail changes; `select` and `command` are for
`sent_clean_folder` alone.  Every method blocks and may raise Broken, Refused or NoSense; another thread ends the wait
with the `Plug` that was handed in.
"""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from time import monotonic
from typing import Any, Final, NamedTuple

import imapclient

from desktop.accounts.credentials import Bearer, Credential
from desktop.core.errors import Refused
from desktop.incoming.troubles import (
    NoFolder,
    no_mailbox_there,
    no_way_in,
    sending_there,
    sign_in_refused,
    told_as_trouble,
    turned_away,
    unreachable,
    without_encryption,
)
from desktop.incoming.wire import Bell, Plug, Timeouts, Wire
from desktop.store.accounts import AccountRow, Security

MAX_UID: Final = 2**32 - 1
_PIECE_BYTES: Final = 524_288
_BEGINNING: Final = re.compile(rb"\d+ \(")
_UID: Final = re.compile(rb"[ (]UID (\d+)")
_RECEIVED: Final = re.compile(
    rb'[ (]INTERNALDATE "( ?\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d\d)(\d\d)"'
)
_QUOTED_BODY: Final = re.compile(rb'BODY\[[^\]]*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"')
_ESCAPED: Final = re.compile(rb"\\(.)")
_MONTHS: Final = {
    name: number for number, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
}


class Step(StrEnum):
    """What a connection is made of, in order."""

    CONNECT = "connect"
    ENCRYPT = "encrypt"
    SIGN_IN = "sign in"
    FOLDERS = "folders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder as the server lists it: its name, attributes in lower case, and what parts the levels of names."""

    name: str
    attributes: frozenset[str]
    separator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a server says of a folder: claims, of which none is taken for proven.  0 and None mean that it said none."""

    uid_validity: int
    next_uid: int
    modseq: int | None
    mails: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was fetched of one mail; `received_at` is None where the server's date makes no sense."""

    uid: int
    received_at: datetime | None
    octets: bytes


class Said(NamedTuple):
    """How a server ended a command, the words it ended it with, and what it said before, by kind, as imaplib has it."""

    is_ok: bool
    text: bytes
    untagged: dict[str, list[Any]]


class _Client(imapclient.IMAPClient):  # type: ignore[misc]  # it ships no types
    """imapclient over our own wire."""

    def __init__(self, wire: Wire) -> None:
        """Take over a wire that is connected."""
        self._wire = wire
        super().__init__("", ssl=False)
        # imapclient has imaplib format every line for a log that nobody reads, secrets included.
        wire.debug = 0

    def _create_IMAP4(self) -> Wire:
        return self._wire

    def _set_read_timeout(self) -> None:
        """Leave the time-outs to the wire."""


def connect(
    account: AccountRow,
    credential: Credential,
    context: ssl.SSLContext,
    *,
    plug: Plug | None = None,
    timeouts: Timeouts | None = None,
    on_step: Callable[[Step], None] = lambda _step: None,
) -> "Mailbox":
    """Return a mailbox, signed in over verified TLS; raise Unreachable, Refused or NotAuthorised in plain words.

    `on_step` is told of each step as it begins.
    """
    on_step(Step.CONNECT)
    wire = _open(account, context, plug or Plug(), timeouts or Timeouts(), on_step)
    try:
        if account.imap_security is Security.STARTTLS:
            _encrypt(wire, account, context, on_step)
        on_step(Step.SIGN_IN)
        if wire.state == "NONAUTH":
            _sign_in(wire, account, credential)
        with told_as_trouble(account):
            return Mailbox(wire, account)
    except (OSError, EOFError, imaplib.IMAP4.error, ValueError) as error:
        wire.shutdown()
        raise unreachable(account, error) from error
    except BaseException:
        wire.shutdown()
        raise


def _open(
    account: AccountRow, context: ssl.SSLContext, plug: Plug, timeouts: Timeouts, on_step: Callable[[Step], None]
) -> Wire:
    is_tls = account.imap_security is Security.TLS
    try:
        if is_tls:
            on_step(Step.ENCRYPT)
        return Wire(
            account.imap_host, account.imap_port, context=context if is_tls else None, plug=plug, timeouts=timeouts
        )
    except imaplib.IMAP4.error as error:
        if str(error).startswith("b'* BYE"):
            raise turned_away(account) from error
        # imaplib's words for a first line that is no IMAP; its class is that of a connection that ended.
        if str(error).startswith("unexpected response"):
            # RFC 5321 4.2: a server for sending greets with 220, or turns away with 554.
            is_smtp = re.match(r"unexpected response: b['\"](220|554)[ -]", str(error)) is not None
            raise (sending_there(account) if is_smtp else no_mailbox_there(account)) from error
        raise unreachable(account, error) from error
    except (OSError, ValueError) as error:
        raise unreachable(account, error) from error


def _encrypt(wire: Wire, account: AccountRow, context: ssl.SSLContext, on_step: Callable[[Step], None]) -> None:
    on_step(Step.ENCRYPT)
    # A greeting of PREAUTH would leave no place for STARTTLS.
    if wire.state != "NONAUTH" or "STARTTLS" not in wire.capabilities:
        raise without_encryption(account)
    wire.encrypt(context)


def _sign_in(wire: Wire, account: AccountRow, credential: Credential) -> None:
    """Sign in; raise NotAuthorised or Refused in plain words."""
    offered = {word.upper() for word in wire.capabilities}
    at_once = "SASL-IR" in offered
    with_token = isinstance(credential, Bearer)
    if isinstance(credential, Bearer):
        if "AUTH=OAUTHBEARER" in offered:
            secret = f"n,a={_saslname(credential.user)},\1host={account.imap_host}\1port={account.imap_port}\1"
            status, text = wire.sign_in(
                "OAUTHBEARER", f"{secret}auth=Bearer {credential.token}\1\1".encode(), at_once=at_once
            )
        elif "AUTH=XOAUTH2" in offered:
            secret = f"user={credential.user}\1auth=Bearer {credential.token}\1\1"
            status, text = wire.sign_in("XOAUTH2", secret.encode(), at_once=at_once)
        else:
            raise no_way_in(account, with_token=True)
    elif "AUTH=PLAIN" in offered:
        secret = f"\0{credential.user}\0{credential.secret}"
        status, text = wire.sign_in("PLAIN", secret.encode(), at_once=at_once)
    elif "LOGINDISABLED" not in offered:
        status, text = wire.log_in(credential.user.encode(), credential.secret.encode())
    else:
        raise no_way_in(account, with_token=False)
    if status != "OK":
        raise sign_in_refused(account, text.decode("utf-8", "replace"), with_token=with_token)


def _saslname(user: str) -> str:
    """Return a user name as GS2 spells it (RFC 5801 4)."""
    return user.replace("=", "=3D").replace(",", "=2C")


class Mailbox:
    """A connection that is signed in; one thread at a time may use it."""

    def __init__(self, wire: Wire, account: AccountRow) -> None:
        """Take over a signed-in connection and ask what the server can do."""
        self._wire = wire
        self._account = account
        self._has_news = False
        self._client = _Client(wire)
        self._capabilities: frozenset[str] = frozenset(
            word.decode("ascii", "replace").upper() for word in self._client.capabilities()
        )

    def can(self, capability: str) -> bool:
        """Return whether the server says that it can do something."""
        return capability in self._capabilities

    def folders(self) -> tuple[Folder, ...]:
        """Return all folders that can be examined, with their special use where the server tells (RFC 6154)."""
        listed = self._listed()
        extended = self.can("SPECIAL-USE") and self.can("LIST-EXTENDED")
        if extended and not any(each.attributes & _SPECIAL for each in listed):
            listed = self._listed(b"RETURN (SPECIAL-USE)")
        return tuple(each for each in listed if not each.attributes & {"\\noselect", "\\nonexistent"})

    def _listed(self, *options: bytes) -> list[Folder]:
        with told_as_trouble(self._account):
            self._forget()
            data = self._client._raw_command_untagged(b"LIST", [b'""', b'"*"', *options], uid=False)  # noqa: SLF001
            return [
                Folder(
                    name=name,
                    attributes=frozenset(word.decode("ascii", "replace").casefold() for word in attributes),
                    separator=separator.decode("ascii", "replace") if isinstance(separator, bytes) else "",
                )
                for attributes, separator, name in self._client._proc_folder_list(data)  # noqa: SLF001
                if isinstance(name, str)
            ]

    def prefixes(self) -> tuple[str, ...]:
        """Return how names of the user's own folders may begin (RFC 2342), such as "INBOX."; "" is always there."""
        if not self.can("NAMESPACE"):
            return ("", "INBOX.", "INBOX/")
        with told_as_trouble(self._account):
            self._forget()
            own = self._client.namespace().personal or ()
            return ("", *(str(prefix) for prefix, _ in own if prefix))

    def examine(self, name: str) -> Look:
        """Open a folder for reading only; raise NoFolder where the server does not."""
        with _folder_refused(self._account), told_as_trouble(self._account):
            self._forget()
            self._client.select_folder(name, readonly=True)
            return self._looked()

    def select(self, name: str) -> Look | None:
        """Open a folder for writing; None where the server opens it for reading only; raise NoFolder."""
        with _folder_refused(self._account), told_as_trouble(self._account):
            self._forget()
            try:
                self._client.select_folder(name, readonly=False)
            except imaplib.IMAP4.readonly:
                # imaplib would ask nothing more of it.
                self._wire.is_readonly = True
                return None
            return self._looked()

    def _looked(self) -> Look:
        said = self._wire.untagged_responses.copy()
        # How many mails there are is news only if it changes.
        self._wire.untagged_responses.clear()
        return Look(
            uid_validity=_number(said, "UIDVALIDITY") or 0,
            next_uid=_number(said, "UIDNEXT") or 0,
            modseq=_number(said, "HIGHESTMODSEQ"),
            mails=_number(said, "EXISTS") or 0,
        )

    def command(self, *words: str | bytes, literal: bytes | None = None) -> Said:
        """Send any command, as it stands, with a literal for its last word; a BAD is Refused."""
        with told_as_trouble(self._account):
            self._forget()
            # imaplib's own name for it; its type is wrong in typeshed.
            setattr(self._wire, "literal", literal)  # noqa: B010
            status, texts = self._wire._simple_command(*words)  # noqa: SLF001
            said = self._wire.untagged_responses.copy()
            return Said(is_ok=status == "OK", text=texts[-1] or b"", untagged=said)

    def spelled(self, name: str) -> bytes:
        """Return a folder's name as it goes over the wire."""
        return bytes(self._client._normalise_folder(name))  # noqa: SLF001

    def status(self, name: str) -> Look:
        """Ask about a folder without opening it; raise NoFolder where the server does not tell."""
        items = ["UIDVALIDITY", "UIDNEXT", "MESSAGES", *(["HIGHESTMODSEQ"] if self.can("CONDSTORE") else [])]
        with _folder_refused(self._account), told_as_trouble(self._account):
            self._forget()
            said = self._client.folder_status(name, items)
            modseq = said.get(b"HIGHESTMODSEQ")
            return Look(
                uid_validity=int(said.get(b"UIDVALIDITY", 0)),
                next_uid=int(said.get(b"UIDNEXT", 0)),
                modseq=None if modseq is None else int(modseq),
                mails=int(said.get(b"MESSAGES", 0)),
            )

    def search(self, low: int, high: int | None, since: date, *, without_drafts: bool = False) -> list[int]:
        """Return the UIDs from `low` to `high` (None: no end) of mails received since a day, lowest first, each once.

        What the server says beyond that is left out; the day is the server's own (RFC 3501 6.4.4).
        """
        criteria = ["UID", f"{low}:{'*' if high is None else high}", "SINCE", since]
        criteria += ["UNDRAFT"] if without_drafts else []
        normalise = imapclient.imapclient._normalise_search_criteria  # noqa: SLF001
        with told_as_trouble(self._account):
            self._forget()
            self._has_news = False
            lines = self._client._raw_command_untagged(b"SEARCH", normalise(criteria, None))  # noqa: SLF001
            # Some servers split the answer; after the numbers may come (MODSEQ n).
            words = b" ".join(line.partition(b"(")[0] for line in lines if line is not None).split()
            top = MAX_UID if high is None else high
            return sorted({uid for word in words if low <= (uid := int(word)) <= top})

    def highest_uid(self) -> int:
        """Return the highest UID in the open folder, 0 where it is empty: what is there, not what UIDNEXT claims."""
        found = [each.uid for each in self._fetch("*", "(UID)")]
        return max((uid for uid in found if uid <= MAX_UID), default=0)

    def heads(self, uids: Sequence[int], fields: Iterable[str], max_bytes: int) -> list[Fetched]:
        """Return header fields of mails, at most `max_bytes` of each."""
        section = f"HEADER.FIELDS ({' '.join(field.upper() for field in fields)})"
        return self._asked(uids, f"(UID INTERNALDATE BODY.PEEK[{section}]<0.{max_bytes}>)")

    def bodies(self, uids: Sequence[int], max_bytes: int) -> list[Fetched]:
        """Return mails whole, or their first `max_bytes`."""
        return self._asked(uids, f"(UID INTERNALDATE BODY.PEEK[]<0.{max_bytes}>)")

    def whole(self, uid: int, max_bytes: int) -> bytes | None:
        """Return a mail however long it is, or None where it is gone; of one over `max_bytes` only the beginning."""
        octets = b""
        while len(octets) < max_bytes:
            size = min(_PIECE_BYTES, max_bytes - len(octets))
            # Fetched piece by piece, so that no answer is longer than the wire lets one be.
            found = self._asked([uid], f"(UID BODY.PEEK[]<{len(octets)}.{size}>)")
            if not found:
                return None
            octets += found[0].octets[:size]
            if len(found[0].octets) < size:
                break
        return octets

    def _asked(self, uids: Sequence[int], items: str) -> list[Fetched]:
        """Return what came of the mails asked for, in order of UIDs, each once: servers answer what nobody asked."""
        if not uids:
            return []
        wanted = set(uids)
        found: dict[int, Fetched] = {}
        for each in self._fetch(as_set(uids), items):
            before = found.get(each.uid)
            # An answer without a body is news of flags.
            if each.uid in wanted and (before is None or not before.octets):
                found[each.uid] = each
        return [found[uid] for uid in sorted(found)]

    def _fetch(self, numbers: str, items: str) -> list[Fetched]:
        with told_as_trouble(self._account):
            self._forget()
            # A NO may come with what could be fetched (RFC 3501 6.4.5); who asked sees what is missing.
            status, _ = self._wire._simple_command("UID", "FETCH", numbers, items)  # noqa: SLF001
            records = self._wire.untagged_responses.pop("FETCH", [])
            if status != "OK" and not records:
                raise self._wire.error("FETCH refused")
            return _read_fetched(records)

    def idle(self, bell: Bell, for_s: float) -> None:
        """Wait until the server speaks of new mail, the bell rings, or time is over (RFC 2177).

        It does not wait where the server spoke of some since the last search.
        """
        wire = self._wire
        ends_at_s = monotonic() + for_s
        with told_as_trouble(self._account):
            self._forget()
            if self._has_news:
                return
            tag = wire._command("IDLE")  # noqa: SLF001
            while wire._get_response() is not None:  # noqa: SLF001
                if wire.tagged_commands.get(tag) is not None:
                    raise wire.error("IDLE refused")
            has_news = "EXISTS" in wire.untagged_responses
            while not has_news and not bell.quiet() and (left_s := ends_at_s - monotonic()) > 0:
                line = wire.line_at_once()
                if line is None:
                    bell.wait(left_s, wire.sock)
                elif line[:6].upper() == b"* BYE ":
                    raise wire.abort("BYE")
                else:
                    has_news = b" EXISTS" in line.upper()
            wire.send(b"DONE\r\n")
            wire._command_complete("IDLE", tag)  # noqa: SLF001

    def drop(self) -> None:
        """Close without a word; the server sees the end of the connection."""
        self._wire.shutdown()

    def _forget(self) -> None:
        """Throw away what the server said by itself before, but for new mail; imaplib would keep it for ever."""
        self._has_news = self._has_news or "EXISTS" in self._wire.untagged_responses
        self._wire.untagged_responses.clear()


_SPECIAL: Final = frozenset({"\\sent", "\\all", "\\junk"})


@contextlib.contextmanager
def _folder_refused(account: AccountRow) -> Iterator[None]:
    try:
        yield
    except Refused as error:
        raise NoFolder(f"{account.imap_host} does not open a folder that it lists.", "Ask the provider.") from error


def _number(said: dict[str, list[Any]], name: str) -> int | None:
    values = said.get(name)
    return int(values[-1].split()[0]) if values else None


def as_set(uids: Sequence[int]) -> str:
    """Return UIDs as IMAP names a set of them: "1:3,7"."""
    ranges: list[list[int]] = []
    for uid in sorted(uids):
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in ranges)


def _read_fetched(records: list[Any]) -> list[Fetched]:
    """Return the mails in what imaplib collected: lines, and pairs of a line's beginning and a literal.

    imapclient's own reader goes octet by octet and takes 71 µs a mail, ten times this.
    """
    found: list[Fetched] = []
    text, literal = b"", b""
    for record in records:
        head, body = record if isinstance(record, tuple) else (record, None)
        if _BEGINNING.match(head):
            found += _read_one(text, literal)
            text, literal = b"", b""
        text += head
        literal = body if body is not None and not literal else literal
    return [*found, *_read_one(text, literal)]


def _read_one(text: bytes, literal: bytes) -> list[Fetched]:
    """Return the mail in an answer, none where it has no UID."""
    uid = _UID.search(text)
    if uid is None or not 0 < int(uid[1]) <= MAX_UID:
        return []
    if not literal and (quoted := _QUOTED_BODY.search(text)):
        literal = _ESCAPED.sub(rb"\1", quoted[1])
    return [Fetched(uid=int(uid[1]), received_at=_received_at(text), octets=literal)]


def _received_at(text: bytes) -> datetime | None:
    match = _RECEIVED.search(text)
    if match is None:
        return None
    day, month, year, hour, minute, second, zone_hours, zone_minutes = match.groups()
    try:
        minutes = int(zone_minutes) * (-1 if zone_hours.startswith(b"-") else 1)
        zone = timezone(timedelta(hours=int(zone_hours), minutes=minutes))
        number = _MONTHS.get(month.lower(), 0)
        return datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except ValueError:
        return None
