"""Secrets in GNOME Keyring, as a desktop has it: found by another program, told when locked, in no file of ours."""

import gc
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import keyring
import keyring.core
import pytest

from desktop.accounts.credentials import Bearer, Password, grant_secret
from desktop.accounts.oauth import Grant, Tokens
from desktop.accounts.vault import LISTENER_SECRET, KeyringVault, account_secret
from desktop.core.address import Mailbox
from desktop.core.errors import StoreTrouble
from desktop.core.keep import Keep
from desktop.engine import Engine, utc_now
from desktop.places import Places
from desktop.store.accounts import AccountRow, Auth, Security
from tests.real.secretservice import SecretService

pytestmark = [
    pytest.mark.timeout(120),
    # keyring leaves its D-Bus connections to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    """Give a session that this process belongs to."""
    with tempfile.TemporaryDirectory(prefix="readback-keyring-") as folder:
        running = SecretService(Path(folder))
        try:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", running.environment["DBUS_SESSION_BUS_ADDRESS"])
            before = keyring.get_keyring()
            # As at a program's start: whichever of the system's keyrings answers.
            keyring.core.init_backend()
            yield running
            keyring.set_keyring(before)
        finally:
            running.close()
            # What keyring left open after an error goes here, and not in whichever test comes next.
            gc.collect()


def account(**changes: object) -> AccountRow:
    row = AccountRow(
        id=0,
        label="Work",
        host="localhost",
        port=587,
        security=Security.STARTTLS,
        user="alice@example.test",
        identities=(Mailbox("Alice", "alice@example.test"),),
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def files_holding(folder: Path, secret: str) -> list[str]:
    octets = secret.encode()
    return [path.name for path in folder.rglob("*") if path.is_file() and octets in path.read_bytes()]


def test_a_secret_is_put_found_replaced_and_forgotten(session: SecretService) -> None:
    """What we put libsecret's own tool finds in the system's keyring, as it was replaced last, until it is deleted."""
    vault = KeyringVault()
    assert vault.get("x") is None
    vault.put("x", "first")
    vault.put("x", "sëcond")
    assert (vault.get("x"), session.look_up("x")) == ("sëcond", "sëcond")
    vault.delete("x")
    vault.delete("x")
    assert (vault.get("x"), session.look_up("x")) == (None, None)


def test_accounts_secrets_are_in_the_keyring_and_in_no_file(session: SecretService, tmp_path: Path) -> None:
    """A mailbox's password, a refresh token, a client secret and the listener's password: all there, and in no file."""
    from desktop.accounts.clients import client_secret_name
    from desktop.accounts.oauth_providers import GOOGLE, Client

    home = tmp_path / "home"
    engine = Engine(Places.in_folder(home), keep=Keep.KEYRING)
    engine.start(port=0)
    now = utc_now()
    tokens = Tokens(
        access_token="planted-access-token",
        refresh_token="planted-refresh-token",
        obtained_at=now,
        ends_at=now + timedelta(hours=1),
    )
    by_password = engine.accounts.save_account(account(), "planted-password", Keep.KEYRING)
    by_page = account(auth=Auth.OAUTH2, oauth_provider="google")
    grant = Grant(provider="google", address="alice@example.test", tokens=tokens)
    by_page = replace(by_page, id=engine.accounts.save_account(by_page, "", Keep.KEYRING, grant))
    engine.clients.save_client(GOOGLE, Client(client_id="id", secret="planted-client-secret"))
    listener_password = engine.listener_password
    assert engine.credentials.of(by_page) == Bearer(user="alice@example.test", token="planted-access-token")
    assert engine.credentials.of(account(id=by_password)) == Password(
        user="alice@example.test", secret="planted-password"
    )
    kept = {
        account_secret(by_password): "planted-password",
        grant_secret(by_page.id): "planted-refresh-token",
        client_secret_name("google"): "planted-client-secret",
        LISTENER_SECRET: listener_password,
    }
    assert {name: session.look_up(name) for name in kept} == kept
    engine.close()
    for secret in (*kept.values(), "planted-access-token"):
        assert files_holding(home, secret) == []
        # GNOME Keyring's own file is encrypted.
        assert files_holding(session.folder, secret) == []
    assert files_holding(home, "alice@example.test") != []
    engine = Engine(Places.in_folder(home), keep=Keep.KEYRING)
    engine.accounts.delete_account(by_page.id)
    engine.close()
    assert session.look_up(grant_secret(by_page.id)) is None


def test_a_locked_keyring_is_told_and_nothing_is_written_elsewhere(session: SecretService, tmp_path: Path) -> None:
    """Nobody is there to unlock it: each use says so with a cure, soon; the account is not kept without its secret."""
    home = tmp_path / "home"
    engine = Engine(Places.in_folder(home), keep=Keep.KEYRING)
    engine.vault.put("before", "kept")
    session.lock()
    assert not engine.accounts.keyring_works()
    with pytest.raises(StoreTrouble, match="locked") as caught:
        engine.accounts.save_account(account(), "planted-password", Keep.KEYRING)
    assert "Unlock it" in caught.value.cure
    with pytest.raises(StoreTrouble, match="locked"):
        engine.credentials.of(account(id=1))
    engine.close()
    assert files_holding(home, "planted-password") == []
    assert [path.name for path in home.iterdir() if "secret" in path.name] == []


def test_a_keyring_that_went_away_is_told(session: SecretService) -> None:
    """After the keyring's end every use is trouble in words, not a bug."""
    vault = KeyringVault()
    vault.put("x", "y")
    session.end_keyring()
    uses: list[Callable[[], object]] = [
        lambda: vault.get("x"),
        lambda: vault.put("x", "z"),
        lambda: vault.delete("x"),
    ]
    for use in uses:
        with pytest.raises(StoreTrouble) as caught:
            use()
        assert caught.value.cure


def test_a_session_without_a_bus_has_no_keyring(session: SecretService) -> None:
    """Once the whole session is gone, that is told as well."""
    vault = KeyringVault()
    vault.put("x", "y")
    session.close()
    with pytest.raises(StoreTrouble) as caught:
        vault.get("x")
    assert caught.value.cure
