"""Mail comes in: one thread for each account connects, reads what is new and older, and then waits for the server.

It waits by IDLE where the server has that, else it asks each minute.  Whoever stops it never waits: the socket is shut
under whatever is under way, and the thread, a daemon, ends by itself.
"""

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Final

from desktop.accounts.credentials import Credentials
from desktop.accounts.tls import client_context
from desktop.core.errors import NotAuthorised, Trouble
from desktop.incoming.history import History, history_wanted, load_history, save_history
from desktop.incoming.mailbox import Mailbox, connect
from desktop.incoming.reader import Reader, Strain
from desktop.incoming.sent_clean import Pace, SentCleaner
from desktop.incoming.sent_clean_notes import NoteBook
from desktop.incoming.state import Link, SyncState
from desktop.incoming.wire import Bell, Plug, Timeouts
from desktop.store.accounts import AccountRow
from desktop.store.database import Store
from desktop.store.folders import note_look

MAX_BACK_OFF_S: Final = 300.0
# A connection that held so long was a good one.
_LONG_S: Final = 60.0
# How often it is kept, at most, that the folders were looked at.
_NOTE_S: Final = 60.0


def back_off_s(failures: int) -> float:
    """Return the wait after so many failures in a row: 1 s, doubled to five minutes, give or take a quarter.

    The random part keeps all desktops from coming back at once when a provider does.
    """
    wait_s = min(MAX_BACK_OFF_S, 2.0 ** min(failures - 1, 10))
    return wait_s * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Seconds: between looks at all folders, between questions without IDLE, until a refused sign-in is tried again.

    RFC 2177 wants IDLE renewed within 29 minutes; looking at the other folders does that far sooner.  While older mail
    is read, new mail is looked for each `meanwhile_s`; progress is told each `tell_s` at most.  `clean` is for Sent.
    """

    look_s: float = 240.0
    poll_s: float = 60.0
    refused_s: float = 1800.0
    meanwhile_s: float = 30.0
    tell_s: float = 0.1
    back_off: Callable[[int], float] = back_off_s
    clean: Pace = field(default_factory=Pace)


class MailSync:
    """The thread; `on_state` is called on it whenever the state changes, and must not wait."""

    def __init__(
        self,
        account: AccountRow,
        *,
        store: Store,
        credentials: Credentials,
        clock: Callable[[], datetime],
        own_addresses: frozenset[str],
        on_state: Callable[[SyncState], None],
        timeouts: Timeouts | None = None,
        rhythm: Rhythm | None = None,
    ) -> None:
        """Prepare to read an account with an `imap_host`; `own_addresses` are normalised, those of all accounts."""
        self._account = account
        self._store = store
        self._credentials = credentials
        self._clock = clock
        self._own_addresses = own_addresses
        self._on_state = on_state
        self._timeouts = timeouts or Timeouts()
        self._rhythm = rhythm or Rhythm()
        self._bell = Bell()
        self._plug = Plug()
        self._gate = threading.Lock()
        self._is_stopping = threading.Event()
        self._is_cancelled = threading.Event()
        self._strain = Strain()
        self._cleaner: SentCleaner | None = None
        self._failures = 0
        self._state = SyncState(link=Link.CONNECTING)
        self._told: SyncState | None = None
        self._told_at_s = 0.0
        self._noted_at_s = -_NOTE_S
        # A daemon, because quitting must not wait for a connection that is still being made.
        self._thread = threading.Thread(target=self._run, name="incoming", daemon=True)

    @property
    def state(self) -> SyncState:
        """The state as it is now; progress is told more seldom than it is made."""
        return self._state

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def stop(self) -> None:
        """End whatever is under way, without waiting for it; nothing is told after that but STOPPED."""
        self._is_stopping.set()
        with self._gate:
            self._plug.pull()
        self._bell.ring()

    def wait_ended(self, timeout_s: float) -> bool:
        """Return whether the thread has ended within a time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def check_now(self) -> None:
        """Look at all folders at once, and connect at once where a wait for that is under way."""
        self._bell.ring()

    def cancel_first_sync(self) -> None:
        """Read no more older mail until `resume_first_sync`; new mail is read all the same."""
        self._is_cancelled.set()
        self._bell.ring()

    def resume_first_sync(self) -> None:
        """Go on with older mail where it was left."""
        self._is_cancelled.clear()
        self._bell.ring()

    def _run(self) -> None:
        self._prepare_cleaning()
        while not self._is_stopping.is_set():
            wait_s = self._rhythm.refused_s
            try:
                self._tell(link=Link.CONNECTING, trouble=self._state.trouble)
                self._stay_connected()
            except NotAuthorised as trouble:
                self._tell(link=Link.NOT_AUTHORISED, trouble=trouble)
            except Trouble as trouble:
                self._failures += 1
                wait_s = self._rhythm.back_off(self._failures)
                self._tell(link=Link.AWAY, trouble=trouble)
            except RuntimeError:
                # The store's writer takes no more work once it is closed, which happens right after a stop.
                if not self._is_stopping.is_set():
                    raise
            if not self._is_stopping.is_set():
                self._bell.wait(wait_s)
                self._bell.quiet()
        self._tell(link=Link.STOPPED)
        self._bell.close()

    def _tell(
        self, *, link: Link, folder: str = "", done: int = 0, total: int = 0, trouble: Trouble | None = None
    ) -> None:
        """Keep the state and tell of it; mere progress is told a few times a second."""
        if self._is_stopping.is_set() and link is not Link.STOPPED:
            return
        self._state = SyncState(
            link=link,
            folder=folder,
            done=done,
            total=total,
            trouble=trouble,
            unreadable=self._strain.unreadable,
            sent_trouble=None if self._cleaner is None else self._cleaner.trouble,
            sent_cleaned=0 if self._cleaner is None else self._cleaner.cleaned,
        )
        told, self._told = self._told, self._state
        is_mere_progress = told is not None and replace(told, done=done, total=total) == self._state and done < total
        if self._state == told or (is_mere_progress and monotonic() - self._told_at_s < self._rhythm.tell_s):
            return
        self._told_at_s = monotonic()
        self._on_state(self._state)

    def _stay_connected(self) -> None:
        """Connect, and read and wait until the connection ends or a stop; raise Trouble."""
        mailbox = self._connect()
        connected_at_s = monotonic()
        try:
            reader = self._begin(mailbox)
            names = reader.names
            is_due = True
            while not self._is_stopping.is_set():
                self._bell.quiet()
                self._read_news(reader, names, is_due=is_due)
                self._read_backlog(reader)
                self._clean_sent(mailbox, reader)
                self._note_look()
                self._wait(mailbox, reader)
                # What the server tells of by itself comes first.
                names = (reader.inbox, *(name for name in reader.names if name != reader.inbox))
                is_due = False
        finally:
            mailbox.drop()
            if monotonic() - connected_at_s > _LONG_S:
                self._failures = 0

    def _begin(self, mailbox: Mailbox) -> Reader:
        """Return what reads the account's folders, older ones too where more is wanted than before."""
        history, is_longer = self._begin_history()
        reader = Reader(mailbox, self._store, self._account.id, history=history, clock=self._clock, strain=self._strain)
        reader.find_folders()
        if is_longer:
            reader.read_again()
            save_history(self._store, self._account.id, history)
        return reader

    def _connect(self) -> Mailbox:
        """Return a mailbox that is signed in; a token that was refused is fetched anew, once."""
        context = client_context(None if self._account.ca_file is None else Path(self._account.ca_file))
        credential = self._credentials.of(self._account, incoming=True)
        try:
            return connect(self._account, credential, context, plug=self._new_plug(), timeouts=self._timeouts)
        except NotAuthorised:
            other = self._credentials.refused(self._account, credential)
            if other is None:
                raise
        return connect(self._account, other, context, plug=self._new_plug(), timeouts=self._timeouts)

    def _new_plug(self) -> Plug:
        with self._gate:
            self._plug = Plug()
            if self._is_stopping.is_set():
                self._plug.pull()
            return self._plug

    def _begin_history(self) -> tuple[History, bool]:
        """Return what is to be read, and whether older mail is to be read again for it."""
        wanted = history_wanted(self._account, self._own_addresses, self._clock())
        begun = load_history(self._store, self._account.id)
        if begun is None:
            return wanted, True
        if begun.covers(wanted):
            return begun, False
        since = min(begun.since, wanted.since)
        return History(since=since, begun_at=begun.begun_at, own=begun.own | wanted.own), True

    def _read_news(self, reader: Reader, names: Iterable[str], *, is_due: bool) -> None:
        for name in names:
            if reader.read_news(name, is_due=is_due):
                self._failures = 0

    def _read_backlog(self, reader: Reader) -> None:
        """Read older mail, all that was sent before all that came, until done, cancelled or stopped."""
        if self._is_cancelled.is_set():
            return
        left = {name: uids for name in reader.names if (uids := reader.backlog(name))}
        done, total = 0, sum(map(len, left.values()))
        looked_at_s = monotonic()
        for name, uids in left.items():
            self._tell(link=Link.SYNCING, folder=name, done=done, total=total)
            for count in reader.read_backlog(name, uids):
                self._failures = 0
                done += count
                self._tell(link=Link.SYNCING, folder=name, done=done, total=total)
                if self._is_cancelled.is_set() or self._is_stopping.is_set():
                    return
                if monotonic() - looked_at_s > self._rhythm.meanwhile_s:
                    self._read_news(reader, reader.names, is_due=False)
                    looked_at_s = monotonic()

    def _prepare_cleaning(self) -> None:
        """Have Sent cleaned where the user allows it; where not, what a server could not do is forgotten."""
        if self._account.keeps_sent_clean:
            self._cleaner = SentCleaner(self._account, store=self._store, clock=self._clock, pace=self._rhythm.clean)
        else:
            NoteBook(self._store, self._account.id).begin_anew()

    def _clean_sent(self, mailbox: Mailbox, reader: Reader) -> None:
        if self._cleaner is not None and self._cleaner.clean(mailbox, reader.sent):
            reader.leave_folder()

    def _note_look(self) -> None:
        """Keep that all folders were looked at; once a minute at most."""
        if monotonic() >= self._noted_at_s + _NOTE_S:
            note_look(self._store, self._account.id, self._clock())
            self._noted_at_s = monotonic()

    def _wait(self, mailbox: Mailbox, reader: Reader) -> None:
        """Wait for the server, the bell or time."""
        can_idle = mailbox.can("IDLE")
        if not reader.is_inbox_open:
            self._read_news(reader, [reader.inbox], is_due=True)
        if self._is_cancelled.is_set() and reader.has_backlog:
            self._tell(link=Link.CANCELLED)
        else:
            self._tell(link=Link.WATCHING if can_idle else Link.POLLING)
        if can_idle:
            mailbox.idle(self._bell, self._rhythm.look_s)
        else:
            self._bell.wait(self._rhythm.poll_s)
            self._read_news(reader, [reader.inbox], is_due=True)
        self._failures = 0
