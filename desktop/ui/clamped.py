"""A text that takes so many lines and no more: it ends in an ellipsis, the whole is its tooltip and accessible name.

What is shown is cut to the width there is, so that it can be selected and copied as any label's.
"""

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent, QTextLayout

from desktop.ui.labels import PlainLabel, Role, as_plain_tooltip, breakable

_TALL = 10_000


class ClampedLabel(PlainLabel):
    """A label that wraps, of at most `lines` lines."""

    def __init__(self, text: str, role: Role, *, lines: int) -> None:
        """Start as wide as the layout makes it."""
        self._lines, self._whole = lines, ""
        super().__init__("", role, wraps=True)
        self.setText(text)

    def whole_text(self) -> str:
        """Return the text as it was given, however much of it is shown."""
        return self._whole

    def is_cut(self) -> bool:
        """Say whether less than the whole is shown."""
        return self.text() != breakable(self._whole)

    def setText(self, text: str) -> None:
        """Show the head of `text`."""
        self._whole = text
        self.setAccessibleName(text)
        self._show()
        self.updateGeometry()

    def heightForWidth(self, width: int) -> int:
        """Return the height of the lines that are shown at this width."""
        flags = int(Qt.TextFlag.TextWordWrap)
        return QFontMetrics(self.font()).boundingRect(QRect(0, 0, width, _TALL), flags, self._head(width)).height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut it anew."""
        super().resizeEvent(event)
        self._show()

    def event(self, event: QEvent) -> bool:
        """Offer the whole as a tooltip only where it is cut."""
        if event.type() is QEvent.Type.ToolTip:
            self.setToolTip(as_plain_tooltip(self._whole) if self.is_cut() else "")
        return super().event(event)

    def _show(self) -> None:
        head = self._head(self.width())
        if head != self.text():
            super().setText(head)

    def _head(self, width: int) -> str:
        """Return as much as has room at this width."""
        text = breakable(self._whole)
        layout = QTextLayout(text, self.font())
        layout.beginLayout()
        start = 0
        for _ in range(self._lines):
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(width)
            start = line.textStart()
        has_more = layout.createLine().isValid()
        layout.endLayout()
        if not has_more:
            return text
        metrics = QFontMetrics(self.font())
        return text[:start] + metrics.elidedText(text[start:], Qt.TextElideMode.ElideRight, width - 2)
