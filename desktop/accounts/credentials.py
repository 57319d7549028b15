"""With what an account signs in: its password, or an access token that is fetched anew when it nears its end.

Only the refresh token is in the vault; access tokens live here, in memory.  However many threads ask at once, one
request goes to the token server and all get its answer.  A new refresh token is stored before its access token is used.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from desktop.accounts import oauth
from desktop.accounts.clients import Clients
from desktop.accounts.oauth import Grant, GrantEnded, Tokens
from desktop.accounts.vault import Vault, account_secret
from desktop.core.errors import NotAuthorised, StoreTrouble, Trouble, Unreachable
from desktop.store.accounts import AccountRow, Auth

_SIGN_IN_AGAIN: Final = "Sign in again under Settings → Accounts; nothing is lost by it."
_ENDING_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """A user name and the password or app password for it."""

    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A user name and an access token; it goes into XOAUTH2 and OAUTHBEARER, and nowhere else."""

    user: str
    token: str = field(repr=False)


Credential = Password | Bearer


def grant_secret(account_id: int) -> str:
    """Return the name under which an account's refresh token is kept."""
    return f"grant:{account_id}"


def save_grant(vault: Vault, account_id: int, grant: Grant) -> None:
    """Keep what lasts of a sign-in, in place of an earlier one; raise StoreTrouble."""
    vault.put(grant_secret(account_id), grant.tokens.refresh_token)


class Credentials:
    """Shared by all stations; any thread may call, and waits while tokens are fetched."""

    def __init__(
        self,
        vault: Vault,
        *,
        clock: Callable[[], datetime],
        clients: Clients,
        on_trouble: Callable[[Trouble], None] = lambda _trouble: None,
    ) -> None:
        """Take where secrets are; `on_trouble` is told when a new refresh token could not be stored."""
        self._vault = vault
        self._clock = clock
        self._clients = clients
        self._on_trouble = on_trouble
        self._gate = threading.Lock()
        # Held while a refresh token is being stored, so that an old one never replaces a newer.
        self._keeping = threading.Lock()
        self._tokens: dict[int, Tokens] = {}
        self._flights: dict[int, Future[Tokens]] = {}
        # Counts the sign-ins of this run: what was asked for before one is not kept after it.
        self._rounds: dict[int, int] = {}
        self._unsaved: dict[int, str] = {}
        self._ended: dict[int, str] = {}
        self._is_closed = False

    def of(self, account: AccountRow, *, incoming: bool = False) -> Credential:
        """Return what signs the account in now.

        Raise NotAuthorised when the user has to enter or do something, Unreachable when the token server does not
        answer, StoreTrouble when the vault does not.
        """
        user = (account.imap_user if incoming else "") or account.user
        if account.auth is Auth.OAUTH2:
            return Bearer(user=user, token=self._fresh(account).access_token)
        secret = self._vault.get(account_secret(account.id))
        if secret is None:
            raise NotAuthorised(
                f"Readback has no password for {account.address}.", "Enter it under Settings → Accounts."
            )
        return Password(user=user, secret=secret)

    def refused(self, account: AccountRow, credential: Credential) -> Credential | None:
        """Return what to try once after a server refused `credential`; None when nothing else is known.

        A token can end before its time: it was revoked, or a clock is wrong.  Raise as `of` does.
        """
        if not isinstance(credential, Bearer):
            return None
        with self._gate:
            known = self._tokens.get(account.id)
            if known is not None and known.access_token == credential.token:
                del self._tokens[account.id]
        return Bearer(user=credential.user, token=self._fresh(account).access_token)

    def adopt(self, account_id: int, grant: Grant, *, vault: Vault | None = None) -> None:
        """Keep a new sign-in, in `vault` where another one is named; what an earlier one still fetches is thrown away.

        Raise StoreTrouble, after which the earlier one goes on.
        """
        with self._keeping:
            save_grant(vault or self._vault, account_id, grant)
            with self._gate:
                self._forget(account_id)
                self._tokens[account_id] = grant.tokens

    def forget(self, account_id: int) -> None:
        """Drop what is in memory of an account; what lasts is the vault's."""
        with self._keeping, self._gate:
            self._forget(account_id)

    def _forget(self, account_id: int) -> None:
        self._rounds[account_id] = self._rounds.get(account_id, 0) + 1
        self._tokens.pop(account_id, None)
        self._flights.pop(account_id, None)
        self._unsaved.pop(account_id, None)
        self._ended.pop(account_id, None)

    def close(self) -> None:
        """End every wait; a refresh token that is being stored gets a moment for it."""
        with self._gate:
            self._is_closed = True
            for flight in self._flights.values():
                flight.set_exception(_ending())
            self._flights.clear()
        if self._keeping.acquire(timeout=_ENDING_S):
            self._keeping.release()

    def _fresh(self, account: AccountRow) -> Tokens:
        with self._gate:
            known = self._tokens.get(account.id)
            if known is not None and known.is_fresh(self._clock()):
                return known
            if self._is_closed:
                raise _ending()
            flight = self._flights.get(account.id)
            if flight is None:
                flight = self._flights[account.id] = Future()
                round_ = self._rounds.get(account.id, 0)
                threading.Thread(target=self._fly, args=(account, flight, round_), name="tokens", daemon=True).start()
        return flight.result()

    def _fly(self, account: AccountRow, flight: "Future[Tokens]", round_: int) -> None:
        # A bug goes on to the crash handler, and whoever waits is not left waiting.
        outcome: Tokens | Trouble = Unreachable("The sign-in could not be renewed.", "Try again later.")
        try:
            outcome = self._fetch(account, round_)
        except Trouble as trouble:
            outcome = trouble
        finally:
            self._land(account.id, flight, round_, outcome)

    def _land(self, account_id: int, flight: "Future[Tokens]", round_: int, outcome: Tokens | Trouble) -> None:
        with self._gate:
            if flight.done():
                return
            if self._rounds.get(account_id, 0) != round_:
                # Signed in anew meanwhile: that is what counts.
                outcome = self._tokens.get(account_id) or _superseded()
            else:
                del self._flights[account_id]
            if isinstance(outcome, Trouble):
                flight.set_exception(outcome)
            else:
                flight.set_result(outcome)

    def _fetch(self, account: AccountRow, round_: int) -> Tokens:
        provider = self._clients.provider(account.oauth_provider)
        client = self._clients.client(provider)
        kept = self._unsaved.get(account.id) or self._vault.get(grant_secret(account.id))
        if kept is None:
            raise NotAuthorised(f"Nobody has signed in for {_name(account)} on this computer.", _SIGN_IN_AGAIN)
        if self._ended.get(account.id) == kept:
            raise _ended(account)
        try:
            tokens = oauth.refresh(provider, client, kept, clock=self._clock)
        except GrantEnded as error:
            # Another Readback, such as the doctor, may have got a new one a moment ago.
            newer = self._vault.get(grant_secret(account.id))
            if newer is None or newer == kept:
                self._ended[account.id] = kept
                raise _ended(account, error.said) from error
            tokens = oauth.refresh(provider, client, newer, clock=self._clock)
        self._keep(account.id, tokens, round_)
        return tokens

    def _keep(self, account_id: int, tokens: Tokens, round_: int) -> None:
        """Store a rotated refresh token, then let the access token be used; nothing after a newer sign-in."""
        with self._keeping:
            if self._rounds.get(account_id, 0) != round_:
                return
            to_store = tokens.refresh_token or self._unsaved.get(account_id)
            if to_store:
                try:
                    self._vault.renew(grant_secret(account_id), to_store)
                    self._unsaved.pop(account_id, None)
                except StoreTrouble as trouble:
                    # Mail goes on with what is in memory; if it is never stored, the user signs in once more.
                    self._unsaved[account_id] = to_store
                    self._on_trouble(trouble)
            with self._gate:
                self._tokens[account_id] = tokens


def _name(account: AccountRow) -> str:
    return account.label or account.user


def _ended(account: AccountRow, said: str = "") -> GrantEnded:
    return GrantEnded(f"The sign-in for {_name(account)} has ended.", _SIGN_IN_AGAIN, said)


def _superseded() -> Unreachable:
    return Unreachable("This account was changed meanwhile.", "Try again.")


def _ending() -> Unreachable:
    return Unreachable("Readback is ending.", "Start Readback again.")
