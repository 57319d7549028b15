"""What an operator is told when a setting or a file cannot be used, before anything listens."""

import argparse
import ipaddress
import os
import socket
from pathlib import Path

import pytest

from relay import durable, masters
from relay.__main__ import main
from relay.app import opened
from relay.settings import BadSettingError, Settings, settings_from


def chosen(environment: dict[str, str] | None = None, **flags: object) -> Settings:
    return settings_from(argparse.Namespace(**{"data": "/d", **flags}), environment or {})


def test_flags_win_over_the_environment_and_both_over_defaults() -> None:
    """Each setting comes from its flag, else its variable, else its default."""
    environment = {
        "READBACK_RELAY_DATA": "/e",
        "READBACK_RELAY_PORT": "9",
        "READBACK_RELAY_PUBLIC_URL": "https://t.example.com",
        "READBACK_RELAY_OPEN_REGISTRATION": "yes",
        "READBACK_RELAY_TRUSTED_PROXY": "10.0.0.0/8, 2001:db8::/32",
        "READBACK_RELAY_PRACTICE_CLOCK": "/c",
        "READBACK_RELAY_PICTURE_URL": "https://p.example.com",
        "READBACK_RELAY_CONTACT": "https://example.com/contact",
        "READBACK_RELAY_METRICS": "[::1]:9025",
    }
    settings = chosen(environment, data=None, port="7")
    assert (settings.data, settings.port, settings.host) == (Path("/e"), 7, "127.0.0.1")
    assert (settings.public_url, settings.open_registration) == ("https://t.example.com", True)
    assert settings.trusted_proxies == (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/32"))
    assert settings.practice_clock == Path("/c")
    assert (settings.link_base, settings.picture_base) == ("https://t.example.com", "https://p.example.com")
    assert (settings.contact, settings.metrics) == ("https://example.com/contact", ("::1", 9_025))
    assert chosen() == Settings(data=Path("/d"), port=8_025)


@pytest.mark.parametrize(
    ("flags", "environment", "said"),
    [
        ({"data": None}, {}, "--data is missing"),
        ({"port": "65536"}, {}, "--port '65536' is no port"),
        ({"port": "x"}, {}, "--port 'x' is no port"),
        ({"port": "-1"}, {}, "--port '-1' is no port"),
        ({"host": "localhost"}, {}, "--host 'localhost' is no address"),
        ({"host": "0.0.0.0"}, {}, "--public-url is missing"),
        ({"public_url": "https://t.example.com/"}, {}, "no slash at the end"),
        ({"public_url": "ftp://t.example.com"}, {}, "cannot stand in a mail"),
        ({"picture_url": "https://p.example.com/x"}, {}, "--picture-url 'https://p.example.com/x' cannot"),
        ({"public_url": "https://"}, {}, "--public-url 'https://' names nobody: put your own name into it"),
        ({}, {"READBACK_RELAY_PUBLIC_URL": ""}, "--public-url '' names nobody"),
        ({}, {"READBACK_RELAY_PICTURE_URL": "https://"}, "--picture-url 'https://' names nobody"),
        ({"public_url": "https://.example.com"}, {}, "cannot stand in a mail"),
        ({"public_url": "https://YOUR.NAME"}, {}, "cannot stand in a mail"),
        ({"contact": "me"}, {}, "--contact 'me' reaches nobody"),
        ({"contact": "mailto:a@example.com\nCanonical: x"}, {}, "reaches nobody"),
        ({"contact": "javascript:alert(1)"}, {}, "reaches nobody"),
        ({"metrics": "localhost:9025"}, {}, "is no place to listen"),
        ({"metrics": "127.0.0.1:x"}, {}, "--metrics 'x' is no port"),
        ({"trusted_proxy": ["10.0.0.1/8"]}, {}, "is no network"),
        ({}, {"READBACK_RELAY_OPEN_REGISTRATION": "perhaps"}, "give 1 or 0"),
    ],
)
def test_a_wrong_setting_is_said_plainly(flags: dict[str, object], environment: dict[str, str], said: str) -> None:
    """The sentence names the setting and the cure."""
    with pytest.raises(BadSettingError, match=said):
        chosen(environment, **flags)


def test_a_host_others_can_reach_passes_with_its_public_url() -> None:
    """With the address that mails carry, any host may be listened on."""
    assert chosen(host="::", public_url="https://[2001:db8::1]:8443").host == "::"
    assert chosen({"READBACK_RELAY_OPEN_REGISTRATION": "0"}).open_registration is False


def test_only_who_serves_must_know_the_address_that_mails_carry() -> None:
    """In a container that listens everywhere, a command beside the relay needs no more than the folder."""
    assert chosen(command="invite", host="0.0.0.0").public_url is None
    with pytest.raises(BadSettingError, match="--public-url is missing"):
        chosen(command="serve", host="0.0.0.0")


def test_pictures_come_from_where_links_do_unless_told() -> None:
    """Without addresses to carry, both bases are what is listened on."""
    settings = chosen(host="::1", port="9")
    assert (settings.link_base, settings.picture_base) == ("http://[::1]:9", "http://[::1]:9")
    assert chosen(public_url="https://t.example.com").picture_base == "https://t.example.com"


def test_a_contact_is_a_uri_and_metrics_stay_on_loopback() -> None:
    """A bare address becomes one of mailto, and a bare port one of loopback."""
    assert chosen(contact="ops@example.com").contact == "mailto:ops@example.com"
    assert chosen(metrics="9025").metrics == ("127.0.0.1", 9_025)


def test_the_command_says_what_is_wrong_and_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback: one sentence on standard error."""
    assert main(["serve", "--data", "/proc/nowhere"]) == 2
    written = capsys.readouterr().err
    assert written.startswith("readback-relay: the folder /proc/nowhere cannot be written")
    assert written.count("\n") == 1


def test_a_port_in_use_exits_2_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The system's own words say so."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--data", str(tmp_path), "--port", str(port)]) == 2
    assert "in use" in capsys.readouterr().err


def test_two_relays_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second is refused while the first holds it, and admitted afterwards."""
    settings = Settings(data=tmp_path)
    with opened(settings), pytest.raises(BadSettingError, match="another relay serves"), opened(settings):
        raise AssertionError("unreachable: two relays serve from one folder")
    with opened(settings) as kept:
        assert kept.masters.current == 1


def test_lost_secrets_are_not_silently_replaced(tmp_path: Path) -> None:
    """New masters would break every mail already sent: the start is refused, and works once they are back."""
    settings = Settings(data=tmp_path)
    with opened(settings):
        kept = settings.secrets.read_bytes()
    settings.secrets.unlink()
    with pytest.raises(BadSettingError, match="is missing"), opened(settings):
        raise AssertionError("unreachable: opened without the secrets")
    durable.create(settings.secrets, kept, mode=0o600)
    with opened(settings) as again:
        assert again.channels.public_key(b"x") is None


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    """The sentence says what still works without it."""
    settings = Settings(data=tmp_path)
    settings.database.write_bytes(b"no database at all" * 100)
    with pytest.raises(BadSettingError, match="links redirect and stops hold"), opened(settings):
        raise AssertionError("unreachable: opened a damaged database")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"current": 1}',
        '{"current": 2, "masters": {"1": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}}',
        '{"current": 1, "masters": {"1": "QUFB"}}',
        '{"current": 70000, "masters": {"70000": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}}',
        '{"current": 1, "masters": {"x": "QUFB"}}',
    ],
)
def test_damaged_secrets_are_said(tmp_path: Path, text: str) -> None:
    """No half-read master is ever used."""
    path = tmp_path / "secrets.json"
    durable.create(path, text.encode(), mode=0o600)
    with pytest.raises(BadSettingError, match="is damaged"):
        masters.load(path)


def test_a_file_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    """An existing file is not overwritten, and a leftover of a crash does not hinder."""
    path = tmp_path / "secrets.json"
    (tmp_path / "secrets.json.new").write_bytes(b"half")
    durable.create(path, b"whole", mode=0o600)
    with pytest.raises(FileExistsError):
        durable.create(path, b"other", mode=0o600)
    assert path.read_bytes() == b"whole"


def test_a_short_write_is_an_error(tmp_path: Path) -> None:
    """A disk that takes only a part is not believed."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with (
        os.fdopen(writing, "wb", buffering=0) as file,
        os.fdopen(reading, "rb"),
        pytest.raises(OSError, match="part only"),
    ):
        durable.append(file, b"x" * 10_000_000)
