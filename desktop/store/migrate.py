"""Brings a store's file to the newest schema, one numbered .sql file after another.

Each file runs in a transaction of its own together with the version number, so a crash leaves a whole version behind.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from importlib import resources

from desktop.core.address import known_as
from desktop.core.ledger import LedgerRow, detail_hash, row_hash
from desktop.core.thread import name_key, subject_key
from desktop.store import migrations
from desktop.store.failures import newer_schema


def steps() -> tuple[str, ...]:
    """Return the SQL of every migration in order; the first brings version 0 to version 1."""
    files = [each for each in resources.files(migrations).iterdir() if each.name.endswith(".sql")]
    return tuple(each.read_text(encoding="utf-8") for each in sorted(files, key=lambda each: each.name))


def migrate(connection: sqlite3.Connection, scripts: Sequence[str]) -> None:
    """Apply the scripts the file has not seen; raise StoreTrouble when the file is newer than they are.

    Two programs may open the file at once: which scripts are missing is asked again once nobody else can apply them.
    """
    connection.create_function("name_key", 1, name_key, deterministic=True)
    connection.create_function("one_spelling", 1, known_as, deterministic=True)
    connection.create_function("subject_key", 1, subject_key, deterministic=True)
    connection.create_function("ledger_detail_hash", 3, detail_hash, deterministic=True)
    connection.create_function("ledger_row_hash", 8, _row_hash, deterministic=True)
    while (version := _version(connection)) < len(scripts):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) == version:
                for statement in _statements(scripts[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    if version > len(scripts):
        raise newer_schema()


def _row_hash(  # noqa: PLR0917 - SQL names no arguments
    id_: int,
    event: str,
    purposes: str,
    generation: int,
    method: str | None,
    at_ms: int,
    detail: bytes,
    previous: bytes,
) -> bytes:
    """Return the hash of a ledger row that was recorded before there were languages and wordings."""
    return row_hash(
        LedgerRow(
            id=id_,
            event=event,
            purposes=purposes,
            generation=generation,
            method=method,
            language=None,
            wording=b"",
            at_ms=at_ms,
            detail_hash=detail,
            previous=previous,
            hash=b"",
        )
    )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> Iterator[str]:
    """Yield a script's statements; executescript would commit before it begins."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement
