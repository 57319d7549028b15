"""The buttons that stand in one line of a due list; which ones depends on what the line asks."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from desktop.ui.due_model import DueLine

_TEXTS: Final = {
    "yes": ("Yes", "Yes (Y)"),
    "no": ("No", "No (N)"),
    "open": ("Open", "Open the conversation (Enter)"),
    "done": ("Done", "Done: take it off the list (D)"),
    "snooze": ("Snooze", "Bring it back later (S)"),
    "wait": ("Wait…", "Days to wait for an answer (W)"),
}
_OF_FOLLOW_UP: Final = ("open", "done", "snooze", "wait")
_OF_QUESTION: Final = ("yes", "no", "open")
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class LineActions(QWidget):
    """`acted` carries the name of the button that was pressed."""

    acted = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        """Show nothing until `show_for`."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.buttons: dict[str, QPushButton] = {}
        for name, (text, tip) in _TEXTS.items():
            button = QPushButton(text)
            button.setProperty("kind", "small")
            button.setAutoDefault(False)
            button.setToolTip(tip)
            button.clicked.connect(_Pressed(self, name))
            self.buttons[name] = button
            row.addWidget(button)

    def show_for(self, line: DueLine) -> None:
        """Offer what can be done with this line."""
        offered = _OF_FOLLOW_UP if line.question is None else _OF_QUESTION
        for name, button in self.buttons.items():
            button.setVisible(name in offered and (name != "wait" or line.can_wait))
            button.setAccessibleName(f"{_TEXTS[name][1].partition(' (')[0]}: {line.person}")
        self.adjustSize()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter press the button the keyboard is on: buttons outside dialogs know but Space."""
        focused = next((button for button in self.buttons.values() if button.hasFocus()), None)
        if focused is not None and event.key() in _ENTER:
            focused.click()
        else:
            super().keyPressEvent(event)


class _Pressed:
    def __init__(self, actions: LineActions, name: str) -> None:
        self._actions, self._name = actions, name

    def __call__(self) -> None:
        self._actions.acted.emit(self._name)
