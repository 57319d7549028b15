"""The status glyphs, painted as paths: shape before colour.

Paths rather than characters, since no font holds them all at one weight and a missing one would be a box.
"""

import math
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from desktop.core.status import Aside, Rung
from desktop.ui.theme import LIGHT, Colours

_STROKE: Final = 0.12


class Glyph(StrEnum):
    """One shape for each thing a person or a machine may have done."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    PROBABLY = "probably"
    OPENED = "opened"
    CLICKED = "clicked"
    CONFIRMED = "confirmed"
    REPLIED = "replied"
    NOT_DELIVERED = "not delivered"
    UNCERTAIN = "uncertain"
    STOPPED = "stopped"
    NOT_TRACKED = "not tracked"
    DELAYED = "delayed"
    AWAY = "away"
    MACHINE = "machine"
    OWN = "own"


_INKS: Final = {
    Glyph.PROBABLY: "amber",
    Glyph.UNCERTAIN: "amber",
    Glyph.OPENED: "green",
    Glyph.CONFIRMED: "green",
    Glyph.CLICKED: "blue",
    Glyph.REPLIED: "violet",
    Glyph.NOT_DELIVERED: "red",
}
_OF_RUNG: Final = {
    Rung.QUEUED: Glyph.QUEUED,
    Rung.SENT: Glyph.SENT,
    Rung.DELIVERED: Glyph.DELIVERED,
    Rung.PROBABLY_OPENED: Glyph.PROBABLY,
    Rung.OPENED: Glyph.OPENED,
    Rung.CLICKED: Glyph.CLICKED,
    Rung.CONFIRMED: Glyph.CONFIRMED,
    Rung.REPLIED: Glyph.REPLIED,
}
# The order is what the user must act on first; "no sign yet" has no shape of its own, the rung's shape says it.
_OF_ASIDE: Final = {
    Aside.NOT_DELIVERED: Glyph.NOT_DELIVERED,
    Aside.UNCERTAIN: Glyph.UNCERTAIN,
    Aside.DELAYED: Glyph.DELAYED,
    Aside.AWAY: Glyph.AWAY,
    Aside.STOPPED: Glyph.STOPPED,
    Aside.NOT_TRACKED: Glyph.NOT_TRACKED,
}


def glyph_of_rung(rung: Rung) -> Glyph:
    """Return the shape of a rung."""
    return _OF_RUNG[rung]


def glyph_of_aside(aside: Aside) -> Glyph | None:
    """Return the shape of a remark beside the ladder; None where the rung's own shape says it."""
    return _OF_ASIDE.get(aside)


def glyph_of(rung: Rung, asides: tuple[Aside, ...]) -> Glyph:
    """Return the one shape for a status: what was proven once anything was, else the remark that explains silence."""
    if rung < Rung.PROBABLY_OPENED:
        for aside, glyph in _OF_ASIDE.items():
            if aside in asides:
                return glyph
    return _OF_RUNG[rung]


def ink_of(glyph: Glyph, colours: Colours) -> str:
    """Return the glyph's colour in a theme."""
    return str(getattr(colours, _INKS.get(glyph, "grey")))


def paint(painter: QPainter, box: QRectF, glyph: Glyph, colour: QColor) -> None:
    """Paint the glyph into a square box."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width(), box.height())
    pen = QPen(colour, _STROKE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    if glyph is Glyph.QUEUED:
        pen.setDashPattern([1.1, 2.0])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(outline(glyph))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPath(filling(glyph))
    painter.restore()


def outline(glyph: Glyph) -> QPainterPath:
    """Return the glyph's strokes in a unit square."""
    path = QPainterPath()
    if glyph not in _WITHOUT_RING:
        path.addEllipse(_ring())
    if glyph in _STROKES:
        for stroke in _STROKES[glyph]:
            path.moveTo(QPointF(*stroke[0]))
            for point in stroke[1:]:
                path.lineTo(QPointF(*point))
    if glyph is Glyph.REPLIED:
        path.moveTo(0.14, 0.42)
        path.lineTo(0.62, 0.42)
        path.cubicTo(QPointF(0.92, 0.42), QPointF(0.92, 0.82), QPointF(0.60, 0.82))
        path.lineTo(0.46, 0.82)
    if glyph is Glyph.UNCERTAIN:
        path.moveTo(0.38, 0.40)
        path.cubicTo(QPointF(0.40, 0.22), QPointF(0.66, 0.26), QPointF(0.60, 0.44))
        path.cubicTo(QPointF(0.57, 0.50), QPointF(0.50, 0.50), QPointF(0.50, 0.58))
    if glyph is Glyph.OWN:
        path.addEllipse(QPointF(0.5, 0.31), 0.17, 0.17)
        path.moveTo(0.17, 0.86)
        path.cubicTo(QPointF(0.17, 0.52), QPointF(0.83, 0.52), QPointF(0.83, 0.86))
    if glyph is Glyph.MACHINE:
        path.addRoundedRect(QRectF(0.20, 0.28, 0.60, 0.48), 0.1, 0.1)
    return path


def filling(glyph: Glyph) -> QPainterPath:
    """Return what is filled of the glyph in a unit square: all of it, a part, or nothing."""
    path = QPainterPath()
    middle = QPointF(0.5, 0.5)
    if glyph is Glyph.OPENED:
        path.addEllipse(_ring())
    elif glyph is Glyph.DELIVERED:
        path.moveTo(middle)
        path.arcTo(_ring(), 0, 90)
        path.closeSubpath()
    elif glyph is Glyph.PROBABLY:
        path.moveTo(middle)
        path.arcTo(_ring(), 90, 180)
        path.closeSubpath()
    elif glyph is Glyph.UNCERTAIN:
        path.addEllipse(QPointF(0.5, 0.72), 0.06, 0.06)
    elif glyph is Glyph.MACHINE:
        path.addEllipse(QPointF(0.38, 0.52), 0.06, 0.06)
        path.addEllipse(QPointF(0.62, 0.52), 0.06, 0.06)
    elif glyph is Glyph.DELAYED:
        for across in (0.2, 0.5, 0.8):
            path.addEllipse(QPointF(across, 0.5), 0.08, 0.08)
    return path


def _ring() -> QRectF:
    return QRectF(0.12, 0.12, 0.76, 0.76)


def _slash() -> tuple[tuple[float, float], ...]:
    reach = 0.38 * math.cos(math.pi / 4)
    return ((0.5 - reach, 0.5 + reach), (0.5 + reach, 0.5 - reach))


_WITHOUT_RING: Final = frozenset(
    {
        Glyph.CLICKED,
        Glyph.CONFIRMED,
        Glyph.REPLIED,
        Glyph.NOT_DELIVERED,
        Glyph.NOT_TRACKED,
        Glyph.DELAYED,
        Glyph.MACHINE,
        Glyph.OWN,
    }
)
_STROKES: Final[dict[Glyph, tuple[tuple[tuple[float, float], ...], ...]]] = {
    Glyph.CLICKED: (((0.20, 0.80), (0.80, 0.20)), ((0.38, 0.18), (0.82, 0.18), (0.82, 0.62))),
    Glyph.CONFIRMED: (((0.14, 0.54), (0.40, 0.80), (0.88, 0.24)),),
    Glyph.REPLIED: (((0.36, 0.18), (0.12, 0.42), (0.36, 0.66)),),
    Glyph.NOT_DELIVERED: (((0.20, 0.20), (0.80, 0.80)), ((0.20, 0.80), (0.80, 0.20))),
    Glyph.NOT_TRACKED: (((0.22, 0.50), (0.78, 0.50)),),
    Glyph.STOPPED: (_slash(),),
    Glyph.AWAY: (((0.41, 0.37), (0.41, 0.63)), ((0.59, 0.37), (0.59, 0.63))),
    Glyph.MACHINE: (((0.50, 0.28), (0.50, 0.14)),),
}


def pixmap(glyph: Glyph, colours: Colours, size: int, ratio: float = 1.0) -> QPixmap:
    """Return the glyph on nothing, `size` device-independent pixels square."""
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint(painter, QRectF(0, 0, size, size), glyph, QColor(ink_of(glyph, colours)))
    painter.end()
    return picture


def app_icon() -> QIcon:
    """Return the program's own sign: an envelope whose flap has become a tick."""
    icon = QIcon()
    for size in (16, 22, 32, 48, 64, 128):
        picture = QPixmap(size, size)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(size, size)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(LIGHT.accent))
        painter.drawRoundedRect(QRectF(0.04, 0.14, 0.92, 0.72), 0.14, 0.14)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(QColor("#ffffff"), 0.09, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        tick = QPainterPath(QPointF(0.24, 0.46))
        tick.lineTo(0.44, 0.66)
        tick.lineTo(0.78, 0.32)
        painter.drawPath(tick)
        painter.end()
        icon.addPixmap(picture)
    return icon
