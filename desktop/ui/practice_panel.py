"""The practice dock: the story as it plays, then a hand for each sample recipient.

Steps and figures come from the sandbox as it stands; the panel asks again whenever the sandbox says that it changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from desktop.core.errors import Trouble
from desktop.ui import words
from desktop.ui.actions import PracticeControls, PracticeRecipient, Step, StepState
from desktop.ui.forms import Message
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Card, ElidedLabel, Page, Role, font_of, plain
from desktop.ui.marks import GlyphMark
from desktop.ui.ops import Ops
from desktop.ui.tab_order import held_in, keep_reading_order, take_up
from desktop.ui.theme import Themes

_STEP_GLYPHS: Final = {
    StepState.WAITING: Glyph.QUEUED,
    StepState.RUNNING: Glyph.DELAYED,
    StepState.DONE: Glyph.CONFIRMED,
    StepState.FAILED: Glyph.NOT_DELIVERED,
}
_SANDBOX: Final = "A sandbox on this machine: no mail leaves it."
_PAUSE: Final = "Pa&use"
_NO_PICTURE: Final = "This copy carries no picture: opening it shows nothing to the sender."
_FEEDBACK_LINES: Final = 3
_LEAPS: Final = {"+1 min": timedelta(minutes=1), "+40 min": timedelta(minutes=40), "+1 day": timedelta(days=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    steps: tuple[Step, ...]
    is_playing: bool
    recipients: tuple[PracticeRecipient, ...]
    now: datetime


class PracticePanel(QWidget):
    """Plays the story and the recipients; `view_asked` carries a recipient whose mail is to be shown."""

    view_asked = Signal(object)

    def __init__(self, controls: PracticeControls, ops: Ops, themes: Themes) -> None:
        """Subscribe to the sandbox; what it says may come from any of its threads."""
        super().__init__()
        self._controls, self._ops, self._themes = controls, ops, themes
        self._shown: _Reading | None = None
        self._is_reading = self._is_stale = False
        self._is_taken_over = self._is_in_hand = False
        self._news: QWidget | None = None
        # The place of a new step is known only after its layout, one turn of the loop later.
        self._follow = QTimer(self, singleShot=True, interval=0)
        self._follow.timeout.connect(self._on_follow)
        self.play, self.next = QPushButton(_PAUSE), QPushButton("S&tep")
        self.take_over = QPushButton("Take &over")
        for button in (self.play, self.next, self.take_over):
            button.setProperty("kind", "small")
        self.play.clicked.connect(self._on_play)
        self.next.clicked.connect(self._on_step)
        self.take_over.clicked.connect(self._on_take_over)
        self.message = Message()
        self._lay_out()
        changed = ops.on_main(self, self._on_changed)
        controls.subscribe(lambda: changed(None))
        self.reload()

    def _lay_out(self) -> None:
        self._time = plain("", Role.DIM, wraps=True)
        self._story, self._people = _Section("The story"), _Section("Be the recipient")
        body = Page()
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 4, 16, 16)
        column.setSpacing(12)
        self._sections = QVBoxLayout()
        self._sections.setSpacing(12)
        for place in (self._story, self._people):
            self._sections.addWidget(place)
        column.addLayout(self._sections)
        column.addWidget(plain("Move the clock", Role.STRONG))
        self._leaps = QWidget()
        leaps = QHBoxLayout(self._leaps)
        leaps.setContentsMargins(0, 0, 0, 0)
        leaps.setSpacing(6)
        for text, by in _LEAPS.items():
            button = QPushButton(text)
            button.setProperty("kind", "small")
            button.setAccessibleName(f"Move the practice clock by {text}")
            button.clicked.connect(_Doing(self, partial(self._controls.advance, by), f"The clock moved: {text}."))
            leaps.addWidget(button)
        leaps.addStretch(1)
        column.addWidget(self._leaps)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(body)
        self._area = area
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(self._fixed_head())
        outer.addWidget(area, 1)

    def _fixed_head(self) -> QVBoxLayout:
        """Return what never scrolls away: clock, buttons, and a place of one height for what was answered."""
        head = QVBoxLayout()
        head.setContentsMargins(16, 10, 16, 4)
        head.setSpacing(10)
        head.addWidget(self._time)
        self._buttons = QWidget()
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(6)
        for button in (self.play, self.next, self.take_over):
            buttons.addWidget(button)
        buttons.addStretch(1)
        head.addWidget(self._buttons)
        feedback = QWidget()
        feedback.setFixedHeight(_FEEDBACK_LINES * QFontMetrics(font_of(Role.BODY)).lineSpacing() + 2)
        place = QVBoxLayout(feedback)
        place.setContentsMargins(0, 0, 0, 0)
        place.addWidget(self.message, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(feedback)
        self.message.show_note(_SANDBOX)
        return head

    def reload(self) -> None:
        """Read the sandbox anew; a change during a reading is read once more after it."""
        if self._is_reading:
            self._is_stale = True
            return
        self._is_reading = True

        def work() -> _Reading:
            controls = self._controls
            return _Reading(
                steps=controls.steps(),
                is_playing=controls.is_playing(),
                recipients=controls.recipients(),
                now=controls.now(),
            )

        self._ops.run(self, work, self._on_read, self._on_failed)

    def _on_changed(self, _: object) -> None:
        self.reload()

    def _on_read(self, reading: _Reading) -> None:
        before, self._shown = self._shown, reading
        held = held_in(self)
        self._is_reading = False
        self._time.setText(f"Practice clock: {words.day(reading.now)}, {reading.now.astimezone():%H:%M}")
        states = {step.state for step in reading.steps}
        is_over = self._is_taken_over or StepState.FAILED in states or states == {StepState.DONE}
        self._buttons.setVisible(not is_over)
        self._put_first(self._people if is_over else self._story)
        self.play.setText(_PAUSE if reading.is_playing else "P&lay")
        self.next.setEnabled(not reading.is_playing)
        if before is None or before.steps != reading.steps:
            self._show_steps(reading.steps)
        if before is None or before.recipients != reading.recipients:
            self._show_recipients(reading.recipients)
        keep_reading_order(self)
        if held is not None:
            take_up(self, held)
        if self._is_stale:
            self._is_stale = False
            self.reload()

    def _on_failed(self, trouble: Trouble) -> None:
        self._is_reading = False
        self.message.show_trouble(trouble)

    def _put_first(self, section: QWidget) -> None:
        """Let the story stand first while it plays, and the recipients once they are the user's."""
        if self._sections.indexOf(section) != 0:
            self._sections.removeWidget(section)
            self._sections.insertWidget(0, section)
            self._area.verticalScrollBar().setValue(0)

    def first_with_picture(self) -> PracticeRecipient | None:
        """Return a recipient whose copy is tracked, or any, or none."""
        everybody = self._shown.recipients if self._shown else ()
        return next((each for each in everybody if each.has_picture), next(iter(everybody), None))

    def _show_steps(self, steps: Sequence[Step]) -> None:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(9)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        news: QWidget | None = None
        for number, step in enumerate(steps):
            role = Role.STRONG if step.state is StepState.RUNNING else Role.BODY
            if step.state is StepState.WAITING:
                role = Role.DIM
            mark = GlyphMark(_STEP_GLYPHS[step.state], self._themes, 14)
            grid.addWidget(mark, 3 * number, 0, Qt.AlignmentFlag.AlignTop)
            title = plain(step.title, role, wraps=True)
            title.setAccessibleName(f"{step.title}: {step.state.value}")
            grid.addWidget(title, 3 * number, 1)
            if step.detail:
                grid.addWidget(plain(step.detail, Role.SMALL, wraps=True), 3 * number + 1, 1)
            grid.setRowMinimumHeight(3 * number + 2, 5)
            if step.state in (StepState.RUNNING, StepState.FAILED):
                news = title
        self._story.fill(box)
        self._news = news
        self._follow.start()

    @Slot()
    def _on_follow(self) -> None:
        # Whoever plays a recipient must find the next button where it was.
        if self._news is not None and not self._is_in_hand:
            self._area.ensureWidgetVisible(self._news, 0, 70)

    def _show_recipients(self, recipients: Sequence[PracticeRecipient]) -> None:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for each in recipients:
            column.addWidget(self._recipient_card(each))
        self._people.setVisible(bool(recipients))
        self._people.fill(box)

    def _recipient_card(self, each: PracticeRecipient) -> QWidget:
        card = Card()
        column = QVBoxLayout(card)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(3)
        column.addWidget(ElidedLabel(each.name or each.address, Role.STRONG))
        column.addWidget(ElidedLabel(each.client or each.address, Role.SMALL))
        address, controls = each.address, self._controls
        who = words.one_line(each.name) or address
        column.addSpacing(4)
        for acts in (
            (
                ("Open", True, controls.open, f"{who} opened it."),
                ("Links", each.has_links, controls.click, f"{who} used a link."),
                ("Stop", each.has_stop, controls.stop, f"{who} pressed Stop."),
            ),
            (
                ("Reply", True, controls.reply, f"{who} replied."),
                ("Away", True, controls.go_away, f"{who}’s out-of-office answered."),
                ("Bounce", True, controls.bounce, f"{who}’s mail server sent it back."),
            ),
        ):
            column.addLayout(self._row_of_acts(each, acts))
        see = QPushButton("What they see…")
        see.setProperty("kind", "link")
        see.setAccessibleName(f"What {each.name or address} sees")
        see.clicked.connect(_Seeing(self, each))
        column.addWidget(see, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _row_of_acts(
        self, each: PracticeRecipient, acts: Sequence[tuple[str, bool, Callable[[str], None], str]]
    ) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(5)
        for text, can, act, said in acts:
            button = QPushButton(text)
            button.setProperty("kind", "small")
            button.setEnabled(can)
            button.setAccessibleName(f"{text}: {each.name or each.address}")
            if text == "Open" and not each.has_picture:
                button.clicked.connect(_Noting(self, _NO_PICTURE))
            else:
                button.clicked.connect(_Doing(self, partial(act, each.address), said))
            row.addWidget(button)
        row.addStretch(1)
        return row

    def do(self, work: Callable[[], None], said: str = "", then: Callable[[], None] | None = None) -> None:
        """Let the sandbox do something, say what was done, then read it anew."""
        self.message.show_note(_SANDBOX)

        def done(_: None) -> None:
            # Whoever goes on with the story wants to follow it again.
            self._is_in_hand = bool(said)
            if said:
                self.message.show_good(said)
            if then is not None:
                then()
            self.reload()

        self._ops.run(self, work, done, self._on_failed)

    def note(self, text: str) -> None:
        """Say something that needs no doing."""
        self._is_in_hand = True
        self.message.show_note(text)

    @Slot()
    def _on_play(self) -> None:
        is_playing = self._shown is not None and self._shown.is_playing
        self.do(self._controls.pause if is_playing else self._controls.resume)

    @Slot()
    def _on_step(self) -> None:
        self.do(self._controls.step)

    @Slot()
    def _on_take_over(self) -> None:
        self.do(self._controls.take_over, then=self._on_taken_over)

    def _on_taken_over(self) -> None:
        self._is_taken_over = True
        holds = self._shown is not None and self._shown.recipients
        told = "The recipients are yours now." if holds else "The story is over, and nobody holds a mail yet."
        self.message.show_good(told)
        self._area.verticalScrollBar().setValue(0)


class _Section(QWidget):
    """A heading and one box under it, which can be put anew."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(plain(heading, Role.STRONG))
        self._box = QWidget()
        self._column.addWidget(self._box)

    def fill(self, box: QWidget) -> None:
        self._column.replaceWidget(self._box, box)
        self._box.hide()
        self._box.deleteLater()
        self._box = box
        # A layout shows what it was given only once the loop turns; the keyboard may be wanted in it before.
        box.show()


class _Doing:
    def __init__(self, panel: PracticePanel, work: Callable[[], None], said: str) -> None:
        self._panel, self._work, self._said = panel, work, said

    def __call__(self) -> None:
        self._panel.do(self._work, self._said)


class _Noting:
    def __init__(self, panel: PracticePanel, text: str) -> None:
        self._panel, self._text = panel, text

    def __call__(self) -> None:
        self._panel.note(self._text)


class _Seeing:
    def __init__(self, panel: PracticePanel, recipient: PracticeRecipient) -> None:
        self._panel, self._recipient = panel, recipient

    def __call__(self) -> None:
        self._panel.view_asked.emit(self._recipient)
