"""`readback person` and `readback do-not-track`: what is printed, written, refused, and what each leaves behind."""

import io
import json
import stat
from pathlib import Path

import pytest

from desktop import commands
from desktop.account_keeping import SECRETS_SETTING
from desktop.accounts.suppression import is_let_alone
from desktop.accounts.vault import FileVault
from desktop.core.keep import Keep
from desktop.engine import Engine
from desktop.outgoing.journal import Journal, State, key_of
from desktop.places import Places
from desktop.running import RunningLock
from desktop.store import settings
from desktop.store.database import Store
from desktop.store.people import people
from desktop.ui import consent_words
from tests.store.planted import GONE, MARKS, NOW, STAYS, found_in, planted


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Return the user's places, with a planted store in them and secrets in a file."""
    monkeypatch.setenv("READBACK_HOME", str(tmp_path))
    monkeypatch.setattr(commands, "utc_now", lambda: NOW)
    with planted(tmp_path) as store:
        settings.put(store, SECRETS_SETTING, Keep.FILE.value)
    return Places.of_user()


def known(places: Places) -> list[str]:
    store = Store(places.store, clock=lambda: NOW)
    try:
        return [row.address for row in people(store)]
    finally:
        store.close()


def test_16_a_person_is_exported_as_json(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Item 16: the export is one JSON value on the terminal, or in a new file for the user alone."""
    assert commands.run(["person", "export", GONE]) == commands.EX_OK
    exported = json.loads(capsys.readouterr().out)
    assert exported["address"] == GONE
    path = places.home / "export.json"
    assert commands.run(["person", "export", GONE, "--out", str(path)]) == commands.EX_OK
    assert json.loads(path.read_text(encoding="utf-8")) == exported
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_export_overwrites_nothing(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is there stays as it is, and the command says why it wrote none."""
    path = places.home / "kept"
    path.write_text("mine", encoding="utf-8")
    assert commands.run(["person", "export", GONE, "--out", str(path)]) == commands.EX_NOINPUT
    assert path.read_text(encoding="utf-8") == "mine"
    assert "cannot be opened: File exists" in capsys.readouterr().err


def test_of_an_unknown_person_nothing_is_told(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """That is said beside an export without rows; a slip in the address is an error."""
    assert commands.run(["person", "export", "nobody@x.example"]) == commands.EX_OK
    assert capsys.readouterr().err == "Nothing is held of this person.\n"
    assert commands.run(["person", "export", "nobody"]) == commands.EX_DATAERR


def test_16_a_person_is_erased_and_let_alone(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Item 16: afterwards they are unknown, no file of the folder names them, and the key in the vault knows them."""
    assert commands.run(["person", "erase", GONE, "--yes"]) == commands.EX_OK
    told = capsys.readouterr()
    assert (told.out.startswith("Erased."), told.err) == (True, "")
    assert known(places) == [STAYS]
    assert [path for path in places.home.iterdir() if GONE.encode() in path.read_bytes()] == []
    store = Store(places.store, clock=lambda: NOW)
    assert is_let_alone(store, FileVault(places.secrets), GONE)
    assert not is_let_alone(store, FileVault(places.secrets), STAYS)
    store.close()


def test_16_no_file_of_the_folder_names_who_was_erased(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Item 16: with spare copy, secrets, log and a journal of mail to them there, no mark is in any file afterwards."""
    engine = Engine(places, clock=lambda: NOW)
    journal = Journal(places.journal, clock=lambda: NOW)
    entry = journal.prepare([key_of(b"content", GONE)])
    journal.attach(entry, {0: 1})
    journal.advance(entry, [0], State.ACCEPTED)
    journal.close()
    engine.close()
    places.log.write_text("A line that names nobody.", encoding="utf-8")
    assert all(found_in(places.home).values())
    commands.run(["person", "erase", GONE, "--yes"])
    assert {path.name for path in places.home.iterdir()} >= {"spare.json", "journal", "secrets.json", "readback.log"}
    assert found_in(places.home) == {mark: set() for mark in MARKS}
    capsys.readouterr()


def test_16_the_twin_without_a_yes_nobody_is_erased(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Item 16, its twin: what is held is counted in words, and everything stays."""
    assert commands.run(["person", "erase", GONE]) == commands.EX_OK
    told = capsys.readouterr()
    assert "     2  Mail that went to the person." not in told.out
    assert "     3  Mail that went to the person." in told.out
    assert told.err.startswith("Nothing was erased.")
    assert known(places) == [STAYS, GONE]


def test_a_backup_that_still_names_them_is_told(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """What somebody put into the folder is not the program's to erase."""
    copy = places.home / "backup.sqlite3"
    copy.write_bytes(places.store.read_bytes())
    assert commands.run(["person", "erase", GONE, "--yes"]) == commands.EX_OK
    assert capsys.readouterr().err.endswith(f"erase them yourself:\n  {copy}\n")


def test_nobody_is_erased_under_a_running_window(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """The window would go on showing what is gone, so the command says to use it instead."""
    lock = RunningLock(places.lock)
    assert commands.run(["person", "erase", GONE, "--yes"]) == commands.EX_TEMPFAIL
    lock.release()
    assert "already running" in capsys.readouterr().err
    assert GONE in known(places)


def test_11_a_list_is_imported_and_its_bad_lines_told(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Item 11: the good lines are kept, each bad one is named with its number and what is wrong."""
    path = places.home / "list.txt"
    path.write_bytes("m\u00fcller.example\r\nno one\x1b[1m\r\n*@*.gov.example # state\r\n".encode("cp1252"))
    assert commands.run(["do-not-track", "import", str(path)]) == commands.EX_DATAERR
    told = capsys.readouterr()
    assert told.out == "2 entries added.\n"
    assert told.err == "Line 2: no one[1m: This is no address and no domain.\n"
    assert commands.run(["do-not-track", "list"]) == commands.EX_OK
    lines = capsys.readouterr().out.splitlines()
    assert {"xn--mller-kva.example", "*@*.gov.example # state"} <= set(lines)
    assert commands.run(["do-not-track", "import", str(places.home / "none.txt")]) == commands.EX_NOINPUT


def test_what_is_listed_can_be_imported_again(
    places: Places, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list's own output, handed in by standard input, is known already, every line of it."""
    commands.run(["do-not-track", "list"])
    printed = capsys.readouterr().out.encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(printed)))
    assert commands.run(["do-not-track", "import", "-"]) == commands.EX_OK
    assert capsys.readouterr().out == "0 entries added, 2 known already.\n"


def test_an_entry_is_added_and_taken_off(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Each says what holds now; what is no entry, or not on the list, is an error."""
    for arguments, status in (
        (["add", "Lund.Example"], commands.EX_OK),
        (["add", "@lund.example"], commands.EX_OK),
        (["remove", "lund.example"], commands.EX_OK),
        (["remove", "lund.example"], commands.EX_DATAERR),
        (["add", "*"], commands.EX_DATAERR),
    ):
        assert commands.run(["do-not-track", *arguments]) == status
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "lund.example is on the list.",
        "lund.example was on the list already.",
        "lund.example is not on the list any more.",
    ]
    assert told.err.startswith("lund.example is not on the list.\nThis pattern names everybody.")
    chosen = told.err.partition("choose “")[2].partition("”")[0]
    assert consent_words.NOTHING.startswith(chosen)
    assert chosen


def test_an_empty_list_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is printed where nothing is listed, but a word beside it."""
    monkeypatch.setenv("READBACK_HOME", str(tmp_path))
    assert commands.run(["do-not-track", "list"]) == commands.EX_OK
    assert capsys.readouterr() == ("", "The list is empty.\n")
