"""What was just done, in words, with its undo: a bar at the foot of the window, and Ctrl+Z after the bar has gone.

Undoing takes back the latest deed first; each is taken back at most once.
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from desktop.ui.labels import ElidedLabel, Role

_STAYS_MS: Final = 15_000
_REMEMBERED: Final = 20


class UndoBar(QWidget):
    """One sentence and an Undo button; hidden while there is nothing to say."""

    def __init__(self) -> None:
        """Start hidden."""
        super().__init__()
        self.setObjectName("undo")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._deeds: list[Callable[[], None]] = []
        self._said = ElidedLabel("", Role.BODY)
        self.button = QPushButton("U&ndo")
        self.button.setProperty("kind", "quiet")
        self.button.setToolTip("Undo (Ctrl+Z)")
        self.button.clicked.connect(self.undo)
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 5, 12, 5)
        row.setSpacing(10)
        row.addWidget(self._said, 1)
        row.addWidget(self.button)
        self._timer = QTimer(self, singleShot=True, interval=_STAYS_MS)
        self._timer.timeout.connect(self.hide)
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
        self._deeds = [*self._deeds[-_REMEMBERED + 1 :], undo]
        self._say(sentence)

    @Slot()
    def undo(self) -> None:
        """Take back the latest deed, if there is one."""
        if self._deeds:
            self._deeds.pop()()
            self._say("Taken back.")

    def _say(self, sentence: str) -> None:
        self._said.setText(sentence)
        self.button.setVisible(bool(self._deeds))
        self._timer.start()
        self.show()
