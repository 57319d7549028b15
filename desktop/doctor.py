"""`readback doctor`: looks at each part in turn and says, for whatever is not well, how to mend it.

It works beside a running Readback, so it takes no lock, starts no station and sends no mail.
"""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from desktop.accounts import channel as channels
from desktop.accounts.clients import Clients
from desktop.accounts.credentials import Credentials
from desktop.accounts.vault import Vault, open_vault
from desktop.core.errors import StoreTrouble, Trouble, Unreachable
from desktop.core.keep import Keep
from desktop.engine import PORT_SETTING, SECRETS_SETTING, utc_now
from desktop.outgoing.listener import DEFAULT_PORT
from desktop.outgoing.probe import probe
from desktop.places import Places
from desktop.store import accounts, settings
from desktop.store.accounts import AccountRow, Auth
from desktop.store.database import Store
from desktop.tracking.health import health
from desktop.ui import words

PROBE_SECRET: Final = "doctor"
ANSWER_WAIT_S: Final = 5.0
SOON_DAYS: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: the part, whether it is well, what was seen, and what to do where it is not."""

    part: str
    is_well: bool
    seen: str
    cure: str = ""


def findings(places: Places) -> Iterator[Finding]:
    """Look at store, secrets, listener, each account and the relay; yield a finding as soon as it is known."""
    try:
        store = Store(places.store, clock=utc_now)
    except Trouble as trouble:
        yield _ill("store", trouble)
        return
    try:
        yield Finding(part="store", is_well=True, seen=str(places.store))
        keep = Keep(settings.get(store, SECRETS_SETTING, Keep.KEYRING.value))
        vault = open_vault(keep, path=places.secrets)
        yield _look("secrets", lambda: _secrets(vault))
        yield _look("listener", lambda: _listener(settings.get(store, PORT_SETTING, DEFAULT_PORT)))
        rows = accounts.accounts(store)
        if not rows:
            cure = "Open `readback` and enter one under Settings → Accounts."
            yield Finding(part="provider", is_well=False, seen="No account yet.", cure=cure)
        clients = Clients(store, vault, environment=os.environ)
        credentials = Credentials(vault, clock=utc_now, clients=clients)
        for row in rows:
            yield from _account(row, clients, credentials)
        yield _look("relay", lambda: _relay(vault))
    finally:
        store.close()


def _ill(part: str, trouble: Trouble) -> Finding:
    sentence, cure = words.trouble_texts(trouble)
    return Finding(part=part, is_well=False, seen=sentence, cure=cure)


def _look(part: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(part=part, is_well=True, seen=look())
    except Trouble as trouble:
        return _ill(part, trouble)


def _secrets(vault: Vault) -> str:
    """Put a secret, read it back and take it away again."""
    if vault.where is Keep.SESSION:
        raise StoreTrouble(
            "Passwords are kept for one session only.",
            "Choose the keyring under Settings → Accounts to keep them.",
        )
    vault.put(PROBE_SECRET, "well")
    found = vault.get(PROBE_SECRET)
    vault.delete(PROBE_SECRET)
    if found != "well":
        raise StoreTrouble("The keyring forgets what it is given.", "Look at the system's keyring program.")
    return {Keep.KEYRING: "in the system keyring", Keep.FILE: "in a file only you can read"}[vault.where]


def _listener(port: int) -> str:
    """Read the greeting of whatever listens on the port."""
    cure = "Start `readback` or `readback listen`."
    try:
        with socket.create_connection(("127.0.0.1", port), ANSWER_WAIT_S) as connection:
            connection.settimeout(ANSWER_WAIT_S)
            greeting = connection.recv(512)
    except OSError as error:
        raise Unreachable(f"Nothing takes mail on 127.0.0.1:{port}.", cure) from error
    if b"Readback" not in greeting:
        raise Unreachable(
            f"Another program listens on 127.0.0.1:{port}.",
            "Choose another port under Settings → Mail program.",
        )
    return f"taking mail on 127.0.0.1:{port}"


def _account(row: AccountRow, clients: Clients, credentials: Credentials) -> Iterator[Finding]:
    """Look at the sign-in, where there is a page for it, and at the provider only where that is well."""
    if row.auth is Auth.OAUTH2:
        found = _look("sign-in", lambda: _sign_in(row, clients, credentials))
        yield found
        if not found.is_well:
            return
    yield _look("provider", lambda: _provider(row, credentials))


def _sign_in(row: AccountRow, clients: Clients, credentials: Credentials) -> str:
    credentials.of(row)
    return f"{row.label}: {clients.provider(row.oauth_provider).label} takes the sign-in"


def _provider(row: AccountRow, credentials: Credentials) -> str:
    probe(row, credentials)
    return f"{row.label}: signed in at {row.host}:{row.port}, certificate valid"


def _relay(vault: Vault) -> str:
    try:
        channel = channels.load(vault)
    except StoreTrouble as trouble:
        raise StoreTrouble("Whether one is connected is kept with the secrets.", "Mend those first.") from trouble
    if channel is None:
        return "none connected, which is fine: mail goes out untracked"
    state = health(channel, clock=utc_now)
    if state.certificate_days is None:
        return f"{channel.relay_url} answers (no TLS)"
    if state.certificate_days < SOON_DAYS:
        raise Unreachable(
            f"The certificate of {channel.relay_url} ends in {words.count(state.certificate_days, 'day', 'days')}.",
            "Renew it on the relay's machine.",
        )
    return f"{channel.relay_url} answers, certificate valid for {state.certificate_days} days"
