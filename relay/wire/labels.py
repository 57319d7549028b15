"""Which published lists a network address stands on, and how an address is truncated.

Lists are finer than a /24, so an address is labelled first and truncated afterwards; only labels and prefix travel.
The labels field of a hit is frozen: a label is the list's name and the date of the list, nothing else.
"""

import ipaddress
import socket
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

IPV4_PREFIX_BITS: Final = 24
IPV6_PREFIX_BITS: Final = 48
_IPV4_MASK: Final = -1 << (32 - IPV4_PREFIX_BITS)
_IPV6_MASK: Final = -1 << (128 - IPV6_PREFIX_BITS)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """A published list that an address is on; `date` is the list's own day, ISO 8601."""

    name: str
    date: str


@dataclass(frozen=True, slots=True)
class PublishedList:
    """One publisher's ranges as they stood on a day."""

    label: Label
    networks: tuple[Network, ...]


def _published(name: str, date: str, *ranges: str) -> PublishedList:
    return PublishedList(Label(name, date), tuple(ipaddress.ip_network(text) for text in ranges))


# Apple's published egress list, mask-api.icloud.com/egress-ip-ranges.csv, by way of lord-alfred/ipranges (CC0);
# its widest ranges only: an address on a narrower one bears no label and is judged "unknown", never a person by label.
APPLE_EGRESS: Final = _published(
    "apple-egress",
    "2026-08-22",
    "140.248.0.0/23",
    "140.248.4.0/23",
    "140.248.12.0/23",
    "146.75.128.0/23",
    "146.75.134.0/23",
    "146.75.148.0/23",
    "146.75.222.0/23",
    "146.75.232.0/23",
    "146.75.236.0/23",
    "146.75.244.0/23",
    "146.75.248.0/23",
    "146.75.252.0/23",
    "172.225.10.0/26",
    "172.225.18.0/23",
    "172.225.30.0/23",
    "172.225.32.0/23",
    "172.225.40.0/23",
    "172.225.54.0/23",
    "172.225.58.0/23",
    "172.225.64.0/23",
    "172.225.70.0/23",
    "172.225.76.0/22",
    "172.225.90.0/23",
    "172.225.98.0/23",
    "172.225.112.0/23",
    "172.225.120.0/23",
    "172.225.126.0/23",
    "172.225.188.0/23",
    "172.225.202.0/23",
    "172.225.220.0/23",
    "172.225.226.0/23",
    "172.225.236.0/23",
    "172.225.248.0/22",
    "172.226.8.0/22",
    "172.226.30.0/23",
    "172.226.44.0/24",
    "172.226.68.0/23",
    "172.226.174.0/23",
    "172.226.188.0/22",
    "2606:54c0::/35",
    "2606:54c0:3000::/36",
    "2606:54c0:6000::/35",
    "2606:54c0:8000::/34",
    "2606:54c0:c000::/36",
    "2a09:bac2::/35",
    "2a09:bac2:3000::/36",
    "2a09:bac2:6000::/35",
    "2a09:bac2:8000::/34",
    "2a09:bac2:c000::/36",
    "2a09:bac3::/35",
    "2a09:bac3:3000::/36",
    "2a09:bac3:6000::/35",
    "2a09:bac3:8000::/34",
    "2a09:bac3:c000::/36",
)
# Google's published user-triggered fetchers, developers.google.com/static/crawling/ipranges/
# user-triggered-fetchers-google.json: Gmail's image proxy comes from here.
GOOGLE_FETCHERS: Final = _published(
    "google-fetchers",
    "2026-08-22",
    "64.233.172.0/23",
    "66.102.6.0/23",
    "66.102.8.0/23",
    "66.249.80.0/22",
    "66.249.84.0/26",
    "66.249.84.96/27",
    "66.249.84.128/25",
    "66.249.85.0/25",
    "66.249.85.128/26",
    "66.249.88.0/24",
    "66.249.93.0/24",
    "74.125.208.0/24",
    "74.125.209.0/25",
    "74.125.209.128/26",
    "74.125.209.192/27",
    "74.125.210.0/24",
    "74.125.211.0/25",
    "74.125.212.0/24",
    "74.125.213.0/25",
    "74.125.214.0/23",
    "142.250.32.0/24",
    "142.250.33.0/25",
    "142.250.33.128/27",
    "172.253.181.0/24",
    "172.253.182.0/25",
    "172.253.182.128/27",
    "172.253.183.0/24",
    "192.178.8.0/25",
    "192.178.8.128/27",
    "192.178.9.0/24",
    "192.178.10.0/25",
    "192.178.11.0/24",
    "192.178.12.0/25",
    "192.178.12.128/26",
    "192.178.12.192/27",
    "192.178.13.0/24",
    "192.178.14.0/27",
    "192.178.15.0/24",
    "2001:4860:4801:4004::/64",
    "2001:4860:4801:4008::/63",
    "2001:4860:4801:400f::/64",
    "2001:4860:4801:4010::/64",
    "2001:4860:4801:4015::/64",
    "2001:4860:4801:4016::/63",
    "2001:4860:4801:4018::/64",
    "2001:4860:4801:401a::/63",
    "2001:4860:4801:401c::/64",
    "2001:4860:4801:4020::/61",
    "2001:4860:4801:4028::/62",
    "2001:4860:4801:4030::/61",
    "2001:4860:4801:4038::/62",
    "2001:4860:4801:403c::/64",
    "2001:4860:4801:4040::/59",
    "2001:4860:4801:4060::/63",
    "2001:4860:4801:4062::/64",
    "2001:4860:4801:4064::/62",
    "2001:4860:4801:4068::/62",
    "2001:4860:4801:406c::/63",
    "2001:4860:4801:406e::/64",
    "2001:4860:4801:4070::/60",
    "2001:4860:4801:4080::/61",
    "2001:4860:4801:4088::/62",
    "2001:4860:4801:4090::/62",
    "2001:4860:4801:4094::/63",
    "2001:4860:4801:4096::/64",
    "2001:4860:4801:40a0::/62",
    "2001:4860:4801:40a4::/64",
    "2001:4860:4801:40b0::/61",
    "2001:4860:4801:40b8::/63",
    "2001:4860:4801:40ba::/64",
    "2001:4860:4801:40c0::/62",
    "2001:4860:4801:40c4::/63",
    "2001:4860:4801:40c6::/64",
    "2001:4860:4801:40d0::/60",
    "2001:4860:4801:40e0::/62",
    "2001:4860:4801:40f0::/60",
    "2001:4860:4801:4100::/61",
    "2001:4860:4801:4110::/62",
    "2001:4860:4801:4120::/60",
    "2001:4860:4801:4130::/62",
    "2001:4860:4801:4134::/63",
    "2001:4860:4801:4136::/64",
    "2001:4860:4801:4140::/61",
    "2001:4860:4801:4150::/61",
    "2001:4860:4801:4158::/62",
    "2001:4860:4801:415c::/63",
    "2001:4860:4801:415e::/64",
    "2001:4860:4801:4160::/61",
    "2001:4860:4801:4168::/62",
)
# Microsoft 365 endpoint sets 9 and 10 (*.protection.outlook.com), endpoints.office.com.
EXCHANGE_PROTECTION: Final = _published(
    "exchange-protection",
    "2026-09-01",
    "40.92.0.0/15",
    "40.107.0.0/16",
    "52.100.0.0/14",
    "52.238.78.88/32",
    "104.47.0.0/17",
    "2a01:111:f400::/48",
    "2a01:111:f403::/48",
)
PUBLISHED: Final = (APPLE_EGRESS, GOOGLE_FETCHERS, EXCHANGE_PROTECTION)


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


def _stretches(version: int) -> tuple[list[int], list[tuple[Label, ...]]]:
    """Return where labels change, as ascending numbers, and the labels from each on: one search finds them all."""
    ranges = [
        (int(network.network_address), int(network.broadcast_address), published.label)
        for published in PUBLISHED
        for network in published.networks
        if network.version == version
    ]
    starts = sorted({0} | {first for first, _, _ in ranges} | {last + 1 for _, last, _ in ranges})
    borne = [{label for first, last, label in ranges if first <= start <= last} for start in starts]
    in_order = [published.label for published in PUBLISHED]
    return starts, [tuple(label for label in in_order if label in labels) for labels in borne]


_STRETCHES: Final = {version: _stretches(version) for version in (4, 6)}


def labels_of(address: Address) -> tuple[Label, ...]:
    """Return the labels of the published lists that the full address is on, in the lists' order."""
    starts, labels = _STRETCHES[address.version]
    return labels[bisect_right(starts, int(address)) - 1]


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
