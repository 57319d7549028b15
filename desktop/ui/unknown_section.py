"""Why it is not known whether a copy was read, folded under a question; what could be done stands with each reason."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from desktop.core.policy import WhyNot
from desktop.core.unknown import Cure, Unknown
from desktop.ui import unknown_words
from desktop.ui.labels import Role, plain


class UnknownSection(QWidget):
    """`cured` carries a Cure that the user wants to take up; `toggled` says whether the reasons are shown now."""

    cured = Signal(object)
    toggled = Signal(bool)

    def __init__(self, unknowns: Sequence[Unknown], why_not: WhyNot | None, *, who: str, is_open: bool) -> None:
        """Show the firmest reason first; what could be done is said once, at the first reason it helps with."""
        super().__init__()
        self.question = QPushButton()
        self.question.setCheckable(True)
        self.question.setChecked(is_open)
        self.question.setProperty("kind", "link")
        self.question.setAutoDefault(True)
        self.reasons = QWidget()
        self.buttons: dict[Cure, QPushButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.question, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.reasons)
        inside = QVBoxLayout(self.reasons)
        inside.setContentsMargins(14, 0, 0, 0)
        inside.setSpacing(3)
        for unknown, cures in unknown_words.cures_told(unknowns):
            inside.addWidget(plain(unknown_words.reason_text(unknown, why_not), Role.BODY, wraps=True))
            for cure, text in cures:
                self._add_cure(inside, cure, text, who)
            inside.addSpacing(5)
        self._who = who
        self._show(is_open)
        self.question.toggled.connect(self._on_toggled)

    def _add_cure(self, inside: QVBoxLayout, cure: Cure, text: str, who: str) -> None:
        inside.addWidget(plain(text, Role.DIM, wraps=True))
        if cure in unknown_words.BUTTONS:
            button = QPushButton(unknown_words.BUTTONS[cure])
            button.setProperty("kind", "link")
            button.setAccessibleName(f"{unknown_words.BUTTONS[cure].rstrip('…')}: {who}")
            button.setAutoDefault(True)
            button.clicked.connect(_Curing(self, cure))
            self.buttons[cure] = button
            inside.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _show(self, is_open: bool) -> None:
        self.reasons.setVisible(is_open)
        self.question.setText(unknown_words.HIDE if is_open else unknown_words.QUESTION)
        self.question.setAccessibleName(f"{self.question.text()} {self._who}")

    @Slot(bool)
    def _on_toggled(self, is_open: bool) -> None:
        self._show(is_open)
        self.toggled.emit(is_open)


class _Curing:
    def __init__(self, section: UnknownSection, cure: Cure) -> None:
        self._section, self._cure = section, cure

    def __call__(self) -> None:
        self._section.cured.emit(self._cure)
