"""The settings page of corrections: what the user said hits were, what each decides now, and how it is taken back."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.core.errors import Trouble
from desktop.store.corrections import CorrectionRow
from desktop.ui import correction_words
from desktop.ui.actions import Corrections
from desktop.ui.forms import Message
from desktop.ui.labels import ElidedLabel, Role, plain
from desktop.ui.ops import Ops
from desktop.ui.reading import Reading

# More lines than anybody looks through; the newest are those that may have been a mistake.
_MOST_SHOWN: Final = 200


class CorrectionsPage(QWidget):
    """All corrections that stand, the newest first, each with its Undo."""

    def __init__(self, ops: Ops, actions: Corrections, now: Callable[[], datetime]) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._ops, self._actions, self._now = ops, actions, now
        self.rows: tuple[CorrectionRow, ...] = ()
        self.buttons: list[QPushButton] = []
        self._told = plain("", Role.DIM, wraps=True)
        self._list = QWidget()
        self.message = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Corrections", Role.HEADING))
        column.addWidget(self._told)
        column.addWidget(self._list)
        column.addWidget(self.message)
        column.addStretch(1)
        self._inside = QVBoxLayout(self._list)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._inside.setSpacing(14)
        self._list.hide()
        self._reading = Reading(ops, self, lambda: actions.standing, self._on_read, self.message.show_trouble)

    @Slot()
    def reload(self) -> None:
        """Read the corrections that stand."""
        self._reading.ask()

    def text(self) -> str:
        """Return what stands above the list."""
        return self._told.text()

    def _on_read(self, rows: tuple[CorrectionRow, ...]) -> None:
        held = next((at for at, button in enumerate(self.buttons) if button.hasFocus()), None)
        self.rows = rows
        self._told.setText(correction_words.list_text(len(rows), _MOST_SHOWN))
        self.buttons.clear()
        while (item := self._inside.takeAt(0)) is not None:
            line = item.widget()
            if line is not None:
                line.hide()
                line.deleteLater()
        for row in rows[:_MOST_SHOWN]:
            self._inside.addWidget(self._line(row))
        self._list.setVisible(bool(rows))
        if held is not None and self.buttons:
            self.buttons[min(held, len(self.buttons) - 1)].setFocus()

    def _line(self, row: CorrectionRow) -> QWidget:
        line = QWidget()
        across = QHBoxLayout(line)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        title = correction_words.title_line(row)
        texts.addWidget(ElidedLabel(title, Role.BODY))
        texts.addWidget(plain(correction_words.row_text(row, self._now()), Role.SMALL, wraps=True))
        across.addLayout(texts, 1)
        button = QPushButton(correction_words.UNDO)
        button.setProperty("kind", "small")
        button.setAutoDefault(False)
        button.setAccessibleName(f"{correction_words.UNDO}: {title}")
        button.clicked.connect(_TakingBack(self, row))
        self.buttons.append(button)
        across.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return line

    def take_back(self, row: CorrectionRow) -> None:
        """Let a correction no longer hold."""

        def done(_: None) -> None:
            self.message.show_good(correction_words.taken_back_text(row))
            self.reload()

        self._ops.run(self, lambda: self._actions.take_back(row.correction.id), done, self._on_failed)

    def _on_failed(self, trouble: Trouble) -> None:
        self.message.show_trouble(trouble)


class _TakingBack:
    def __init__(self, page: CorrectionsPage, row: CorrectionRow) -> None:
        self._page, self._row = page, row

    def __call__(self) -> None:
        self._page.take_back(self._row)
