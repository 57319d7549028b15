"""Who allowed what: rows are only ever added, and where a person stands is read from all of theirs.

After a person said no, by the stop page or to the user, no permission that the user records is accepted any more: only
that person can grant anew.  A stop names a tag; tags are mapped to people when mail that carries them is recorded.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from desktop.core.address import normalised
from desktop.core.errors import Refused
from desktop.core.notice import CopyNames, stop_notice
from desktop.core.permission import Method, Permission, Standing, usable
from desktop.store.change import Change
from desktop.store.columns import from_json, from_ms, set_to_json, to_ms
from desktop.store.database import Store
from desktop.store.settle import settle_copies
from relay.wire.purpose import Purpose

_PERMISSIONS = (
    "SELECT event, purposes, generation, method, evidence, at_ms FROM permission WHERE address = ? ORDER BY id"
)
_TRACKED_SINCE = "SELECT 1 FROM copy WHERE address = ? AND prepared_at_ms >= ? AND purposes <> '[]' LIMIT 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """Someone written to or asked; `messages` counts the messages that named them as a recipient."""

    address: str
    name: str
    permission: Permission
    messages: int


def people(store: Store) -> tuple[PersonRow, ...]:
    """Return everybody known, by address."""
    with store.read() as connection:
        rows = connection.execute("SELECT address, name, messages FROM person ORDER BY address").fetchall()
        return tuple(
            PersonRow(address=address, name=name, permission=standing(connection, address), messages=messages)
            for address, name, messages in rows
        )


def permission_of(store: Store, address: str) -> Permission:
    """Return what stands for an address, in whatever case it is written; raise Malformed for none."""
    with store.read() as connection:
        return standing(connection, normalised(address))


def standing(connection: sqlite3.Connection, address: str) -> Permission:
    """Return what stands for a normalised address as a transaction sees it: the last row decides."""
    row = connection.execute(f"{_PERMISSIONS} DESC LIMIT 1", (address,)).fetchone()
    if row is None:
        return Permission(address=address, standing=Standing.UNKNOWN)
    event, purposes, generation, method, evidence, at_ms = row
    if event == "retract":
        return Permission(address=address, standing=Standing.UNKNOWN, generation=generation)
    if event != "grant":
        now = Standing.STOPPED if event == "stop" else Standing.WITHDRAWN
        return Permission(address=address, standing=now, generation=generation)
    return Permission(
        address=address,
        standing=Standing.GRANTED,
        purposes=frozenset(Purpose(each) for each in from_json(purposes)),
        generation=generation,
        method=Method(method),
        evidence=evidence,
        granted_at=from_ms(at_ms),
    )


def record_grant(
    store: Store, *, address: str, name: str, purposes: frozenset[Purpose], method: Method, evidence: str, at: datetime
) -> Change:
    """Add a permission that the user recorded; raise Refused after the person said no, Malformed for a bad address."""
    person = normalised(address)
    if not usable(purposes):
        raise ValueError("a permission for nothing")

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        before = standing(connection, person)
        if before.standing in (Standing.STOPPED, Standing.WITHDRAWN):
            raise Refused(
                "This person said no to tracking.",
                "Only they can allow it again; write to them untracked.",
            )
        keep_person(connection, person, name, at)
        connection.execute(
            "INSERT INTO permission (address, event, purposes, generation, method, evidence, at_ms)"
            " VALUES (?, 'grant', ?, ?, ?, ?, ?)",
            (person, set_to_json(purposes), before.generation, method.value, evidence, to_ms(at)),
        )
        return Change(people=frozenset({person})), None

    return store.write(work)[0]


def retract_grant(store: Store, address: str, at: datetime) -> Change:
    """Take back a grant recorded by mistake, before any mail was tracked under it; raise Refused afterwards.

    A row of its own, as everything here: what stood before stands again, and the mistake stays on record.
    """
    person = normalised(address)

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        latest, *earlier = connection.execute(f"{_PERMISSIONS} DESC LIMIT 2", (person,)).fetchall() or [None]
        if latest is None or latest[0] != "grant":
            return Change(), None
        *_, granted_at_ms = latest
        if connection.execute(_TRACKED_SINCE, (person, granted_at_ms)).fetchone() is not None:
            raise Refused(
                "Mail to this person was already tracked under this permission.",
                "If they did not agree, withdraw it; mail to them then goes untracked.",
            )
        before = (
            earlier[0] if earlier and earlier[0][0] == "grant" else ("retract", "[]", latest[2], None, "", to_ms(at))
        )
        connection.execute(
            "INSERT INTO permission (address, event, purposes, generation, method, evidence, at_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (person, *before),
        )
        return Change(people=frozenset({person})), None

    return store.write(work)[0]


def withdraw(store: Store, address: str, at: datetime) -> Change:
    """Add that a person told the user no; nothing changes for one who never allowed anything, or stopped.

    It stops mail they already have as well, as if they had pressed the link: the tags are stopped, here and, from the
    next exchange on, at the relay.
    """
    person = normalised(address)

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        before = standing(connection, person)
        if before.standing is not Standing.GRANTED:
            return Change(), None
        _add_refusal(connection, person, "withdraw", before.generation, at)
        connection.execute(
            "INSERT OR IGNORE INTO stop (tag, at_ms) SELECT tag, ?2 FROM tag WHERE address = ?1", (person, to_ms(at))
        )
        copies = connection.execute(_COPIES_OF_PERSON, (person,)).fetchall()
        change = settle_copies(connection, [copy_id for (copy_id,) in copies])
        return change | Change(people=frozenset({person})), None

    return store.write(work)[0]


def record_stops(store: Store, tags: Iterable[bytes], at: datetime) -> Change:
    """Add the stops not known yet; tags of nobody known are kept too, for mail yet to be recorded."""
    named = tuple(dict.fromkeys(tags))

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        change = Change()
        for tag in named:
            row = connection.execute("INSERT OR IGNORE INTO stop (tag, at_ms) VALUES (?, ?)", (tag, to_ms(at)))
            if row.rowcount:
                change |= apply_stop(connection, tag, at)
        return change, None

    return store.write(work)[0] if named else Change()


def apply_stop(connection: sqlite3.Connection, tag: bytes, at: datetime) -> Change:
    """Let a stop take hold of the person and copies its tag stands for, if the tag is known."""
    row = connection.execute("SELECT address, generation FROM tag WHERE tag = ?", (tag,)).fetchone()
    if row is None:
        return Change()
    address, generation = row
    change = settle_copies(connection, [copy for (copy,) in connection.execute(_COPIES_OF_TAG, (tag,))])
    now = standing(connection, address)
    # A stop from mail before a newer grant by the person themselves stops that older mail only.
    if now.standing is Standing.STOPPED or now.generation > generation:
        return change
    _add_refusal(connection, address, "stop", generation, at)
    notice = stop_notice(person=_name_of(connection, address), address=address, at=at, names=_latest(connection, tag))
    return change | Change(people=frozenset({address}), notices=(notice,))


_COPIES_OF_PERSON = "SELECT id FROM copy WHERE tag IN (SELECT tag FROM tag WHERE address = ?) ORDER BY id"
_COPIES_OF_TAG = "SELECT id FROM copy WHERE tag = ? ORDER BY id"


def all_stop_tags(store: Store) -> frozenset[bytes]:
    """Return every stop ever learnt, to be exchanged whole with the relay."""
    with store.read() as connection:
        return frozenset(tag for (tag,) in connection.execute("SELECT tag FROM stop"))


def is_stopped(store: Store, tag: bytes) -> bool:
    """Return whether a tag was stopped, though this store may not know whose it is, as after a restore."""
    with store.read() as connection:
        return connection.execute("SELECT 1 FROM stop WHERE tag = ?", (tag,)).fetchone() is not None


def keep_person(connection: sqlite3.Connection, address: str, name: str, at: datetime) -> str:
    """Make a person known under a normalised address; return their name, which the newest mail that has one gives."""
    connection.execute(
        "INSERT INTO person (address, name, named_at_ms) VALUES (?1, ?2, iif(?2 = '', 0, ?3))"
        " ON CONFLICT (address) DO UPDATE SET name = ?2, named_at_ms = ?3"
        " WHERE ?2 <> '' AND (?3 > named_at_ms OR (?3 = named_at_ms AND ?2 > name))",
        (address, name, to_ms(at)),
    )
    (known,) = connection.execute("SELECT name FROM person WHERE address = ?", (address,)).fetchone()
    return str(known)


def _add_refusal(connection: sqlite3.Connection, address: str, event: str, generation: int, at: datetime) -> None:
    connection.execute(
        "INSERT INTO permission (address, event, purposes, generation, evidence, at_ms) VALUES (?, ?, '[]', ?, '', ?)",
        (address, event, generation, to_ms(at)),
    )


def _name_of(connection: sqlite3.Connection, address: str) -> str:
    row = connection.execute("SELECT name FROM person WHERE address = ?", (address,)).fetchone()
    return (row[0] if row else "") or address


def _latest(connection: sqlite3.Connection, tag: bytes) -> CopyNames:
    """Return the latest copy of a tag; tags become known with a copy, so there is one."""
    conversation_id, copy_id, name, address, subject = connection.execute(
        "SELECT copy.conversation_id, copy.id, copy.name, copy.address, message.subject FROM copy"
        " JOIN message ON message.id = copy.message_id WHERE copy.tag = ? ORDER BY copy.id DESC LIMIT 1",
        (tag,),
    ).fetchone()
    return CopyNames(
        conversation_id=conversation_id, copy_id=copy_id, person=name or address, address=address, subject=subject
    )
