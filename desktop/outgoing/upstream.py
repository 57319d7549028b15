"""One connection to the provider: signed in over verified TLS, and a message in two steps.

The body goes first and the final dot by itself, so that whoever sends can make its journal durable in between.
Commands, dots and the reading of replies are ours: smtplib, which opens the connection, quotes addresses and stuffs
dots in ways of its own.  Every method blocks; any of them raises Unreachable when the connection fails.
"""

import contextlib
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from desktop.accounts.credentials import Credential, Credentials
from desktop.core.errors import NotAuthorised, Unreachable
from desktop.outgoing.auth import sign_in
from desktop.outgoing.line import Line
from desktop.outgoing.offers import Offer, offer_of
from desktop.outgoing.reaching import Step, Timeouts, closed_on_failure, reach, released
from desktop.outgoing.replies import RefusedByProvider, Reply, reply_of
from desktop.outgoing.syntax import DSN_PARAMETERS, Path, spelled
from desktop.outgoing.transparency import FINAL_DOT, stuffed
from desktop.store.accounts import AccountRow

__all__ = ["AnswerLost", "RefusedByProvider", "Step", "Timeouts", "Upstream", "connect", "connect_as"]
_GOODBYE_S: Final = 2.0
_NEEDS_SMTPUTF8: Final = Reply(553, "5.6.7 This address needs SMTPUTF8, which the mail program did not ask for.")


class AnswerLost(Unreachable):
    """The final dot may have reached the provider and its answer did not come: nobody knows whether it has the mail."""


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
    smtp = reach(account, context, waits, on_step)
    with closed_on_failure(smtp, account):
        on_step(Step.SIGN_IN)
        sign_in(smtp, account, credential)
        features = dict(smtp.esmtp_features)
        return Upstream(Line(released(smtp), wait_s=waits.command_s), features, account, waits)


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


class Upstream:
    """A connection that is signed in; one thread at a time may use it."""

    def __init__(self, line: Line, features: Mapping[str, str], account: AccountRow, timeouts: Timeouts) -> None:
        """Take over a signed-in connection; `features` is what the server offers since, names in lower case."""
        self._line = line
        self._timeouts = timeouts
        self.account = account
        self.offer: Offer = offer_of(features)
        self._pipelines = "pipelining" in features
        self._is_utf8 = False
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
        return self._line.has_ended()

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
                self._line.send(f"{line}\r\n".encode())
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
        if not named.isascii() and not self._is_utf8:
            return (self._announced_answer() if self.is_announced else _NEEDS_SMTPUTF8), _NEEDS_SMTPUTF8
        if not self._pipelines:
            begun = self._command(line)
            return begun, self._command(named) if begun.is_ok else begun
        with self._broken_as_trouble():
            self._line.send((f"{named}\r\n" if self.is_announced else f"{line}\r\n{named}\r\n").encode())
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
        self._is_utf8 = "SMTPUTF8" in wanted
        line = self._path_line("MAIL FROM", sender.address, wanted)
        return line if line.isascii() or "SMTPUTF8" in wanted else _NEEDS_SMTPUTF8

    def rcpt(self, recipient: Path) -> Reply:
        """Name a further recipient."""
        line = self._rcpt_line(recipient)
        if not line.isascii() and not self._is_utf8:
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
            self._line.send(b"RSET\r\n")
        if self.is_announced:
            self._announced_answer()
        self._answer()

    def ask_data(self) -> None:
        """Send DATA without waiting; `begin_data` reads the answer.  As `announce`, this never blocks."""
        with contextlib.suppress(Unreachable), self._broken_as_trouble():
            self._line.send(b"DATA\r\n")
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
            self._line.send(stuffed(octets))

    def finish(self) -> Reply:
        """Send the final dot and return the server's answer; raise AnswerLost."""
        try:
            self._line.wait(self._timeouts.final_s)
            self._line.send(FINAL_DOT)
            code, text = self._line.reply()
            if not (200 <= code <= 299 or 400 <= code <= 599):
                raise ConnectionAbortedError("not an answer to the dot")
            self._line.wait(self._timeouts.command_s)
            self._awaits_content = False
        except OSError as error:
            self.drop()
            raise AnswerLost(
                "The provider's answer was lost, so this mail may or may not have been sent.",
                "Look into your Sent folder at the provider, or ask the recipient, before you send it again.",
            ) from error
        return self._noted(reply_of(code, text))

    def quit(self) -> None:
        """Say goodbye and close."""
        if self.is_usable and not self._is_asked and not self._awaits_content:
            with contextlib.suppress(OSError):
                self._line.wait(_GOODBYE_S)
                self._line.send(b"QUIT\r\n")
                self._line.reply()
        self.drop()

    def drop(self) -> None:
        """Close without a word; content without its dot is discarded by the server."""
        self.is_usable = False
        self._line.close()

    def wake(self) -> None:
        """End whatever another thread waits for on this connection."""
        self._line.wake()

    def _command(self, line: str) -> Reply:
        with self._broken_as_trouble():
            self._line.send(f"{line}\r\n".encode())
        return self._answer()

    def _answer(self, *, go_on: int = 250) -> Reply:
        with self._broken_as_trouble():
            code, text = self._line.reply()
        return self._sensible(code, text, go_on=go_on)

    def _sensible(self, code: int, text: bytes, *, go_on: int = 250) -> Reply:
        reply = reply_of(code, text)
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
        except OSError as error:
            self.drop()
            raise Unreachable(f"The connection to {self.account.host} broke.", "Try again in a moment.") from error
