"""The stops that hold: a set in memory, a file fsynced on its own, and the database, each able to restore the others.

A record is 42 octets of text: channel id and recipient tag in hex.  The file is only ever appended to, so whatever was
answered 200 is in it; a record torn by a crash was never answered, and is cut off.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from relay import durable
from relay.database import Database
from relay.settings import BadSettingError
from relay.wire.stops import stops_digest

_RECORD_BYTES: Final = 42
_RECORD: Final = re.compile(rb"([0-9a-f]{24}) ([0-9a-f]{16})\n")
_NO_TAGS: Final[tuple[frozenset[bytes], str]] = (frozenset(), stops_digest(()))


class Stops:
    """Who stopped what; changed by the event log's worker only, read from any thread (its sets are replaced whole)."""

    def __init__(self, path: Path) -> None:
        """Read the file at `path`, made when missing; raise BadSettingError when it is damaged, OSError."""
        if not path.exists():
            durable.create(path, b"", mode=0o600)
        octets = whole_records(path.read_bytes())
        self._end = len(octets)
        self._held: dict[bytes, tuple[frozenset[bytes], str]] = {}
        self._remember(stops_in(octets, path))
        self._file = path.open("r+b", buffering=0)
        self._file.truncate(self._end)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def merge(self, database: Database) -> None:
        """Make file and database hold the union of both; call inside a transaction, before serving."""
        kept = database.stops()
        database.add_stops(self.unite(kept) - kept)

    def unite(self, stops: set[tuple[bytes, bytes]]) -> set[tuple[bytes, bytes]]:
        """Take in those of `stops` that are new, fsynced, and return all that were held before; raises OSError."""
        mine = {(channel_id, tag) for channel_id, (tags, _) in self._held.items() for tag in tags}
        self._append(stops - mine)
        self._remember(stops - mine)
        return mine

    def add(self, channel_id: bytes, tags: frozenset[bytes], database: Database) -> frozenset[bytes]:
        """Stop `tags` of a channel and return all its stopped tags; in the file, fsynced, when this returns.

        Raises OSError when the file cannot be written: then nothing was stopped.
        """
        new = {(channel_id, tag) for tag in tags - self.tags(channel_id)}
        if new:
            self._append(new)
            self._remember(new)
            database.add_stops(new)
        return self.tags(channel_id)

    def tags(self, channel_id: bytes) -> frozenset[bytes]:
        """Return all stopped tags of a channel."""
        return self._held.get(channel_id, _NO_TAGS)[0]

    @property
    def total(self) -> int:
        """How many stops hold."""
        return self._end // _RECORD_BYTES

    def digest(self, channel_id: bytes) -> str:
        """Return the digest by which the channel's desktop sees that its own set differs."""
        return self._held.get(channel_id, _NO_TAGS)[1]

    def _append(self, stops: Iterable[tuple[bytes, bytes]]) -> None:
        octets = b"".join(f"{channel_id.hex()} {tag.hex()}\n".encode("ascii") for channel_id, tag in sorted(stops))
        if not octets:
            return
        self._file.truncate(self._end)  # An append that failed may have left a part.
        self._file.seek(self._end)
        durable.append(self._file, octets)
        self._end += len(octets)

    def _remember(self, stops: Iterable[tuple[bytes, bytes]]) -> None:
        added: dict[bytes, set[bytes]] = {}
        for channel_id, tag in stops:
            added.setdefault(channel_id, set()).add(tag)
        for channel_id, tags in added.items():
            union = self.tags(channel_id) | tags
            self._held[channel_id] = (union, stops_digest(union))


def whole_records(octets: bytes) -> bytes:
    """Return a file's content without a record that was torn, or is being written."""
    return octets[: len(octets) - len(octets) % _RECORD_BYTES]


def stops_in(octets: bytes, path: Path) -> set[tuple[bytes, bytes]]:
    """Return the stops in the records of the file at `path`; raise BadSettingError when one is damaged."""
    stops = set()
    for start in range(0, len(octets), _RECORD_BYTES):
        match = _RECORD.fullmatch(octets, start, start + _RECORD_BYTES)
        if match is None:
            number = start // _RECORD_BYTES + 1
            raise BadSettingError(
                f"{path} is damaged at line {number}: restore it from a backup, or move it away to start from the "
                "copy in the database."
            )
        stops.add((bytes.fromhex(match[1].decode("ascii")), bytes.fromhex(match[2].decode("ascii"))))
    return stops
