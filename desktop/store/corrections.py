"""What the user says hits really were: kept, followed at once by all hits of the same shape, and undone.

A correction is one transaction with all that follows from it: verdicts, rungs, cards, what counts as told.  It never
rings.  Of several for one hit the newest stands; undoing it brings back the one before, else what the rules say.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from desktop.core.agents import client_name, program_shape
from desktop.core.correction import Correction, Shape, Who, shape_of
from desktop.store.change import Change
from desktop.store.columns import from_ms, to_ms
from desktop.store.copies import read_correction, stored_hits
from desktop.store.database import Store
from desktop.store.settle import settle_copies
from relay.wire.hit import Hit

_ROWS: Final = (
    "SELECT hit.at_ms, hit.agent, hit.copy_id, copy.conversation_id, message.subject,"
    " coalesce(nullif(copy.name, ''), nullif(person.name, ''), copy.address),"
    " (SELECT count(*) FROM hit AS decided WHERE decided.correction_id = said.id),"
    " said.id, said.hit_id, said.who, said.at_ms, said.kind, said.program, said.network, said.address"
    " FROM standing_correction AS said JOIN hit ON hit.id = said.hit_id JOIN copy ON copy.id = hit.copy_id"
    " JOIN message ON message.id = copy.message_id LEFT JOIN person ON person.address = copy.address"
    " ORDER BY said.at_ms DESC, said.id DESC"
)
_OF_SHAPE: Final = (
    "SELECT DISTINCT hit.copy_id, hit.agent FROM hit JOIN copy ON copy.id = hit.copy_id"
    " WHERE hit.network = ?1 AND hit.kind = ?2 AND (?3 = '' OR copy.address = ?3)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRow:
    """A correction that stands, and the hit it was made of: when that came, with which program, of which copy.

    `person` is the recipient's name, or the address where there is none; `client` is empty where the program is not
    known.  `decides` counts the hits whose verdict it decides now: its own and those like it.
    """

    correction: Correction
    person: str
    subject: str
    at: datetime
    client: str
    decides: int
    copy_id: int
    conversation_id: int


def corrections(store: Store) -> tuple[CorrectionRow, ...]:
    """Return the corrections that stand, the newest first."""
    with store.read() as connection:
        return tuple(_row(*row) for row in connection.execute(_ROWS).fetchall())


def _row(at_ms: int, agent: str, copy_id: int, conversation_id: int, *values: Any) -> CorrectionRow:
    subject, person, decides, *correction = values
    return CorrectionRow(
        correction=read_correction(*correction),
        person=person,
        subject=subject,
        at=from_ms(at_ms),
        client=client_name(agent),
        decides=decides,
        copy_id=copy_id,
        conversation_id=conversation_id,
    )


def correct_hit(store: Store, hit_id: bytes, who: Who, *, now: datetime) -> tuple[Change, int]:
    """Keep whose request a hit was, and judge anew all hits like it; return the correction's id.

    Raises LookupError for a hit that is unknown, or of no copy.
    """

    def work(connection: sqlite3.Connection) -> tuple[Change, int]:
        found = connection.execute(
            "SELECT copy.id, copy.address FROM hit JOIN copy ON copy.id = hit.copy_id WHERE hit.id = ?", (hit_id,)
        ).fetchone()
        if found is None:
            raise LookupError(f"no hit {hit_id.hex()} of a copy")
        copy_id, address = found
        hit = next(
            each.judged.hit for each in stored_hits(connection, [copy_id])[copy_id] if each.judged.hit.id == hit_id
        )
        shape = shape_of(hit, who, address)
        replaced = connection.execute(_STANDING_OF, (hit_id,)).fetchone()
        id_ = _insert(connection, hit, who, shape, now)
        followers = _decided(connection, replaced[0]) if replaced is not None else set()
        return _follow(connection, {copy_id} | followers | _alike(connection, shape)), id_

    return store.write(work)


def undo_correction(store: Store, correction_id: int) -> Change:
    """Take a correction back; all hits it decided stand as if it had never been made.  One unknown alters nothing."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        found = connection.execute("SELECT hit_id FROM correction WHERE id = ?", (correction_id,)).fetchone()
        if found is None:
            return Change(), None
        copies = _decided(connection, correction_id)
        connection.execute("DELETE FROM correction WHERE id = ?", (correction_id,))
        # What was said of this hit before stands again, for those like it too.
        back = connection.execute(_STANDING_OF, found).fetchone()
        if back is not None:
            copies |= _alike(connection, read_correction(*back).shape)
        return _follow(connection, copies), None

    return store.write(work)[0]


_STANDING_OF: Final = (
    "SELECT id, hit_id, who, at_ms, kind, program, network, address FROM correction"
    " WHERE hit_id = ? ORDER BY id DESC LIMIT 1"
)


def _insert(connection: sqlite3.Connection, hit: Hit, who: Who, shape: Shape | None, now: datetime) -> int:
    columns = (None, None, None) if shape is None else (shape.program, shape.network, shape.address)
    cursor = connection.execute(
        "INSERT INTO correction (hit_id, who, at_ms, kind, program, network, address) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (hit.id, who, to_ms(now), hit.kind, *columns),
    )
    return int(cursor.lastrowid or 0)


def _decided(connection: sqlite3.Connection, correction_id: int) -> set[int]:
    """Return the copies of the hits that a correction decides."""
    rows = connection.execute("SELECT DISTINCT copy_id FROM hit WHERE correction_id = ?", (correction_id,))
    return {copy_id for (copy_id,) in rows}


def _alike(connection: sqlite3.Connection, shape: Shape | None) -> set[int]:
    """Return the copies that have a hit of a shape."""
    if shape is None:
        return set()
    rows = connection.execute(_OF_SHAPE, (shape.network, shape.kind, shape.address))
    return {copy_id for copy_id, agent in rows if program_shape(agent) == shape.program}


def _follow(connection: sqlite3.Connection, copies: Iterable[int]) -> Change:
    return settle_copies(connection, sorted(copies), notifies=False)
