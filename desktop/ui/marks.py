"""A glyph standing in a layout, beside the words it belongs to."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from desktop.ui import glyphs
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, font_of
from desktop.ui.theme import Themes


class GlyphMark(QWidget):
    """Its words stand beside it, so a screen reader skips it."""

    def __init__(self, glyph: Glyph, themes: Themes, size: int = 15) -> None:
        """As high as a line of text, so that it stands in the middle of the first line beside it."""
        super().__init__()
        self._glyph, self._themes, self._size = glyph, themes, size
        self.setFixedSize(size, max(size, QFontMetrics(font_of(Role.BODY)).height()))

    def set_glyph(self, glyph: Glyph) -> None:
        """Paint another glyph from now on."""
        self._glyph = glyph
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it in the theme's colour."""
        del event
        painter = QPainter(self)
        ink = QColor(glyphs.ink_of(self._glyph, self._themes.colours))
        box = QRectF(0, (self.height() - self._size) / 2, self._size, self._size)
        glyphs.paint(painter, box, self._glyph, ink)
        painter.end()
