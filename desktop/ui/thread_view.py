"""One conversation: its messages, and for each recipient a ladder, what stands beside it, and the evidence.

Built anew from one reading whenever the conversation changed; what the user unfolded stays unfolded.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyStatus, Evidence, EvidenceKind
from desktop.core.verdict import Verdict
from desktop.store.mail import ConversationDetail, CopyRow, MessageRow
from desktop.ui import glyphs, words
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Card, ElidedLabel, Page, Role, font_of, plain
from desktop.ui.ladder import Ladder
from desktop.ui.rungs import ladder_of
from desktop.ui.theme import Themes
from desktop.ui.timeline import TimelineRow, rows_of
from relay.wire.hit import HitKind

_READING_WIDTH: Final = 860
_ROLES: Final = {"to": "", "cc": "Copy (Cc)", "bcc": "Hidden copy (Bcc)"}


class GlyphMark(QWidget):
    """A glyph standing in a layout."""

    def __init__(self, glyph: Glyph, themes: Themes, size: int = 15) -> None:
        """Its words stand beside it, so a screen reader skips it."""
        super().__init__()
        self._glyph, self._themes, self._size = glyph, themes, size
        # As high as a line of text, so that it stands in the middle of the first line beside it.
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


def glyph_of_evidence(line: Evidence) -> Glyph:
    """Return the shape of one line of a timeline."""
    if line.kind is EvidenceKind.HIT and line.judgement is not None and line.hit is not None:
        if line.judgement.verdict is Verdict.PERSON:
            return Glyph.CLICKED if line.hit.kind is HitKind.CLICK else Glyph.OPENED
        if line.judgement.verdict is Verdict.IMAGE_PROXY:
            return Glyph.PROBABLY
        return Glyph.UNCERTAIN if line.judgement.verdict is Verdict.UNKNOWN else Glyph.MACHINE
    return _OF_STATION[line.kind]


_OF_STATION: Final = {
    EvidenceKind.PREPARED: Glyph.QUEUED,
    EvidenceKind.SENT: Glyph.SENT,
    EvidenceKind.REFUSED: Glyph.NOT_DELIVERED,
    EvidenceKind.UNCERTAIN: Glyph.UNCERTAIN,
    EvidenceKind.STOP: Glyph.STOPPED,
    EvidenceKind.HIT: Glyph.MACHINE,
}


class ThreadView(QScrollArea):
    """Shows a ConversationDetail; `permission_asked` carries an address whose permission the user wants to record."""

    permission_asked = Signal(object)

    def __init__(self, themes: Themes, now: Callable[[], datetime]) -> None:
        """Start blank."""
        super().__init__()
        self._themes, self._now = themes, now
        self._when_width = 0
        self._unfolded: set[tuple[int, object]] = set()
        self._shown: ConversationDetail | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Conversation")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.verticalScrollBar().setSingleStep(24)

    def show_detail(self, detail: ConversationDetail) -> None:
        """Show a conversation; the place one has scrolled to stays if it is the same one."""
        is_same = self._shown is not None and self._shown.id == detail.id
        at = self.verticalScrollBar().value() if is_same else 0
        self._shown = detail
        page = Page()
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 20, 24, 24)
        column.setSpacing(14)
        column.addWidget(plain(words.one_line(detail.subject) or "No subject", Role.TITLE, wraps=True, selectable=True))
        for message in reversed(detail.messages):
            column.addWidget(self._message_head(message))
            for copy in message.copies:
                column.addWidget(self._copy_card(copy))
        column.addStretch(1)
        page.setMaximumWidth(_READING_WIDTH)
        self.setWidget(page)
        page.show()
        if at:
            column.activate()
            self.verticalScrollBar().setValue(at)

    def _message_head(self, message: MessageRow) -> QWidget:
        sender = message.from_.name or message.from_.address
        many = words.count(len(message.copies), "recipient", "recipients")
        parts = (words.moment(message.at, self._now()), f"from {words.one_line(sender)}" if sender else "", many)
        return plain(" · ".join(part for part in parts if part), Role.DIM, wraps=True)

    def _copy_card(self, copy: CopyRow) -> QWidget:
        card = Card()
        card.setAccessibleName(f"{copy.name or copy.address}: {_status_words(copy.status)}")
        column = QVBoxLayout(card)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(12)
        column.addLayout(self._copy_head(copy))
        column.addWidget(Ladder(ladder_of(copy.status), self._themes, self._now))
        remarks = self._remarks(copy)
        if remarks is not None:
            column.addWidget(remarks)
        column.addLayout(self._timeline(copy))
        return card

    def _copy_head(self, copy: CopyRow) -> QVBoxLayout:
        head = QVBoxLayout()
        head.setSpacing(1)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(ElidedLabel(words.one_line(copy.name) or copy.address, Role.HEADING), 1)
        under = (copy.address if copy.name else "", _ROLES.get(copy.role, ""), "shared copy" if copy.shared else "")
        under_line = " · ".join(part for part in under if part)
        status = QHBoxLayout()
        status.setSpacing(7)
        status.addWidget(GlyphMark(glyphs.glyph_of(copy.status.rung, copy.status.asides), self._themes))
        status.addWidget(plain(_status_words(copy.status), Role.STRONG))
        row.addLayout(status)
        head.addLayout(row)
        if under_line:
            head.addWidget(plain(under_line, Role.DIM, wraps=True))
        return head

    def _remarks(self, copy: CopyRow) -> QWidget | None:
        status = copy.status
        lines = [(glyphs.glyph_of_aside(aside), _aside_line(aside, status)) for aside in status.asides]
        if not lines:
            return None
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(9)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, (glyph, text) in enumerate(lines):
            if glyph is not None:
                grid.addWidget(GlyphMark(glyph, self._themes), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(plain(text, Role.DIM, wraps=True), row, 1)
        if status.why_not is WhyNot.NO_PERMISSION:
            button = QPushButton("Record permission…")
            button.setProperty("kind", "link")
            button.setAccessibleName(f"Record permission of {copy.name or copy.address}")
            button.clicked.connect(_Asking(self, copy.address))
            grid.addWidget(button, len(lines), 1, Qt.AlignmentFlag.AlignLeft)
        return box

    def _timeline(self, copy: CopyRow) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(9)
        rule = QFrame()
        rule.setFrameShape(QFrame.Shape.NoFrame)
        rule.setFixedHeight(1)
        rule.setAutoFillBackground(True)
        rule.setBackgroundRole(rule.palette().ColorRole.Midlight)
        column.addWidget(rule)
        rows = rows_of(copy.status.evidence)
        metrics, now = QFontMetrics(font_of(Role.SMALL)), self._now()
        lines = [line.at for row in rows for line in row.lines]
        self._when_width = max((metrics.horizontalAdvance(words.moment(at, now)) for at in lines), default=0) + 2
        for row in rows:
            column.addWidget(self._timeline_row(copy.id, row))
        return column

    def _timeline_row(self, copy_id: int, row: TimelineRow) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(2, 1)
        self._put_line(grid, 0, row.at, glyph_of_evidence(row.lines[0]), row.says)
        if row.is_folded:
            # The oldest line names the fold: newer fetches join it on top without changing which fold it is.
            key = (copy_id, row.lines[-1].at)
            inner = self._folded_lines(row.lines)
            inner.setVisible(key in self._unfolded)
            fold = _Fold(inner, len(row.lines), key in self._unfolded)
            fold.toggled.connect(_Folding(self._unfolded, key))
            grid.addWidget(fold, grid.rowCount(), 2, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(inner, grid.rowCount(), 2)
        elif row.lines[0].kind is not EvidenceKind.HIT and row.lines[0].detail:
            said = plain(f"“{words.one_line(row.lines[0].detail)}”", Role.SMALL, wraps=True, selectable=True)
            said.setAccessibleName(f"The provider said: {words.one_line(row.lines[0].detail)}")
            grid.addWidget(said, grid.rowCount(), 2)
        return box

    def _folded_lines(self, lines: Sequence[Evidence]) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 4, 0, 2)
        grid.setColumnStretch(2, 1)
        grid.setVerticalSpacing(3)
        for line in lines:
            self._put_line(grid, grid.rowCount(), line.at, glyph_of_evidence(line), words.evidence_words(line))
        return box

    def _put_line(self, grid: QGridLayout, row: int, at: datetime, glyph: Glyph, says: words.EvidenceWords) -> None:
        when = plain(words.moment(at, self._now()), Role.SMALL)
        when.setFixedSize(self._when_width, QFontMetrics(font_of(Role.BODY)).height())
        grid.addWidget(when, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(GlyphMark(glyph, self._themes, 14), row, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(plain(says.sentence, Role.BODY, wraps=True), row, 2)
        under = " ".join(part for part in (says.why, says.counted) if part)
        if under:
            grid.addWidget(plain(under, Role.SMALL, wraps=True), row + 1, 2)

    def event(self, event: QEvent) -> bool:
        """Paint anew what was painted in another theme's colours."""
        page: QWidget | None = self.widget()
        if event.type() is QEvent.Type.PaletteChange and page is not None:
            page.update()
        return super().event(event)


class _Fold(QPushButton):
    """The button that unfolds machine fetches."""

    def __init__(self, inner: QWidget, number: int, is_open: bool) -> None:
        super().__init__()
        self._inner, self._number = inner, number
        self.setCheckable(True)
        self.setChecked(is_open)
        self.setProperty("kind", "link")
        self._name()
        self.toggled.connect(self._on_toggled)

    def _name(self) -> None:
        self.setText("Hide the single fetches" if self.isChecked() else f"Show all {self._number}")

    @Slot(bool)
    def _on_toggled(self, checked: bool) -> None:
        self._inner.setVisible(checked)
        self._name()


class _Folding:
    def __init__(self, unfolded: set[tuple[int, object]], key: tuple[int, object]) -> None:
        self._unfolded, self._key = unfolded, key

    def __call__(self, is_open: bool) -> None:
        (self._unfolded.add if is_open else self._unfolded.discard)(self._key)


class _Asking(QObject):
    def __init__(self, view: ThreadView, address: str) -> None:
        super().__init__(view)
        self._view, self._address = view, address

    def __call__(self) -> None:
        self._view.permission_asked.emit(self._address)


def _status_words(status: CopyStatus) -> str:
    """Return the short status; silence is said in a sentence below."""
    return words.status_line(status.rung, [aside for aside in status.asides if aside is not Aside.NO_SIGN_YET])


def _aside_line(aside: Aside, status: CopyStatus) -> str:
    if aside is Aside.NOT_TRACKED and status.why_not is not None:
        return f"Not tracked. {words.why_not_sentence(status.why_not)}"
    return words.ASIDE_SENTENCES[aside]
