"""Whether an account's Sent folder is kept clean: a tick, what it means, and what stands in the way."""

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from desktop.ui import sent_words
from desktop.ui.actions import MailStation
from desktop.ui.forms import Message
from desktop.ui.labels import Role, plain


class SentChoice(QWidget):
    """Off until the user ticks it; saved with its account."""

    def __init__(self) -> None:
        """Say what it does before it can be ticked."""
        super().__init__()
        self.box = QCheckBox(sent_words.SWITCH)
        self.box.setAccessibleDescription(f"{sent_words.ABOUT} {sent_words.DOES}")
        self._cleaned = plain("", Role.SMALL, wraps=True)
        self.message = Message(is_state=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(plain("Sent folder", Role.STRONG))
        column.addWidget(plain(sent_words.ABOUT, Role.DIM, wraps=True))
        column.addWidget(self.box)
        column.addWidget(plain(sent_words.DOES, Role.DIM, wraps=True))
        column.addWidget(self._cleaned)
        column.addWidget(self.message)
        self._cleaned.hide()
        self.setFocusProxy(self.box)

    def fill(self, *, is_on: bool, has_imap: bool) -> None:
        """Show how it stands; without an incoming server it can be switched off but not on."""
        self.box.setChecked(is_on)
        self.box.setEnabled(has_imap or is_on)
        self._cleaned.hide()
        self.message.clear()
        if not has_imap:
            self.message.show_note(sent_words.NEEDS_IMAP)

    def show_station(self, station: MailStation) -> None:
        """Say how far it is, and what stands in the way."""
        done = sent_words.cleaned_text(station.sent_cleaned)
        self._cleaned.setText(done)
        self._cleaned.setVisible(bool(done))
        if station.sent_trouble is not None:
            self.message.show_trouble(station.sent_trouble)
        else:
            self.message.clear()
