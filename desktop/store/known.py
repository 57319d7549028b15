"""Whose a token or a tag is, and what a mail asked, as only this store can tell: for showing, and for nothing else."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from desktop.core.address import normalised
from desktop.core.ledger import Event
from desktop.store.columns import from_json, from_ms
from desktop.store.database import Store
from desktop.store.ledger import history
from relay.wire.purpose import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownToken:
    """A token's copy: to whom, about what, and where its link leads, empty for a picture or a page."""

    person: str
    subject: str
    destination: str = ""


def known_tokens(store: Store, token_ids: Iterable[bytes]) -> Mapping[bytes, KnownToken]:
    """Return what is known of tokens, questions' and confirmations' among them; those of no copy here are left out."""
    wanted = frozenset(token_ids)
    with store.read() as connection:
        found = ((token_id, _token(connection, token_id)) for token_id in wanted)
        return {token_id: known for token_id, known in found if known is not None}


def _token(connection: sqlite3.Connection, token_id: bytes) -> KnownToken | None:
    row = connection.execute(_OF_TOKEN, (token_id,)).fetchone() or connection.execute(_OF_ASK, (token_id,)).fetchone()
    if row is None:
        return None
    name, address, subject, destination = row
    return KnownToken(person=name or address, subject=subject, destination=destination or "")


_OF_TOKEN = (
    "SELECT copy.name, copy.address, message.subject, token.destination FROM token"
    " JOIN copy ON copy.id = token.copy_id JOIN message ON message.id = copy.message_id WHERE token.random_id = ?"
)
_OF_ASK = (
    "SELECT copy.name, copy.address, message.subject, '' FROM ask"
    " JOIN copy ON copy.id = ask.copy_id JOIN message ON message.id = copy.message_id WHERE ask.token_id = ?"
)


def last_deletion(store: Store, address: str) -> datetime | None:
    """Return when a person last asked that what was recorded of them be deleted, None where they never did."""
    with store.read() as connection:
        (at_ms,) = connection.execute(_LAST_DELETION, (normalised(address),)).fetchone()
    return None if at_ms is None else from_ms(at_ms)


_LAST_DELETION = "SELECT max(deletion.at_ms) FROM deletion JOIN tag ON tag.tag = deletion.tag WHERE tag.address = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that a copy put: when, for what, and when it was answered, None while it is not.

    `agreed` is what the person then allowed on the page; None where they said no, or where the answer granted nothing.
    """

    at: datetime
    purposes: frozenset[Purpose]
    answered_at: datetime | None = None
    agreed: frozenset[Purpose] | None = None
    is_denied: bool = False


def questions_of(store: Store, copies: Iterable[tuple[int, str]]) -> Mapping[int, Question]:
    """Return the question of each copy, given by its id and address, that put one."""
    found: dict[int, Question] = {}
    for copy_id, address in copies:
        with store.read() as connection:
            row = connection.execute(_ASKED, (copy_id,)).fetchone()
        if row is not None:
            token_id, purposes, at_ms, answered_at_ms = row
            # The ledger's rows of an answer name the link that it came by.
            link = f"link {token_id.hex()},"
            answers = [entry for entry in history(store, address) if entry.evidence.startswith(link)]
            found[copy_id] = Question(
                at=from_ms(at_ms),
                purposes=frozenset(Purpose(each) for each in from_json(purposes)),
                answered_at=None if answered_at_ms is None else from_ms(answered_at_ms),
                agreed=next((entry.purposes for entry in answers if entry.event is Event.GRANTED), None),
                is_denied=any(entry.event is Event.DENIED for entry in answers),
            )
    return found


_ASKED = "SELECT token_id, purposes, at_ms, answered_at_ms FROM ask WHERE copy_id = ?"


def known_tags(store: Store, tags: Iterable[bytes]) -> Mapping[bytes, str]:
    """Return the people that tags stand for, by name or address; those of nobody known here are left out."""
    with store.read() as connection:
        found = ((tag, connection.execute(_OF_TAG, (tag,)).fetchone()) for tag in frozenset(tags))
        return {tag: row[0] or row[1] for tag, row in found if row is not None}


_OF_TAG = "SELECT person.name, tag.address FROM tag LEFT JOIN person ON person.address = tag.address WHERE tag.tag = ?"
