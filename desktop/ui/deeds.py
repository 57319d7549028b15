"""What the user does about a conversation: done, put off, another wait, the answer to a question; each with its undo.

Each is one call of the store on a worker; the store hands back what stood before, and that is the undo.
"""

from collections.abc import Callable, Hashable
from datetime import datetime

from PySide6.QtCore import QObject, Signal

from desktop.core.errors import Trouble
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.questions import Question, answer_question, retract_answer
from desktop.store.reminders import ReminderRow, mark_done, restore, set_message_wait, set_wait, snooze, wake
from desktop.ui import question_words, words
from desktop.ui.due_lines import due_key, question_key
from desktop.ui.ops import Ops


class Deeds(QObject):
    """`done` carries a sentence on what was done and a callable that takes it back; `failed` a Trouble.

    `begun` carries the key of the line that a deed is to take from the list, before the store was asked; `kept` carries
    it once the store took the deed, `dropped` when it refused, or when the deed is taken back.
    """

    begun = Signal(object)
    kept = Signal(object)
    dropped = Signal(object)
    done = Signal(object, object)
    failed = Signal(object)

    def __init__(self, store: Store, ops: Ops, now: Callable[[], datetime], parent: QObject) -> None:
        """Do nothing until asked."""
        super().__init__(parent)
        self._store, self._ops, self._now = store, ops, now

    def mark_done(self, conversation_id: int, who: str) -> None:
        """Take a conversation off the list."""
        at = self._now()
        self._keep(lambda: mark_done(self._store, conversation_id, at), f"Done: {who}", due_key(conversation_id))

    def snooze(self, conversation_id: int, who: str, until: datetime) -> None:
        """Put a conversation off."""
        at = self._now()
        said = f"Put off until {words.moment_ahead(until, at)}: {who}"
        self._keep(lambda: snooze(self._store, conversation_id, until, at), said, due_key(conversation_id))

    def wake(self, conversation_id: int, who: str) -> None:
        """Bring back what was put off or done."""
        self._keep(lambda: wake(self._store, conversation_id), f"Back on the list: {who}")

    def set_wait(self, conversation_id: int, who: str, days: int | None, message_id: int | None = None) -> None:
        """Wait so many working days in a conversation, or for one message; None is as the account says."""
        said = "as the account says" if days is None else words.count(days, "working day", "working days")
        if message_id is None:
            self._keep(lambda: set_wait(self._store, conversation_id, days), f"Wait for an answer {said}: {who}")
        else:
            self._keep(
                lambda: set_message_wait(self._store, message_id, days),
                f"Wait for an answer to the newest mail {said}: {who}",
            )

    def answer(self, question: Question, copy_id: int | None) -> None:
        """Answer a question: with the copy it is about, or None for no."""
        key = question_key(question.arrival_id)

        def undo() -> None:
            self.retract(question.arrival_id)

        def done(_: object) -> None:
            self.kept.emit(key)
            self.done.emit(question_words.answered(question, copy_id), undo)

        def work() -> Change:
            return answer_question(self._store, question.arrival_id, copy_id)

        self.begun.emit(key)
        self._ops.run(self, work, done, self._refused(key))

    def retract(self, arrival_id: int) -> None:
        """Take an earlier answer back; the question stands again."""
        self.dropped.emit(question_key(arrival_id))
        self._ops.run(self, lambda: retract_answer(self._store, arrival_id), None, self._on_failed)

    def _keep(self, work: Callable[[], tuple[Change, ReminderRow]], said: str, key: Hashable | None = None) -> None:
        def done(outcome: tuple[Change, ReminderRow]) -> None:
            before = outcome[1]

            def undo() -> None:
                self.dropped.emit(key)
                self._ops.run(self, lambda: restore(self._store, before), None, self._on_failed)

            self.kept.emit(key)
            self.done.emit(said, undo)

        if key is not None:
            self.begun.emit(key)
        self._ops.run(self, work, done, self._refused(key))

    def _refused(self, key: Hashable | None) -> Callable[[Trouble], None]:
        def refused(trouble: Trouble) -> None:
            self.dropped.emit(key)
            self.failed.emit(trouble)

        return refused

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)
