"""`readback connect`: a relay's line taken without a window."""

import io
from contextlib import redirect_stdout
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail

from desktop import commands
from desktop.account_keeping import SECRETS_SETTING
from desktop.accounts import channel as channels
from desktop.accounts.vault import FileVault
from desktop.core.keep import Keep
from desktop.engine import Engine, utc_now
from desktop.places import Places
from desktop.store import settings
from desktop.store.database import Store
from relay.__main__ import main
from tests.relay.desk import Clock, served


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Give a user's folder whose secrets are kept in a file."""
    monkeypatch.setenv("READBACK_HOME", str(tmp_path / "home"))
    found = Places.of_user()
    store = Store(found.store, clock=utc_now)
    settings.put(store, SECRETS_SETTING, Keep.FILE.value)
    store.close()
    return found


def invited(relay: Path) -> str:
    """Return the line that the operator hands over."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert main(["invite", "--data", str(relay)]) == 0
    return printed.getvalue().strip()


def test_the_operators_line_connects_and_is_kept(
    places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The channel of the next start is the line's relay; the same line once more is refused in words."""
    with served(tmp_path / "relay", Clock(), open_registration=False) as base:
        line = invited(tmp_path / "relay")
        assert commands.run(["connect", line]) == commands.EX_OK
        assert capsys.readouterr().out == f"Connected to {base}.\n"
        channel = channels.load(FileVault(places.secrets))
        assert channel is not None
        assert channel.relay_url == base
        assert commands.run(["connect", line]) == commands.EX_NOPERM
        assert "does not accept this invite" in capsys.readouterr().err
    assert channels.load(FileVault(places.secrets)) == channel


def test_where_no_secret_can_be_kept_the_line_is_not_used(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No keyring: it is said, and the very same line connects with `--secrets file`, which the doctor then looks in."""
    store = Store(places.store, clock=utc_now)
    settings.put(store, SECRETS_SETTING, Keep.KEYRING.value)
    store.close()
    monkeypatch.setattr(keyring.core, "_keyring_backend", fail.Keyring())  # type: ignore[no-untyped-call]
    with served(tmp_path / "relay", Clock(), open_registration=False) as base:
        line = invited(tmp_path / "relay")
        assert commands.run(["connect", line]) == commands.EX_TEMPFAIL
        said = capsys.readouterr()
        assert (said.out, "This system has no keyring." in said.err) == ("", True)
        assert "`readback connect --secrets file LINE`. The relay was not asked, so the line is still good." in said.err
        assert commands.run(["connect", "--secrets", "file", line]) == commands.EX_OK
        told = capsys.readouterr().out
        assert told.startswith(f"Connected to {base}.\nIts keys are in a file that only you can read, this time: ")
        commands.run(["doctor", "--secrets", "file"])
        found = capsys.readouterr().out
        assert f"ok  relay     {base} answers" in found
        assert "ok  secrets   in a file only you can read" in found
    channel = channels.load(FileVault(places.secrets))
    assert channel is not None
    assert channel.relay_url == base


def test_a_file_that_cannot_be_written_leaves_the_line_good(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """The relay, which is not there, is not asked: what is said is of the file."""
    places.secrets.mkdir()
    assert commands.run(["connect", "http://127.0.0.1:9#invite=" + "a" * 43]) == commands.EX_TEMPFAIL
    said = capsys.readouterr().err
    assert said.startswith("The file of passwords cannot be read.\n")
    assert said.endswith("The relay was not asked, so the line is still good.\n")
    assert "--secrets" not in said


def test_beside_a_running_readback_nothing_is_connected(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Its window is where to paste the line: the vault of a running program is not changed under it."""
    running = Engine(places)
    try:
        assert commands.run(["connect", "https://t.example.com#invite=" + "a" * 43]) != commands.EX_OK
        assert "already running" in capsys.readouterr().err
    finally:
        running.close()
    assert channels.load(FileVault(places.secrets)) is None
