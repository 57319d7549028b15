"""The real servers and programs that these tests share: started once, stopped at the end, all below one folder."""

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.store.accounts import Security
from tests.real.desktop import LISTENER_PASSWORD, Desktop, Door
from tests.real.provider import Provider
from tests.real.proxy import RecipientNetwork
from tests.real.relay import RelayProcess
from tests.real.screen import Screen
from tests.real.thunderbird import Thunderbird
from tests.real.thunderbird_profile import SmtpSecurity, account_at


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
    """Give alice's screen."""
    folder = ground / "screen"
    folder.mkdir(mode=0o700)
    running = Screen(folder)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def bobs_screen(ground: Path) -> Iterator[Screen]:
    """Give bob's screen."""
    folder = ground / "bobs-screen"
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
def carols_network(relay: RelayProcess) -> Iterator[RecipientNetwork]:
    """Give the network that carol reads her mail in."""
    running = RecipientNetwork(address="198.51.100.77", public_host=relay.public_host, relay_port=relay.port)
    yield running
    running.close()


@pytest.fixture(scope="session")
def bobs_thunderbird(
    ground: Path, provider: Provider, bobs_screen: Screen, bobs_network: RecipientNetwork
) -> Iterator[Thunderbird]:
    """Give bob's Thunderbird, which blocks pictures until he asks for them."""
    account = account_at(provider, "bob", http_proxy=bobs_network.host_and_port)
    running = Thunderbird(ground / "bobs-thunderbird", account, bobs_screen)
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


@pytest.fixture(scope="session")
def alices_desktop(ground: Path, provider: Provider, relay: RelayProcess, screen: Screen) -> Iterator[Desktop]:
    """Give Readback's window on alice's screen, with a relay, and permission from bob and carol but not from dave."""
    running = Desktop(ground / "alices-desktop", provider, [Door(sender="alice", port=provider.ports.submission)])
    try:
        running.connect_relay(relay.url)
        running.permit("bob")
        running.permit("carol")
        running.start(environment=screen.environment)
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def alices_thunderbird(
    ground: Path, provider: Provider, alices_desktop: Desktop, screen: Screen
) -> Iterator[Thunderbird]:
    """Give alice's Thunderbird, whose outgoing server is Readback's listener."""
    account = dataclasses.replace(
        account_at(provider, "alice"),
        smtp_port=alices_desktop.port,
        smtp_security=SmtpSecurity.NONE,
        smtp_password=LISTENER_PASSWORD,
    )
    running = Thunderbird(ground / "alices-thunderbird", account, screen)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def erins_screen(ground: Path) -> Iterator[Screen]:
    """Give erin's screen."""
    folder = ground / "erins-screen"
    folder.mkdir(mode=0o700)
    running = Screen(folder)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def erins_desktop(ground: Path, provider: Provider, erins_screen: Screen) -> Iterator[Desktop]:
    """Give Readback's window on erin's screen: no relay, and her mailbox is read."""
    provider.maildir("erin")
    door = Door(sender="erin", port=provider.ports.submission_spoken, login="erin", reads_mail=True)
    running = Desktop(ground / "erins-desktop", provider, [door])
    try:
        running.put_setting("followup.country", "DE")
        running.start(environment=erins_screen.environment)
        running.wait_read()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def erins_thunderbird(
    ground: Path, provider: Provider, erins_desktop: Desktop, erins_screen: Screen
) -> Iterator[Thunderbird]:
    """Give erin's Thunderbird, whose outgoing server is Readback's listener."""
    account = dataclasses.replace(
        account_at(provider, "erin"),
        smtp_port=erins_desktop.port,
        smtp_security=SmtpSecurity.NONE,
        smtp_password=LISTENER_PASSWORD,
    )
    running = Thunderbird(ground / "erins-thunderbird", account, erins_screen)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def pictures(ground: Path) -> Path:
    """Give the folder for pictures to look at: READBACK_PICTURES, or one that is thrown away."""
    folder = Path(os.environ.get("READBACK_PICTURES", str(ground / "pictures")))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
