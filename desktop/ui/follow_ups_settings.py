"""The settings page of follow-ups: the country whose working days and holidays count."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from desktop.core.workdays import countries
from desktop.settings import COUNTRY_SETTING, country_of
from desktop.store import settings
from desktop.store.database import Store
from desktop.ui.forms import Choice, Message, form_label
from desktop.ui.labels import Role, plain
from desktop.ui.ops import Ops


class FollowUpsSettings(QWidget):
    """One choice that holds at once; `changed` says that the list may be another now."""

    changed = Signal()

    def __init__(self, store: Store, ops: Ops) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._store, self._ops = store, ops
        self.country = Choice()
        self.country.activated.connect(self._on_chosen)
        self.message = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Follow-ups", Role.HEADING))
        about = (
            "Days to wait for an answer are working days. Weekends and public holidays of your country do not count. "
            "How many days to wait is said for each account, and in each conversation where it should be otherwise."
        )
        column.addWidget(plain(about, Role.DIM, wraps=True))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(form_label("&Country", self.country), self.country)
        column.addLayout(form)
        column.addWidget(self.message)
        column.addStretch(1)

    @Slot()
    def reload(self) -> None:
        """Read the countries there are, and which one stands."""

        def work() -> tuple[tuple[tuple[str, str], ...], str]:
            return countries(), country_of(self._store)

        self._ops.run(self, work, self._on_read, self.message.show_trouble)

    def _on_read(self, read: tuple[tuple[tuple[str, str], ...], str]) -> None:
        known, chosen = read
        self.country.clear()
        self.country.addItem("None: weekends alone", "")
        for code, name in known:
            self.country.addItem(name, code)
        at = self.country.findData(chosen)
        if at < 0:
            # A part of a country, as "DE-BY", or one that the list does not name.
            self.country.addItem(chosen, chosen)
            at = self.country.count() - 1
        self.country.setCurrentIndex(at)
        self.country.setItemData(0, "No public holidays", Qt.ItemDataRole.ToolTipRole)

    @Slot()
    def _on_chosen(self) -> None:
        chosen = str(self.country.currentData())

        def done(_: object) -> None:
            self.changed.emit()

        self._ops.run(self, lambda: settings.put(self._store, COUNTRY_SETTING, chosen), done, self.message.show_trouble)
