"""A relay with open registration, one desktop of it, and the clock both keep."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.desk import Clock, Desk, served

# Who takes one of these moves the clock or looks into the relay's folder, and gets a relay of their own.
_OWN = frozenset({"clock", "tmp_path", "monkeypatch"})


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture(scope="module")
def shared_base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve one relay to a whole module: desktops of one relay are strangers to each other."""
    with served(tmp_path_factory.mktemp("shared") / "relay", Clock()) as url:
        yield url


@pytest.fixture
def base(request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve a relay and give its base URL: the module's, or one of the test's own."""
    if _OWN.isdisjoint(request.function.__code__.co_varnames[: request.function.__code__.co_argcount]):
        yield request.getfixturevalue("shared_base")
        return
    folder: Path = request.getfixturevalue("tmp_path")
    with served(folder / "relay", request.getfixturevalue("clock")) as url:
        yield url


@pytest.fixture
def desk(base: str, clock: Clock) -> Iterator[Desk]:
    """Register a desktop."""
    one = Desk(base, clock)
    yield one
    one.close()
