"""The practice provider: real SMTP and IMAP servers on loopback that ask for TLS and a password, as in the world.

Mail of the user's comes in on a STARTTLS port and on a TLS port and stays in memory, as exact octets, in one mailbox
per recipient.  Mail for the user comes in on a port for other servers and lies in the user's folders.
Why on a loop of its own thread: the caller's requests are blocking, and mail must not wait for them.
"""

import asyncio
import secrets
import ssl
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from aiosmtpd.smtp import Session as SmtpSession

from desktop.practice.delivery import Delivery, InboxMail
from desktop.practice.imap import ImapServer
from desktop.practice.imap_wire import MAX_LINE_BYTES
from desktop.practice.mailboxes import SEEN, Mailboxes

HOST: Final = "127.0.0.1"
NAME: Final = "mail.provider.example"
_T = TypeVar("_T")
# A provider takes what RFC 5322 2.1.1 does not allow but clients send; aiosmtpd's own limit is 1,001 octets.
_LINE_BYTES: Final = 1_048_576
_SIZE_BYTES: Final = 36_700_160


class _Connection(SmtpSession):
    """A session whose deprecated `login_data` may be set: aiosmtpd sets it at each login, and then warns of it."""

    login_data = None


class _Protocol(SMTP):
    """aiosmtpd's protocol with room for long lines, and a session that warns of nothing."""

    line_length_limit = _LINE_BYTES

    def _create_session(self) -> _Connection:
        return _Connection(self.loop)


class _Submission(_Protocol):
    """Where the user hands in mail, on a plain connection or on one that is TLS from its start."""

    def __init__(self, handler: object, *, starttls: ssl.SSLContext | None, **options: Any) -> None:
        super().__init__(handler, tls_context=starttls, require_starttls=True, auth_required=True, **options)
        self._is_tls_already = starttls is None
        if self._is_tls_already:
            # aiosmtpd 1.4.6 knows TLS by STARTTLS alone; its own switch for this logs a warning that would be untrue.
            self._auth_require_tls = False

    def eof_received(self) -> bool | None:
        """Close; aiosmtpd's answer would ask asyncio to keep a TLS connection half open, which it cannot."""
        answer: bool | None = super().eof_received()
        return False if self._is_tls_already else answer


class _Entrance:
    """Where other servers hand in mail for the user, and for nobody else; aiosmtpd calls it by these names."""

    def __init__(self, user: str, deliver: Callable[[str, bytes], None]) -> None:
        self._user = user
        self._deliver = deliver

    async def handle_RCPT(self, _server: SMTP, _session: object, envelope: Any, address: str, _options: object) -> str:
        if address.lower() != self._user.lower():
            return f"554 5.7.1 <{address}>: Relay access denied"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: object, envelope: Any) -> str:
        self._deliver((envelope.mail_from or "").strip("<>"), bytes(envelope.original_content))
        return f"250 2.0.0 Ok: queued as {secrets.token_hex(5).upper()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Servers:
    """The open ports."""

    starttls: asyncio.Server
    tls: asyncio.Server
    entrance: asyncio.Server
    imap: asyncio.Server


class Provider:
    """A running provider; `refused` are the addresses it says it does not have.  Close it with `close`."""

    def __init__(self, *, user: str, refused: frozenset[str], clock: Callable[[], datetime]) -> None:
        """Open both ports; raises OSError when loopback has none to give."""
        self.user = user
        self.password = secrets.token_urlsafe(18)
        self._refused = refused
        self._clock = clock
        self._lock = threading.Lock()
        self._mailboxes: dict[str, list[Delivery]] = {}
        self._refusals: list[str] = []
        self._authority = trustme.CA(organization_name="Readback practice")
        self._folders = Mailboxes(opened_at=clock())
        self._imap = ImapServer(self._folders, check=self._is_user, clock=clock)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="practice-provider", daemon=True)
        self._thread.start()
        self._servers = self._on_loop(self._open())

    def _on_loop(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _open(self) -> _Servers:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._authority.issue_cert(HOST, "localhost").configure_cert(context)
        return _Servers(
            starttls=await self._loop.create_server(lambda: self._submission(context), HOST, 0),
            tls=await self._loop.create_server(lambda: self._submission(None), HOST, 0, ssl=context),
            entrance=await self._loop.create_server(self._entrance, HOST, 0),
            imap=await asyncio.start_server(self._imap.serve, HOST, 0, ssl=context, limit=MAX_LINE_BYTES),
        )

    def _submission(self, starttls: ssl.SSLContext | None) -> _Submission:
        return _Submission(self, starttls=starttls, authenticator=self._check, **self._options())

    def _entrance(self) -> _Protocol:
        return _Protocol(_Entrance(self.user, self._deliver), **self._options())

    def _options(self) -> dict[str, Any]:
        return {
            "hostname": NAME,
            "ident": "ESMTP Practice",
            "loop": self._loop,
            "enable_SMTPUTF8": True,
            "data_size_limit": _SIZE_BYTES,
        }

    def __enter__(self) -> Self:
        """Return the provider, open since it was made."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the provider."""
        self.close()

    @property
    def starttls_port(self) -> int:
        """The port that starts in plain text and demands STARTTLS."""
        return _port_of(self._servers.starttls)

    @property
    def tls_port(self) -> int:
        """The port that is TLS from the first octet."""
        return _port_of(self._servers.tls)

    @property
    def entrance_port(self) -> int:
        """The port on which other servers hand in mail for the user, without a password."""
        return _port_of(self._servers.entrance)

    @property
    def imap_port(self) -> int:
        """The port of IMAP, TLS from the first octet."""
        return _port_of(self._servers.imap)

    def write_ca(self, path: Path) -> None:
        """Write the authority's certificate as PEM: what a client must trust to reach this provider."""
        self._authority.cert_pem.write_to_path(path)

    def mailbox(self, address: str) -> tuple[Delivery, ...]:
        """Return what lies in one mailbox, oldest first."""
        with self._lock:
            return tuple(self._mailboxes.get(address.lower(), ()))

    def refusals(self) -> tuple[str, ...]:
        """Return the addresses refused so far, in order, each time it was named."""
        with self._lock:
            return tuple(self._refusals)

    def inbox(self) -> tuple[InboxMail, ...]:
        """Return what lies in the user's INBOX, oldest first."""

        async def read() -> tuple[InboxMail, ...]:
            return tuple(InboxMail(raw=held.raw, is_seen=SEEN in held.flags) for held in self._folders.inbox.mails)

        return self._on_loop(read())

    def stop_imap(self) -> None:
        """Take no IMAP connection any more and end those that are open; the rest goes on."""

        async def stop() -> None:
            self._servers.imap.close()
            await self._imap.drop_all()

        self._on_loop(stop())

    def close(self) -> None:
        """Close every port and every connection; may be called twice."""
        if self._loop.is_closed():
            return
        self._on_loop(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        for server in (self._servers.starttls, self._servers.tls, self._servers.entrance, self._servers.imap):
            server.close()
        await self._imap.drop_all()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _check(self, _server: SMTP, _session: object, _envelope: object, _mechanism: str, sent: object) -> AuthResult:
        is_right = isinstance(sent, LoginPassword) and self._is_user(
            sent.login.decode("utf-8", "replace"), sent.password.decode("utf-8", "replace")
        )
        return AuthResult(success=is_right, handled=False)

    def _is_user(self, user: str, password: str) -> bool:
        is_name = secrets.compare_digest(user.encode(), self.user.encode())
        return is_name and secrets.compare_digest(password.encode(), self.password.encode())

    def _deliver(self, sender: str, raw: bytes) -> None:
        """Put a mail into the user's INBOX under the two lines that a provider's delivery adds (RFC 5321 4.4)."""
        at = self._clock()
        trace = f"Return-Path: <{sender}>\r\nReceived: by {NAME} for <{self.user}>; {format_datetime(at)}\r\n"
        self._folders.inbox.add(trace.encode() + raw, at=at.astimezone(UTC))

    async def handle_RCPT(  # noqa: D102 - aiosmtpd calls it by this name
        self,
        _server: SMTP,
        _session: object,
        envelope: Any,
        address: str,
        options: list[str],
    ) -> str:
        if address.lower() in self._refused:
            with self._lock:
                self._refusals.append(address)
            # Postfix's words for an address its domain does not have (RFC 3463: 5.1.1).
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox table"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: object, envelope: Any) -> str:  # noqa: D102 - as above
        delivery = Delivery(
            raw=bytes(envelope.original_content),
            sender=envelope.mail_from,
            recipients=tuple(envelope.rcpt_tos),
            arrived_at=self._clock(),
        )
        with self._lock:
            for address in delivery.recipients:
                self._mailboxes.setdefault(address.lower(), []).append(delivery)
        return f"250 2.0.0 Ok: queued as {secrets.token_hex(5).upper()}"


def _port_of(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port
