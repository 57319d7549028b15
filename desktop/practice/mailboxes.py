"""What the practice provider keeps for its one user: folders of mails, each with a UID, a date and its flags.

Changed and read on the provider's loop alone; a session that watches a folder is woken by each mail that comes to it.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

SEEN: Final = "\\Seen"


@dataclass(slots=True, kw_only=True)
class Held:
    """One mail in one folder; `at` is when it came there (INTERNALDATE), aware; only its flags ever change."""

    uid: int
    raw: bytes
    at: datetime
    flags: set[str] = field(default_factory=set)


class Folder:
    """A folder; `use` is its special use (RFC 6154 2), empty for none."""

    def __init__(self, name: str, use: str, uid_validity: int) -> None:
        """Begin empty."""
        self.name = name
        self.use = use
        self.uid_validity = uid_validity
        self.mails: list[Held] = []
        self.watchers: set[asyncio.Event] = set()

    @property
    def next_uid(self) -> int:
        """The UID the next mail will have."""
        return self.mails[-1].uid + 1 if self.mails else 1

    def add(self, raw: bytes, *, at: datetime, flags: frozenset[str] = frozenset()) -> int:
        """Keep a mail and wake whoever watches; return its UID."""
        held = Held(uid=self.next_uid, raw=raw, at=at, flags=set(flags))
        self.mails.append(held)
        for watcher in self.watchers:
            watcher.set()
        return held.uid


class Mailboxes:
    """The folders of the user, INBOX first."""

    def __init__(self, *, opened_at: datetime) -> None:
        """Make the folders a new account has; `opened_at` is their UIDVALIDITY, as most servers do it."""
        validity = int(opened_at.astimezone(UTC).timestamp())
        names = {"INBOX": "", "Sent": "\\Sent", "Junk": "\\Junk", "Trash": "\\Trash"}
        self._folders = {name: Folder(name, use, validity + place) for place, (name, use) in enumerate(names.items())}

    @property
    def inbox(self) -> Folder:
        """Where mail for the user arrives."""
        return self._folders["INBOX"]

    def all(self) -> tuple[Folder, ...]:
        """Return every folder."""
        return tuple(self._folders.values())

    def find(self, name: str) -> Folder | None:
        """Return the folder of that name; INBOX goes by any case (RFC 3501 5.1)."""
        return self.inbox if name.upper() == "INBOX" else self._folders.get(name)
