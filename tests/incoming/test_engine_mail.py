"""The engine reads its accounts' mail: it shows how each stands, and neither a dead server nor a busy one holds it."""

import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from desktop.core.keep import Keep
from desktop.engine import Engine
from desktop.incoming.state import Link
from desktop.places import Places
from tests.fakes.imap_server import PASSWORD, ImapServer, Talk
from tests.fakes.provider import Certificates
from tests.incoming.accounts_in import account_at


@pytest.fixture
def server(context: ssl.SSLContext) -> Iterator[ImapServer]:
    """Lend a good server."""
    with ImapServer(context) as running:
        yield running


class Desk:
    """An engine whose changes can be waited for."""

    def __init__(self, folder: Path) -> None:
        """Start it."""
        self._changed = threading.Condition()
        self.engine = Engine(Places.in_folder(folder), keep=Keep.SESSION, on_changed=self._on_changed)
        self.engine.start(port=0)

    def _on_changed(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_links(self, *links: Link) -> None:
        """Return once the accounts' links are these, by account."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.links() == links, 15), self.links()

    def links(self) -> tuple[Link, ...]:
        """Return each account's link."""
        return tuple(state.link for _, state in sorted(self.engine.stations().mail.items()))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Lend an engine with nothing set up."""
    lent = Desk(tmp_path)
    yield lent
    lent.engine.close()


def test_an_account_is_read_as_soon_as_it_is_saved(server: ImapServer, certificates: Certificates, desk: Desk) -> None:
    """A saved account is watched, a wrong password is shown, a right one heals it, a removed account is gone."""
    account = replace(account_at(server, certificates), id=0)
    assert desk.links() == ()
    account_id = desk.engine.accounts.save_account(account, PASSWORD, Keep.SESSION)
    desk.wait_links(Link.WATCHING)
    desk.engine.accounts.save_account(replace(account, id=account_id, label="x"), "wrong", Keep.SESSION)
    desk.wait_links(Link.NOT_AUTHORISED)
    desk.engine.accounts.save_account(replace(account, id=account_id, label="x"), PASSWORD, Keep.SESSION)
    desk.wait_links(Link.WATCHING)
    desk.engine.accounts.delete_account(account_id)
    desk.wait_links()


@pytest.mark.parametrize("verb", ["CONNECT", "EXAMINE", "IDLE"])
def test_closing_never_waits_for_a_mailbox(
    server: ImapServer, certificates: Certificates, desk: Desk, verb: str
) -> None:
    """In the midst of a handshake, a question or a wait the engine closes at once."""
    reached, over = threading.Event(), threading.Event()

    def silence(talk: Talk, _verb: str, _rest: str) -> bool:
        reached.set()
        over.wait(10)
        talk.reset()
        return True

    server.plots[verb] = silence
    desk.engine.accounts.save_account(replace(account_at(server, certificates), id=0), PASSWORD, Keep.SESSION)
    assert reached.wait(10)
    begun_s = monotonic()
    desk.engine.mailroom.close()
    took_s = monotonic() - begun_s
    over.set()
    assert took_s < 0.1
