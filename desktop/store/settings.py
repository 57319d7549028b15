"""Settings as JSON values under stable names, such as "window_s" or "theme"; never a secret."""

import sqlite3
from typing import Any, Final, TypeVar

from desktop.store.change import Change
from desktop.store.columns import from_json, to_json
from desktop.store.database import Store

T = TypeVar("T")
WINDOW: Final = "window_s"


def get(store: Store, key: str, default: T) -> T:
    """Return the value under `key`, or `default` when none was put."""
    with store.read() as connection:
        return read(connection, key, default)


def read(connection: sqlite3.Connection, key: str, default: T) -> T:
    """Return the value under `key` as a transaction sees it."""
    row = connection.execute("SELECT value FROM setting WHERE key = ?", (key,)).fetchone()
    if row is None:
        return default
    value: T = from_json(row[0])
    return value


def put(store: Store, key: str, value: Any) -> Change:
    """Keep a JSON value under `key`."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)", (key, to_json(value)))
        return Change(settings=True), None

    return store.write(work)[0]
