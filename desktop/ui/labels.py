"""Text on a window: every label is plain text, in one of a few sizes, so that a stranger's subject stays a subject.

QLabel renders markup unless told otherwise; labels are made nowhere else.
"""

import re
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QSizePolicy, QWidget


class Role(StrEnum):
    """What a line of text is for; it decides size, weight and colour."""

    TITLE = "title"
    HEADING = "heading"
    STRONG = "strong"
    BODY = "body"
    DIM = "dim"
    SMALL = "small"


_SCALES = {Role.TITLE: 1.5, Role.HEADING: 1.15, Role.SMALL: 0.9}
_BOLD = frozenset({Role.TITLE, Role.HEADING, Role.STRONG})
_DIMMED = frozenset({Role.DIM, Role.SMALL})


def font_of(role: Role) -> QFont:
    """Return the application's font at the role's size and weight."""
    font = QFont(QApplication.font())
    font.setPointSizeF(font.pointSizeF() * _SCALES.get(role, 1.0))
    if role in _BOLD:
        font.setWeight(QFont.Weight.DemiBold)
    return font


_LONG_WORD: Final = re.compile(r"\S{18,}")
_BREAKS: Final = re.compile(r"(?<=[/.@_=&?-])(?=\w)|(?<=\w{16})(?=\w{4})")


def breakable(text: str) -> str:
    """Return `text` with places to break (U+200B) in words too long for a narrow column, such as links."""
    return _LONG_WORD.sub(lambda word: _BREAKS.sub("\u200b", word[0]), text)


class PlainLabel(QLabel):
    """A label that shows exactly the characters it is given, and can be copied from."""

    def __init__(self, text: str, role: Role, *, wraps: bool) -> None:
        """Long words wrap where they must, so no label widens its window."""
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wraps)
        self.setFont(font_of(role))
        if role in _DIMMED:
            self.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        if wraps:
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show `text`; where lines wrap, long words may be broken."""
        super().setText(breakable(text) if self.wordWrap() else text)

    def make_selectable(self) -> None:
        """Let it be selected and copied; Tab passes it by."""
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def minimumSizeHint(self) -> QSize:
        """Let a label that wraps be as narrow as its layout likes."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), 60), hint.height()) if self.wordWrap() else hint


class ElidedLabel(PlainLabel):
    """One line that ends in an ellipsis where room ends; the whole text is its tooltip and accessible name."""

    def __init__(self, text: str, role: Role) -> None:
        """Ask for little width: the layout gives what there is."""
        super().__init__(text, role, wraps=False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        """Show one line of `text`, whatever line breaks it holds."""
        super().setText(" ".join(text.split()))
        self.setAccessibleName(self.text())

    def minimumSizeHint(self) -> QSize:
        """Return room for a few letters."""
        return QSize(40, super().minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:
        """Offer the whole text as a tooltip only where it is cut; plain, since a tooltip would render markup."""
        if event.type() is QEvent.Type.ToolTip:
            cut = QFontMetrics(self.font()).horizontalAdvance(self.text()) > self.width()
            self.setToolTip(as_plain_tooltip(self.text()) if cut else "")
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the head of the text."""
        del event
        painter = QPainter(self)
        shown = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), int(self.alignment() | Qt.TextFlag.TextSingleLine), shown)
        painter.end()


def plain(text: str, role: Role = Role.BODY, *, wraps: bool = False, selectable: bool = False) -> PlainLabel:
    """Return a plain-text label."""
    label = PlainLabel(text, role, wraps=wraps)
    if selectable:
        label.make_selectable()
    return label


def as_plain_tooltip(text: str) -> str:
    """Return `text` so that a tooltip shows its characters: Qt guesses markup from the text itself."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<qt>{escaped}</qt>" if escaped != text else text


class Page(QWidget):
    """What stands in a scroll area: exactly as high as its width needs.

    A layout's smallest height counts wrapped lines at a width of its own, which would leave dead room to scroll.
    """

    def minimumSizeHint(self) -> QSize:
        """Leave the height to the layout's height for the width."""
        return QSize(super().minimumSizeHint().width(), 0)


class Card(QFrame):
    """A raised panel with a hairline and round corners."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Painted from the palette, so a theme change needs nothing."""
        super().__init__(parent)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground and hairline."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.palette().midlight().color())
        painter.setBrush(self.palette().button())
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        painter.end()
