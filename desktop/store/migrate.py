"""Brings a store's file to the newest schema, one numbered .sql file after another.

Each file runs in a transaction of its own together with the version number, so a crash leaves a whole version behind.
"""

import sqlite3
from collections.abc import Sequence
from importlib import resources

from desktop.store import migrations
from desktop.store.failures import newer_schema


def steps() -> tuple[str, ...]:
    """Return the SQL of every migration in order; the first brings version 0 to version 1."""
    files = [each for each in resources.files(migrations).iterdir() if each.name.endswith(".sql")]
    return tuple(each.read_text(encoding="utf-8") for each in sorted(files, key=lambda each: each.name))


def migrate(connection: sqlite3.Connection, scripts: Sequence[str]) -> None:
    """Apply the scripts the file has not seen; raise StoreTrouble when the file is newer than they are."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(scripts):
        raise newer_schema()
    for number, script in enumerate(scripts[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\n;PRAGMA user_version = {number};\nCOMMIT;")
