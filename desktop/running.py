"""Only one Readback at a time works on a user's folder: a lock file held while it runs.

The system drops the lock when the process ends, however it ends, so a crash leaves nothing to clean up.
"""

import os
import sys
from pathlib import Path

from desktop.core.errors import StoreTrouble

if sys.platform == "win32":  # pragma: no cover - the tests run on Linux
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_running(path: Path) -> bool:
    """Say whether a Readback works on the folder of this lock file now; where there is no file, none ever did."""
    if not path.exists():
        return False
    try:
        RunningLock(path).release()
    except StoreTrouble:
        return True
    return False


class RunningLock:
    """Held from construction to `release`."""

    def __init__(self, path: Path) -> None:
        """Take the lock; raise StoreTrouble when another Readback holds it."""
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take(self._handle)
        except OSError as error:
            os.close(self._handle)
            raise StoreTrouble(
                "Readback is already running for this user.",
                "Use its window, or stop the other one (for instance `readback listen`) first.",
            ) from error

    def release(self) -> None:
        """Let the next Readback start."""
        os.close(self._handle)
