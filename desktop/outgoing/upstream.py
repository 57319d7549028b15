"""One connection to the provider: signed in over verified TLS, and a message in two steps.

The body goes first and the final dot by itself, so that whoever sends can make its journal durable in between.
smtplib gives the connection and the replies; commands and dots are spelled by us, because it quotes addresses and
stuffs dots in ways of its own.  Every method blocks; any of them raises Unreachable when the connection fails.
"""

import base64
import contextlib
import select
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from desktop.accounts.credentials import Bearer, Credential, Credentials, Password
from desktop.core.errors import NotAuthorised, Refused, Unreachable
from desktop.outgoing.offers import Offer, offer_of
from desktop.outgoing.replies import Reply
from desktop.outgoing.syntax import DSN_PARAMETERS, Path, spelled
from desktop.outgoing.transparency import FINAL_DOT, stuffed
from desktop.store.accounts import AccountRow, Security

# As Thunderbird does: the name of this machine is nobody's business.
_HELO_NAME: Final = "[127.0.0.1]"
_COMMAND_BYTES: Final = 512
_NEEDS_SMTPUTF8: Final = Reply(553, "5.6.7 This address needs SMTPUTF8, which the mail program did not ask for.")
# X509_V_ERR_* of OpenSSL, in words.
_WRONG_NAME: Final = "Check the server's name; the provider's help page has the right one."
_UNKNOWN_AUTHORITY: Final = (
    "Check the server's name. If it is right, ask whoever runs it for a certificate that is known."
)
# OpenSSL's verify codes (x509_vfy.h): what is wrong, and what helps.
_CERTIFICATE_FAULTS: Final = {
    10: ("it has expired", "Check this computer's clock; if it is right, the provider has to renew the certificate."),
    18: ("it is signed by nobody but itself", _UNKNOWN_AUTHORITY),
    19: ("its authority is not known here", _UNKNOWN_AUTHORITY),
    20: ("its authority is not known here", _UNKNOWN_AUTHORITY),
    62: ("it is for another name", _WRONG_NAME),
    64: ("it is for another address", _WRONG_NAME),
}


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


class AnswerLost(Unreachable):
    """The final dot may have reached the provider and its answer did not come: nobody knows whether it has the mail."""


class RefusedByProvider(Refused):
    """The provider's server answered, and its `reply` was no."""

    def __init__(self, sentence: str, cure: str, reply: Reply) -> None:
        """Keep the provider's own words apart from ours."""
        super().__init__(sentence, cure)
        self.reply = reply


def connect(
    account: AccountRow,
    credential: Credential,
    context: ssl.SSLContext,
    *,
    timeouts: Timeouts | None = None,
    on_step: Callable[[Step], None] = lambda _step: None,
) -> "Upstream":
    """Return a connection that is encrypted and signed in; raise Unreachable, Refused or NotAuthorised in plain words.

    `on_step` is told of each step as it begins.
    """
    waits = timeouts or Timeouts()
    on_step(Step.CONNECT)
    smtp = _open(account, context, waits, on_step)
    try:
        _socket_of(smtp).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _socket_of(smtp).settimeout(waits.command_s)
        if account.security is Security.STARTTLS:
            on_step(Step.ENCRYPT)
            _encrypt(smtp, account, context)
        _acknowledge_at_once(_socket_of(smtp))
        _greet(smtp, account)
        on_step(Step.SIGN_IN)
        _sign_in(smtp, account, credential)
    except (OSError, smtplib.SMTPException) as error:
        smtp.close()
        raise _unreachable(account, error) from error
    except BaseException:
        smtp.close()
        raise
    return Upstream(smtp, account, waits)


def connect_as(
    account: AccountRow,
    credentials: Credentials,
    context: ssl.SSLContext,
    *,
    timeouts: Timeouts | None = None,
    on_step: Callable[[Step], None] = lambda _step: None,
) -> "Upstream":
    """Connect with what the account signs in with now; a token that was refused is fetched anew once."""
    credential = credentials.of(account)
    try:
        return connect(account, credential, context, timeouts=timeouts, on_step=on_step)
    except NotAuthorised:
        another = credentials.refused(account, credential)
        if another is None:
            raise
    return connect(account, another, context, timeouts=timeouts, on_step=on_step)


def _open(
    account: AccountRow, context: ssl.SSLContext, waits: Timeouts, on_step: Callable[[Step], None]
) -> smtplib.SMTP:
    try:
        if account.security is Security.TLS:
            on_step(Step.ENCRYPT)
            return smtplib.SMTP_SSL(account.host, account.port, _HELO_NAME, timeout=waits.connect_s, context=context)
        return smtplib.SMTP(account.host, account.port, _HELO_NAME, timeout=waits.connect_s)
    except (OSError, smtplib.SMTPException) as error:
        raise _unreachable(account, error) from error


def _unreachable(account: AccountRow, error: Exception) -> Unreachable | RefusedByProvider:
    """Return the trouble that a failure to connect means."""
    host, port = account.host, account.port
    if isinstance(error, smtplib.SMTPResponseException):
        return RefusedByProvider(
            f"{host} turned the connection away.", "Try again later, or ask the provider.", _reply_of(error)
        )
    if isinstance(error, socket.gaierror):
        return Unreachable(f"There is no server named {host}.", "Check the server's name and your connection.")
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(
            f"Nothing answers at {host} on port {port}.",
            "If it worked before, the provider may be down: try again later. Else check the port: 465 for TLS, 587 for "
            "STARTTLS.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        fault, cure = _CERTIFICATE_FAULTS.get(error.verify_code, ("it cannot be verified", _WRONG_NAME))
        return Unreachable(f"The certificate of {host} is not good: {fault}.", cure)
    if isinstance(error, ssl.SSLError):
        return Unreachable(
            f"{host} does not speak TLS on port {port}.", "Choose STARTTLS for port 587, TLS for port 465."
        )
    # smtplib tells a time-out while it reads a reply as a closed connection.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return Unreachable(f"{host} did not answer in time on port {port}.", "Check the port and try again later.")
    return Unreachable(f"The connection to {host} was closed.", "Try again later.")


def _greet(smtp: smtplib.SMTP, account: AccountRow) -> None:
    code, text = smtp.ehlo()
    if code != 250:
        raise RefusedByProvider(f"{account.host} did not accept the greeting.", "Ask the provider.", _reply(code, text))


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
        raise RefusedByProvider(f"{account.host} refused to encrypt.", "Try again later.", _reply_of(error)) from error


def _sign_in(smtp: smtplib.SMTP, account: AccountRow, credential: Credential) -> None:
    # Whoever calls has encrypted by now; a mistake there must not give a secret away.
    assert isinstance(_socket_of(smtp), ssl.SSLSocket)
    mechanisms = smtp.esmtp_features.get("auth", "").upper().split()
    if isinstance(credential, Bearer):
        code, text = _with_bearer(smtp, account, credential, mechanisms)
    else:
        code, text = _with_password(smtp, account, credential, mechanisms)
    if code == 235:
        return
    if b"5.7.139" in text and b"SmtpClientAuthentication is disabled" in text:
        # Exchange Online's switch, per organisation and per mailbox; no password and no new token helps.
        raise RefusedByProvider(
            f"{account.host} does not let mail programs send from this mailbox: its SMTP AUTH is switched off.",
            "Ask your administrator to switch on “Authenticated SMTP” for this mailbox.",
            _reply(code, text),
        )
    if code in (534, 535) and isinstance(credential, Bearer):
        raise NotAuthorised(
            f"{account.host} did not accept the sign-in for {account.label or account.user}.",
            "Sign in again in Readback's settings, as the user of this very mailbox.",
        )
    if code in (534, 535):
        raise NotAuthorised(
            f"{account.host} did not accept the user name and password.",
            "Enter them again in Readback's settings; some providers want an app password.",
        )
    raise RefusedByProvider(f"{account.host} refused to sign in.", "Try again later.", _reply(code, text))


def _with_password(
    smtp: smtplib.SMTP, account: AccountRow, password: Password, mechanisms: list[str]
) -> tuple[int, bytes]:
    if "PLAIN" in mechanisms:
        return smtp.docmd("AUTH", "PLAIN " + _base64(f"\0{password.user}\0{password.secret}"))
    if "LOGIN" not in mechanisms:
        raise Refused(
            f"{account.host} offers no way to sign in with a password.",
            "Ask the provider for an app password, or for its server for mail programs.",
        )
    code, text = smtp.docmd("AUTH", "LOGIN " + _base64(password.user))
    return smtp.docmd(_base64(password.secret)) if code == 334 else (code, text)


def _with_bearer(smtp: smtplib.SMTP, account: AccountRow, bearer: Bearer, mechanisms: list[str]) -> tuple[int, bytes]:
    """Put the token to XOAUTH2, else to OAUTHBEARER (RFC 7628); return the last answer.

    XOAUTH2 first: it is what Google and Microsoft describe, and Microsoft offers nothing else.
    """
    if "XOAUTH2" in mechanisms:
        mechanism, first, after_error = "XOAUTH2", f"user={bearer.user}\1auth=Bearer {bearer.token}\1\1", ""
    elif "OAUTHBEARER" in mechanisms:
        # RFC 5801 4: in the name, a comma and an equals sign are spelled out.  RFC 7628 3.2.3: an error is met with ^A.
        name = bearer.user.replace("=", "=3D").replace(",", "=2C")
        where = f"host={account.host}\1port={account.port}"
        first, after_error = f"n,a={name},\1{where}\1auth=Bearer {bearer.token}\1\1", _base64("\1")
        mechanism = "OAUTHBEARER"
    else:
        raise Refused(
            f"{account.host} takes no sign-in from the browser.", "Use a password or an app password for this account."
        )
    code, text = _begin_auth(smtp, mechanism, _base64(first))
    # The error as JSON; the refusal itself comes once it was answered.
    return smtp.docmd(after_error) if code == 334 else (code, text)


def _begin_auth(smtp: smtplib.SMTP, mechanism: str, response: str) -> tuple[int, bytes]:
    # RFC 4954 4: an initial response must fit a command line (RFC 5321 4.5.3.1.4: 512 octets); tokens often do not.
    if len(f"AUTH {mechanism} {response}\r\n") <= _COMMAND_BYTES:
        return smtp.docmd("AUTH", f"{mechanism} {response}")
    code, text = smtp.docmd("AUTH", mechanism)
    if code in (500, 501, 504):
        # Some of Outlook's servers know XOAUTH2 with an initial response only (seen by libetpan in 2017).
        return smtp.docmd("AUTH", f"{mechanism} {response}")
    return smtp.docmd(response) if code == 334 else (code, text)


def _socket_of(smtp: smtplib.SMTP) -> socket.socket:
    if smtp.sock is None:
        raise smtplib.SMTPServerDisconnected("closed")
    return smtp.sock


def _acknowledge_at_once(sock: socket.socket) -> None:
    """Spare the 40 ms that a server with TLS 1.3 waits for our acknowledgement of its session tickets (Nagle)."""
    if hasattr(socket, "TCP_QUICKACK"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def _reply(code: int, text: bytes) -> Reply:
    # A greeting or an answer that is no SMTP has code -1.
    return Reply(code if 200 <= code <= 599 else 451, text.decode("utf-8", "replace"))


def _reply_of(error: smtplib.SMTPResponseException) -> Reply:
    text = error.smtp_error
    return _reply(error.smtp_code, text if isinstance(text, bytes) else str(text).encode())


class Upstream:
    """A connection that is signed in; one thread at a time may use it."""

    def __init__(self, smtp: smtplib.SMTP, account: AccountRow, timeouts: Timeouts) -> None:
        """Take over a signed-in connection."""
        self._smtp = smtp
        self._timeouts = timeouts
        self.account = account
        self.offer: Offer = offer_of(smtp.esmtp_features)
        self._pipelines = "pipelining" in smtp.esmtp_features
        self._announced: tuple[Path, int | None] | None = None
        self._is_asked = False
        self._awaits_content = False
        self._has_sender = False
        self.asks_reports: Callable[[], bool] = lambda: True
        self.is_usable = True

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way, as far as this side knows; an open transaction is the session's to know."""
        return self.is_usable and not self._is_asked and not self._awaits_content and self._announced is None

    def has_ended(self) -> bool:
        """Return whether an idle connection's server said something by itself: 421, or that it closed."""
        readable, _, _ = select.select([_socket_of(self._smtp)], [], [], 0)
        return bool(readable)

    @property
    def is_announced(self) -> bool:
        """Whether MAIL was sent and its answer not read yet."""
        return self._announced is not None

    def announce(self, sender: Path, size_bytes: int | None) -> None:
        """Send MAIL without waiting, where the server allows that (RFC 2920); `open` reads its answer.

        A few octets into an empty buffer: this never blocks.  A connection that fails here is found unusable later.
        """
        line = self._mail_line(sender, size_bytes)
        if self._pipelines and isinstance(line, str):
            with contextlib.suppress(Unreachable), self._broken_as_trouble():
                self._smtp.send(f"{line}\r\n")
                self._announced = (sender, size_bytes)

    def open(self, sender: Path, size_bytes: int | None, recipient: Path) -> tuple[Reply, Reply]:
        """Begin a transaction with its first recipient; return the answers to MAIL and to RCPT.

        Where the server allows it both commands go at once; after a refused MAIL the second answer means nothing.
        """
        if self._announced not in (None, (sender, size_bytes)):
            self.reset()
        self._has_sender = bool(sender.address)
        line, named = self._mail_line(sender, size_bytes), self._rcpt_line(recipient)
        if isinstance(line, Reply):
            return line, line
        if not named.isascii() and self._smtp.command_encoding == "ascii":
            return (self._announced_answer() if self.is_announced else _NEEDS_SMTPUTF8), _NEEDS_SMTPUTF8
        if not self._pipelines:
            begun = self._command(line)
            return begun, self._command(named) if begun.is_ok else begun
        with self._broken_as_trouble():
            self._smtp.send(f"{named}\r\n" if self.is_announced else f"{line}\r\n{named}\r\n")
        return self._announced_answer(), self._answer()

    def _announced_answer(self) -> Reply:
        self._announced = None
        return self._answer()

    def _mail_line(self, sender: Path, size_bytes: int | None) -> str | Reply:
        """Return the command, or why it cannot be said; parameters not offered are left out, SIZE is ours."""
        wanted = {name: value for name, value in sender.parameters.items() if name not in ("SIZE", "AUTH")}
        if not self.offer.eight_bit:
            wanted.pop("BODY", None)
        if size_bytes is not None and self.offer.size_bytes is not None:
            wanted["SIZE"] = str(size_bytes)
        if "SMTPUTF8" in wanted and not self.offer.smtputf8:
            return Reply(550, "5.6.7 The provider cannot send to or from addresses with such letters.")
        # RFC 6531 3.1: commands of such a transaction may be UTF-8.
        self._smtp.command_encoding = "utf-8" if "SMTPUTF8" in wanted else "ascii"
        line = self._path_line("MAIL FROM", sender.address, wanted)
        return line if line.isascii() or "SMTPUTF8" in wanted else _NEEDS_SMTPUTF8

    def rcpt(self, recipient: Path) -> Reply:
        """Name a further recipient."""
        line = self._rcpt_line(recipient)
        if not line.isascii() and self._smtp.command_encoding == "ascii":
            return _NEEDS_SMTPUTF8
        return self._command(line)

    def _rcpt_line(self, recipient: Path) -> str:
        """Return the command; reports of failure and delay are asked for where the client does not say what it wants.

        Never of success, which floods the sender; and none for mail without a sender, since nobody would get it
        (RFC 3461 4.1 and 5).
        """
        parameters = recipient.parameters
        if self.offer.dsn and self._has_sender and "NOTIFY" not in parameters and self.asks_reports():
            parameters = {**parameters, "NOTIFY": "FAILURE,DELAY"}
        return self._path_line("RCPT TO", recipient.address, parameters)

    def _path_line(self, verb: str, address: str, parameters: Mapping[str, str]) -> str:
        words = [f"{verb}:<{address}>"]
        words += [
            spelled(name, value) for name, value in parameters.items() if self.offer.dsn or name not in DSN_PARAMETERS
        ]
        return " ".join(words)

    def reset(self) -> None:
        """End the open transaction without sending anything; one whose content was asked for ends with the connection.

        Content without its dot is discarded by the server.
        """
        if self._is_asked or self._awaits_content:
            self.drop()
            return
        with self._broken_as_trouble():
            self._smtp.send("RSET\r\n")
        if self.is_announced:
            self._announced_answer()
        self._answer()

    def ask_data(self) -> None:
        """Send DATA without waiting; `begin_data` reads the answer.  As `announce`, this never blocks."""
        with contextlib.suppress(Unreachable), self._broken_as_trouble():
            self._smtp.send("DATA\r\n")
            self._is_asked = True

    def begin_data(self) -> Reply:
        """Ask to send the content, if that was not done; 354 means yes, and every other code is 4xx or 5xx."""
        if not self._is_asked:
            self.ask_data()
        self._is_asked = False
        reply = self._answer(go_on=354)
        self._awaits_content = reply.code == 354
        return reply

    def send_body(self, octets: bytes) -> None:
        """Send the content, dots stuffed, without the final dot."""
        with self._broken_as_trouble():
            _socket_of(self._smtp).sendall(stuffed(octets))

    def finish(self) -> Reply:
        """Send the final dot and return the server's answer; raise AnswerLost."""
        try:
            _socket_of(self._smtp).settimeout(self._timeouts.final_s)
            _socket_of(self._smtp).sendall(FINAL_DOT)
            code, text = self._smtp.getreply()
            if not (200 <= code <= 299 or 400 <= code <= 599):
                raise smtplib.SMTPServerDisconnected("not an answer to the dot")
            _socket_of(self._smtp).settimeout(self._timeouts.command_s)
            self._awaits_content = False
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            raise AnswerLost(
                "The provider's answer was lost, so this mail may or may not have been sent.",
                "Look into your Sent folder at the provider, or ask the recipient, before you send it again.",
            ) from error
        return self._noted(_reply(code, text))

    def quit(self) -> None:
        """Say goodbye and close."""
        if self.is_usable and not self._is_asked and not self._awaits_content:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                _socket_of(self._smtp).settimeout(2.0)
                self._smtp.docmd("QUIT")
        self.drop()

    def drop(self) -> None:
        """Close without a word; content without its dot is discarded by the server."""
        self.is_usable = False
        self._smtp.close()

    def wake(self) -> None:
        """End whatever another thread waits for on this connection."""
        sock = self._smtp.sock
        if sock is not None:
            # SSLSocket.shutdown() would first forget its TLS state under the other thread's feet.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _command(self, line: str) -> Reply:
        with self._broken_as_trouble():
            self._smtp.send(f"{line}\r\n")
        return self._answer()

    def _answer(self, *, go_on: int = 250) -> Reply:
        with self._broken_as_trouble():
            # Not sticky: an answer to a command sent ahead would hold up the next one in the server's Nagle.
            _acknowledge_at_once(_socket_of(self._smtp))
            code, text = self._smtp.getreply()
        return self._sensible(code, text, go_on=go_on)

    def _sensible(self, code: int, text: bytes, *, go_on: int = 250) -> Reply:
        reply = _reply(code, text)
        if code != go_on and code // 100 not in ({4, 5} if go_on == 354 else {2, 4, 5}):
            # No server may make the client believe that something was accepted, or is asked for, out of turn.
            return Reply(451, f"4.5.0 The provider gave an answer that makes no sense here: {reply.text}")
        return self._noted(reply)

    def _noted(self, reply: Reply) -> Reply:
        # RFC 5321 3.8: 421 announces that the server closes.
        if reply.code == 421:
            self.drop()
        return reply

    @contextlib.contextmanager
    def _broken_as_trouble(self) -> Iterator[None]:
        try:
            yield
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            raise Unreachable(f"The connection to {self.account.host} broke.", "Try again in a moment.") from error
