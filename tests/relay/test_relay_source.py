"""How a desktop learns as whom the relay sees it, over either address family."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from relay.app import build_app
from relay.server import Server
from relay.settings import Settings
from tests.relay.desk import Clock, Desk, served

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


def source(desk: Desk, **headers: str) -> dict[str, str]:
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = requests.get(f"{desk.base}/source", headers=desk.bearer | spelled, timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told: dict[str, str] = answer.json()
    return told


def test_the_source_is_what_the_feed_tells(desk: Desk) -> None:
    """Network and mark are the feed's, and nothing else is told."""
    fed = desk.poll()
    assert source(desk) == {"network": fed["network"], "same_source": fed["same_source"]}


def test_the_source_is_what_a_hit_bears(desk: Desk) -> None:
    """A picture loaded on the same connection's family bears the mark that the desktop was told."""
    told = source(desk)
    desk.get(desk.open_url())
    [hit] = desk.hits()
    assert told == {"network": str(hit.network), "same_source": hit.same_source.hex()}


def test_asking_stores_nothing_and_ends_no_poll(desk: Desk) -> None:
    """While a poll waits, the same desktop may ask; the poll goes on and gets the next hit."""
    desk.poll()
    waiting = desk.poll_raw(wait_s=20, stream=True)
    source(desk)
    desk.get(desk.open_url())
    assert len(waiting.json()["rows"]) == 1


@pytest.mark.parametrize(
    ("forwarded", "network"),
    [
        ("198.51.100.77", "198.51.100.0/24"),
        ("2001:db8:7:9::1", "2001:db8:7::/48"),
        ("::ffff:198.51.100.77", "198.51.100.0/24"),
        ("203.0.113.1, 198.51.100.77", "198.51.100.0/24"),
    ],
)
def test_behind_a_trusted_proxy_it_is_the_address_that_was_forwarded(
    tmp_path: Path, clock: Clock, forwarded: str, network: str
) -> None:
    """Either family's network is told truncated, with the mark that a hit from there bears."""
    with served(tmp_path / "relay", clock, trusted_proxies=(LOOPBACK,)) as base:
        desk = Desk(base, clock)
        told = source(desk, X_Forwarded_For=forwarded)
        desk.get(desk.open_url(), X_Forwarded_For=forwarded)
        [hit] = desk.hits()
        elsewhere = source(desk, X_Forwarded_For="198.51.100.78")
        desk.close()
    assert told == {"network": network, "same_source": hit.same_source.hex()}
    assert str(hit.network) == network
    assert elsewhere["same_source"] != told["same_source"]


def test_whose_word_is_not_trusted_is_not_believed(desk: Desk) -> None:
    """Without a trusted proxy the header changes nothing."""
    assert source(desk, X_Forwarded_For="198.51.100.77") == source(desk)


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer x", "Basic eDp4"])
def test_an_unknown_bearer_is_told_nothing(desk: Desk, value: str) -> None:
    """Without a channel's bearer the answer is 401 and names no network."""
    answer = requests.get(f"{desk.base}/source", headers={"Authorization": value}, timeout=10)
    assert answer.status_code == 401
    assert answer.json() == {"error": "This bearer is unknown."}
    assert answer.headers["www-authenticate"] == "Bearer"


def test_two_desktops_in_one_place_get_different_marks(base: str, clock: Clock) -> None:
    """A mark is of one channel: two senders cannot compare their visitors."""
    one, other = Desk(base, clock), Desk(base, clock)
    assert source(one)["network"] == source(other)["network"]
    assert source(one)["same_source"] != source(other)["same_source"]
    one.close()
    other.close()


def test_it_is_asked_for_with_get_alone(desk: Desk) -> None:
    """A POST is refused."""
    assert desk.post("/source", {}).status_code == 405


@contextmanager
def served_on_both(data: Path, clock: Clock) -> Iterator[tuple[str, str]]:
    """Serve one relay on IPv4 and IPv6 loopback and give both base URLs."""
    with (
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
    ):
        bases = f"http://127.0.0.1:{four.getsockname()[1]}", f"http://[::1]:{six.getsockname()[1]}"
        ready = threading.Event()
        settings = Settings(data=data, public_url=bases[0], open_registration=True)
        server = Server(build_app(settings, clock), ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [four, six]})
        thread.start()
        try:
            assert ready.wait(10)
            yield bases
        finally:
            server.should_exit = True
            thread.join(15)


def test_both_families_are_told_apart(tmp_path: Path, clock: Clock) -> None:
    """One desktop asks over IPv4 and over IPv6 and learns a network and a mark of each, as its hits bear them."""
    with served_on_both(tmp_path / "relay", clock) as (four, six):
        desk = Desk(four, clock)
        over_four = source(desk)
        desk.get(desk.open_url())
        desk.base = six
        over_six = source(desk)
        desk.get(desk.open_url())
        hits = [{"network": str(hit.network), "same_source": hit.same_source.hex()} for hit in desk.hits()]
        desk.close()
    assert [over_four, over_six] == hits
    assert [each["network"] for each in hits] == ["127.0.0.0/24", "::/48"]
