"""What a no does beside its row in the ledger: tags are stopped, and with them mail that people have already.

The relay learns of the tags with the next exchange.  A no of one address holds for those that add a detail to it, so
that their tags are stopped with its own.
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from desktop.core.ledger import Event
from desktop.core.permission import REFUSING, Standing
from desktop.store.change import Change
from desktop.store.columns import to_json, to_ms
from desktop.store.ledger import own_standing
from desktop.store.ledger_rows import append
from desktop.store.settle import settle_copies

# The person's own, and those of addresses that add a plus and a detail.
_TAGS: Final = (
    "SELECT tag FROM tag WHERE address = :address"
    " OR (substr(address, 1, length(:user)) = :user AND substr(address, -length(:host)) = :host)"
)


def stop_tags(connection: sqlite3.Connection, address: str, at: datetime) -> int:
    """Stop every tag that is known to be a person's; return their newest generation: no yes can begin that any more."""
    wanted = {**_spelled(address), "at_ms": to_ms(at)}
    connection.execute(f"INSERT OR IGNORE INTO stop (tag, at_ms) SELECT tag, :at_ms FROM ({_TAGS})", wanted)  # noqa: S608
    newest = connection.execute("SELECT coalesce(max(generation), 0) FROM tag WHERE address = ?", (address,))
    return int(newest.fetchone()[0])


def stop_details(connection: sqlite3.Connection, address: str, at: datetime) -> Change:
    """Stop the tags of addresses that add a detail to one; return what of their mail that alters."""
    tags = connection.execute(f"{_TAGS} EXCEPT SELECT tag FROM tag WHERE address = :address", _spelled(address))  # noqa: S608
    fresh = [tag for (tag,) in tags.fetchall() if _stop(connection, tag, at)]
    return settle_copies(connection, _copies(connection, fresh))


def _stop(connection: sqlite3.Connection, tag: bytes, at: datetime) -> bool:
    row = connection.execute("INSERT OR IGNORE INTO stop (tag, at_ms) VALUES (?, ?)", (tag, to_ms(at)))
    return row.rowcount > 0


def copies_stopped(connection: sqlite3.Connection, address: str) -> list[int]:
    """Return the copies that bear a tag which `stop_tags` stops."""
    tags = connection.execute(_TAGS, _spelled(address)).fetchall()
    return _copies(connection, [tag for (tag,) in tags])


def _copies(connection: sqlite3.Connection, tags: Iterable[bytes]) -> list[int]:
    found = {copy for tag in tags for (copy,) in connection.execute("SELECT id FROM copy WHERE tag = ?", (tag,))}
    return sorted(found)


def refuse_for(connection: sqlite3.Connection, address: str, at: datetime, *, evidence: str = "") -> Change:
    """Add a person's no that the user was told, whatever stood; nothing changes for who refused by that very address.

    It stops mail they already have as well, as if they had pressed the link.
    """
    before = own_standing(connection, address)
    if before.standing in REFUSING:
        return Change()
    generation = max(before.generation, stop_tags(connection, address, at))
    append(connection, address=address, event=Event.WITHDRAWN, generation=generation, evidence=evidence, at=at)
    change = settle_copies(connection, copies_stopped(connection, address))
    return change | Change(people=frozenset({address}))


def has_anything_to_stop(connection: sqlite3.Connection, address: str) -> bool:
    """Return whether anything stands for a person, or a tag of theirs is known: in mail, or in a question."""
    if own_standing(connection, address).standing is not Standing.UNKNOWN:
        return True
    return connection.execute(f"{_TAGS} LIMIT 1", _spelled(address)).fetchone() is not None


def known_among(connection: sqlite3.Connection, addresses: Iterable[str]) -> list[str]:
    """Return those of many addresses, normalised, of which there may be anything to stop."""
    known = connection.execute(_KNOWN, (to_json(sorted(set(addresses))),))
    return [address for (address,) in known]


_KNOWN: Final = (
    "SELECT value FROM json_each(?1) WHERE value IN (SELECT address FROM tag UNION SELECT address FROM person"
    " UNION SELECT address FROM ledger_detail UNION"
    " SELECT substr(address, 1, instr(address, '+') - 1) || substr(address, instr(address, '@')) FROM tag"
    " WHERE instr(address, '+') > 1)"
)


def _spelled(address: str) -> dict[str, str]:
    local, _, domain = address.rpartition("@")
    return {"address": address, "user": f"{local}+", "host": f"@{domain}"}
