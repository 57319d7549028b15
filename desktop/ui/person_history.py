"""What the ledger says of one person, newest first; the exact wording they were shown unfolds under its row."""

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.store.ledger import LedgerEntry
from desktop.ui.labels import Card, Role, plain
from desktop.ui.person_words import entry_detail, entry_moment, entry_sentence, wording_text

_SHOW, _HIDE = "Show wording", "Hide wording"


class PersonHistory(Card):
    """Rows that cannot be changed here, or anywhere."""

    def __init__(self) -> None:
        """Blank until `show_entries`."""
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(20, 16, 20, 16)
        self._column.setSpacing(10)
        self._column.addWidget(plain("What the ledger says", Role.HEADING))
        self._none = plain("Nothing yet: they were not asked, and allowed or refused nothing.", Role.DIM, wraps=True)
        self._column.addWidget(self._none)
        self.rows: list[LedgerRowView] = []

    def show_entries(self, entries: Sequence[LedgerEntry]) -> None:
        """Show these rows, newest first as they come."""
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = [LedgerRowView(entry) for entry in entries]
        for row in self.rows:
            self._column.addWidget(row)
        self._none.setVisible(not self.rows)


class LedgerRowView(QWidget):
    """One row: when, what happened, how it is known, and the wording behind a button."""

    def __init__(self, entry: LedgerEntry) -> None:
        """Start with the wording folded."""
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(12)
        self.sentence = plain(entry_sentence(entry), Role.BODY, wraps=True, selectable=True)
        head.addWidget(self.sentence, 1)
        head.addWidget(plain(entry_moment(entry), Role.SMALL))
        column.addLayout(head)
        detail = entry_detail(entry)
        if detail:
            column.addWidget(plain(detail, Role.DIM, wraps=True, selectable=True))
        self.button: QPushButton | None = None
        text = wording_text(entry)
        if text:
            self._add_wording(column, entry, text)

    def _add_wording(self, column: QVBoxLayout, entry: LedgerEntry, text: str) -> None:
        self.button = QPushButton(_SHOW)
        self.button.setProperty("kind", "small")
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(f"{_SHOW}: {entry_sentence(entry)}")
        self.button.clicked.connect(self._on_pressed)
        across = QHBoxLayout()
        across.addWidget(self.button)
        across.addStretch(1)
        column.addLayout(across)
        self.wording = plain(text, Role.DIM, wraps=True, selectable=True)
        self.wording.hide()
        column.addWidget(self.wording)

    @Slot()
    def _on_pressed(self) -> None:
        if self.button is not None:
            is_shown = self.wording.isHidden()
            self.wording.setVisible(is_shown)
            self.button.setText(_HIDE if is_shown else _SHOW)
