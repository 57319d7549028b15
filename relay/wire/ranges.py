"""Ranges of addresses as pairs of numbers: read from networks, merged, and written as networks again.

A list has tens of thousands of networks; as objects of ipaddress they would cost a second and tens of megabytes at a
start, so that they are numbers from the moment they are read.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Final

Range = tuple[int, int]  # first and last address, both within
_SIZES: Final = {4: (socket.AF_INET, 32), 6: (socket.AF_INET6, 128)}


def parse_network(text: str) -> tuple[int, Range]:
    """Return the version and range of a network such as 192.0.2.0/24; raise ValueError for anything else.

    What has bits set behind its prefix is no network, nor is an address without a prefix length.
    """
    head, _, length = text.partition("/")
    version = 6 if ":" in head else 4
    family, size = _SIZES[version]
    try:
        first = int.from_bytes(socket.inet_pton(family, head), "big")
    except (OSError, ValueError) as error:  # ValueError: a zero or a sign outside ASCII
        raise ValueError("no address") from error
    if not (length.isascii() and length.isdigit()) or int(length) > size or (length[0] == "0" and length != "0"):
        raise ValueError("no prefix length")
    span = 1 << (size - int(length))
    if first & (span - 1):
        raise ValueError("bits behind the prefix")
    return version, (first, first + span - 1)


def is_public(version: int, within: Range) -> bool:
    """Return whether nothing of a range is kept for private, local, documentary or other special use."""
    first, last = within
    return all(last < from_ or first > to for from_, to in _SPECIAL[version])


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Return the same addresses in ascending ranges, of which no two overlap or touch."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            if last > found[-1][1]:
                found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return tuple(found)


def networks_in(version: int, ranges: Iterable[Range]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the fewest networks that hold just these ranges."""
    found: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for first, last in ranges:
        if version == 4:
            found += ipaddress.summarize_address_range(ipaddress.IPv4Address(first), ipaddress.IPv4Address(last))
        else:
            found += ipaddress.summarize_address_range(ipaddress.IPv6Address(first), ipaddress.IPv6Address(last))
    return found


# The registries of special-purpose addresses (RFC 6890 and what came after it), multicast, and for IPv6 all that is
# not yet given out.  Wider than what ipaddress calls private: no list has business in any of it.
_SPECIAL: Final = {
    version: merged(parse_network(text)[1] for text in texts)
    for version, texts in (
        (4, (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/3",
        )),
        (6, ("::/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1")),
    )
}  # fmt: skip
