"""A stop holds, from the button and from the desktop, whatever is lost."""

import base64
import errno
import hashlib
import io
import json
import re
import time
from pathlib import Path

import pytest

from relay import durable
from relay.database import Database
from relay.settings import BadSettingError
from relay.stops import Stops
from relay.wire.stops import stops_digest
from relay.wire.token import TokenType
from relay.wire.urls import page_url
from tests.relay.desk import DESTINATION, OTHER_TAG, TAG, Clock, Desk, served

CHANNEL = b"channel-id-1"


def press(desk: Desk, url: str) -> tuple[int, str]:
    answer = desk.session.post(url, timeout=10)
    return answer.status_code, answer.text


def test_after_the_stop_nothing_of_that_tag_is_stored_and_links_still_redirect(desk: Desk) -> None:
    """Item 9: picture and link of the stopped tag store nothing, mail sent earlier included."""
    earlier_picture, earlier_link = desk.open_url(), desk.click_url()
    status, page = press(desk, desk.stop_url())
    assert (status, "<h1>You have stopped</h1>" in page) == (200, True)
    desk.get(earlier_picture)
    answer = desk.get(earlier_link)
    desk.get(desk.open_url())
    assert answer.headers["location"] == DESTINATION.decode()
    assert desk.hits() == []


def test_a_stop_leaves_other_tags_alone(desk: Desk) -> None:
    """Another recipient of the same sender is recorded as before."""
    press(desk, desk.stop_url(tag=TAG))
    desk.get(desk.open_url(tag=OTHER_TAG))
    assert len(desk.hits()) == 1


def test_a_stop_leaves_the_same_tag_of_another_channel_alone(base: str, clock: Clock) -> None:
    """A stop names channel and tag, not the tag alone."""
    one, other = Desk(base, clock), Desk(base, clock)
    press(one, one.stop_url())
    other.get(other.open_url())
    assert len(other.hits()) == 1
    one.close()
    other.close()


def test_looking_at_the_stop_page_stops_nothing(desk: Desk) -> None:
    """Item 8: a GET never stops anything, nor does a HEAD, since scanners follow links; a POST does."""
    assert desk.get(desk.stop_url()).status_code == 200
    assert desk.session.head(desk.stop_url(), timeout=10).status_code == 200
    desk.get(desk.open_url())
    assert len(desk.hits()) == 1
    assert press(desk, desk.stop_url())[0] == 200
    assert desk.exchange([]) == [TAG]


def test_whoever_comes_back_sees_that_they_stopped(desk: Desk) -> None:
    """The link offers the button until it was pressed, and says so afterwards, from an earlier mail's link too."""
    earlier, other = desk.stop_url(), desk.stop_url(tag=OTHER_TAG)
    assert "<form" in desk.get(earlier).text
    press(desk, desk.stop_url())
    page = desk.get(earlier).text
    assert ("<h1>You have stopped</h1>" in page, "<form" in page) == (True, False)
    assert "<form" in desk.get(other).text


def test_a_stop_twice_is_a_stop(desk: Desk) -> None:
    """Item 8: one POST is enough, and pressing again answers the same."""
    url = desk.stop_url()
    assert press(desk, url) == press(desk, url)
    assert desk.exchange([]) == [TAG]


def test_a_stop_link_never_expires(desk: Desk, clock: Clock) -> None:
    """Item 10: a link of more than three years ago still stops."""
    old = desk.stop_url()
    clock.pass_days(1_200)
    assert press(desk, old)[0] == 200
    assert desk.exchange([]) == [TAG]


def test_stop_links_survive_key_rotation(tmp_path: Path, clock: Clock) -> None:
    """Item 10: once the operator has added a master, links of the old one stop, and the pages they lead to work."""
    with served(tmp_path, clock) as base:
        desk = Desk(base, clock)
        stop = desk.stop_url(random_id=b"stop-link-01").removeprefix(base)
        page = page_url("", desk.token(TokenType.PAGE, random_id=b"stop-link-01"))
        desk.close()
    secrets = json.loads((tmp_path / "secrets.json").read_text())
    secrets["masters"]["2"] = base64.urlsafe_b64encode(bytes(32)).decode()
    (tmp_path / "secrets.json").write_text(json.dumps({**secrets, "current": 2}))
    with served(tmp_path, clock) as base:
        desk.base = base
        newcomer = Desk(base, clock)
        assert (desk.given["key_id"], newcomer.given["key_id"]) == (1, 2)
        desk.get(desk.open_url())
        assert desk.session.post(base + page, data={"wish": "delete"}, timeout=10).status_code == 200
        assert desk.hits() == []
        status, text = press(desk, base + stop)
        assert (status, f'href="{page}"' in text) == (200, True)
        assert (desk.exchange([]), newcomer.exchange([])) == ([TAG], [])
        assert press(newcomer, newcomer.stop_url())[0] == 200
        desk.close()
        newcomer.close()


def test_a_forged_stop_link_stops_nothing(desk: Desk) -> None:
    """A damaged link says so in a 404 page, on GET and POST, with no button."""
    url = desk.stop_url()
    for bad in (url.replace("/stop/", "/stop/B").replace("/me", "")[: len(url) - 3] + "/me", url + "?x=1"):
        looked, pressed = desk.get(bad), desk.session.post(bad, timeout=10)
        assert (looked.status_code, pressed.status_code) == (404, 404)
        assert "<button" not in looked.text
    assert desk.exchange([]) == []


def test_the_stop_page_is_one_form_without_scripts_cookies_or_third_parties(desk: Desk) -> None:
    """Item 8: one button that posts; no script, no cookie, no address of anyone in it; a strict policy."""
    url = desk.stop_url()
    answer = desk.get(url)
    policy = answer.headers["content-security-policy"]
    assert answer.text.count("<button") == 1
    assert answer.text.count('<form method="post">') == 1
    assert not re.search(r"<script|<img|<link|https?:|@import|url\(|\son\w+=", answer.text)
    assert "set-cookie" not in answer.headers
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert url.split("/")[4] not in answer.text
    for needed in ('name="viewport"', "prefers-color-scheme:dark", 'lang="en"', "<title>Stop tracking</title>"):
        assert needed in answer.text


def test_the_style_is_the_one_the_policy_names(desk: Desk) -> None:
    """The hash in the policy is that of the inline style, so that a browser applies it."""
    answer = desk.get(desk.stop_url())
    [style] = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]


def test_stops_are_exchanged_whole(desk: Desk) -> None:
    """The relay answers the union and its digest is the digest of it."""
    press(desk, desk.stop_url(tag=TAG))
    assert desk.exchange([OTHER_TAG]) == sorted([TAG, OTHER_TAG])
    assert desk.poll()["stops_digest"] == stops_digest([OTHER_TAG, TAG])


def test_a_stop_the_desktop_brings_holds_at_the_relay(desk: Desk) -> None:
    """A relay restored from before a stop learns it from the desktop."""
    desk.exchange([TAG])
    desk.get(desk.open_url())
    assert desk.hits() == []


@pytest.mark.parametrize("lost", ["relay.sqlite3*", "stops.txt", "nothing"])
def test_a_stop_outlives_the_loss_of_either_copy(tmp_path: Path, clock: Clock, lost: str) -> None:
    """File and database each restore the other at start."""
    with served(tmp_path, clock) as base:
        desk = Desk(base, clock)
        stop = desk.stop_url().removeprefix(base)
        press(desk, base + stop)
        channel_id = desk.channel_id
        desk.close()
    for path in tmp_path.glob(lost):
        path.unlink()
    with served(tmp_path, clock):
        assert channel_id.hex() in (tmp_path / "stops.txt").read_text()
    database = Database(tmp_path / "relay.sqlite3")
    assert (channel_id, TAG) in database.stops()
    database.close()


def test_a_record_torn_by_a_crash_is_cut_off(tmp_path: Path) -> None:
    """Half a record, which was never answered, does not hinder the start; whole ones count."""
    path = tmp_path / "stops.txt"
    path.write_text(f"{CHANNEL.hex()} {TAG.hex()}\n{CHANNEL.hex()} 00")
    stops = Stops(path)
    stops.close()
    assert stops.tags(CHANNEL) == {TAG}
    assert path.read_text() == f"{CHANNEL.hex()} {TAG.hex()}\n"


def test_a_damaged_file_is_said_and_nothing_is_served(tmp_path: Path) -> None:
    """A record that is none is named by its line: a stop must not be lost in silence."""
    path = tmp_path / "stops.txt"
    path.write_text(f"{CHANNEL.hex()} {TAG.hex()}\n" + "x" * 41 + "\n")
    with pytest.raises(BadSettingError, match=r"line 2"):
        Stops(path)


def half_written(file: io.FileIO, octets: bytes) -> None:
    """Write as a full disk does."""
    file.write(octets[:20])
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_stop_that_cannot_be_kept_is_not_called_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """On a full disk the page says "not stopped yet", the exchange 503, health 503; with room again the stop holds."""
    with monkeypatch.context() as full:
        full.setattr(durable, "append", half_written)
        status, page = press(desk, desk.stop_url())
        assert (status, "Not stopped yet" in page) == (503, True)
        assert desk.post("/stops", {"tags": [TAG.hex()]}).status_code == 503
        assert desk.get(f"{desk.base}/health").status_code == 503
    assert desk.exchange([]) == []
    assert press(desk, desk.stop_url())[0] == 200
    assert desk.get(f"{desk.base}/health").json() == {"healthy": True}
    assert desk.exchange([]) == [TAG]
    assert "cannot write" in caplog.text
    caplog.clear()


def test_a_record_after_a_failed_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a full disk left behind is overwritten, so the file stays readable."""
    stops, database = Stops(tmp_path / "stops.txt"), Database(tmp_path / "db")
    with monkeypatch.context() as full:
        full.setattr(durable, "append", half_written)
        with pytest.raises(OSError, match="No space"):
            stops.add(CHANNEL, frozenset({OTHER_TAG}), database)
    assert stops.add(CHANNEL, frozenset({TAG}), database) == {TAG}
    stops.close()
    database.close()
    assert (tmp_path / "stops.txt").read_text() == f"{CHANNEL.hex()} {TAG.hex()}\n"


@pytest.mark.parametrize("body", [{}, {"tags": "x"}, {"tags": [1]}, {"tags": ["zz"]}, {"tags": ["00"]}, []])
def test_a_malformed_exchange_is_400(desk: Desk, body: object) -> None:
    """What is no list of tags changes nothing."""
    assert desk.post("/stops", body).status_code == 400
    assert desk.exchange([]) == []


def test_an_exchange_needs_the_bearer(desk: Desk) -> None:
    """Without it 401."""
    desk.bearer = {}
    assert desk.post("/stops", {"tags": []}).status_code == 401


def test_a_stop_wakes_the_waiting_poller(desk: Desk) -> None:
    """A long poll ends with the new digest as soon as someone stops."""
    before = desk.poll()["stops_digest"]
    waiting = desk.poll_raw(wait_s=20, stream=True)
    begun = time.monotonic()
    press(desk, desk.stop_url())
    assert waiting.json()["stops_digest"] == stops_digest([TAG]) != before
    assert time.monotonic() - begun < 10
