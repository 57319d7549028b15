"""The SMTP that mail clients speak to the listener: who may say what, and in which order.

aiosmtpd's protocol class is not used here: it ends a session at the client's half-close while the mail is on its way,
refuses long lines and DSN parameters, and writes addresses to its log.
"""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final, TypeVar

from desktop.outgoing.journal import Answer
from desktop.outgoing.means import Means
from desktop.outgoing.offers import Offer
from desktop.outgoing.replies import Reply, ours
from desktop.outgoing.session import Session
from desktop.outgoing.syntax import BadCommandError, Path, read_mail, read_rcpt
from desktop.outgoing.wire import ClientLeftError, LineTooLongError, Wire

T = TypeVar("T")
LISTENER_USER: Final = "readback"
MAX_CONTENT_BYTES: Final = 100_000_000
_IDLE_S: Final = 300.0
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
    on_bug: Callable[[BaseException], None]


class Dialogue:
    """One client's commands and their replies, until it leaves."""

    def __init__(self, wire: Wire, house: House) -> None:
        """Take the connection."""
        self._wire = wire
        self._house = house
        self._session: Session | None = None
        self._warming: asyncio.Future[None] | None = None
        self._is_greeted = False
        self._is_over = False
        self._faults = 0
        self._sign_ins = 0
        self._max_bytes = MAX_CONTENT_BYTES
        self._handlers: dict[str, Callable[[str], Awaitable[None]]] = {
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

    async def run(self) -> None:
        """Speak until the client leaves; whatever happens, the connection is closed and the provider left."""
        self._wire.on_end = self._on_end
        self._say("220 Readback ESMTP")
        try:
            while not self._is_over:
                await self._one_command()
        except ClientLeftError:
            self._is_over = True
        finally:
            self._wire.close()
            await self._leave_provider()

    async def _one_command(self) -> None:
        try:
            line = await self._wire.read_line(_IDLE_S)
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
        await handler(argument.strip())

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

    async def _helo(self, _argument: str) -> None:
        await self._reset_session()
        self._is_greeted = True
        self._say("250 Readback")

    async def _ehlo(self, _argument: str) -> None:
        await self._reset_session()
        self._is_greeted = True
        offer = await self._in_worker(self._house.means.offer)
        if offer is None:
            return
        self._max_bytes = offer.size_bytes or MAX_CONTENT_BYTES
        self._wire.write(Reply(250, "\n".join(["Readback", *_spell_offer(offer), "AUTH PLAIN LOGIN"])))

    # Signing in

    async def _auth(self, argument: str) -> None:
        if not self._is_greeted:
            self._fault("503 5.5.1 Say EHLO first.")
            return
        if self._session is not None:
            self._fault("503 5.5.1 Signed in already.")
            return
        mechanism, _, first = argument.partition(" ")
        try:
            if mechanism.upper() == "PLAIN":
                user, password = await self._read_plain(first)
            elif mechanism.upper() == "LOGIN":
                user = _decoded(first or await self._challenge("VXNlcm5hbWU6"))
                password = _decoded(await self._challenge("UGFzc3dvcmQ6"))
            else:
                self._fault("504 5.5.4 Sign in with PLAIN or LOGIN.")
                return
        except (ValueError, LineTooLongError):
            self._fault("501 5.5.2 This could not be read.")
            return
        await self._check(user, password)

    async def _read_plain(self, first: str) -> tuple[str, str]:
        # RFC 4616: authorisation id, NUL, user, NUL, password; RFC 4954 4: "=" is an empty first response.
        _, user, password = _decoded(first or await self._challenge("")).split("\x00")
        return user, password

    async def _challenge(self, text: str) -> str:
        self._wire.write_octets(f"334 {text}\r\n".encode("ascii"))
        answer = (await self._wire.read_line(_IDLE_S)).decode("ascii")
        if answer == "*":
            raise ValueError("cancelled")
        return answer

    async def _check(self, user: str, password: str) -> None:
        known = await self._in_worker(lambda: user == LISTENER_USER or self._house.means.account_of(user) is not None)
        is_right = hmac.compare_digest(password.encode(), self._house.password.encode())
        if not (known and is_right):
            self._sign_ins += 1
            self._is_over = self._sign_ins >= _MAX_SIGN_INS
            self._say("535 5.7.8 Not Readback's user name and password; its settings show them.")
            return
        session = Session(self._house.means, user)
        self._session = session
        self._warming = asyncio.get_running_loop().run_in_executor(self._house.workers, session.warm_up)
        self._say("235 2.7.0 Signed in.")

    # Mail

    async def _mail(self, argument: str) -> None:
        session, path = self._signed_in(), self._read(argument, read_mail)
        if session is None or path is None:
            return
        size = path.parameters.get("SIZE")
        if size is not None and int(size) > self._max_bytes:
            self._say(f"552 5.3.4 The provider takes at most {self._max_bytes} octets.")
            return
        is_free = self._warming is None or self._warming.done()
        if self._house.means.knows_accounts and (is_free or path.address):
            # Nothing here waits, so no worker is needed.
            self._wire.write(session.mail(path))
            if is_free:
                session.announce()
            return
        reply = await self._in_worker(lambda: session.mail(path))
        if reply is not None:
            self._wire.write(reply)

    async def _rcpt(self, argument: str) -> None:
        session, path = self._signed_in(), self._read(argument, read_rcpt)
        if session is None or path is None:
            return
        reply = await self._in_worker(lambda: session.rcpt(path))
        if reply is not None:
            self._wire.write(reply)

    def _read(self, argument: str, read: Callable[[str], Path]) -> Path | None:
        if self._session is None:
            return None
        try:
            return read(argument)
        except BadCommandError as error:
            self._say(str(error))
            return None

    async def _data(self, argument: str) -> None:
        session = self._signed_in()
        if session is None:
            return
        refusal = ours("501 5.5.4 DATA stands alone.") if argument else session.refuse_data()
        if refusal is not None:
            self._fault(f"{refusal.code} {refusal.text}")
            return
        self._say("354 Go on; end with a dot on a line of its own.")
        session.ask_data()
        content = await self._wire.read_content(self._max_bytes, _IDLE_S)
        if content is None:
            await self._reset_session()
            self._say(f"552 5.3.4 The provider takes at most {self._max_bytes} octets; nothing was sent.")
            return
        self._house.means.hear()
        reply = await self._in_worker(lambda: session.data(content))
        session.record_outcomes()
        if reply is not None:
            # Let a client that closed meanwhile be seen before the reply counts as one it can read.
            await asyncio.sleep(0)
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

    async def _rset(self, _argument: str) -> None:
        await self._reset_session()
        self._say("250 2.0.0 OK")

    async def _noop(self, _argument: str) -> None:
        self._say("250 2.0.0 OK")

    async def _quit(self, _argument: str) -> None:
        self._say("221 2.0.0 Bye")
        self._is_over = True

    def _signed_in(self) -> Session | None:
        if self._session is None:
            self._fault("530 5.7.0 Sign in first, with the user name and password that Readback's settings show.")
        return self._session

    async def _reset_session(self) -> None:
        if self._session is not None:
            await self._in_worker(self._session.reset)

    async def _in_worker(self, work: Callable[[], T]) -> T | None:
        """Return what `work` returns on a worker; a bug there ends the connection with a 451 and None.

        The work goes on to its end even when the client leaves: a mail that is committed must be accounted for.
        """
        if self._warming is not None:
            warming, self._warming = self._warming, None
            await asyncio.wait([warming])
            failure = warming.exception()
            if failure is not None:
                self._house.on_bug(failure)
        loop = asyncio.get_running_loop()
        is_done = loop.create_future()
        running = self._house.workers.submit(work)
        running.add_done_callback(lambda _: loop.call_soon_threadsafe(is_done.set_result, None))
        await is_done
        error = running.exception()
        if error is None:
            return running.result()
        self._house.on_bug(error)
        self._wire.write(_BUG)
        self._is_over = True
        return None

    def _on_end(self) -> None:
        """Let what is not committed yet stay unsent, and what was not read stay unconfirmed."""
        session, means = self._session, self._house.means
        if session is not None:
            session.leave()
            # At once: the client's next attempt may be here already.
            means.leave(session.entry_ids)

    def stop(self) -> None:
        """End after the reply to what is committed; nothing else is begun."""
        self._is_over = True
        if self._session is not None:
            self._session.leave()
        self._wire.interrupt()

    async def _leave_provider(self) -> None:
        session = self._session
        if session is None:
            return
        self._on_end()
        await self._in_worker(session.close)


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
