"""What is over a limit gets the same answer and is not stored; what is under it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from relay import stopping
from relay.limits import DEFAULT, MS_PER_HOUR, Connections, Limits, Table
from tests.relay.desk import Clock, Desk, Running, running

MANY = 1_000
TRUSTED = (ip_network("127.0.0.0/8"),)


@contextmanager
def limited(folder: Path, clock: Clock, **limits: int) -> Iterator[tuple[Running, Desk]]:
    """Serve behind a proxy on this machine, with some limits changed."""
    with running(folder, clock, limits=replace(DEFAULT, **limits), trusted_proxies=TRUSTED) as relay:
        desk = Desk(relay.base, clock)
        yield relay, desk
        desk.close()


def opened(desk: Desk, times: int, *, url: str | None = None, network: str = "198.51.100.7") -> list[tuple[Any, ...]]:
    """Ask for pictures and return what makes each answer."""
    answers = []
    for _ in range(times):
        answer = desk.get(url or desk.open_url(), X_Forwarded_For=network)
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "date"}
        answers.append((answer.status_code, headers, answer.content))
    return answers


def test_beyond_the_limit_of_a_token_nothing_is_stored(tmp_path: Path, clock: Clock) -> None:
    """The third opening of one mail gets the same octets and is counted; another mail's is stored."""
    with limited(tmp_path, clock, hits_per_token=2) as (relay, desk):
        answers = opened(desk, 4, url=desk.open_url())
        assert [answer == answers[0] for answer in answers] == [True] * 4
        opened(desk, 1)
        assert len(desk.hits()) == 3
        assert (relay.counts.hits_stored, relay.counts.hits_over_token) == (3, 2)


def test_beyond_the_limit_of_a_network_nothing_is_stored(tmp_path: Path, clock: Clock) -> None:
    """Addresses of one /24 share a limit, as those of one /48 do; the next network has its own."""
    with limited(tmp_path, clock, hits_per_network=2) as (relay, desk):
        for address in ("198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.101.1"):
            opened(desk, 1, network=address)
        for address in ("2001:db8:1::1", "2001:db8:1:2::1", "2001:db8:1:ffff::1", "2001:db8:2::1"):
            opened(desk, 1, network=address)
        assert len(desk.hits()) == 6
        assert relay.counts.hits_over_network == 2


def test_this_machine_is_no_network_that_is_limited(tmp_path: Path, clock: Clock) -> None:
    """Behind a proxy that was not named everybody comes from here; nobody is dropped for it."""
    with limited(tmp_path, clock, hits_per_network=2) as (relay, desk):
        opened(desk, 4, network="127.0.0.1")
        opened(desk, 4, network="::1")
        assert (relay.counts.hits_stored, relay.counts.hits_over_network) == (8, 0)


def test_beyond_the_limit_of_a_channel_nothing_is_stored(tmp_path: Path, clock: Clock) -> None:
    """One desktop's flood leaves another desktop's hits alone."""
    with limited(tmp_path, clock, hits_per_channel=2) as (relay, desk):
        other = Desk(relay.base, clock)
        opened(desk, 4)
        opened(other, 1)
        assert (len(desk.hits()), len(other.hits())) == (2, 1)
        assert relay.counts.hits_over_channel == 2
        other.close()


def test_beyond_the_limit_in_all_nothing_is_stored(tmp_path: Path, clock: Clock) -> None:
    """Pictures and links go on being answered."""
    with limited(tmp_path, clock, hits_in_all=2) as (relay, desk):
        opened(desk, 4)
        assert desk.get(desk.click_url()).status_code == 302
        assert len(desk.hits()) == 2
        assert relay.counts.hits_over_all == 3


def test_the_next_hour_begins_anew(tmp_path: Path, clock: Clock) -> None:
    """A limit that was reached does not last."""
    with limited(tmp_path, clock, hits_per_token=1, hits_in_all=2) as (_, desk):
        url = desk.open_url()
        opened(desk, 3, url=url)
        clock.ms += MS_PER_HOUR
        opened(desk, 3, url=url)
        assert len(desk.hits()) == 2


def test_a_channel_that_fetches_nothing_fills_up(tmp_path: Path, clock: Clock) -> None:
    """Beyond so many unread hits nothing more is stored for it, until it fetches; the others go on."""
    with limited(tmp_path, clock, unread_per_channel=2) as (relay, desk):
        opened(desk, 4)
        assert (relay.counts.hits_stored, relay.counts.hits_channel_full) == (2, 2)
        desk.acknowledge(desk.poll()["rows"])
        desk.poll()
        opened(desk, 1)
        assert len(desk.hits()) == 1


def test_a_relay_fills_up(tmp_path: Path, clock: Clock) -> None:
    """Beyond so many unread hits in all nothing more is stored for anyone; the answers stay the same."""
    with limited(tmp_path, clock, unread_in_all=2) as (relay, desk):
        answers = opened(desk, 4)
        assert [answer == answers[0] for answer in answers] == [True] * 4
        assert (relay.counts.hits_stored, relay.counts.hits_relay_full) == (2, 2)


def test_a_signal_is_counted_with_the_forged(tmp_path: Path, clock: Clock) -> None:
    """`Sec-GPC: 1` or `DNT: 1`: nothing stored, not even that a signal came; without one the hit is stored."""
    with limited(tmp_path, clock) as (relay, desk):
        desk.get(desk.open_url(), Sec_GPC="1")
        desk.get(desk.open_url(), DNT="1")
        desk.get(f"{relay.base}/open/{'A' * 72}.gif")
        desk.get(desk.open_url(days_ago=91))
        assert (relay.counts.hits_passed_over, relay.counts.hits_stored) == (4, 0)
        desk.get(desk.open_url())
        assert (relay.counts.hits_passed_over, relay.counts.hits_stored) == (4, 1)


def test_what_a_stop_kept_out_is_counted(tmp_path: Path, clock: Clock) -> None:
    """A stopped tag's hit is counted as such, another tag's as stored."""
    with limited(tmp_path, clock) as (relay, desk):
        desk.session.post(desk.stop_url(), timeout=10)
        desk.get(desk.open_url())
        desk.get(desk.open_url(tag=b"recipie2"))
        assert (relay.counts.hits_stopped, relay.counts.hits_stored) == (1, 1)


def test_a_desktop_brings_so_many_stops_and_no_more(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that it had hold on, and a recipient's own press is taken all the same."""
    monkeypatch.setattr(stopping, "MAX_TAGS", 2)
    with limited(tmp_path, clock) as (_, desk):
        tags = [number.to_bytes(8, "big") for number in range(3)]
        assert desk.exchange(tags[:2]) == tags[:2]
        assert desk.post("/stops", {"tags": [tags[2].hex()]}).status_code == 413
        assert desk.exchange(tags[:2]) == tags[:2]
        assert desk.session.post(desk.stop_url(tag=tags[2]), timeout=10).status_code == 200
        desk.get(desk.open_url(tag=tags[2]))
        assert desk.hits() == []


def test_connections_are_counted_by_network_and_in_all() -> None:
    """A network takes two and no third until one has gone; others count towards all, and nothing is left counted."""
    open_ = Connections(replace(DEFAULT, connections_per_network=2, connections_in_all=4))
    taken = [open_.opened("198.51.100.0/24", is_limited=True) for _ in range(3)]
    taken += [open_.opened("127.0.0.0/24", is_limited=False) for _ in range(3)]
    assert taken == [True, True, False, True, True, False]
    open_.closed("198.51.100.0/24")
    assert open_.opened("198.51.100.0/24", is_limited=True) is True
    for network in ("198.51.100.0/24", "198.51.100.0/24", "127.0.0.0/24", "127.0.0.0/24"):
        open_.closed(network)
    assert [open_.opened(f"{number}.0.0.0/24", is_limited=True) for number in range(5)] == [True] * 4 + [False]


@pytest.mark.parametrize("slots", [1 << 17])
def test_no_flood_makes_a_table_grow(slots: int) -> None:
    """A thousand keys take what none take: half a megabyte; a key that came often enough is refused."""
    table = Table(2)
    size = table.size_bytes
    assert size == slots * 4
    for number in range(MANY):
        table.takes(number.to_bytes(12, "big"))
    assert table.size_bytes == size
    fresh = Table(2)
    assert [fresh.takes(b"key") for _ in range(4)] == [True, True, False, False]
    fresh.clear()
    assert fresh.takes(b"key") is True


def test_the_numbers_leave_room_for_what_people_do() -> None:
    """A department of 200 that reads one mail in an hour, and a salesperson's fortnight away, are within them."""
    limits = Limits()
    assert limits.hits_per_token >= 200
    assert limits.unread_per_channel >= 14 * 4_000
    assert limits.hits_per_channel * 24 >= limits.unread_per_channel
