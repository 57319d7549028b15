"""A store on disk, and what its subscribers were told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.store.change import Change
from desktop.store.database import Store
from tests.fakes.samples import SENT_AT


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an open store."""
    opened = Store(tmp_path / "readback.sqlite", clock=lambda: SENT_AT)
    yield opened
    opened.close()


@pytest.fixture
def told(store: Store) -> list[Change]:
    """Return the list that grows with every change the store tells."""
    changes: list[Change] = []
    store.subscribe(changes.append)
    return changes
