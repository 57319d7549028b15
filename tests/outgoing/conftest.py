"""A listener between a raw client and a provider, all real, on loopback."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.accounts.channel import Channel
from desktop.accounts.clients import Clients
from desktop.accounts.credentials import Credentials
from desktop.accounts.vault import SessionVault, account_secret
from desktop.core.address import Mailbox
from desktop.core.errors import Trouble
from desktop.core.permission import Method
from desktop.outgoing.listener import Listener
from desktop.outgoing.upstream import Timeouts
from desktop.store.accounts import AccountRow, Security, save_account
from desktop.store.database import Store
from desktop.store.mail import ConversationDetail, CopyRow, cards, conversation
from desktop.store.people import record_grant
from relay.wire.purpose import Purpose
from relay.wire.token import TokenType, minting_key
from tests.fakes.provider import PASSWORD, USER, Certificates, Provider, make_certificates
from tests.fakes.rawclient import RawClient


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move the time on."""
        self.now += by


def make_channel() -> Channel:
    channel_id = b"c" * 12
    return Channel(
        picture_base="https://picture.test",
        link_base="https://link.test",
        relay_url="https://relay.test",
        channel_id=channel_id,
        bearer="bearer",
        private_key=b"p" * 32,
        tag_key=b"t" * 32,
        key_id=1,
        minting_keys={kind: minting_key(b"m" * 32, channel_id, kind) for kind in TokenType},
    )


@dataclass
class Bench:
    """All parts of a test: change them before `start`, look at them after."""

    folder: Path
    certificates: Certificates
    provider: Provider
    store: Store
    clock: Clock
    vault: SessionVault
    account: AccountRow
    channel: Channel | None = None
    troubles: list[Trouble] = field(default_factory=list)
    timeouts: Timeouts = field(default_factory=lambda: Timeouts(connect_s=5, command_s=5, final_s=10, parked_s=0))
    listener: Listener | None = None
    port: int = 0
    shared_credentials: Credentials | None = None

    @property
    def credentials(self) -> Credentials:
        """Return what accounts sign in with, one for the whole test where one was put there."""
        return self.shared_credentials or Credentials(
            self.vault, clock=self.clock, clients=Clients(self.store, self.vault, environment={})
        )

    @property
    def journal_path(self) -> Path:
        """Return where the journal lies."""
        return self.folder / "journal"

    def start(self, *, grace_s: float = 5.0) -> "Bench":
        """Start the listener."""
        self.listener = Listener(
            port=0,
            store=self.store,
            vault=self.vault,
            credentials=self.credentials,
            channel=lambda: self.channel,
            journal_path=self.journal_path,
            clock=self.clock,
            on_trouble=self.troubles.append,
            timeouts=self.timeouts,
            grace_s=grace_s,
        )
        self.port = self.listener.start()
        return self

    def stop(self) -> None:
        """Stop the listener, if it runs."""
        if self.listener is not None:
            self.listener.stop()
            self.listener = None

    def save(self, account: AccountRow) -> AccountRow:
        """Keep an account and its password."""
        from dataclasses import replace

        _, account_id = save_account(self.store, account)
        self.vault.put(account_secret(account_id), PASSWORD)
        return replace(account, id=account_id)

    def client(self, user: str = "readback") -> RawClient:
        """Return a client that is signed in."""
        assert self.listener is not None
        client = RawClient(self.port)
        assert client.sign_in(self.listener.password, user).startswith("235")
        return client

    def send(self, wire: bytes, *recipients: str, sender: str = USER) -> str:
        """Send one message over a connection of its own that ends well; return the last reply."""
        with self.client() as client:
            for reply in client.start(sender, *recipients):
                if not reply.startswith("250"):
                    return reply
            answer = client.content(wire)
            client.say("QUIT")
            return answer

    def permit(self, address: str, *purposes: Purpose) -> None:
        """Record a permission, for opens and clicks unless others are named."""
        record_grant(
            self.store,
            address=address,
            name="",
            purposes=frozenset(purposes or (Purpose.OPENS, Purpose.CLICKS)),
            method=Method.SPOKEN,
            evidence="told me",
            at=self.clock(),
        )

    def details(self) -> list[ConversationDetail]:
        """Return every conversation in the store."""
        found = [conversation(self.store, card.id) for card in cards(self.store)]
        return [each for each in found if each is not None]

    def copies(self) -> list[CopyRow]:
        """Return every copy in the store once nothing is left to be recorded."""
        assert self.listener is not None
        self.listener._means.record_later(lambda: None).result()
        return [copy for each in self.details() for message in each.messages for copy in message.copies]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def provider(certificates: Certificates) -> Iterator[Provider]:
    with Provider(certificates.context()) as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, certificates: Certificates, provider: Provider) -> Iterator[Bench]:
    clock = Clock()
    store = Store(tmp_path / "store.sqlite", clock=clock)
    account = AccountRow(
        id=0,
        label="Work",
        host="127.0.0.1",
        port=provider.port,
        security=Security.STARTTLS,
        user=USER,
        identities=(Mailbox("Alice Example", USER), Mailbox("Alice", "alice@other.test")),
        ca_file=str(certificates.ca_file),
    )
    made = Bench(
        folder=tmp_path,
        certificates=certificates,
        provider=provider,
        store=store,
        clock=clock,
        vault=SessionVault(),
        account=account,
    )
    made.account = made.save(account)
    yield made
    made.stop()
    store.close()


MakeBench = Callable[[], Bench]
