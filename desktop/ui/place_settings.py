"""The settings of place: which database of places, if any, says about where a mail was read."""

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from desktop.core.errors import Trouble
from desktop.core.where import PlaceDatabase
from desktop.settings import PLACE_DATABASE_SETTING, place_database_of
from desktop.store import settings
from desktop.store.database import Store
from desktop.ui.forms import Message, form_label
from desktop.ui.labels import Role, as_plain_tooltip, plain
from desktop.ui.ops import Ops
from desktop.ui.where_words import ABOUT_PLACES, FREE_DATABASES, NO_DATABASE, database_text

_Examine = Callable[[str], PlaceDatabase]


class PlaceSettings(QWidget):
    """A file that is looked at before it is kept; `changed` says that places may be known otherwise now."""

    changed = Signal()

    def __init__(self, store: Store, ops: Ops, examine: _Examine) -> None:
        """Empty until `reload`; `examine` tells what the file at a path is, or raises Trouble."""
        super().__init__()
        self._store, self._ops, self._examine = store, ops, examine
        self.path = QLineEdit()
        self.path.setReadOnly(True)
        self.path.setPlaceholderText("None")
        self.choose_button, self.none_button = QPushButton("Choose a &file…"), QPushButton("Use &none")
        self.message = Message()
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Place and device", Role.HEADING))
        column.addWidget(plain(ABOUT_PLACES, Role.DIM, wraps=True))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.path, 1)
        for button, name, slot in (
            (self.choose_button, "Choose a database of places", self._on_choose),
            (self.none_button, "Use no database of places", self._on_none),
        ):
            button.setAutoDefault(False)
            button.setAccessibleName(name)
            button.clicked.connect(slot)
            row.addWidget(button)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(form_label("&Database", self.path), row)
        column.addLayout(form)
        column.addWidget(self.message)
        column.addWidget(plain(FREE_DATABASES, Role.DIM, wraps=True, selectable=True))
        column.addStretch(1)
        self.none_button.hide()

    @Slot()
    def reload(self) -> None:
        """Read which file is chosen, and look whether it can still be used."""

        def work() -> tuple[str, PlaceDatabase | Trouble | None]:
            path = place_database_of(self._store)
            try:
                return path, self._examine(path) if path else None
            except Trouble as trouble:
                return path, trouble

        self._ops.run(self, work, self._on_read, self.message.show_trouble)

    def _on_read(self, read: tuple[str, PlaceDatabase | Trouble | None]) -> None:
        path, found = read
        self.choose_button.setEnabled(True)
        self.none_button.setEnabled(True)
        self.path.setText(path)
        self.path.setToolTip(as_plain_tooltip(path))
        self.none_button.setVisible(bool(path))
        if isinstance(found, Trouble):
            self.message.show_trouble(found)
        elif found is None:
            self.message.show_note(NO_DATABASE)
        else:
            self.message.show_good(database_text(found))

    @Slot()
    def _on_choose(self) -> None:
        kinds = "Databases of places (*.mmdb);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Database of places", self.path.text(), kinds)
        if path:
            self._keep(path)

    @Slot()
    def _on_none(self) -> None:
        self.choose_button.setFocus()
        self._keep("")

    def _keep(self, path: str) -> None:
        """Keep a file that can be used, or none; one that cannot is told, and what stood before stands."""

        def work() -> tuple[str, PlaceDatabase | None]:
            found = self._examine(path) if path else None
            settings.put(self._store, PLACE_DATABASE_SETTING, path)
            return path, found

        def done(kept: tuple[str, PlaceDatabase | None]) -> None:
            self._on_read(kept)
            self.changed.emit()

        self.choose_button.setEnabled(False)
        self.none_button.setEnabled(False)
        self._ops.run(self, work, done, self._on_failed)

    def _on_failed(self, trouble: Trouble) -> None:
        self.choose_button.setEnabled(True)
        self.none_button.setEnabled(True)
        self.message.show_trouble(trouble)
