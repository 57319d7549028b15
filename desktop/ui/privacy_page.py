"""The settings of what is kept of recipients, for how long and how exactly; and whether the ledger holds.

Each choice holds at once.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QFormLayout, QPushButton, QVBoxLayout, QWidget

from desktop.core.errors import Trouble
from desktop.store import settings
from desktop.store.database import Store
from desktop.store.hits import STRICT
from desktop.store.ledger import ledger_trouble
from desktop.store.retention import DEFAULT_KEEP_DAYS, KEEP_CHOICES, KEEP_DAYS
from desktop.ui import consent_words, privacy_words
from desktop.ui.forms import Choice, Message, form_label, has_keyboard
from desktop.ui.knowing_choice import hinted
from desktop.ui.labels import Role, plain
from desktop.ui.ops import Ops


class PrivacyPage(QWidget):
    """A choice and a tick; `changed` says that one of them holds now, `repair_asked` that the ledger be repaired."""

    changed = Signal()
    repair_asked = Signal()

    def __init__(self, store: Store, ops: Ops) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._store, self._ops = store, ops
        self.keep_days = Choice()
        for days in KEEP_CHOICES:
            self.keep_days.addItem(privacy_words.kept_text(days), days)
        self.strict = QCheckBox(privacy_words.STRICT)
        self.strict.setAccessibleDescription(privacy_words.STRICT_HINT)
        self.repair_button = QPushButton(consent_words.REPAIR)
        self.repair_button.setAutoDefault(False)
        self.repair_button.clicked.connect(self.repair_asked)
        self.ledger, self.message = Message(is_state=True), Message()
        self.keep_days.activated.connect(self._on_kept)
        self.strict.clicked.connect(self._on_strict)
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Privacy of your recipients", Role.HEADING))
        column.addWidget(plain(privacy_words.PRIVACY_ABOUT, Role.DIM, wraps=True))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(form_label("&Keep what was recorded for", self.keep_days), self.keep_days)
        column.addLayout(form)
        column.addWidget(plain(privacy_words.KEEP_HINT, Role.SMALL, wraps=True))
        column.addSpacing(4)
        column.addWidget(self.strict)
        column.addWidget(hinted(privacy_words.STRICT_HINT))
        column.addSpacing(4)
        column.addWidget(plain(privacy_words.SUNSET_ELSEWHERE, Role.DIM, wraps=True))
        column.addWidget(self.message)
        column.addSpacing(8)
        column.addWidget(plain("Record of permissions", Role.STRONG))
        column.addWidget(self.ledger)
        column.addWidget(self.repair_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    @Slot()
    def reload(self) -> None:
        """Read what stands."""

        def work() -> tuple[int, bool, Trouble | None]:
            kept = settings.get(self._store, KEEP_DAYS, DEFAULT_KEEP_DAYS)
            return int(kept), bool(settings.get(self._store, STRICT, False)), ledger_trouble(self._store)

        self._ops.run(self, work, self._on_read, self.message.show_trouble)

    def _on_read(self, read: tuple[int, bool, Trouble | None]) -> None:
        days, is_strict, trouble = read
        if trouble is None and has_keyboard(self.repair_button):
            self.ledger.take_keyboard()
        self.repair_button.setVisible(trouble is not None)
        if trouble is None:
            self.ledger.show_good(consent_words.LEDGER_HOLDS)
        else:
            self.ledger.show_trouble(trouble)
        if self.keep_days.findData(days) < 0:
            self.keep_days.addItem(privacy_words.kept_text(days), days)
        self.keep_days.setCurrentIndex(self.keep_days.findData(days))
        self.strict.setChecked(is_strict)

    @Slot()
    def _on_kept(self) -> None:
        self._put(KEEP_DAYS, int(self.keep_days.currentData()))

    @Slot()
    def _on_strict(self) -> None:
        self._put(STRICT, self.strict.isChecked())

    def _put(self, name: str, value: object) -> None:
        def done(_: object) -> None:
            self.changed.emit()

        self._ops.run(self, lambda: settings.put(self._store, name, value), done, self.message.show_trouble)
