"""How far each folder of an account was read: written in the transaction that keeps what was read."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from desktop.store.change import Change
from desktop.store.columns import from_ms, to_ms
from desktop.store.database import Store

_COLUMNS: Final = "account_id, name, role, uid_validity, next_uid, modseq, backlog_uid, read_at_ms"


class FolderRole(StrEnum):
    """What a folder is for."""

    INBOX = "inbox"
    SENT = "sent"
    ALL = "all"
    JUNK = "junk"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRow:
    """A folder's place: `next_uid` is the first not read yet.

    A first sync goes from the newest down: what is below `backlog_uid` is still to be read; None when all is.
    `read_at` is when it was last read or looked at, about; it is known once the row was kept.
    """

    account_id: int
    name: str
    role: FolderRole
    uid_validity: int
    next_uid: int
    modseq: int | None = None
    backlog_uid: int | None = None
    read_at: datetime | None = field(default=None, compare=False)


class Incoming(StrEnum):
    """How far the mail that came in for an account is known."""

    NONE = "none"
    NOT_READ = "not_read"
    OLDER_TO_COME = "older_to_come"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReading:
    """How far an account's mail was read, and when last."""

    account_id: int
    address: str
    incoming: Incoming
    read_at: datetime | None = None


def folders(store: Store, account_id: int) -> tuple[FolderRow, ...]:
    """Return an account's folders by name."""
    with store.read() as connection:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM folder WHERE account_id = ? ORDER BY name",  # noqa: S608 - a constant
            (account_id,),
        ).fetchall()
    return tuple(
        FolderRow(
            account_id=account,
            name=name,
            role=FolderRole(role),
            uid_validity=uid_validity,
            next_uid=next_uid,
            modseq=modseq,
            backlog_uid=backlog_uid,
            read_at=None if read_at_ms is None else from_ms(read_at_ms),
        )
        for account, name, role, uid_validity, next_uid, modseq, backlog_uid, read_at_ms in rows
    )


# Where answers come, and where a provider that has one folder for all mail keeps them once they are filed.
_READINGS: Final = (
    "SELECT account.id, account.user, account.imap_host <> '', coalesce(max(folder.role = 'inbox'), 0),"
    " coalesce(max(folder.backlog_uid IS NOT NULL), 0), max(folder.read_at_ms) FROM account"
    " LEFT JOIN folder ON folder.account_id = account.id AND folder.role IN ('inbox', 'all')"
    " GROUP BY account.id ORDER BY account.id"
)


def read_readings(connection: sqlite3.Connection) -> tuple[AccountReading, ...]:
    """Return how far each account's incoming mail was read.

    What was sent is read before what came in, so only once the inbox is read to the end of the history, and all mail
    where there is such a folder, can silence be told from an answer that is still to be read.
    """
    return tuple(
        AccountReading(
            account_id=account_id,
            address=user,
            incoming=_incoming(bool(reads), bool(has_inbox), bool(has_backlog)),
            read_at=None if read_at_ms is None else from_ms(read_at_ms),
        )
        for account_id, user, reads, has_inbox, has_backlog, read_at_ms in connection.execute(_READINGS)
    )


def _incoming(reads: bool, has_inbox: bool, has_backlog: bool) -> Incoming:
    if not reads:
        return Incoming.NONE
    if not has_inbox:
        return Incoming.NOT_READ
    return Incoming.OLDER_TO_COME if has_backlog else Incoming.READ


def account_readings(store: Store) -> tuple[AccountReading, ...]:
    """Return how far each account's incoming mail was read, by account."""
    with store.read() as connection:
        return read_readings(connection)


def note_look(store: Store, account_id: int, at: datetime) -> Change:
    """Keep that all of an account's folders were looked at."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("UPDATE folder SET read_at_ms = ? WHERE account_id = ?", (to_ms(at), account_id))
        return Change(), None

    return store.write(work)[0]


def keep_folder(connection: sqlite3.Connection, folder: FolderRow, now: datetime) -> None:
    """Keep a folder's place within a transaction, and that it was read now."""
    connection.execute(
        f"INSERT OR REPLACE INTO folder ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
        (
            folder.account_id,
            folder.name,
            folder.role,
            folder.uid_validity,
            folder.next_uid,
            folder.modseq,
            folder.backlog_uid,
            to_ms(now),
        ),
    )


def forget_folder(store: Store, account_id: int, name: str) -> Change:
    """Forget a folder's place, as when it is gone; what was read in it stays."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("DELETE FROM folder WHERE account_id = ? AND name = ?", (account_id, name))
        return Change(), None

    return store.write(work)[0]
