"""The settings of whom to let alone: one entry a line, typed or read from a file; what cannot be read is shown."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.core.address import shown
from desktop.core.donottrack import Entry, Kind, parse_line, read_list
from desktop.core.errors import Malformed, StoreTrouble, Trouble
from desktop.store.database import Store
from desktop.store.do_not_track import EntryRow, Imported, add, entries, import_lines, remove
from desktop.ui import privacy_words, words
from desktop.ui.forms import Message, has_keyboard
from desktop.ui.labels import Role, plain
from desktop.ui.ops import Ops

_MOST_BYTES: Final = 4_000_000


class DoNotTrackPage(QWidget):
    """The list, a line to add to it, and an import; `changed` says that the list is another now."""

    changed = Signal()

    def __init__(self, store: Store, ops: Ops, now: Callable[[], datetime]) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._store, self._ops, self._now = store, ops, now
        self.rows: tuple[EntryRow, ...] = ()
        self._removed: tuple[EntryRow, ...] = ()
        self.field, self.list = QLineEdit(), QListWidget()
        self.field.setPlaceholderText(privacy_words.LIST_EXAMPLE)
        self.field.setAccessibleName("Address, domain or pattern")
        self.list.setAccessibleName("Do-not-track list")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setUniformItemSizes(True)
        self.list.setMinimumHeight(180)
        self.add_button, self.import_button = QPushButton("A&dd"), QPushButton("&Import a file…")
        self.remove_button, self.undo_button = QPushButton("Take &off the list"), QPushButton("&Undo")
        self.bad = QPlainTextEdit()
        self.bad.setReadOnly(True)
        self.bad.setTabChangesFocus(True)
        self.bad.setAccessibleName(privacy_words.BAD_LINES)
        self.bad.setFixedHeight(110)
        self._bad_title = plain(privacy_words.BAD_LINES, Role.STRONG)
        self._none = plain(privacy_words.NOBODY_LISTED, Role.DIM)
        self.message = Message()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Do not track", Role.HEADING))
        column.addWidget(plain(privacy_words.LIST_ABOUT, Role.DIM, wraps=True))
        across = QHBoxLayout()
        across.setSpacing(8)
        across.addWidget(self.field, 1)
        across.addWidget(self.add_button)
        column.addLayout(across)
        column.addWidget(self._none)
        column.addWidget(self.list)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.import_button)
        below.addStretch(1)
        below.addWidget(self.undo_button)
        below.addWidget(self.remove_button)
        column.addLayout(below)
        column.addWidget(self.message)
        column.addWidget(self._bad_title)
        column.addWidget(self.bad)
        column.addStretch(1)

    def _connect(self) -> None:
        for button, slot in (
            (self.add_button, self._on_add),
            (self.import_button, self._on_import),
            (self.remove_button, self._on_remove),
            (self.undo_button, self._on_undo),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(slot)
        self.field.returnPressed.connect(self._on_add)
        self.field.textEdited.connect(self.message.mend)
        self.list.itemSelectionChanged.connect(self._on_selected)
        self._show_bad(())
        self.undo_button.hide()
        self._on_selected()

    @Slot()
    def reload(self) -> None:
        """Read the list."""
        self._ops.run(self, lambda: entries(self._store), self._on_read, self.message.show_trouble)

    def forget(self) -> None:
        """Say nothing any more of what was done or imported."""
        self.message.clear()
        self._show_bad(())
        self._removed = ()
        self.undo_button.hide()

    def _on_read(self, rows: tuple[EntryRow, ...]) -> None:
        self.rows = rows
        self.list.clear()
        for row in rows:
            item = QListWidgetItem(_entry_text(row))
            item.setData(Qt.ItemDataRole.UserRole, row.id)
            self.list.addItem(item)
        self.list.setVisible(bool(rows))
        self._none.setVisible(not rows)
        self._on_selected()

    @Slot()
    def _on_selected(self) -> None:
        self.remove_button.setEnabled(bool(self.list.selectedItems()))

    @Slot()
    def _on_add(self) -> None:
        now = self._now()
        try:
            entry = parse_line(self.field.text())
        except Malformed as trouble:
            self.message.show_trouble(trouble)
            self.field.setFocus()
            return

        def done(_: object) -> None:
            self.field.clear()
            self._done(f"{entry_shown(entry)} is let alone from now on.")

        self._ops.run(self, lambda: add(self._store, entry, "", now), done, self._on_failed)

    @Slot()
    def _on_remove(self) -> None:
        ids = {item.data(Qt.ItemDataRole.UserRole) for item in self.list.selectedItems()}
        gone = tuple(row for row in self.rows if row.id in ids)

        def work() -> None:
            for row in gone:
                remove(self._store, row.id)

        def done(_: None) -> None:
            self._removed = gone
            self._done(f"{words.count(len(gone), 'entry', 'entries')} taken off the list.")
            self.undo_button.show()
            if has_keyboard(self.remove_button):
                self.undo_button.setFocus()

        self._ops.run(self, work, done, self._on_failed)

    @Slot()
    def _on_undo(self) -> None:
        back = self._removed

        def work() -> None:
            for row in back:
                add(self._store, row.entry, row.note, row.at)

        def done(_: None) -> None:
            self._removed = ()
            self._done("Put back on the list.")
            if has_keyboard(self.undo_button):
                self.message.take_keyboard()
            self.undo_button.hide()

        self._ops.run(self, work, done, self._on_failed)

    @Slot()
    def _on_import(self) -> None:
        kinds = "Text (*.txt *.csv);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Import a do-not-track list", "", kinds)
        if path:
            self.import_from(Path(path))

    def import_from(self, path: Path) -> None:
        """Take the good lines of a file, and show the bad ones with what is wrong with each."""
        now = self._now()

        def done(imported: Imported) -> None:
            self._show_bad(imported.bad)
            self._done(privacy_words.imported_text(imported.added, imported.known, len(imported.bad)))

        self._ops.run(self, lambda: _imported(self._store, path, now), done, self._on_failed)

    def _show_bad(self, bad: tuple[tuple[int, str, str], ...]) -> None:
        self.bad.setPlainText("\n".join(privacy_words.bad_line_text(*line) for line in bad))
        for widget in (self._bad_title, self.bad):
            widget.setVisible(bool(bad))

    def _done(self, said: str) -> None:
        self.message.show_good(said)
        self.reload()
        self.changed.emit()

    def _on_failed(self, trouble: Trouble) -> None:
        self.message.show_trouble(trouble)


def _entry_text(row: EntryRow) -> str:
    note = f" · {words.one_line(row.note)}" if row.note.strip() else ""
    return f"{entry_shown(row.entry)} · {privacy_words.KINDS[row.entry.kind]}{note}"


def entry_shown(entry: Entry) -> str:
    """Return an entry with its domain as people write it; a pattern as it was written."""
    if entry.kind is Kind.DOMAIN:
        return shown(f"x@{entry.value}").removeprefix("x@")
    return shown(entry.value) if entry.kind is Kind.ADDRESS else entry.value


def _imported(store: Store, path: Path, now: datetime) -> Imported:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise StoreTrouble("This file is too large for a list.", "Import it in parts of at most 4 MB.")
        text = read_list(path.read_bytes())
    except OSError as error:
        raise StoreTrouble("The file could not be read.", "Choose another one.") from error
    return import_lines(store, text, now)
