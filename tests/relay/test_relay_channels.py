"""Who may register, and what the operator may block."""

from pathlib import Path

import pytest
import requests

from relay.blocks import Blocks, host_of
from relay.settings import BadSettingError
from relay.wire.token import TokenType, minting_key
from tests.relay.desk import DESTINATION, Clock, Desk, served, spell


def test_a_picture_host_of_its_own_is_told_apart_from_the_links(tmp_path: Path, clock: Clock) -> None:
    """Who blocks the pictures' host breaks no link: links and pages stay at the other."""
    with served(tmp_path, clock, picture_url="https://p.example.com") as base:
        desk = Desk(base, clock)
        assert (desk.given["picture_base"], desk.given["link_base"]) == ("https://p.example.com", base)
        desk.close()


def test_a_registration_gives_everything_a_desktop_needs(desk: Desk) -> None:
    """Key id, a key for every token type, both bases; minting keys of two types differ."""
    keys = desk.given["minting_keys"]
    assert set(keys) == {token_type.name.lower() for token_type in TokenType}
    assert len(set(keys.values())) == len(TokenType)
    assert (desk.given["picture_base"], desk.given["link_base"]) == (desk.base, desk.base)
    assert (desk.given["key_id"], len(desk.channel_id)) == (1, 12)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"public_key": 7}',
        b'{"public_key": "AAAA"}',
        b'{"public_key": "' + b"A" * 43 + b'"}',
        b'{"public_key": "!!!"}',
        b'{"public_key": "A"}',
        b'{"invite": 7, "public_key": "' + b"B" * 43 + b'"}',
        b"\xff\xfe",
    ],
    ids=range(10),
)
def test_a_malformed_registration_is_400(base: str, body: bytes) -> None:
    """No JSON, no key, a key that would give a zero secret: refused, and nothing is registered."""
    assert requests.post(f"{base}/channels", data=body, timeout=10).status_code == 400


def test_tokens_of_an_older_master_still_verify(tmp_path: Path, clock: Clock) -> None:
    """After the operator added a master, old mail's links redirect and new channels mint with the new one."""
    with served(tmp_path, clock) as base:
        old = Desk(base, clock)
        path = old.click_url().removeprefix(base)
        old.close()
    text = (tmp_path / "secrets.json").read_text()
    fresh = b"n" * 32
    added = text.replace('"current": 1', '"current": 2').replace("}}", f', "2": "{spell(fresh)}="}}}}')
    (tmp_path / "secrets.json").write_text(added)
    with served(tmp_path, clock) as base:
        new = Desk(base, clock)
        assert new.get(base + path).status_code == 302
        assert new.given["key_id"] == 2
        assert new.given["minting_keys"]["open"] == spell(minting_key(fresh, new.channel_id, TokenType.OPEN))
        new.close()


def test_a_blocked_destination_is_shown_as_text_and_not_stored(tmp_path: Path, clock: Clock) -> None:
    """The page escapes the destination and does not redirect; another host redirects as ever."""
    (tmp_path / "blocked.txt").write_text("# phishing\nhost evil.test # since May\n\n")
    with served(tmp_path, clock) as base:
        desk = Desk(base, clock)
        answer = desk.get(desk.click_url(b"https://www.evil.test/<b>&x"))
        assert (answer.status_code, "location" in answer.headers) == (200, False)
        assert "https://www.evil.test/&lt;b&gt;&amp;x" in answer.text
        assert desk.hits() == []
        assert desk.get(desk.click_url()).status_code == 302
        assert len(desk.hits()) == 1
        desk.close()


def test_a_blocked_channel_stores_nothing_and_redirects_nowhere(tmp_path: Path, clock: Clock) -> None:
    """Once its id is in the file, the running relay heeds it: same picture, link as text, nothing stored."""
    with served(tmp_path, clock) as base:
        desk, other = Desk(base, clock), Desk(base, clock)
        desk.get(desk.open_url())
        assert len(desk.hits()) == 1
    (tmp_path / "blocked.txt").write_text(f"channel {desk.channel_id.hex()}\n")
    with served(tmp_path, clock) as base:
        desk.base = other.base = base
        assert desk.get(desk.open_url()).headers["content-type"] == "image/gif"
        assert DESTINATION.decode().replace("&", "&amp;") in desk.get(desk.click_url()).text
        assert len(desk.hits()) == 1
        assert other.get(other.click_url()).status_code == 302
        desk.close()
        other.close()


def test_the_block_file_is_read_again_and_a_mistake_keeps_the_last_good(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A change counts a second later; a wrong line is logged and what was blocked stays blocked."""
    path, now = tmp_path / "blocked.txt", [0.0]
    blocks = Blocks(path, monotonic=lambda: now[0])
    assert not blocks.blocks_destination(b"http://evil.test/")
    path.write_text("host evil.test\n")
    assert not blocks.blocks_destination(b"http://evil.test/")
    now[0] = 1.5
    assert blocks.blocks_destination(b"http://evil.test/")
    path.write_text("hots evil.test.org\n")
    now[0] = 3.0
    assert blocks.blocks_destination(b"http://evil.test/")
    assert "line 1 is no entry" in caplog.text
    caplog.clear()
    now[0] = 5.0
    path.unlink()
    now[0] = 7.0
    assert not blocks.blocks_destination(b"http://evil.test/")


def test_a_mistake_in_the_block_file_is_said_at_start(tmp_path: Path) -> None:
    """The line is named."""
    (tmp_path / "blocked.txt").write_text("host ok.test\nchannel 123\n")
    with pytest.raises(BadSettingError, match="line 2"):
        Blocks(tmp_path / "blocked.txt")


@pytest.mark.parametrize(
    "destination",
    [
        b"https://evil.test",
        b"https://EVIL.test./x",
        b"https://a.b.evil.test:8443/x",
        b"https://good.test@evil.test/",
        b"https://evil.test\\@good.test/",
        b"https:///evil.test/",
        b"https://%65vil.test/",
        b"https://evil.test?good.test",
        b"https://evil.test#@good.test",
        b"https://%EF%BD%85vil.test/",
    ],
)
def test_a_blocked_host_is_found_however_it_is_spelled(tmp_path: Path, destination: bytes) -> None:
    """Browsers' readings of user info, slashes, escapes and subdomains do not get round the block."""
    (tmp_path / "blocked.txt").write_text("host evil.test\n")
    assert Blocks(tmp_path / "blocked.txt").blocks_destination(destination)


@pytest.mark.parametrize(
    "destination", [b"https://good.test/evil.test", b"https://notevil.test", b"https://evil.test.org"]
)
def test_other_hosts_are_not_blocked(tmp_path: Path, destination: bytes) -> None:
    """A name that merely contains a blocked one is free."""
    (tmp_path / "blocked.txt").write_text("host evil.test\n")
    assert not Blocks(tmp_path / "blocked.txt").blocks_destination(destination)


def test_an_address_in_brackets_is_a_host() -> None:
    """IPv6 literals keep their brackets and lose their port."""
    assert host_of(b"http://[2001:db8::1]:80/x") == "[2001:db8::1]"
