"""A place with nothing in it yet: says why, and what to do."""

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.ui import glyphs
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, plain
from desktop.ui.theme import Themes


class _Sign(QWidget):
    def __init__(self, glyph: Glyph, themes: Themes) -> None:
        super().__init__()
        self._glyph, self._themes = glyph, themes
        self.setFixedSize(56, 56)

    def set_glyph(self, glyph: Glyph) -> None:
        """Show another sign."""
        self._glyph = glyph
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._themes.colours.selected))
        painter.drawEllipse(self.rect())
        ink = QColor(self._themes.colours.accent)
        glyphs.paint(painter, QRectF(self.rect()).adjusted(17, 17, -17, -17), self._glyph, ink)
        painter.end()


class EmptyState(QWidget):
    """A sign, a title, a sentence and at most one button."""

    def __init__(
        self,
        themes: Themes,
        glyph: Glyph,
        title: str,
        text: str,
        *,
        button: str = "",
        pressed: Callable[[], None] | None = None,
    ) -> None:
        """Everything is centred and at most 360 pixels wide."""
        super().__init__()
        inner = QWidget()
        inner.setMaximumWidth(360)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.sign = _Sign(glyph, themes)
        column.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignHCenter)
        self._title, self._text = plain(title, Role.HEADING, wraps=True), plain(text, Role.DIM, wraps=True)
        for label in (self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        if button and pressed is not None:
            self.button = QPushButton(button)
            self.button.setProperty("kind", "primary")
            self.button.clicked.connect(pressed)
            column.addSpacing(6)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(inner, 100)
        across.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 24, 24, 24)
        outer.addStretch(2)
        outer.addLayout(across)
        outer.addStretch(3)

    def say(self, title: str, text: str, glyph: Glyph | None = None) -> None:
        """Say something else from now on, with another sign where one is given."""
        if glyph is not None:
            self.sign.set_glyph(glyph)
        self._title.setText(title)
        self._text.setText(text)
