"""The mailroom: one sync for each account with a mailbox, in step with the accounts."""

import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from desktop.accounts.credentials import Password
from desktop.core.address import Mailbox
from desktop.incoming.mailroom import Mailroom, own_addresses
from desktop.incoming.state import Link
from desktop.store import accounts
from desktop.store.accounts import AccountRow
from desktop.store.database import Store
from tests.fakes.imap_server import USER, ImapServer
from tests.fakes.provider import Certificates
from tests.incoming.accounts_in import BEFORE, GOOD, NOW, account_at, mail
from tests.incoming.syncing import Known


class Room:
    """A mailroom with a store and credentials of its own."""

    def __init__(self, path: Path) -> None:
        """Open the store; the mailroom is opened by the test."""
        self._changed = threading.Condition()
        self.store = Store(path, clock=lambda: NOW)
        self.credentials = Known()
        self.mailroom = Mailroom(
            store=self.store, credentials=self.credentials, clock=lambda: NOW, on_changed=self._on_changed
        )

    def _on_changed(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 15.0) -> None:
        """Return once a condition holds after some change."""
        with self._changed:
            assert self._changed.wait_for(condition, timeout_s), dict(self.mailroom.states())

    def wait_links(self, links: dict[int, Link]) -> None:
        """Return once the accounts' links are these."""
        self.wait_for(lambda: {key: state.link for key, state in self.mailroom.states().items()} == links)


@pytest.fixture
def server(context: ssl.SSLContext) -> Iterator[ImapServer]:
    """Lend a good server."""
    with ImapServer(context) as running:
        yield running


@pytest.fixture
def account(server: ImapServer, certificates: Certificates) -> AccountRow:
    """Lend the account at that server."""
    return account_at(server, certificates)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Lend a mailroom that is not open yet."""
    lent = Room(tmp_path / "readback.sqlite")
    yield lent
    lent.mailroom.close()
    lent.store.close()


def test_syncs_follow_the_accounts(server: ImapServer, account: AccountRow, room: Room) -> None:
    """An account with a mailbox is watched, one without is not, a removed one is left; nothing runs before opening."""
    accounts.save_account(room.store, account)
    accounts.save_account(room.store, replace(account, id=2, imap_host=""))
    assert dict(room.mailroom.states()) == {}
    room.mailroom.open()
    room.wait_links({1: Link.WATCHING})
    accounts.save_account(room.store, replace(account, id=3))
    room.wait_links({1: Link.WATCHING, 3: Link.WATCHING})
    accounts.delete_account(room.store, 1)
    room.wait_links({3: Link.WATCHING})


def test_the_same_mail_in_two_accounts_is_kept_once(server: ImapServer, account: AccountRow, room: Room) -> None:
    """Two accounts at one provider may hold the same mail; it is one arrival."""
    server.boxes["INBOX"].add(mail("same"), BEFORE)
    accounts.save_account(room.store, account)
    accounts.save_account(room.store, replace(account, id=2))
    room.mailroom.open()
    room.wait_links({1: Link.WATCHING, 2: Link.WATCHING})
    with room.store.read() as connection:
        assert connection.execute("SELECT count(*) FROM arrival").fetchone() == (1,)


def test_a_sync_is_begun_anew_only_where_something_changed(server: ImapServer, account: AccountRow, room: Room) -> None:
    """Saving the same leaves a working connection alone; a new address of one's own makes a new one."""
    accounts.save_account(room.store, account)
    room.mailroom.open()
    room.wait_links({1: Link.WATCHING})
    accounts.save_account(room.store, account)
    room.wait_links({1: Link.WATCHING})
    assert server.count("AUTHENTICATE") == 1
    accounts.save_account(room.store, replace(account, identities=(Mailbox("Sales", "sales@example.test"),)))
    server.await_command("AUTHENTICATE", 2)
    room.wait_links({1: Link.WATCHING})


def test_after_signing_in_again_it_goes_on_by_itself(server: ImapServer, account: AccountRow, room: Room) -> None:
    """A refused sync takes a new secret as soon as the account is saved with it, or when told to resume."""
    wrong = Password(user=USER, secret="wrong")
    room.credentials.credential = wrong
    accounts.save_account(room.store, account)
    room.mailroom.open()
    room.wait_links({1: Link.NOT_AUTHORISED})
    room.credentials.credential = GOOD
    accounts.save_account(room.store, account)
    room.wait_links({1: Link.WATCHING})
    room.credentials.credential = wrong
    server.kick()
    room.wait_links({1: Link.NOT_AUTHORISED})
    room.credentials.credential = GOOD
    room.mailroom.resume_account(1)
    room.wait_links({1: Link.WATCHING})


def test_looks_cancels_and_resumes_reach_the_account(server: ImapServer, account: AccountRow, room: Room) -> None:
    """A look goes to all, a cancel to the one account that is named."""
    accounts.save_account(room.store, account)
    room.mailroom.open()
    room.wait_links({1: Link.WATCHING})
    server.await_idling()
    looks = server.count("STATUS")
    room.mailroom.check_now()
    server.await_command("STATUS", looks + 1)
    room.mailroom.cancel_first_sync(1)
    room.mailroom.cancel_first_sync(7)
    room.mailroom.resume_first_sync(1)
    room.mailroom.resume_account(7)
    room.wait_links({1: Link.WATCHING})


def test_closing_waits_for_nothing(server: ImapServer, account: AccountRow, room: Room) -> None:
    """A closed mailroom follows no account any more, and closing takes less than 100 ms."""
    accounts.save_account(room.store, account)
    room.mailroom.open()
    room.wait_links({1: Link.WATCHING})
    begun_s = monotonic()
    room.mailroom.close()
    assert monotonic() - begun_s < 0.1
    accounts.save_account(room.store, replace(account, id=2))
    room.mailroom.resume_account(1)
    assert dict(room.mailroom.states()) == {}


def test_own_addresses_are_all_identities_and_names_that_are_addresses(account: AccountRow) -> None:
    """Every identity of every account counts, and a log-in name only where it is an address."""
    other = replace(account, user="alice", imap_user="a2@example.test", identities=(Mailbox("", "Sales@Example.test"),))
    assert own_addresses((account, other)) == {USER, "a2@example.test", "sales@example.test"}
