"""Which rows each channel has not acknowledged, in memory, by their positions in the log.

An index on the disk would dirty a page of its own for every hit, which costs more than the hit; eight octets a row here
do the same.  A position that is no longer in the database was acknowledged or has expired, and is dropped when that is
found out.  Used on the event loop only.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence


class Unread:
    """Positions of each channel's rows, ascending."""

    def __init__(self, rows: Iterable[tuple[bytes, int]]) -> None:
        """Take (channel id, position) of every row in the database, positions ascending."""
        self._positions: dict[bytes, array[int]] = {}
        self.add(rows)

    def add(self, rows: Iterable[tuple[bytes, int]]) -> None:
        """Know rows that were committed, positions ascending and past all that are known."""
        for channel_id, position in rows:
            known = self._positions.get(channel_id)
            if known is None:
                known = self._positions[channel_id] = array("Q")
            known.append(position)

    def oldest(self, channel_id: bytes, limit: int) -> list[int]:
        """Return the first positions of a channel, among them perhaps some whose rows are gone."""
        return self._positions.get(channel_id, array("Q"))[:limit].tolist()

    def forget(self, channel_id: bytes, positions: Sequence[int]) -> None:
        """Drop positions, ascending, whose rows are gone."""
        known = self._positions[channel_id]
        for position in positions:
            del known[bisect_left(known, position)]
        if not known:
            del self._positions[channel_id]

    def expire(self, end: int) -> None:
        """Drop all positions before `end`."""
        for channel_id, known in list(self._positions.items()):
            del known[: bisect_left(known, end)]
            if not known:
                del self._positions[channel_id]
