"""The real servers and programs that these tests share: started once, stopped at the end, all below one folder."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.provider import Provider
from tests.real.screen import Screen
from tests.real.thunderbird import Thunderbird
from tests.real.thunderbird_profile import account_at


@pytest.fixture(scope="session")
def ground() -> Iterator[Path]:
    """Give a folder that other users may enter, unlike pytest's own (Postfix's workers are not root)."""
    folder = Path(tempfile.mkdtemp(prefix="readback-real-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def provider(ground: Path) -> Iterator[Provider]:
    """Give the running provider."""
    root = ground / "provider"
    root.mkdir(mode=0o755)
    running = Provider(root)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def screen(ground: Path) -> Iterator[Screen]:
    """Give the running screen."""
    folder = ground / "screen"
    folder.mkdir(mode=0o700)
    running = Screen(folder)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def direct_thunderbird(ground: Path, provider: Provider, screen: Screen) -> Iterator[Thunderbird]:
    """Give alice's Thunderbird as it is without Readback: its outgoing server is the provider itself."""
    running = Thunderbird(ground / "direct-thunderbird", account_at(provider, "alice"), screen)
    try:
        yield running
    finally:
        running.close()
