"""Where the store names a person, table by table, and how each lets go of them: within one transaction.

Mail that went to them alone goes whole, with all that was read in its conversation.  Of mail to others as well their
copy goes; where others' rows hold the address, in a subject or a server's words, it is taken out of them.
"""

import re
import sqlite3
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from desktop.core.address import shown
from desktop.core.sunset import LONGEST_DAYS
from desktop.store.change import Change
from desktop.store.columns import from_json, to_json, to_ms
from desktop.store.hits import delete_hits
from desktop.store.joining import values
from desktop.store.ledger import erase_details
from desktop.store.proving import bring_in_step
from desktop.store.settle import settle_copies
from desktop.store.stopping import stop_tags

# A token is accepted for as many days, and what it brought is kept at the relay for two weeks.
_HELD_FOR: Final = timedelta(days=LONGEST_DAYS + 15)
# Text of others' rows that may hold an address: what strangers wrote, and what the user did.
_TEXTS: Final = (
    ("message", "subject"),
    ("message", "base"),
    ("arrival", "subject"),
    ("arrival", "from_name"),
    ("arrival", "loose"),
    ("copy", "name"),
    ("copy", "reply"),
    ("token", "destination"),
    ("person", "name"),
    ("do_not_track", "note"),
)
_OF_COPIES: Final = ("token", "told", "silent_opening", "sign", "ask")
_OF_MESSAGES: Final = ("original", "message_name")
_OF_ARRIVALS: Final = ("sign", "arrival_mention", "loose_party")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """Ids of a person's copies; of messages to them alone, and to others too; of conversations with nobody else."""

    copies: frozenset[int]
    whole: frozenset[int]
    parts: frozenset[int]
    dead: frozenset[int]


def forget_person(connection: sqlite3.Connection, address: str, now: datetime) -> Change:
    """Stop a normalised address's tags and take away every row, and part of a row, that names it."""
    change = Change(people=frozenset({address}))
    stop_tags(connection, address, now)
    mail = _mail_of(connection, address)
    names = _Names(frozenset({address, shown(address)}) | _other_addresses(connection, address))
    heirs = _forget_copies(connection, mail, now)
    touched = _ids(connection, "SELECT DISTINCT conversation_id FROM message WHERE id IN {}", mail.parts)
    touched |= _forget_arrivals(connection, mail, names)
    _forget_messages(connection, mail)
    _forget_in_texts(connection, names)
    connection.execute("DELETE FROM tag WHERE address = ?", (address,))
    connection.execute("DELETE FROM person WHERE address = ?", (address,))
    connection.execute("DELETE FROM do_not_track WHERE kind = 'address' AND value = ?", (address,))
    erase_details(connection, address, now)
    touched |= {
        id_ for id_, search in connection.execute("SELECT id, search FROM conversation") if names.stand_in(search)
    }
    touched -= mail.dead
    messages = _ids(connection, "SELECT id FROM message WHERE conversation_id IN {}", touched)
    change |= bring_in_step(connection, messages=sorted(messages), notifies=False)
    change |= settle_copies(connection, sorted(heirs - mail.copies), notifies=False)
    return change | Change(conversations=mail.dead | touched)


class _Names:
    """A person's addresses, as they are looked for in text of any case."""

    def __init__(self, addresses: Collection[str]) -> None:
        self.addresses = addresses
        any_of = "|".join(re.escape(each) for each in sorted(addresses)).replace("@", "(?:@|%40)")
        # "jo@x.example" is not "mojo@x.example", nor the beginning of "jo@x.example.org"; links hold "%3Djo%40".
        begins = r"(?:(?<![\w.+-])|(?<=%[0-9A-F]{2}))"
        self._pattern = re.compile(rf"{begins}(?:{any_of})(?!\w|[.-]\w)", re.IGNORECASE)

    def stand_in(self, text: str | None) -> bool:
        """Return whether one of them stands in a text."""
        return text is not None and self._pattern.search(text) is not None

    def taken_out(self, text: str | None) -> str | None:
        """Return a text without them."""
        return None if text is None else self._pattern.sub("…", text)


def _ids(connection: sqlite3.Connection, sql: str, wanted: Iterable[int]) -> set[int]:
    """Return the ids that a query finds; {} in it stands for the ids that are wanted."""
    return {each for (each,) in values(connection, sql.format("(SELECT value FROM json_each(?))"), wanted)}


def _delete(connection: sqlite3.Connection, table: str, column: str, ids: Iterable[Any]) -> None:
    connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(each,) for each in ids])  # noqa: S608 - constants


def _mail_of(connection: sqlite3.Connection, address: str) -> _Mail:
    rows = connection.execute("SELECT id, message_id FROM copy WHERE address = ?", (address,)).fetchall()
    messages = {message_id for _, message_id in rows}
    parts = {
        each
        for (each,) in values(
            connection,
            "SELECT message_id FROM copy WHERE message_id IN (SELECT value FROM json_each(?)) AND address <> ?",
            messages,
            address,
        )
    }
    whole = messages - parts
    conversations = _ids(connection, "SELECT conversation_id FROM message WHERE id IN {}", whole)
    alive = {
        each
        for each, id_ in values(
            connection,
            "SELECT conversation_id, id FROM message WHERE conversation_id IN (SELECT value FROM json_each(?))",
            conversations,
        )
        if id_ not in whole
    }
    return _Mail(
        copies=frozenset(id_ for id_, _ in rows),
        whole=frozenset(whole),
        parts=frozenset(parts),
        dead=frozenset(conversations - alive),
    )


def _other_addresses(connection: sqlite3.Connection, address: str) -> frozenset[str]:
    """Return from which other addresses the user said that this person writes; one written to is a person by itself."""
    rows = connection.execute(
        "SELECT DISTINCT arrival.from_address FROM arrival JOIN copy ON copy.id = arrival.answer_copy_id"
        " WHERE copy.address = ? AND arrival.kind = 'mail' AND arrival.from_address <> ''"
        " AND arrival.from_address NOT IN (SELECT address FROM copy)",
        (address,),
    )
    return frozenset(each for (each,) in rows)


def _forget_copies(connection: sqlite3.Connection, mail: _Mail, now: datetime) -> frozenset[int]:
    """Take away the copies with all that hangs on them; return the copies that are to be judged anew for that."""
    wanted = to_json(sorted(mail.copies))
    of_copies = "copy_id IN (SELECT value FROM json_each(?))"
    hits = connection.execute(f"SELECT id FROM hit WHERE {of_copies}", (wanted,)).fetchall()  # noqa: S608 - a constant
    heirs = delete_hits(connection, [id_ for (id_,) in hits])
    connection.execute(
        "INSERT OR REPLACE INTO forgotten_token (random_id, until_ms)"  # noqa: S608 - a constant
        f" SELECT random_id, ? FROM token WHERE {of_copies}",
        (to_ms(now + _HELD_FOR), wanted),
    )
    connection.execute(
        "UPDATE arrival SET answer = NULL, answer_copy_id = NULL"
        " WHERE answer_copy_id IN (SELECT value FROM json_each(?))",
        (wanted,),
    )
    for table in _OF_COPIES:
        _delete(connection, table, "copy_id", mail.copies)
    _delete(connection, "copy", "id", mail.copies)
    return heirs


def _forget_messages(connection: sqlite3.Connection, mail: _Mail) -> None:
    """Take away the messages that went to nobody else, and of the others what holds all their recipients."""
    _delete(connection, "original", "message_id", mail.parts)
    connection.executemany("UPDATE message SET twin = NULL WHERE id = ?", [(each,) for each in mail.parts])
    connection.executemany("UPDATE arrival SET follows = NULL WHERE follows = ?", [(each,) for each in mail.whole])
    for table in _OF_MESSAGES:
        _delete(connection, table, "message_id", mail.whole)
    _delete(connection, "message", "id", mail.whole)
    for table in ("named", "reminder"):
        _delete(connection, table, "conversation_id", mail.dead)
    _delete(connection, "conversation", "id", mail.dead)


def _forget_arrivals(connection: sqlite3.Connection, mail: _Mail, names: _Names) -> set[int]:
    """Take away mail from the person and what reports say of them; return the conversations that this alters."""
    going = {
        each
        for (each,) in values(
            connection, "SELECT id FROM arrival WHERE from_address IN (SELECT value FROM json_each(?))", names.addresses
        )
    }
    going |= _ids(connection, "SELECT id FROM arrival WHERE conversation_id IN {}", mail.dead)
    edited = set()
    for id_, *columns in connection.execute(_REPORTING).fetchall():
        if id_ not in going and any(names.stand_in(each) for each in columns):
            edited.add(id_)
            if not _forget_in_report(connection, id_, columns, names):
                going.add(id_)
    touched = _ids(connection, "SELECT conversation_id FROM arrival WHERE id IN {}", going | edited)
    keys = _ids(connection, "SELECT key FROM arrival WHERE id IN {}", going)
    for table in _OF_ARRIVALS:
        _delete(connection, table, "arrival_id", going)
    _delete(connection, "arrival", "id", going)
    # Names that other mail mentions lead here again once its conversation is grouped anew.
    _delete(connection, "named", "key", keys)
    return {each for each in touched if each is not None}


_REPORTING: Final = (
    "SELECT id, deliveries, receipt, parties FROM arrival"
    " WHERE deliveries <> '[]' OR receipt IS NOT NULL OR parties IS NOT NULL"
)


def _forget_in_report(connection: sqlite3.Connection, id_: int, columns: Iterable[str | None], names: _Names) -> bool:
    """Take out of an arrival what it says of the person; return whether it says anything else."""
    deliveries, receipt, parties = columns
    told = from_json(deliveries or "[]")
    others = [each for each in told if not names.stand_in(to_json(each))]
    if names.stand_in(receipt) or (told and not others):
        return False
    known = [each for each in from_json(parties or "[]") if each not in names.addresses]
    connection.execute(
        "UPDATE arrival SET deliveries = ?, parties = ?, loose = iif(?2 IS NULL, NULL, loose) WHERE id = ?3",
        (to_json(others), to_json(known) if known else None, id_),
    )
    connection.executemany(
        "DELETE FROM loose_party WHERE arrival_id = ? AND address = ?", [(id_, each) for each in names.addresses]
    )
    return True


def _forget_in_texts(connection: sqlite3.Connection, names: _Names) -> None:
    taken_out: Callable[[str | None], str | None] = names.taken_out
    connection.create_function("without_them", 1, taken_out, deterministic=True)
    for table, column in _TEXTS:
        connection.execute(
            f"UPDATE {table} SET {column} = without_them({column}) WHERE {column} <> without_them({column})"  # noqa: S608
        )
