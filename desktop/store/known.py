"""Whose a token or a tag is, as only this store can tell: what the relay holds is shown beside what it means."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from desktop.store.database import Store


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


def known_tags(store: Store, tags: Iterable[bytes]) -> Mapping[bytes, str]:
    """Return the people that tags stand for, by name or address; those of nobody known here are left out."""
    with store.read() as connection:
        found = ((tag, connection.execute(_OF_TAG, (tag,)).fetchone()) for tag in frozenset(tags))
        return {tag: row[0] or row[1] for tag, row in found if row is not None}


_OF_TAG = "SELECT person.name, tag.address FROM tag LEFT JOIN person ON person.address = tag.address WHERE tag.tag = ?"
