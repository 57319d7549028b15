"""Today, the first page: what is to be done now, and above it how far the reading of the mailboxes is.

While older mail is still being read it does not claim to be whole.
"""

from typing import ClassVar, Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from desktop.ui import mail_words
from desktop.ui.actions import MailState, MailStation, Stations
from desktop.ui.acts import Acts
from desktop.ui.due_lines import DueReading, next_sentence
from desktop.ui.due_page import DuePage, nothing_due
from desktop.ui.labels import ElidedLabel, Role
from desktop.ui.theme import Themes

_SHOWN: Final = frozenset({MailState.READING, MailState.CANCELLED})


class TodayPage(DuePage):
    """`cancel_asked` and `resume_asked` carry an account whose first reading is meant."""

    cancel_asked = Signal(object)
    resume_asked = Signal(object)
    START: ClassVar = (
        "Type your address, sign in, and a few minutes later you see here who has not answered, who never got your "
        "mail, and who is back when."
    )

    def __init__(self, themes: Themes, acts: Acts) -> None:
        """Say where to start once it is read that there is nothing, and unless `set_accounts` knows of an account."""
        super().__init__("Today", lambda reading: reading.today, themes, acts, nothing_due(themes))
        self._strips: dict[int, ReadingStrip] = {}
        self._has_accounts = False
        self._strip_column = QVBoxLayout()
        self._strip_column.setSpacing(0)
        self.column.insertLayout(0, self._strip_column)

    def nothing_words(self, reading: DueReading) -> tuple[str, str]:
        """Return what an empty Today says: true also while mail is still being read."""
        if any(strip.is_reading for strip in self._strips.values()):
            return "Nothing to do so far", "Older mail is still being read; what it holds appears here as it comes."
        unknown = reading.unknown_words()
        if unknown is not None:
            return unknown
        coming = next_sentence(reading)
        if coming:
            return "Nothing to do today", coming
        if not self._reads_mail:
            return "Nothing to do today", mail_words.NO_INCOMING
        return "Nothing to do today", "Nobody's answer is awaited. What you send from now on is watched for you."

    def show_stations(self, stations: Stations) -> None:
        """Show how far each account's first reading is."""
        wanted = {each.account_id: each for each in stations.mail if each.state in _SHOWN}
        before = any(strip.is_reading for strip in self._strips.values())
        for account_id in [known for known in self._strips if known not in wanted]:
            strip = self._strips.pop(account_id)
            strip.hide()
            strip.deleteLater()
        for account_id, station in wanted.items():
            if account_id not in self._strips:
                strip = self._strips[account_id] = ReadingStrip(account_id)
                strip.cancel_asked.connect(self.cancel_asked)
                strip.resume_asked.connect(self.resume_asked)
                self._strip_column.addWidget(strip)
            self._strips[account_id].show_station(station, is_only=len(stations.mail) == 1)
        if before is not any(strip.is_reading for strip in self._strips.values()):
            self._show_again()

    def strips(self) -> tuple["ReadingStrip", ...]:
        """Return what says how far the readings are."""
        return tuple(self._strips.values())


class ReadingStrip(QFrame):
    """One account's first reading: how far it is, a bar, and a button that stops it or goes on."""

    cancel_asked = Signal(object)
    resume_asked = Signal(object)

    def __init__(self, account_id: int) -> None:
        """Blank until `show_station`."""
        super().__init__()
        self.setObjectName("strip")
        self._account_id = account_id
        self.is_reading = False
        self._said = ElidedLabel("", Role.BODY)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.setAccessibleName("How much of the older mail is read")
        self.button = QPushButton()
        self.button.setProperty("kind", "quiet")
        self.button.clicked.connect(self._on_pressed)
        texts = QWidget()
        column = QVBoxLayout(texts)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self._said)
        column.addWidget(self._bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 9, 14, 9)
        row.setSpacing(14)
        row.addWidget(texts, 1)
        row.addWidget(self.button)

    def text(self) -> str:
        """Return what stands there."""
        return self._said.text()

    def show_station(self, station: MailStation, *, is_only: bool) -> None:
        """Say how far it is; with several accounts, whose it is."""
        self.is_reading = station.state is MailState.READING
        self._said.setText(mail_words.reading_line(station, is_only=is_only))
        self._bar.setRange(0, max(station.total, 0))
        self._bar.setValue(min(station.done, station.total))
        self._bar.setVisible(self.is_reading)
        self.button.setText("Cancel" if self.is_reading else "Read on")
        self.button.setAccessibleName(f"{self.button.text()}: older mail of {station.address}")

    @Slot()
    def _on_pressed(self) -> None:
        (self.cancel_asked if self.is_reading else self.resume_asked).emit(self._account_id)
