"""The clock both sides of a practice round share, so that forty minutes can pass at once.

A file of 8 octets, a little-endian signed count of milliseconds, is mapped into each process and added to real time.
"""

import mmap
import struct
import time
from pathlib import Path
from typing import Final

_OFFSET: Final = struct.Struct("<q")


class PracticeClock:
    """Real time plus an offset that any process holding the same file can move on."""

    def __init__(self, path: Path) -> None:
        """Map `path`, made with offset zero when it is missing or empty; raises OSError."""
        if not path.exists() or path.stat().st_size != _OFFSET.size:
            path.write_bytes(_OFFSET.pack(0))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _OFFSET.size)

    def now_ms(self) -> int:
        """Return milliseconds since 1970-01-01 UTC on the practice clock."""
        offset: int = _OFFSET.unpack(self._map[:])[0]
        return time.time_ns() // 1_000_000 + offset

    def advance(self, wait_s: float) -> None:
        """Move every holder's clock on by `wait_s` seconds."""
        offset: int = _OFFSET.unpack(self._map[:])[0]
        self._map[:] = _OFFSET.pack(offset + int(wait_s * 1000))

    def close(self) -> None:
        """Unmap the file; the clock cannot be used afterwards."""
        self._map.close()
