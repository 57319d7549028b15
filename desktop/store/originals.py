"""Messages as the mail program handed them in, kept where the user has Sent kept clean, until it is.

They hold the user's own words: each is forgotten as soon as Sent is clean, with its account, when the user ends it,
and at last by its age.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from desktop.store.change import Change
from desktop.store.columns import from_ms, to_ms
from desktop.store.database import Store
from desktop.store.settle import settle_copies

_ORIGINALS: Final = (
    "SELECT message.id, original.at_ms, message.message_id FROM original JOIN message ON message.id"
    " = original.message_id WHERE message.account_id = ? ORDER BY original.at_ms, message.id"
)
_NAMES: Final = "SELECT name FROM message_name WHERE message_id = ?1 AND name <> ?2 ORDER BY name"
_TOKENS: Final = (
    "SELECT token.random_id FROM copy JOIN token ON token.copy_id = copy.id WHERE copy.message_id = ?1"
    " UNION ALL SELECT ask.token_id FROM copy JOIN ask ON ask.copy_id = copy.id WHERE copy.message_id = ?1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalRow:
    """An original that is kept: `message_id` is its row, `names` its Message-IDs, its own first.

    `random_ids` are those of the tokens in its copies, questions too, by which a copy with marks is recognised.
    """

    message_id: int
    names: tuple[str, ...]
    at: datetime
    random_ids: frozenset[bytes]


def keep_original(connection: sqlite3.Connection, message_id: int, octets: bytes, at: datetime) -> None:
    """Keep a message's octets, in the transaction that records it."""
    connection.execute(
        "INSERT INTO original (message_id, octets, at_ms) VALUES (?, ?, ?)", (message_id, octets, to_ms(at))
    )


def originals(store: Store, account_id: int) -> tuple[OriginalRow, ...]:
    """Return what is kept of an account, the oldest first."""
    with store.read() as connection:
        found = connection.execute(_ORIGINALS, (account_id,)).fetchall()
        return tuple(
            OriginalRow(
                message_id=message_id,
                names=tuple(
                    each for each in (name, *(one for (one,) in connection.execute(_NAMES, (message_id, name)))) if each
                ),
                at=from_ms(at_ms),
                random_ids=frozenset(each for (each,) in connection.execute(_TOKENS, (message_id,))),
            )
            for message_id, at_ms, name in found
        )


def original_octets(store: Store, message_row_id: int) -> bytes:
    """Return the message as it was handed in; raise LookupError where it is not kept any more."""
    with store.read() as connection:
        row = connection.execute("SELECT octets FROM original WHERE message_id = ?", (message_row_id,)).fetchone()
    if row is None:
        raise LookupError(f"no original of message {message_row_id}")
    return bytes(row[0])


def forget_original(store: Store, message_row_id: int, *, clean_at: datetime) -> Change:
    """Let go of a message's octets, for Sent has held nothing tracked of it since `clean_at`; judge its hits anew.

    What a provider's proxy fetched since then was not for the user's own look at Sent.  Of a message that is not kept
    nothing happens.
    """

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        if not connection.execute("DELETE FROM original WHERE message_id = ?", (message_row_id,)).rowcount:
            return Change(), None
        connection.execute("UPDATE message SET sent_clean_at_ms = ? WHERE id = ?", (to_ms(clean_at), message_row_id))
        copies = connection.execute("SELECT id FROM copy WHERE message_id = ? ORDER BY id", (message_row_id,))
        return settle_copies(connection, [copy_id for (copy_id,) in copies]), None

    return store.write(work)[0]


def expire_originals(store: Store, before: datetime) -> int:
    """Let go of what was recorded before an instant; return how many that were."""

    def work(connection: sqlite3.Connection) -> tuple[Change, int]:
        return Change(), connection.execute("DELETE FROM original WHERE at_ms < ?", (to_ms(before),)).rowcount

    return store.write(work)[1]
