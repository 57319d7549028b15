"""How much is stored and taken, whatever comes: by token, by network, by channel and in all, hour by hour.

Counting is done in tables of fixed size, so that no flood can make them grow.  Two keys may share a slot, which can
only bring a limit nearer; nobody can aim at another's slot, since Python hashes text and octets with a key of its own
in each process.  What is over a limit gets the same answer and is not stored.

This machine itself is no network that could be limited: there are practice, and a proxy that was not named.
"""

from array import array
from dataclasses import dataclass
from typing import Final

from relay.counts import Counts
from relay.unread import Unread
from relay.wire.token import Token

_SLOTS: Final = 1 << 17
_LAST_SLOT: Final = _SLOTS - 1
_EMPTY: Final = bytes(_SLOTS * array("I").itemsize)
MS_PER_HOUR: Final = 3_600_000
THIS_MACHINE: Final = frozenset({"127.0.0.0/24", "::/48"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The numbers; those by the hour count what is taken, the others what is held.

    A token is one recipient's; some read a mail forwarded to a whole department.  A network may be the proxy through
    which half of a relay's recipients read.  A channel is one salesperson's.
    """

    hits_per_token: int = 240
    hits_per_network: int = 200_000
    hits_per_channel: int = 20_000
    hits_in_all: int = 10_000_000
    unread_per_channel: int = 100_000
    unread_in_all: int = 2_000_000
    posts_per_link: int = 20
    posts_per_network: int = 1_200
    registrations_per_network: int = 60
    connections_per_network: int = 256
    connections_in_all: int = 4_096


DEFAULT: Final = Limits()


class Table:
    """Counts by key, in half a megabyte."""

    __slots__ = ("_counts", "_limit")

    def __init__(self, limit: int) -> None:
        """Take how often a key may come."""
        self._limit = limit
        self._counts = array("I", _EMPTY)

    @property
    def size_bytes(self) -> int:
        """What it takes of memory, always."""
        return len(self._counts) * self._counts.itemsize

    def takes(self, key: bytes | str) -> bool:
        """Count a key; False once it, or what shares its slot, has come as often as it may."""
        slot = hash(key) & _LAST_SLOT
        count = self._counts[slot]
        if count >= self._limit:
            return False
        self._counts[slot] = count + 1
        return True

    def clear(self) -> None:
        """Begin anew."""
        self._counts = array("I", _EMPTY)


class Room:
    """Whether there is room for one more hit: of its token, network, channel, and in all; counts what there is not."""

    def __init__(self, limits: Limits, unread: Unread, counts: Counts) -> None:
        """Take the numbers, what is held unread, and where to count."""
        self._limits = limits
        self._unread = unread
        self._counts = counts
        self._tables = Table(limits.hits_per_token), Table(limits.hits_per_network), Table(limits.hits_per_channel)
        # Every hit asks these; looking them up anew each time costs as much as asking.
        self._takes_token, self._takes_network, self._takes_channel = (table.takes for table in self._tables)
        self._left = 0
        self._hour_end_ms = 0

    def is_for(self, token: Token, network: str, at_ms: int) -> bool:
        """Return True, the hit counted, if it may be stored."""
        if not 0 < self._hour_end_ms - at_ms <= MS_PER_HOUR:
            self._begin_hour(at_ms)
        limits, channel_id = self._limits, token.channel_id
        if self._unread.count(channel_id) >= limits.unread_per_channel:
            self._counts.hits_channel_full += 1
        elif self._unread.total >= limits.unread_in_all:
            self._counts.hits_relay_full += 1
        elif not self._takes_token(token.random_id):
            self._counts.hits_over_token += 1
        elif network not in THIS_MACHINE and not self._takes_network(network):
            self._counts.hits_over_network += 1
        elif not self._takes_channel(channel_id):
            self._counts.hits_over_channel += 1
        elif self._left <= 0:
            self._counts.hits_over_all += 1
        else:
            self._left -= 1
            return True
        return False

    def _begin_hour(self, at_ms: int) -> None:
        self._hour_end_ms = (at_ms // MS_PER_HOUR + 1) * MS_PER_HOUR
        self._left = self._limits.hits_in_all
        for table in self._tables:
            table.clear()


class PostLimits:
    """The limits on pressing buttons and on registering."""

    def __init__(self, limits: Limits) -> None:
        """Begin with nothing counted."""
        self._links = Table(limits.posts_per_link)
        self._networks = Table(limits.posts_per_network)
        self._registrations = Table(limits.registrations_per_network)
        self._hour = -1

    def takes_press(self, *, path: bytes, network: str, at_ms: int) -> bool:
        """Count the pressing of one link's button; False when that, or its network, has pressed enough this hour."""
        self._look_at(at_ms)
        return (network in THIS_MACHINE or self._networks.takes(network)) and self._links.takes(path)

    def takes_registration(self, *, network: str, at_ms: int) -> bool:
        """Count an attempt to register; False when its network has tried enough this hour."""
        self._look_at(at_ms)
        return network in THIS_MACHINE or self._registrations.takes(network)

    def _look_at(self, at_ms: int) -> None:
        if at_ms // MS_PER_HOUR != self._hour:
            self._hour = at_ms // MS_PER_HOUR
            for table in (self._links, self._networks, self._registrations):
                table.clear()


class Connections:
    """How many connections are open, by network and in all; as large as there are networks connected now."""

    def __init__(self, limits: Limits) -> None:
        """Take how many there may be."""
        self._per_network = limits.connections_per_network
        self._in_all = limits.connections_in_all
        self._open: dict[str, int] = {}
        self._count = 0

    def opened(self, network: str, *, is_limited: bool) -> bool:
        """Count a connection; False, and nothing counted, when there are as many as may be."""
        of_network = self._open.get(network, 0)
        if self._count >= self._in_all or (is_limited and of_network >= self._per_network):
            return False
        self._count += 1
        self._open[network] = of_network + 1
        return True

    def closed(self, network: str) -> None:
        """Count a connection off."""
        self._count -= 1
        self._open[network] -= 1
        if not self._open[network]:
            del self._open[network]
