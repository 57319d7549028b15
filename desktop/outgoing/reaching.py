"""The way to a provider's server: connected, encrypted and greeted; what fails on it is told in plain words.

smtplib is used for this part; TLS is required and verified, and a missing STARTTLS fails (never on in plain text).
"""

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from desktop.accounts.tls import BRIDGE_CURE, certificate_fault, is_on_this_computer
from desktop.core.errors import Unreachable
from desktop.outgoing.line import acknowledge_at_once
from desktop.outgoing.replies import RefusedByProvider, Reply, reply_of
from desktop.store.accounts import AccountRow, Security

# As Thunderbird does: the name of this machine is nobody's business.
_HELO_NAME: Final = "[127.0.0.1]"


_PORTS: Final = "465 for TLS, 587 for STARTTLS"
_READING_PORTS: Final = frozenset({143, 993})


class _ReadingServer(smtplib.SMTPException):
    """The server greets as an IMAP server does."""


class _Talk(smtplib.SMTP):
    """smtplib's, but a greeting of another protocol is known as that; smtplib loses its first letters."""

    def getreply(self) -> tuple[int, bytes]:
        is_first = self.file is None
        if is_first:
            assert self.sock is not None
            self.file = self.sock.makefile("rb")
            try:
                is_imap = self.file.peek(4).startswith(b"* ")
            except OSError:
                self.close()
                raise
            if is_imap:
                self.close()
                raise _ReadingServer
        return super().getreply()


class _EncryptedTalk(_Talk, smtplib.SMTP_SSL):
    """The same over TLS from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait; RFC 5321 4.5.3.2 asks ten minutes for the answer to the dot, long after clients give up."""

    connect_s: float = 20.0
    command_s: float = 60.0
    final_s: float = 600.0
    parked_s: float = 15.0


class Step(StrEnum):
    """What a connection is made of, in order."""

    CONNECT = "connect"
    ENCRYPT = "encrypt"
    SIGN_IN = "sign in"


def reach(
    account: AccountRow, context: ssl.SSLContext, waits: Timeouts, on_step: Callable[[Step], None]
) -> smtplib.SMTP:
    """Return a connection that is encrypted and greeted; raise Unreachable or RefusedByProvider."""
    on_step(Step.CONNECT)
    smtp = _open(account, context, waits, on_step)
    with closed_on_failure(smtp, account):
        sock = smtp.sock
        assert sock is not None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(waits.command_s)
        if account.security is Security.STARTTLS:
            on_step(Step.ENCRYPT)
            _encrypt(smtp, account, context)
        assert smtp.sock is not None
        acknowledge_at_once(smtp.sock)
        _greet(smtp, account)
    return smtp


def released(smtp: smtplib.SMTP) -> ssl.SSLSocket:
    """Return the connection, encrypted and with nothing under way, which smtplib lets go of."""
    sock, smtp.sock = smtp.sock, None
    assert isinstance(sock, ssl.SSLSocket)
    # A file that is open on a socket keeps it open.
    smtp.close()
    return sock


@contextlib.contextmanager
def closed_on_failure(smtp: smtplib.SMTP, account: AccountRow) -> Iterator[None]:
    """Close the connection when the block fails, and tell a broken one as the trouble it means."""
    try:
        yield
    except (OSError, smtplib.SMTPException) as error:
        smtp.close()
        raise _unreachable(account, error) from error
    except BaseException:
        smtp.close()
        raise


def _open(
    account: AccountRow, context: ssl.SSLContext, waits: Timeouts, on_step: Callable[[Step], None]
) -> smtplib.SMTP:
    try:
        if account.security is Security.TLS:
            on_step(Step.ENCRYPT)
            return _EncryptedTalk(account.host, account.port, _HELO_NAME, timeout=waits.connect_s, context=context)
        return _Talk(account.host, account.port, _HELO_NAME, timeout=waits.connect_s)
    except (OSError, smtplib.SMTPException) as error:
        raise _unreachable(account, error) from error


def _reading_cure(port: int) -> str:
    return f"Port {port} is for reading (IMAP); for sending (SMTP) it is {_PORTS}." if port in _READING_PORTS else ""


def _unreachable(account: AccountRow, error: Exception) -> Unreachable | RefusedByProvider:
    """Return the trouble that a failure to connect means."""
    host, port = account.host, account.port
    if isinstance(error, smtplib.SMTPResponseException):
        return RefusedByProvider(
            f"{host} turned the connection away.", "Try again later, or ask the provider.", _told(error)
        )
    if isinstance(error, socket.gaierror):
        return Unreachable(f"There is no server named {host}.", "Check the server's name and your connection.")
    if isinstance(error, _ReadingServer):
        return Unreachable(
            f"{host} on port {port} is a server for reading (IMAP), not for sending.",
            f"Enter the server for sending (SMTP) here; its port is {_PORTS}.",
        )
    if isinstance(error, ConnectionRefusedError) and is_on_this_computer(host):
        return Unreachable(f"Nothing answers on this computer at port {port}.", BRIDGE_CURE)
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(
            f"Nothing answers at {host} on port {port}.",
            "If it worked before, the provider may be down: try again later. Else check the port: 465 for TLS, 587 for "
            "STARTTLS.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        fault, cure = certificate_fault(error)
        return Unreachable(f"The certificate of {host} is not good: {fault}.", cure)
    if isinstance(error, ssl.SSLError):
        return Unreachable(
            f"{host} does not speak TLS on port {port}.",
            _reading_cure(port) or "Choose STARTTLS for port 587, TLS for port 465.",
        )
    # smtplib tells a time-out while it reads a reply as a closed connection.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        cure = _reading_cure(port) or "Check the port and try again later."
        return Unreachable(f"{host} did not answer in time on port {port}.", cure)
    return Unreachable(f"The connection to {host} was closed.", "Try again later.")


def _greet(smtp: smtplib.SMTP, account: AccountRow) -> None:
    code, text = smtp.ehlo()
    if code != 250:
        raise RefusedByProvider(
            f"{account.host} did not accept the greeting.", "Ask the provider.", reply_of(code, text)
        )


def _encrypt(smtp: smtplib.SMTP, account: AccountRow, context: ssl.SSLContext) -> None:
    _greet(smtp, account)
    if not smtp.has_extn("starttls"):
        # Never on in plain text: an absent STARTTLS may be one that somebody took out on the way.
        raise Unreachable(
            f"{account.host} offers no encryption on port {account.port}.",
            "Choose TLS with port 465; if this worked before, somebody may be tampering with your connection.",
        )
    try:
        smtp.starttls(context=context)
    except smtplib.SMTPResponseException as error:
        raise RefusedByProvider(f"{account.host} refused to encrypt.", "Try again later.", _told(error)) from error


def _told(error: smtplib.SMTPResponseException) -> Reply:
    text = error.smtp_error
    return reply_of(error.smtp_code, text if isinstance(text, bytes) else str(text).encode())
