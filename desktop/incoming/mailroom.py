"""All accounts' syncs: one for each account with a mailbox, begun anew where the account or its secret changed.

It hears of changes from the store and asks nobody; a sync that works is left alone unless what it works with changed.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from desktop.accounts.credentials import Credentials
from desktop.core.address import normalised
from desktop.core.errors import Malformed
from desktop.incoming.state import Link, SyncState
from desktop.incoming.sync import MailSync
from desktop.store.accounts import AccountRow, accounts
from desktop.store.change import Change
from desktop.store.database import Store

_AT_WORK = (Link.WATCHING, Link.POLLING, Link.SYNCING, Link.CANCELLED)


def own_addresses(rows: tuple[AccountRow, ...]) -> frozenset[str]:
    """Return the user's own addresses, normalised: those of all accounts' identities, and names that are addresses."""
    found = set()
    for row in rows:
        for address in (row.user, row.imap_user, *(each.address for each in row.identities)):
            try:
                found.add(normalised(address))
            except Malformed:
                continue
    return frozenset(found)


def _nothing() -> None:
    """Stand where there is no subscription."""


class Mailroom:
    """Any thread may call; `on_changed` is called on the syncs' threads, some ten times a second at most for each."""

    def __init__(
        self, *, store: Store, credentials: Credentials, clock: Callable[[], datetime], on_changed: Callable[[], None]
    ) -> None:
        """Prepare; nothing runs yet."""
        self._store = store
        self._credentials = credentials
        self._clock = clock
        self._on_changed = on_changed
        self._gate = threading.Lock()
        self._syncs: dict[int, tuple[AccountRow, frozenset[str], MailSync]] = {}
        self._is_open = False
        self._unsubscribe: Callable[[], None] = _nothing

    def open(self) -> None:
        """Start a sync for each account with a mailbox, and follow what changes."""
        self._is_open = True
        self._unsubscribe = self._store.subscribe(self._follow)
        self._bring_in_step()

    def close(self) -> None:
        """Stop all syncs without waiting for any network."""
        with self._gate:
            self._is_open = False
            syncs, self._syncs = tuple(self._syncs.values()), {}
            unsubscribe, self._unsubscribe = self._unsubscribe, _nothing
        for _, _, sync in syncs:
            sync.stop()
        # Not under the gate: it waits for a call of ours that is under way.
        unsubscribe()

    def states(self) -> Mapping[int, SyncState]:
        """Return how each account's mail stands."""
        with self._gate:
            return {account_id: sync.state for account_id, (_, _, sync) in self._syncs.items()}

    def check_now(self) -> None:
        """Look for mail in all accounts at once."""
        for sync in self._each():
            sync.check_now()

    def resume_account(self, account_id: int) -> None:
        """Begin an account's sync anew, as after signing in again; nothing is lost by it."""
        with self._gate:
            known = self._syncs.pop(account_id, None)
        if known is not None:
            known[2].stop()
        self._bring_in_step()

    def cancel_first_sync(self, account_id: int) -> None:
        """Read no more of an account's older mail; new mail is read all the same."""
        for sync in self._each(account_id):
            sync.cancel_first_sync()

    def resume_first_sync(self, account_id: int) -> None:
        """Go on with an account's older mail where it was left."""
        for sync in self._each(account_id):
            sync.resume_first_sync()

    def _each(self, account_id: int | None = None) -> tuple[MailSync, ...]:
        with self._gate:
            return tuple(sync for id_, (_, _, sync) in self._syncs.items() if account_id in (None, id_))

    def _follow(self, change: Change) -> None:
        if change.accounts:
            self._bring_in_step()
            self._on_changed()

    def _bring_in_step(self) -> None:
        """Start, restart and stop syncs so that they are those of the accounts as they are now."""
        rows = accounts(self._store)
        own = own_addresses(rows)
        wanted = {row.id: row for row in rows if row.imap_host}
        with self._gate:
            if not self._is_open:
                return
            for account_id, (row, addresses, sync) in tuple(self._syncs.items()):
                is_as_wanted = (row, addresses) == (wanted.get(account_id), own)
                # One that does not work may have got its secret just now.
                if not is_as_wanted or sync.state.link not in _AT_WORK:
                    sync.stop()
                    del self._syncs[account_id]
            for account_id, row in wanted.items():
                if account_id not in self._syncs:
                    sync = self._sync(row, own)
                    self._syncs[account_id] = (row, own, sync)
                    sync.start()

    def _sync(self, row: AccountRow, own: frozenset[str]) -> MailSync:
        return MailSync(
            row,
            store=self._store,
            credentials=self._credentials,
            clock=self._clock,
            own_addresses=own,
            on_state=lambda _state: self._on_changed(),
        )
