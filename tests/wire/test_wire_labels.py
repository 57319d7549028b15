"""Labels of published lists, truncation, the shared clock and the stops' digest."""

import datetime as dt
import hashlib
import ipaddress
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iporigin import classify

from relay.wire.clock import PracticeClock
from relay.wire.hit import MAX_LABELS
from relay.wire.labels import (
    LIST_NAMES,
    Address,
    BadListError,
    Label,
    Labels,
    PublishedList,
    built_in,
    labels_of,
    parse_address,
    parse_list,
    published,
    spell_list,
    truncated,
    truncated_text,
)
from relay.wire.ranges import parse_network
from relay.wire.stops import stops_digest

BUILT_IN = built_in()
ENDS = [
    (version, number)
    for each in BUILT_IN
    for version in (4, 6)
    for first, last in each.ranges(version)
    for number in (first - 1, first, last, last + 1)
]
SIZES = {4: 32, 6: 128}


def numbered(version: int, number: int) -> Address:
    """Return the address; one past either end is that end."""
    number = min(max(number, 0), 2 ** SIZES[version] - 1)
    return ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)


at_an_end: st.SearchStrategy[Address] = st.sampled_from(ENDS).map(lambda end: numbered(*end))
addresses: st.SearchStrategy[Address] = st.ip_addresses()


def labels_by_the_book(address: Address, lists: Sequence[PublishedList]) -> tuple[Label, ...]:
    """Look through every range, slowly."""
    number = int(address)
    return tuple(
        each.label for each in lists if any(first <= number <= last for first, last in each.ranges(address.version))
    )


@given(addresses | at_an_end)
def test_an_address_bears_the_labels_of_the_lists_it_is_on(address: Address) -> None:
    """The quick search agrees with looking through every range."""
    assert labels_by_the_book(address, BUILT_IN) == labels_of(address)


@pytest.mark.parametrize("name", LIST_NAMES)
def test_each_end_of_a_list_bears_its_label_and_the_neighbour_does_not(name: str) -> None:
    """First and last address of each range are on the list; the ones before and after are not."""
    [one] = [each for each in BUILT_IN if each.label.name == name]
    laid = Labels(BUILT_IN)
    for version in (4, 6):
        for first, last in one.ranges(version):
            around = [one.label in laid.of(numbered(version, number)) for number in (first - 1, first, last, last + 1)]
            assert around == [False, True, True, False]


small_networks = st.builds(
    lambda number, bits: f"{ipaddress.IPv4Address((number << 24 | 0xFF0000) >> (32 - bits) << (32 - bits))}/{bits}",
    st.sampled_from([0, 1, 127, 254, 255]),
    st.integers(0, 32),
) | st.sampled_from(["::/0", "::/1", "8000::/1", "::/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", "2000::/3"])
small_lists = st.lists(st.lists(small_networks, max_size=6), max_size=9)


@given(small_lists, st.data())
def test_lists_of_any_shape_are_laid_over_one_another(lists: list[list[str]], data: st.DataObject) -> None:
    """Overlapping, touching, nested, empty and all-embracing networks are found as a linear search finds them."""
    made = [
        published(Label(f"list-{number}", "2026-01-01"), "a test", [parse_network(text) for text in texts])
        for number, texts in enumerate(lists)
    ]
    laid = Labels(made)
    ends = [
        numbered(version, number + step)
        for each in made
        for version in (4, 6)
        for pair in each.ranges(version)
        for number in pair
        for step in (-1, 0, 1)
    ]
    for address in [*ends, data.draw(addresses)]:
        assert labels_by_the_book(address, made) == laid.of(address)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("66.249.84.7", ["google-fetchers", "google-cloud"]),
        ("66.249.84.64", ["google-cloud"]),
        ("40.92.0.0", ["exchange-protection", "microsoft-cloud"]),
        ("40.107.22.81", ["exchange-protection", "microsoft-cloud"]),
        ("2a01:111:f400::1", ["exchange-protection", "microsoft-cloud"]),
        ("172.225.10.3", ["apple-egress"]),
        ("2606:54c0::1", ["apple-egress"]),
        ("209.222.82.1", ["barracuda"]),
        ("18.184.203.225", ["barracuda", "amazon-cloud"]),
        ("18.184.203.223", ["amazon-cloud"]),
        ("91.121.1.1", ["other-cloud"]),
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
    """A label is a list's name and its own day; the lists are not all of one day."""
    assert [each.label.name for each in BUILT_IN] == [
        "apple-egress",
        "google-fetchers",
        "exchange-protection",
        "barracuda",
        "proofpoint",
        "mimecast",
        "ironport",
        "trend-micro",
        "microsoft-cloud",
        "google-cloud",
        "amazon-cloud",
        "other-cloud",
    ]
    assert tuple(each.label.name for each in BUILT_IN) == LIST_NAMES
    dates = {each.label.name: each.label.date for each in BUILT_IN}
    assert {dates["google-fetchers"], dates["proofpoint"]} == {"2026-08-22", "2026-06-17"}
    assert all(dt.date.fromisoformat(date) >= dt.date(2026, 6, 17) for date in dates.values())
    assert all(each.source for each in BUILT_IN)


def test_no_address_bears_more_labels_than_a_hit_carries() -> None:
    """Wherever labels change, there are at most eight."""
    laid = Labels(BUILT_IN)
    assert max(len(laid.of(numbered(version, number))) for version, number in ENDS) <= MAX_LABELS


@pytest.mark.parametrize(
    "text",
    [
        "104.16.0.1",  # Cloudflare, a content network
        "193.138.218.1",  # Mullvad, a VPN
        "185.220.101.1",  # Tor
        "38.1.1.1",  # Cogent, which connects offices
        "165.225.0.1",  # Zscaler, a web gateway
        "198.51.100.7",  # documentation, which one provider lists as its own
        "203.0.113.7",
        "2001:db8::1",
    ],
)
def test_networks_that_carry_people_bear_no_label(text: str) -> None:
    """People come from there, so nothing is said of it."""
    assert labels_of(parse_address(text)) == ()


def test_a_crawler_inside_a_cloud_is_on_the_clouds_list() -> None:
    """The library cuts crawlers out of clouds; an address of OpenAI's within Azure is Microsoft's all the same."""
    providers = [classify(text).provider for text in ("20.125.66.80", "17.166.20.1")]  # type: ignore[no-untyped-call]
    assert providers == ["GPTBot", "Applebot"]
    assert [label.name for label in labels_of(parse_address("20.125.66.80"))] == ["microsoft-cloud"]
    assert labels_of(parse_address("17.166.20.1")) == ()


def test_a_list_is_spelled_and_read_again() -> None:
    """Every built-in list survives its own file format."""
    for each in BUILT_IN:
        if len(each.ipv4) < 500:
            assert parse_list(spell_list(each)) == each


HEAD = "list: some\ndate: 2026-01-02\nsource: https://lists.example\n"


def test_a_list_is_read_with_its_comments() -> None:
    """Comments and blank lines are passed over, networks merged."""
    read = parse_list(f"# why\n\n{HEAD}192.0.2.0/25 # low\n192.0.2.128/25\n2001:db8::/32\n")
    assert (read.label, read.source) == (Label("some", "2026-01-02"), "https://lists.example")
    assert [str(network) for network in read.networks] == ["192.0.2.0/24", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD, "It holds no network."),
        (f"{HEAD}192.0.2.1/24\n", "Line 4 is no network."),
        (f"{HEAD}<html>\n", "Line 4 is no network."),
        ("192.0.2.0/24\n", "It must say"),
        (f"{HEAD.replace('02', 'xx')}192.0.2.0/24\n", "It must say"),
        (f"{HEAD.replace('2026-01-02', '20260102')}192.0.2.0/24\n", "It must say"),
        ("", "It must say"),
    ],
)
def test_what_is_no_list_is_refused_in_a_sentence(text: str, sentence: str) -> None:
    """The sentence says where it is wrong and quotes nothing."""
    with pytest.raises(BadListError, match=sentence):
        parse_list(text)


def test_a_notice_comes_with_the_lists() -> None:
    """Whose data the lists are is said beside them."""
    notice = files("relay.wire.lists").joinpath("NOTICE").read_text("utf-8")
    assert all(word in notice for word in ("DB-IP", "https://db-ip.com", "RouteViews", "CC BY 4.0", "MIT"))


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
