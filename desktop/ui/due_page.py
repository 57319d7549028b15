"""A place that shows what is due: "Today", or the whole list; with what an empty one has to say.

Before the first reading has come in it claims nothing; where that takes longer than a moment it says so.  Without an
account it says where to start.  Which of a reading's lists is shown is said by the function handed in.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from desktop.ui.acts import Acts
from desktop.ui.due_lines import DueReading, is_nothing, next_sentence
from desktop.ui.due_list import DueList
from desktop.ui.due_model import DueGroup, DueLine, DueModel
from desktop.ui.empty import EmptyState
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, plain
from desktop.ui.theme import Themes

_MOMENT_MS: Final = 300
Grouping = Callable[[DueReading], Sequence[DueGroup]]


class DuePage(QWidget):
    """`opened` carries the id of a conversation to be shown; `account_asked` says that the user wants to add one."""

    opened = Signal(object)
    account_asked = Signal()
    START: ClassVar = "Then you see here whose answer you wait for, and since when; what is overdue first."

    def __init__(self, name: str, grouping: Grouping, themes: Themes, acts: Acts, nothing: EmptyState) -> None:
        """Wait for the first reading; `nothing` stands there while nothing is due."""
        super().__init__()
        self._grouping, self._acts = grouping, acts
        self.model = DueModel(self)
        self.list = DueList(self.model, themes)
        self.list.setAccessibleName(name)
        self.list.opened.connect(self._on_opened)
        self.list.acted.connect(self._on_acted)
        self.nothing = nothing
        self.waiting = plain("", Role.DIM)
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.waiting)
        self.stack.addWidget(self.nothing)
        self.stack.addWidget(self.list)
        self.start = start_here(themes, self.START, self.account_asked.emit)
        self.stack.addWidget(self.start)
        self._has_accounts, self._reads_mail = True, False
        self._latest: DueReading | None = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(0)
        self.column.addWidget(self.stack, 1)
        self._moment = QTimer(self, singleShot=True, interval=_MOMENT_MS)
        self._moment.timeout.connect(self._on_moment_over)
        self._moment.start()

    @Slot()
    def _on_moment_over(self) -> None:
        self.waiting.setText("Reading…")

    @Slot()
    def show_unread(self) -> None:
        """Say that nothing could be read, unless an earlier reading stands there."""
        self._moment.stop()
        self.waiting.setText("This could not be read.")

    def set_accounts(self, *, has_accounts: bool, reads_mail: bool) -> None:
        """Say what is set up: it decides what an empty page says."""
        self._has_accounts, self._reads_mail = has_accounts, reads_mail
        self._show_again()

    def _show_again(self) -> None:
        if self._latest is not None:
            self.show_reading(self._latest)

    def show_reading(self, reading: DueReading) -> None:
        """Show what is due; the keyboard stays on its line, or goes to the one that took its place."""
        self._latest = reading
        groups = self._grouping(reading)
        line, row = self.list.current_line(), self.list.currentIndex().row()
        at = self.list.verticalScrollBar().value()
        had_focus = self.list.hasFocus() or self.list.actions_bar.isAncestorOf(self.focusWidget() or self)
        if self.model.replace(groups):
            # Until the user chose a line it is the first, whatever comes in above it.
            found = self.model.row_of(line.key) if line is not None and self.list.is_used else None
            nearest = max(row, 0) if self.list.is_used else 0
            self.list.select_row(found if found is not None else nearest)
            self.list.verticalScrollBar().setValue(at)
        self._moment.stop()
        is_known = reading.unknown_words() is None
        self.nothing.say(*self.nothing_words(reading), Glyph.CONFIRMED if is_known else Glyph.DELAYED)
        empty = self.nothing if self._has_accounts else self.start
        self.stack.setCurrentWidget(empty if is_nothing(groups) else self.list)
        if had_focus and self.list.isVisible():
            self.list.setFocus()

    def nothing_words(self, reading: DueReading) -> tuple[str, str]:
        """Return what an empty list says."""
        unknown = reading.unknown_words()
        if unknown is not None:
            return unknown
        return "Nobody to follow up with", next_sentence(reading) or "Nobody's answer is awaited."

    def focus_first(self) -> None:
        """Give the keyboard to the list, or to the button of an empty page."""
        is_start = self.stack.currentWidget() is self.start
        (self.start.button if is_start else self.list).setFocus()

    def act(self, action: str) -> None:
        """Do something about the line the keyboard is on."""
        line = self.list.current_line()
        if line is not None and line.question is None:
            self.list.is_used = True
            self._acts.act(line, action, self.list.menu_place())

    @Slot(object)
    def _on_opened(self, line: DueLine) -> None:
        self.opened.emit(line.conversation_id)

    @Slot(object, object)
    def _on_acted(self, line: DueLine, action: str) -> None:
        self._acts.act(line, action, self.list.menu_place())


def start_here(themes: Themes, text: str, pressed: Callable[[], None]) -> EmptyState:
    """Return what stands on a page before there is an account: what it will show, and the button that adds one."""
    return EmptyState(
        themes, Glyph.SENT, "Start with your mail account", text, button="Add your &account…", pressed=pressed
    )


def nothing_due(themes: Themes) -> EmptyState:
    """Return what stands there while nothing is due."""
    return EmptyState(themes, Glyph.CONFIRMED, "", "")
