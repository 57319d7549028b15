"""A mail that came in, as it stands between the mails that went out: who, what kind, when, under which subject.

Its text is never fetched for this, and nothing of it is shown as markup.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout

from desktop.core.arrival import ArrivalKind
from desktop.core.status import EvidenceKind
from desktop.store.mail import ArrivalRow
from desktop.store.questions import Question
from desktop.ui import mail_words, question_words, words
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Card, ElidedLabel, Role, plain
from desktop.ui.marks import GlyphMark
from desktop.ui.theme import Themes

_GLYPHS: Final = {
    ArrivalKind.MAIL: Glyph.REPLIED,
    ArrivalKind.AUTO_REPLY: Glyph.MACHINE,
    ArrivalKind.BOUNCE: Glyph.NOT_DELIVERED,
    ArrivalKind.SUSPECTED_BOUNCE: Glyph.UNCERTAIN,
    ArrivalKind.RECEIPT: Glyph.CONFIRMED,
    ArrivalKind.CALENDAR: Glyph.MACHINE,
    ArrivalKind.BULK: Glyph.MACHINE,
}

_REPORTED: Final = {
    EvidenceKind.NOT_DELIVERED: Glyph.NOT_DELIVERED,
    EvidenceKind.DELAYED: Glyph.DELAYED,
    EvidenceKind.RELAYED: Glyph.SENT,
    EvidenceKind.DELIVERED: Glyph.DELIVERED,
}


class ArrivalCard(Card):
    """`answered` carries a question and whether the answer is yes; `retracted` an arrival whose answer goes."""

    answered = Signal(object, object)
    retracted = Signal(object)

    def __init__(self, row: ArrivalRow, themes: Themes, now: Callable[[], datetime]) -> None:
        """With a question the card asks it; an answer can be taken back for as long as it stands there."""
        super().__init__()
        said, when = mail_words.arrival_line(row), words.moment(row.at, now())
        self.setAccessibleName(f"{said}, {when}")
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 11, 18, 11)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(9)
        head.addWidget(GlyphMark(glyph_of_arrival(row), themes))
        head.addWidget(ElidedLabel(said, Role.STRONG), 1)
        head.addWidget(plain(when, Role.SMALL))
        column.addLayout(head)
        for text in mail_words.arrival_details(row):
            line = plain(text, Role.DIM, wraps=True)
            line.setContentsMargins(24, 0, 0, 0)
            column.addWidget(line)
        if row.question is not None:
            self._ask(row.question, column)
        elif row.answer is not None:
            self._offer_undo(row, column)

    def _offer_undo(self, row: ArrivalRow, column: QVBoxLayout) -> None:
        button = QPushButton(mail_words.answer_line(row))
        button.setProperty("kind", "link")
        button.clicked.connect(_Retracting(self, row.id))
        line = QHBoxLayout()
        line.setContentsMargins(24, 0, 0, 0)
        line.addWidget(button)
        line.addStretch(1)
        column.addLayout(line)

    def _ask(self, question: Question, column: QVBoxLayout) -> None:
        text = plain(question_words.asked(question), Role.BODY, wraps=True)
        text.setContentsMargins(24, 4, 0, 0)
        column.addWidget(text)
        row = QHBoxLayout()
        row.setContentsMargins(24, 2, 0, 0)
        row.setSpacing(8)
        for name, is_yes in (("Yes", True), ("No", False)):
            button = QPushButton(name)
            button.setProperty("kind", "small")
            button.setAccessibleName(f"{name}: {question_words.asked(question)}")
            # Outside a dialog Enter presses only a button that says so.
            button.setAutoDefault(True)
            button.clicked.connect(_Answering(self, question, is_yes=is_yes))
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)


def glyph_of_arrival(row: ArrivalRow) -> Glyph:
    """Return the shape of a mail that came in; what proves nothing yet has none of the ladder's."""
    if row.question is not None:
        return Glyph.UNCERTAIN
    if row.is_away:
        return Glyph.AWAY
    if row.kind is ArrivalKind.MAIL and not row.copy_ids:
        return Glyph.QUEUED
    if row.kind is ArrivalKind.BOUNCE:
        # One report may tell of several people: the worst it says is what the user must see.
        return next((glyph for kind, glyph in _REPORTED.items() if kind in row.proves), _GLYPHS[row.kind])
    return _GLYPHS[row.kind]


class _Retracting:
    def __init__(self, card: ArrivalCard, arrival_id: int) -> None:
        self._card, self._arrival_id = card, arrival_id

    def __call__(self) -> None:
        self._card.retracted.emit(self._arrival_id)


class _Answering:
    def __init__(self, card: ArrivalCard, question: Question, *, is_yes: bool) -> None:
        self._card, self._question, self._is_yes = card, question, is_yes

    def __call__(self) -> None:
        self._card.answered.emit(self._question, self._is_yes)
