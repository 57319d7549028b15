"""A stop outlives a restore: the relay made anew from an older backup, or the desktop from an older copy of its store.

Bob stops before the relay is restored, dave before the desktop is; carol never does, and is still seen afterwards.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from desktop.core.permission import Standing
from desktop.store import people
from tests.real import scanners
from tests.real.copies import Received
from tests.real.desktop import Desktop, Door
from tests.real.inspected import Inspected
from tests.real.nora import hits_of, is_untouched, letter, sent
from tests.real.provider import Provider, address_of
from tests.real.proxy import RecipientNetwork
from tests.real.relay import RelayProcess
from tests.real.screen import Screen
from tests.real.waiting import until

pytestmark = pytest.mark.timeout(240)

OFFER = "An offer before the restore"
LATER = "An offer after the restore"
NAMES = ("bob", "carol", "dave")


@dataclass(frozen=True, kw_only=True)
class World:
    """A relay and a desktop of their own, what each recipient got, and the recipients' way to the relay."""

    relay: RelayProcess
    desktop: Desktop
    network: RecipientNetwork
    reader: Inspected
    copies: dict[str, Received]
    folder: Path

    def stop(self, name: str) -> None:
        """Have a person press the button of the page that their mail's line leads to."""
        self.reader.go(self.copies[name].stops[0])
        self.reader.press_button("button")
        assert self.reader.heading() == "You have stopped"

    def fetch(self, *names: str) -> None:
        """Fetch the pictures of these people's copies."""
        for name in names:
            scanners.curl(self.copies[name].pictures, self.folder, self.network)


@pytest.fixture(scope="module")
def world(ground: Path, provider: Provider, bobs_screen: Screen) -> Iterator[World]:
    """Give a world in which a mail to all three was sent, whom nora may all see."""
    folder = ground / "restored"
    folder.mkdir()
    with ExitStack() as stack:
        relay = stack.enter_context(closing(RelayProcess(folder / "relay")))
        proxy = RecipientNetwork(address="203.0.113.90", public_host=relay.public_host, relay_port=relay.port)
        network = stack.enter_context(closing(proxy))
        door = Door(sender="nora", port=provider.ports.submission, login="nora")
        desktop = stack.enter_context(closing(Desktop(folder / "desktop", provider, [door])))
        desktop.connect_relay(relay.url)
        for name in NAMES:
            desktop.permit(name)
        desktop.start("listen")
        chromium = Inspected(folder / "reader", bobs_screen, has_scripts=False, http_proxy=network.host_and_port)
        reader = stack.enter_context(closing(chromium))
        copies = sent(desktop, provider, letter(OFFER, *NAMES), *NAMES)
        given = dict(zip(NAMES, copies, strict=True))
        yield World(relay=relay, desktop=desktop, network=network, reader=reader, copies=given, folder=folder)


def test_a_stop_holds_after_the_relay_was_restored_from_an_older_backup(world: World) -> None:
    """The desktop gives the stop back; what came in before is not let in, and nothing is stored after; carol's is."""
    backup = world.folder / "relay.tar"
    world.relay.run("backup", str(backup))
    world.stop("bob")
    world.desktop.wait_standing("bob", Standing.STOPPED)
    world.desktop.stop()
    world.relay.close()
    shutil.rmtree(world.relay.data)
    assert " 0 stops hold" in world.relay.run("restore", str(backup))
    world.relay.start()
    world.fetch("bob", "carol")
    assert world.desktop.held().hits_count == 2
    world.desktop.start("listen")
    until(lambda: len(world.desktop.held().stops) == 1, what="the stop to be given back")
    world.fetch("bob", "carol")
    until(lambda: hits_of(world.desktop, OFFER, "carol") == 2, what="carol's requests")
    assert hits_of(world.desktop, OFFER, "bob") == 0
    assert people.permission_of(world.desktop.store, address_of("bob")).standing is Standing.STOPPED


def test_a_stop_holds_after_the_desktop_was_restored_from_an_older_copy(world: World, provider: Provider) -> None:
    """The relay gives the stop back; dave's next mail is as it was handed in, and carol's is tracked and seen."""
    copy = world.folder / "store.copy"
    world.desktop.copy_store(copy)
    world.stop("dave")
    world.desktop.wait_standing("dave", Standing.STOPPED)
    world.desktop.stop()
    world.desktop.put_back(copy)
    assert people.permission_of(world.desktop.store, address_of("dave")).standing is Standing.GRANTED
    world.desktop.start("listen")
    world.desktop.wait_standing("dave", Standing.STOPPED)
    before = hits_of(world.desktop, OFFER, "carol")
    world.fetch("dave", "carol")
    until(lambda: hits_of(world.desktop, OFFER, "carol") == before + 1, what="carol's request")
    assert hits_of(world.desktop, OFFER, "dave") == 0
    carols, daves = sent(world.desktop, provider, letter(LATER, "carol", "dave"), "carol", "dave")
    assert len(carols.pictures) == 1
    assert is_untouched(daves, letter(LATER, "carol", "dave"))
