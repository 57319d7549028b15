"""A person erased: everything that names them goes, and a keyed hash stays, so that they are let alone.

An erasure is three steps, each of which can be done again.  First their tags are stopped, so that the relay stores
nothing more; then one transaction takes away all rows; then the file is rewritten, for what was deleted stands in free
pages and in the write-ahead log until then.
"""

import sqlite3
from datetime import datetime
from typing import Final

from desktop.store.change import Change
from desktop.store.database import Store
from relay.wire.answer import Answer

KEY_NAME_BYTES: Final = 8


def erase_person(store: Store, address: str, *, suppression_mark: bytes, now: datetime) -> Change:
    """Take away all that names a person and keep their mark; raise Malformed for a bad address."""
    raise NotImplementedError


def apply_deletion(connection: sqlite3.Connection, answer: Answer, *, now: datetime) -> Change:
    """Delete what was recorded of the person whose tag an answer bears; say so in a notice."""
    raise NotImplementedError


def has_suppressed(store: Store) -> bool:
    """Return whether anybody was erased and is to be let alone."""
    with store.read() as connection:
        return connection.execute("SELECT 1 FROM suppression LIMIT 1").fetchone() is not None


def is_suppressed(store: Store, mark: bytes | None) -> bool:
    """Return whether a mark is that of a person who was erased.

    Without one, or where others were made under another key, everybody may have been: they count as if they were.
    """
    with store.read() as connection:
        if mark is None:
            row = connection.execute("SELECT 1 FROM suppression LIMIT 1").fetchone()
        else:
            row = connection.execute(
                "SELECT 1 FROM suppression WHERE mark = ?1 OR substr(mark, 1, ?2) <> substr(?1, 1, ?2) LIMIT 1",
                (mark, KEY_NAME_BYTES),
            ).fetchone()
    return row is not None
