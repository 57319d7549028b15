"""As what this program signs in: the client id of each provider, from the user, the environment or the packager.

The user's own comes first; a secret that belongs to it is in the vault, though no provider counts on it being one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from desktop.accounts.oauth_providers import PROVIDERS, Client, Provider, own_provider
from desktop.accounts.vault import Vault
from desktop.core.errors import Malformed, NotAuthorised, StoreTrouble
from desktop.store import settings
from desktop.store.database import Store

OWN_PROVIDERS: Final = "oauth.own"
# Beside the program's own folder, where a packager can lay it without touching the code.
PACKAGED_FILE: Final = Path(__file__).resolve().parents[1] / "oauth-clients.json"


def client_id_setting(key: str) -> str:
    """Return the setting that holds the user's client id for a provider."""
    return f"oauth.{key}.client_id"


def client_secret_name(key: str) -> str:
    """Return the name under which the vault keeps the client secret."""
    return f"oauth.{key}.client_secret"


class Clients:
    """Looks up providers and client ids; any thread may call."""

    def __init__(
        self, store: Store, vault: Vault, *, environment: Mapping[str, str], packaged: Path = PACKAGED_FILE
    ) -> None:
        """Take where ids may come from; nothing is read yet."""
        self._store = store
        self._vault = vault
        self._environment = environment
        self._packaged = packaged

    def providers(self) -> tuple[Provider, ...]:
        """Return every provider that can be signed in at, those of one's own last; one that is damaged is left out."""
        own = []
        for key, values in self._own().items():
            try:
                own.append(own_provider(key, values))
            except Malformed:
                continue
        return (*PROVIDERS.values(), *own)

    def _own(self) -> dict[str, dict[str, Any]]:
        kept: dict[str, dict[str, Any]] = settings.get(self._store, OWN_PROVIDERS, {})
        return kept

    def provider(self, key: str) -> Provider:
        """Return the provider of that key; raise Malformed when none has it."""
        if key in PROVIDERS:
            return PROVIDERS[key]
        values = self._own().get(key)
        if values is None:
            raise Malformed("Readback does not know where to sign in for this account.", "Set the account up again.")
        return own_provider(key, values)

    def save_provider(self, provider: Provider) -> None:
        """Keep a provider of one's own; raise Malformed when it is no safe one."""
        values = {
            "label": provider.label,
            "authorize_url": provider.authorize_url,
            "token_url": provider.token_url,
            "scopes": list(provider.scopes),
            "needs_client_secret": provider.needs_client_secret,
            "ca_file": provider.ca_file,
        }
        own_provider(provider.key, values)
        if provider.key in PROVIDERS:
            raise Malformed("This name is taken by a provider that is known.", "Choose another name.")
        settings.put(self._store, OWN_PROVIDERS, {**self._own(), provider.key: values})

    def client(self, provider: Provider) -> Client:
        """Return what to sign in as; raise NotAuthorised, with the page to get it from, where there is nothing."""
        found = self._users(provider.key) or self._environments(provider.key) or self._packagers(provider.key)
        if found is None or (provider.needs_client_secret and not found.secret):
            what = "client id" if found is None else "client secret"
            raise NotAuthorised(f"Signing in at {provider.label} needs a {what} for Readback.", where_from(provider))
        return found

    def has_client(self, provider: Provider) -> bool:
        """Say whether signing in at this provider can be offered at once."""
        try:
            self.client(provider)
        except (NotAuthorised, StoreTrouble):
            return False
        return True

    def save_client(self, provider: Provider, client: Client | None) -> None:
        """Keep the user's own client id and secret, or forget both; raise StoreTrouble."""
        name = client_secret_name(provider.key)
        if client is not None and client.secret:
            self._vault.put(name, client.secret)
        else:
            self._vault.delete(name)
        settings.put(self._store, client_id_setting(provider.key), "" if client is None else client.client_id.strip())

    def _users(self, key: str) -> Client | None:
        client_id: str = settings.get(self._store, client_id_setting(key), "")
        if not client_id:
            return None
        return Client(client_id=client_id, secret=self._vault.get(client_secret_name(key)) or "")

    def _environments(self, key: str) -> Client | None:
        prefix = f"READBACK_{key.upper()}_CLIENT"
        client_id = self._environment.get(f"{prefix}_ID", "")
        if not client_id:
            return None
        return Client(client_id=client_id, secret=self._environment.get(f"{prefix}_SECRET", ""))

    def _packagers(self, key: str) -> Client | None:
        """Read `{"google": {"client_id": …, "client_secret": …}}`; a file that is not there is none."""
        try:
            values = json.loads(self._packaged.read_text(encoding="utf-8"))
            entry = values.get(key)
            return None if entry is None else Client(client_id=str(entry["client_id"]), secret=_secret_in(entry))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreTrouble(
                "The file of client ids that came with Readback cannot be read.", "Install Readback again."
            ) from error


def _secret_in(entry: Mapping[str, Any]) -> str:
    return str(entry.get("client_secret") or "")


def where_from(provider: Provider, *, place: str = "under Settings → Accounts") -> str:
    """Return where a client id comes from, and the place in the window where it is entered."""
    page = f"Get one at {provider.client_page}" if provider.client_page else "Ask whoever runs the server for one"
    kind = " (type “Desktop app”)" if provider.key == "google" else ""
    kind = " (platform “Mobile and desktop”, redirect http://localhost)" if provider.key == "microsoft" else kind
    other = f" Or use an app password from {provider.app_password_page} instead." if provider.app_password_page else ""
    return f"{page}{kind} and enter it {place}.{other}"
