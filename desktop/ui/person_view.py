"""One person: where they stand, what for, how that is known; what holds for them alone; and what can be done.

A person who said no can only grant anew themselves: no button does it for them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.core.address import shown
from desktop.core.permission import REFUSING, Standing
from desktop.store.ledger import LedgerEntry
from desktop.store.people import PersonRow
from desktop.ui import consent_words, person_outlook, person_words
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Card, ElidedLabel, Page, Role, plain
from desktop.ui.marks import GlyphMark
from desktop.ui.person_choices import PersonChoice, PersonChoices
from desktop.ui.person_history import PersonHistory
from desktop.ui.person_outlook import Outlook
from desktop.ui.tab_order import keep_reading_order
from desktop.ui.theme import Themes

_WIDEST: Final = 720
# From this width on two buttons stand beside each other.
_BESIDE: Final = 460


class Deed(StrEnum):
    """What can be asked for a person."""

    RECORD = "record"
    WITHDRAW = "withdraw"
    ASK = "ask"
    DO_NOT_ASK = "do_not_ask"
    LIST = "list"
    UNLIST = "unlist"
    EXPORT = "export"
    ERASE = "erase"


_TEXTS: Final = {
    Deed.RECORD: "Recor&d permission…",
    Deed.WITHDRAW: "They said no: &withdraw…",
    Deed.ASK: consent_words.ASK_IN_NEXT,
    Deed.DO_NOT_ASK: "Do &not ask",
    Deed.LIST: "Never trac&k them",
    Deed.UNLIST: "Ta&ke off the do-not-track list",
    Deed.EXPORT: "E&xport…",
    Deed.ERASE: "Erase…",
}


_COUNTERPARTS: Final = {
    Deed.ASK: Deed.DO_NOT_ASK,
    Deed.DO_NOT_ASK: Deed.ASK,
    Deed.LIST: Deed.UNLIST,
    Deed.UNLIST: Deed.LIST,
}


class PersonView(QScrollArea):
    """The cards of one person; `asked` carries a Deed and the row, `chosen` the row and a PersonChoice.

    `own_country_chosen` carries where the user is, and the accounts that lack it.
    """

    asked = Signal(object, object)
    chosen = Signal(object, object)
    own_country_chosen = Signal(str, object)

    def __init__(self, themes: Themes) -> None:
        """Blank until `show_person`."""
        super().__init__()
        self._themes = themes
        self._row: PersonRow | None = None
        self._outlooks: tuple[Outlook, ...] = ()
        self._rows: list[QHBoxLayout] = []
        self.buttons = {deed: self._button(deed) for deed in Deed}
        self._record, self._withdraw = self.buttons[Deed.RECORD], self.buttons[Deed.WITHDRAW]
        self._record.setProperty("kind", "primary")
        self._name, self._address = ElidedLabel("", Role.TITLE), plain("", Role.DIM, selectable=True)
        # The outcome of a deed: the keyboard comes here where its button goes.
        self._standing = plain("", Role.HEADING, wraps=True, selectable=True)
        self._meaning, self._barred = plain("", Role.DIM, wraps=True), plain("", Role.BODY, wraps=True)
        self._mark = GlyphMark(Glyph.NOT_TRACKED, themes, 18)
        self._wanted = plain("", Role.BODY, wraps=True)
        self._facts = QFormLayout()
        self._facts_shown: tuple[tuple[str, str], ...] = ()
        self._facts.setHorizontalSpacing(22)
        self._facts.setVerticalSpacing(8)
        self.choices, self.history = PersonChoices(), PersonHistory()
        self.choices.chosen.connect(self._on_chosen)
        self.choices.own_country_chosen.connect(self._on_own_country)
        self._cards = (self._standing_card(), self.choices, self.history, self._held_card())
        self._lay_out()

    def _button(self, deed: Deed) -> QPushButton:
        button = QPushButton(_TEXTS[deed])
        button.setAutoDefault(False)
        button.clicked.connect(_Asking(self, deed))
        return button

    def _lay_out(self) -> None:
        holder = Page()
        column = QVBoxLayout(holder)
        column.setContentsMargins(24, 20, 24, 24)
        column.setSpacing(4)
        column.addWidget(self._name)
        column.addWidget(self._address)
        column.addSpacing(10)
        for card in self._cards:
            card.setMaximumWidth(_WIDEST)
            column.addWidget(card)
            column.addSpacing(8)
        column.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(holder)

    def _standing_card(self) -> Card:
        card, inside = _card()
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._mark)
        head.addWidget(self._standing, 1)
        inside.addLayout(head)
        inside.addWidget(self._meaning)
        inside.addLayout(self._facts)
        inside.addWidget(self._wanted)
        inside.addWidget(self._barred)
        inside.addSpacing(4)
        for deeds in ((Deed.RECORD, Deed.WITHDRAW), (Deed.ASK, Deed.DO_NOT_ASK, Deed.LIST, Deed.UNLIST)):
            row = _row(*(self.buttons[deed] for deed in deeds))
            self._rows.append(row)
            inside.addLayout(row)
        return card

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put buttons below each other where they have no room beside each other."""
        super().resizeEvent(event)
        is_wide = self.viewport().width() >= _BESIDE
        for row in self._rows:
            row.setDirection(QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom)

    def _held_card(self) -> Card:
        card, inside = _card()
        inside.addWidget(plain("Everything that is held of them", Role.HEADING, wraps=True))
        for deed, hint in ((Deed.EXPORT, consent_words.EXPORT_HINT), (Deed.ERASE, consent_words.ERASED_HINT)):
            inside.addWidget(plain(hint, Role.DIM, wraps=True))
            inside.addLayout(_row(self.buttons[deed]))
            self.buttons[deed].setAccessibleDescription(hint)
        return card

    @Slot()
    def focus_first(self) -> None:
        """Give the keyboard to what can be done first."""
        next(button for button in self.buttons.values() if not button.isHidden()).setFocus()

    def is_other(self, row: PersonRow | None) -> bool:
        """Return whether this is not the person who is shown."""
        return self._row is None or row is None or row.address != self._row.address

    def has_keyboard_in(self) -> bool:
        """Return whether the keyboard is on something here."""
        focused = self.window().focusWidget()
        return focused is not None and self.isAncestorOf(focused)

    def show_person(self, row: PersonRow | None) -> None:
        """Show a person, or nobody; their history comes with `show_history`."""
        is_other = self.is_other(row)
        self._row, self._outlooks = row, ()
        for widget in (self._name, self._address, *self._cards):
            widget.setVisible(row is not None)
        if row is None:
            return
        if is_other:
            self.verticalScrollBar().setValue(0)
            self.history.hide()
        self._name.setText(person_words.who(row))
        self._address.setText(shown(row.address) if row.name else "")
        self._mark.set_glyph(person_words.glyph_of(row))
        self._standing.setText(consent_words.standing_line(row.permission))
        self._show_facts(person_words.facts_of(row))
        self.choices.show_person(row)
        self._show_outlook(row)

    def _show_outlook(self, row: PersonRow) -> None:
        self._meaning.setText(person_outlook.meaning_of(row, self._outlooks))
        self._show_buttons(row)
        lacks = bool(person_outlook.without_country(self._outlooks))
        hindrance = person_outlook.telling_trouble(row, self._outlooks)
        self.choices.show_hindrance(hindrance, lacks_country=lacks and hindrance is not None)

    def show_history(
        self,
        address: str,
        entries: Sequence[LedgerEntry],
        outlooks: Sequence[Outlook] = (),
        deleted_at: datetime | None = None,
    ) -> None:
        """Show the ledger's rows of the person who is shown, and what the next mail will do."""
        if self._row is None or self._row.address != address:
            return
        self.history.show_entries(entries)
        self.history.show()
        self._outlooks = tuple(outlooks)
        self._show_facts(person_words.facts_of(self._row, deleted_at))
        self._show_outlook(self._row)
        keep_reading_order(*self._cards)

    def _show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        if tuple(facts) == self._facts_shown:
            return
        self._facts_shown = tuple(facts)
        # Hidden at once and deleted later: a row that goes while events are on their way to it takes Qt down.
        while self._facts.rowCount():
            row = self._facts.takeRow(0)
            for item in (row.labelItem, row.fieldItem):
                gone = item.widget()
                if gone is not None:
                    gone.hide()
                    gone.deleteLater()
        for name, value in facts:
            self._facts.addRow(plain(name, Role.DIM), plain(value, Role.BODY, wraps=True, selectable=True))

    def _show_buttons(self, row: PersonRow) -> None:
        standing = row.permission.standing
        is_broken = person_outlook.is_ledger_broken(self._outlooks)
        can_record = standing not in REFUSING and not is_broken
        can_ask = standing is not Standing.GRANTED and not row.is_listed and not is_broken
        wanted = row.is_asking_wanted and can_ask
        offered = {
            Deed.RECORD: can_record,
            # Whoever is told, or may be, never agreed to anything, and can say no all the same.
            Deed.WITHDRAW: standing not in REFUSING,
            Deed.ASK: can_ask and not wanted,
            Deed.DO_NOT_ASK: wanted,
            Deed.LIST: not row.is_listed,
            Deed.UNLIST: row.is_listed,
        }
        self._leave_keyboard(offered)
        for deed, is_offered in offered.items():
            self.buttons[deed].setVisible(is_offered)
        self._barred.setText(consent_words.BROKEN if is_broken else "")
        self._barred.setVisible(is_broken)
        has_agreed = standing is Standing.GRANTED
        self._withdraw.setText(_TEXTS[Deed.WITHDRAW] if has_agreed else "They do not &want it…")
        self._record.setText("Chan&ge…" if has_agreed else _TEXTS[Deed.RECORD])
        self.buttons[Deed.ASK].setText("They asked me to ask…" if standing in REFUSING else _TEXTS[Deed.ASK])
        self._wanted.setText(person_outlook.wanted_text(row, self._outlooks))
        self._wanted.setVisible(wanted)

    def _leave_keyboard(self, offered: Mapping[Deed, bool]) -> None:
        """Put the keyboard on what takes a deed back, else on where they stand, before the deed's button goes."""
        focused = self.window().focusWidget()
        held = next((deed for deed, is_offered in offered.items() if self.buttons[deed] is focused), None)
        if held is None or offered[held]:
            return
        counterpart = _COUNTERPARTS.get(held)
        if counterpart is not None and offered[counterpart]:
            self.buttons[counterpart].setVisible(True)
            self.buttons[counterpart].setFocus()
        else:
            self._standing.setFocus()

    def ask(self, deed: Deed) -> None:
        """Ask for a deed, for the person who is shown."""
        if self._row is not None:
            self.asked.emit(deed, self._row)

    @Slot(str)
    def _on_own_country(self, country: str) -> None:
        self.own_country_chosen.emit(country, person_outlook.without_country(self._outlooks))

    @Slot(object)
    def _on_chosen(self, choice: PersonChoice) -> None:
        if self._row is not None:
            self.chosen.emit(self._row, choice)


class _Asking:
    def __init__(self, view: PersonView, deed: Deed) -> None:
        self._view, self._deed = view, deed

    def __call__(self) -> None:
        self._view.ask(self._deed)


def _card() -> tuple[Card, QVBoxLayout]:
    card = Card()
    inside = QVBoxLayout(card)
    inside.setContentsMargins(20, 18, 20, 18)
    inside.setSpacing(10)
    return card, inside


def _row(*buttons: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    return row
