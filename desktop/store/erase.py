"""A person erased, or what was recorded of them deleted: the duties towards whoever asks for it.

An erasure takes away all that names the person and leaves a keyed hash, so that they are let alone.  It is two steps,
each of which can be done again: one transaction stops their tags, so that the relay stores nothing more, and takes away
the rows; then the files are rewritten, for until then what was deleted stands in free pages and in the write-ahead log,
and in what repairs of the ledger set aside.
"""

import base64
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from desktop.core.address import normalised, shown
from desktop.core.errors import StoreTrouble
from desktop.core.notice import CopyNames, deletion_notice
from desktop.store.change import Change
from desktop.store.columns import from_ms, to_json, to_ms
from desktop.store.database import Store
from desktop.store.forgetting import forget_person
from desktop.store.hits import delete_hits
from desktop.store.ledger import EVIDENCE
from desktop.store.settle import settle_copies
from relay.wire.answer import Answer, AnswerKind

KEY_NAME_BYTES: Final = 8
_PIECE_BYTES: Final = 1 << 20


def erase_person(store: Store, address: str, *, suppression_mark: bytes, now: datetime) -> Change:
    """Take away all that names a person and keep their mark; a second time it does the same again.

    Raises Malformed for a bad address, and StoreTrouble: the rows may be gone then, and the file not be rewritten yet.
    """
    person = normalised(address)

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("INSERT OR IGNORE INTO suppression (mark) VALUES (?)", (suppression_mark,))
        return forget_person(connection, person, now), None

    change = store.write(work)[0]
    try:
        _forget_in_evidence(store.path.parent, person)
        store.rewrite()
    except StoreTrouble as trouble:
        raise StoreTrouble(
            f"They are erased, but parts of what was deleted may still stand in the data file: {trouble.sentence}",
            f"{trouble.cure} Then erase them once more.",
        ) from trouble
    return change


def _forget_in_evidence(folder: Path, address: str) -> None:
    """Take a person out of the broken ledgers that repairs set aside; what else such a file shows stays."""
    try:
        for path in sorted(folder.glob(EVIDENCE)):
            before = path.read_bytes().splitlines()
            after = [_without_detail(line, address) for line in before]
            if after != before:
                _replace(path, b"".join(line + b"\n" for line in after))
    except OSError as error:
        raise StoreTrouble(
            "A broken ledger that was set aside could not be written anew.",
            "Free some disk space and mend the folder's permissions.",
        ) from error


def _without_detail(line: bytes, address: str) -> bytes:
    """Return a line as it is, or without its detail where that is a person's."""
    told = json.loads(line)
    detail = told.get("detail")
    if detail is None or detail["address"] not in {address, shown(address)}:
        return line
    return json.dumps(told | {"detail": None, "erased": True}).encode("ascii")


def _replace(path: Path, octets: bytes) -> None:
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def files_naming(folder: Path, address: str) -> tuple[Path, ...]:
    """Return the files under a folder in which an address stands, in plain letters, base64 or hex; raise OSError.

    Its domain is looked for in both its spellings.
    After an erasure these are files that the program does not keep itself: backups and exports that somebody put there.
    A longer address that ends in this one is taken for it, since rows of a store have nothing between their columns.
    """
    person = normalised(address)
    marks = tuple(mark for each in sorted({person, shown(person)}) for mark in _spellings(each))
    return tuple(path for path in sorted(folder.rglob("*")) if path.is_file() and _holds(path, marks))


def _spellings(address: str) -> Iterator[bytes]:
    octets = address.encode()
    yield octets
    yield json.dumps(address)[1:-1].encode("ascii")
    yield octets.hex().encode()
    # In base64 a text has three spellings, by what stands before it; the first and last signs belong to neighbours too.
    for skipped in range(3):
        coded = base64.b64encode(b"\0" * skipped + octets).rstrip(b"=")
        yield coded[(0, 2, 3)[skipped] : len(coded) - 1].lower()


def _holds(path: Path, marks: Iterable[bytes]) -> bool:
    """Return whether a file holds one of the marks in letters of any case; it is read in pieces that overlap."""
    longest = max(len(mark) for mark in marks)
    with path.open("rb") as file:
        end = b""
        while piece := file.read(_PIECE_BYTES):
            text = (end + piece).lower()
            if any(mark in text for mark in marks):
                return True
            end = text[-longest:]
    return False


def apply_deletion(connection: sqlite3.Connection, answer: Answer, *, now: datetime) -> Change:
    """Delete what was recorded of the person whose tag an answer bears until they pressed; say so in a notice.

    Rungs are computed anew from what is left.  Of a tag that is not known only the wish is kept: hits may still come
    home.  What comes later than the wish is recorded again, unless they stop that.
    """
    if answer.kind is not AnswerKind.DELETE:
        raise ValueError("an answer that asks for no deletion")
    until_ms = min(answer.at_ms, to_ms(now))
    address = _address_of(connection, answer.tag)
    tags = {answer.tag}
    tags |= {tag for (tag,) in connection.execute("SELECT tag FROM tag WHERE address = ?", (address,))}
    connection.executemany(
        "INSERT INTO deletion (tag, at_ms) VALUES (?1, ?2) ON CONFLICT (tag) DO UPDATE SET at_ms = max(at_ms, ?2)",
        [(tag, until_ms) for tag in tags],
    )
    if address is None:
        return Change()
    change = _delete_recorded(connection, address, until_ms)
    (name,) = connection.execute("SELECT max(name) FROM person WHERE address = ?", (address,)).fetchone()
    person = name or address
    names = _latest(connection, address, person)
    notice = deletion_notice(person=person, address=address, at=from_ms(until_ms), names=names)
    return change | Change(people=frozenset({address}), notices=(notice,))


def _address_of(connection: sqlite3.Connection, tag: bytes) -> str | None:
    row = connection.execute("SELECT address FROM tag WHERE tag = ?", (tag,)).fetchone()
    return None if row is None else str(row[0])


def _delete_recorded(connection: sqlite3.Connection, address: str, until_ms: int) -> Change:
    copies = [copy_id for (copy_id,) in connection.execute("SELECT id FROM copy WHERE address = ?", (address,))]
    wanted = to_json(copies)
    hits = connection.execute(
        "SELECT id FROM hit WHERE at_ms <= ? AND copy_id IN (SELECT value FROM json_each(?))", (until_ms, wanted)
    ).fetchall()
    heirs = delete_hits(connection, [id_ for (id_,) in hits])
    for statement in _TOLD:
        connection.execute(statement, (wanted,))
    return settle_copies(connection, sorted({*copies, *heirs}), notifies=False)


# What hits told, apart from them.
_TOLD: Final = (
    "UPDATE copy SET earlier_hits = '[]', earlier_day = NULL WHERE id IN (SELECT value FROM json_each(?))",
    "DELETE FROM told WHERE sign IN ('open', 'click') AND copy_id IN (SELECT value FROM json_each(?))",
    "DELETE FROM silent_opening WHERE copy_id IN (SELECT value FROM json_each(?))",
)


def _latest(connection: sqlite3.Connection, address: str, person: str) -> CopyNames | None:
    """Return the person's latest copy that bore a tag, if there is one."""
    row = connection.execute(
        "SELECT copy.conversation_id, copy.id, message.subject FROM copy JOIN message ON message.id = copy.message_id"
        " WHERE copy.address = ? AND copy.tag IS NOT NULL ORDER BY copy.id DESC LIMIT 1",
        (address,),
    ).fetchone()
    if row is None:
        return None
    conversation_id, copy_id, subject = row
    return CopyNames(conversation_id=conversation_id, copy_id=copy_id, person=person, address=address, subject=subject)


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
