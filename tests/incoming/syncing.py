"""A sync at work against a server that tests command: a store of its own, and the states it told."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from desktop.accounts.credentials import Credential, Credentials
from desktop.accounts.vault import SessionVault, account_secret
from desktop.core.errors import NotAuthorised
from desktop.incoming.state import Link, SyncState
from desktop.incoming.sync import MailSync, Rhythm
from desktop.incoming.wire import Timeouts
from desktop.store import accounts
from desktop.store.accounts import AccountRow
from desktop.store.database import Store
from desktop.store.folders import FolderRow, folders
from tests.incoming.accounts_in import GOOD, NOW, OWN, TOKEN

QUICK = Rhythm(look_s=30.0, poll_s=0.02, refused_s=30.0, tell_s=0.0, back_off=lambda _failures: 0.01)


class Known(Credentials):
    """Credentials that are given at once; what was refused is kept."""

    def __init__(self, credential: Credential = GOOD, fresh: Credential | None = None) -> None:
        """Hand out `credential`, and `fresh` once it was refused."""
        self.credential = credential
        self.fresh = fresh
        self.refusals: list[Credential] = []

    def of(self, account: AccountRow, *, incoming: bool = False) -> Credential:
        """Return it for incoming mail."""
        assert incoming
        return self.credential

    def refused(self, account: AccountRow, credential: Credential) -> Credential | None:
        """Return the fresh one; without any, a token's end is told and a password has no other."""
        self.refusals.append(credential)
        if self.fresh is not None:
            self.credential = self.fresh
        elif credential == TOKEN:
            raise NotAuthorised("The sign-in has ended.", "Sign in again.")
        return self.fresh


class Syncing:
    """Started by `with`."""

    def __init__(
        self,
        account: AccountRow,
        path: Path,
        *,
        credentials: Credentials | None = None,
        rhythm: Rhythm = QUICK,
        timeouts: Timeouts | None = None,
        clock: Callable[[], datetime] = lambda: NOW,
        own: frozenset[str] = OWN,
        starts: bool = True,
    ) -> None:
        """Open the store and prepare a sync; `starts` False leaves its start to the test."""
        self.states: list[SyncState] = []
        self._changed = threading.Condition()
        self.store = Store(path, clock=clock)
        accounts.save_account(self.store, account)
        vault = SessionVault()
        vault.put(account_secret(account.id), "unused")
        self.notices: list[str] = []
        self.store.subscribe(lambda change: self.notices.extend(each.kind.value for each in change.notices))
        self.sync = MailSync(
            account,
            store=self.store,
            credentials=credentials or Known(),
            clock=clock,
            own_addresses=own,
            on_state=self._told,
            rhythm=rhythm,
            timeouts=timeouts or Timeouts(connect_s=5.0, command_s=5.0),
        )
        self._starts = starts

    def _told(self, state: SyncState) -> None:
        with self._changed:
            self.states.append(state)
            self._changed.notify_all()

    def __enter__(self) -> Self:
        if self._starts:
            self.sync.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.sync.stop()
        assert not self.states or self.sync.wait_ended(10)
        self.store.close()

    def wait_for(self, wanted: Callable[[SyncState], bool], timeout_s: float = 15.0) -> SyncState:
        """Return the first state told that is as wanted, those told before included."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(wanted, self.states)), timeout_s), self.states[-5:]
            return next(state for state in self.states if wanted(state))

    def wait_synced(self) -> SyncState:
        """Return once the sync waits for the server."""
        return self.wait_for(lambda state: state.link in (Link.WATCHING, Link.POLLING))

    def wait_stored(self, *names: str, timeout_s: float = 15.0) -> None:
        """Return once exactly these mails are stored, each once."""
        ends_at_s = monotonic() + timeout_s
        with self._changed:
            # A mail that belongs to no conversation is told of to nobody, so the store is asked now and then.
            while self.names() != sorted(names) and monotonic() < ends_at_s:
                self._changed.wait(0.02)
        assert self.names() == sorted(names)

    def names(self) -> list[str]:
        """Return what the subjects of all stored mail are about, of mail of ours and others'."""
        with self.store.read() as connection:
            ours = connection.execute("SELECT subject FROM message").fetchall()
            theirs = connection.execute("SELECT subject FROM arrival").fetchall()
        return sorted(subject.removeprefix("About ") for (subject,) in ours + theirs)

    def kinds(self) -> dict[str, str]:
        """Return the kind of each arrival by what its subject is about."""
        with self.store.read() as connection:
            rows = connection.execute("SELECT subject, kind FROM arrival").fetchall()
        return {subject.removeprefix("About "): kind for subject, kind in rows}

    def row(self, name: str) -> FolderRow:
        """Return a folder's cursors."""
        return next(row for row in folders(self.store, 1) if row.name == name)
