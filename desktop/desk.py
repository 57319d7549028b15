"""The desktop as the practice story sees it: an engine at work, read anew at each call.

The story stands below the parts it tries out; here they are handed to it.
"""

import threading
import time
from collections.abc import Callable

from desktop.core.circumstances import DEFAULT_WINDOW_S
from desktop.core.correction import Who
from desktop.core.followup import FollowUp
from desktop.core.permission import Method, Permission
from desktop.engine import Engine
from desktop.outgoing.listener import LISTENER_USER
from desktop.practice.desk import CopyView, ListenerAddress, RawHit
from desktop.settings import calendar_of, local_now
from desktop.store import accounts, corrections, folders, mail, people, reminders, settings
from desktop.store.change import Change
from desktop.store.folders import FolderRole
from relay.wire.clock import PracticeClock
from relay.wire.purpose import Purpose


class EngineDesk:
    """A `practice.desk.Desk` over a running engine."""

    def __init__(self, engine: Engine, *, relay_url: str, clock: PracticeClock) -> None:
        """Wake waiters at each change of the store from now on."""
        self._engine = engine
        self._relay_url = relay_url
        self._clock = clock
        self._changed = threading.Condition()
        self._count = 0
        engine.store.subscribe(self._on_change)

    def _on_change(self, _change: Change) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    @property
    def listener(self) -> ListenerAddress:
        """Where the listener listens."""
        return ListenerAddress(
            host="127.0.0.1", port=self._engine.port, user=LISTENER_USER, password=self._engine.listener_password
        )

    @property
    def relay_url(self) -> str:
        """Scheme, host and port of the relay."""
        return self._relay_url

    @property
    def clock(self) -> PracticeClock:
        """The round's clock."""
        return self._clock

    @property
    def window_s(self) -> float:
        """The window as set in the store."""
        return float(settings.get(self._engine.store, settings.WINDOW, DEFAULT_WINDOW_S))

    def record_grant(
        self, *, address: str, name: str, purposes: frozenset[Purpose], method: Method, evidence: str
    ) -> None:
        """Record what a person agreed to, now on the round's clock."""
        people.record_grant(
            self._engine.store,
            address=address,
            name=name,
            purposes=purposes,
            method=method,
            evidence=evidence,
            at=self._engine.clock(),
        )

    def permission_of(self, address: str) -> Permission:
        """Return what stands for one person."""
        return people.permission_of(self._engine.store, address)

    def copies(self) -> tuple[CopyView, ...]:
        """Return every copy in the store, oldest first."""
        store = self._engine.store
        details = (mail.conversation(store, card.id) for card in mail.cards(store))
        return tuple(
            sorted(
                (
                    CopyView(
                        copy_id=copy.id,
                        address=copy.address,
                        name=copy.name,
                        subject=message.subject,
                        status=copy.status,
                    )
                    for detail in details
                    if detail is not None
                    for message in detail.messages
                    for copy in message.copies
                ),
                key=lambda view: view.copy_id,
            )
        )

    def raw_hits(self) -> tuple[RawHit, ...]:
        """Return every hit of a copy, oldest first, before any verdict."""
        found = (
            RawHit(copy_id=view.copy_id, hit=evidence.hit)
            for view in self.copies()
            for evidence in view.status.evidence
            if evidence.hit is not None
        )
        return tuple(sorted(found, key=lambda raw: raw.hit.at_ms))

    def correct(self, hit_id: bytes, who: Who) -> int:
        """Say whose request a hit really was, now on the round's clock."""
        return corrections.correct_hit(self._engine.store, hit_id, who, now=self._engine.clock())[1]

    def undo_correction(self, correction_id: int) -> None:
        """Take a correction back."""
        corrections.undo_correction(self._engine.store, correction_id)

    def follow_ups(self) -> tuple[FollowUp, ...]:
        """Return the list as the window shows it now."""
        store = self._engine.store
        return reminders.due_list(store, local_now(self._engine.clock()), calendar_of(store))

    def check_mail(self) -> None:
        """Ask every account for new mail."""
        self._engine.mailroom.check_now()

    def sent_read(self) -> int:
        """Return the place in Sent, for its UIDs count from one without a gap; 0 until its first reading is done."""
        store = self._engine.store
        rows = [row for each in accounts.accounts(store) for row in folders.folders(store, each.id)]
        return sum(row.next_uid - 1 for row in rows if row.role is FolderRole.SENT and row.backlog_uid is None)

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Return whether `condition` held in time; it is tried now and after each change of the store."""
        end = time.monotonic() + timeout_s
        while True:
            with self._changed:
                seen = self._count
            if condition():
                return True
            if not self._wait_for_change(seen, end - time.monotonic()):
                return condition()

    def _wait_for_change(self, seen: int, wait_s: float) -> bool:
        """Return whether the store changed since `seen` changes were counted, waiting for it if need be."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count != seen, max(0.0, wait_s))
