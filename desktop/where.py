"""Country and region of a truncated network, looked up in a database file of the user's own; none is needed.

The file is read piece by piece and never mapped into memory: one that is cut short while it is open ends as a Trouble,
where a mapping would end the whole program.
"""

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import maxminddb

from desktop.core.errors import Malformed, StoreTrouble, Trouble
from desktop.core.where import Place, PlaceDatabase
from relay.wire.labels import Network

T = TypeVar("T")
# A /24 has at most so many records; a /48 that is cut finer says nothing of a region.
_MOST_RECORDS: Final = 256
_PROBED_RECORDS: Final = 2_000
_MOST_KEPT: Final = 4_096
_ANOTHER: Final = "Choose a city or country database in MMDB format, such as DB-IP Lite or GeoLite2, or none."
_AGAIN: Final = "Choose the file again, or use none."
# What the reader raises on a damaged file, beside its own error: it follows numbers and lengths that are not there.
_DAMAGED: Final = (
    maxminddb.InvalidDatabaseError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    MemoryError,
)


class GeoDatabase:
    """One open file; made and asked on any thread, closed by whoever made it."""

    def __init__(self, path: Path) -> None:
        """Open the file and look whether it names countries; raise StoreTrouble or Malformed."""
        self._lock = Lock()
        try:
            # A pipe would never end, a folder is none.
            if not path.is_file():
                raise StoreTrouble(f"There is no database of places at {path}.", _AGAIN)
            if not path.stat().st_size:
                raise Malformed(f"{path.name} is empty.", _ANOTHER)
            self._reader = maxminddb.open_database(path, maxminddb.MODE_FILE)
        except OSError as error:
            raise StoreTrouble(f"{path} cannot be read: {error.strerror}.", _AGAIN) from error
        except _DAMAGED as error:
            raise Malformed(f"{path.name} is no database of places, or is damaged.", _ANOTHER) from error
        self._name = path.name
        try:
            self.facts = self._asked(self._probed)
        except Trouble:
            self._reader.close()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; nothing can be looked up afterwards."""
        with self._lock:
            self._reader.close()

    def place_of(self, network: Network) -> Place | None:
        """Return what all of a network has in common, None where that is nothing; raise StoreTrouble or Malformed."""
        return self._asked(lambda: self._looked_up(network))

    def _asked(self, work: Callable[[], T]) -> T:
        try:
            with self._lock:
                return work()
        except OSError as error:
            raise StoreTrouble(f"{self._name} can no longer be read: {error.strerror}.", _AGAIN) from error
        except _DAMAGED as error:
            raise Malformed(f"{self._name} is damaged.", _ANOTHER) from error

    def _probed(self) -> PlaceDatabase:
        found = [_place(record) for _, record in islice(self._reader, _PROBED_RECORDS)]
        places = [place for place in found if place is not None]
        if not places:
            raise Malformed(f"{self._name} names no countries.", _ANOTHER)
        said = self._reader.metadata()
        return PlaceDatabase(
            kind=str(said.database_type),
            built_at=datetime.fromtimestamp(said.build_epoch, UTC),
            has_regions=any(place.region for place in places),
        )

    def _looked_up(self, network: Network) -> Place | None:
        if network.version == 6 and self._reader.metadata().ip_version == 4:
            return None
        places = set()
        address, last = int(network.network_address), int(network.broadcast_address)
        for _ in range(_MOST_RECORDS):
            record, bits = self._reader.get_with_prefix_len(_address(address, network.version))
            places.add(_place(record))
            address += 1 << (network.max_prefixlen - bits)
            if address > last:
                return _common(places - {None})
        return None


def _address(number: int, version: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)


def _common(places: set[Place | None]) -> Place | None:
    """Return what places have in common: all of it, the country alone, or None."""
    known = [place for place in places if place is not None]
    if len({place.country for place in known}) != 1:
        return None
    return known[0] if len(known) == 1 else Place(country=known[0].country)


def _place(record: Any) -> Place | None:
    """Return the place in a record of the kind that MaxMind began and others follow; None without a country's name."""
    country = _english(record, "country")
    if not country:
        return None
    parts = record.get("subdivisions")
    return Place(
        country=country, region=_english({"part": parts[0]}, "part") if isinstance(parts, list) and parts else ""
    )


def _english(record: Any, key: str) -> str:
    for part in (key, "names", "en"):
        record = record.get(part) if isinstance(record, dict) else None
    return record if isinstance(record, str) else ""


def examined(path: str) -> PlaceDatabase:
    """Return what the file at `path` is; raise StoreTrouble or Malformed where no place can be looked up in it."""
    with GeoDatabase(Path(path)) as database:
        return database.facts


class PlaceLookup:
    """Looks networks up in whichever database is chosen now, opened when first asked; asked on any thread."""

    def __init__(self, path_of: Callable[[], str]) -> None:
        """Open nothing yet; `path_of` returns the chosen path, empty for none."""
        self._path_of = path_of
        self._lock = Lock()
        self._seen: tuple[object, ...] | None = None
        self._database: GeoDatabase | None = None
        self._trouble: Trouble | None = None
        self._kept: dict[Network, Place | None] = {}

    def place_of(self, network: Network) -> Place | None:
        """Return the place of a network, None where it is not known; a trouble is for `trouble` to tell."""
        with self._lock:
            self._look()
            if self._database is None:
                return None
            if network not in self._kept:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                try:
                    self._kept[network] = self._database.place_of(network)
                except Trouble as trouble:
                    self._trouble = trouble
                    return None
            return self._kept[network]

    def trouble(self) -> Trouble | None:
        """Return why nothing can be looked up in the chosen file, None where it can or none is chosen."""
        with self._lock:
            self._look()
            return self._trouble

    def close(self) -> None:
        """Close the file if one is open; the next question opens it again."""
        with self._lock:
            self._forget()

    def _look(self) -> None:
        """Open the chosen file, anew where it is another one or was replaced since."""
        path = self._path_of()
        seen = (path, *_fingerprint(path))
        if seen == self._seen:
            return
        self._forget()
        self._seen = seen
        if path:
            try:
                self._database = GeoDatabase(Path(path))
            except Trouble as trouble:
                self._trouble = trouble

    def _forget(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database, self._trouble, self._seen = None, None, None
        self._kept.clear()


def _fingerprint(path: str) -> tuple[int, ...]:
    """Return what changes when a file is replaced or cut short; nothing where there is none."""
    try:
        known = Path(path).stat()
    except (OSError, ValueError):
        return ()
    return known.st_ino, known.st_size, known.st_mtime_ns
