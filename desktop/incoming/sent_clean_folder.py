"""The one folder that is ever written to: Sent, and the few things done there.

What is taken away is named by its UID and nothing else goes: never EXPUNGE or CLOSE, which take whatever any program
has marked as deleted.  At Gmail a mail taken out of Sent stays in All Mail, so there it is moved to Trash.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from desktop.core.errors import Refused
from desktop.incoming.mailbox import MAX_UID, Mailbox, Said, as_set
from desktop.incoming.troubles import mailbox_full, not_replaced, sent_read_only

_UID: Final = re.compile(rb"[ (]UID (\d+)")
_FLAGS: Final = re.compile(rb"[ (]FLAGS \(([^)]*)\)")
_RECEIVED: Final = re.compile(rb'[ (]INTERNALDATE "([ \d]?\d-[A-Za-z]{3}-\d{4} \d\d:\d\d:\d\d [+-]\d{4})"')
_APPENDED: Final = re.compile(rb"\[APPENDUID (\d+) (\d+)\]", re.IGNORECASE)
# What a quoted string may hold without being escaped (RFC 3501 9).
_PLAIN: Final = re.compile(r"[ !#-\[\]-~]+")
_NOT_KEPT: Final = frozenset({"\\recent", "\\deleted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A mail as it stands in the folder: its flags, and INTERNALDATE as the server spells it, empty where it is odd."""

    flags: frozenset[str]
    received: str

    @property
    def is_deleted(self) -> bool:
        """Whether somebody marked it as deleted."""
        return any(flag.casefold() == "\\deleted" for flag in self.flags)

    @property
    def kept_flags(self) -> frozenset[str]:
        """The flags that another copy of the mail should have too."""
        return frozenset(flag for flag in self.flags if flag.casefold() not in _NOT_KEPT)


def can_take_away(mailbox: Mailbox) -> bool:
    """Return whether the server can take single mails out of a folder (RFC 4315, RFC 6851)."""
    return mailbox.can("UIDPLUS") or mailbox.can("MOVE")


def moves_to_trash(mailbox: Mailbox) -> bool:
    """Return whether what is taken away goes to Trash: at Gmail, and where there is no other way to name mails."""
    return mailbox.can("X-GM-EXT-1") or not mailbox.can("UIDPLUS")


def trash_of(mailbox: Mailbox) -> str:
    """Return the name of the folder for deleted mail, by the server's own mark; empty where it shows none."""
    return next((each.name for each in mailbox.folders() if "\\trash" in each.attributes), "")


class SentFolder:
    """A folder of sent mail: opened for reading, and for writing only once there is something to replace."""

    def __init__(self, mailbox: Mailbox, name: str, *, host: str) -> None:
        """Open it for reading; raise NoFolder where the server does not."""
        self._mailbox = mailbox
        self._host = host
        self._trash = ""
        self.name = name
        self.uid_validity = mailbox.examine(name).uid_validity

    def open_for_writing(self, trash: str) -> None:
        """Open it for writing, to move what is taken away to `trash`, or expunge it where that is empty.

        It stays so until the mailbox opens another folder.  Raise NoFolder or Refused where the server does not open
        it, or opens it for reading only.
        """
        look = self._mailbox.select(self.name)
        if look is None:
            raise sent_read_only(self._host)
        self._trash = trash
        self.uid_validity = look.uid_validity

    def named(self, names: Iterable[str]) -> frozenset[int]:
        """Return the UIDs of mails whose Message-ID holds one of these, whenever they were received."""
        found: set[int] = set()
        for name in names:
            if _PLAIN.fullmatch(name):
                said = self._ask("UID", "SEARCH", "HEADER", "Message-ID", f'"{name}"')
                if not said.is_ok:
                    raise not_replaced(self._host)
                for line in said.untagged.get("SEARCH", []):
                    found |= {int(word) for word in (line or b"").partition(b"(")[0].split() if word.isdigit()}
        return frozenset(uid for uid in found if 0 < uid <= MAX_UID)

    def standings(self, uids: Iterable[int]) -> dict[int, Standing]:
        """Return how mails stand now; those that are gone are left out."""
        wanted = frozenset(uids)
        found: dict[int, Standing] = {}
        if not wanted:
            return found
        said = self._ask("UID", "FETCH", as_set(sorted(wanted)), "(UID FLAGS INTERNALDATE)")
        if not said.is_ok:
            raise not_replaced(self._host)
        for line in said.untagged.get("FETCH", []):
            if not isinstance(line, bytes):
                continue
            uid, flags, received = _UID.search(line), _FLAGS.search(line), _RECEIVED.search(line)
            if uid is not None and flags is not None and int(uid[1]) in wanted:
                # News of flags comes without the date.
                before = found.get(int(uid[1]))
                at = "" if before is None else before.received
                found[int(uid[1])] = Standing(
                    flags=frozenset(flags[1].decode("ascii", "replace").split()),
                    received=at if received is None else received[1].decode("ascii"),
                )
        return found

    def whole(self, uid: int, max_bytes: int) -> bytes | None:
        """Return a mail, None where it is gone."""
        return self._mailbox.whole(uid, max_bytes)

    def highest_uid(self) -> int:
        """Return the highest UID in the folder."""
        return self._mailbox.highest_uid()

    def append(self, octets: bytes, flags: Iterable[str], received: str) -> int | None:
        """Put a mail in and return its UID, None where the server does not tell; raise Refused where it takes none."""
        listed = f"({' '.join(sorted(flags))})"
        # RFC 3501 9: a day of one digit has a space before it.
        words = (self._mailbox.spelled(self.name), listed, f'"{received:>26}"')
        said = self._ask("APPEND", *words, literal=octets)
        if not said.is_ok:
            raise mailbox_full(self._host) if b"QUOTA" in said.text.upper() else not_replaced(self._host)
        told = _APPENDED.search(said.text)
        return int(told[2]) if told is not None and int(told[1]) == self.uid_validity else None

    def add_flags(self, uid: int, flags: Iterable[str]) -> None:
        """Give a mail flags besides those it has; raise Refused."""
        self._do("UID", "STORE", str(uid), "+FLAGS.SILENT", f"({' '.join(sorted(flags))})")

    def take_away(self, uids: Sequence[int]) -> None:
        """Take exactly these mails out of the folder; raise Refused."""
        numbers = as_set(uids)
        if self._trash:
            self._do("UID", "MOVE", numbers, self._mailbox.spelled(self._trash))
            return
        self._do("UID", "STORE", numbers, "+FLAGS.SILENT", "(\\Deleted)")
        self._do("UID", "EXPUNGE", numbers)

    def _ask(self, *words: str | bytes, literal: bytes | None = None) -> Said:
        """Send a command; a server that does not understand it refuses to have copies replaced."""
        try:
            return self._mailbox.command(*words, literal=literal)
        except Refused as error:
            raise not_replaced(self._host) from error

    def _do(self, *words: str | bytes) -> None:
        if not self._ask(*words).is_ok:
            raise not_replaced(self._host)
