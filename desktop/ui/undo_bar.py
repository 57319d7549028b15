"""What was just done, in words, with its undo: a bar at the foot of the window, and Ctrl+Z after the bar has gone.

Undoing takes back the latest deed first; each is taken back at most once.
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from desktop.ui.labels import ElidedLabel, Role

_STAYS_MS: Final = 15_000
_TAKEN_BACK_STAYS_MS: Final = 6_000
_REMEMBERED: Final = 20


class UndoBar(QWidget):
    """One sentence and an Undo button; hidden while there is nothing to say.

    `left` says that the keyboard was on the button, which goes: it belongs back to what the deed was done on.
    """

    left = Signal()

    def __init__(self) -> None:
        """Start hidden."""
        super().__init__()
        self.setObjectName("undo")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._deeds: list[tuple[str, Callable[[], None]]] = []
        self._has_undone = False
        self._said = ElidedLabel("", Role.BODY)
        self.button = QPushButton("U&ndo")
        self.button.setProperty("kind", "quiet")
        self.button.setToolTip("Undo (Ctrl+Z)")
        self.button.setAutoDefault(True)
        self.button.clicked.connect(self.undo)
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 5, 12, 5)
        row.setSpacing(10)
        row.addWidget(self._said, 1)
        row.addWidget(self.button)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.time_over)
        self.hide()

    def text(self) -> str:
        """Return what stands there."""
        return self._said.text()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to be taken back."""
        return not self._deeds

    def offer(self, sentence: str, undo: Callable[[], None]) -> None:
        """Say what was done, and keep how it is taken back."""
        self._deeds = [*self._deeds[-_REMEMBERED + 1 :], (sentence, undo)]
        self._say(sentence, has_undone=False)

    @Slot()
    def undo(self) -> None:
        """Take back the latest deed, if there is one."""
        if self._deeds:
            sentence, take_back = self._deeds.pop()
            take_back()
            self._say(f"Taken back · {sentence}", has_undone=True)

    @Slot()
    def leave_page(self) -> None:
        """Let go of what was taken back as another page comes; an undo that is offered stays until its time is over."""
        if self._has_undone:
            self.hide()

    @Slot()
    def time_over(self) -> None:
        """Go, unless the keyboard has come to the button: it is about to be pressed."""
        if self._has_keyboard():
            self._timer.start()
        else:
            self.hide()

    def _has_keyboard(self) -> bool:
        # The window's own memory of it holds while another window is in front.
        return self.window().focusWidget() is self.button

    def _say(self, sentence: str, *, has_undone: bool) -> None:
        # Beside what was just taken back an Undo would seem to be of that; Ctrl+Z goes further back.
        self._has_undone = has_undone
        self._said.setText(sentence)
        goes_with_keyboard = has_undone and self._has_keyboard()
        self.button.setVisible(not has_undone)
        if goes_with_keyboard:
            self.left.emit()
        self._timer.start(_TAKEN_BACK_STAYS_MS if has_undone else _STAYS_MS)
        self.show()
