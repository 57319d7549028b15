"""A relay process for the whole run of these tests, and for each a store and a desk with a channel of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.relay_process import RelayProcess
from tests.tracking.desktop_side import DesktopSide


@pytest.fixture(scope="session")
def relay_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve one relay; each test registers a channel of its own."""
    with RelayProcess(tmp_path_factory.mktemp("relay")) as relay:
        yield relay.url


@pytest.fixture
def desk(relay_url: str, tmp_path: Path) -> Iterator[DesktopSide]:
    """Return a desktop that is registered and polls nothing yet."""
    side = DesktopSide(relay_url, tmp_path / "readback.sqlite")
    yield side
    side.close()
