"""The people mail goes to, what the user records of their permission, and stops; all of it stands in the ledger.

After a person said no, on a page or to the user, no permission that the user records is accepted any more: only that
person can grant anew, on their page.  A stop names a tag; tags are mapped to people when mail that carries them is
recorded.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from desktop.core.address import normalised
from desktop.core.errors import Refused
from desktop.core.grounds import AskWhen, Policy
from desktop.core.ledger import Event
from desktop.core.notice import CopyNames, stop_notice
from desktop.core.permission import REFUSING, Method, Permission, Standing, usable
from desktop.store.change import Change
from desktop.store.columns import to_ms
from desktop.store.database import Store
from desktop.store.do_not_track import is_listed
from desktop.store.ledger import (
    broken_ledger,
    chosen_on_page,
    is_sound,
    own_standing,
    standing,
    standing_among,
    standings,
)
from desktop.store.ledger_rows import append
from desktop.store.settle import settle_copies
from desktop.store.stopping import refuse_for, stop_details
from relay.wire.purpose import Purpose

_TRACKED_SINCE = "SELECT 1 FROM copy WHERE address = ? AND prepared_at_ms >= ? AND purposes <> '[]' LIMIT 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """Someone written to or asked; `messages` counts the messages that named them as a recipient.

    `policy`, `ask_when` and `country` are what the user chose for this person, None and empty where the account's hold.
    `asked_at` is when they were last asked, `is_asking_wanted` that the user wants it done in the next mail.
    """

    address: str
    name: str
    permission: Permission
    messages: int
    policy: Policy | None = None
    ask_when: AskWhen | None = None
    country: str = ""
    is_listed: bool = False
    asked_at: datetime | None = None
    is_asking_wanted: bool = False


def people(store: Store) -> tuple[PersonRow, ...]:
    """Return everybody known, by address."""
    with store.read() as connection:
        known = standings(connection)
        rows = connection.execute(
            "SELECT address, name, messages, policy, ask_when, country, asking_wanted_at_ms FROM person"
            " ORDER BY address"
        ).fetchall()
        return tuple(_person(connection, known, *row) for row in rows)


def _person(connection: sqlite3.Connection, known: Mapping[str, Permission], address: str, *columns: Any) -> PersonRow:
    name, messages, policy, ask_when, country, wanted_at_ms = columns
    permission = standing_among(address, known)
    return PersonRow(
        address=address,
        name=name,
        permission=permission,
        messages=messages,
        policy=policy and Policy(policy),
        ask_when=ask_when and AskWhen(ask_when),
        country=country,
        is_listed=is_listed(connection, address),
        asked_at=permission.asked_at,
        is_asking_wanted=wanted_at_ms is not None,
    )


def permission_of(store: Store, address: str) -> Permission:
    """Return what stands for an address, in whatever case it is written; raise Malformed for none."""
    with store.read() as connection:
        return standing(connection, normalised(address))


def record_grant(
    store: Store, *, address: str, name: str, purposes: frozenset[Purpose], method: Method, evidence: str, at: datetime
) -> Change:
    """Add a permission that the user recorded; raise Malformed for a bad address.

    Raises Refused after the person said no, for more than they ticked on their page, and for one of their page, which
    comes from there alone; StoreTrouble while the ledger does not hold, as it would prove nothing.
    """
    person = normalised(address)
    if not usable(purposes):
        raise ValueError("a permission for nothing")
    if method is Method.PAGE:
        raise Refused("Only the person can agree on their page.", "Record how they told you, or ask them.")
    if not is_sound(store):
        raise broken_ledger()

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        before = standing(connection, person)
        if before.standing in REFUSING:
            raise Refused(
                "This person said no to tracking.",
                "Only they can allow it again; write to them untracked.",
            )
        chosen = chosen_on_page(connection, person)
        if chosen is not None and not purposes <= chosen:
            raise Refused(
                "They chose on their own page what you may see, and this is more.",
                "Record no more than they ticked.",
            )
        keep_person(connection, person, name, at)
        append(
            connection,
            address=person,
            event=Event.GRANTED,
            purposes=purposes,
            generation=before.generation,
            method=method,
            evidence=evidence,
            at=at,
        )
        return Change(people=frozenset({person})), None

    return store.write(work)[0]


def retract_grant(store: Store, address: str, at: datetime) -> Change:
    """Take back a grant recorded by mistake, before any mail was tracked under it; raise Refused afterwards.

    Raises Refused for one of the person's own page, too.
    A row of its own, as everything here: what stood before stands again, and the mistake stays on record.
    """
    person = normalised(address)

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        present = standing(connection, person)
        if present.granted_at is None:
            return Change(), None
        if present.method is Method.PAGE:
            raise Refused(
                "This person agreed on their own page, which was no mistake of yours.",
                "If they changed their mind, withdraw it; mail to them then goes untracked.",
            )
        if connection.execute(_TRACKED_SINCE, (person, to_ms(present.granted_at))).fetchone() is not None:
            raise Refused(
                "Mail to this person was already tracked under this permission.",
                "If they did not agree, withdraw it; mail to them then goes untracked.",
            )
        append(connection, address=person, event=Event.RETRACTED, generation=present.generation, at=at)
        return Change(people=frozenset({person})), None

    return store.write(work)[0]


def withdraw(store: Store, address: str, at: datetime) -> Change:
    """Add that a person told the user no, whoever they are; nothing changes for one who said so already.

    It stops mail they already have as well, as if they had pressed the link: the tags are stopped, here and, from the
    next exchange on, at the relay.  Raises Malformed for no address.
    """
    person = normalised(address)

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        change = refuse_for(connection, person, at)
        if change:
            keep_person(connection, person, "", at)
        return change, None

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
    now = own_standing(connection, address)
    # A stop from mail before a newer grant by the person themselves stops that older mail only.
    if (now.standing is Standing.STOPPED and now.generation >= generation) or now.generation > generation:
        return change
    append(connection, address=address, event=Event.STOPPED, generation=generation, at=at)
    change |= stop_details(connection, address, at) | Change(people=frozenset({address}))
    latest = _latest(connection, tag)
    # Nothing was tracked under it, a question bore it: what they answered tells.
    if latest is None:
        return change
    notice = stop_notice(person=_name_of(connection, address), address=address, at=at, names=latest)
    return change | Change(notices=(notice,))


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


def _name_of(connection: sqlite3.Connection, address: str) -> str:
    row = connection.execute("SELECT name FROM person WHERE address = ?", (address,)).fetchone()
    return (row[0] if row else "") or address


def _latest(connection: sqlite3.Connection, tag: bytes) -> CopyNames | None:
    """Return the latest tracked copy that bears a tag, if any does."""
    row = connection.execute(
        "SELECT copy.conversation_id, copy.id, copy.name, copy.address, message.subject FROM copy"
        " JOIN message ON message.id = copy.message_id WHERE copy.tag = ? AND copy.purposes <> '[]'"
        " ORDER BY copy.id DESC LIMIT 1",
        (tag,),
    ).fetchone()
    if row is None:
        return None
    conversation_id, copy_id, name, address, subject = row
    return CopyNames(
        conversation_id=conversation_id, copy_id=copy_id, person=name or address, address=address, subject=subject
    )
