"""A rate as a bar: what is proven is solid, what is only possible is hatched, the rest is a hairline.

Filled is proven and hollow is possible, as with the glyphs: shape before colour.
"""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.core.report import Rate
from desktop.ui import glyphs
from desktop.ui.glyphs import Glyph
from desktop.ui.theme import Themes

_HEIGHT = 18
_ROUND = 4.0
# Something that happened must be seen, though it be one in a thousand.
_LEAST = 3.0


class RateBar(QWidget):
    """Its words stand beside it, so a screen reader skips it; `glyph` decides the colour."""

    def __init__(self, glyph: Glyph, themes: Themes) -> None:
        """Show nothing until `set_rate`."""
        super().__init__()
        self._glyph, self._themes = glyph, themes
        self.rate = Rate(of=0, proven=0, possible=0)
        self.setFixedHeight(_HEIGHT)
        self.setMinimumWidth(80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_rate(self, rate: Rate) -> None:
        """Show this rate."""
        self.rate = rate
        self.update()

    def ink(self) -> str:
        """Return the colour of what is proven and possible in the theme that stands."""
        return glyphs.ink_of(self._glyph, self._themes.colours)

    def ends(self) -> tuple[float, float]:
        """Return where the proven and the possible part end, in pixels from the left."""
        room = self.width() - 1.0
        if not self.rate.of:
            return 0.0, 0.0
        proven = _reach(self.rate.proven, self.rate.of, room, 0.0)
        if self.rate.possible <= self.rate.proven:
            return proven, proven
        return proven, _reach(self.rate.possible, self.rate.of, room, proven)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairline, then the possible part, then the proven one."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(0.5, 0.5, self.width() - 1.0, self.height() - 1.0)
        shape = QPainterPath()
        shape.addRoundedRect(whole, _ROUND, _ROUND)
        ink = QColor(self.ink())
        proven, possible = self.ends()
        painter.setClipPath(shape)
        if possible > proven:
            painter.fillRect(QRectF(proven, 0, possible - proven, self.height()), _hatched(ink))
            painter.fillRect(QRectF(possible - 1.5, 0, 1.5, self.height()), ink)
        painter.fillRect(QRectF(0, 0, proven, self.height()), ink)
        painter.setClipping(False)
        painter.setPen(QPen(QColor(self._themes.colours.faint), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(shape)
        painter.end()


def _reach(number: int, of: int, room: float, least: float) -> float:
    return min(room, max(room * number / of, least + _LEAST)) if number else 0.0


def _hatched(ink: QColor) -> QBrush:
    return QBrush(ink, Qt.BrushStyle.BDiagPattern)
