"""Accounts with what they sign in with: the forms' way to try, keep and forget them, and to move all secrets.

A secret is kept before the account that needs it is told of, since whoever hears of the account signs in at once.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from desktop.accounts import oauth
from desktop.accounts.channel import CHANNEL_SECRET, TAG_KEY_SECRET
from desktop.accounts.clients import Clients, client_secret_name
from desktop.accounts.credentials import Bearer, Credential, Credentials, Password, grant_secret
from desktop.accounts.oauth import Grant
from desktop.accounts.retired import RETIRED_SECRET
from desktop.accounts.suppression import SUPPRESSION_SECRET
from desktop.accounts.vault import LISTENER_SECRET, KeyringVault, account_secret, open_vault
from desktop.core.agents import Family, program_shape, read_agent
from desktop.core.errors import StoreTrouble
from desktop.core.keep import Keep
from desktop.incoming.mailroom import Mailroom
from desktop.layered_vault import LayeredVault
from desktop.outgoing.offers import Offer
from desktop.outgoing.probe import probe
from desktop.outgoing.upstream import Step
from desktop.store import accounts, settings
from desktop.store.accounts import AccountRow, Auth
from desktop.store.database import Store
from desktop.store.own_views import record_own_program

SECRETS_SETTING: Final = "secrets.keep"


class AccountKeeping:
    """What a form may ask for; methods may block, and any thread may call."""

    def __init__(
        self,
        *,
        store: Store,
        vault: LayeredVault,
        clients: Clients,
        credentials: Credentials,
        mailroom: Mailroom,
        clock: Callable[[], datetime],
        secrets_path: Path,
        on_moved: Callable[[], None],
    ) -> None:
        """Take the parts; `on_moved` is called once secrets were moved, to start what could not for want of them."""
        self._store = store
        self._vault = vault
        self._clients = clients
        self._credentials = credentials
        self._mailroom = mailroom
        self._clock = clock
        self._secrets_path = secrets_path
        self._on_moved = on_moved

    def keyring_works(self) -> bool:
        """Say whether the system keyring answers; blocks while it asks the user to unlock it."""
        try:
            KeyringVault().get(LISTENER_SECRET)
        except StoreTrouble:
            return False
        return True

    def sign_in(
        self,
        provider: str,
        address: str,
        open_browser: Callable[[str], object],
        cancelled: threading.Event,
    ) -> Grant:
        """Have the user sign in at a provider's own page, which `open_browser` shows; raise Trouble.

        The grant is tried by `test_account` and kept by `save_account`, in place of an earlier one if there is.
        """
        known = self._clients.provider(provider)
        client = self._clients.client(known)
        return oauth.sign_in(
            known,
            client,
            address,
            open_browser=open_browser,
            cancelled=cancelled,
            clock=self._clock,
            on_browser=self._learn_browser,
        )

    def _learn_browser(self, agent: str) -> None:
        """Keep the browser that the user signed in with as the user's own."""
        if read_agent(agent).family is not Family.BROWSER:
            return
        # One that cannot be kept now is learnt at the next sign-in; this one goes on.
        with contextlib.suppress(StoreTrouble):
            record_own_program(self._store, program=program_shape(agent), how="browser", now=self._clock())

    def test_account(
        self, account: AccountRow, password: str, on_step: Callable[[Step], None], grant: Grant | None = None
    ) -> Offer:
        """Sign in at the provider and send nothing; raise Trouble.

        Without a `grant` and with an empty password it is tried with what is kept.  `on_step` is told of each step as
        it begins; what the server offers is returned.
        """
        return probe(account, self.credential_for(account, password, grant) or self._credentials, on_step=on_step)

    def credential_for(
        self, account: AccountRow, password: str, grant: Grant | None = None, *, incoming: bool = False
    ) -> Credential | None:
        """Return what a form that is not saved yet signs in with; None where that is what is kept already."""
        user = (account.imap_user if incoming else "") or account.user
        if account.auth is Auth.OAUTH2:
            return None if grant is None else Bearer(user=user, token=grant.tokens.access_token)
        return Password(user=user, secret=password) if password else None

    def save_account(self, account: AccountRow, password: str, keep: Keep, grant: Grant | None = None) -> int:
        """Keep an account with its password or grant; without either, what is kept stays; return its id.

        Raise StoreTrouble.

        Keyring and file hold all lasting secrets, so choosing one moves the others there.  “This session only” is for
        this password, and for all where no keyring answers.
        """
        if keep is not Keep.SESSION or (self.kept_in is Keep.KEYRING and not self.keyring_works()):
            self.keep_in(keep)
        # Who hears of the change signs in anew: by then the secret is there, but for a first save, which makes the id.
        account_id = account.id or accounts.save_account(self._store, account)[1]
        self._keep_secret(account_id, account.auth, password, keep, grant)
        accounts.save_account(self._store, replace(account, id=account_id))
        if not account.id:
            # Its mail may have been looked for before the secret was there.
            self._mailroom.resume_account(account_id)
        return account_id

    def _keep_secret(self, account_id: int, auth: Auth, password: str, keep: Keep, grant: Grant | None) -> None:
        """Keep what the account signs in with from now on, and forget what it does not."""
        is_page = auth is Auth.OAUTH2
        place = self._vault.session if keep is Keep.SESSION else self._vault
        if grant is not None and is_page:
            if keep is not Keep.SESSION:
                # Else an earlier one of this session would stand before it.
                self._vault.session.delete(grant_secret(account_id))
            self._credentials.adopt(account_id, grant, vault=place)
        elif password and not is_page:
            place.put(account_secret(account_id), password)
        if is_page and grant is not None:
            self._vault.delete(account_secret(account_id))
        elif not is_page and password:
            self._credentials.forget(account_id)
            self._vault.delete(grant_secret(account_id))

    @property
    def kept_in(self) -> Keep:
        """Where secrets that last are kept."""
        return self._vault.lasting.where

    def keep_in(self, keep: Keep) -> None:
        """Move every secret to another place; those of a keyring that does not answer stay where they are.

        Raise StoreTrouble.  What could not start for want of its secrets is started.
        """
        before = self._vault.lasting
        if before.where is keep:
            return
        after = open_vault(keep, path=self._secrets_path)
        names = [LISTENER_SECRET, CHANNEL_SECRET, TAG_KEY_SECRET, RETIRED_SECRET, SUPPRESSION_SECRET]
        names += [name(row.id) for row in accounts.accounts(self._store) for name in (account_secret, grant_secret)]
        names += [client_secret_name(provider.key) for provider in self._clients.providers()]
        answers = before.where is not Keep.KEYRING or self.keyring_works()
        known = {name: secret for name in names if answers and (secret := before.get(name)) is not None}
        for name, secret in known.items():
            after.put(name, secret)
        settings.put(self._store, SECRETS_SETTING, keep.value)
        self._vault.lasting = after
        for name in known:
            before.delete(name)
        self._on_moved()

    def delete_account(self, account_id: int) -> None:
        """Forget an account and its password; raise StoreTrouble."""
        accounts.delete_account(self._store, account_id)
        self._credentials.forget(account_id)
        self._vault.delete(account_secret(account_id))
        self._vault.delete(grant_secret(account_id))

    def has_password(self, account_id: int) -> bool:
        """Say whether an account's password or grant is at hand; one kept for a session is not after it."""
        names = (account_secret(account_id), grant_secret(account_id))
        try:
            return any(self._vault.get(name) is not None for name in names)
        except StoreTrouble:
            return False
