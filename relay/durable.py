"""Files that must survive a power cut: written, fsynced, and their folder fsynced when they are new."""

import io
import os
import sys
import tempfile
from pathlib import Path

if sys.platform != "win32":
    import fcntl


def hold(path: Path) -> io.FileIO:
    """Open `path` and lock it against other processes until it is closed; raises BlockingIOError when one holds it."""
    file = path.open("a+b", buffering=0)
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise
    return file


def create(path: Path, octets: bytes, *, mode: int) -> None:
    """Make `path` with `octets` and `mode`, whole or not at all; raises OSError, FileExistsError included."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(descriptor)
    os.link(fresh, path)
    fresh.unlink()
    sync_folder(path.parent)


def replace(path: Path, octets: bytes, *, mode: int) -> None:
    """Make `path` hold `octets`, the old ones or the new ones at every moment; raises OSError."""
    descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            Path(fresh).chmod(mode)
            file.write(octets)
            file.flush()
            os.fsync(descriptor)
        Path(fresh).replace(path)
    except OSError:
        Path(fresh).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names made or removed in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append(file: io.FileIO, octets: bytes) -> None:
    """Write `octets` where the unbuffered `file` stands, and fsync; raises OSError, after which it may be torn."""
    if file.write(octets) != len(octets):
        raise OSError("the disk took a part only")
    os.fsync(file.fileno())
