"""A relay with open registration, one desktop of it, and the clock both keep."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.desk import Clock, Desk, served


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def base(tmp_path: Path, clock: Clock) -> Iterator[str]:
    """Serve a relay and give its base URL."""
    with served(tmp_path / "relay", clock) as url:
        yield url


@pytest.fixture
def desk(base: str, clock: Clock) -> Iterator[Desk]:
    """Register a desktop."""
    one = Desk(base, clock)
    yield one
    one.close()
