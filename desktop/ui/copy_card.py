"""One recipient's copy as a card: who, the status in words, the ladder, what stands beside it, and the evidence."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from desktop.core.policy import WhyNot
from desktop.core.readingtime import ReadingTime
from desktop.core.status import Aside, CopyStatus, EvidenceKind, Rung
from desktop.core.unknown import Cure
from desktop.core.where import Reading
from desktop.store.known import Question
from desktop.store.mail import CopyRow
from desktop.ui import consent_words, glyphs, words
from desktop.ui.evidence_list import EvidenceList, Folding, Unfolded
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Card, ElidedLabel, PlainLabel, Role, plain
from desktop.ui.ladder import Ladder
from desktop.ui.marks import GlyphMark
from desktop.ui.rungs import ladder_of
from desktop.ui.theme import Themes
from desktop.ui.unknown_section import UnknownSection

_ROLES: Final = {"to": "", "cc": "Copy (Cc)", "bcc": "Hidden copy (Bcc)"}
# What a short status leaves out: the remarks below say it in a sentence.
_IN_REMARKS: Final = frozenset({Aside.NO_SIGN_YET, Aside.NOT_TRACKED})
# How it was sent says why there are no opens; it is no news that would need a shape.
_QUIET: Final = frozenset({WhyNot.ELSEWHERE, WhyNot.NO_RELAY})
# What is unfolded of a copy, beside its folds, which are known by their instants.
WHY: Final = "why"


class CopyCard(Card):
    """`permission_asked` carries the address whose permission the user wants to record.

    `relay_asked` says that they want to connect a relay, `accounts_asked` to see to an account; `asked` and
    `taken_back` are those of the lines.
    """

    permission_asked = Signal(object)
    relay_asked = Signal()
    accounts_asked = Signal()
    asked = Signal(object, QPoint)
    taken_back = Signal(object)

    def __init__(
        self,
        copy: CopyRow,
        themes: Themes,
        now: Callable[[], datetime],
        unfolded: Unfolded,
        *,
        readings: Mapping[bytes, Reading],
        read_for: ReadingTime | None,
        question: Question | None,
        has_relay: bool,
    ) -> None:
        """Without a relay nothing is said about tracking here unasked: the foot of the window says it once."""
        super().__init__()
        self._themes, self._has_relay, self._address = themes, has_relay, copy.address
        self._read_for = "" if read_for is None else consent_words.reading_text(read_for)
        self.setAccessibleName(f"{copy.name or copy.address}: {status_words(copy.status)}")
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(12)
        column.addLayout(self._head(copy))
        column.addWidget(Ladder(ladder_of(copy.status), themes, now))
        remarks = self._remarks(copy.status)
        if remarks is not None:
            column.addWidget(remarks)
        if copy.unknowns:
            column.addWidget(self._unknown(copy, unfolded))
        lines = EvidenceList(copy.id, copy.status, themes, now, unfolded, readings=readings, question=question)
        lines.asked.connect(self.asked)
        lines.taken_back.connect(self.taken_back)
        column.addWidget(lines)

    def _unknown(self, copy: CopyRow, unfolded: Unfolded) -> UnknownSection:
        key = (copy.id, WHY)
        section = UnknownSection(
            copy.unknowns,
            copy.status.why_not,
            who=words.one_line(copy.name) or copy.address,
            is_open=key in unfolded,
        )
        section.question.setObjectName(f"why-{copy.id}")
        section.toggled.connect(Folding(unfolded, key))
        section.cured.connect(self._on_cured)
        return section

    @Slot(object)
    def _on_cured(self, cure: Cure) -> None:
        if cure is Cure.ASK_PERMISSION:
            self.permission_asked.emit(self._address)
        elif cure is Cure.CONNECT_RELAY:
            self.relay_asked.emit()
        elif cure is Cure.KEEP_SENT_CLEAN:
            self.accounts_asked.emit()

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

    def _remarks(self, status: CopyStatus) -> QWidget | None:
        lines = [(glyphs.glyph_of_aside(aside), self._said(aside, status)) for aside in status.asides]
        deleted = next((each.at for each in status.evidence if each.kind is EvidenceKind.DELETED), None)
        if deleted is not None:
            lines.append((None, consent_words.DELETED_REMARK.format(day=words.day(deleted))))
        if status.is_open_inferred:
            lines.append((None, inferred_words(status)))
        lines.append((None, self._read_for))
        lines = [(glyph, text) for glyph, text in lines if text]
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


def status_words(status: CopyStatus) -> str:
    """Return the short status; silence, and that nothing was added, is said in a sentence below."""
    return words.status_line(
        status.rung, status.asides, returns_on=status.returns_on, failure=status.failure, unsaid=_IN_REMARKS
    )


def inferred_words(status: CopyStatus) -> str:
    """Return from what it is known that the message was opened, where no open was seen."""
    kinds = [line.kind for line in reversed(status.evidence)]
    first = next((kind for kind in kinds if kind in _READ_BY), EvidenceKind.REPLY)
    return f"Opened, inferred from {_READ_BY[first]}."


_READ_BY: Final = {
    EvidenceKind.REPLY: "the reply",
    EvidenceKind.RECEIPT: "the read receipt",
    EvidenceKind.CONFIRMATION: "what they pressed",
}
