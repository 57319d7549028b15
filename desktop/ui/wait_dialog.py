"""How many working days to wait for an answer: in a conversation, or to its newest message alone."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QFormLayout, QRadioButton, QVBoxLayout, QWidget

from desktop.core.errors import Malformed
from desktop.ui.forms import ButtonRow, DaysField, Message, form_label
from desktop.ui.labels import Role, plain

_LONGEST: Final = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long is waited now: as the account says, in the conversation, and for the newest message where it differs.

    None means: as the one before it.  `message_id` is None where there is no message to wait for.
    """

    of_account: int
    of_conversation: int | None = None
    message_id: int | None = None
    of_message: int | None = None

    def in_conversation(self) -> int:
        """Return the days in the conversation."""
        return self.of_account if self.of_conversation is None else self.of_conversation

    def for_message(self) -> int:
        """Return the days for the newest message."""
        return self.in_conversation() if self.of_message is None else self.of_message


class WaitDialog(QDialog):
    """`chosen` carries the days, None for as is usual, and whether they hold for the newest message alone."""

    chosen = Signal(object, object)

    def __init__(self, parent: QWidget, who: str, wait: Wait) -> None:
        """Begin with what holds now."""
        super().__init__(parent)
        self.setWindowTitle("Wait for an answer")
        self._wait, self._proposed = wait, 0
        self.days = DaysField(1, _LONGEST, unit=f"working days (1 to {_LONGEST})")
        self.days.field.inputRejected.connect(self._on_rejected)
        self.conversation, self.message = (
            QRadioButton("in this con&versation"),
            QRadioButton("to the &newest mail only"),
        )
        self.message.setVisible(wait.message_id is not None)
        (self.conversation if wait.of_message is None else self.message).setChecked(True)
        self.message.toggled.connect(self._show)
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
        self.usual = buttons.plain("")
        self.usual.clicked.connect(self._on_default)
        buttons.plain("&Cancel").clicked.connect(self.reject)
        buttons.primary("&Keep").clicked.connect(self._on_kept)
        column.addWidget(buttons)
        self.setMinimumWidth(420)
        self._show()

    @Slot()
    def _show(self) -> None:
        """Show what holds for what is chosen; days that the user typed stand."""
        is_message = self.message.isChecked()
        wanted = self._wait.for_message() if is_message else self._wait.in_conversation()
        if self.days.field.text() in ("", str(self._proposed)):
            self.days.set_value(wanted)
        self._proposed = wanted
        self.usual.setText("&As the conversation says" if is_message else "&As the account says")
        self.message_line.clear()

    @Slot()
    def _on_rejected(self) -> None:
        # What was typed beyond the most is left out by the field, which nobody would see.
        self.message_line.show_trouble(Malformed(f"At most {_LONGEST} working days.", ""))

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
