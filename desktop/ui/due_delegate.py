"""How the rows of a due list are painted: headings, lines, and the fold that shows and hides lines."""

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop.ui import glyphs
from desktop.ui.due_model import LINE_ROLE, DueLine, Fold
from desktop.ui.labels import Role, font_of
from desktop.ui.theme import Themes

if TYPE_CHECKING:
    from desktop.ui.due_list import DueList

_PAD: Final = 10
_GAP: Final = 3
_GLYPH: Final = 16
_TEXT_LEFT: Final = 52
RIGHT: Final = 24
_HEADING_PAD: Final = 9
_Index = QModelIndex | QPersistentModelIndex


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
        height = self.line_height if isinstance(index.data(LINE_ROLE), DueLine) else self.heading_height
        return QSize(200, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint the ground by state, then the row."""
        row = index.data(LINE_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(row, str):
            self._paint_heading(painter, option.rect, row)
        elif isinstance(row, Fold):
            self._paint_fold(painter, option, row)
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
        _text(painter, box.adjusted(18, 0, -RIGHT, 0), text)

    def _paint_fold(self, painter: QPainter, option: QStyleOptionViewItem, fold: Fold) -> None:
        """Paint an arrow, what is folded, and at the right what a press does."""
        colours, box = self._themes.colours, option.rect
        painter.fillRect(box, QColor(colours.window))
        self._paint_ground(painter, option)
        painter.setPen(QPen(QColor(colours.grey), 1.6))
        centre = QPointF(box.left() + 28, box.center().y() + 0.5)
        arrow = ((-4, -2), (0, 2), (4, -2)) if fold.is_open else ((-2, -4), (2, 0), (-2, 4))
        painter.drawPolyline(QPolygonF([centre + QPointF(x, y) for x, y in arrow]))
        painter.setFont(self._small)
        painter.setPen(QColor(colours.accent))
        word = "Hide" if fold.is_open else "Show"
        width = painter.fontMetrics().horizontalAdvance(word) + 2
        _text(painter, QRect(box.right() - RIGHT - width, box.top(), width, box.height()), word)
        painter.setFont(self._strong)
        painter.setPen(QColor(colours.grey))
        _text(painter, box.adjusted(_TEXT_LEFT, 0, -RIGHT - width - 12, 0), fold.text)

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
        right = box.right() - RIGHT - taken
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
