"""Where client ids come from, and what is said where there is none."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop.accounts.clients import OWN_PROVIDERS, Clients, client_id_setting, client_secret_name
from desktop.accounts.oauth_providers import GOOGLE, MICROSOFT, Client, Provider
from desktop.accounts.vault import SessionVault
from desktop.core.errors import Malformed, NotAuthorised, StoreTrouble
from desktop.store import settings
from desktop.store.database import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.sqlite3", clock=lambda: datetime(2026, 11, 21, tzinfo=UTC))
    yield opened
    opened.close()


@pytest.fixture
def vault() -> SessionVault:
    return SessionVault()


def packaged(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "clients.json"
    path.write_text(text)
    return path


def test_the_users_own_comes_before_the_environments_and_the_packagers(
    store: Store, vault: SessionVault, tmp_path: Path
) -> None:
    """Each source is used where no earlier one has an id; ids and secrets of two sources are never mixed."""
    file = packaged(tmp_path, '{"google": {"client_id": "packaged", "client_secret": "p"}}')
    environment = {"READBACK_GOOGLE_CLIENT_ID": "environment", "READBACK_GOOGLE_CLIENT_SECRET": "e"}
    assert Clients(store, vault, environment={}, packaged=file).client(GOOGLE) == Client(
        client_id="packaged", secret="p"
    )
    clients = Clients(store, vault, environment=environment, packaged=file)
    assert clients.client(GOOGLE) == Client(client_id="environment", secret="e")
    clients.save_client(GOOGLE, Client(client_id=" mine ", secret="m"))
    assert clients.client(GOOGLE) == Client(client_id="mine", secret="m")
    clients.save_client(GOOGLE, Client(client_id="mine"))
    with pytest.raises(NotAuthorised, match="client secret"):
        clients.client(GOOGLE)
    clients.save_client(GOOGLE, None)
    assert clients.client(GOOGLE).client_id == "environment"


def test_a_client_secret_is_in_the_vault_alone(store: Store, vault: SessionVault, tmp_path: Path) -> None:
    """The id is a setting; the secret is not in the store's file."""
    clients = Clients(store, vault, environment={})
    clients.save_client(MICROSOFT, Client(client_id="plain-id", secret="planted-secret"))
    assert settings.get(store, client_id_setting("microsoft"), "") == "plain-id"
    assert vault.get(client_secret_name("microsoft")) == "planted-secret"
    octets = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"plain-id" in octets
    assert b"planted-secret" not in octets


def test_without_a_client_id_the_page_to_get_one_is_named(store: Store, vault: SessionVault, tmp_path: Path) -> None:
    """Google's cure names both ways, Microsoft's only the one it takes; a known id is enough there."""
    clients = Clients(store, vault, environment={}, packaged=tmp_path / "none")
    with pytest.raises(NotAuthorised, match="Signing in at Google needs a client id") as google:
        clients.client(GOOGLE)
    assert "https://console.cloud.google.com/apis/credentials" in google.value.cure
    assert "https://myaccount.google.com/apppasswords" in google.value.cure
    with pytest.raises(NotAuthorised, match="Microsoft needs a client id") as microsoft:
        clients.client(MICROSOFT)
    assert "entra.microsoft.com" in microsoft.value.cure
    assert "app password" not in microsoft.value.cure
    assert not clients.has_client(MICROSOFT)
    clients.save_client(MICROSOFT, Client(client_id="x"))
    assert clients.has_client(MICROSOFT)


@pytest.mark.parametrize("text", ["{", "[]", '{"google": {}}', '{"google": 7}', '{"google": []}', "\x00"])
def test_a_damaged_packagers_file_is_told(store: Store, vault: SessionVault, tmp_path: Path, text: str) -> None:
    """It is StoreTrouble with a cure, and one that says nothing of a provider is no trouble."""
    with pytest.raises(StoreTrouble, match="cannot be read"):
        Clients(store, vault, environment={}, packaged=packaged(tmp_path, text)).client(GOOGLE)
    other = packaged(tmp_path, '{"other": {"client_id": "x"}}')
    with pytest.raises(NotAuthorised):
        Clients(store, vault, environment={}, packaged=other).client(GOOGLE)


def test_a_provider_of_ones_own_is_kept(store: Store, vault: SessionVault) -> None:
    """It comes back as it was, beside the known ones; an unknown key and a known one's name are refused."""
    clients = Clients(store, vault, environment={})
    company = Provider(
        key="company",
        label="Company",
        authorize_url="https://login.company.test/authorize",
        token_url="https://login.company.test/token",
        scopes=("imap", "smtp"),
        ca_file="/etc/company.pem",
    )
    clients.save_provider(company)
    assert clients.provider("company") == company
    assert clients.providers() == (GOOGLE, MICROSOFT, company)
    assert clients.provider("google") is GOOGLE
    with pytest.raises(Malformed, match="does not know where"):
        clients.provider("nobody")
    with pytest.raises(Malformed, match="taken"):
        clients.save_provider(GOOGLE)


def test_a_damaged_provider_of_ones_own_hides_no_other(store: Store, vault: SessionVault) -> None:
    """Settings that make no provider are left out of the list, and told where they are asked for."""
    settings.put(store, OWN_PROVIDERS, {"bad": {"authorize_url": "http://login.test/", "token_url": "x"}})
    clients = Clients(store, vault, environment={})
    assert clients.providers() == (GOOGLE, MICROSOFT)
    with pytest.raises(Malformed):
        clients.provider("bad")
