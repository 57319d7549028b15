"""What every test may rely on: no display, no stray log record, a fixed Hypothesis profile, new stores in a moment."""

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import settings

from desktop.store import database, migrate

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
settings.register_profile("readback", deadline=None, derandomize=True, print_blob=False, max_examples=40)
settings.load_profile("readback")


@pytest.fixture(autouse=True)
def _no_stray_records(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test that leaves a log record at WARNING or above; one that expects it calls `caplog.clear()`."""
    caplog.set_level(logging.WARNING)
    yield
    stray = caplog.get_records("setup") + caplog.get_records("call")
    loud = [f"{record.name}: {record.getMessage()}" for record in stray if record.levelno >= logging.WARNING]
    assert not loud, loud


@pytest.fixture(autouse=True, scope="session")
def _schema_is_made_once() -> Iterator[None]:
    """Make the newest schema once and copy it into each new store, which opens seven times as fast; older ones migrate.

    Two thousand tests open a store of their own, and a third of some tests' time went into tables.
    """
    whole = migrate.steps()
    made = sqlite3.connect(":memory:", check_same_thread=False)
    migrate.migrate(made, whole)

    def quick(connection: sqlite3.Connection, scripts: Sequence[str]) -> None:
        is_new = scripts == whole and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
        if is_new:
            made.backup(connection)
        else:
            migrate.migrate(connection, scripts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "migrate", quick)
        yield
    made.close()
