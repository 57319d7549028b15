"""Everything in the relay's folder as one file, taken while it serves; and a folder made from such a file again.

The file is a tar whose first member, `manifest.json`, has the SHA-256 of each other one.  The database is copied first
and the stops after it: a stop that came in between is in the one that is read last.  Restoring never takes anything
away: stops are united with those that the folder still has, and so are the masters that mail already sent depends on.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from relay import durable, masters
from relay.database import Database, StorageError
from relay.settings import BadSettingError, Settings, prepare_folder
from relay.stops import Stops, stops_in, whole_records

_FORMAT: Final = 1
_MANIFEST: Final = "manifest.json"
_DATABASE, _SECRETS, _STOPS, _BLOCKS = "relay.sqlite3", "secrets.json", "stops.txt", "blocked.txt"
_LISTS: Final = "lists/"
_COPYING, _RESTORING = ".backup-", ".restore-"
_MAX_SMALL_BYTES: Final = 512 * 1_048_576  # Stops and lists; a million stops are 42 MB.
_PIECE_BYTES: Final = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a folder has after a restore; `stops_kept` are the stops that it had before."""

    channels: int
    stops: int
    stops_kept: int


def back_up(settings: Settings, target: IO[bytes]) -> None:
    """Write the folder's content to `target`; raises BadSettingError where there is none, OSError, StorageError."""
    if not settings.secrets.exists() or not settings.database.exists():
        raise BadSettingError(f"{settings.data} holds no relay: name the folder that `serve` was given.")
    with _alone(settings), tempfile.TemporaryDirectory(prefix=_COPYING, dir=settings.data) as folder:
        database = Path(folder) / _DATABASE
        with closing(Database(settings.database)) as source:
            source.copy_to(database)
        small = _small_files(settings)
        digests = {name: hashlib.sha256(octets).hexdigest() for name, octets in small.items()}
        manifest = {"format": _FORMAT, "files": {_DATABASE: _digest_of(database), **digests}}
        with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            _add(archive, _MANIFEST, json.dumps(manifest, indent=1).encode("ascii"))
            for name, octets in small.items():
                _add(archive, name, octets)
            with database.open("rb") as file:
                archive.addfile(_member(_DATABASE, database.stat().st_size), file)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold what only one backup at a time holds, and remove a copy that one before left when it was killed."""
    try:
        held = durable.hold(settings.data / ".backup.lock")
    except BlockingIOError as error:
        raise BadSettingError("another backup is being taken: wait for it.") from error
    with held:
        _remove(settings.data, _COPYING)
        yield


def tidy(settings: Settings) -> None:
    """Remove what killed backups and restores left; call it while the folder is held, and raises OSError."""
    _remove(settings.data, _RESTORING)
    try:
        with _alone(settings):
            return
    except BadSettingError:
        return  # A backup is being taken: what is there is its own.


def _remove(folder: Path, prefix: str) -> None:
    for left in folder.glob(f"{prefix}*"):
        shutil.rmtree(left)


def _small_files(settings: Settings) -> dict[str, bytes]:
    files = {_SECRETS: settings.secrets.read_bytes(), _STOPS: whole_records(settings.stops.read_bytes())}
    if settings.blocks.exists():
        files[_BLOCKS] = settings.blocks.read_bytes()
    for path in sorted(settings.lists.glob("*.txt")):
        files[f"{_LISTS}{path.name}"] = path.read_bytes()
    return files


def _member(name: str, size_bytes: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size_bytes, 0o600
    return member


def _add(archive: tarfile.TarFile, name: str, octets: bytes) -> None:
    archive.addfile(_member(name, len(octets)), io.BytesIO(octets))


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def restore(settings: Settings, source: IO[bytes]) -> Restored:
    """Make the folder what `source` says, and keep its stops and masters besides.

    Raises BadSettingError, with the folder as it was, when it is served from, has a database, or the file is damaged or
    of another relay; OSError and StorageError.
    """
    prepare_folder(settings)
    with _held(settings), tempfile.TemporaryDirectory(prefix=_RESTORING, dir=settings.data) as folder:
        left = sorted(path.name for path in settings.data.glob(f"{_DATABASE}*"))
        if left:
            raise BadSettingError(
                f"{settings.data} has a database already: to have it replaced, move {' and '.join(left)} away."
            )
        database = Path(folder) / _DATABASE
        small = _unpacked(source, database)
        channels = _checked(database)
        secrets = _united_secrets(settings, small[_SECRETS], Path(folder) / _SECRETS)
        brought = stops_in(small[_STOPS], settings.stops)
        with closing(Stops(settings.stops)) as stops:  # All that may be refused was looked at by here.
            kept = stops.total
            stops.unite(brought)
            united = stops.total
        durable.replace(settings.secrets, secrets, mode=0o600)
        for name, octets in small.items():
            if name not in {_SECRETS, _STOPS}:
                _lay(settings, name, octets)
        database.replace(settings.database)  # Last: until then a restore that was cut off can be begun anew.
        durable.sync_folder(settings.data)
    return Restored(channels=channels, stops=united, stops_kept=kept)


def _held(settings: Settings) -> io.FileIO:
    try:
        return durable.hold(settings.lock)
    except BlockingIOError as error:
        raise BadSettingError(f"a relay serves from {settings.data}: stop it first.") from error


def _unpacked(source: IO[bytes], database: Path) -> dict[str, bytes]:
    """Return the small files and write the database to a file; each is what the manifest says."""
    found: dict[str, str] = {}
    small: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=source, mode="r:") as archive:
            digests = _manifest(archive)
            for member in archive:
                if member.name == _MANIFEST:
                    continue
                if not member.isreg() or member.name not in digests or member.name in found:
                    raise _damaged()
                content = archive.extractfile(member)
                assert content is not None
                if member.name == _DATABASE:
                    found[member.name] = _written(content, database)
                else:
                    small[member.name] = content.read(_MAX_SMALL_BYTES)
                    found[member.name] = hashlib.sha256(small[member.name]).hexdigest()
    except (tarfile.TarError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise _damaged() from error
    if found != digests or {_DATABASE, _SECRETS, _STOPS} - found.keys():
        raise _damaged()
    return small


def _manifest(archive: tarfile.TarFile) -> Mapping[str, str]:
    """Return the digests by name; a name that none of ours has is damage, so that nothing is laid elsewhere."""
    first = archive.next()
    if first is None or first.name != _MANIFEST or not first.isreg():
        raise _damaged()
    content = archive.extractfile(first)
    assert content is not None
    fields = json.loads(content.read(_MAX_SMALL_BYTES))
    if fields["format"] != _FORMAT:
        raise BadSettingError("this backup is of a newer version: restore it with that one.")
    digests: dict[str, str] = fields["files"]
    if any(not _is_ours(name) for name in digests):
        raise _damaged()
    return digests


def _is_ours(name: str) -> bool:
    if name in {_DATABASE, _SECRETS, _STOPS, _BLOCKS}:
        return True
    list_name = name.removeprefix(_LISTS)
    return name.startswith(_LISTS) and list_name == Path(list_name).name and list_name.endswith(".txt")


def _damaged() -> BadSettingError:
    return BadSettingError("this file is no whole backup of a relay: take an older one. Nothing was changed.")


def _written(content: IO[bytes], path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("xb") as file:
        while piece := content.read(_PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _checked(path: Path) -> int:
    """Return how many channels a database has; raise BadSettingError when it is damaged."""
    try:
        with closing(Database(path)) as database:
            if database.fault() is not None:
                raise _damaged()
            channels = len(database.channels())
    except StorageError as error:
        raise _damaged() from error
    return channels


def _united_secrets(settings: Settings, octets: bytes, scratch: Path) -> bytes:
    """Return the file's masters and those that the folder still has; `scratch` is where the former are tried."""
    durable.create(scratch, octets, mode=0o600)
    try:
        masters.load(scratch)
    except BadSettingError as error:
        raise _damaged() from error
    if not settings.secrets.exists():
        return octets
    masters.load(settings.secrets)
    brought, present = json.loads(octets), json.loads(settings.secrets.read_bytes())
    for key_id, master in brought["masters"].items():
        if present["masters"].setdefault(key_id, master) != master:
            raise BadSettingError(
                f"this backup is of another relay: master {key_id} in {settings.secrets} is another. "
                "Nothing was changed."
            )
    return json.dumps(present).encode("ascii")


def _lay(settings: Settings, name: str, octets: bytes) -> None:
    path = settings.data / name
    path.parent.mkdir(mode=0o755, exist_ok=True)
    durable.replace(path, octets, mode=0o644 if name.startswith(_LISTS) else 0o600)
