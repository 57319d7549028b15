"""One recipient's ladder, painted left to right.

A filled disc with a sign is proven, a small grey one follows from a later step; a half one is possible, a ring open.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.ui import glyphs, words
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, font_of
from desktop.ui.rungs import LadderStep, Proof
from desktop.ui.theme import Colours, Themes

_DISC: Final = 18.0
_GAP: Final = 4.0
_SIGNED: Final = frozenset({Glyph.CLICKED, Glyph.CONFIRMED, Glyph.REPLIED})
_REACHED: Final = (Proof.PROVEN, Proof.IMPLIED, Proof.POSSIBLE)
_PROOFS: Final = {
    Proof.PROVEN: "proven",
    Proof.IMPLIED: "known",
    Proof.POSSIBLE: "possible",
    Proof.OPEN: "not yet",
    Proof.UNKNOWABLE: "cannot be known",
}


def described(steps: Sequence[LadderStep]) -> str:
    """Return the ladder for a screen reader."""
    return ", ".join(f"{words.RUNGS[step.rung]}: {_proof_words(step)}" for step in steps)


def _proof_words(step: LadderStep) -> str:
    if step.follows is not None:
        return f"follows from {words.IMPLIED_BY[step.follows].removeprefix('by ')}"
    return _PROOFS[step.proof]


def implied_tooltip(steps: Sequence[LadderStep]) -> str:
    """Return which steps are known only from a later one, empty where none is."""
    implied = [step for step in steps if step.follows is not None]
    return "; ".join(f"{words.RUNGS[step.rung]} {_proof_words(step)}" for step in implied)


class Ladder(QWidget):
    """Paints the steps over the whole width; where not all labels fit, the highest step and the next have one.

    What has none is said by the tooltip then.
    """

    def __init__(self, steps: Sequence[LadderStep], themes: Themes, now: Callable[[], datetime]) -> None:
        """Hold the steps; times under them are as old as `now` says."""
        super().__init__()
        self._steps = tuple(steps)
        self._themes = themes
        self._now = now
        self._font = font_of(Role.SMALL)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Status ladder")
        self.setAccessibleDescription(described(self._steps))

    def event(self, event: QEvent) -> bool:
        """Say in the tooltip what has no room below its disc."""
        if event.type() is QEvent.Type.ToolTip:
            self.setToolTip(implied_tooltip(self._steps) if self._fits() else described(self._steps))
        return super().event(event)

    def sizeHint(self) -> QSize:
        """Return room for the discs, labels of one or two lines, and times."""
        lines = 1 + max(len(words.RUNGS[step.rung].split()) for step in self._steps)
        return QSize(300, round(_DISC) + 8 + lines * QFontMetrics(self._font).height())

    def minimumSizeHint(self) -> QSize:
        """Return room for the discs."""
        return QSize(160, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint rail, discs and labels."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        colours = self._themes.colours
        cell = self.width() / len(self._steps)
        for index, step in enumerate(self._steps):
            middle = QPointF(cell * (index + 0.5), _DISC / 2 + 2)
            if index:
                self._paint_rail(painter, middle, cell, step, colours)
            _paint_disc(painter, middle, step, colours)
        for index, room in self.label_rooms().items():
            self._paint_label(painter, room, self._steps[index], colours)
        painter.end()

    def label_rooms(self) -> dict[int, QRectF]:
        """Return which steps have a label, and where."""
        if self._fits():
            return {index: self._label_room(index) for index in range(len(self._steps))}
        highest = max((at for at, step in enumerate(self._steps) if step.proof in _REACHED), default=0)
        here = self._label_room(highest)
        if highest + 1 == len(self._steps):
            return {highest: here}
        following = self._label_room(highest + 1)
        over = here.right() + _GAP - following.left()
        if over > 0:
            # The two make room for each other, as far as the edges let them.
            left = min(over / 2, here.left())
            here.translate(-left, 0)
            following.translate(over - left, 0)
            beyond = max(following.right() - self.width(), 0.0)
            here.translate(-beyond, 0)
            following.translate(-beyond, 0)
        return {highest: here, highest + 1: following}

    def _fits(self) -> bool:
        return all(self._widest_word(step) <= self.width() / len(self._steps) - 2 for step in self._steps)

    def _widest_word(self, step: LadderStep) -> int:
        metrics = QFontMetrics(self._font)
        return max(metrics.horizontalAdvance(word) for word in words.RUNGS[step.rung].split())

    def _label_room(self, index: int) -> QRectF:
        cell = self.width() / len(self._steps)
        width = max(cell, self._widest_word(self._steps[index]) + 4.0)
        left = min(max(cell * (index + 0.5) - width / 2, 0.0), self.width() - width)
        return QRectF(left, _DISC + 7, width, self.height() - _DISC - 7)

    def _paint_rail(self, painter: QPainter, middle: QPointF, cell: float, step: LadderStep, colours: Colours) -> None:
        reached = step.proof in _REACHED
        pen = QPen(QColor(colours.grey if reached else colours.faint), 1.6)
        if step.proof not in (Proof.PROVEN, Proof.IMPLIED):
            pen.setStyle(Qt.PenStyle.DotLine)
        painter.setPen(pen)
        reach = _DISC / 2 + 5
        painter.drawLine(QPointF(middle.x() - cell + reach, middle.y()), QPointF(middle.x() - reach, middle.y()))

    def _paint_label(self, painter: QPainter, room: QRectF, step: LadderStep, colours: Colours) -> None:
        label = words.RUNGS[step.rung]
        metrics = QFontMetrics(self._font)
        reached = step.proof in _REACHED
        painter.setPen(QColor(colours.text if reached else colours.grey))
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        used = painter.boundingRect(room, flags, label)
        painter.drawText(room, flags, label)
        when = words.age(step.at, self._now()) if step.at is not None else words.IMPLIED_BY.get(step.follows, "")
        if when and metrics.horizontalAdvance(when) <= room.width():
            painter.setPen(QColor(colours.grey))
            painter.drawText(room.adjusted(0, used.height(), 0, 0), flags, when)


def _paint_disc(painter: QPainter, middle: QPointF, step: LadderStep, colours: Colours) -> None:
    box = QRectF(middle.x() - _DISC / 2, middle.y() - _DISC / 2, _DISC, _DISC)
    glyph = glyphs.glyph_of_rung(step.rung)
    ink = QColor(glyphs.ink_of(glyph, colours))
    if step.proof is Proof.POSSIBLE:
        glyphs.paint(painter, box, glyph, ink)
    elif step.proof is Proof.PROVEN:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
        sign = glyph if glyph in _SIGNED else Glyph.CONFIRMED
        glyphs.paint(painter, box.adjusted(5, 5, -5, -5), sign, QColor(colours.raised))
    elif step.proof is Proof.IMPLIED:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.grey))
        painter.drawEllipse(box.adjusted(4, 4, -4, -4))
    elif step.proof is Proof.UNKNOWABLE:
        glyphs.paint(painter, box.adjusted(2, 2, -2, -2), Glyph.NOT_TRACKED, QColor(colours.faint))
    else:
        painter.setPen(QPen(QColor(colours.faint), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box.adjusted(3.5, 3.5, -3.5, -3.5))
