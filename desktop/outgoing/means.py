"""What every session works with: the accounts and their servers, the journal, the store, and who is told of trouble.

Whatever fails here on account of tracking or the store is told and left behind, since the mail must go out; whatever is
needed to send raises.
"""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from desktop.accounts.channel import Channel
from desktop.accounts.credentials import Credentials
from desktop.accounts.own_channels import marks_of, remembered
from desktop.accounts.suppression import is_let_alone
from desktop.accounts.tls import client_context
from desktop.accounts.vault import Vault
from desktop.core.address import known_as, normalised
from desktop.core.errors import Malformed, Trouble
from desktop.core.grounds import Grounds
from desktop.core.ownmarks import OwnMarks
from desktop.core.wordings import Wordings
from desktop.outgoing import offers, upstream
from desktop.outgoing.journal import Journal
from desktop.outgoing.offers import Offer
from desktop.outgoing.own_programs import OwnPrograms
from desktop.outgoing.parking import Parking
from desktop.outgoing.recorder import Recorder
from desktop.outgoing.upstream import Timeouts, Upstream
from desktop.outgoing.wordings_kept import own_wordings
from desktop.store import settings
from desktop.store.accounts import AccountRow, accounts
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.policies import grounds

_ASK_S: Final = 3.0
# Whether providers are asked to report failures and delays; on unless the user switches it off.
ASK_REPORTS: Final = "delivery.ask"


class FailOpen:
    """A block whose failure must not reach the mail: trouble is told, a bug goes to the crash handler, both end here.

    The one place in this package where a bug does not propagate (promise 1: mail fails open).
    """

    def __init__(self, on_trouble: Callable[[Trouble], None]) -> None:
        """Take who is told."""
        self._on_trouble = on_trouble

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if isinstance(error, Trouble):
            self._on_trouble(error)
        elif isinstance(error, Exception):
            threading.excepthook(
                threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
            )
        return error is None or isinstance(error, Exception)


class Means:
    """Shared by all sessions; every method is thread-safe."""

    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        credentials: Credentials,
        channel: Callable[[], Channel | None],
        journal_path: Path,
        clock: Callable[[], datetime],
        on_trouble: Callable[[Trouble], None],
        look_around: Callable[[], None],
        timeouts: Timeouts,
    ) -> None:
        """Take what the app built; nothing is opened yet.  `look_around` takes note of clients that left by now."""
        self.store = store
        self._vault = vault
        self._credentials = credentials
        self.channel = channel
        self.clock = clock
        self.on_trouble = on_trouble
        self.look_around = look_around
        self._timeouts = timeouts
        self._journal_path = journal_path
        self._journal: Journal | None = None
        self._lock = threading.Lock()
        self._contexts: dict[str | None, ssl.SSLContext] = {}
        self._accounts: tuple[AccountRow, ...] = ()
        # Two counters, since a change may come while the accounts are being read.
        self._accounts_changes = 1
        self._accounts_read_at = 0
        self._settings_changes = 1
        self._settings_read_at = 0
        self._asks = True
        self._marks = OwnMarks()
        self._wordings = Wordings()
        self._offers: dict[int, Offer] = {}
        self._asked: dict[int, Future[None]] = {}
        self._askers = ThreadPoolExecutor(4, thread_name_prefix="outgoing-asker")
        self._upstreams: set[Upstream] = set()
        self._is_closed = False
        self._parking = Parking(timeouts.parked_s)
        self._beside = ThreadPoolExecutor(4, thread_name_prefix="outgoing-beside")
        self._recorder = Recorder()
        self._own_programs = OwnPrograms(store, clock=clock)
        self._unsubscribe = store.subscribe(self._on_changed)

    def fail_open(self) -> FailOpen:
        """Return a block that never fails."""
        return FailOpen(self.on_trouble)

    def close(self) -> None:
        """Finish what is still to be recorded and close the journal."""
        self._is_closed = True
        self._unsubscribe()
        self._parking.close()
        self._askers.shutdown(wait=False, cancel_futures=True)
        self._recorder.close()
        self._beside.shutdown()
        if self._journal is not None:
            self._journal.close()

    def journal(self) -> Journal:
        """Return the journal, opened at the first call that can; raise StoreTrouble."""
        with self._lock:
            if self._journal is None:
                self._journal = Journal(self._journal_path, clock=self.clock)
            return self._journal

    def leave(self, entry_ids: Iterable[str]) -> None:
        """Take note that the client of these messages is gone; without a journal nothing knows of them."""
        if self._journal is not None:
            self._journal.leave(tuple(entry_ids))

    def start(self, work: Callable[[], None]) -> "Future[None]":
        """Run `work` at once, beside the caller."""
        return self._beside.submit(work)

    def record_later(self, work: Callable[[], None]) -> "Future[None]":
        """Run `work` soon, in order, off the path of the mail; its failure is told and nothing else."""
        return self._recorder.later(lambda: self._record(work))

    def learn_program_later(self, raw: bytes) -> None:
        """Take note, off the path of the mail, of the program that handed in `raw`."""
        self.record_later(lambda: self._own_programs.learn(raw))

    def hear(self) -> None:
        """Take note that mail passes, which what can be recorded later makes way for."""
        self._recorder.hear()

    def _record(self, work: Callable[[], None]) -> None:
        with self.fail_open():
            work()

    @property
    def knows_accounts(self) -> bool:
        """Whether `accounts` answers without reading the store."""
        return self._accounts_read_at == self._accounts_changes

    def accounts(self) -> tuple[AccountRow, ...]:
        """Return the accounts; the last ones known when the store fails, since mail must still leave."""
        changes = self._accounts_changes
        if self._accounts_read_at != changes:
            with self.fail_open():
                self._accounts = accounts(self.store)
                self._accounts_read_at = changes
        return self._accounts

    def asks_reports(self) -> bool:
        """Say whether delivery reports are asked for; as last known when the store fails."""
        self._read_settings()
        return self._asks

    def own_marks(self) -> OwnMarks:
        """Return how own marks are known, those of earlier channels too; as last known when the store fails."""
        self._read_settings()
        return self._marks | marks_of(self.channel())

    def wordings(self) -> Wordings:
        """Return the user's own wordings; as last known when the store fails."""
        self._read_settings()
        return self._wordings

    def grounds(self, address: str, account_id: int) -> Grounds:
        """Return what is decided from for one recipient; raise StoreTrouble, and Malformed for no address."""
        return grounds(self.store, address, account_id, is_suppressed=is_let_alone(self.store, self._vault, address))

    def _read_settings(self) -> None:
        changes = self._settings_changes
        if self._settings_read_at != changes:
            with self.fail_open():
                self._asks = bool(settings.get(self.store, ASK_REPORTS, True))
                self._marks = remembered(self.store)
                self._wordings = own_wordings(self.store)
                self._settings_read_at = changes

    def _on_changed(self, change: Change) -> None:
        if change.settings:
            with self._lock:
                self._settings_changes += 1
        if change.accounts:
            with self._lock:
                self._accounts_changes += 1
                self._contexts.clear()
                self._asked.clear()
            # A password may have changed with it.
            self._parking.clear()

    def account_of(self, address: str) -> AccountRow | None:
        """Return the account that has `address` among its identities."""
        try:
            wanted = normalised(address)
        except Malformed:
            return None
        for account in self.accounts():
            if any(_is(identity.address, wanted) for identity in account.identities):
                return account
        return None

    def connect(self, account: AccountRow) -> Upstream:
        """Return a signed-in connection to the account's server; raise Trouble in plain words."""
        opened = upstream.connect_as(
            account, self._credentials, self._context(account.ca_file), timeouts=self._timeouts
        )
        opened.asks_reports = self.asks_reports
        with self._lock:
            self._upstreams = {each for each in self._upstreams if each.is_usable} | {opened}
        self.learn(account.id, opened.offer)
        return opened

    def take_parked(self, account: AccountRow) -> Upstream | None:
        """Return a signed-in connection that an earlier session left, or None."""
        return self._parking.take(account)

    def park(self, opened: Upstream) -> None:
        """Keep a connection with no transaction open for the next session."""
        self._parking.park(opened)

    def _context(self, ca_file: str | None) -> ssl.SSLContext:
        # Reading the system's authorities takes 10 ms and more: once is enough.
        with self._lock:
            if ca_file not in self._contexts:
                self._contexts[ca_file] = client_context(None if ca_file is None else Path(ca_file))
            return self._contexts[ca_file]

    def learn(self, account_id: int, offer: Offer) -> None:
        """Take note of what an account's server offers now, and keep it when it is news."""
        with self._lock:
            is_news = self._offers.get(account_id) != offer
            self._offers = {**self._offers, account_id: offer}
        if is_news and not self._is_closed:
            known = self._offers
            self.record_later(lambda: offers.remember(self.store, known))

    def recall_offers(self) -> None:
        """Load what the servers offered last."""
        with self.fail_open():
            kept = offers.remembered(self.store)
            with self._lock:
                self._offers = {**kept, **self._offers}

    def offer(self) -> Offer:
        """Return what may be promised to a client before its sender is known.

        A server of which nothing is known is asked once, and waited for at most three seconds; one that does not answer
        is left out until it does.
        """
        accounts = self.accounts()
        with self._lock:
            unknown = [each for each in accounts if each.id not in self._offers]
            for each in unknown:
                if each.id not in self._asked:
                    self._asked[each.id] = self._askers.submit(self._ask, each)
            asked = [self._asked[each.id] for each in unknown]
        wait(asked, timeout=_ASK_S)
        known = self._offers
        return offers.intersection(known[each.id] for each in accounts if each.id in known)

    def _ask(self, account: AccountRow) -> None:
        # What is wrong with the account is told when mail is sent through it.
        with contextlib.suppress(Trouble):
            self.connect(account).quit()

    def wake_all(self) -> None:
        """End every wait for a provider."""
        with self._lock:
            opened: Iterable[Upstream] = tuple(self._upstreams)
        for each in opened:
            each.wake()


def _is(address: str, wanted: str) -> bool:
    return known_as(address) == wanted
