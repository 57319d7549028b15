"""A copy's timeline as widgets: when, a glyph, what happened and why it is thought so; machine fetches are folded.

Each hit can be called wrong, machines' too.  What the user unfolded stays unfolded when the conversation is read anew:
the set handed in remembers.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QPushButton, QVBoxLayout, QWidget

from desktop.core.status import CopyStatus, Evidence, EvidenceKind
from desktop.core.verdict import Verdict
from desktop.core.where import Reading
from desktop.store.known import Question
from desktop.ui import consent_words, correction_words, evidence_words, words
from desktop.ui.glyphs import Glyph, glyph_of
from desktop.ui.labels import Role, as_plain_tooltip, font_of, plain
from desktop.ui.marks import GlyphMark
from desktop.ui.theme import Themes
from desktop.ui.timeline import TimelineRow, is_said, rows_of, sent_at_of
from desktop.ui.where_words import reading_text
from relay.wire.hit import HitKind

Unfolded = set[tuple[int, object]]
# From this width on a sentence reads well with its button beside it.
_ROOM_FOR_BOTH: Final = 220


def glyph_of_evidence(line: Evidence) -> Glyph:
    """Return the shape of one line of a timeline."""
    if line.kind is EvidenceKind.HIT and line.judgement is not None and line.hit is not None:
        if line.judgement.verdict is Verdict.PERSON:
            return Glyph.CLICKED if line.hit.kind is HitKind.CLICK else Glyph.OPENED
        return _OF_VERDICT.get(line.judgement.verdict, Glyph.MACHINE)
    if line.kind is EvidenceKind.EARLIER and line.rung is not None:
        return glyph_of(line.rung, ())
    return _OF_STATION[line.kind]


_OF_VERDICT: Final = {
    Verdict.IMAGE_PROXY: Glyph.PROBABLY,
    Verdict.UNKNOWN: Glyph.UNCERTAIN,
    Verdict.SELF: Glyph.OWN,
}
_OF_STATION: Final = {
    EvidenceKind.PREPARED: Glyph.QUEUED,
    EvidenceKind.SENT: Glyph.SENT,
    EvidenceKind.REFUSED: Glyph.NOT_DELIVERED,
    EvidenceKind.UNCERTAIN: Glyph.UNCERTAIN,
    EvidenceKind.HIT: Glyph.MACHINE,
    EvidenceKind.STOP: Glyph.STOPPED,
    EvidenceKind.DELETED: Glyph.STOPPED,
    EvidenceKind.EARLIER: Glyph.OPENED,
    EvidenceKind.CONFIRMATION: Glyph.CONFIRMED,
    EvidenceKind.DELIVERED: Glyph.DELIVERED,
    EvidenceKind.RELAYED: Glyph.SENT,
    EvidenceKind.DELAYED: Glyph.DELAYED,
    EvidenceKind.NOT_DELIVERED: Glyph.NOT_DELIVERED,
    EvidenceKind.POSSIBLE_BOUNCE: Glyph.UNCERTAIN,
    EvidenceKind.AUTO_REPLY: Glyph.MACHINE,
    EvidenceKind.AWAY: Glyph.AWAY,
    EvidenceKind.RECEIPT: Glyph.CONFIRMED,
    EvidenceKind.RECEIPT_DENIED: Glyph.NOT_TRACKED,
    EvidenceKind.REPLY: Glyph.REPLIED,
    EvidenceKind.POSSIBLE_REPLY: Glyph.UNCERTAIN,
}


class EvidenceList(QWidget):
    """The lines of one copy, newest first.

    `asked` carries a line whose verdict the user calls wrong and the place for a menu; `taken_back` one of which what
    they said no longer holds.
    """

    asked = Signal(object, QPoint)
    taken_back = Signal(object)

    def __init__(
        self,
        copy_id: int,
        status: CopyStatus,
        themes: Themes,
        now: Callable[[], datetime],
        unfolded: Unfolded,
        *,
        readings: Mapping[bytes, Reading],
        question: Question | None = None,
    ) -> None:
        """Stand under a hairline; `readings` are who and where by a hit's id, of those of which it may be known."""
        super().__init__()
        self._copy_id, self._themes, self._now, self._unfolded = copy_id, themes, now, unfolded
        self._readings, self._sent_at = readings, sent_at_of(status.evidence)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(9)
        column.addWidget(hairline())
        rows = rows_of(status.evidence, status.why_not)
        metrics, at_now = QFontMetrics(font_of(Role.SMALL)), now()
        whens = [evidence_words.when_text(line, at_now) for row in rows for line in row.lines]
        widths = (metrics.horizontalAdvance(when) for when in whens)
        asked = () if question is None else consent_words.question_lines(question)
        moments = (metrics.horizontalAdvance(words.moment(at, at_now)) for at, _ in asked)
        self._when_width = max(*widths, *moments, 0) + 2
        boxes = [(row.at, self._row(row)) for row in rows]
        boxes += [
            (at, self._told(at, said, is_answer=len(asked) > 1 and not place)) for place, (at, said) in enumerate(asked)
        ]
        # Sorting keeps the order of what came at one instant.
        for _, box in sorted(boxes, key=lambda each: each[0], reverse=True):
            column.addWidget(box)

    def _told(self, at: datetime, said: str, *, is_answer: bool) -> QWidget:
        """Return a line on the question that the mail put, or on its answer."""
        box, grid = _gridded()
        self._put_when(grid, 0, words.moment(at, self._now()), Glyph.CONFIRMED if is_answer else Glyph.SENT)
        sentence = plain(said, Role.BODY, wraps=True)
        sentence.setObjectName(f"asked-{self._copy_id}")
        grid.addWidget(sentence, 0, 2)
        return box

    def _put_when(self, grid: QGridLayout, row: int, text: str, glyph: Glyph) -> None:
        when = plain(text, Role.SMALL)
        when.setFixedSize(self._when_width, QFontMetrics(font_of(Role.BODY)).height())
        grid.addWidget(when, row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(GlyphMark(glyph, self._themes, 14), row, 1, Qt.AlignmentFlag.AlignTop)

    def _row(self, row: TimelineRow) -> QWidget:
        box, grid = _gridded()
        first = row.lines[0]
        self._put_line(grid, first, row.says, is_fold=row.is_folded)
        if row.is_folded:
            # The oldest line names the fold: newer fetches join it on top without changing which fold it is.
            key = (self._copy_id, row.lines[-1].at)
            inner = self._folded(row.lines)
            inner.setVisible(key in self._unfolded)
            fold = _Fold(inner, len(row.lines), key in self._unfolded)
            fold.setObjectName(f"fold-{self._copy_id}-{row.lines[-1].at.isoformat()}")
            fold.toggled.connect(Folding(self._unfolded, key))
            grid.addWidget(fold, grid.rowCount(), 2, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(inner, grid.rowCount(), 2)
        elif first.kind is not EvidenceKind.HIT and first.detail:
            quote = words.one_line(first.detail)
            said = plain(f"“{quote}”", Role.SMALL, wraps=True, selectable=True)
            said.setAccessibleName(f"It said: {quote}")
            grid.addWidget(said, grid.rowCount(), 2)
        return box

    def _folded(self, lines: Sequence[Evidence]) -> QWidget:
        box, grid = _gridded()
        grid.setContentsMargins(0, 4, 0, 2)
        for line in lines:
            self._put_line(grid, line, evidence_words.evidence_words(line, sent_at=self._sent_at))
        return box

    def _put_line(
        self, grid: QGridLayout, line: Evidence, says: evidence_words.EvidenceWords, *, is_fold: bool = False
    ) -> None:
        row = grid.rowCount()
        self._put_when(grid, row, evidence_words.when_text(line, self._now()), glyph_of_evidence(line))
        sentence = plain(says.sentence, Role.BODY, wraps=True)
        under = [" ".join(part for part in (says.why, says.counted) if part), says.possibly]
        if line.hit is not None and not is_fold:
            reading = self._readings.get(line.hit.id)
            under.append("" if reading is None else words.sentence(reading_text(reading)))
            sentence.setToolTip(as_plain_tooltip(self._details(line)))
            grid.addWidget(_SaidWithButton(sentence, self._button(line, says)), row, 2)
        else:
            grid.addWidget(sentence, row, 2)
        for text in filter(None, under):
            row += 1
            grid.addWidget(plain(text, Role.SMALL, wraps=True), row, 2)

    def _button(self, line: Evidence, says: evidence_words.EvidenceWords) -> QPushButton:
        """Return the button that calls a line wrong, or that takes back what the user said of it."""
        if line.correction is not None and line.hit is not None and is_said(line):
            button = QPushButton(correction_words.UNDO)
            button.setAccessibleName(correction_words.undo_name(line.correction, line.hit.id))
            button.clicked.connect(_TakingBack(self, line))
        else:
            button = QPushButton(correction_words.WRONG)
            button.setAccessibleName(
                correction_words.wrong_name(says.sentence, evidence_words.when_text(line, self._now()))
            )
            button.clicked.connect(_Asking(self, line, button))
        button.setAccessibleDescription(self._details(line))
        button.setProperty("kind", "link")
        # Outside a dialog Enter presses only a button that says so.
        button.setAutoDefault(True)
        button.setObjectName("" if line.hit is None else f"hit-{line.hit.id.hex()}")
        return button

    def _details(self, line: Evidence) -> str:
        return evidence_words.details_text(line, is_placed=line.hit is not None and line.hit.id in self._readings)


class _SaidWithButton(QWidget):
    """A sentence with its button beside it, or below it where the two have no room in one line."""

    def __init__(self, sentence: QWidget, button: QPushButton) -> None:
        super().__init__()
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(3)
        self._box.addWidget(sentence, 1)
        self._box.addWidget(button, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose by the room there is."""
        super().resizeEvent(event)
        is_wide = event.size().width() >= _ROOM_FOR_BOTH
        wanted = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        if self._box.direction() is not wanted:
            self._box.setDirection(wanted)

    def minimumSizeHint(self) -> QSize:
        """Let it be as narrow as its card."""
        return QSize(60, super().minimumSizeHint().height())


class _Asking:
    def __init__(self, shown: EvidenceList, line: Evidence, button: QPushButton) -> None:
        self._shown, self._line, self._button = shown, line, button

    def __call__(self) -> None:
        self._shown.asked.emit(self._line, self._button.mapToGlobal(self._button.rect().bottomLeft()))


class _TakingBack:
    def __init__(self, shown: EvidenceList, line: Evidence) -> None:
        self._shown, self._line = shown, line

    def __call__(self) -> None:
        self._shown.taken_back.emit(self._line)


def hairline() -> QFrame:
    """Return a line across a card."""
    rule = QFrame()
    rule.setFrameShape(QFrame.Shape.NoFrame)
    rule.setFixedHeight(1)
    rule.setAutoFillBackground(True)
    rule.setBackgroundRole(rule.palette().ColorRole.Midlight)
    return rule


def _gridded() -> tuple[QWidget, QGridLayout]:
    box = QWidget()
    grid = QGridLayout(box)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(3)
    grid.setColumnStretch(2, 1)
    return box, grid


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


class Folding:
    """Remembers in a set whether something is unfolded."""

    def __init__(self, unfolded: Unfolded, key: tuple[int, object]) -> None:
        """Remember it by this key."""
        self._unfolded, self._key = unfolded, key

    def __call__(self, is_open: bool) -> None:
        """Keep it."""
        (self._unfolded.add if is_open else self._unfolded.discard)(self._key)
