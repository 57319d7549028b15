"""The engine and signing in at a provider's page: try it, keep it, replace it, move it, forget it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from desktop import doctor
from desktop.accounts.clients import client_secret_name
from desktop.accounts.credentials import Bearer, Password, grant_secret
from desktop.accounts.oauth import Grant, GrantEnded
from desktop.accounts.oauth_providers import GOOGLE, Client
from desktop.accounts.vault import account_secret
from desktop.core.address import Mailbox
from desktop.core.errors import Malformed, NotAuthorised, StoreTrouble
from desktop.core.keep import Keep
from desktop.engine import Engine
from desktop.layered_vault import LayeredVault
from desktop.places import Places
from desktop.store import accounts
from desktop.store.accounts import AccountRow, Auth, Security
from tests.fakes.idp import CLIENT_ID, IdentityProvider, User
from tests.fakes.provider import PASSWORD, USER, Provider, make_certificates

NEVER = threading.Event()


@dataclass
class Desk:
    """An engine whose secrets are in a file, and the servers of one provider."""

    engine: Engine
    idp: IdentityProvider
    row: AccountRow
    places: Places

    def sign_in(self) -> Grant:
        """Sign in at the page as its user does."""
        user = User()
        try:
            return self.engine.accounts.sign_in("company", USER, user.open, NEVER)
        finally:
            user.done()

    def kept(self, account_id: int) -> tuple[str | None, str | None]:
        """Return the password and the refresh token that are kept of an account."""
        vault = self.engine.vault
        return vault.get(account_secret(account_id)), vault.get(grant_secret(account_id))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    certificates = make_certificates(tmp_path)
    places = Places.in_folder(tmp_path / "home")
    with IdentityProvider() as idp, Provider(certificates.context(), auth="PLAIN XOAUTH2") as smtp:
        smtp.owner_of = idp.owner_of
        engine = Engine(places, keep=Keep.FILE)
        engine.clients.save_provider(idp.provider())
        engine.clients.save_client(idp.provider(), Client(client_id=CLIENT_ID))
        row = AccountRow(
            id=0,
            label="Work",
            host="127.0.0.1",
            port=smtp.port,
            security=Security.STARTTLS,
            user=USER,
            identities=(Mailbox("Alice", USER),),
            ca_file=str(certificates.ca_file),
            auth=Auth.OAUTH2,
            oauth_provider="company",
        )
        yield Desk(engine, idp, row, places)
        engine.close()


def test_a_sign_in_is_tried_before_it_is_kept(desk: Desk) -> None:
    """A grant in hand is enough for the test of an account that is not saved; without one there is nothing to try."""
    grant = desk.sign_in()
    assert desk.engine.accounts.test_account(desk.row, "", lambda _step: None, grant).dsn
    assert desk.kept(0) == (None, None)
    with pytest.raises(NotAuthorised, match="Nobody has signed in"):
        desk.engine.accounts.test_account(desk.row, "", lambda _step: None)
    assert desk.engine.accounts.credential_for(desk.row, "", grant, incoming=True) == Bearer(
        user=USER, token=grant.tokens.access_token
    )


def test_saving_keeps_the_refresh_token_and_testing_again_needs_no_page(desk: Desk) -> None:
    """After saving, the account is tried with what is kept; the first access token serves."""
    grant = desk.sign_in()
    account_id = desk.engine.accounts.save_account(desk.row, "", Keep.FILE, grant)
    saved = replace(desk.row, id=account_id)
    assert desk.kept(account_id) == (None, grant.tokens.refresh_token)
    assert desk.engine.accounts.has_password(account_id)
    assert desk.engine.accounts.test_account(saved, "", lambda _step: None).dsn
    assert desk.idp.refreshes == 0


def test_signing_in_again_mends_an_ended_sign_in(desk: Desk) -> None:
    """The account keeps its id and everything else; only the grant is another."""
    account_id = desk.engine.accounts.save_account(desk.row, "", Keep.FILE, desk.sign_in())
    saved = replace(desk.row, id=account_id, wait_days=7)
    desk.engine.accounts.save_account(saved, "", Keep.FILE)
    desk.engine.credentials.forget(account_id)
    desk.idp.revoke(USER)
    with pytest.raises(GrantEnded, match="The sign-in for Work has ended"):
        desk.engine.accounts.test_account(saved, "", lambda _step: None)
    grant = desk.sign_in()
    assert desk.engine.accounts.save_account(saved, "", Keep.FILE, grant) == account_id
    assert desk.engine.accounts.test_account(saved, "", lambda _step: None).dsn
    assert accounts.accounts(desk.engine.store) == (saved,)


def test_changing_the_way_to_sign_in_forgets_the_other_secret(desk: Desk) -> None:
    """From the page to a password and back: one secret is kept at a time, and what is used is the one chosen."""
    account_id = desk.engine.accounts.save_account(desk.row, "", Keep.FILE, desk.sign_in())
    by_password = replace(desk.row, id=account_id, auth=Auth.PASSWORD, oauth_provider="")
    desk.engine.accounts.save_account(by_password, PASSWORD, Keep.FILE)
    assert desk.kept(account_id) == (PASSWORD, None)
    assert desk.engine.credentials.of(by_password) == Password(user=USER, secret=PASSWORD)
    grant = desk.sign_in()
    desk.engine.accounts.save_account(replace(desk.row, id=account_id), "", Keep.FILE, grant)
    assert desk.kept(account_id) == (None, grant.tokens.refresh_token)


def test_a_sign_in_for_this_session_never_becomes_a_lasting_one(desk: Desk) -> None:
    """For a session the refresh token is in memory, after a rotation too; signing in to last puts it in the file."""
    account_id = desk.engine.accounts.save_account(desk.row, "", Keep.SESSION, desk.sign_in())
    saved = replace(desk.row, id=account_id)
    desk.engine.credentials.forget(account_id)
    assert desk.engine.credentials.of(saved)
    assert desk.idp.refreshes == 1
    assert desk.engine.vault.session.get(grant_secret(account_id)) is not None
    assert desk.engine.vault.lasting.get(grant_secret(account_id)) is None
    grant = desk.sign_in()
    desk.engine.accounts.save_account(saved, "", Keep.FILE, grant)
    assert desk.engine.vault.session.get(grant_secret(account_id)) is None
    assert desk.engine.vault.lasting.get(grant_secret(account_id)) == grant.tokens.refresh_token


def test_grants_and_client_secrets_move_with_the_passwords(desk: Desk) -> None:
    """Another place for secrets gets all of them, and the first keeps none."""
    account_id = desk.engine.accounts.save_account(desk.row, "", Keep.FILE, desk.sign_in())
    desk.engine.clients.save_client(GOOGLE, Client(client_id="x", secret="client-secret"))
    before = desk.engine.vault.lasting
    refresh_token = before.get(grant_secret(account_id))
    desk.engine.accounts.keep_in(Keep.SESSION)
    after = desk.engine.vault.lasting
    assert (after.get(grant_secret(account_id)), after.get(client_secret_name("google"))) == (
        refresh_token,
        "client-secret",
    )
    assert (before.get(grant_secret(account_id)), before.get(client_secret_name("google"))) == (None, None)


def test_a_removed_account_takes_its_sign_in_along(desk: Desk) -> None:
    """Neither vault nor memory has anything of it afterwards."""
    account_id = desk.engine.accounts.save_account(desk.row, "", Keep.FILE, desk.sign_in())
    desk.engine.accounts.delete_account(account_id)
    assert desk.kept(account_id) == (None, None)
    with pytest.raises(NotAuthorised, match="Nobody has signed in"):
        desk.engine.credentials.of(replace(desk.row, id=account_id))


def test_no_browser_opens_where_no_client_id_is_known(desk: Desk) -> None:
    """The user hears which page has one; an unknown provider is told as well."""
    opened: list[str] = []
    with pytest.raises(NotAuthorised, match="Signing in at Google needs a client id") as caught:
        desk.engine.accounts.sign_in("google", USER, opened.append, NEVER)
    assert "console.cloud.google.com" in caught.value.cure
    with pytest.raises(Malformed):
        desk.engine.accounts.sign_in("nobody", USER, opened.append, NEVER)
    assert opened == []


def test_a_vault_that_takes_nothing_leaves_the_earlier_sign_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new grant cannot be kept, that is told, and the old one goes on."""
    account_id = desk.engine.accounts.save_account(desk.row, "", Keep.FILE, desk.sign_in())
    saved = replace(desk.row, id=account_id)
    before = desk.engine.credentials.of(saved)

    def locked(_vault: LayeredVault, _name: str, _secret: str) -> None:
        raise StoreTrouble("The system keyring is locked or does not answer.", "Unlock it and try again.")

    grant = desk.sign_in()
    monkeypatch.setattr(LayeredVault, "put", locked)
    with pytest.raises(StoreTrouble, match="locked"):
        desk.engine.accounts.save_account(saved, "", Keep.FILE, grant)
    assert desk.engine.credentials.of(saved) == before


def test_doctor_tells_of_the_sign_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign-in that holds is well, an ended one says to sign in again, and a client id that is missing is named."""
    desk.engine.accounts.save_account(desk.row, "", Keep.FILE, desk.sign_in())
    monkeypatch.setattr(doctor, "open_vault", lambda *_arguments, **_named: desk.engine.vault.lasting)
    found = {finding.part: finding for finding in doctor.findings(desk.places)}
    assert (found["sign-in"].is_well, found["provider"].is_well) == (True, True)
    assert found["sign-in"].seen == "alice@example.test: Example takes the sign-in"
    desk.idp.revoke(USER)
    ended = {finding.part: finding for finding in doctor.findings(desk.places)}
    assert (ended["sign-in"].is_well, ended["sign-in"].seen) == (False, "The sign-in for Work has ended.")
    assert "Sign in again" in ended["sign-in"].cure
    assert "provider" not in ended
    desk.engine.clients.save_client(desk.idp.provider(), None)
    without = {finding.part: finding for finding in doctor.findings(desk.places)}
    assert without["sign-in"].seen == "Signing in at Example needs a client id for Readback."
