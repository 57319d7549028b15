"""The real servers and programs that these tests share: started once, stopped at the end, all below one folder."""

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.store.accounts import Security
from tests.real.browser import Browser
from tests.real.desktop import LISTENER_PASSWORD, Desktop, Door
from tests.real.provider import Provider
from tests.real.proxy import RecipientNetwork
from tests.real.relay import RelayProcess
from tests.real.roundcube import Roundcube, Webmail
from tests.real.screen import Screen
from tests.real.sender_network import SenderNetwork
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
def roundcube(ground: Path, provider: Provider) -> Iterator[Roundcube]:
    """Give the running webmail."""
    running = Roundcube(ground / "roundcube", provider)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def carols_webmail(
    ground: Path, roundcube: Roundcube, bobs_screen: Screen, carols_network: RecipientNetwork
) -> Iterator[Webmail]:
    """Give carol in the webmail; all but the webmail itself she reaches through her network."""
    running = Browser(
        ground / "carols-webmail",
        bobs_screen,
        http_proxy=carols_network.host_and_port,
        without_proxy=roundcube.host_and_port,
    )
    try:
        yield Webmail(roundcube, running, "carol")
    finally:
        running.close()


@pytest.fixture(scope="session")
def bobs_webmail(
    ground: Path, roundcube: Roundcube, bobs_screen: Screen, bobs_network: RecipientNetwork
) -> Iterator[Webmail]:
    """Give bob in the webmail; all but the webmail itself he reaches through his network."""
    running = Browser(
        ground / "bobs-webmail",
        bobs_screen,
        http_proxy=bobs_network.host_and_port,
        without_proxy=roundcube.host_and_port,
    )
    try:
        yield Webmail(roundcube, running, "bob")
    finally:
        running.close()


@pytest.fixture(scope="session")
def noras_desktop(ground: Path, provider: Provider, relay: RelayProcess) -> Iterator[Desktop]:
    """Give Readback without a window for nora, who asks whoever answered; carol permitted it by telephone."""
    provider.maildir("nora")
    door = Door(sender="nora", port=provider.ports.submission, login="nora", reads_mail=True, asks=True)
    running = Desktop(ground / "noras-desktop", provider, [door])
    try:
        running.connect_relay(relay.url)
        running.permit("carol")
        running.start("listen")
        running.wait_read()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def olgas_network(ground: Path, relay: RelayProcess) -> Iterator[SenderNetwork]:
    """Give the one address from which all of olga's own programs reach the relay."""
    running = SenderNetwork(ground / "olgas-network", relay)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def olgas_screen(ground: Path) -> Iterator[Screen]:
    """Give olga's screen."""
    folder = ground / "olgas-screen"
    folder.mkdir(mode=0o700)
    running = Screen(folder)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def olgas_desktop(
    ground: Path, provider: Provider, olgas_network: SenderNetwork, olgas_screen: Screen
) -> Iterator[Desktop]:
    """Give Readback's window on olga's screen: her mailbox is read, and bob and carol gave permission."""
    provider.maildir("olga")
    door = Door(sender="olga", port=provider.ports.submission, login="olga", reads_mail=True)
    running = Desktop(ground / "olgas-desktop", provider, [door])
    try:
        running.connect_relay(olgas_network.url)
        running.permit("bob")
        running.permit("carol")
        running.start(environment=olgas_screen.environment)
        running.wait_read()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def olgas_thunderbird(
    ground: Path, provider: Provider, olgas_desktop: Desktop, olgas_screen: Screen
) -> Iterator[Thunderbird]:
    """Give olga's Thunderbird, which loads the pictures in every mail and hands mail to Readback's listener."""
    account = dataclasses.replace(
        account_at(provider, "olga"),
        smtp_port=olgas_desktop.port,
        smtp_security=SmtpSecurity.NONE,
        smtp_password=LISTENER_PASSWORD,
        shows_pictures=True,
    )
    running = Thunderbird(ground / "olgas-thunderbird", account, olgas_screen)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def olgas_webmail(ground: Path, roundcube: Roundcube, olgas_screen: Screen) -> Iterator[Webmail]:
    """Give olga in the webmail, in a Chromium on the machine where her Readback runs."""
    running = Browser(ground / "olgas-webmail", olgas_screen)
    try:
        yield Webmail(roundcube, running, "olga")
    finally:
        running.close()


@pytest.fixture(scope="session")
def pictures(ground: Path) -> Path:
    """Give the folder for pictures to look at: READBACK_PICTURES, or one that is thrown away."""
    folder = Path(os.environ.get("READBACK_PICTURES", str(ground / "pictures")))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
