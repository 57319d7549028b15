"""Ranges of addresses as numbers: read from networks, merged, written as networks."""

import ipaddress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.wire.labels import Network
from relay.wire.ranges import is_public, merged, networks_in, parse_network

networks: st.SearchStrategy[Network] = st.one_of(
    st.builds(lambda number, bits: ipaddress.IPv4Network((number >> (32 - bits) << (32 - bits), bits)),
              st.integers(0, 2**32 - 1), st.integers(0, 32)),
    st.builds(lambda number, bits: ipaddress.IPv6Network((number >> (128 - bits) << (128 - bits), bits)),
              st.integers(0, 2**128 - 1), st.integers(0, 128)),
)  # fmt: skip
small_ranges = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda pair: (pair[0], sum(pair))))


@given(networks)
def test_a_network_is_its_first_and_last_address(network: Network) -> None:
    """What ipaddress spells is read as the same addresses."""
    expected = (network.version, (int(network.network_address), int(network.broadcast_address)))
    assert expected == parse_network(str(network))


@given(st.text("0123456789abf.:/ -+%", max_size=20) | networks.map(lambda network: str(network)[:-1]))
def test_what_ipaddress_refuses_is_refused(text: str) -> None:
    """Nothing is read as a network that ipaddress does not read as the same one."""
    try:
        version, (first, last) = parse_network(text)
    except ValueError:
        return
    expected = ipaddress.ip_network(text)
    assert (expected.version, int(expected.network_address), int(expected.broadcast_address)) == (version, first, last)


@pytest.mark.parametrize(
    "text",
    [
        "", "/", "192.0.2.0", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/024", "192.0.2.0/", "192.0.2.0/+4",
        "192.0.2.0/255.255.255.0", "192.0.2.0/٢٤", "192.0.2/24", "192.0.2.0/24 ", "2001:db8::/129", "2001:db8::1/64",
        "2001:db8::%eth0/64", "192.0.2.0\0/24", "<html>", "1e1.0.0.0/8",
    ],
)  # fmt: skip
def test_no_network(text: str) -> None:
    """An address alone, bits behind the prefix, other spellings and nonsense raise."""
    with pytest.raises(ValueError, match=r"no|bits"):
        parse_network(text)


@given(networks)
def test_what_is_public_is_global_from_end_to_end(network: Network) -> None:
    """No network with an address that ipaddress calls private, local or multicast is public."""
    version, within = parse_network(str(network))
    if is_public(version, within):
        assert all(address.is_global and not address.is_multicast for address in (network[0], network[-1]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8.8.8.0/24", True), ("172.15.0.0/16", True), ("172.16.0.0/16", False), ("172.31.255.255/32", False),
        ("172.32.0.0/16", True), ("192.0.0.0/8", False), ("0.0.0.0/0", False), ("223.255.255.0/24", True),
        ("224.0.0.0/24", False), ("203.0.113.7/32", False), ("2600::/12", True), ("::/0", False), ("fc00::/7", False),
        ("2001:db8:1::/48", False), ("2001:4860::/32", True), ("fe80::/64", False), ("3fff::/32", False),
    ],
)  # fmt: skip
def test_special_networks_are_not_public(text: str, expected: bool) -> None:
    """Private, documentary, multicast and all-embracing networks are told from public ones, up to their ends."""
    assert expected == is_public(*parse_network(text))


@given(small_ranges)
def test_merging_keeps_every_address_and_adds_none(ranges: list[tuple[int, int]]) -> None:
    """The merged ranges hold the same numbers, ascend, and never touch."""
    found = merged(ranges)
    assert {number for first, last in ranges for number in range(first, last + 1)} == {
        number for first, last in found for number in range(first, last + 1)
    }
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(found))


@pytest.mark.parametrize("version", [4, 6])
@given(ranges=small_ranges)
def test_ranges_become_networks_and_come_back(version: int, ranges: list[tuple[int, int]]) -> None:
    """Written as networks and read again, ranges are the same."""
    found = merged(ranges)
    read = [parse_network(str(network)) for network in networks_in(version, found)]
    assert {version} >= {each for each, _ in read}
    assert found == merged(each for _, each in read)
