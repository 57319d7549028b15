"""The export of one person: everything held, and nothing of anybody else's that is not theirs too."""

import base64
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.core.errors import Malformed
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.export import export_person, is_empty
from tests.store.planted import GONE, LINKED, MARKS, OCTETS, OTHER_ADDRESS, STAYS, planted

# Tables whose rows an export tells, and those that hold nothing of a person's own, each with its reason.
TOLD = frozenset(
    {"person", "ledger", "ledger_detail", "wording", "ask", "refused_answer", "tag", "stop", "deletion", "message"}
    | {"message_name", "original", "reminder", "copy", "token", "hit", "correction", "confirmation", "told"}
    | {"silent_opening", "arrival", "sign", "do_not_track"}
)
NOT_THEIRS = {
    "account": "the user's own",
    "setting": "the user's own",
    "folder": "how far the user's mail was read",
    "own_source": "the user's own requests",
    "own_program": "the user's own programs",
    "gap": "counts of days",
    "answer": "random ids of answers that were taken in",
    "conversation": "worked out from messages and arrivals",
    "named": "hashes, worked out from messages and arrivals",
    "arrival_mention": "hashes, worked out from arrivals",
    "loose_party": "worked out from arrivals",
    "ledger_head": "a count and a hash",
    "suppression": "keyed hashes of people of whom nothing else is held",
    "forgotten_token": "random ids of people of whom nothing else is held",
    "sqlite_sequence": "SQLite's own",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Lend a store in which a person stands in every table that can name one."""
    with planted(tmp_path) as opened:
        yield opened


def test_16_a_persons_export_is_complete(store: Store) -> None:
    """Item 16: every mark that was planted of a person, in whatever table, stands in their export, which is JSON."""
    text = json.dumps(export_person(store, GONE), ensure_ascii=False)
    assert [mark for mark in MARKS if mark not in text] == [OCTETS, LINKED]
    held = export_person(store, GONE)["held"]
    assert OCTETS.encode() in base64.b64decode(held["original"]["rows"][0]["octets"])
    assert [row["subject"] for row in held["arrival"]["rows"] if row["from_address"] == OTHER_ADDRESS] == [
        "Re: x",
        "Something else",
    ]
    assert [part for part in held if not held[part]["what"].endswith(".")] == []


def test_16_the_twin_the_other_persons_export_is_their_own(store: Store) -> None:
    """Item 16, its twin: of somebody else's nothing is told but what both have a part in, as a mail to both."""
    exported = export_person(store, STAYS)
    text = json.dumps(exported, ensure_ascii=False)
    only_theirs = [mark for mark in MARKS if mark not in (GONE, LINKED, "planteddiagnostic", "plantedreply")]
    assert [mark for mark in only_theirs if mark in text] == []
    assert [row["address"] for row in exported["held"]["person"]["rows"]] == [STAYS]


def test_every_table_is_told_or_is_nobodys(store: Store) -> None:
    """A table that is new makes somebody decide whether a person's export holds it."""
    with store.read() as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == TOLD | NOT_THEIRS.keys()
    told = {part if part != "ledger" else "ledger_detail" for part in export_person(store, GONE)["held"]}
    assert told == TOLD - {"ledger"}


def test_values_are_such_as_people_read(store: Store) -> None:
    """Instants are ISO 8601, octets hexadecimal, lists are lists."""
    held = export_person(store, GONE)["held"]
    (hit,) = (row for row in held["hit"]["rows"] if row["agent"] == "plantedagent")
    assert hit["at"] == "2026-05-04T10:00:00+00:00"
    assert (hit["token_id"], hit["labels"]) == (b"gone-token-1".hex(), [])
    assert held["copy"]["rows"][0]["purposes"] == ["clicks", "opens", "place", "reading"]
    assert held["tag"]["rows"][0]["tag"] in (b"gone-tag".hex(), b"gone-ask".hex())


def test_of_an_unknown_person_nothing_is_held(store: Store) -> None:
    """The export says so, and an address that is none is refused."""
    assert is_empty(export_person(store, "nobody@x.example"))
    assert not is_empty(export_person(store, GONE.upper()))
    with pytest.raises(Malformed):
        export_person(store, "nobody")


def test_damage_keeps_nothing_from_being_told(store: Store) -> None:
    """A row of the ledger with a flipped octet, or a time that is none, is told as it stands."""

    def damage(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("DROP TRIGGER ledger_is_not_changed")
        connection.execute("UPDATE ledger SET purposes = CAST(x'5bff5d' AS TEXT), at_ms = ?", (1 << 62,))
        return Change(), None

    store.write(damage)
    rows = export_person(store, GONE)["held"]["ledger"]["rows"]
    assert {(row["purposes"], row["at_ms"]) for row in rows} == {("[\ufffd]", 1 << 62)}
    with store.read() as connection:
        assert connection.text_factory is str
