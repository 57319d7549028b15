"""The real servers and programs that these tests share: started once, stopped at the end, all below one folder."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.store.accounts import Security
from tests.real.desktop import Desktop, Door
from tests.real.provider import Provider
from tests.real.proxy import RecipientNetwork
from tests.real.relay import RelayProcess
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


@pytest.fixture(scope="session")
def relay(ground: Path) -> Iterator[RelayProcess]:
    """Give the running relay."""
    running = RelayProcess(ground / "relay")
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def bobs_network(relay: RelayProcess) -> Iterator[RecipientNetwork]:
    """Give the network that bob reads his mail in; the address is of a range for examples (RFC 5737)."""
    running = RecipientNetwork(address="203.0.113.20", public_host=relay.public_host, relay_port=relay.port)
    yield running
    running.close()


@pytest.fixture(scope="session")
def bobs_thunderbird(
    ground: Path, provider: Provider, screen: Screen, bobs_network: RecipientNetwork
) -> Iterator[Thunderbird]:
    """Give bob's Thunderbird, which blocks pictures until he asks for them."""
    account = account_at(provider, "bob", http_proxy=bobs_network.host_and_port)
    running = Thunderbird(ground / "bobs-thunderbird", account, screen)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def listening(ground: Path, provider: Provider) -> Iterator[Desktop]:
    """Give Readback without a window and without a relay, with one account for each of the provider's doors."""
    ports = provider.ports
    doors = (
        Door(sender="alice", port=ports.submission),
        Door(sender="wrapped", port=ports.submissions, security=Security.TLS),
        Door(sender="expired", port=ports.submission_expired),
        Door(sender="wronghost", port=ports.submission_wrong_host),
        Door(sender="stripped", port=ports.submission_without_tls),
    )
    running = Desktop(ground / "listening", provider, doors)
    try:
        running.start("listen")
        yield running
    finally:
        running.close()
