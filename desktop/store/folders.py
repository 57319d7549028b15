"""How far each folder of an account was read: written in the transaction that keeps what was read."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from desktop.store.change import Change
from desktop.store.database import Store

_COLUMNS: Final = "account_id, name, role, uid_validity, next_uid, modseq, backlog_uid"


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
    """

    account_id: int
    name: str
    role: FolderRole
    uid_validity: int
    next_uid: int
    modseq: int | None = None
    backlog_uid: int | None = None


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
        )
        for account, name, role, uid_validity, next_uid, modseq, backlog_uid in rows
    )


def keep_folder(connection: sqlite3.Connection, folder: FolderRow) -> None:
    """Keep a folder's place within a transaction."""
    connection.execute(
        f"INSERT OR REPLACE INTO folder ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
        (
            folder.account_id,
            folder.name,
            folder.role,
            folder.uid_validity,
            folder.next_uid,
            folder.modseq,
            folder.backlog_uid,
        ),
    )


def forget_folder(store: Store, account_id: int, name: str) -> Change:
    """Forget a folder's place, as when it is gone; what was read in it stays."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("DELETE FROM folder WHERE account_id = ? AND name = ?", (account_id, name))
        return Change(), None

    return store.write(work)[0]
