"""How a line of mail will read: its words with the link in them, made of values, never of markup."""

from datetime import date
from typing import Final

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPalette, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from desktop.core.asking import OFFERED
from desktop.core.disclosure import AddedLine, confirm_line, question_line, tracked_line
from desktop.core.permission import SEEING
from desktop.core.wordings import Wording, WordingKind
from relay.wire.language import Language

_ROOM: Final = 76
# Where the link of a preview leads: nowhere.
_NOWHERE: Final = "https://relay.example/"


class WordingPreview(QTextEdit):
    """A field that is read, not written: nothing that is typed elsewhere becomes markup in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedHeight(_ROOM)
        self.viewport().setAutoFillBackground(False)
        self.line: AddedLine | None = None

    def show_line(self, line: AddedLine | None) -> None:
        """Show a line, or nothing while there is none."""
        self.line = line
        self.clear()
        if line is None:
            return
        cursor, said = self.textCursor(), QTextCharFormat()
        link = QTextCharFormat()
        link.setFontUnderline(True)
        link.setForeground(self.palette().brush(QPalette.ColorRole.Link))
        for text, form in ((line.before, said), (line.link_text, link), (line.after, said)):
            _put(cursor, text, form)

    def changeEvent(self, event: QEvent) -> None:
        """Write it anew in the colours of another theme: those of a text stay as they were put."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.line is not None:
            self.show_line(self.line)

    def text(self) -> str:
        """Return what is shown."""
        return self.toPlainText()


def _put(cursor: QTextCursor, text: str, form: QTextCharFormat) -> None:
    cursor.insertText(text, form)


def preview_line(wording: Wording, language: Language, *, sender: str, today: date) -> AddedLine:
    """Return the line as a mail of today would carry it; raise ValueError where it could name nobody."""
    if wording.kind is WordingKind.CONFIRM:
        return confirm_line(wording, sender=sender, url=_NOWHERE)
    if wording.kind is WordingKind.ASK:
        return question_line(wording, language=language, sender=sender, purposes=OFFERED, url=_NOWHERE)
    return tracked_line(
        wording,
        language=language,
        sender=sender,
        purposes=SEEING,
        stop_url=_NOWHERE,
        agreed_on=today if wording.kind is WordingKind.AGREED else None,
        today=today,
    )
