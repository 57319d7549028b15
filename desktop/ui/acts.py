"""What a press or a key on a line asks for: at once where it is plain, by a menu or a small dialog where it is not."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu, QWidget

from desktop.core.errors import Trouble
from desktop.core.workdays import WorkCalendar
from desktop.settings import local_now
from desktop.store.accounts import DEFAULT_WAIT_DAYS, accounts
from desktop.store.database import Store
from desktop.store.questions import Question
from desktop.store.reminders import newest_wait
from desktop.ui import question_words, words
from desktop.ui.deeds import Deeds
from desktop.ui.detail import Detail
from desktop.ui.due_feed import DueFeed
from desktop.ui.due_model import UNDELIVERED, DueLine
from desktop.ui.ops import Ops
from desktop.ui.snooze_menu import DateDialog, SnoozeMenu
from desktop.ui.wait_dialog import Wait, WaitDialog


class Acts(QObject):
    """Asks for what is still missing and hands it to Deeds; menus open over `window`."""

    def __init__(
        self, window: QWidget, store: Store, ops: Ops, *, deeds: Deeds, feed: DueFeed, now: Callable[[], datetime]
    ) -> None:
        """Hold what it needs."""
        super().__init__(window)
        self._window, self._store, self._ops = window, store, ops
        self._deeds, self._feed, self._now = deeds, feed, now

    def act(self, line: DueLine, action: str, place: QPoint | None = None) -> None:
        """Do what was asked of a line; `place` is where a menu opens."""
        who = f"{line.person}, {words.quoted(line.subject)}"
        if action == "done":
            self._deeds.mark_done(line.conversation_id, who)
        elif action == "snooze":
            self.ask_snooze(line.conversation_id, who, place)
        elif action == "wait":
            if line.can_wait:
                self.ask_wait(line.conversation_id, who, line.follow_up.account_id if line.follow_up else None)
            else:
                self._deeds.failed.emit(_nothing_to_wait_for())
        elif line.question is not None:
            self.answer(line.question, is_yes=action == "yes", place=place)

    def act_on(self, detail: Detail, action: str, place: QPoint) -> None:
        """Do what was asked of a conversation that is shown."""
        shown = detail.conversation
        names = dict.fromkeys(copy.name or copy.address for message in shown.messages for copy in message.copies)
        who = f"{words.names_line(list(names))}, {words.quoted(shown.subject)}"
        if action == "done":
            self._deeds.mark_done(shown.id, who)
        elif action == "wake":
            self._deeds.wake(shown.id, who)
        elif action == "snooze":
            self.ask_snooze(shown.id, who, place)
        elif action == "wait":
            due = self._feed.latest.of_conversation(shown.id) if self._feed.latest is not None else None
            if due is not None and due.kind in UNDELIVERED:
                self._deeds.failed.emit(_nothing_to_wait_for())
                return
            self.ask_wait(shown.id, who, due.account_id if due is not None else None)

    def ask_snooze(self, conversation_id: int, who: str, place: QPoint | None = None) -> SnoozeMenu:
        """Open the menu of moments."""
        latest, now = self._feed.latest, local_now(self._now())
        menu = SnoozeMenu(self._window, now, latest.calendar if latest is not None else WorkCalendar())
        snooze = _Snoozing(self._deeds, conversation_id, who)
        menu.chosen.connect(snooze)
        menu.date_asked.connect(_AskingDate(self._window, now, snooze))
        _pop_up(menu, place)
        return menu

    def ask_wait(self, conversation_id: int, who: str, account_id: int | None = None) -> None:
        """Open the dialog on what holds now."""

        def work() -> Wait:
            rows = accounts(self._store)
            usual = [row.wait_days for row in rows if row.id == account_id] or [row.wait_days for row in rows]
            said = newest_wait(self._store, conversation_id)
            return Wait(
                of_account=usual[0] if usual else DEFAULT_WAIT_DAYS,
                of_conversation=said.wait_days if said is not None else None,
                message_id=said.message_id if said is not None else None,
                of_message=said.message_wait_days if said is not None else None,
            )

        def done(wait: Wait) -> None:
            dialog = WaitDialog(self._window, who, wait)
            dialog.chosen.connect(_Waiting(self._deeds, conversation_id, who, wait.message_id))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self._ops.run(self, work, done, self._on_failed)

    def answer(self, question: Question, *, is_yes: bool, place: QPoint | None = None) -> None:
        """Answer a question; where several people may be meant, a menu asks which."""
        if not is_yes:
            self._deeds.answer(question, None)
        elif len(question.candidates) == 1:
            self._deeds.answer(question, question.candidates[0].copy_id)
        elif question.candidates:
            menu = QMenu(self._window)
            for each in question.candidates:
                name = (words.one_line(each.name) or each.address).replace("&", "&&")
                is_bounce = question_words.is_bounce(question)
                text = f"Not delivered to {name}" if is_bounce else f"It is {question_words.possessive(name)}"
                menu.addAction(text).triggered.connect(_Answering(self._deeds, question, each.copy_id))
            _pop_up(menu, place)

    @Slot(object)
    def _on_failed(self, trouble: Trouble) -> None:
        self._deeds.failed.emit(trouble)


def _nothing_to_wait_for() -> Trouble:
    return Trouble("This mail did not arrive, so there is no answer to wait for.", "Mend it, or mark it as done.")


def _pop_up(menu: QMenu, place: QPoint | None) -> None:
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place if place is not None else QCursor.pos())


class _Snoozing:
    def __init__(self, deeds: Deeds, conversation_id: int, who: str) -> None:
        self._deeds, self._conversation_id, self._who = deeds, conversation_id, who

    def __call__(self, until: datetime) -> None:
        self._deeds.snooze(self._conversation_id, self._who, until)


class _AskingDate:
    def __init__(self, window: QWidget, now: datetime, snooze: _Snoozing) -> None:
        self._window, self._now, self._snooze = window, now, snooze

    def __call__(self) -> None:
        dialog = DateDialog(self._window, self._now)
        dialog.chosen.connect(self._snooze)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


class _Waiting:
    def __init__(self, deeds: Deeds, conversation_id: int, who: str, message_id: int | None) -> None:
        self._deeds, self._conversation_id, self._who, self._message_id = deeds, conversation_id, who, message_id

    def __call__(self, days: int | None, is_message_alone: bool) -> None:
        message_id = self._message_id if is_message_alone else None
        self._deeds.set_wait(self._conversation_id, self._who, days, message_id)


class _Answering:
    def __init__(self, deeds: Deeds, question: Question, copy_id: int) -> None:
        self._deeds, self._question, self._copy_id = deeds, question, copy_id

    def __call__(self) -> None:
        self._deeds.answer(self._question, self._copy_id)
