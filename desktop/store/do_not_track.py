"""The do-not-track list: whom mail is never tracked to and who is never asked, whatever else was agreed.

It is asked before anything is minted, so a look at it is cheap: addresses and domains are found by index, and only the
patterns are gone through.  Whoever is listed by their address has said no, which holds for mail they already have: it
stands in the ledger, and stays there when the entry is taken off.  Of whom a domain or a pattern names nothing more is
kept while it stands.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from desktop.core.donottrack import Entry, Kind, exact_spellings, fits, parse_line
from desktop.core.errors import Malformed
from desktop.store.change import Change
from desktop.store.columns import from_ms, plain, to_json, to_ms
from desktop.store.database import Store
from desktop.store.stopping import has_anything_to_stop, known_among, refuse_for

MAX_NOTE_CHARS: Final = 998
# The evidence of the no that stands in the ledger for whoever is listed by their address.
LISTED: Final = "put on the do-not-track list"
_COMMENT: Final = "#"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry as it is kept; `note` is the user's own, or the comment of its line."""

    id: int
    entry: Entry
    note: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of an import: how many entries were new and how many known, and the lines that are none.

    Each bad line has its number, from 1, its text, and a sentence on what is wrong with it.
    """

    added: int
    known: int
    bad: tuple[tuple[int, str, str], ...] = ()


def entries(store: Store) -> tuple[EntryRow, ...]:
    """Return the whole list: addresses, domains and patterns, each by their spelling."""
    with store.read() as connection:
        return read_entries(connection)


def read_entries(connection: sqlite3.Connection) -> tuple[EntryRow, ...]:
    """Return the list as a transaction sees it."""
    rows = connection.execute("SELECT id, kind, value, note, at_ms FROM do_not_track ORDER BY kind, value")
    return tuple(
        EntryRow(id=id_, entry=Entry(kind=Kind(kind), value=value), note=note, at=from_ms(at_ms))
        for id_, kind, value, note, at_ms in rows
    )


def add(store: Store, entry: Entry, note: str, now: datetime) -> tuple[Change, int]:
    """Keep an entry; return its id, that of the one there was where it is known already."""

    def work(connection: sqlite3.Connection) -> tuple[Change, int]:
        is_new = _insert(connection, entry, note, now)
        change = _let_alone(connection, [entry], now)
        (id_,) = connection.execute(
            "SELECT id FROM do_not_track WHERE kind = ? AND value = ?", (entry.kind, entry.value)
        ).fetchone()
        return change | Change(settings=is_new), int(id_)

    return store.write(work)


def remove(store: Store, entry_id: int) -> Change:
    """Take an entry off the list; one that is not on it alters nothing.  Adding it again is the undo.

    Who was listed by their address said no, and only they can allow anything again.
    """

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        gone = connection.execute("DELETE FROM do_not_track WHERE id = ?", (entry_id,)).rowcount
        return Change(settings=gone > 0), None

    return store.write(work)[0]


def import_lines(store: Store, text: str, now: datetime) -> Imported:
    """Keep every line that names somebody, in one transaction; empty lines and those that begin with # are skipped.

    What stands behind a # in a line becomes its note.  Bad lines hinder no good ones.
    """
    good: list[tuple[Entry, str]] = []
    bad: list[tuple[int, str, str]] = []
    for number, line, note in _lines(text):
        try:
            good.append((parse_line(line), note))
        except Malformed as trouble:
            bad.append((number, line, trouble.sentence))

    def work(connection: sqlite3.Connection) -> tuple[Change, int]:
        added = sum(_insert(connection, entry, note, now) for entry, note in good)
        change = _let_alone(connection, [entry for entry, _ in good], now)
        return change | Change(settings=added > 0), added

    added = store.write(work)[1]
    return Imported(added=added, known=len(good) - added, bad=tuple(bad))


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield number, content and comment of each line that has a content."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        content, _, note = line.partition(_COMMENT)
        if content.strip():
            yield number, content.strip(), note.strip()


def _let_alone(connection: sqlite3.Connection, listed: Iterable[Entry], now: datetime) -> Change:
    """Stop the tags of whoever is listed by their address, as a no told to the user does: they have mail already."""
    change = Change()
    for address in known_among(connection, (entry.value for entry in listed if entry.kind is Kind.ADDRESS)):
        if has_anything_to_stop(connection, address):
            change |= refuse_for(connection, address, now, evidence=LISTED)
    return change


def _insert(connection: sqlite3.Connection, entry: Entry, note: str, now: datetime) -> bool:
    cursor = connection.execute(
        "INSERT OR IGNORE INTO do_not_track (kind, value, note, at_ms) VALUES (?, ?, ?, ?)",
        (entry.kind, entry.value, plain(note)[:MAX_NOTE_CHARS], to_ms(now)),
    )
    return cursor.rowcount > 0


def is_listed(connection: sqlite3.Connection, address: str) -> bool:
    """Return whether an entry names a normalised address, as a transaction sees it."""
    wanted = exact_spellings(address)
    named = (to_json(sorted(wanted.addresses)), to_json(sorted(wanted.domains)))
    row = connection.execute(_EXACT, named).fetchone()
    if row is not None:
        return True
    patterns = connection.execute("SELECT value FROM do_not_track WHERE kind = 'pattern'")
    return any(fits(pattern, each) for (pattern,) in patterns for each in wanted.written)


_EXACT: Final = (
    "SELECT 1 FROM do_not_track WHERE kind = 'address' AND value IN (SELECT value FROM json_each(?1))"
    " UNION ALL SELECT 1 FROM do_not_track WHERE kind = 'domain' AND value IN (SELECT value FROM json_each(?2)) LIMIT 1"
)
