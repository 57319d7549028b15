"""The list of three-line cards: a table of one column with a delegate, so that long lists stay quick.

A list view would lay out every row before the first is painted.
"""

from collections.abc import Hashable
from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from desktop.ui import glyphs
from desktop.ui.card_model import CARD_ROLE, CardModel, CardText, Column
from desktop.ui.labels import Role, font_of
from desktop.ui.theme import Themes

_PAD: Final = 11
_GAP: Final = 3
_GLYPH: Final = 16
_TEXT_LEFT: Final = 42
_TEXT_RIGHT: Final = 14
_Index = QModelIndex | QPersistentModelIndex


class CardDelegate(QStyledItemDelegate):
    """Paints a card: glyph, title and corner; the middle line; the status in its colour."""

    def __init__(self, themes: Themes, lines: int, parent: QWidget) -> None:
        """`lines` is 3, or 2 where no card has a middle line."""
        super().__init__(parent)
        self._themes = themes
        self._lines = lines
        self._strong, self._body, self._small = font_of(Role.STRONG), font_of(Role.BODY), font_of(Role.SMALL)
        self._row_height = 2 * _PAD + QFontMetrics(self._strong).height() + QFontMetrics(self._small).height() + _GAP
        if lines == 3:
            self._row_height += QFontMetrics(self._body).height() + _GAP

    def row_height(self) -> int:
        """Return the one height of all rows."""
        return self._row_height

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the fixed height."""
        del option, index
        return QSize(200, self._row_height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint the ground by state, then the card."""
        card = index.data(CARD_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, option)
        self._paint_card(painter, option.rect, card)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        colours, box, state = self._themes.colours, option.rect, option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(colours.selected))
            painter.fillRect(QRect(box.left(), box.top(), 3, box.height()), QColor(colours.accent))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(colours.window))
        painter.fillRect(
            QRect(box.left() + _TEXT_LEFT, box.bottom(), box.width() - _TEXT_LEFT, 1), QColor(colours.line)
        )
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box).adjusted(4.5, 2.5, -3.5, -3.5), 5, 5)

    def _paint_card(self, painter: QPainter, box: QRect, card: CardText) -> None:
        colours = self._themes.colours
        ink = QColor(glyphs.ink_of(card.glyph, colours))
        left, width = box.left() + _TEXT_LEFT, box.width() - _TEXT_LEFT - _TEXT_RIGHT
        strong, small = QFontMetrics(self._strong), QFontMetrics(self._small)
        top = box.top() + _PAD
        glyph_top = top + (strong.height() - _GLYPH) / 2
        glyphs.paint(painter, QRectF(box.left() + 15, glyph_top, _GLYPH, _GLYPH), card.glyph, ink)
        corner = small.horizontalAdvance(card.corner) + 2 if card.corner else 0
        painter.setFont(self._small)
        painter.setPen(QColor(colours.grey))
        _line(painter, QRect(left + width - corner, top, corner, strong.height()), card.corner)
        painter.setFont(self._strong)
        painter.setPen(QColor(colours.text))
        _line(painter, QRect(left, top, width - corner - (10 if corner else 0), strong.height()), card.title)
        top += strong.height() + _GAP
        if self._lines == 3:
            painter.setFont(self._body)
            body = QFontMetrics(self._body)
            _line(painter, QRect(left, top, width, body.height()), card.middle)
            top += body.height() + _GAP
        painter.setFont(self._small)
        painter.setPen(ink)
        _line(painter, QRect(left, top, width, small.height()), card.status)


def _line(painter: QPainter, box: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine)
    painter.drawText(box, flags, shown)


class CardList(QTableView):
    """Shows a CardModel; `chosen` carries the key of the current card, `opened` says that Enter was pressed on it.

    `end_reached` says that the last card came into sight by scrolling.
    """

    chosen = Signal(object)
    opened = Signal()
    end_reached = Signal()

    def __init__(self, model: CardModel, themes: Themes, *, lines: int = 3) -> None:
        """Keyboard first: arrows move, Enter goes into the detail."""
        super().__init__()
        self._cards = model
        self.setModel(model)
        delegate = CardDelegate(themes, lines, self)
        self.setItemDelegate(delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(24)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(Column.CARD, QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(delegate.row_height())
        self.selectionModel().currentRowChanged.connect(self._on_current_changed)
        themes.changed.connect(self._on_theme_changed)

    def current_key(self) -> Hashable | None:
        """Return the key of the current card."""
        index = self.currentIndex()
        return self._cards.card_at(index.row()).key if index.isValid() else None

    def select_key(self, key: Hashable) -> bool:
        """Make the card with this key current; say whether it is there."""
        row = self._cards.row_of(key)
        if row is None:
            return False
        self.selectRow(row)
        self.setCurrentIndex(self._cards.index(row, Column.CARD))
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes into the detail; everything else is the table's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit()
            return
        super().keyPressEvent(event)

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        del previous
        if current.isValid():
            self.chosen.emit(self._cards.card_at(current.row()).key)

    @Slot(int)
    def _on_scrolled(self, value: int) -> None:
        if value and value == self.verticalScrollBar().maximum():
            self.end_reached.emit()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.viewport().update()
