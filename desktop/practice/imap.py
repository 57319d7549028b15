"""The practice provider's IMAP server: IMAP4rev1 as far as mail programs and Readback need it, real on the wire.

Capabilities are those that are there and no others.  Nothing is ever expunged, so that a mail's number never changes.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from desktop.practice.imap_mails import fetched, items_in, marks_seen, numbers_in, search
from desktop.practice.imap_wire import (
    BadCommandError,
    Command,
    Token,
    quoted,
    read_command,
    text_of,
)
from desktop.practice.mailboxes import SEEN, Folder, Mailboxes

_OPEN: Final = b"IMAP4rev1 LITERAL+ SASL-IR ID AUTH=PLAIN"
_SIGNED_IN: Final = b"IMAP4rev1 LITERAL+ SASL-IR ID IDLE SPECIAL-USE UIDPLUS UNSELECT NAMESPACE"
_FLAGS: Final = b"\\Answered \\Flagged \\Deleted \\Seen \\Draft"


class RefusedError(Exception):
    """The command cannot be done; the text is the answer after NO."""


class ImapServer:
    """The server's side of every connection; `check` says whether a user and password are right."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        *,
        check: Callable[[str, str], bool],
        clock: Callable[[], datetime],
    ) -> None:
        """Serve one user's mailboxes."""
        self._mailboxes = mailboxes
        self._check = check
        self._clock = clock
        self._writers: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def drop_all(self) -> None:
        """End every connection as a power cut would, and wait until nothing is left of it."""
        for writer in self._writers.values():
            writer.transport.abort()
        # Not cancelled: Python 3.11 logs a cancelled stream handler as a failure.
        await asyncio.gather(*self._writers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._writers[task] = writer
        session = _Session(reader, writer, self._mailboxes, self._check, self._clock)
        try:
            await session.run()
        except (OSError, EOFError, ValueError):  # gone in the midst of a word; a line without an end
            writer.transport.abort()
        finally:
            session.leave()
            del self._writers[task]
            writer.close()


class _Session:
    """One connection; before a sign-in `self._is_known` is False, and without a SELECT `self._folder` is None."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        mailboxes: Mailboxes,
        check: Callable[[str, str], bool],
        clock: Callable[[], datetime],
    ) -> None:
        self._reader, self._writer = reader, writer
        self._mailboxes, self._check, self._clock = mailboxes, check, clock
        self._is_known = self._is_over = False
        self._folder: Folder | None = None
        self._is_read_only = True
        self._told = 0  # how many mails of the folder the client knows of
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Answer commands until the client leaves."""
        self._say(b"* OK [CAPABILITY %s] Practice provider" % _OPEN)
        while not self._is_over:
            await self._writer.drain()
            try:
                command = await read_command(self._reader, self._writer)
            except BadCommandError as error:
                self._say(f"* BAD {error}".encode("ascii", "replace"))
                continue
            if command is None:
                return
            await self._answer(command)
        await self._writer.drain()

    def leave(self) -> None:
        """Watch no folder any more."""
        if self._folder is not None:
            self._folder.watchers.discard(self._news)
        self._folder = None

    async def _answer(self, command: Command) -> None:
        try:
            said = await self._perform(command)
            self._tell_news()
            answer = f"OK {said}"
        except RefusedError as error:
            answer = f"NO {error}"
        except BadCommandError as error:
            answer = f"BAD {error}"
        self._say(f"{command.tag} {answer}".encode("ascii", "replace"))

    async def _perform(self, command: Command) -> str:
        arguments = list(command.arguments)
        match command.name:
            case "CAPABILITY":
                self._say(b"* CAPABILITY " + (_SIGNED_IN if self._is_known else _OPEN))
                return "Done"
            case "NOOP":
                return "Done"
            case "ID":
                self._say(b'* ID ("name" "Practice")')
                return "Done"
            case "LOGOUT":
                self._say(b"* BYE Until soon")
                self._is_over = True
                return "Done"
            case "LOGIN" if len(arguments) == 2:
                return self._sign_in(text_of(arguments[0]), text_of(arguments[1]))
            case "AUTHENTICATE" if arguments:
                return await self._authenticate(arguments)
        if not self._is_known:
            raise BadCommandError("Sign in first")
        return await self._perform_known(command.name, arguments)

    async def _perform_known(self, name: str, arguments: list[Token]) -> str:
        match name:
            case "LIST" | "LSUB":
                return self._list(arguments)
            case "NAMESPACE":
                self._say(b'* NAMESPACE (("" "/")) NIL NIL')
                return "Done"
            case "STATUS" if len(arguments) == 2:
                return self._status(*arguments)
            case "SELECT" | "EXAMINE" if arguments:
                return self._select(text_of(arguments[0]), is_read_only=name == "EXAMINE")
            case "APPEND" if len(arguments) >= 2:
                return self._append(arguments)
            case "IDLE":
                return await self._idle()
        if self._folder is None:
            raise BadCommandError("No folder is open, or no such command")
        return self._perform_in(self._folder, name, arguments)

    def _perform_in(self, folder: Folder, name: str, arguments: list[Token]) -> str:
        match name:
            case "CHECK":
                return "Done"
            case "CLOSE" | "UNSELECT":
                self.leave()
                return "Done"
            case "SEARCH" | "UID SEARCH":
                mails = folder.mails[: self._told]
                found = [mails[place - 1].uid if name == "UID SEARCH" else place for place in search(mails, arguments)]
                self._say(" ".join(["* SEARCH", *map(str, found)]).encode("ascii"))
                return "Done"
            case "FETCH" | "UID FETCH" if len(arguments) == 2:
                self._fetch(folder, text_of(arguments[0]), items_in(arguments[1]), by_uid=name == "UID FETCH")
                return "Done"
        raise BadCommandError("No such command")

    def _sign_in(self, user: str, password: str) -> str:
        if not self._check(user, password):
            raise RefusedError("[AUTHENTICATIONFAILED] User or password is wrong")
        self._is_known = True
        return f"[CAPABILITY {_SIGNED_IN.decode()}] Signed in"

    async def _authenticate(self, arguments: list[Token]) -> str:
        if text_of(arguments[0]).upper() != "PLAIN":
            raise RefusedError("No such mechanism")
        if len(arguments) > 1:
            response = text_of(arguments[1]).encode()
        else:
            self._say(b"+ ")
            await self._writer.drain()
            response = (await self._reader.readline()).strip()
        try:
            _, user, password = base64.b64decode(response, validate=True).decode().split("\0")
        except (binascii.Error, ValueError) as error:
            raise BadCommandError("unreadable credentials") from error
        return self._sign_in(user, password)

    def _list(self, arguments: list[Token]) -> str:
        wants_special = isinstance(arguments[0], list) and "SPECIAL-USE" in map(str, arguments[0])
        names = [text_of(each) for each in arguments if not isinstance(each, list)]
        if len(names) < 2:
            raise BadCommandError("LIST needs a reference and a pattern")
        if not names[1]:
            self._say(b'* LIST (\\Noselect) "/" ""')
            return "Done"
        pattern = re.escape(names[0] + names[1]).replace("\\*", ".*").replace("%", "[^/]*")
        for folder in self._mailboxes.all():
            if re.fullmatch(pattern, folder.name, re.IGNORECASE) and (folder.use or not wants_special):
                attributes = " ".join(filter(None, ["\\HasNoChildren", folder.use]))
                self._say(b'* LIST (%s) "/" %s' % (attributes.encode(), quoted(folder.name)))
        return "Done"

    def _named(self, name: str) -> Folder:
        folder = self._mailboxes.find(name)
        if folder is None:
            raise RefusedError("[NONEXISTENT] No such folder")
        return folder

    def _status(self, name: Token, items: Token) -> str:
        folder = self._named(text_of(name))
        values = {
            "MESSAGES": len(folder.mails),
            "UIDNEXT": folder.next_uid,
            "UIDVALIDITY": folder.uid_validity,
            "UNSEEN": sum(SEEN not in held.flags for held in folder.mails),
            "RECENT": 0,
        }
        asked = [text_of(item).upper() for item in items] if isinstance(items, list) else []
        if not asked or not set(asked) <= set(values):
            raise BadCommandError("no such status")
        told = " ".join(f"{item} {values[item]}" for item in asked)
        self._say(b"* STATUS %s (%s)" % (quoted(folder.name), told.encode("ascii")))
        return "Done"

    def _select(self, name: str, *, is_read_only: bool) -> str:
        self.leave()
        folder = self._named(name)
        folder.watchers.add(self._news)
        self._folder, self._is_read_only, self._told = folder, is_read_only, len(folder.mails)
        self._say(b"* FLAGS (%s)" % _FLAGS)
        self._say(b"* %d EXISTS" % self._told)
        self._say(b"* 0 RECENT")
        self._say(b"* OK [PERMANENTFLAGS (%s)] Flags that are kept" % (b"" if is_read_only else _FLAGS))
        self._say(b"* OK [UIDVALIDITY %d] UIDs are valid" % folder.uid_validity)
        self._say(b"* OK [UIDNEXT %d] Next UID" % folder.next_uid)
        return f"[READ-{'ONLY' if is_read_only else 'WRITE'}] Done"

    def _append(self, arguments: list[Token]) -> str:
        folder = self._named(text_of(arguments[0]))
        raw, at, flags = arguments[-1], self._clock(), frozenset[str]()
        if not isinstance(raw, bytes):
            raise BadCommandError("APPEND needs a literal")
        for option in arguments[1:-1]:
            if isinstance(option, list):
                flags = frozenset(text_of(flag) for flag in option)
            else:
                at = _instant(text_of(option))
        uid = folder.add(raw, at=at, flags=flags)
        return f"[APPENDUID {folder.uid_validity} {uid}] Done"

    def _fetch(self, folder: Folder, spelled: str, items: list[str], *, by_uid: bool) -> None:
        mails = folder.mails[: self._told]
        is_in = numbers_in(spelled, (mails[-1].uid if by_uid else len(mails)) if mails else 0)
        if by_uid and "UID" not in map(str.upper, items):
            items = ["UID", *items]
        for place, held in enumerate(mails, 1):
            if is_in(held.uid if by_uid else place):
                told = b" ".join(fetched(held, item) for item in items)
                self._say(b"* %d FETCH (%s)" % (place, told))
                if not self._is_read_only and any(marks_seen(item) for item in items):
                    held.flags.add(SEEN)

    async def _idle(self) -> str:
        """Tell of new mail as it comes, until the client says DONE (RFC 2177)."""
        self._say(b"+ idling")
        line = asyncio.ensure_future(self._reader.readline())
        try:
            while not line.done():
                self._news.clear()
                self._tell_news()
                await self._writer.drain()
                news = asyncio.ensure_future(self._news.wait())
                await asyncio.wait({line, news}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
        finally:
            line.cancel()
        if line.result().strip().upper() != b"DONE":
            raise BadCommandError("DONE was expected")
        return "Done"

    def _tell_news(self) -> None:
        if self._folder is not None and len(self._folder.mails) > self._told:
            self._told = len(self._folder.mails)
            self._say(b"* %d EXISTS" % self._told)

    def _say(self, line: bytes) -> None:
        if self._writer.is_closing():
            raise ConnectionResetError("the client is gone")
        self._writer.write(line + b"\r\n")


def _instant(spelled: str) -> datetime:
    """Return what an INTERNALDATE such as "22-Nov-2026 02:40:22 +0000" spells."""
    try:
        return parsedate_to_datetime(spelled.strip().replace("-", " ", 2)).astimezone(UTC)
    except ValueError as error:
        raise BadCommandError("unreadable date") from error
