"""A message of ours, its tracked copy as a provider files it, and the cleaning of Sent, a connection at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path

from desktop.accounts.own_channels import OWN_CHANNELS
from desktop.accounts.tls import client_context
from desktop.core.errors import Trouble
from desktop.core.parse import message_facts
from desktop.incoming.mailbox import Mailbox, connect
from desktop.incoming.sent_clean import Pace, SentCleaner
from desktop.incoming.wire import Timeouts
from desktop.store import accounts, settings
from desktop.store.accounts import AccountRow
from desktop.store.database import Store
from desktop.store.mail import record_message
from desktop.store.originals import originals
from desktop.store.sent import NewCopy, NewToken
from relay.wire.token import Token, TokenType, mint
from relay.wire.urls import open_url
from tests.fakes.imap_server import USER, Box, ImapServer
from tests.fakes.provider import Certificates
from tests.incoming.accounts_in import GOOD, NOW, account_at

BASE = "https://img.relay.example"
SENT_AT = NOW - timedelta(minutes=5)
# Not UTC, so that the zone shows if it is lost.
FILED_AT = SENT_AT.astimezone(timezone(timedelta(hours=2)))
FLAGS = ("\\Seen", "\\Answered", "$label1")
AT_ONCE = Pace(patience=timedelta(0), settle=timedelta(hours=1), quiet_s=0.0, retry_s=0.0)
# Whatever else is sent may alter a folder.
READING = (
    *("CAPABILITY", "AUTHENTICATE", "LOGIN", "NAMESPACE", "LIST", "STATUS", "EXAMINE", "UID SEARCH", "UID FETCH"),
    *("IDLE", "LOGOUT"),
)
WITH_ALL = "SASL-IR AUTH=PLAIN IDLE NAMESPACE SPECIAL-USE CONDSTORE UIDPLUS"
GMAIL = f"{WITH_ALL} MOVE X-GM-EXT-1"


def picture(random_id: bytes) -> bytes:
    """Return an own picture whose token has a 12-octet random id."""
    fields = Token(
        type=TokenType.OPEN,
        key_id=1,
        channel_id=b"our channel.",
        recipient_tag=b"to Bob..",
        issue_day=20_000,
        random_id=random_id,
    )
    return f'<img src="{open_url(BASE, mint(b"k" * 32, fields))}" width="1" height="1" alt="">'.encode()


def written(name: str = "offer", *, words: str = "An offer.", attachment: bytes = b"QUJD") -> bytes:
    """Return a message as a mail program hands it in, with <name@example.test> for its Message-ID."""
    return (
        f"From: Alice <{USER}>\r\nTo: Bob <bob@people.example>\r\nSubject: About {name}\r\n"
        f"Message-ID: <{name}@example.test>\r\nDate: Mon, 01 Jun 2026 11:55:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>{words}</p></body></html>\r\n"
        "--b\r\nContent-Type: application/pdf; name=offer.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + (attachment + b"\r\n--b--\r\n")


def tracked(original: bytes, random_id: bytes = b"a random id.") -> bytes:
    """Return a message as it left, with a provider's own header fields above."""
    return b"Received: by the provider\r\n" + original.replace(b"</body>", picture(random_id) + b"</body>")


def record(store: Store, original: bytes, *random_ids: bytes, at: datetime = SENT_AT) -> None:
    """Have a message recorded as the listener does, with a tracked copy for each id, by a channel that is ours."""
    settings.put(store, OWN_CHANNELS, {"bases": [BASE], "channel_ids": [b"our channel.".hex()]})
    copies = tuple(
        NewCopy(
            address=f"person{number}@people.example",
            tag=b"to Bob..",
            tokens=(NewToken(random_id=each, type=TokenType.OPEN),),
        )
        for number, each in enumerate(random_ids or (b"a random id.",))
    )
    record_message(store, account_id=1, facts=message_facts(original), at=at, copies=copies, original=original)


# Reading the system's authorities takes longer than all the rest of a connection.
_context = lru_cache(maxsize=2)(lambda ca_file: client_context(Path(ca_file)))


class Cleaning:
    """An account whose Sent is to be kept clean, at a server that tests command."""

    def __init__(self, server: ImapServer, certificates: Certificates, path: Path) -> None:
        """Open a store that knows the account and our channel."""
        self.server = server
        self.now = NOW
        self.account: AccountRow = replace(account_at(server, certificates), keeps_sent_clean=True)
        self.store = Store(path, clock=lambda: self.now)
        accounts.save_account(self.store, self.account)
        self.cleaner = self.anew()

    @property
    def sent(self) -> Box:
        """The folder of sent mail."""
        return next(box for box in self.server.boxes.values() if "\\Sent" in box.attributes)

    @property
    def name(self) -> str:
        """Its name."""
        return next(name for name, box in self.server.boxes.items() if "\\Sent" in box.attributes)

    def record(self, original: bytes, *random_ids: bytes) -> None:
        """Have a message recorded as the listener does, with a tracked copy for each id."""
        record(self.store, original, *random_ids)

    def anew(self) -> SentCleaner:
        """Return a cleaner that knows nothing but what is kept, as after the program was killed."""
        self.cleaner = SentCleaner(self.account, store=self.store, clock=lambda: self.now, pace=AT_ONCE)
        return self.cleaner

    @contextmanager
    def mailbox(self) -> Iterator[Mailbox]:
        """Give a connection."""
        found = connect(
            self.account, GOOD, _context(self.account.ca_file or ""), timeouts=Timeouts(connect_s=5.0, command_s=5.0)
        )
        try:
            yield found
        finally:
            found.drop()

    def begin_anew(self, times: int = 1) -> None:
        """Clean as a program that was just started, so many times, each later than a lost mail could still come."""
        with self.mailbox() as mailbox:
            for _ in range(times):
                self.now += timedelta(minutes=3)
                self.anew().clean(mailbox, {self.name: mailbox.status(self.name)})

    def clean(self) -> bool:
        """Clean once over a connection of its own, as the sync does; return whether a folder was opened."""
        with self.mailbox() as mailbox:
            return self.cleaner.clean(mailbox, {self.name: mailbox.status(self.name)})

    def try_to_clean(self) -> Trouble | None:
        """Clean once, and return what went wrong with the connection."""
        try:
            self.clean()
        except Trouble as trouble:
            return trouble
        return None

    def octets(self, box: Box | None = None) -> list[bytes]:
        """Return the mails of a folder, Sent without any, by UID."""
        return [mail.octets for _, mail in sorted((box or self.sent).mails.items())]

    def waits_for(self) -> int:
        """Return how many originals are still kept."""
        return len(originals(self.store, 1))

    def written_commands(self) -> list[str]:
        """Return the commands that may alter a folder."""
        verbs = (
            "SELECT",
            "APPEND",
            "UID STORE",
            "UID EXPUNGE",
            "UID MOVE",
            "EXPUNGE",
            "CLOSE",
            "STORE",
            "MOVE",
            "UID COPY",
        )
        return [command for command in tuple(self.server.commands) if command.upper().startswith(verbs)]


Making = Callable[..., Cleaning]
