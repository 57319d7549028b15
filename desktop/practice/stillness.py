"""That the relay stores nothing over a request is proven by its files, which stand still.

The desktop's own acknowledgement of earlier hits may touch them in between, so the request is made again, some times.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from desktop.practice.stage import MismatchError, Stage

_TRIES: Final = 5


def stands_still(stage: Stage, act: Callable[[], None], expected: str) -> tuple[int, int]:
    """Do something at the relay and return how many files and octets of it stood still over that."""
    for _ in range(_TRIES):
        before = _fingerprint(stage.relay_data)
        act()
        after = _fingerprint(stage.relay_data)
        if before == after:
            return len(after), sum(size for size, _ in after.values())
    changed = sorted(name for name in after if after[name] != before.get(name))
    raise MismatchError(expected, f"the relay wrote to {', '.join(changed)}")


def _fingerprint(folder: Path) -> dict[str, tuple[int, str]]:
    """Return size and SHA-256 of every file, but for SQLite's index in shared memory, which readers alter too."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    contents = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    return {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in contents.items()}
