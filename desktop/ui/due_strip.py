"""What is due in one conversation, above its mail: the reason and what can be done, or that it was put off or done."""

from datetime import datetime
from typing import Final

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout

from desktop.core.followup import Due, FollowUp, FollowUpKind
from desktop.settings import local_now
from desktop.store.reminders import ReminderRow
from desktop.ui import followup_words, words
from desktop.ui.due_lines import QUESTIONS, glyph_of
from desktop.ui.due_model import UNDELIVERED
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, plain
from desktop.ui.marks import GlyphMark
from desktop.ui.theme import Themes

_ROOM_FOR_BOTH: Final = 480
_TEXTS: Final = {"wake": "Bring it back", "done": "Done", "snooze": "Snooze", "wait": "Wait…"}
_NAMES: Final = {
    "wake": "Bring it back onto the list",
    "done": "Done: take it off the list",
    "snooze": "Snooze: bring it back later",
    "wait": "Days to wait for an answer",
}


class DueStrip(QFrame):
    """`acted` carries the name of the button that was pressed; hidden while nothing is due nor put aside."""

    acted = Signal(object)

    def __init__(self, themes: Themes) -> None:
        """Start hidden."""
        super().__init__()
        self.setObjectName("due")
        self._mark = GlyphMark(Glyph.SENT, themes)
        self._said, self._note = plain("", Role.BODY, wraps=True), plain("", Role.SMALL, wraps=True)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self._said)
        texts.addWidget(self._note)
        head = QHBoxLayout()
        head.setSpacing(9)
        head.addWidget(self._mark)
        head.addLayout(texts, 1)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(14, 7, 10, 7)
        self._box.setSpacing(9)
        self._box.addLayout(head, 1)
        row = QHBoxLayout()
        row.setSpacing(6)
        self._box.addLayout(row)
        self.buttons: dict[str, QPushButton] = {}
        for name, text in _TEXTS.items():
            button = QPushButton(text)
            button.setProperty("kind", "small")
            button.setAccessibleName(_NAMES[name])
            # Outside a dialog Enter presses only a button that says so.
            button.setAutoDefault(True)
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            button.clicked.connect(_Pressed(self, name))
            self.buttons[name] = button
            row.addWidget(button)
        row.addStretch(1)
        self.hide()

    def minimumSizeHint(self) -> QSize:
        """Let the strip be as narrow as the view: its buttons then stand below the text."""
        return QSize(180, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons beside the text where there is room, else below it."""
        super().resizeEvent(event)
        is_wide = event.size().width() >= _ROOM_FOR_BOTH
        wanted = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        if self._box.direction() is not wanted:
            self._box.setDirection(wanted)

    def text(self) -> str:
        """Return what stands there."""
        return self._said.text().replace("\u200b", "")

    def focus_first(self) -> None:
        """Put the keyboard on the first button that is offered."""
        next(button for button in self.buttons.values() if not button.isHidden()).setFocus()

    def show_due(self, due: FollowUp | None, said: ReminderRow, now: datetime, *, is_one_of_many: bool = False) -> None:
        """Say what is due, or that the user put it aside; where there are many recipients, of whom it is said."""
        here = local_now(now)
        if due is not None and due.kind in QUESTIONS:
            # The mail that raises the question stands below, and asks it.
            self.hide()
        elif due is not None and due.snoozed_until is None:
            offered = ("done", "snooze") if due.kind in UNDELIVERED else ("done", "snooze", "wait")
            who = f"{followup_words.people_line(due)}: " if is_one_of_many else ""
            self._show(glyph_of(due), f"{who}{_sentence(due, here)}", followup_words.note_line(due), offered)
        elif due is not None and due.snoozed_until is not None:
            text = f"Put off until {words.moment_ahead(due.snoozed_until, here)}."
            self._show(Glyph.DELAYED, text, "", ("wake", "done"))
        elif said.done_at is not None:
            self._show(Glyph.CONFIRMED, "Done: it is off your list until you write again.", "", ("wake",))
        else:
            self.hide()

    def _show(self, glyph: Glyph, text: str, note: str, offered: tuple[str, ...]) -> None:
        self._mark.set_glyph(glyph)
        self._said.setText(text)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        focused = self.window().focusWidget()
        had_keyboard = focused in self.buttons.values()
        for name in offered:
            self.buttons[name].show()
        # Qt would carry the keyboard on to whatever stands next in the window.
        if had_keyboard and focused not in [self.buttons[name] for name in offered]:
            self.buttons[offered[0]].setFocus()
        for name, button in self.buttons.items():
            button.setVisible(name in offered)
        self.show()


class _Pressed:
    def __init__(self, strip: DueStrip, name: str) -> None:
        self._strip, self._name = strip, name

    def __call__(self) -> None:
        self._strip.acted.emit(self._name)


def _sentence(due: FollowUp, now: datetime) -> str:
    reason = followup_words.reason_line(due, now, now.tzinfo).rstrip(".")
    if due.kind is FollowUpKind.AWAY and any(person.returns_on == due.due_on for person in due.people):
        return f"{reason}, and on your list then." if due.due is Due.NEXT else f"{reason}."
    if due.due is Due.NEXT:
        return f"{reason}. On your list {followup_words.due_line(due, now, now.tzinfo)}."
    return f"{reason}."
