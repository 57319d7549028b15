"""What accounts sign in with: one refresh for all who ask, nothing lost, and an end that is told."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.accounts.clients import Clients
from desktop.accounts.credentials import Bearer, Credentials, Password, grant_secret
from desktop.accounts.oauth import Grant, GrantEnded, Tokens
from desktop.accounts.oauth_providers import Client
from desktop.accounts.vault import SessionVault, account_secret
from desktop.core.address import Mailbox
from desktop.core.errors import NotAuthorised, StoreTrouble, Trouble, Unreachable
from desktop.store.accounts import AccountRow, Auth, Security
from desktop.store.database import Store
from tests.fakes.idp import CLIENT_ID, IdentityProvider

ALICE = "alice@example.test"


class Vault(SessionVault):
    """A vault that notes what was stored, can be locked, and does something before it stores."""

    def __init__(self) -> None:
        super().__init__()
        self.puts: list[tuple[str, str]] = []
        self.is_locked = False
        self.before_put: Callable[[], None] = lambda: None

    def put(self, name: str, secret: str) -> None:
        """Keep it, unless locked."""
        self.before_put()
        if self.is_locked:
            raise StoreTrouble("The system keyring is locked or does not answer.", "Unlock it and try again.")
        self.puts.append((name, secret))
        super().put(name, secret)

    renew = put


@dataclass
class Desk:
    """Credentials over a real identity provider, with a clock the test moves."""

    idp: IdentityProvider
    vault: Vault
    credentials: Credentials
    account: AccountRow
    troubles: list[Trouble]
    now: list[datetime] = field(default_factory=list)

    def later(self, **by: float) -> None:
        """Move the clock on."""
        self.now[0] += timedelta(**by)

    def token(self) -> str:
        """Return the access token the account has now."""
        credential = self.credentials.of(self.account)
        assert isinstance(credential, Bearer)
        return credential.token

    @property
    def kept(self) -> str:
        """The refresh token in the vault."""
        return self.vault.get(grant_secret(self.account.id)) or ""

    def sign_in_anew(self) -> Grant:
        """Return what a new sign-in brought."""
        tokens = Tokens(
            access_token="access-of-the-new",
            refresh_token=self.idp.grant(ALICE),
            obtained_at=self.now[0],
            ends_at=self.now[0] + timedelta(hours=1),
        )
        return Grant(provider="company", address=ALICE, tokens=tokens)


def row() -> AccountRow:
    return AccountRow(
        id=3,
        label="Work",
        host="smtp.example.test",
        port=587,
        security=Security.STARTTLS,
        user=ALICE,
        identities=(Mailbox("Alice", ALICE),),
        auth=Auth.OAUTH2,
        oauth_provider="company",
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    now = [datetime(2026, 11, 21, 12, 0, tzinfo=UTC)]
    store = Store(tmp_path / "store.sqlite3", clock=lambda: now[0])
    vault = Vault()
    troubles: list[Trouble] = []
    with IdentityProvider() as idp:
        clients = Clients(store, vault, environment={})
        clients.save_provider(idp.provider())
        clients.save_client(idp.provider(), Client(client_id=CLIENT_ID))
        vault.put(grant_secret(3), idp.grant(ALICE))
        vault.puts.clear()
        credentials = Credentials(vault, clock=lambda: now[0], clients=clients, on_trouble=troubles.append)
        yield Desk(idp, vault, credentials, row(), troubles, now)
        credentials.close()
    store.close()


def test_a_password_is_handed_out_as_it_is_kept(desk: Desk) -> None:
    """The stored password comes with the user of either side; nothing better is known when it is refused."""
    account = replace(row(), id=4, auth=Auth.PASSWORD, imap_user="alice-imap")
    with pytest.raises(NotAuthorised, match="no password for alice@"):
        desk.credentials.of(account)
    desk.vault.put(account_secret(4), "sëcret")
    credential = desk.credentials.of(account)
    assert credential == Password(user=ALICE, secret="sëcret")
    assert desk.credentials.of(account, incoming=True) == Password(user="alice-imap", secret="sëcret")
    assert desk.credentials.refused(account, credential) is None
    assert "sëcret" not in repr(credential)


def test_a_grant_becomes_an_access_token(desk: Desk) -> None:
    """The provider knows the token as this user's; it is asked once, and neither token shows in a repr."""
    credential = desk.credentials.of(desk.account)
    assert isinstance(credential, Bearer)
    assert (credential.user, desk.idp.owner_of(credential.token)) == (ALICE, ALICE)
    assert desk.credentials.of(desk.account, incoming=True) == credential
    assert desk.idp.refreshes == 1
    assert credential.token not in repr(credential)


def test_only_the_refresh_token_is_in_the_vault(desk: Desk) -> None:
    """After a rotation the new refresh token stands alone in place of the old; no access token does."""
    before = desk.kept
    token = desk.token()
    assert desk.kept not in ("", before)
    assert [(grant_secret(3), desk.kept)] == desk.vault.puts
    assert token not in str(desk.vault._secrets)


def test_a_refresh_token_that_stays_is_not_stored_again(desk: Desk) -> None:
    """Where the provider does not rotate, the vault is left alone."""
    desk.idp.knobs.rotates = False
    before = desk.kept
    assert desk.token()
    assert (desk.kept, desk.vault.puts) == (before, [])


def test_a_token_near_its_end_is_renewed(desk: Desk) -> None:
    """57 minutes into an hour it is used as it is, at 58 a new one is fetched, through many rotations."""
    first = desk.token()
    desk.later(minutes=57)
    assert desk.token() == first
    seen = {first}
    for count in range(2, 7):
        desk.later(minutes=58)
        seen.add(desk.token())
        assert desk.idp.refreshes == count
    assert len(seen) == 6


def test_a_clock_that_was_set_back_makes_the_token_unknown(desk: Desk) -> None:
    """With the clock an hour early the token is fetched anew instead of being used past its end."""
    first = desk.token()
    desk.later(hours=-1)
    assert desk.token() != first


def test_many_who_ask_at_once_are_one_refresh(desk: Desk) -> None:
    """Sixteen threads get the same token, and the token server saw one request."""
    desk.idp.knobs.gate = threading.Event()
    with ThreadPoolExecutor(16) as threads:
        waiting = [threads.submit(desk.token) for _ in range(16)]
        assert desk.idp.asked.wait(10)
        desk.idp.knobs.gate.set()
        tokens = {each.result(10) for each in waiting}
    assert len(tokens) == 1
    assert desk.idp.refreshes == 1


def test_many_who_ask_at_once_share_a_failure(desk: Desk) -> None:
    """A token server that is down is asked once, all hear of it, and the grant is kept and works afterwards."""
    gate = desk.idp.knobs.gate = threading.Event()
    desk.idp.knobs.answer = (503, "")
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(desk.token) for _ in range(8)]
        assert desk.idp.asked.wait(10)
        gate.set()
        errors = [each.exception(10) for each in waiting]
    assert {Unreachable} == {type(error) for error in errors}
    assert desk.idp.refreshes < 8
    desk.idp.knobs.answer = None
    assert desk.idp.owner_of(desk.token()) == ALICE


def test_a_refused_token_is_fetched_anew_once_for_all(desk: Desk) -> None:
    """Two stations whose token was refused get the same new one; the second asks nobody."""
    old = desk.credentials.of(desk.account)
    desk.idp.end_access()
    new = desk.credentials.refused(desk.account, old)
    assert isinstance(new, Bearer)
    assert desk.idp.owner_of(new.token) == ALICE
    assert desk.credentials.refused(desk.account, old) == new
    assert desk.idp.refreshes == 2


def test_a_revoked_grant_says_sign_in_again(desk: Desk) -> None:
    """It is told with the account's name, the token server is not asked again, and the vault keeps what it had."""
    desk.idp.revoke(ALICE)
    before = desk.kept
    for _ in range(3):
        with pytest.raises(GrantEnded, match="The sign-in for Work has ended") as caught:
            desk.token()
    assert "Sign in again" in caught.value.cure
    assert desk.idp.refreshes == 1
    assert desk.kept == before


def test_signing_in_again_replaces_the_grant(desk: Desk) -> None:
    """After a revocation a new sign-in is used at once, and renewed from its own refresh token later."""
    desk.idp.revoke(ALICE)
    with pytest.raises(GrantEnded):
        desk.token()
    grant = desk.sign_in_anew()
    desk.credentials.adopt(3, grant)
    assert desk.token() == "access-of-the-new"
    assert desk.kept == grant.tokens.refresh_token
    desk.later(hours=1)
    assert desk.idp.owner_of(desk.token()) == ALICE


def test_what_an_earlier_sign_in_still_fetches_does_not_replace_a_newer(desk: Desk) -> None:
    """A renewal under way when the user signs in anew ends in the new sign-in's token, and stores nothing."""
    gate = desk.idp.knobs.gate = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(desk.token)
        assert desk.idp.asked.wait(10)
        grant = desk.sign_in_anew()
        desk.credentials.adopt(3, grant)
        gate.set()
        assert waiting.result(10) == "access-of-the-new"
    assert desk.kept == grant.tokens.refresh_token
    assert desk.token() == "access-of-the-new"


def test_an_account_that_is_removed_meanwhile_gets_nothing(desk: Desk) -> None:
    """A renewal under way when the account is forgotten stores nothing and ends in words."""
    gate = desk.idp.knobs.gate = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(desk.token)
        assert desk.idp.asked.wait(10)
        desk.credentials.forget(3)
        desk.vault.delete(grant_secret(3))
        gate.set()
        with pytest.raises(Unreachable, match="changed meanwhile"):
            waiting.result(10)
    assert desk.kept == ""


def test_the_new_refresh_token_is_stored_before_its_access_token_is_used(desk: Desk) -> None:
    """While the vault stores, nobody has the new access token yet."""
    seen: list[object] = []
    desk.vault.before_put = lambda: seen.append(desk.credentials._tokens.get(3))
    assert desk.token()
    assert seen == [None]


def test_a_vault_that_cannot_store_loses_nothing_while_readback_runs(desk: Desk) -> None:
    """The rotated token works on from memory, the user is told, and it is stored once the vault opens."""
    desk.vault.is_locked = True
    before = desk.kept
    assert desk.idp.owner_of(desk.token()) == ALICE
    assert [type(each) for each in desk.troubles] == [StoreTrouble]
    assert desk.kept == before
    desk.vault.is_locked = False
    desk.idp.knobs.rotates = False
    desk.later(hours=1)
    assert desk.idp.owner_of(desk.token()) == ALICE
    assert desk.kept != before


def test_another_readback_that_was_quicker_is_no_end(desk: Desk) -> None:
    """Where the vault has a newer token when ours is refused, that one is used: the doctor may have renewed it."""
    stale = desk.kept

    def quicker(name: str) -> str | None:
        desk.vault.get = lambda name: SessionVault.get(desk.vault, name)  # type: ignore[method-assign]
        return stale if name == grant_secret(3) else None

    desk.idp.revoke(ALICE)
    desk.vault.put(grant_secret(3), desk.idp.grant(ALICE))
    desk.vault.get = quicker  # type: ignore[method-assign]
    assert desk.idp.owner_of(desk.token()) == ALICE


def test_nobody_signed_in_yet(desk: Desk) -> None:
    """Without a grant the user is told to sign in, and nobody is asked."""
    desk.vault.delete(grant_secret(3))
    with pytest.raises(NotAuthorised, match="Nobody has signed in for Work"):
        desk.token()
    assert desk.idp.refreshes == 0


def test_an_unknown_provider_is_told(desk: Desk) -> None:
    """An account whose provider is not in the settings any more cannot sign in, and says so."""
    with pytest.raises(Trouble, match="does not know where to sign in"):
        desk.credentials.of(replace(desk.account, oauth_provider="gone"))


def test_closing_ends_every_wait(desk: Desk) -> None:
    """Whoever waits for a token server that does not answer is let go at once, and nobody is asked from then on."""
    gate = desk.idp.knobs.gate = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(desk.token) for _ in range(2)]
        assert desk.idp.asked.wait(10)
        desk.credentials.close()
        for each in waiting:
            with pytest.raises(Unreachable, match="ending"):
                each.result(5)
        with pytest.raises(Unreachable, match="ending"):
            desk.token()
        gate.set()
    assert desk.idp.refreshes == 1


def test_a_bug_lets_those_go_who_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours in the middle of a renewal reaches the crash handler, and the wait ends in words."""
    bugs: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: bugs.append(arguments.exc_type))
    monkeypatch.setattr(desk.vault, "get", lambda _name: 1 / 0)
    with pytest.raises(Unreachable, match="could not be renewed"):
        desk.token()
    for thread in threading.enumerate():
        if thread.name == "tokens":
            thread.join(10)
    assert bugs == [ZeroDivisionError]
