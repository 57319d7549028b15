"""`readback doctor`: looks at each part in turn and says, for whatever is not well, how to mend it.

It works beside a running Readback, so it holds no lock, starts no station and sends no mail.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from desktop.account_keeping import SECRETS_SETTING
from desktop.accounts import channel as channels
from desktop.accounts.clients import Clients
from desktop.accounts.credentials import Credentials, grant_secret
from desktop.accounts.vault import LISTENER_SECRET, Vault, account_secret, check_keeps, open_vault
from desktop.core.errors import NoKeyring, StoreTrouble, Trouble, Unreachable
from desktop.core.keep import Keep
from desktop.engine import PORT_SETTING, RELAY_SETTING, utc_now
from desktop.incoming.probe import probe as probe_incoming
from desktop.outgoing.listener import DEFAULT_PORT
from desktop.outgoing.probe import probe
from desktop.outgoing.whose import Whose, whose
from desktop.places import Places
from desktop.relay_finding import seen_of
from desktop.running import is_running
from desktop.store import accounts, settings
from desktop.store.accounts import AccountRow, Auth
from desktop.store.database import Store
from desktop.store.ledger import ledger_trouble
from desktop.tracking.health import health
from desktop.ui import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: the part, whether it is well, what was seen, and what to do where it is not."""

    part: str
    is_well: bool
    seen: str
    cure: str = ""


def findings(places: Places, chosen: Keep | None = None) -> Iterator[Finding]:
    """Look at store, secrets, listener, each account and the relay; yield a finding as soon as it is known.

    What is `chosen` overrules where the settings say that secrets are.
    """
    try:
        store = Store(places.store, clock=utc_now)
    except Trouble as trouble:
        yield _ill("store", trouble)
        return
    try:
        yield Finding(part="store", is_well=True, seen=str(places.store))
        yield _look("ledger", lambda: _ledger(store))
        keep = chosen or Keep(settings.get(store, SECRETS_SETTING, Keep.KEYRING.value))
        vault = open_vault(keep, path=places.secrets)
        yield _look("secrets", lambda: _secrets(vault))
        runs = is_running(places.lock)
        port = settings.get(store, PORT_SETTING, DEFAULT_PORT)
        yield _look("listener", lambda: _listener(port, vault, runs=runs))
        rows = accounts.accounts(store)
        if not rows:
            cure = "Open `readback` and enter one under Settings → Accounts."
            yield Finding(part="provider", is_well=False, seen="No account yet.", cure=cure)
        clients = Clients(store, vault, environment=os.environ)
        credentials = Credentials(vault, clock=utc_now, clients=clients)
        for row in rows:
            yield from _account(row, vault, clients, credentials, runs=runs)
        yield _look("relay", lambda: _relay(vault, url=settings.get(store, RELAY_SETTING, "")))
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
    """Look whether secrets last, and say where they are."""
    check_keeps(vault)
    return {Keep.KEYRING: "in the system keyring", Keep.FILE: "in a file only you can read"}[vault.where]


def _ledger(store: Store) -> str:
    trouble = ledger_trouble(store)
    if trouble is not None:
        raise trouble
    return "the record of who agreed holds"


def _listener(port: int, vault: Vault, *, runs: bool) -> str:
    """Look whose the listener on the port is."""
    try:
        password = vault.get(LISTENER_SECRET)
    except StoreTrouble:
        password = None
    found = whose(port, password)
    other = "Choose another port under Settings → Mail program, or stop that one."
    if found is Whose.NOBODY:
        raise Unreachable(f"Nothing takes mail on 127.0.0.1:{port}.", "Start `readback` or `readback listen`.")
    if found is Whose.STRANGER:
        raise Unreachable(f"Another program listens on 127.0.0.1:{port}.", other)
    if found is Whose.OTHER_READBACK or not runs:
        raise Unreachable(f"Another Readback, not that of this folder, takes mail on 127.0.0.1:{port}.", other)
    return f"taking mail on 127.0.0.1:{port}"


def _account(
    row: AccountRow, vault: Vault, clients: Clients, credentials: Credentials, *, runs: bool
) -> Iterator[Finding]:
    """Look at the sign-in, where there is a page for it, and at the provider and mailbox only where that is well."""
    if runs and _is_of_session(row, vault):
        seen = f"{row.address}: kept for the session of the running window; not checked here"
        yield Finding(part="sign-in", is_well=True, seen=seen)
        return
    if row.auth is Auth.OAUTH2:
        found = _look("sign-in", lambda: _sign_in(row, clients, credentials))
        yield found
        if not found.is_well:
            return
    yield _look("provider", lambda: _provider(row, credentials))
    if row.imap_host:
        yield _look("mailbox", lambda: _mailbox(row, credentials))


def _is_of_session(row: AccountRow, vault: Vault) -> bool:
    """Say whether nothing is kept of an account that lasts; a vault that does not answer is another trouble."""
    try:
        return all(vault.get(name(row.id)) is None for name in (account_secret, grant_secret))
    except StoreTrouble:
        return False


def _sign_in(row: AccountRow, clients: Clients, credentials: Credentials) -> str:
    credentials.of(row)
    return f"{row.address}: {clients.provider(row.oauth_provider).label} takes the sign-in"


def _provider(row: AccountRow, credentials: Credentials) -> str:
    probe(row, credentials)
    return f"{row.address}: signed in at {row.host}:{row.port}, certificate valid"


def _mailbox(row: AccountRow, credentials: Credentials) -> str:
    found = probe_incoming(row, credentials.of(row, incoming=True))
    folders = words.count(len(found.folders), "folder", "folders")
    return f"{row.address}: {folders} to read at {row.imap_host}:{row.imap_port}, certificate valid"


def _relay(vault: Vault, *, url: str) -> str:
    try:
        channel = channels.load(vault)
    except NoKeyring as trouble:
        if url:
            raise StoreTrouble(f"The keys for {url} are kept with the secrets.", "Mend those first.") from trouble
        channel = None
    except StoreTrouble as trouble:
        raise StoreTrouble("Whether one is connected is kept with the secrets.", "Mend those first.") from trouble
    if channel is None:
        return "none connected, which is fine: mail goes out untracked"
    return seen_of(health(channel, clock=utc_now))
