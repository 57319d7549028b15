"""Where Readback keeps its files on this machine.

One folder holds everything, so that it can be named, backed up and erased; READBACK_HOME chooses another one.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import platformdirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The files of one user's Readback; all lie in `home`, which only the user may read."""

    home: Path
    store: Path
    spare: Path
    journal: Path
    secrets: Path
    lock: Path
    log: Path

    @classmethod
    def in_folder(cls, home: Path) -> Self:
        """Make the folder, readable by its owner alone, and name the files in it; raises OSError."""
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(
            home=home,
            store=home / "store.sqlite3",
            spare=home / "spare.json",
            journal=home / "journal",
            secrets=home / "secrets.json",
            lock=home / "running.lock",
            log=home / "readback.log",
        )

    @classmethod
    def of_user(cls) -> Self:
        """Return the user's own places: READBACK_HOME, or where this system keeps a program's data."""
        chosen = os.environ.get("READBACK_HOME")
        return cls.in_folder(Path(chosen) if chosen else platformdirs.user_data_path("readback", appauthor=False))
