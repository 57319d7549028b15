"""What is due, read anew whenever it may be different: after a change, as a day ends, as something put off comes back.

The clock is the one handed in, which practice moves on; so the timer only looks, and the clock decides.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from desktop.core.errors import Trouble
from desktop.core.followup import FollowUp
from desktop.settings import calendar_of, local_now
from desktop.store.database import Store
from desktop.store.folders import account_readings
from desktop.store.questions import questions
from desktop.store.reminders import due_list
from desktop.ui.due_lines import DueReading, due_key, without
from desktop.ui.ops import Ops
from desktop.ui.reading import Reading

_LONGEST_LOOK_MS: Final = 60_000


def kept(found: tuple[FollowUp, ...], latest: DueReading | None) -> tuple[FollowUp, ...]:
    """Return what was found, with the earlier reading's own values where they are equal.

    The window compares the two readings, and finds out at once that a value is itself.
    """
    if latest is None:
        return found
    known = {each.conversation_id: each for each in latest.follow_ups}
    return tuple(before if (before := known.get(each.conversation_id)) == each and before else each for each in found)


class DueFeed(QObject):
    """`read` carries a DueReading, `failed` a Trouble.

    A line that the user is done with is taken out at once, and stays out until a reading was begun after the store took
    the deed: that one says what is so.  `latest` is the reading as it was read, with all lines.
    """

    read = Signal(object)
    failed = Signal(object)

    def __init__(self, store: Store, ops: Ops, now: Callable[[], datetime], parent: QObject) -> None:
        """Read nothing until `ask`."""
        super().__init__(parent)
        self._store, self._now = store, now
        self.latest: DueReading | None = None
        # What was due under a key as it was taken out, None for a question; a line that says otherwise is a new one.
        self._out: dict[Hashable, FollowUp | None] = {}
        self._kept: set[Hashable] = set()
        self._told: frozenset[Hashable] = frozenset()
        self._reading = Reading(ops, self, self._prepare, self._on_read, self._on_failed)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.look)

    def ask(self) -> None:
        """Read anew."""
        self._reading.ask()

    @Slot(object)
    def take_out(self, key: Hashable) -> None:
        """Show the line of this key no more, before the store has been asked."""
        found = self.latest.follow_ups if self.latest is not None else ()
        self._out[key] = next((each for each in found if due_key(each.conversation_id) == key), None)
        self._kept.discard(key)
        self._told -= {key}
        self._show()

    @Slot(object)
    def keep_out(self, key: Hashable) -> None:
        """Leave it to the readings that begin from now on: the store took the deed."""
        if key in self._out:
            self._kept.add(key)

    @Slot(object)
    def put_back(self, key: Hashable) -> None:
        """Show the line again, if it is still due: the store refused the deed, or it was taken back."""
        if key in self._out:
            self._forget((key,))
            self._show()

    def _forget(self, keys: Iterable[Hashable]) -> None:
        for key in keys:
            self._out.pop(key, None)
            self._kept.discard(key)

    def _show(self) -> None:
        if self.latest is not None:
            self.read.emit(self._shown(self.latest))

    def _shown(self, reading: DueReading) -> DueReading:
        """Return the reading without what was taken out; its other lines are not made for this."""
        if not self._out:
            return reading
        now = {due_key(each.conversation_id): each for each in reading.follow_ups}
        out = {key for key, before in self._out.items() if before is None or now.get(key) == before}
        return replace(reading, today=without(reading.today, out), whole=without(reading.whole, out))

    @Slot()
    def look(self) -> None:
        """Read anew if the latest reading is out of date by now."""
        if self.latest is None or self._now() >= self.latest.next_at() or self._is_other_day(self.latest):
            self.ask()
        else:
            self._wait()

    def _is_other_day(self, latest: DueReading) -> bool:
        # The system's clock or zone may have been set to another day, backwards too.
        return local_now(self._now()).date() != latest.now.date()

    def _prepare(self) -> Callable[[], DueReading]:
        store, now, latest = self._store, local_now(self._now()), self.latest
        self._told = frozenset(self._kept)

        def work() -> DueReading:
            calendar = calendar_of(store)
            found = DueReading(
                now=now,
                calendar=calendar,
                follow_ups=kept(due_list(store, now, calendar, with_snoozed=True), latest),
                questions=questions(store, None),
                readings=account_readings(store),
            )
            return found.with_lists()

        return work

    def _on_read(self, reading: DueReading) -> None:
        self.latest = reading
        self._forget(self._told & self._kept)
        self._wait()
        self._show()

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)

    def _wait(self) -> None:
        if self.latest is not None:
            left_ms = (self.latest.next_at() - self._now()).total_seconds() * 1000
            self._timer.start(int(max(0, min(left_ms + 1, _LONGEST_LOOK_MS))))
