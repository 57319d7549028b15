"""The rows of a list of cards: frozen values, replaced by the smallest set of moves, so selection and scroll stay.

`data()` runs no query and formats nothing: a card's texts are made once, when rows are read.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from desktop.ui.glyphs import Glyph

CARD_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """The one column."""

    CARD = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CardText:
    """What one card shows; `key` says which thing it is, `middle` may be empty."""

    key: Hashable
    glyph: Glyph
    title: str
    corner: str
    middle: str
    status: str

    def spoken(self) -> str:
        """Return the card for a screen reader."""
        return ". ".join(part for part in (self.title, self.middle, self.status, self.corner) if part)


class CardModel(QAbstractTableModel):
    """One column of cards; `replace` is the only way rows change."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._cards: list[CardText] = []

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many cards there are."""
        return 0 if parent.isValid() else len(self._cards)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return one."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the card under its own role, its spoken form as text."""
        if not index.isValid() or index.row() >= len(self._cards):
            return None
        card = self._cards[index.row()]
        if role == CARD_ROLE:
            return card
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return card.spoken()
        return None

    def row_of(self, key: Hashable) -> int | None:
        """Return the row of a key, None where it is not in the list."""
        return next((row for row, card in enumerate(self._cards) if card.key == key), None)

    def card_at(self, row: int) -> CardText:
        """Return the card of a row."""
        return self._cards[row]

    def replace(self, cards: Sequence[CardText]) -> None:
        """Let exactly `cards` stand, in their order; keys must be distinct."""
        wanted = {card.key for card in cards}
        for row in reversed(range(len(self._cards))):
            if self._cards[row].key not in wanted:
                self._remove(row)
        standing = {card.key for card in self._cards}
        for row, card in enumerate(cards):
            if card.key in standing:
                self._bring(row, card)
            else:
                self.beginInsertRows(QModelIndex(), row, row)
                self._cards.insert(row, card)
                self.endInsertRows()

    def _remove(self, row: int) -> None:
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._cards[row]
        self.endRemoveRows()

    def _bring(self, row: int, card: CardText) -> None:
        found = next(at for at in range(row, len(self._cards)) if self._cards[at].key == card.key)
        if found != row:
            self.beginMoveRows(QModelIndex(), found, found, QModelIndex(), row)
            self._cards.insert(row, self._cards.pop(found))
            self.endMoveRows()
        if self._cards[row] != card:
            self._cards[row] = card
            index = self.index(row, Column.CARD)
            self.dataChanged.emit(index, index)
