"""Who may register: the line that `invite` prints, and the desktop that takes it by paste."""

import base64
import io
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import requests

from desktop.core.errors import Malformed, NotAuthorised
from desktop.tracking.register import register
from relay.__main__ import main
from relay.wire import seal
from relay.wire.invite import read_invite
from tests.relay.desk import Clock, Desk, served, spell


def line_of(data: Path, *flags: str) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        assert main(["invite", "--data", str(data), *flags]) == 0
    [line] = out.getvalue().splitlines()
    return line


def secret_of(data: Path, *flags: str) -> str:
    read = read_invite(line_of(data, *flags))
    assert read is not None
    return read[1]


def test_an_invite_admits_once(tmp_path: Path, clock: Clock) -> None:
    """The first registration gets in; the same invite, a made-up one and none do not."""
    with served(tmp_path, clock, open_registration=False) as base:
        secret = secret_of(tmp_path)
        Desk(base, clock, invite=secret).close()
        key = spell(seal.public_key_of(seal.new_private_key()))
        for given in (secret, "made-up", None):
            answer = requests.post(f"{base}/channels", json={"invite": given, "public_key": key}, timeout=10)
            assert answer.status_code == 403
            assert "invite" in answer.json()["error"]


def test_a_desktop_takes_the_one_line_by_paste(tmp_path: Path, clock: Clock) -> None:
    """The line that is printed beside the serving relay is all that a registration needs, and works once."""
    with served(tmp_path, clock, open_registration=False, picture_url="http://p.example.com") as base:
        line = line_of(tmp_path)
        channel = register(f" {line}\n", None)
        assert (channel.relay_url, channel.link_base, channel.picture_base) == (base, base, "http://p.example.com")
        with pytest.raises(NotAuthorised):
            register(line, None)


def test_a_torn_line_registers_nothing() -> None:
    """What was cut in copying is told apart from an address without an invite."""
    with pytest.raises(Malformed, match="not whole"):
        register("https://t.example.com#invite=", None)


def test_before_a_relay_served_its_address_must_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without it there is no line to print, and no invite was made; with it there is."""
    assert main(["invite", "--data", str(tmp_path)]) == 2
    assert "give --public-url" in capsys.readouterr().err
    assert not (tmp_path / "relay.sqlite3").exists()
    assert line_of(tmp_path, "--public-url", "https://t.example.com").startswith("https://t.example.com#invite=")


def test_neither_invite_nor_bearer_is_in_any_file(tmp_path: Path, clock: Clock) -> None:
    """Both are kept hashed: the files admit nobody."""
    unused = secret_of(tmp_path, "--public-url", "https://t.example.com")
    with served(tmp_path, clock) as base:
        desk = Desk(base, clock)
        bearer = desk.given["bearer"]
        desk.close()
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (unused, bearer):
        assert secret.encode() not in kept
        assert base64.urlsafe_b64decode(secret + "=") not in kept
