"""Where the program keeps its files, that one Readback at a time works there, and what its log may say."""

import logging
import logging.handlers
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop import logs
from desktop.core.errors import StoreTrouble
from desktop.places import Places
from desktop.running import RunningLock


def test_the_folder_is_the_users_alone(tmp_path: Path) -> None:
    """The folder is made where READBACK_HOME says, with mode 0700."""
    places = Places.in_folder(tmp_path / "new" / "home")
    assert stat.S_IMODE(places.home.stat().st_mode) == 0o700
    assert {places.store.parent, places.journal.parent, places.lock.parent} == {places.home}


def test_the_environment_chooses_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """READBACK_HOME is where the files lie; without it the system's place for program data is."""
    monkeypatch.setenv("READBACK_HOME", str(tmp_path / "chosen"))
    assert Places.of_user().home == tmp_path / "chosen"
    monkeypatch.delenv("READBACK_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert Places.of_user().home == tmp_path / "xdg" / "readback"


def test_a_second_readback_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    """The lock is held by one; once released the next takes it."""
    first = RunningLock(tmp_path / "lock")
    with pytest.raises(StoreTrouble, match="already running"):
        RunningLock(tmp_path / "lock")
    first.release()
    second = RunningLock(tmp_path / "lock")
    second.release()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Start a log, and put back everything it hooked."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logs.start(tmp_path / "readback.log")
    yield tmp_path / "readback.log"
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)


def test_a_bug_is_logged_by_place_and_kind_without_its_text(
    log: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The log names file, line and exception class; the words of the exception, which may name a person, stay out."""
    with pytest.raises(LookupError) as caught:
        dict[str, int]()["anna@example.test"]
    sys.excepthook(KeyError, caught.value, caught.tb)
    written = log.read_text()
    assert "bug: KeyError at test_places.py:" in written
    assert "anna" not in written
    assert "anna@example.test" in capsys.readouterr().err
    caplog.clear()


def test_a_bug_on_a_thread_is_logged_too(
    log: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What a thread raises reaches the same log."""

    def fail() -> None:
        raise ZeroDivisionError

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert "bug: ZeroDivisionError at test_places.py:" in log.read_text()
    assert "ZeroDivisionError" in capsys.readouterr().err
    caplog.clear()


def test_ctrl_c_is_no_bug(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A keyboard interrupt leaves no record."""
    interrupt = KeyboardInterrupt()
    sys.excepthook(KeyboardInterrupt, interrupt, None)
    assert log.read_text() == ""
    assert "KeyboardInterrupt" in capsys.readouterr().err


def test_libraries_that_log_what_passes_through_are_silenced(log: Path) -> None:
    """A record of the SMTP library does not reach the file, one of the program does."""
    logging.getLogger("mail.log").warning("RCPT TO:<anna@example.test>")
    logging.getLogger("desktop.test").info("1 mail")
    assert "anna" not in log.read_text()
    assert "desktop.test: 1 mail" in log.read_text()
