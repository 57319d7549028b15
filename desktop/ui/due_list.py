"""The list of what is due: a table of one column, painted by a delegate, with the actions on the line under the hand.

The buttons are real ones that stand in the line the pointer is on, else in the current line, so that mouse, Tab and a
screen reader find the same; every one of them has a key as well.
"""

from typing import Final

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from desktop.ui import glyphs
from desktop.ui.due_model import LINE_ROLE, DueLine, DueModel
from desktop.ui.labels import Role, font_of
from desktop.ui.line_actions import LineActions
from desktop.ui.theme import Themes

_PAD: Final = 10
_GAP: Final = 3
_GLYPH: Final = 16
_TEXT_LEFT: Final = 52
_RIGHT: Final = 24
_HEADING_PAD: Final = 9
_Index = QModelIndex | QPersistentModelIndex
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_KEYS: Final = {
    Qt.Key.Key_D: "done",
    Qt.Key.Key_Delete: "done",
    Qt.Key.Key_S: "snooze",
    Qt.Key.Key_W: "wait",
    Qt.Key.Key_Y: "yes",
    Qt.Key.Key_N: "no",
}


class DueDelegate(QStyledItemDelegate):
    """Paints a heading, or a line: glyph, person and subject, age; below them the reason and what is said quietly."""

    def __init__(self, themes: Themes, parent: "DueList") -> None:
        """Heights follow the fonts."""
        super().__init__(parent)
        self._themes, self._list = themes, parent
        self._strong, self._body, self._small = font_of(Role.STRONG), font_of(Role.BODY), font_of(Role.SMALL)
        self.line_height = 2 * _PAD + QFontMetrics(self._strong).height() + QFontMetrics(self._small).height() + _GAP
        self.heading_height = 2 * _HEADING_PAD + QFontMetrics(self._strong).height()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the fixed height."""
        del option
        height = self.heading_height if isinstance(index.data(LINE_ROLE), str) else self.line_height
        return QSize(200, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint the ground by state, then the row."""
        row = index.data(LINE_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(row, str):
            self._paint_heading(painter, option.rect, row)
        else:
            self._paint_ground(painter, option)
            self._paint_line(painter, option.rect, row, self._list.room_for_actions(index.row()))
        painter.restore()

    def _paint_heading(self, painter: QPainter, box: QRect, text: str) -> None:
        colours = self._themes.colours
        painter.fillRect(box, QColor(colours.window))
        painter.fillRect(QRect(box.left(), box.bottom(), box.width(), 1), QColor(colours.line))
        painter.setFont(self._strong)
        painter.setPen(QColor(colours.grey))
        _text(painter, box.adjusted(18, 0, -_RIGHT, 0), text)

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        colours, box, state = self._themes.colours, option.rect, option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(colours.selected))
            painter.fillRect(QRect(box.left(), box.top(), 3, box.height()), QColor(colours.accent))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(colours.window))
        rule = QRect(box.left() + _TEXT_LEFT, box.bottom(), box.width() - _TEXT_LEFT, 1)
        painter.fillRect(rule, QColor(colours.line))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box).adjusted(4.5, 2.5, -3.5, -3.5), 5, 5)

    def _paint_line(self, painter: QPainter, box: QRect, line: DueLine, taken: int) -> None:
        colours = self._themes.colours
        ink = QColor(glyphs.ink_of(line.glyph, colours))
        strong, small = QFontMetrics(self._strong), QFontMetrics(self._small)
        top, left = box.top() + _PAD, box.left() + _TEXT_LEFT
        glyph_top = top + (strong.height() - _GLYPH) / 2
        glyphs.paint(painter, QRectF(box.left() + 20, glyph_top, _GLYPH, _GLYPH), line.glyph, ink)
        right = box.right() - _RIGHT - taken
        if not taken:
            age = small.horizontalAdvance(line.age) + 2
            painter.setFont(self._small)
            painter.setPen(QColor(colours.grey))
            _text(painter, QRect(right - age, top, age, strong.height()), line.age)
            right -= age + 12
        self._paint_names(painter, QRect(left, top, right - left, strong.height()), line)
        top += strong.height() + _GAP
        self._paint_reason(painter, QRect(left, top, right - left, small.height()), line, ink)

    def _paint_names(self, painter: QPainter, room: QRect, line: DueLine) -> None:
        colours = self._themes.colours
        strong = QFontMetrics(self._strong)
        # The person may take at most three fifths, so that something of the subject is always seen.
        person = min(strong.horizontalAdvance(line.person) + 2, room.width() * 3 // 5)
        painter.setFont(self._strong)
        painter.setPen(QColor(colours.text))
        _text(painter, QRect(room.left(), room.top(), person, room.height()), line.person)
        painter.setFont(self._body)
        rest = QRect(room.left() + person + 12, room.top(), room.width() - person - 12, room.height())
        _text(painter, rest, line.subject)

    def _paint_reason(self, painter: QPainter, room: QRect, line: DueLine, ink: QColor) -> None:
        small = QFontMetrics(self._small)
        painter.setFont(self._small)
        painter.setPen(ink)
        used = min(small.horizontalAdvance(line.reason) + 2, room.width())
        _text(painter, QRect(room.left(), room.top(), used, room.height()), line.reason)
        if line.note and room.width() - used > 40:
            painter.setPen(QColor(self._themes.colours.grey))
            rest = QRect(room.left() + used, room.top(), room.width() - used, room.height())
            _text(painter, rest, f" · {line.note}")


def _text(painter: QPainter, box: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(box.width(), 0))
    flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine)
    painter.drawText(box, flags, shown)


class DueList(QTableView):
    """Shows a DueModel; `opened` carries a line to be opened, `acted` a line and the name of an action.

    The names are done, snooze, wait, yes and no.
    """

    opened = Signal(object)
    acted = Signal(object, object)

    def __init__(self, model: DueModel, themes: Themes) -> None:
        """Keyboard first: arrows move over the lines, Enter opens, letters act."""
        super().__init__()
        self._due, self._themes = model, themes
        self._hovered: int | None = None
        self._headings: tuple[int, ...] = ()
        self.setModel(model)
        self._delegate = DueDelegate(themes, self)
        self.setItemDelegate(self._delegate)
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
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(10)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self._delegate.line_height)
        self.actions_bar = LineActions(self.viewport())
        self.actions_bar.acted.connect(self._on_bar_acted)
        self.actions_bar.hide()
        model.modelReset.connect(self._on_reset)
        self.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.verticalScrollBar().valueChanged.connect(self._place_actions)
        self.verticalScrollBar().rangeChanged.connect(self._place_later)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._place_actions)
        self.doubleClicked.connect(self._on_double_clicked)
        themes.changed.connect(self._on_theme_changed)
        self._on_reset()

    def current_line(self) -> DueLine | None:
        """Return the line the keyboard is on."""
        return self._due.line_at(self.currentIndex().row())

    def select_row(self, row: int) -> None:
        """Let the keyboard stand on the line nearest to `row`."""
        found = self._due.nearest_line(row)
        if found is not None:
            self.selectRow(found)
            self.setCurrentIndex(self._due.index(found, 0))
        self._place_actions()

    def room_for_actions(self, row: int) -> int:
        """Return the width that the buttons take of a row, 0 where they stand in another."""
        return self.actions_bar.width() + 8 if row == self._acting_row() and self.actions_bar.isVisible() else 0

    def menu_place(self) -> QPoint:
        """Return where a menu of the line with the buttons opens, on the screen."""
        row = self._acting_row()
        box = self.visualRect(self._due.index(row if row is not None else 0, 0))
        return self.viewport().mapToGlobal(box.bottomRight() - QPoint(260, 4))

    def _acting_row(self) -> int | None:
        for row in (self._hovered, self.currentIndex().row()):
            if row is not None and self._due.line_at(row) is not None:
                return row
        return None

    @Slot()
    def _place_later(self) -> None:
        # A bar that comes or goes changes the width only after this.
        self._later.start()

    @Slot()
    def _place_actions(self) -> None:
        row = self._acting_row()
        line = self._due.line_at(row) if row is not None else None
        if row is None or line is None:
            self.actions_bar.hide()
            return
        self.actions_bar.show_for(line)
        box = self.visualRect(self._due.index(row, 0))
        bar = self.actions_bar
        bar.move(box.right() - _RIGHT - bar.width() + 10, box.top() + (box.height() - bar.height()) // 2)
        bar.show()
        self.viewport().update()

    @Slot(object)
    def _on_bar_acted(self, action: str) -> None:
        row = self._acting_row()
        self._act(self._due.line_at(row) if row is not None else None, action)

    def _act(self, line: DueLine | None, action: str) -> None:
        if line is None:
            return
        if action == "open":
            self.opened.emit(line)
        elif (action in ("yes", "no")) == (line.question is not None):
            self.acted.emit(line, action)

    @Slot()
    def _on_reset(self) -> None:
        self._hovered = None
        headings = self._due.heading_rows()
        # A row keeps its height through a reset, also where a line now stands in a heading's place.
        for row in set(self._headings).difference(headings):
            self.setRowHeight(row, self._delegate.line_height)
        for row in headings:
            self.setRowHeight(row, self._delegate.heading_height)
        self._headings = headings

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        del current, previous
        self._place_actions()

    @Slot(QModelIndex)
    def _on_double_clicked(self, index: QModelIndex) -> None:
        self._act(self._due.line_at(index.row()), "open")

    @Slot()
    def _on_theme_changed(self) -> None:
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, letters act on the current line; everything else is the table's."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        self._hovered = None
        if plain and event.key() in _ENTER:
            self._act(self.current_line(), "open")
        elif plain and event.key() in _KEYS:
            self._place_actions()
            self._act(self.current_line(), _KEYS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Let the buttons follow the pointer."""
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(int(event.position().y())))

    def viewportEvent(self, event: QEvent) -> bool:
        """Let the buttons go back to the current line once the pointer has left."""
        left = event.type() is QEvent.Type.Leave
        if left and not self.viewport().rect().contains(self.viewport().mapFromGlobal(self.cursor().pos())):
            self._hover(None)
        return super().viewportEvent(event)

    def _hover(self, row: int | None) -> None:
        if row != self._hovered:
            self._hovered = row
            self._place_actions()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the buttons at the right edge."""
        super().resizeEvent(event)
        self._place_actions()

    def showEvent(self, event: QShowEvent) -> None:
        """Put the buttons where the rows stand now."""
        super().showEvent(event)
        self._place_later()

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Let Tab leave the list for the buttons of the current line."""
        self._hover(None)
        return super().focusNextPrevChild(is_next)
