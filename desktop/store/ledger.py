"""The ledger in the store: rows are appended with their hashes, a person's own are checked whenever they are read.

Going through the whole chain takes about two seconds for 100,000 rows, so that is done once for each opened store, and
once an hour; in between what was appended since is gone through, by whichever program, and every no is as it was the
last time.  Another row that is altered under a running program is met at the latest when the person whose it is gets
mail, and a detail that is taken away at once.
"""

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from desktop.core.address import known_as, normalised, without_detail
from desktop.core.errors import Refused, StoreTrouble, Trouble
from desktop.core.ledger import (
    REFUSALS,
    Break,
    Event,
    LedgerDetail,
    LedgerHead,
    LedgerRow,
    is_intact,
    spell_erased,
    standing_of,
    verify,
)
from desktop.core.ledger_repair import Broken, Carried, carried, seemed_granted
from desktop.core.permission import Method, Permission, Standing, as_refused_by
from desktop.store.change import Change
from desktop.store.columns import from_json, from_ms
from desktop.store.database import Store
from desktop.store.ledger_rows import (
    OF_PERSON,
    PAIRS,
    append,
    both_spellings,
    pairs,
    read_details,
    read_head,
    read_rows,
    read_wordings,
    refusals_digest,
)
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.wording import wording_hash

NOBODY: Final = ""
_Pairs = list[tuple[LedgerRow, LedgerDetail]]
# Every file that a repair left, to be found in the folder of Readback's files; they name people.
EVIDENCE: Final = "ledger-broken-*.jsonl"


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


def keep_wording(connection: sqlite3.Connection, text: str) -> bytes:
    """Keep a text that somebody is shown; return its hash."""
    hashed = wording_hash(text)
    connection.execute("INSERT OR IGNORE INTO wording (hash, text) VALUES (?, ?)", (hashed, text))
    return hashed


def standing(connection: sqlite3.Connection, address: str) -> Permission:
    """Return what stands for a normalised address as a transaction sees it; nothing, where a row is altered."""
    return checked_standing(connection, address)[0]


def own_standing(connection: sqlite3.Connection, address: str) -> Permission:
    """Return what stands for a normalised address by its own rows, whatever the address without its detail refused."""
    return _standing(address, _rows_of(connection, address))[0]


def checked_standing(connection: sqlite3.Connection, address: str) -> tuple[Permission, bool]:
    """Return what stands for a normalised address, and whether their rows are as they were written, and all there.

    What whoever has the address without its detail refused is refused for this one too.
    """
    found = _rows_of(connection, address)
    is_whole = _is_whole(connection, address, found)
    plain = without_detail(address)
    if plain == address:
        permission, is_intact_ = _standing(address, found)
        return permission, is_intact_ and is_whole
    general = _rows_of(connection, plain)
    is_whole = is_whole and _is_whole(connection, plain, general)
    permission, is_intact_ = _standing_of_detailed(address, found, general)
    return permission, is_intact_ and is_whole


def _rows_of(connection: sqlite3.Connection, address: str) -> _Pairs:
    return list(pairs(connection, f"{OF_PERSON} ORDER BY ledger_detail.row_id", both_spellings(address)))


def _is_whole(connection: sqlite3.Connection, address: str, found: _Pairs) -> bool:
    """Return whether no row of the person's lacks its detail, or has another's."""
    named = {row.whose for row, _ in found} - {b""}
    missing = (
        connection.execute(
            "SELECT 1 FROM ledger LEFT JOIN ledger_detail ON ledger_detail.row_id = ledger.id"
            " WHERE ledger.whose = ? AND coalesce(ledger_detail.address, '') NOT IN (?, ?) LIMIT 1",
            (whose, *both_spellings(address)),
        ).fetchone()
        for whose in named
    )
    return all(each is None for each in missing)


def standings(connection: sqlite3.Connection) -> dict[str, Permission]:
    """Return what stands for everybody the ledger knows, in one go."""
    by_person: dict[str, _Pairs] = {}
    for row, detail in pairs(connection, f"{PAIRS} ORDER BY ledger_detail.row_id", ()):
        by_person.setdefault(known_as(detail.address), []).append((row, detail))
    return {address: _of_all(address, by_person) for address in by_person}


def standing_among(address: str, known: Mapping[str, Permission]) -> Permission:
    """Return what stands for a normalised address, by what `standings` returned."""
    unknown = Permission(address=address, standing=Standing.UNKNOWN)
    plain = known.get(without_detail(address))
    found = known.get(address)
    if found is not None or plain is None:
        return found or unknown
    return as_refused_by(unknown, plain)


def _of_all(address: str, by_person: Mapping[str, _Pairs]) -> Permission:
    plain = without_detail(address)
    if plain == address or plain not in by_person:
        return _standing(address, by_person[address])[0]
    return _standing_of_detailed(address, by_person[address], by_person[plain])[0]


def _standing(address: str, found: _Pairs) -> tuple[Permission, bool]:
    if not all(is_intact(row, detail) for row, detail in found):
        return Permission(address=address, standing=Standing.UNKNOWN), False
    return standing_of(address, ((row, detail.evidence) for row, detail in found)), True


def _standing_of_detailed(address: str, found: _Pairs, general: _Pairs) -> tuple[Permission, bool]:
    """Return the same for an address with a detail: `general` are the rows of the one without."""
    own, is_intact_ = _standing(address, found)
    plain, is_plain_intact = _standing(without_detail(address), general)
    last = max((row.id for row, _ in general if row.event in set(REFUSALS)), default=0)
    # They answered on their page with this very address since.
    is_newer = own.method is Method.PAGE and found[-1][0].id > last
    return own if is_newer else as_refused_by(own, plain), is_intact_ and is_plain_intact


def history(store: Store, address: str) -> tuple[LedgerEntry, ...]:
    """Return a person's rows, newest first, those that are as they were written; raise Malformed for no address."""
    with store.read() as connection:
        found = list(
            pairs(connection, f"{OF_PERSON} ORDER BY ledger_detail.row_id DESC", both_spellings(normalised(address)))
        )
        texts = read_wordings(connection)
    return tuple(_entry(row, detail, texts) for row, detail in found if is_intact(row, detail))


def chosen_on_page(connection: sqlite3.Connection, address: str) -> frozenset[Purpose] | None:
    """Return what a person ticked when they last agreed on their page, or None where they never did."""
    ticked = [row.purposes for row, _ in _rows_of(connection, address) if row.method == Method.PAGE.value]
    return frozenset(Purpose(each) for each in from_json(ticked[-1])) if ticked else None


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
    wanted = "SELECT row_id FROM ledger_detail WHERE address IN (?, ?)"
    rows = connection.execute(wanted, both_spellings(address)).fetchall()
    if rows:
        append(connection, address=NOBODY, event=Event.ERASED, evidence=spell_erased(row for (row,) in rows), at=at)
        connection.executemany("DELETE FROM ledger_detail WHERE row_id = ?", rows)


def verify_ledger(store: Store) -> Break | None:
    """Go through the whole chain; return where it breaks, None where it holds."""
    with store.read() as connection:
        found = broken_at(connection)
        _remember(store, _Seen(extent=_extent(connection), at=store.clock(), found=found))
    return found


def broken_at(connection: sqlite3.Connection) -> Break | None:
    """Return where the whole chain breaks, as a transaction sees it."""
    return verify(
        read_rows(connection),
        read_details(connection),
        read_head(connection),
        wordings=read_wordings(connection).keys(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extent:
    """What changes with every row that is appended and with every no that is altered, and is quickly read."""

    head: LedgerHead | None
    last: int
    details: int
    refusals: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """How far a store's chain was gone through, when it was as a whole, and what was found."""

    extent: _Extent
    at: datetime
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
    refusals = refusals_digest(connection, last or 0)
    return _Extent(head=read_head(connection), last=last or 0, details=details, refusals=refusals)


def is_sound(store: Store) -> bool:
    """Return whether the chain holds as far as can be told cheaply; raise StoreTrouble where it cannot be read."""
    with store.read() as connection:
        return is_sound_in(store, connection)


def is_sound_in(store: Store, connection: sqlite3.Connection) -> bool:
    """Return the same, as a transaction of the store's sees it."""
    with _lock:
        seen = _seen.get(store)
    now, extent = store.clock(), _extent(connection)
    if seen is None or abs(now - seen.at) >= _WHOLE_AGAIN:
        seen = _Seen(extent=extent, at=now, found=broken_at(connection))
    elif extent != seen.extent:
        is_grown = seen.found is None and _has_grown(connection, seen.extent, extent)
        seen = replace(seen, extent=extent, found=None if is_grown else broken_at(connection))
    _remember(store, seen)
    return seen.found is None


_WHOLE_AGAIN: Final = timedelta(hours=1)


def _has_grown(connection: sqlite3.Connection, before: _Extent, now: _Extent) -> bool:
    """Return whether rows with their details were appended to what was gone through, and nothing else is known."""
    if before.head is None or now.last - before.last != now.details - before.details:
        return False
    if refusals_digest(connection, before.last) != before.refusals:
        return False
    rows, details = read_rows(connection, before.last), read_details(connection, before.last)
    return verify(rows, details, now.head, wordings=read_wordings(connection).keys(), since=before.head) is None


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
    for hashed, text in connection.execute("SELECT hash, CAST(text AS BLOB) FROM wording ORDER BY hash"):
        yield {"wording": hashed.hex(), "text": text.decode("utf-8", "surrogateescape")}
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
        "whose": row.whose.hex(),
        "hash": row.hash.hex(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What a repair did: how many rows stand as they did, were set aside in the file, and were written for those.

    `dropped` are the people whose permission stood, or seemed to, and does not any more.
    """

    broken: Break
    kept: int
    set_aside: int
    carried: int
    dropped: int
    evidence: Path


def evidence_file(folder: Path, now: datetime) -> Path:
    """Return where a repair keeps the broken ledger, in the folder of Readback's files; EVIDENCE names them all."""
    return folder / f"ledger-broken-{now:%Y%m%dT%H%M%SZ}.jsonl"


def repair_ledger(store: Store, *, now: datetime, evidence: Path) -> Repair:
    """Write the broken ledger to a file as it is, and go on with a chain that holds.

    Refusals after the break are carried over, grants after it are not.  Raises Refused where nothing is broken, and
    StoreTrouble where the file cannot be written or is there already; nothing is altered then.
    """

    def work(connection: sqlite3.Connection) -> tuple[Change, Repair]:
        at = broken_at(connection)
        if at is None:
            raise Refused("The record of who agreed holds; there is nothing to repair.")
        digest = _set_aside(evidence, told_rows(connection))
        repair = _begin_anew(connection, at, evidence, digest, now)
        people = connection.execute("SELECT DISTINCT address FROM ledger_detail").fetchall()
        return Change(people=frozenset(address for (address,) in people) - {NOBODY}), repair

    return store.write(work)[1]


def _set_aside(path: Path, lines: Iterable[Mapping[str, Any]]) -> str:
    """Write the lines to a new file that only the user may read, durably; return its SHA-256 in hex."""
    hashed = hashlib.sha256()
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            for line in lines:
                octets = json.dumps(line).encode("ascii") + b"\n"
                hashed.update(octets)
                file.write(octets)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreTrouble(
            "What is broken could not be set aside, so nothing was repaired.",
            "Choose a file that does not exist yet, in a folder that you may write to, on a disk with space.",
        ) from error
    return hashed.hexdigest()


def _begin_anew(connection: sqlite3.Connection, at: Break, evidence: Path, digest: str, now: datetime) -> Repair:
    """Take away all from the break on and append what is carried, after a row that says what was done."""
    rows, details = tuple(read_rows(connection)), read_details(connection)
    wordings = read_wordings(connection)
    broken = Broken(rows=rows, details=details, head=read_head(connection), wordings=wordings.keys(), at=at)
    written_to = {address for (address,) in connection.execute(_WRITTEN_TO)}
    rest = carried(broken, dict(connection.execute(_STOPPED).fetchall()), written_to)
    kept = _cut(connection, at.where)
    connection.execute("DELETE FROM wording")
    connection.executemany("INSERT INTO wording (hash, text) VALUES (?, ?)", wordings.items())
    note = {"file": evidence.name, "sha256": digest, "from": at.where, "why": at.why, "rows": len(rows) - kept}
    append(connection, address=NOBODY, event=Event.CARRIED, evidence=json.dumps(note), at=now)
    for each in rest:
        _append_carried(connection, each, now)
    granted = {address for address, found in standings(connection).items() if found.granted_at is not None}
    return Repair(
        broken=at,
        kept=kept,
        set_aside=len(rows) - kept,
        carried=len(rest),
        dropped=len(seemed_granted(broken) - granted),
        evidence=evidence,
    )


def _append_carried(connection: sqlite3.Connection, each: Carried, now: datetime) -> None:
    append(
        connection,
        address=each.address,
        event=each.event,
        at=each.at or now,
        purposes=each.purposes,
        generation=each.generation,
        method=each.method,
        evidence=each.evidence,
        language=each.language,
        wording=each.wording,
    )


_STOPPED: Final = (
    "SELECT tag.address, max(tag.generation) FROM tag JOIN stop ON stop.tag = tag.tag GROUP BY tag.address"
)
_WRITTEN_TO: Final = "SELECT address FROM person UNION SELECT address FROM tag UNION SELECT address FROM copy"
_TRIGGERS: Final = (
    "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('ledger', 'ledger_detail')"
)


def _cut(connection: sqlite3.Connection, where: int) -> int:
    """Take away the rows from one on; return how many are left.  What forbids that is put back as it was."""
    triggers = connection.execute(_TRIGGERS).fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("DELETE FROM ledger_detail WHERE row_id < 1 OR row_id >= ?", (where,))
    connection.execute("DELETE FROM ledger WHERE id < 1 OR id >= ?", (where,))
    for _, sql in triggers:
        connection.execute(sql)
    kept, hashed = connection.execute(
        "SELECT count(*), coalesce((SELECT hash FROM ledger ORDER BY id DESC LIMIT 1), zeroblob(32)) FROM ledger"
    ).fetchone()
    connection.execute("INSERT OR REPLACE INTO ledger_head (one, rows, hash) VALUES (1, ?, ?)", (kept, hashed))
    return int(kept)
