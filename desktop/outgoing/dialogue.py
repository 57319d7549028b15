"""The SMTP that mail clients speak to the listener: who may say what, and in which order.

aiosmtpd's protocol class is not used here: it ends a session at the client's half-close while the mail is on its way,
refuses long lines and DSN parameters, and writes addresses to its log.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Final

from desktop.outgoing.journal import Answer
from desktop.outgoing.means import Means
from desktop.outgoing.offers import Offer
from desktop.outgoing.replies import Reply, ours
from desktop.outgoing.session import Session
from desktop.outgoing.syntax import BadCommandError, Path, read_mail, read_rcpt
from desktop.outgoing.wire import ClientLeftError, LineTooLongError, Wire

LISTENER_USER: Final = "readback"
MAX_CONTENT_BYTES: Final = 100_000_000
IDLE_S: Final = 300.0
_MAX_FAULTS: Final = 10
_MAX_SIGN_INS: Final = 4
# A browser that is led to this port sends one of these first (RFC 9110 9.1, RFC 9113 3.4).
_WEB_VERBS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"})
_BUG: Final = ours(
    "451 4.3.0 Readback failed here; this was written down. The mail was not handed over by this answer."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the listener hands to each dialogue."""

    means: Means
    password: str
    workers: Executor


class Dialogue:
    """One client's commands and their replies, until it leaves."""

    def __init__(self, wire: Wire, house: House) -> None:
        """Take the connection."""
        self._wire = wire
        self._house = house
        self._session: Session | None = None
        self._warming: Future[None] | None = None
        self._is_greeted = False
        self._is_over = False
        self._faults = 0
        self._sign_ins = 0
        self._max_bytes = MAX_CONTENT_BYTES
        self._handlers: dict[str, Callable[[str], None]] = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "QUIT": self._quit,
        }

    def run(self) -> None:
        """Speak until the client leaves; whatever happens, the connection is closed and the provider left.

        A bug ends the connection with a 451.
        """
        self._wire.on_end = self._on_end
        self._say("220 Readback ESMTP")
        try:
            with self._house.means.fail_open():
                self._speak()
        finally:
            self._wire.close()
            self._leave_provider()

    def _speak(self) -> None:
        try:
            while not self._is_over:
                self._one_command()
        except ClientLeftError:
            self._is_over = True
        except BaseException:
            self._wire.write(_BUG)
            raise

    def _one_command(self) -> None:
        try:
            line = self._wire.read_line()
        except LineTooLongError:
            self._fault("500 5.5.2 This command line is too long.")
            return
        self._house.means.hear()
        verb, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
        verb = verb.upper()
        if verb in _WEB_VERBS:
            self._say("554 5.5.1 This port takes mail from mail programs; it is no web server.")
            self._is_over = True
            return
        handler = self._handlers.get(verb)
        if handler is None:
            self._fault("502 5.5.1 This command is not known here.")
            return
        handler(argument.strip())

    def _say(self, text: str) -> None:
        self._wire.write(ours(text))

    def _fault(self, text: str) -> None:
        """Answer a command that makes no sense; too many of them end the connection."""
        self._faults += 1
        if self._faults >= _MAX_FAULTS:
            text = "421 4.7.0 Too many mistakes; closing."
            self._is_over = True
        self._say(text)

    # Greeting

    def _helo(self, _argument: str) -> None:
        self._reset_session()
        self._is_greeted = True
        self._say("250 Readback")

    def _ehlo(self, _argument: str) -> None:
        self._reset_session()
        self._is_greeted = True
        offer = self._house.means.offer()
        self._max_bytes = offer.size_bytes or MAX_CONTENT_BYTES
        self._wire.write(Reply(250, "\n".join(["Readback", *_spell_offer(offer), "AUTH PLAIN LOGIN"])))

    # Signing in

    def _auth(self, argument: str) -> None:
        if not self._is_greeted:
            self._fault("503 5.5.1 Say EHLO first.")
            return
        if self._session is not None:
            self._fault("503 5.5.1 Signed in already.")
            return
        mechanism, _, first = argument.partition(" ")
        try:
            if mechanism.upper() == "PLAIN":
                user, password = self._read_plain(first)
            elif mechanism.upper() == "LOGIN":
                user = _decoded(first or self._challenge("VXNlcm5hbWU6"))
                password = _decoded(self._challenge("UGFzc3dvcmQ6"))
            else:
                self._fault("504 5.5.4 Sign in with PLAIN or LOGIN.")
                return
        except (ValueError, LineTooLongError):
            self._fault("501 5.5.2 This could not be read.")
            return
        self._check(user, password)

    def _read_plain(self, first: str) -> tuple[str, str]:
        # RFC 4616: authorisation id, NUL, user, NUL, password; RFC 4954 4: "=" is an empty first response.
        _, user, password = _decoded(first or self._challenge("")).split("\x00")
        return user, password

    def _challenge(self, text: str) -> str:
        self._wire.write_octets(f"334 {text}\r\n".encode("ascii"))
        answer = (self._wire.read_line()).decode("ascii")
        if answer == "*":
            raise ValueError("cancelled")
        return answer

    def _check(self, user: str, password: str) -> None:
        known = user == LISTENER_USER or self._house.means.account_of(user) is not None
        is_right = hmac.compare_digest(password.encode(), self._house.password.encode())
        if not (known and is_right):
            self._sign_ins += 1
            self._is_over = self._sign_ins >= _MAX_SIGN_INS
            self._say("535 5.7.8 Not Readback's user name and password; its settings show them.")
            return
        session = Session(self._house.means, user, look=self._wire.look)
        self._session = session
        self._warming = self._house.workers.submit(session.warm_up)
        self._say("235 2.7.0 Signed in.")

    # Mail

    def _mail(self, argument: str) -> None:
        session, path = self._signed_in(), self._read(argument, read_mail)
        if session is None or path is None:
            return
        size = path.parameters.get("SIZE")
        if size is not None and int(size) > self._max_bytes:
            self._say(f"552 5.3.4 The provider takes at most {self._max_bytes} octets.")
            return
        is_free = self._warming is None or self._warming.done()
        if not (self._house.means.knows_accounts and (is_free or path.address)):
            self._finish_warming()
        # The client goes on while the provider hears of its sender.
        self._wire.write(session.mail(path))
        if is_free:
            session.announce()

    def _rcpt(self, argument: str) -> None:
        session, path = self._signed_in(), self._read(argument, read_rcpt)
        if session is None or path is None:
            return
        self._finish_warming()
        self._wire.write(session.rcpt(path))

    def _read(self, argument: str, read: Callable[[str], Path]) -> Path | None:
        if self._session is None:
            return None
        try:
            return read(argument)
        except BadCommandError as error:
            self._say(str(error))
            return None

    def _data(self, argument: str) -> None:
        session = self._signed_in()
        if session is None:
            return
        refusal = ours("501 5.5.4 DATA stands alone.") if argument else session.refuse_data()
        if refusal is not None:
            self._fault(f"{refusal.code} {refusal.text}")
            return
        self._say("354 Go on; end with a dot on a line of its own.")
        session.ask_data()
        content = self._wire.read_content(self._max_bytes)
        if content is None:
            self._reset_session()
            self._say(f"552 5.3.4 The provider takes at most {self._max_bytes} octets; nothing was sent.")
            return
        self._house.means.hear()
        try:
            reply = session.data(content)
        finally:
            session.record_outcomes()
        # A client that closed meanwhile cannot read it.
        self._wire.look()
        self._answer(session, reply)

    def _answer(self, session: Session, reply: Reply) -> None:
        """Give the answer to a message, and have the next sign of the client confirm that it was read."""
        entry_id, means = session.last_entry_id, self._house.means
        if entry_id is not None and not self._wire.is_ended:

            def on_sign(was_read: bool) -> None:
                self._wire.on_sign = _nothing
                if was_read:
                    # At once: a new connection may send the same on purpose.
                    with means.fail_open():
                        means.journal().answer(entry_id, Answer.CONFIRMED)

            self._wire.on_sign = on_sign
        self._wire.write(reply)

    # The rest

    def _rset(self, _argument: str) -> None:
        self._reset_session()
        self._say("250 2.0.0 OK")

    def _noop(self, _argument: str) -> None:
        self._say("250 2.0.0 OK")

    def _quit(self, _argument: str) -> None:
        self._say("221 2.0.0 Bye")
        self._is_over = True

    def _signed_in(self) -> Session | None:
        if self._session is None:
            self._fault("530 5.7.0 Sign in first, with the user name and password that Readback's settings show.")
        return self._session

    def _reset_session(self) -> None:
        self._finish_warming()
        if self._session is not None:
            self._session.reset()

    def _finish_warming(self) -> None:
        """Wait for the connection to the provider that was begun when the client signed in."""
        warming, self._warming = self._warming, None
        if warming is not None:
            with self._house.means.fail_open():
                warming.result()

    def _on_end(self) -> None:
        """Let what is not committed yet stay unsent, and what was not read stay unconfirmed."""
        session, means = self._session, self._house.means
        if session is not None:
            session.leave()
            # At once: the client's next attempt may be here already.
            means.leave(session.entry_ids)

    def look(self) -> None:
        """Take note, on any thread, of a client that left by now."""
        self._wire.look()

    def stop(self) -> None:
        """End after the reply to what is committed; nothing else is begun."""
        self._is_over = True
        if self._session is not None:
            self._session.leave()
        self._wire.interrupt()

    def _leave_provider(self) -> None:
        session = self._session
        if session is None:
            return
        self._on_end()
        self._finish_warming()
        session.close()


def _nothing(_was_read: bool) -> None:
    """Hear nothing: the last answer is settled."""


def _spell_offer(offer: Offer) -> Sequence[str]:
    size = [] if offer.size_bytes is None else [f"SIZE {offer.size_bytes}"]
    flags = {"8BITMIME": offer.eight_bit, "SMTPUTF8": offer.smtputf8, "DSN": offer.dsn}
    return [*size, *(name for name, is_kept in flags.items() if is_kept)]


def _decoded(text: str) -> str:
    """Return what base64 says, `=` meaning nothing; raise ValueError."""
    if text == "=":
        return ""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except binascii.Error as error:
        raise ValueError("not base64") from error
