"""Which published lists a network address stands on, and how an address is truncated.

Lists are finer than a /24, so an address is labelled first and truncated afterwards; only labels and prefix travel.
The labels field of a hit is frozen: a label is the list's name and the date of the list, nothing else.  All lists are
laid over one another beforehand, so that one search finds every list that an address is on.
"""

import datetime as dt
import ipaddress
import re
import socket
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from iporigin.core import BOT, HOSTING, dataset  # type: ignore[attr-defined]

from relay.wire.ranges import Range, is_public, merged, networks_in, parse_network

IPV4_PREFIX_BITS: Final = 24
IPV6_PREFIX_BITS: Final = 48
_IPV4_MASK: Final = -1 << (32 - IPV4_PREFIX_BITS)
_IPV6_MASK: Final = -1 << (128 - IPV6_PREFIX_BITS)
_PAST_LAST: Final = {4: 1 << 32, 6: 1 << 128}
# Written out in relay/wire/lists, each with its source and date.
_WRITTEN: Final = (
    "google-fetchers", "exchange-protection", "barracuda", "proofpoint", "mimecast", "ironport", "trend-micro",
)  # fmt: skip
_OTHER_CLOUD: Final = "other-cloud"
_BY_PROVIDER: Final = {
    "Apple Private Relay": "apple-egress",
    "Microsoft Azure": "microsoft-cloud",
    "Google": "google-cloud",
    "Google Cloud": "google-cloud",
    "Amazon AWS": "amazon-cloud",
}
_INDEXED: Final = ("apple-egress", "microsoft-cloud", "google-cloud", "amazon-cloud", _OTHER_CLOUD)
# In the order in which an address bears them.
LIST_NAMES: Final = ("apple-egress", *_WRITTEN, "microsoft-cloud", "google-cloud", "amazon-cloud", _OTHER_CLOUD)
# Called hosting by iporigin 1.1.2, but it also connects offices, where people read their mail.
_CARRIES_PEOPLE: Final = frozenset({"Cogent"})
_IPORIGIN: Final = "the providers' own lists, as collected in the library iporigin"
_HEADER: Final = re.compile(r"(list|date|source): (\S.*)")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """A published list that an address is on; `date` is the list's own day, ISO 8601."""

    name: str
    date: str


class BadListError(ValueError):
    """A list's file cannot be read; the text is a plain sentence that says where it is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedList:
    """One publisher's ranges as they stood on a day, merged; `source` says where they are from."""

    label: Label
    source: str
    ipv4: tuple[Range, ...]
    ipv6: tuple[Range, ...]

    @property
    def networks(self) -> tuple[Network, ...]:
        """The fewest networks that hold its addresses; slow to make for a long list."""
        return (*networks_in(4, self.ipv4), *networks_in(6, self.ipv6))

    def ranges(self, version: int) -> tuple[Range, ...]:
        """Return its ranges of one version of IP, ascending, none touching the next."""
        return self.ipv4 if version == 4 else self.ipv6


def published(label: Label, source: str, ranges: Iterable[tuple[int, Range]]) -> PublishedList:
    """Return the list of these ranges, each given with its version of IP."""
    of_version: dict[int, list[Range]] = {4: [], 6: []}
    for version, each in ranges:
        of_version[version].append(each)
    return PublishedList(label=label, source=source, ipv4=merged(of_version[4]), ipv6=merged(of_version[6]))


def parse_list(text: str) -> PublishedList:
    """Return the list that a file holds: `list:`, `date:`, `source:`, then one network a line; `#` begins a comment.

    Raises BadListError, which names the line and never quotes it.
    """
    head: dict[str, str] = {}
    ranges = []
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.partition("#")[0].strip() if "#" in line else line.strip()
        if not entry:
            continue
        try:
            ranges.append(parse_network(entry))
        except ValueError as error:
            header = _HEADER.fullmatch(entry)
            if header is None:
                raise BadListError(f"Line {number} is no network.") from error
            head[header[1]] = header[2]
    if head.keys() != {"list", "date", "source"} or not _is_day(head["date"]):
        raise BadListError("It must say `list: NAME`, `date: YYYY-MM-DD` and `source: WHERE`.")
    if not ranges:
        raise BadListError("It holds no network.")
    return published(Label(head["list"], head["date"]), head["source"], ranges)


def spell_list(spelled: PublishedList) -> str:
    """Return the file that `parse_list` reads as this list."""
    head = f"list: {spelled.label.name}\ndate: {spelled.label.date}\nsource: {spelled.source}\n"
    return head + "".join(f"{network}\n" for network in spelled.networks)


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def built_in() -> tuple[PublishedList, ...]:
    """Return the lists that came with this version, in the order of LIST_NAMES; read anew at each call."""
    folder = files("relay.wire.lists")
    found = {name: parse_list(folder.joinpath(f"{name}.txt").read_text("utf-8")) for name in _WRITTEN}
    # iporigin's public functions tell of one address at a time, at 8 us and more; its whole table, which its `core`
    # hands on, is what can be merged with the other lists.  Checked with 1.1.2.
    table = dataset()  # type: ignore[no-untyped-call]
    date = dt.datetime.fromtimestamp(table.built_at, dt.UTC).date().isoformat()
    of_list: dict[str, dict[int, list[Range]]] = {name: {4: [], 6: []} for name in _INDEXED}
    for version, starts, ends, kinds in (
        (4, table.v4_starts, table.v4_ends, table.v4_labels),
        (6, table.v6_starts, table.v6_ends, table.v6_labels),
    ):
        for name, each in _clouds(zip(starts, ends, (table.labels[kind] for kind in kinds), strict=True)):
            if is_public(version, each):  # One provider's own list names the documentation networks.
                of_list[name][version].append(each)
    for name, ranges in of_list.items():
        label = Label(name, date)
        found[name] = PublishedList(label=label, source=_IPORIGIN, ipv4=merged(ranges[4]), ipv6=merged(ranges[6]))
    return tuple(found[name] for name in LIST_NAMES)


def _clouds(rows: Iterable[tuple[int, int, tuple[str, str]]]) -> Iterator[tuple[str, Range]]:
    """Yield list and range for the ranges that are on one of our lists.

    Each address has one owner in iporigin: a crawler's addresses are cut out of the cloud that they are in.  What is
    a crawler's between two stretches of one cloud is on the cloud's own list and is put back.  Consumer VPNs, Tor
    and content networks stay out: people come from there.
    """
    cloud, end = "", -2
    crawlers: list[Range] = []
    for first, last, (provider, kind) in rows:
        if first != end + 1:
            cloud, crawlers = "", []
        end = last
        if kind == BOT:
            crawlers.append((first, last))
            continue
        name = _BY_PROVIDER.get(provider, "")
        if not name and kind == HOSTING and provider not in _CARRIES_PEOPLE:
            name = _OTHER_CLOUD
        if name:
            if name == cloud:
                yield from ((name, each) for each in crawlers)
            yield name, (first, last)
        cloud, crawlers = name, []


class Labels:
    """Lists laid over one another, to be asked for one address at a time."""

    def __init__(self, lists: Sequence[PublishedList]) -> None:
        """Lay the lists; an address bears its labels in their order."""
        self._borne: list[tuple[Label, ...]] = [()]
        self._tables = {version: self._laid(version, lists) for version in (4, 6)}

    def of(self, address: Address) -> tuple[Label, ...]:
        """Return the labels of the lists that the full address is on."""
        starts, borne = self._tables[address.version]
        return self._borne[borne[bisect_right(starts, int(address)) - 1]]

    def _laid(self, version: int, lists: Sequence[PublishedList]) -> tuple[Sequence[int], Sequence[int]]:
        """Return where labels change, ascending, and which labels are borne from each on, as places in `_borne`."""
        width = len(lists).bit_length()
        changes = sorted(
            position << width | index
            for index, each in enumerate(lists)
            for first, last in each.ranges(version)
            for position in (first, last + 1)
        )
        starts, borne, places = [0], [0], {0: 0}
        on = 0  # one bit a list
        for change in changes:
            position, index = change >> width, change & ((1 << width) - 1)
            on ^= 1 << index
            if on not in places:
                places[on] = len(self._borne)
                self._borne.append(tuple(each.label for index, each in enumerate(lists) if on >> index & 1))
            if position == starts[-1]:
                borne[-1] = places[on]
            else:
                starts.append(position)
                borne.append(places[on])
        if starts[-1] == _PAST_LAST[version]:
            starts.pop()
        return array("L", starts) if version == 4 else starts, array("H", borne)


@cache
def _built_in_labels() -> Labels:
    return Labels(built_in())


def labels_of(address: Address) -> tuple[Label, ...]:
    """Return the labels of the built-in lists that the full address is on, in the lists' order."""
    return _built_in_labels().of(address)


def parse_address(text: str) -> Address:
    """Return the address, an IPv4-mapped IPv6 one as IPv4; raise ValueError when it is none."""
    try:
        # In C, at half the price, and it takes exactly what ipaddress takes of IPv4: four numbers, no leading zeros.
        return ipaddress.IPv4Address(socket.inet_pton(socket.AF_INET, text))
    except OSError:
        address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def truncated_text(address: Address) -> str:
    """Return `truncated` as text, made without the network."""
    if address.version == 4:
        first, second, third, _ = address.packed
        return f"{first}.{second}.{third}.0/{IPV4_PREFIX_BITS}"
    return str(truncated(address))


def truncated(address: Address) -> Network:
    """Return the /24 (IPv4) or /48 (IPv6) an address lies in: all of it that is ever stored."""
    if address.version == 4:
        return ipaddress.IPv4Network((int(address) & _IPV4_MASK, IPV4_PREFIX_BITS))
    return ipaddress.IPv6Network((int(address) & _IPV6_MASK, IPV6_PREFIX_BITS))
