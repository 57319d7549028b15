"""A writer of MMDB files, as small as tests need: 24-bit records, a tree for IPv4 or for both, no pointers.

The format is MaxMind DB 2.0: a binary search tree, sixteen zero octets, the data section, a marker, the metadata.
"""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_MARKER: Final = b"\xab\xcd\xefMaxMind.com"
_UTF8, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY = 2, 5, 6, 7, 9, 11
BUILT_AT_S: Final = 1_793_491_200  # 1 November 2026
COUNTRIES: Final = {"203.0.113.0/24": "Germany", "198.51.100.0/24": "Norway", "2001:db8:1::/48": "Japan"}


def city(country: str, region: str = "", town: str = "") -> dict[str, Any]:
    """Return a record as city databases hold it; some leave regions out."""
    record: dict[str, Any] = {"country": {"iso_code": "XX", "names": {"de": "Land", "en": country}}}
    if region:
        record["subdivisions"] = [{"names": {"en": region}}, {"names": {"en": "a part of it"}}]
    if town:
        record["city"] = {"names": {"en": town}}
    return record


def write_mmdb(
    path: Path,
    records: Mapping[str, Any],
    *,
    kind: str = "Test-City",
    ip_version: int = 6,
    built_at_s: int = BUILT_AT_S,
) -> Path:
    """Write a database of networks ("203.0.113.0/24") and their records, finer ones after those they lie in."""
    data, offsets = b"", []
    for record in records.values():
        offsets.append(len(data))
        data += _encoded(record)
    tree = _Tree(ip_version)
    for number, network in enumerate(records):
        tree.put(ipaddress.ip_network(network), number)
    metadata = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": built_at_s,
        "database_type": kind,
        "description": {"en": "for tests"},
        "ip_version": ip_version,
        "languages": ["en"],
        "node_count": len(tree.nodes),
        "record_size": 24,
    }
    path.write_bytes(tree.encoded(offsets) + bytes(16) + data + _MARKER + _encoded(metadata))
    return path


class _Tree:
    """Nodes of two branches each: another node's number, or the number of a record, counted down from -1, or None."""

    def __init__(self, ip_version: int) -> None:
        self._bits = 32 if ip_version == 4 else 128
        self.nodes: list[list[int | None]] = [[None, None]]

    def put(self, network: ipaddress.IPv4Network | ipaddress.IPv6Network, record: int) -> None:
        """Let every address of a network lead to a record; in a tree for both, IPv4 lies under 96 zero bits."""
        depth = network.prefixlen + (self._bits - network.max_prefixlen)
        bits = f"{int(network.network_address):0{self._bits}b}"[:depth]
        at = 0
        for bit in map(int, bits[:-1]):
            below = self.nodes[at][bit]
            if below is None or below < 0:
                # What led to a record is split: both halves lead there still.
                self.nodes.append([below, below])
                below = self.nodes[at][bit] = len(self.nodes) - 1
            at = below
        self.nodes[at][int(bits[-1])] = -1 - record

    def encoded(self, offsets: list[int]) -> bytes:
        """Return the tree; a record's branch points sixteen octets behind the last node, plus its offset."""
        count = len(self.nodes)

        def value(branch: int | None) -> int:
            if branch is None:
                return count
            return branch if branch >= 0 else count + 16 + offsets[-1 - branch]

        return b"".join(value(branch).to_bytes(3, "big") for node in self.nodes for branch in node)


def _encoded(value: Any) -> bytes:
    if isinstance(value, str):
        octets = value.encode()
        return _control(_UTF8, len(octets)) + octets
    if isinstance(value, Mapping):
        return _control(_MAP, len(value)) + b"".join(_encoded(name) + _encoded(part) for name, part in value.items())
    if isinstance(value, list):
        return _control(_ARRAY, len(value)) + b"".join(_encoded(part) for part in value)
    octets = int(value).to_bytes(8, "big").lstrip(b"\0")
    return _control(_UINT16 if len(octets) <= 2 else _UINT32 if len(octets) <= 4 else _UINT64, len(octets)) + octets


def _control(kind: int, size: int) -> bytes:
    """Return the octets before a value: its type, and its size, which from 29 on stands in an octet of its own."""
    if size >= 29 + 256:
        raise ValueError("longer than tests need")
    extra = b"" if size < 29 else bytes([size - 29])
    low = min(size, 29)
    return (bytes([low, kind - 7]) if kind > 7 else bytes([kind << 5 | low])) + extra
