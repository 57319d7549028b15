"""Labels of published lists, truncation, the shared clock and the stops' digest."""

import hashlib
import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.wire.clock import PracticeClock
from relay.wire.labels import PUBLISHED, Address, labels_of, parse_address, truncated, truncated_text
from relay.wire.stops import stops_digest

on_a_list = st.sampled_from([network for published in PUBLISHED for network in published.networks])
near_a_list = st.builds(
    lambda network, step: (
        network.network_address + step
        if 0 <= int(network.network_address) + step < 2**network.max_prefixlen
        else network.network_address
    ),
    on_a_list,
    st.integers(-3, 1_200),
)
addresses: st.SearchStrategy[Address] = st.ip_addresses()


def labels_by_the_book(address: Address) -> tuple[str, ...]:
    """Look through every range, slowly."""
    return tuple(
        published.label.name for published in PUBLISHED if any(address in network for network in published.networks)
    )


@given(addresses | near_a_list)
def test_an_address_bears_the_labels_of_the_lists_it_is_on(address: Address) -> None:
    """The quick search agrees with looking through every range."""
    assert tuple(label.name for label in labels_of(address)) == labels_by_the_book(address)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("66.249.84.7", ["google-fetchers"]),
        ("66.249.84.64", []),
        ("172.225.10.63", ["apple-egress"]),
        ("172.225.10.64", []),
        ("40.92.0.0", ["exchange-protection"]),
        ("2a01:111:f400::1", ["exchange-protection"]),
        ("2606:54c0::1", ["apple-egress"]),
        ("0.0.0.0", []),
        ("255.255.255.255", []),
        ("::", []),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", []),
    ],
)
def test_lists_are_finer_than_what_is_stored(text: str, expected: list[str]) -> None:
    """Two addresses of one /24 may bear different labels, so labelling comes before truncation."""
    assert [label.name for label in labels_of(parse_address(text))] == expected


@given(addresses)
def test_truncation_keeps_24_or_48_bits(address: Address) -> None:
    """The address lies in its prefix, whose host bits are zero."""
    network = truncated(address)
    assert network.prefixlen == (24 if address.version == 4 else 48)
    assert address in network
    assert truncated_text(address) == str(network)


def test_a_mapped_address_is_its_ipv4_address() -> None:
    """A dual-stack socket's spelling does not hide an IPv4 address; a real IPv6 one stays; nonsense raises."""
    assert parse_address("::ffff:203.0.113.9") == ipaddress.ip_address("203.0.113.9")
    assert parse_address("2001:db8::1") == ipaddress.ip_address("2001:db8::1")
    with pytest.raises(ValueError, match="203"):
        parse_address("203.0.113.9.1")


@given(addresses.map(str) | st.text("0123456789.:af%/ \0", max_size=16) | st.from_regex(r"\A\d{1,3}(\.\d{1,3}){3}\Z"))
def test_an_address_is_read_as_ipaddress_reads_it(text: str) -> None:
    """What the quick way takes is what the library takes, and nothing else is taken."""
    try:
        expected: Address | None = ipaddress.ip_address(text)
    except ValueError:
        with pytest.raises(ValueError, match=r".*"):
            parse_address(text)
        return
    if isinstance(expected, ipaddress.IPv6Address) and expected.ipv4_mapped is not None:
        expected = expected.ipv4_mapped
    assert expected == parse_address(text)


def test_every_list_is_named_and_dated() -> None:
    """A label is a list's name and its own day."""
    assert [published.label.name for published in PUBLISHED] == [
        "apple-egress",
        "google-fetchers",
        "exchange-protection",
    ]
    assert all(len(published.label.date) == 10 for published in PUBLISHED)


def test_two_holders_of_a_clock_move_together(tmp_path: Path) -> None:
    """What one advances the other sees, and a restart keeps it."""
    first, second = PracticeClock(tmp_path / "clock"), PracticeClock(tmp_path / "clock")
    before = second.now_ms()
    first.advance(2_400)
    assert 2_400_000 <= second.now_ms() - before < 2_410_000
    first.close()
    second.close()
    third = PracticeClock(tmp_path / "clock")
    assert third.now_ms() - before >= 2_400_000
    third.close()


def test_a_damaged_clock_file_starts_at_zero(tmp_path: Path) -> None:
    """Octets of another length are replaced."""
    import time

    (tmp_path / "clock").write_bytes(b"x")
    clock = PracticeClock(tmp_path / "clock")
    assert abs(clock.now_ms() - time.time_ns() // 1_000_000) < 10_000
    clock.close()


def test_the_stops_digest_is_pinned() -> None:
    """SHA-256 over the sorted distinct tags; order and repetition do not matter, a tag more does."""
    one, other = b"a" * 8, b"b" * 8
    expected = hashlib.sha256(one + other).hexdigest()
    assert expected == "fe4e6c8d33136289c246ef03d13650063b68e91120bfaeb103b67ff690d4ef2d"
    assert stops_digest([other, one, other]) == stops_digest([one, other]) == expected
    assert stops_digest([one]) != expected
    assert stops_digest([]) == hashlib.sha256(b"").hexdigest()
