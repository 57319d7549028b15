"""What the relay answers to pictures and links, and what it stores of them."""

import ipaddress
import os
from pathlib import Path

import pytest

from relay.hits import GIF
from relay.wire import seal, urls
from relay.wire.hit import HitKind
from relay.wire.token import Token, TokenType, mint
from tests.relay.desk import DESTINATION, MS_PER_DAY, START_MS, TAG, Clock, Desk, raw, served


def answer_to(base: str, path: str) -> bytes:
    """Return every octet of an answer but the Date's."""
    answer = raw(base, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    return b"\r\n".join(line for line in answer.split(b"\r\n") if not line.startswith(b"date:"))


def path_of(desk: Desk, url: str) -> str:
    return url.removeprefix(desk.base)


def test_an_open_reaches_its_desktop_with_what_a_verdict_needs(desk: Desk) -> None:
    """A good picture request is stored with time, network, agent and the kept headers."""
    answer = desk.get(
        desk.open_url(random_id=b"random-id-12"),
        user_agent="Thunderbird/140",
        Sec_Fetch_Dest="image",
        Accept_Language="de",
        X_Secret="no",
    )
    [hit] = desk.hits()
    assert (answer.status_code, answer.content) == (200, GIF)
    assert (hit.kind, hit.token_id, hit.at_ms) == (HitKind.OPEN, b"random-id-12", START_MS)
    assert hit.network == ipaddress.ip_network("127.0.0.0/24")
    assert (hit.agent, hit.headers) == ("Thunderbird/140", {"sec-fetch-dest": "image", "accept-language": "de"})


def test_a_click_redirects_and_is_stored(desk: Desk) -> None:
    """A good link answers 302 to its destination and stores a click."""
    answer = desk.get(desk.click_url())
    assert (answer.status_code, answer.headers["location"]) == (302, DESTINATION.decode())
    assert [hit.kind for hit in desk.hits()] == [HitKind.CLICK]


def test_the_picture_is_the_same_octets_for_good_forged_expired_and_stopped_tokens(desk: Desk) -> None:
    """Every octet but the Date equals, whatever the token; only the good one is stored."""
    desk.session.post(desk.stop_url(tag=b"stopped1"), timeout=10)
    good = path_of(desk, desk.open_url())
    forged = good[:-5] + ("AAAA" if good[-5] != "A" else "BBBB") + ".gif"
    foreign_key = Token(
        type=TokenType.OPEN,
        key_id=1,
        channel_id=desk.channel_id,
        recipient_tag=TAG,
        issue_day=START_MS // MS_PER_DAY,
        random_id=b"0" * 12,
    )
    bad = {
        "forged": forged,
        "altered": good.replace("/open/", "/open/B")[: len(good)] if len(good) else good,
        "foreign": path_of(desk, urls.open_url("", mint(os.urandom(32), foreign_key))),
        "expired": path_of(desk, desk.open_url(days_ago=91)),
        "post-dated": path_of(desk, desk.open_url(days_ago=-3)),
        "stopped": path_of(desk, desk.open_url(tag=b"stopped1")),
        "another type": path_of(desk, urls.open_url("", desk.token(TokenType.STOP))),
        "with a query": good + "?a=1",
        "escaped": good.replace(".gif", "%2Egif"),
        "no token": "/open/x.gif",
    }
    expected = answer_to(desk.base, good)
    assert dict.fromkeys(bad, expected) == {name: answer_to(desk.base, path) for name, path in bad.items()}
    assert len(desk.hits()) == 1


@pytest.mark.parametrize("days_ago", [0, 90])
def test_a_token_of_90_days_is_still_stored(desk: Desk, days_ago: int) -> None:
    """The last accepted day is the ninetieth."""
    desk.get(desk.open_url(days_ago=days_ago))
    assert len(desk.hits()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-GPC": "1"},
        {"DNT": "1"},
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
    ],
)
def test_who_asks_not_to_be_recorded_gets_the_same_and_is_not_stored(desk: Desk, headers: dict[str, str]) -> None:
    """Each such header leaves nothing, and picture and redirect are as ever."""
    assert desk.get(desk.open_url(), **headers).content == GIF
    assert desk.get(desk.click_url(), **headers).headers["location"] == DESTINATION.decode()
    assert desk.hits() == []


@pytest.mark.parametrize("headers", [{"Sec-GPC": "0"}, {"DNT": "0"}, {"Sec-Purpose": "other"}, {}])
def test_who_does_not_ask_is_stored(desk: Desk, headers: dict[str, str]) -> None:
    """The same headers with other values do not hinder."""
    desk.get(desk.open_url(), **headers)
    assert len(desk.hits()) == 1


def test_head_stores_nothing(desk: Desk) -> None:
    """HEAD gets the headers of the answer and leaves no hit."""
    picture = desk.session.head(desk.open_url(), timeout=10)
    link = desk.session.head(desk.click_url(), timeout=10)
    assert (picture.status_code, picture.headers["content-length"]) == (200, str(len(GIF)))
    assert (link.status_code, link.headers["location"]) == (302, DESTINATION.decode())
    assert desk.hits() == []


def test_an_expired_link_redirects_and_is_not_stored(desk: Desk) -> None:
    """A link older than 90 days still works."""
    assert desk.get(desk.click_url(days_ago=91)).status_code == 302
    assert desk.hits() == []


def test_a_link_without_a_valid_mac_is_a_plain_404_without_echo(desk: Desk) -> None:
    """Another destination, a forged token, a query: no redirect, and no word of the request comes back."""
    good = path_of(desk, desk.click_url())
    other = path_of(
        desk, urls.click_url("", desk.token(TokenType.CLICK, destination=DESTINATION), b"https://evil.test")
    )
    for path in (other, good + "?mark-echo", good.replace("/click/", "/click/B")[: len(good)], "/click/mark-echo"):
        answer = desk.get(desk.base + path)
        assert (answer.status_code, answer.text) == (404, "Not found.\n")
        assert "location" not in answer.headers
        assert "mark-echo" not in str(answer.headers)
    assert desk.hits() == []


def test_a_link_takes_no_post(desk: Desk) -> None:
    """POST to a link is refused and not stored."""
    assert desk.session.post(desk.click_url(), timeout=10).status_code == 405
    assert desk.hits() == []


def test_links_redirect_and_pictures_load_with_an_empty_database(tmp_path: Path, clock: Clock) -> None:
    """Masters alone verify old mail's tokens once the database is lost; nothing can be stored then."""
    with served(tmp_path, clock) as base:
        desk = Desk(base, clock)
        link, picture = path_of(desk, desk.click_url()), path_of(desk, desk.open_url())
        desk.close()
    for lost in tmp_path.glob("relay.sqlite3*"):
        lost.unlink()
    with served(tmp_path, clock) as base:
        fresh = Desk(base, clock)
        assert fresh.get(base + link).headers["location"] == DESTINATION.decode()
        assert fresh.get(base + picture).content == GIF
        fresh.close()


def test_one_source_bears_one_mark_a_day_and_another_the_next(desk: Desk, clock: Clock) -> None:
    """The same-source mark is equal within a day, equal to the poller's own, and changes with the day."""
    desk.get(desk.open_url())
    desk.get(desk.open_url())
    body = desk.poll()
    first, second = desk.opened(body["rows"])
    assert first.same_source == second.same_source == bytes.fromhex(body["same_source"])
    clock.pass_days(1)
    assert desk.poll()["same_source"] != body["same_source"]


def test_two_channels_see_different_marks_of_one_source(base: str, clock: Clock) -> None:
    """Two desktops cannot compare their recipients' sources."""
    one, other = Desk(base, clock), Desk(base, clock)
    assert one.poll()["same_source"] != other.poll()["same_source"]
    one.close()
    other.close()


def test_a_hit_of_one_channel_is_not_fed_to_another(base: str, clock: Clock) -> None:
    """The owner gets the row; the other desktop gets none."""
    one, other = Desk(base, clock), Desk(base, clock)
    one.get(one.open_url())
    assert (len(one.hits()), other.hits()) == (1, [])
    one.close()
    other.close()


def test_every_sealed_row_has_one_size(desk: Desk) -> None:
    """A long agent and a short one are sealed to the same number of octets."""
    desk.get(desk.open_url(), user_agent="x")
    desk.get(desk.click_url(), user_agent="y" * 900)
    lengths = {len(row["sealed"]) for row in desk.poll()["rows"]}
    assert lengths == {(seal.SEALED_BYTES + 2) // 3 * 4}
