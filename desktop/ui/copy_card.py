"""One recipient's copy as a card: who, the status in words, the ladder, what stands beside it, and the evidence."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyStatus, EvidenceKind, Rung
from desktop.store.mail import CopyRow
from desktop.ui import glyphs, words
from desktop.ui.evidence_list import EvidenceList, Unfolded
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Card, ElidedLabel, PlainLabel, Role, plain
from desktop.ui.ladder import Ladder
from desktop.ui.marks import GlyphMark
from desktop.ui.rungs import ladder_of
from desktop.ui.theme import Themes

_ROLES: Final = {"to": "", "cc": "Copy (Cc)", "bcc": "Hidden copy (Bcc)"}
# What a short status leaves out: the remarks below say it in a sentence.
_IN_REMARKS: Final = frozenset({Aside.NO_SIGN_YET, Aside.NOT_TRACKED})
# How it was sent says why there are no opens; it is no news that would need a shape.
_QUIET: Final = frozenset({WhyNot.ELSEWHERE, WhyNot.NO_RELAY})


class CopyCard(Card):
    """`permission_asked` carries the address whose permission the user wants to record."""

    permission_asked = Signal(object)

    def __init__(
        self, copy: CopyRow, themes: Themes, now: Callable[[], datetime], unfolded: Unfolded, *, has_relay: bool
    ) -> None:
        """Without a relay nothing is said about tracking here: the foot of the window says it once."""
        super().__init__()
        self._themes, self._has_relay = themes, has_relay
        self.setAccessibleName(f"{copy.name or copy.address}: {status_words(copy.status)}")
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(12)
        column.addLayout(self._head(copy))
        column.addWidget(Ladder(ladder_of(copy.status), themes, now))
        remarks = self._remarks(copy)
        if remarks is not None:
            column.addWidget(remarks)
        column.addWidget(EvidenceList(copy.id, copy.status, themes, now, unfolded))

    def _head(self, copy: CopyRow) -> QVBoxLayout:
        head = QVBoxLayout()
        head.setSpacing(1)
        name = ElidedLabel(words.one_line(copy.name) or copy.address, Role.HEADING)
        mark = GlyphMark(self._glyph(copy.status), self._themes)
        head.addWidget(_NameAndStatus(name, mark, plain(status_words(copy.status), Role.STRONG, wraps=True)))
        under = (copy.address if copy.name else "", _ROLES.get(copy.role, ""), "shared copy" if copy.shared else "")
        under_line = " · ".join(part for part in under if part)
        if under_line:
            head.addWidget(plain(under_line, Role.DIM, wraps=True))
        return head

    def _glyph(self, status: CopyStatus) -> Glyph:
        is_quiet = not self._has_relay or status.why_not in _QUIET
        asides = tuple(each for each in status.asides if not (is_quiet and each is Aside.NOT_TRACKED))
        return glyphs.glyph_of(status.rung, asides)

    def _remarks(self, copy: CopyRow) -> QWidget | None:
        status = copy.status
        lines = [(glyphs.glyph_of_aside(aside), self._said(aside, status)) for aside in status.asides]
        if status.is_open_inferred:
            lines.append((None, inferred_words(status)))
        lines = [(glyph, text) for glyph, text in lines if text]
        asks = self._has_relay and status.why_not is WhyNot.NO_PERMISSION and status.rung < Rung.CONFIRMED
        if not lines and not asks:
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
        if asks:
            button = QPushButton("Record permission…")
            button.setProperty("kind", "link")
            button.setAccessibleName(f"Record permission of {copy.name or copy.address}")
            button.clicked.connect(_Asking(self, copy.address))
            grid.addWidget(button, len(lines), 1, Qt.AlignmentFlag.AlignLeft)
        return box

    def _said(self, aside: Aside, status: CopyStatus) -> str:
        if aside is Aside.NOT_TRACKED:
            return self._not_tracked(status)
        is_said_above = (aside is Aside.AWAY and status.returns_on is not None) or (
            aside is Aside.NOT_DELIVERED and status.failure is not None
        )
        if is_said_above:
            return ""
        return words.ASIDE_SENTENCES[aside]

    def _not_tracked(self, status: CopyStatus) -> str:
        # Who answered is known to have read it, and without a relay nothing can be tracked: neither is news.
        if not self._has_relay or status.rung >= Rung.CONFIRMED:
            return ""
        if status.why_not is None:
            return words.ASIDE_SENTENCES[Aside.NOT_TRACKED]
        sentence = words.why_not_sentence(status.why_not)
        return sentence if status.why_not in _QUIET else f"Not tracked. {sentence}"


class _NameAndStatus(QWidget):
    """A name with the status beside it, or below it where the two have no room in one line."""

    def __init__(self, name: ElidedLabel, mark: QWidget, status: PlainLabel) -> None:
        super().__init__()
        self._room = QFontMetrics(status.font()).horizontalAdvance(status.text()) + 4
        self._wanted = QFontMetrics(name.font()).horizontalAdvance(name.text()) + self._room + 40
        self._status = status
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(3)
        self._box.addWidget(name, 1)
        line = QHBoxLayout()
        line.setSpacing(7)
        line.addWidget(mark)
        line.addWidget(status, 1)
        self._box.addLayout(line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose by the room there is; below each other the status may wrap."""
        super().resizeEvent(event)
        is_wide = event.size().width() >= self._wanted
        self._status.setMinimumWidth(self._room if is_wide else 0)
        wanted = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        if self._box.direction() is not wanted:
            self._box.setDirection(wanted)

    def minimumSizeHint(self) -> QSize:
        """Let it be as narrow as its card."""
        return QSize(120, super().minimumSizeHint().height())


class _Asking:
    def __init__(self, card: CopyCard, address: str) -> None:
        self._card, self._address = card, address

    def __call__(self) -> None:
        self._card.permission_asked.emit(self._address)


def status_words(status: CopyStatus) -> str:
    """Return the short status; silence, and that nothing was added, is said in a sentence below."""
    asides = [aside for aside in status.asides if aside not in _IN_REMARKS]
    return words.status_line(status.rung, asides, returns_on=status.returns_on, failure=status.failure)


def inferred_words(status: CopyStatus) -> str:
    """Return from what it is known that the message was opened, where no open was seen."""
    kinds = [line.kind for line in reversed(status.evidence)]
    first = next((kind for kind in kinds if kind in (EvidenceKind.REPLY, EvidenceKind.RECEIPT)), None)
    return f"Opened, inferred from {'the read receipt' if first is EvidenceKind.RECEIPT else 'the reply'}."
