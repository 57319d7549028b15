"""Which rows each channel has not acknowledged, in memory, by their positions in the log.

An index on the disk would dirty a page of its own for every hit, which costs more than the hit; eight octets a row here
do the same.  Whoever deletes rows says so here, so that what is counted is what is there.  Used on the event loop only.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

_NONE: Final = array("Q")


class Unread:
    """Positions of each channel's rows, ascending."""

    def __init__(self, rows: Iterable[tuple[bytes, int]]) -> None:
        """Take (channel id, position) of every row in the database, positions ascending."""
        self._positions: dict[bytes, array[int]] = {}
        self.total = 0
        self.add(rows)

    def add(self, rows: Iterable[tuple[bytes, int]]) -> None:
        """Know rows that were committed, positions ascending and past all that are known."""
        for channel_id, position in rows:
            known = self._positions.get(channel_id)
            if known is None:
                known = self._positions[channel_id] = array("Q")
            known.append(position)
            self.total += 1

    def count(self, channel_id: bytes) -> int:
        """Return how many rows a channel has, some of them perhaps gone."""
        return len(self._positions.get(channel_id, _NONE))

    def oldest(self, channel_id: bytes, limit: int) -> list[int]:
        """Return the first positions of a channel, among them perhaps some whose rows are gone."""
        return self._positions.get(channel_id, _NONE)[:limit].tolist()

    def forget(self, channel_id: bytes, positions: Iterable[int]) -> None:
        """Drop positions whose rows are gone; one that was dropped already stays so."""
        known = self._positions.get(channel_id)
        if known is None:
            return
        for position in positions:
            at = bisect_left(known, position)
            if at < len(known) and known[at] == position:
                del known[at]
                self.total -= 1
        if not known:
            del self._positions[channel_id]

    def drop(self, channel_id: bytes) -> None:
        """Drop all positions of a channel."""
        self.total -= len(self._positions.pop(channel_id, _NONE))

    def expire(self, end: int) -> None:
        """Drop all positions before `end`."""
        for channel_id, known in list(self._positions.items()):
            gone = bisect_left(known, end)
            del known[:gone]
            self.total -= gone
            if not known:
                del self._positions[channel_id]
