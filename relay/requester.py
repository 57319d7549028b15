"""Who asks, and whether they asked not to be recorded: read from one request, kept nowhere.

A forwarded address is believed only from proxies that the operator named, and only the right-most one that is not
such a proxy: everything to its left is what the requester wrote.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.types import Scope

from relay.wire.labels import Address, Network, parse_address

_NOWHERE: Final = ipaddress.IPv4Address(0)
_ASKING: Final = frozenset({b"sec-gpc", b"dnt", b"sec-purpose", b"purpose", b"x-moz"})
Headers = Mapping[bytes, bytes]


def asks_not_to_be_recorded(method: str, headers: Headers) -> bool:
    """Return True for HEAD, `Sec-GPC: 1`, `DNT: 1` and prefetches in any of their spellings."""
    if method != "GET":
        return True
    if headers.keys().isdisjoint(_ASKING):
        return False
    return (
        headers.get(b"sec-gpc", b"").strip() == b"1"
        or headers.get(b"dnt", b"").strip() == b"1"
        or b"prefetch" in headers.get(b"sec-purpose", b"").lower()
        or b"prefetch" in headers.get(b"purpose", b"").lower()
        or b"prefetch" in headers.get(b"x-moz", b"").lower()
    )


class Proxies:
    """The proxies whose word on the requester's address counts."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        """Take the networks that trusted proxies are in."""
        self._trusted = tuple(trusted)

    def address_of(self, scope: Scope) -> Address:
        """Return the requester's address; the last one known to be true when a proxy passed on what is no address."""
        client = scope["client"]
        address = parse_address(client[0]) if client else _NOWHERE
        if not self._trusted or not self.trusts(address):
            return address
        forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        for hop in reversed(forwarded.split(b",")):
            try:
                address = _address_in(hop)
            except ValueError:
                return address
            if not self.trusts(address):
                return address
        return address

    def trusts(self, address: Address) -> bool:
        """Return True when a proxy that the operator named has this address."""
        return any(address.version == network.version and address in network for network in self._trusted)


def _address_in(hop: bytes) -> Address:
    """Return the address in one hop, which may bear a port; raise ValueError when there is none."""
    text = hop.decode("latin-1").strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return parse_address(text)
