"""Who allowed what: everybody written to, where each stands, and the form to record a permission.

One person's card, and what can be done from it, have files of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import shiboken6
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from desktop.core.address import shown
from desktop.core.errors import Trouble
from desktop.store.accounts import accounts
from desktop.store.database import Store
from desktop.store.known import last_deletion
from desktop.store.ledger import LedgerEntry, history
from desktop.store.people import PersonRow, people, record_grant, retract_grant
from desktop.ui import words
from desktop.ui.card_list import CardList
from desktop.ui.card_model import CardModel
from desktop.ui.empty import EmptyState
from desktop.ui.glyphs import Glyph
from desktop.ui.grant_dialog import Grant, GrantDialog
from desktop.ui.ops import Ops
from desktop.ui.person_deeds import PersonDeeds
from desktop.ui.person_outlook import GroundsOf, Outlook, outlooks_of
from desktop.ui.person_view import PersonView
from desktop.ui.person_words import person_card
from desktop.ui.reading import Reading
from desktop.ui.theme import Themes


def _by_name(row: PersonRow) -> tuple[str, str]:
    return (row.name or row.address).casefold(), row.address


def _holds(row: PersonRow, wanted: Sequence[str]) -> bool:
    text = f"{row.name} {row.address} {shown(row.address)}".casefold()
    return all(word in text for word in wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfPerson:
    """What is read of one person when they are shown."""

    address: str
    entries: tuple[LedgerEntry, ...]
    outlooks: tuple[Outlook, ...]
    deleted_at: datetime | None


class PeoplePage(QWidget):
    """The list at the left, one person at the right; `told` carries a sentence, `failed` a Trouble.

    `undoable` carries a sentence and what takes back what it tells of.
    """

    told = Signal(object)
    undoable = Signal(object, object)
    failed = Signal(object)

    def __init__(
        self,
        store: Store,
        ops: Ops,
        themes: Themes,
        now: Callable[[], datetime],
        *,
        erase: Callable[[str], None],
        grounds_of: GroundsOf,
    ) -> None:
        """Empty until `reload`; `erase` deletes what is held of an address, `grounds_of` is what mail is decided by."""
        super().__init__()
        self._grounds_of, self._has_relay = grounds_of, False
        self._store, self._ops, self._now, self._themes = store, ops, now, themes
        self.rows: tuple[PersonRow, ...] = ()
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
        self.deeds = PersonDeeds(self, store, ops, erase, now)
        self._histories = Reading(ops, self, self._prepare_history, self._on_history, self._on_failed)
        self._connect()
        self.list.opened.connect(self.view.focus_first)
        self._lay_out()

    def _connect(self) -> None:
        self.view.asked.connect(self.deeds.do)
        self.view.chosen.connect(self.deeds.choose)
        self.view.own_country_chosen.connect(self.deeds.keep_own_country)
        self.deeds.record_asked.connect(self.ask_permission)
        self.deeds.done.connect(self.reload)
        self.deeds.told.connect(self.told)
        self.deeds.undoable.connect(self.undoable)
        self.deeds.failed.connect(self.failed)

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
        self.rows = rows
        self._show()

    @Slot()
    def _show(self) -> None:
        wanted = self.search.text().casefold().split()
        found = [row for row in self.rows if not wanted or _holds(row, wanted)]
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
        self._stack.setCurrentWidget(self._empty if is_shown or not self.rows else self.splitter)

    @Slot(object)
    def _on_chosen(self, key: object) -> None:
        row = next((row for row in self.rows if row.address == key), None)
        if self.view.is_other(row) and self.view.has_keyboard_in():
            # Whoever was there is gone, as after an erasing: what is pressed next must not be done to somebody else.
            self.list.setFocus()
        self.view.show_person(row)
        if row is not None:
            self._histories.ask()

    def set_relay(self, *, has_relay: bool) -> None:
        """Say whether there is a relay, without which no mail is tracked and nobody asked."""
        if has_relay != self._has_relay:
            self._has_relay = has_relay
            self._histories.ask()

    def _prepare_history(self) -> Callable[[], _OfPerson | None]:
        key, has_relay, now = self.list.current_key(), self._has_relay, self._now()
        return lambda: self._read_person(key, has_relay=has_relay, now=now) if isinstance(key, str) else None

    def _read_person(self, address: str, *, has_relay: bool, now: datetime) -> _OfPerson:
        rows = accounts(self._store)
        return _OfPerson(
            address=address,
            entries=history(self._store, address),
            outlooks=outlooks_of(rows, self._grounds_of, address, has_relay=has_relay, now=now),
            deleted_at=last_deletion(self._store, address),
        )

    def _on_history(self, read: _OfPerson | None) -> None:
        if read is not None:
            self.view.show_history(read.address, read.entries, read.outlooks, read.deleted_at)

    @Slot()
    def _on_add(self) -> None:
        self.ask_permission("")

    @Slot(object)
    def ask_permission(self, address: str) -> None:
        """Open the form, for a known person or for somebody new."""
        row = next((row for row in self.rows if row.address == address), None)
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
            self.undoable.emit(f"Recorded: you may see {purposes} of {who}", partial(self.retract, grant.address))

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

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)


class _Submitted:
    def __init__(self, page: PeoplePage, dialog: GrantDialog) -> None:
        self._page, self._dialog = page, dialog

    def __call__(self, grant: Grant) -> None:
        self._page.record(grant, self._dialog)
