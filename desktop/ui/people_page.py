"""Who allowed what: everybody written to, where each stands, and the forms to record or withdraw a permission.

A person who said no, by the stop page or to the user, can only grant anew themselves: no button does.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import shiboken6
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from desktop.core.errors import Trouble
from desktop.core.permission import Standing
from desktop.store.database import Store
from desktop.store.people import PersonRow, people, record_grant, retract_grant, withdraw
from desktop.ui import words
from desktop.ui.card_list import CardList
from desktop.ui.card_model import CardModel, CardText
from desktop.ui.empty import EmptyState
from desktop.ui.glyphs import Glyph
from desktop.ui.grant_dialog import Grant, GrantDialog
from desktop.ui.labels import Card, ElidedLabel, Role, plain
from desktop.ui.marks import GlyphMark
from desktop.ui.ops import Ops
from desktop.ui.reading import Reading
from desktop.ui.theme import Themes

GLYPHS = {
    Standing.UNKNOWN: Glyph.NOT_TRACKED,
    Standing.GRANTED: Glyph.CONFIRMED,
    Standing.WITHDRAWN: Glyph.STOPPED,
    Standing.STOPPED: Glyph.STOPPED,
}
_MEANINGS = {
    Standing.UNKNOWN: "Mail to them goes out exactly as you write it. Nothing is recorded.",
    Standing.WITHDRAWN: "They told you no. It holds for mail already sent too, and only they can allow it again.",
    Standing.STOPPED: "They pressed Stop. It holds for mail already sent too, and only they can allow it again.",
}
WITHDRAWING = (
    "Nothing more is recorded, not even about mail they already have, and new mail to them goes untracked. After this, "
    "only they can allow it again."
)


def person_card(row: PersonRow) -> CardText:
    """Return a person as their card shows them."""
    permission = row.permission
    status = words.STANDINGS[permission.standing]
    if permission.standing is Standing.GRANTED:
        status = f"{words.sentence(words.purposes_line(permission.purposes)).rstrip('.')}"
    return CardText(
        key=row.address,
        glyph=GLYPHS[permission.standing],
        title=words.one_line(row.name) or row.address,
        corner="",
        middle="",
        status=f"{status} · {row.address}" if row.name else status,
    )


def _by_name(row: PersonRow) -> tuple[str, str]:
    return (row.name or row.address).casefold(), row.address


def _holds(row: PersonRow, wanted: Sequence[str]) -> bool:
    text = f"{row.name} {row.address}".casefold()
    return all(word in text for word in wanted)


class PeoplePage(QWidget):
    """The list at the left, one person at the right; `told` carries a sentence, `failed` a Trouble.

    `recorded` carries a sentence and the address whose permission can still be taken back.
    """

    told = Signal(object)
    recorded = Signal(object, object)
    failed = Signal(object)

    def __init__(self, store: Store, ops: Ops, themes: Themes, now: Callable[[], datetime]) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._store, self._ops, self._now, self._themes = store, ops, now, themes
        self._rows: tuple[PersonRow, ...] = ()
        self._wanted: str | None = None
        self._reading = Reading(ops, self, self._prepare, self._on_read, self._on_failed)
        self.model = CardModel(self)
        self.list = CardList(self.model, themes, lines=2)
        self.list.setAccessibleName("People")
        self.list.chosen.connect(self._on_chosen)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search people")
        self.search.setAccessibleName("Search people")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show)
        self._add = QPushButton("&Add…")
        self._add.setAccessibleName("Record the permission of somebody new")
        self._add.clicked.connect(self._on_add)
        self.view = PersonView(themes)
        self.view.record_asked.connect(self.ask_permission)
        self.view.withdraw_asked.connect(self._on_withdraw)
        self.list.opened.connect(self.view.focus_first)
        self._lay_out()

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 10, 12, 10)
        bar.setSpacing(8)
        bar.addWidget(self.search, 1)
        bar.addWidget(self._add)
        column.addLayout(bar)
        found = QWidget()
        self._found = QStackedLayout(found)
        self._nobody = EmptyState(
            self._themes, Glyph.SENT, "Nobody found", "No name or address holds all of these words."
        )
        for page in (self.list, self._nobody):
            self._found.addWidget(page)
        column.addWidget(found, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.view)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([330, 700])
        self._empty = EmptyState(
            self._themes,
            Glyph.CONFIRMED,
            "Nobody has given permission yet",
            "Tracking starts with a yes. When someone agrees that you may see opens or links, record it here: how they "
            "told you, and when. Until then every mail goes out exactly as you write it.",
            button="Recor&d a permission…",
            pressed=self._on_add,
        )
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.splitter)
        self._stack.addWidget(self._empty)

    @Slot()
    def reload(self) -> None:
        """Read everybody anew."""
        self._reading.ask()

    def _prepare(self) -> Callable[[], tuple[PersonRow, ...]]:
        store = self._store
        return lambda: tuple(sorted(people(store), key=_by_name))

    def _on_read(self, rows: tuple[PersonRow, ...]) -> None:
        self._rows = rows
        self._show()

    @Slot()
    def _show(self) -> None:
        wanted = self.search.text().casefold().split()
        found = [row for row in self._rows if not wanted or _holds(row, wanted)]
        self.model.replace([person_card(row) for row in found])
        self._found.setCurrentWidget(self.list if found or not wanted else self._nobody)
        self.set_empty_shown(False)
        if self._wanted is not None and self.list.select_key(self._wanted):
            self._wanted = None
        if self.list.current_key() is None and found:
            self.list.select_key(found[0].address)
        self._on_chosen(self.list.current_key())

    def set_empty_shown(self, is_shown: bool) -> None:
        """Show what stands there while nobody is known, though somebody is: for a picture."""
        self._stack.setCurrentWidget(self._empty if is_shown or not self._rows else self.splitter)

    @Slot(object)
    def _on_chosen(self, key: object) -> None:
        row = next((row for row in self._rows if row.address == key), None)
        self.view.show_person(row)

    @Slot()
    def _on_add(self) -> None:
        self.ask_permission("")

    @Slot(object)
    def ask_permission(self, address: str) -> None:
        """Open the form, for a known person or for somebody new."""
        row = next((row for row in self._rows if row.address == address), None)
        dialog = GrantDialog(
            self.window(),
            address=address,
            name=row.name if row else "",
            standing=row.permission if row else None,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.submitted.connect(_Submitted(self, dialog))
        dialog.open()

    def record(self, grant: Grant, dialog: GrantDialog) -> None:
        """Write a permission to the ledger; a person's earlier no refuses it, and the form says so."""
        at = self._now()

        def work() -> None:
            record_grant(
                self._store,
                address=grant.address,
                name=grant.name,
                purposes=grant.purposes,
                method=grant.method,
                evidence=grant.evidence,
                at=at,
            )

        def done(_: None) -> None:
            self._wanted = grant.address
            self.reload()
            if shiboken6.isValid(dialog):
                dialog.accept()
            purposes, who = words.purposes_line(grant.purposes), grant.name or grant.address
            self.recorded.emit(f"Recorded: you may see {purposes} of {who}", grant.address)

        def failed(trouble: Trouble) -> None:
            if shiboken6.isValid(dialog):
                dialog.refuse(trouble)
            else:
                self._on_failed(trouble)

        self._ops.run(self, work, done, failed)

    def retract(self, address: str) -> None:
        """Take back a permission recorded by mistake, while no mail was tracked under it."""
        at = self._now()

        def done(_: object) -> None:
            self.reload()
            self.told.emit("Taken back: it is as it was before")

        self._ops.run(self, lambda: retract_grant(self._store, address, at), done, self._on_failed)

    @Slot(object)
    def _on_withdraw(self, row: PersonRow) -> None:
        # No undo: a no that can be taken back by anyone but the person would be no no.  So it is asked before.
        box = QMessageBox(self.window())
        box.setWindowTitle("Withdraw permission")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{words.one_line(row.name) or row.address} told you they no longer want it?")
        box.setInformativeText(WITHDRAWING)
        yes = box.addButton("&Withdraw", QMessageBox.ButtonRole.AcceptRole)
        keep = box.addButton("&Keep", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.buttonClicked.connect(_Confirmed(self, row, yes))
        box.open()

    def withdraw(self, row: PersonRow) -> None:
        """Write the withdrawal to the ledger."""
        at = self._now()

        def done(_: object) -> None:
            self.reload()
            self.told.emit(f"Withdrawn: nothing more is recorded of {words.one_line(row.name) or row.address}")

        self._ops.run(self, lambda: withdraw(self._store, row.address, at), done, self._on_failed)

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)


class _Submitted:
    def __init__(self, page: PeoplePage, dialog: GrantDialog) -> None:
        self._page, self._dialog = page, dialog

    def __call__(self, grant: Grant) -> None:
        self._page.record(grant, self._dialog)


class _Confirmed:
    def __init__(self, page: PeoplePage, row: PersonRow, yes: QPushButton) -> None:
        self._page, self._row, self._yes = page, row, yes

    def __call__(self, button: QPushButton) -> None:
        if button is self._yes:
            self._page.withdraw(self._row)


class PersonView(QWidget):
    """One person: where they stand, what for, how that is known, and what can be done."""

    record_asked = Signal(object)
    withdraw_asked = Signal(object)

    def __init__(self, themes: Themes) -> None:
        """Blank until `show_person`."""
        super().__init__()
        self._themes = themes
        self._row: PersonRow | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 20, 24, 24)
        self._record = QPushButton("Recor&d permission…")
        self._record.setProperty("kind", "primary")
        self._record.clicked.connect(self._on_record)
        self._withdraw = QPushButton("They said no: &withdraw…")
        self._withdraw.clicked.connect(self._on_withdraw)
        self._name, self._address = ElidedLabel("", Role.TITLE), plain("", Role.DIM, selectable=True)
        self._standing, self._meaning = plain("", Role.HEADING, wraps=True), plain("", Role.DIM, wraps=True)
        self._mark = GlyphMark(Glyph.NOT_TRACKED, themes, 18)
        self._facts = QFormLayout()
        self._facts.setHorizontalSpacing(22)
        self._facts.setVerticalSpacing(8)
        self._lay_out()

    def _lay_out(self) -> None:
        self._card = Card()
        inside = QVBoxLayout(self._card)
        inside.setContentsMargins(20, 18, 20, 18)
        inside.setSpacing(10)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._mark)
        head.addWidget(self._standing, 1)
        inside.addLayout(head)
        inside.addWidget(self._meaning)
        inside.addLayout(self._facts)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._record)
        buttons.addWidget(self._withdraw)
        buttons.addStretch(1)
        inside.addSpacing(4)
        inside.addLayout(buttons)
        self._card.setMaximumWidth(720)
        self._column.setSpacing(4)
        self._column.addWidget(self._name)
        self._column.addWidget(self._address)
        self._column.addSpacing(14)
        self._column.addWidget(self._card)
        self._column.addStretch(1)

    @Slot()
    def focus_first(self) -> None:
        """Give the keyboard to what can be done."""
        button = self._record if self._record.isVisible() else self._withdraw
        button.setFocus()

    def show_person(self, row: PersonRow | None) -> None:
        """Show a person, or nobody."""
        self._row = row
        for widget in (self._name, self._address, self._card):
            widget.setVisible(row is not None)
        if row is None:
            return
        permission = row.permission
        self._name.setText(words.one_line(row.name) or row.address)
        self._address.setText(row.address if row.name else "")
        self._mark.set_glyph(GLYPHS[permission.standing])
        self._standing.setText(words.STANDINGS[permission.standing])
        is_granted = permission.standing is Standing.GRANTED
        self._meaning.setText(words.carries_line(permission.purposes) if is_granted else _MEANINGS[permission.standing])
        while self._facts.rowCount():
            self._facts.removeRow(0)
        for name, value in _facts_of(row):
            self._facts.addRow(plain(name, Role.DIM), plain(value, Role.BODY, wraps=True, selectable=True))
        self._record.setVisible(permission.standing in (Standing.UNKNOWN, Standing.GRANTED))
        self._record.setText("Recor&d permission…" if permission.standing is Standing.UNKNOWN else "Chan&ge…")
        self._withdraw.setVisible(permission.standing is Standing.GRANTED)

    @Slot()
    def _on_record(self) -> None:
        if self._row is not None:
            self.record_asked.emit(self._row.address)

    @Slot()
    def _on_withdraw(self) -> None:
        if self._row is not None:
            self.withdraw_asked.emit(self._row)


def _facts_of(row: PersonRow) -> tuple[tuple[str, str], ...]:
    permission = row.permission
    facts = [("Mail", words.count(row.messages, "message", "messages"))]
    if permission.standing is Standing.GRANTED and permission.method is not None:
        facts += [
            ("For", words.purposes_line(permission.purposes)),
            ("Since", words.day(permission.granted_at) if permission.granted_at else "not known"),
            ("How", words.sentence(words.METHODS_RECORDED[permission.method])),
            ("Evidence", words.one_line(permission.evidence) or "none"),
        ]
    return tuple(facts)
