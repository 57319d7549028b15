"""Whose word on the requester's address counts."""

import ipaddress
from pathlib import Path
from typing import Any

import pytest

from relay.requester import Proxies
from relay.wire.labels import Network
from tests.relay.desk import Clock, Desk, served

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
INNER = ipaddress.ip_network("10.0.0.0/8")


def address(trusted: tuple[Network, ...], peer: str | None, *forwarded: str) -> str:
    headers = [(b"x-forwarded-for", text.encode("latin-1")) for text in forwarded]
    scope: dict[str, Any] = {"client": (peer, 1) if peer else None, "headers": headers}
    return str(Proxies(trusted).address_of(scope))


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        ((), "127.0.0.1", ["203.0.113.9"], "127.0.0.1"),
        ((LOOPBACK,), "198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        ((LOOPBACK,), "127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ((LOOPBACK,), "127.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        ((LOOPBACK,), "127.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
        ((LOOPBACK, INNER), "127.0.0.1", ["203.0.113.9, 10.1.2.3"], "203.0.113.9"),
        ((LOOPBACK, INNER), "127.0.0.1", ["10.9.9.9, 10.1.2.3"], "10.9.9.9"),
        ((LOOPBACK,), "127.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ((LOOPBACK,), "127.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ((LOOPBACK,), "127.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ((LOOPBACK,), "::ffff:127.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ((LOOPBACK,), "127.0.0.1", ["203.0.113.9, nonsense"], "127.0.0.1"),
        ((LOOPBACK,), "127.0.0.1", [], "127.0.0.1"),
        ((LOOPBACK,), None, ["203.0.113.9"], "0.0.0.0"),
    ],
)
def test_the_right_most_untrusted_address_counts(
    trusted: tuple[Network, ...], peer: str | None, forwarded: list[str], expected: str
) -> None:
    """Only trusted proxies are believed, from the right, and nonsense falls back to the last known hop."""
    assert expected == address(trusted, peer, *forwarded)


def test_a_trusted_proxy_gives_the_hit_its_network_and_labels(tmp_path: Path, clock: Clock) -> None:
    """A forwarded Google fetcher address is labelled in full and stored truncated."""
    with served(tmp_path, clock, trusted_proxies=(LOOPBACK,)) as base:
        desk = Desk(base, clock)
        desk.get(desk.open_url(), X_Forwarded_For="66.249.84.7")
        [hit] = desk.hits()
        desk.close()
    assert hit.network == ipaddress.ip_network("66.249.84.0/24")
    assert [label.name for label in hit.labels] == ["google-fetchers", "google-cloud"]


def test_without_a_trusted_proxy_the_header_is_ignored(desk: Desk) -> None:
    """Anybody may write the header; nobody is believed."""
    desk.get(desk.open_url(), X_Forwarded_For="66.249.84.7")
    [hit] = desk.hits()
    assert (str(hit.network), hit.labels) == ("127.0.0.0/24", ())
