"""`readback ledger`: what it says of a record that holds and of one that does not, and what a repair leaves."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from desktop import commands, ledger_command
from desktop.core.ledger import Flaw
from desktop.core.permission import Method
from desktop.places import Places
from desktop.store.database import Store
from desktop.store.people import record_grant, withdraw
from relay.wire.purpose import Purpose
from tests.fakes.samples import SENT_AT

NOW = SENT_AT + timedelta(days=7)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Return the user's places in a folder of their own."""
    monkeypatch.setenv("READBACK_HOME", str(tmp_path))
    monkeypatch.setattr(ledger_command, "utc_now", lambda: NOW)
    return Places.of_user()


@pytest.fixture
def store(places: Places) -> Iterator[Store]:
    """Return the store as a running window holds it open, two yeses and a no in it."""
    opened = Store(places.store, clock=lambda: NOW)
    for name in ("anna", "ben"):
        record_grant(
            opened,
            address=f"{name}@x.example",
            name="",
            purposes=frozenset({Purpose.OPENS}),
            method=Method.SPOKEN,
            evidence="on the phone",
            at=SENT_AT,
        )
    withdraw(opened, "ben@x.example", SENT_AT)
    yield opened
    opened.close()


def flip(store: Store) -> None:
    """Flip one byte of the second row, as another program may."""
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.execute("DROP TRIGGER ledger_is_not_changed")
    connection.execute("UPDATE ledger SET purposes = replace(purposes, 'opens', 'opent') WHERE id = 2")
    connection.close()


def run(capsys: pytest.CaptureFixture[str], *call: str) -> tuple[int, list[str]]:
    status = commands.run(["ledger", *call])
    return status, capsys.readouterr().out.splitlines()


def test_6_verify_says_that_a_sound_record_holds(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0 while the window holds the file open."""
    assert run(capsys, "verify") == (0, ["The record holds: each of its rows follows from the one before."])


def test_6_verify_names_the_row_with_the_flipped_byte(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, the row, why, what it means and what to do."""
    flip(store)
    status, (what, means) = run(capsys, "verify")
    assert (status, what) == (1, "The record breaks at row 2: its fields are not what they were when it was written.")
    assert means.endswith("`readback ledger repair`.")


def test_export_prints_each_row_as_json(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, the head last, also of a broken record."""
    flip(store)
    status, lines = run(capsys, "export")
    *rows, head = [json.loads(line) for line in lines]
    assert (status, head["head"]["rows"]) == (0, 3)
    found = [(row["row"], row["event"], row["purposes"], row["detail"]["address"]) for row in rows]
    assert found == [
        (1, "granted", '["opens"]', "anna@x.example"),
        (2, "granted", '["opent"]', "ben@x.example"),
        (3, "withdrawn", "[]", "ben@x.example"),
    ]


def test_repair_says_what_stands_and_keeps_the_evidence(
    store: Store, places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the data unless told otherwise; afterwards the record holds."""
    flip(store)
    kept = places.home / "ledger-broken-20260511T090000Z.jsonl"
    assert run(capsys, "repair") == (
        0,
        [
            "The record breaks at row 2: its fields are not what they were when it was written.",
            f"The record as it was is kept in {kept}.",
            "Before the break 1 row stands as before; 1 row went on after it.",
        ],
    )
    assert len(kept.read_text("ascii").splitlines()) == 4
    assert run(capsys, "verify")[0] == 0


def test_repair_says_how_many_permissions_end(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a no may be lost nobody's permission stands, and the file is where the user wants it."""
    flip(store)
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.execute("DROP TRIGGER ledger_is_not_deleted")
    connection.execute("DELETE FROM ledger WHERE id = 3")
    connection.close()
    status, lines = run(capsys, "repair", "--evidence", str(tmp_path / "kept"))
    assert (status, lines[-1]) == (0, "2 permissions do not hold any more.")
    assert (tmp_path / "kept").exists()


def test_a_sound_record_is_not_repaired(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so and exits with EX_UNAVAILABLE."""
    assert commands.run(["ledger", "repair"]) == commands.EX_UNAVAILABLE
    assert "nothing to repair" in capsys.readouterr().err


@pytest.mark.parametrize("call", ["verify", "export", "repair"])
def test_before_anything_was_recorded_there_is_nothing_to_say(
    places: Places, capsys: pytest.CaptureFixture[str], call: str
) -> None:
    """No file is made, and nothing is wrong."""
    assert commands.run(["ledger", call]) == 0
    assert capsys.readouterr() == ("", "Nothing was recorded here yet.\n")
    assert not places.store.exists()


def test_every_flaw_has_its_words() -> None:
    """Whatever breaks can be said."""
    assert set(ledger_command._WHY) == set(Flaw)


def test_the_help_says_what_verifying_cannot_show(capsys: pytest.CaptureFixture[str]) -> None:
    """There is no key in the chain: whoever can write the file can write all of it anew."""
    with pytest.raises(SystemExit) as ended:
        commands.run(["ledger", "verify", "--help"])
    assert ended.value.code == 0
    assert "There is no\nkey in it" in capsys.readouterr().out
