"""Rows of the ledger as the file spells them: how one is appended to the chain, and how they are read.

Text is read as octets, and what is of another kind than it should be is read as nothing: a damaged row has to be
shown, and bears no hash that fits.
"""

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from desktop.core.address import shown
from desktop.core.ledger import (
    BEGINNING,
    SALT_BYTES,
    Event,
    LedgerDetail,
    LedgerHead,
    LedgerRow,
    detail_hash,
    row_hash,
)
from desktop.core.permission import Method
from desktop.store.columns import set_to_json, to_ms
from relay.wire.language import Language
from relay.wire.purpose import Purpose

_NO_PURPOSES: Final[frozenset[Purpose]] = frozenset()
_COLUMNS: Final = (
    "ledger.id, CAST(ledger.event AS BLOB), CAST(ledger.purposes AS BLOB), ledger.generation,"
    " CAST(ledger.method AS BLOB), CAST(ledger.language AS BLOB), ledger.wording, ledger.at_ms, ledger.detail_hash,"
    " ledger.previous, ledger.hash, ledger.whose"
)
_DETAIL: Final = "CAST(address AS BLOB), CAST(evidence AS BLOB), salt"
PAIRS: Final = f"SELECT {_COLUMNS}, {_DETAIL} FROM ledger_detail JOIN ledger ON ledger.id = ledger_detail.row_id"  # noqa: S608
# A row stands under the spelling of its time.
OF_PERSON: Final = f"{PAIRS} WHERE ledger_detail.address IN (?, ?)"
_WHOSE: Final = (
    "SELECT ledger.whose FROM ledger_detail JOIN ledger ON ledger.id = ledger_detail.row_id"
    " WHERE ledger_detail.address IN (?, ?) AND ledger.whose <> x'' ORDER BY ledger.id LIMIT 1"
)
_WHOSE_BYTES: Final = 8
_REFUSALS: Final = (
    "SELECT group_concat(hex(hash) || ' ' || hex(address) || ' ' || hex(evidence) || ' ' || hex(salt)) FROM"
    " (SELECT hash, address, evidence, salt FROM ledger LEFT JOIN ledger_detail ON ledger_detail.row_id = ledger.id"
    " WHERE event IN ('denied', 'withdrawn', 'stopped') AND ledger.id <= ? ORDER BY ledger.id)"
)


def both_spellings(address: str) -> tuple[str, str]:
    """Return how a normalised address may stand in the ledger; its rows are never written anew."""
    return address, shown(address)


def append(
    connection: sqlite3.Connection,
    *,
    address: str,
    event: Event,
    at: datetime,
    purposes: frozenset[Purpose] = _NO_PURPOSES,
    generation: int = 0,
    method: Method | None = None,
    evidence: str = "",
    language: Language | None = None,
    wording: bytes = b"",
) -> int:
    """Add a row for a normalised address, or for NOBODY; return its number."""
    head = read_head(connection) or BEGINNING
    detail = LedgerDetail(address=address, evidence=evidence, salt=os.urandom(SALT_BYTES))
    # In a broken chain the head may not be the last row; a stop is recorded all the same.
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM ledger").fetchone()
    unsigned = LedgerRow(
        id=max(head.rows, last) + 1,
        event=event.value,
        purposes=set_to_json(purposes),
        generation=generation,
        method=method and method.value,
        language=language and language.value,
        wording=wording,
        at_ms=to_ms(at),
        detail_hash=detail_hash(detail.salt, address, evidence),
        previous=head.hash,
        hash=b"",
        whose=_whose(connection, address),
    )
    row = replace(unsigned, hash=row_hash(unsigned))
    connection.execute(
        "INSERT INTO ledger (id, event, purposes, generation, method, language, wording, at_ms, detail_hash, previous,"
        " hash, whose) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id,
            row.event,
            row.purposes,
            row.generation,
            row.method,
            row.language,
            row.wording,
            row.at_ms,
            row.detail_hash,
            row.previous,
            row.hash,
            row.whose,
        ),
    )
    connection.execute(
        "INSERT INTO ledger_detail (row_id, address, evidence, salt) VALUES (?, ?, ?, ?)",
        (row.id, address, evidence, detail.salt),
    )
    connection.execute("INSERT OR REPLACE INTO ledger_head (one, rows, hash) VALUES (1, ?, ?)", (row.id, row.hash))
    return row.id


def _whose(connection: sqlite3.Connection, address: str) -> bytes:
    """Return the name that a person's rows share, a new one with the first; rows on the ledger itself have none."""
    if not address:
        return b""
    found = connection.execute(_WHOSE, both_spellings(address)).fetchone()
    return os.urandom(_WHOSE_BYTES) if found is None else _octets(found[0])


def pairs(
    connection: sqlite3.Connection, sql: str, values: tuple[object, ...]
) -> Iterator[tuple[LedgerRow, LedgerDetail]]:
    """Yield what a query that begins as PAIRS does finds, each row with its detail."""
    for columns in connection.execute(sql, values):
        yield _row(*columns[:-3]), _detail(*columns[-3:])


def read_head(connection: sqlite3.Connection) -> LedgerHead | None:
    """Return how many rows there should be, and the last one's hash; None where that is missing."""
    found = connection.execute("SELECT rows, hash FROM ledger_head").fetchone()
    return None if found is None else LedgerHead(rows=_number(found[0]), hash=_octets(found[1]))


def read_rows(connection: sqlite3.Connection, after: int = 0) -> Iterator[LedgerRow]:
    """Yield the rows after a number, in order."""
    sql = f"SELECT {_COLUMNS} FROM ledger WHERE id > ? ORDER BY id"  # noqa: S608 - a constant
    return (_row(*columns) for columns in connection.execute(sql, (after,)))


def refusals_digest(connection: sqlite3.Connection, until: int) -> bytes:
    """Return a hash of every no up to a row, and of whom each concerns: what it was made of is not looked at."""
    (said,) = connection.execute(_REFUSALS, (until,)).fetchone()
    return sha256((said or "").encode()).digest()


def read_wordings(connection: sqlite3.Connection) -> dict[bytes, str]:
    """Return the texts that people were shown by their hashes, those that their hashes fit."""
    texts = connection.execute("SELECT hash, CAST(text AS BLOB) FROM wording").fetchall()
    return {hashed: text.decode() for hashed, text in texts if sha256(text).digest() == hashed}


def read_details(connection: sqlite3.Connection, after: int = 0) -> dict[int, LedgerDetail]:
    """Return the details of the rows after a number."""
    sql = f"SELECT row_id, {_DETAIL} FROM ledger_detail WHERE row_id > ?"  # noqa: S608 - a constant
    return {row_id: _detail(*columns) for row_id, *columns in connection.execute(sql, (after,))}


def _row(id_: int, *columns: Any) -> LedgerRow:
    event, purposes, generation, method, language, wording, at_ms, detail, previous, hashed, whose = columns
    return LedgerRow(
        id=id_,
        event=_text(event) or "",
        purposes=_text(purposes) or "",
        generation=_number(generation),
        method=_text(method),
        language=_text(language),
        wording=_octets(wording),
        at_ms=_number(at_ms),
        detail_hash=_octets(detail),
        previous=_octets(previous),
        hash=_octets(hashed),
        whose=_octets(whose),
    )


def _detail(address: bytes, evidence: bytes, salt: object) -> LedgerDetail:
    return LedgerDetail(address=_text(address) or "", evidence=_text(evidence) or "", salt=_octets(salt))


def _text(value: bytes | None) -> str | None:
    """Return text whatever its octets are; None stays None."""
    return None if value is None else value.decode("utf-8", "surrogateescape")


def _number(value: object) -> int:
    """Return a column's number, one that no hash was made of where a damaged file holds something else."""
    return value if isinstance(value, int) else -1


def _octets(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
