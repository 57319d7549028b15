"""Stores for Hypothesis, which wants hundreds of them: each a copy of one that is empty but for an account."""

import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, settings

from desktop.core.address import Mailbox
from desktop.store.accounts import AccountRow, Security, save_account
from desktop.store.database import Store
from tests.fakes.mailbox_world import OWN
from tests.fakes.samples import SENT_AT

CHECKED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
ACCOUNT = AccountRow(id=1, label="", host="", port=1, security=Security.TLS, user="", identities=(Mailbox("Kim", OWN),))


@functools.cache
def empty_file() -> Path:
    """Return the file they are copied from."""
    path = Path(tempfile.mkdtemp()) / "empty.sqlite"
    store = Store(path, clock=lambda: SENT_AT)
    save_account(store, ACCOUNT)
    store.close()
    return path


@contextmanager
def fresh_store() -> Iterator[Store]:
    """Lend an empty store."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.sqlite"
        shutil.copy(empty_file(), path)
        store = Store(path, clock=lambda: SENT_AT)
        # What is durable is shown elsewhere; here hundreds of stores are filled.
        store._writer.submit(store._connection.execute, "PRAGMA synchronous = OFF").result()
        yield store
        store.close()
