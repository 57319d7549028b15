"""Everything that is held of a person, as plain values that JSON can spell: rows as they stand, table by table.

Whole rows and not a chosen few columns, so that nothing is left out when a table grows.  What was worked out from them
alone (cards of the list, keys by which mail is found) is not told again.
"""

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from desktop.core.address import normalised, shown
from desktop.core.donottrack import names
from desktop.store.columns import from_json, from_ms, to_json
from desktop.store.database import Store
from desktop.store.do_not_track import read_entries

FORMAT: Final = 1
_COPIES: Final = "IN (SELECT value FROM json_each(:copies))"
_MESSAGES: Final = "IN (SELECT value FROM json_each(:messages))"
_ARRIVALS: Final = """
    from_address = :address OR answer_copy_id IN (SELECT value FROM json_each(:copies))
    OR from_address IN (SELECT from_address FROM arrival WHERE kind = 'mail'
        AND answer_copy_id IN (SELECT value FROM json_each(:copies)))
    OR id IN (SELECT arrival_id FROM sign WHERE copy_id IN (SELECT value FROM json_each(:copies)))
    OR instr(deliveries, :quoted) OR instr(receipt, :quoted) OR instr(parties, :quoted)"""
_TAGS: Final = "IN (SELECT tag FROM tag WHERE address = :address UNION SELECT tag FROM copy WHERE address = :address)"
_WORDINGS: Final = """
    hash IN (SELECT wording FROM ask WHERE address = :address
    UNION SELECT wording FROM ledger JOIN ledger_detail ON row_id = ledger.id WHERE address IN (:address, :shown))"""
_HITS: Final = "hit_id IN (SELECT id FROM hit WHERE copy_id IN (SELECT value FROM json_each(:copies)))"
# From which table, which of its rows, and what they are.
_HELD: Final = (
    ("person", "address = :address", "The address, the name and what the user chose for it."),
    (
        "ledger JOIN ledger_detail ON row_id = ledger.id",
        "address IN (:address, :shown)",
        "What the person was asked, agreed to, refused or stopped, in the order it was recorded.",
    ),
    ("wording", _WORDINGS, "The exact texts that the person was shown."),
    ("ask", "address = :address", "Questions that were put to the person."),
    (
        "refused_answer",
        "token_id IN (SELECT token_id FROM ask WHERE address = :address)",
        "Answers to them that granted nothing, and why.",
    ),
    ("tag", "address = :address", "The tags that stand for the person at the relay."),
    ("stop", f"tag {_TAGS}", "Which of them were stopped, and when."),
    ("deletion", f"tag {_TAGS}", "When the person had recorded hits deleted."),
    ("message", f"id {_MESSAGES}", "Mail that went to the person."),
    ("message_name", f"message_id {_MESSAGES}", "The Message-IDs of that mail."),
    (
        "original",
        f"message_id {_MESSAGES}",
        "That mail as it was handed in, in base64, where it is kept until the Sent folder is clean.",
    ),
    (
        "reminder",
        "conversation_id IN (SELECT conversation_id FROM copy WHERE address = :address)",
        "When to follow up, as the user said.",
    ),
    ("copy", "address = :address", "The person's own copy of each, and what became of it."),
    ("token", f"copy_id {_COPIES}", "The marks in those copies."),
    ("hit", f"copy_id {_COPIES}", "What was recorded of openings and of links used, and what was concluded."),
    ("correction", f"address = :address OR {_HITS}", "What the user said of those."),
    ("confirmation", f"copy_id {_COPIES}", "Mail of which the person pressed that they have read it."),
    ("told", f"copy_id {_COPIES}", "What the user was notified of."),
    ("silent_opening", f"copy_id {_COPIES}", "Openings that the user was not notified of."),
    ("arrival", _ARRIVALS, "Mail by the person, or about mail to them."),
    ("sign", f"copy_id {_COPIES}", "What such mail proves of each copy."),
)
_JSON: Final = frozenset(
    {"purposes", "asides", "labels", "headers", "ruled", "refs", "deliveries", "receipt", "parties", "earlier_hits"}
)


def export_person(store: Store, address: str) -> dict[str, Any]:
    """Return everything held of a person, each part with a sentence on what it is; raise Malformed for no address.

    Instants are ISO 8601 in UTC, octets hexadecimal.
    """
    person = normalised(address)
    with store.read() as connection, _damage_told(connection):
        copies = connection.execute("SELECT id, message_id FROM copy WHERE address = ?", (person,)).fetchall()
        wanted = {
            "address": person,
            "shown": shown(person),
            "quoted": to_json(person),
            "copies": to_json([copy_id for copy_id, _ in copies]),
            "messages": to_json([message_id for _, message_id in copies]),
        }
        held = {
            table.split()[0]: {"what": what, "rows": _rows(connection, table, where, wanted)}
            for table, where, what in _HELD
        }
        listed = [
            {"kind": row.entry.kind.value, "value": row.entry.value, "note": row.note, "at": _instant(row.at)}
            for row in read_entries(connection)
            if names((row.entry,), person)
        ]
    held["do_not_track"] = {"what": "Entries of the do-not-track list that name the person.", "rows": listed}
    return {"format": FORMAT, "address": person, "exported_at": _instant(store.clock()), "held": held}


@contextmanager
def _damage_told(connection: sqlite3.Connection) -> Iterator[None]:
    """Read text that was damaged, as a flipped octet of the ledger, with signs in place of what cannot be read."""
    connection.text_factory = lambda octets: octets.decode("utf-8", "replace")
    try:
        yield
    finally:
        connection.text_factory = str


def is_empty(exported: dict[str, Any]) -> bool:
    """Return whether nothing at all is held."""
    return not any(part["rows"] for part in exported["held"].values())


def _rows(connection: sqlite3.Connection, table: str, where: str, wanted: dict[str, str]) -> list[dict[str, Any]]:
    cursor = connection.execute(f"SELECT * FROM {table} WHERE {where}", wanted)  # noqa: S608 - constants
    columns = [name for name, *_ in cursor.description]
    return [dict(_plain(*pair) for pair in zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _plain(column: str, value: Any) -> tuple[str, Any]:
    """Return a column's name and value as JSON can hold them, and people read them; a damaged one as it is."""
    if isinstance(value, bytes):
        return column, base64.b64encode(value).decode("ascii") if column == "octets" else value.hex()
    try:
        if column.endswith("_ms") and value is not None:
            return column.removesuffix("_ms"), _instant(from_ms(value))
        if column in _JSON and value is not None:
            return column, from_json(value)
    except (ValueError, TypeError, OverflowError):
        return column, value
    return column.removesuffix("_ms"), value


def _instant(at: datetime) -> str:
    return at.isoformat()
