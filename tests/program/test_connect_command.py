"""`readback connect`: a relay's line taken without a window."""

import io
from contextlib import redirect_stdout
from pathlib import Path

import pytest

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


def test_the_operators_line_connects_and_is_kept(
    places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The channel of the next start is the line's relay; the same line once more is refused in words."""
    with served(tmp_path / "relay", Clock(), open_registration=False) as base:
        printed = io.StringIO()
        with redirect_stdout(printed):
            assert main(["invite", "--data", str(tmp_path / "relay")]) == 0
        line = printed.getvalue().strip()
        assert commands.run(["connect", line]) == commands.EX_OK
        assert capsys.readouterr().out == f"Connected to {base}.\n"
        channel = channels.load(FileVault(places.secrets))
        assert channel is not None
        assert channel.relay_url == base
        assert commands.run(["connect", line]) == commands.EX_NOPERM
        assert "does not accept this invite" in capsys.readouterr().err
    assert channels.load(FileVault(places.secrets)) == channel


def test_beside_a_running_readback_nothing_is_connected(places: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Its window is where to paste the line: the vault of a running program is not changed under it."""
    running = Engine(places)
    try:
        assert commands.run(["connect", "https://t.example.com#invite=" + "a" * 43]) != commands.EX_OK
        assert "already running" in capsys.readouterr().err
    finally:
        running.close()
    assert channels.load(FileVault(places.secrets)) is None
