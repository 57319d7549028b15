"""The ledger in the store: rows are appended with their hashes, a person's own are checked whenever they are read.

Going through the whole chain takes about a second per 100,000 rows, so that is done once for each opened store; from
then on what was appended since is gone through, by whichever program.  A row that is altered under a running program is
met when the person whose it is gets mail, and a detail that is taken away at once.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

from desktop.core.address import normalised
from desktop.core.errors import StoreTrouble, Trouble
from desktop.core.ledger import (
    BEGINNING,
    SALT_BYTES,
    Break,
    Event,
    LedgerDetail,
    LedgerHead,
    LedgerRow,
    detail_hash,
    is_intact,
    row_hash,
    spell_erased,
    standing_of,
    verify,
)
from desktop.core.permission import Method, Permission, Standing
from desktop.store.columns import from_json, from_ms, set_to_json, to_ms
from desktop.store.database import Store
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.wording import wording_hash

NOBODY: Final = ""
_NONE: Final[frozenset[Purpose]] = frozenset()
# Text is read as octets: a damaged row may be no UTF-8 any more, and is to be shown all the same.
_COLUMNS: Final = (
    "ledger.id, CAST(ledger.event AS BLOB), CAST(ledger.purposes AS BLOB), ledger.generation,"
    " CAST(ledger.method AS BLOB), CAST(ledger.language AS BLOB), ledger.wording, ledger.at_ms, ledger.detail_hash,"
    " ledger.previous, ledger.hash"
)
_DETAIL: Final = "CAST(address AS BLOB), CAST(evidence AS BLOB), salt"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A row of one person's as it is shown; `text` is what they were shown on the page, empty where they were not."""

    id: int
    at: datetime
    event: Event
    purposes: frozenset[Purpose]
    generation: int
    method: Method | None
    evidence: str
    language: Language | None
    wording: bytes
    text: str


def append(
    connection: sqlite3.Connection,
    *,
    address: str,
    event: Event,
    at: datetime,
    purposes: frozenset[Purpose] = _NONE,
    generation: int = 0,
    method: Method | None = None,
    evidence: str = "",
    language: Language | None = None,
    wording: bytes = b"",
) -> int:
    """Add a row for a normalised address, or for NOBODY; return its number."""
    head = read_head(connection) or BEGINNING
    detail = LedgerDetail(address=address, evidence=evidence, salt=os.urandom(SALT_BYTES))
    unsigned = LedgerRow(
        id=head.rows + 1,
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
    )
    row = replace(unsigned, hash=row_hash(unsigned))
    connection.execute(
        "INSERT INTO ledger (id, event, purposes, generation, method, language, wording, at_ms, detail_hash, previous,"
        " hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        ),
    )
    connection.execute(
        "INSERT INTO ledger_detail (row_id, address, evidence, salt) VALUES (?, ?, ?, ?)",
        (row.id, address, evidence, detail.salt),
    )
    connection.execute("INSERT OR REPLACE INTO ledger_head (one, rows, hash) VALUES (1, ?, ?)", (row.id, row.hash))
    return row.id


def keep_wording(connection: sqlite3.Connection, text: str) -> bytes:
    """Keep a text that somebody is shown; return its hash."""
    hashed = wording_hash(text)
    connection.execute("INSERT OR IGNORE INTO wording (hash, text) VALUES (?, ?)", (hashed, text))
    return hashed


def standing(connection: sqlite3.Connection, address: str) -> Permission:
    """Return what stands for a normalised address as a transaction sees it; nothing, where a row is altered."""
    return checked_standing(connection, address)[0]


def checked_standing(connection: sqlite3.Connection, address: str) -> tuple[Permission, bool]:
    """Return what stands for a normalised address, and whether their rows are as they were written."""
    found = list(_pairs(connection, f"{_OF_PERSON} ORDER BY ledger_detail.row_id", (address,)))
    return _standing(address, found)


def standings(connection: sqlite3.Connection) -> dict[str, Permission]:
    """Return what stands for everybody the ledger knows, in one go."""
    by_person: dict[str, list[tuple[LedgerRow, LedgerDetail]]] = {}
    for row, detail in _pairs(connection, f"{_PAIRS} ORDER BY ledger_detail.row_id", ()):
        by_person.setdefault(detail.address, []).append((row, detail))
    return {address: _standing(address, found)[0] for address, found in by_person.items()}


def _standing(address: str, found: list[tuple[LedgerRow, LedgerDetail]]) -> tuple[Permission, bool]:
    if not all(is_intact(row, detail) for row, detail in found):
        return Permission(address=address, standing=Standing.UNKNOWN), False
    return standing_of(address, ((row, detail.evidence) for row, detail in found)), True


def history(store: Store, address: str) -> tuple[LedgerEntry, ...]:
    """Return a person's rows, newest first, those that are as they were written; raise Malformed for no address."""
    with store.read() as connection:
        found = list(_pairs(connection, f"{_OF_PERSON} ORDER BY ledger_detail.row_id DESC", (normalised(address),)))
        texts = dict(connection.execute("SELECT hash, text FROM wording").fetchall())
    return tuple(_entry(row, detail, texts) for row, detail in found if is_intact(row, detail))


def _entry(row: LedgerRow, detail: LedgerDetail, texts: Mapping[bytes, str]) -> LedgerEntry:
    return LedgerEntry(
        id=row.id,
        at=from_ms(row.at_ms),
        event=Event(row.event),
        purposes=frozenset(Purpose(each) for each in from_json(row.purposes)),
        generation=row.generation,
        method=None if row.method is None else Method(row.method),
        evidence=detail.evidence,
        language=None if row.language is None else Language(row.language),
        wording=row.wording,
        text=texts.get(row.wording, ""),
    )


def erase_details(connection: sqlite3.Connection, address: str, at: datetime) -> None:
    """Take away whom a person's rows concern and how that was known; a row that names them says so, and nobody."""
    rows = [row for (row,) in connection.execute("SELECT row_id FROM ledger_detail WHERE address = ?", (address,))]
    if rows:
        append(connection, address=NOBODY, event=Event.ERASED, evidence=spell_erased(rows), at=at)
        connection.executemany("DELETE FROM ledger_detail WHERE row_id = ?", [(row,) for row in rows])


_PAIRS: Final = f"SELECT {_COLUMNS}, {_DETAIL} FROM ledger_detail JOIN ledger ON ledger.id = ledger_detail.row_id"  # noqa: S608
_OF_PERSON: Final = f"{_PAIRS} WHERE ledger_detail.address = ?"


def _pairs(
    connection: sqlite3.Connection, sql: str, values: tuple[object, ...]
) -> Iterator[tuple[LedgerRow, LedgerDetail]]:
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


def read_details(connection: sqlite3.Connection, after: int = 0) -> dict[int, LedgerDetail]:
    """Return the details of the rows after a number."""
    sql = f"SELECT row_id, {_DETAIL} FROM ledger_detail WHERE row_id > ?"  # noqa: S608 - a constant
    return {row_id: _detail(*columns) for row_id, *columns in connection.execute(sql, (after,))}


def _row(id_: int, *columns: Any) -> LedgerRow:
    event, purposes, generation, method, language, wording, at_ms, detail, previous, hashed = columns
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


def verify_ledger(store: Store) -> Break | None:
    """Go through the whole chain; return where it breaks, None where it holds."""
    with store.read() as connection:
        found = broken_at(connection)
        _remember(store, _Seen(extent=_extent(connection), found=found))
    return found


def broken_at(connection: sqlite3.Connection) -> Break | None:
    """Return where the whole chain breaks, as a transaction sees it."""
    return verify(read_rows(connection), read_details(connection), read_head(connection))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extent:
    """What changes with every row that is appended, and is quickly read."""

    head: LedgerHead | None
    last: int
    details: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """How far a store's chain was gone through, and what was found."""

    extent: _Extent
    found: Break | None


_seen: Final[WeakKeyDictionary[Store, _Seen]] = WeakKeyDictionary()
_lock: Final = threading.Lock()


def _remember(store: Store, seen: _Seen) -> None:
    with _lock:
        _seen[store] = seen


def _extent(connection: sqlite3.Connection) -> _Extent:
    last, details = connection.execute(
        "SELECT (SELECT max(id) FROM ledger), (SELECT count(*) FROM ledger_detail)"
    ).fetchone()
    return _Extent(head=read_head(connection), last=_number(last or 0), details=details)


def is_sound(store: Store) -> bool:
    """Return whether the chain holds as far as can be told cheaply; raise StoreTrouble where it cannot be read."""
    with store.read() as connection:
        return is_sound_in(store, connection)


def is_sound_in(store: Store, connection: sqlite3.Connection) -> bool:
    """Return the same, as a transaction of the store's sees it."""
    with _lock:
        seen = _seen.get(store)
    extent = _extent(connection)
    if seen is None or extent != seen.extent:
        grown = seen is not None and seen.found is None and _has_grown(connection, seen.extent, extent)
        seen = _Seen(extent=extent, found=None if grown else broken_at(connection))
        _remember(store, seen)
    return seen.found is None


def _has_grown(connection: sqlite3.Connection, before: _Extent, now: _Extent) -> bool:
    """Return whether rows with their details were appended to what was gone through, and nothing else is known."""
    if before.head is None or now.last - before.last != now.details - before.details:
        return False
    rows, details = read_rows(connection, before.last), read_details(connection, before.last)
    return verify(rows, details, now.head, since=before.head) is None


def ledger_trouble(store: Store) -> Trouble | None:
    """Return what the user is told while the chain does not hold, else None."""
    return None if is_sound(store) else broken_ledger()


def broken_ledger() -> Trouble:
    """Return the trouble that nobody's permission can be relied on."""
    return StoreTrouble(
        "The record of who agreed to tracking was altered outside Readback, or damaged.",
        "Until it is repaired all mail goes out untracked and nobody is asked. Repair it under Settings, or with"
        " `readback ledger repair`; what is wrong is kept in a file.",
    )


def export_ledger(store: Store) -> Iterator[dict[str, Any]]:
    """Yield the texts that people were shown, every row with its detail, and the head, as the file has them."""
    with store.read() as connection:
        yield from told_rows(connection)


def told_rows(connection: sqlite3.Connection) -> Iterable[dict[str, Any]]:
    """Yield the same, as a transaction sees it."""
    for hashed, text in connection.execute("SELECT hash, text FROM wording ORDER BY hash"):
        yield {"wording": hashed.hex(), "text": text}
    details = read_details(connection)
    for row in read_rows(connection):
        yield {"row": row.id, **_told(row, details.get(row.id))}
    head = read_head(connection)
    yield {"head": None if head is None else {"rows": head.rows, "hash": head.hash.hex()}}


def _told(row: LedgerRow, detail: LedgerDetail | None) -> dict[str, Any]:
    return {
        "event": row.event,
        "purposes": row.purposes,
        "generation": row.generation,
        "method": row.method,
        "language": row.language,
        "wording": row.wording.hex(),
        "at_ms": row.at_ms,
        "detail": None
        if detail is None
        else {"address": detail.address, "evidence": detail.evidence, "salt": detail.salt.hex()},
        "detail_hash": row.detail_hash.hex(),
        "previous": row.previous.hex(),
        "hash": row.hash.hex(),
    }
