"""How many working days to wait for an answer: in a conversation, or to its newest message alone."""

from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QRadioButton, QVBoxLayout, QWidget

from desktop.core.errors import Malformed
from desktop.ui.forms import ButtonRow, DaysField, Message, form_label
from desktop.ui.labels import Role, plain

_LONGEST: Final = 90


class WaitDialog(QDialog):
    """`chosen` carries the days, None for as the account says, and whether they hold for the newest message alone."""

    chosen = Signal(object, object)

    def __init__(self, parent: QWidget, who: str, days: int, *, has_message: bool) -> None:
        """Begin with what holds now."""
        super().__init__(parent)
        self.setWindowTitle("Wait for an answer")
        self.days = DaysField(1, _LONGEST, unit="working days")
        self.days.set_value(days)
        self.conversation, self.message = (
            QRadioButton("in this con&versation"),
            QRadioButton("to the &newest mail only"),
        )
        self.conversation.setChecked(True)
        self.message.setVisible(has_message)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 14)
        column.setSpacing(12)
        column.addWidget(plain(who, Role.HEADING, wraps=True))
        about = "After so many working days without an answer they stand on your list. Holidays do not count."
        column.addWidget(plain(about, Role.DIM, wraps=True))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(form_label("&Wait", self.days), self.days)
        form.addRow("", self.conversation)
        form.addRow("", self.message)
        column.addLayout(form)
        self.message_line = Message()
        column.addWidget(self.message_line)
        buttons = ButtonRow()
        buttons.plain("As the &account says").clicked.connect(self._on_default)
        buttons.plain("&Cancel").clicked.connect(self.reject)
        buttons.primary("&Keep").clicked.connect(self._on_kept)
        column.addWidget(buttons)
        self.setMinimumWidth(420)

    @Slot()
    def _on_kept(self) -> None:
        try:
            days = self.days.value()
        except Malformed as trouble:
            self.message_line.show_trouble(trouble)
            return
        self._take(days)

    @Slot()
    def _on_default(self) -> None:
        self._take(None)

    def _take(self, days: int | None) -> None:
        self.chosen.emit(days, self.message.isChecked())
        self.accept()
