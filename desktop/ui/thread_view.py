"""One conversation: what is due in it, then its mail, newest first: what went out to each recipient, what came in.

Built anew from one reading whenever the conversation changed; what the user unfolded stays unfolded.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from desktop.core.followup import FollowUp
from desktop.store.mail import ArrivalRow, MessageRow
from desktop.ui import words
from desktop.ui.arrival_card import ArrivalCard
from desktop.ui.clamped import ClampedLabel
from desktop.ui.copy_card import CopyCard
from desktop.ui.detail import Detail
from desktop.ui.due_strip import DueStrip
from desktop.ui.evidence_list import Unfolded
from desktop.ui.labels import Page, Role, plain
from desktop.ui.tab_order import Held, held_in, keep_reading_order, stops, take_up
from desktop.ui.theme import Themes

_READING_WIDTH: Final = 860
_SUBJECT_LINES: Final = 3
# The conversation as a whole has the keyboard, nothing in it.
_WHOLE: Final = "the whole"
_BY_TAB: Final = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class ThreadView(QScrollArea):
    """Shows a Detail; `permission_asked` carries an address whose permission the user wants to record.

    `acted` carries the name of an action on the conversation (done, snooze, wait, wake), `answered` a question and
    whether the answer is yes, `retracted` an arrival whose answer is taken back.  `hit_asked` carries a line of a
    timeline that the user calls wrong and the place for a menu, `hit_taken_back` one of which what they said no longer
    holds; `relay_asked` says that they want to connect a relay, `accounts_asked` to see to an account.
    """

    permission_asked = Signal(object)
    acted = Signal(object)
    answered = Signal(object, object)
    retracted = Signal(object)
    hit_asked = Signal(object, QPoint)
    hit_taken_back = Signal(object)
    relay_asked = Signal()
    accounts_asked = Signal()

    def __init__(self, themes: Themes, now: Callable[[], datetime]) -> None:
        """Start blank."""
        super().__init__()
        self._themes, self._now = themes, now
        self._unfolded: Unfolded = set()
        self._due: FollowUp | None = None
        self._has_relay = True
        self.shown: Detail | None = None
        self.strip: DueStrip | None = None
        self._owes_strip = False
        self.setObjectName("reading")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Conversation")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.verticalScrollBar().setSingleStep(24)

    def show_detail(self, detail: Detail) -> None:
        """Show a conversation; the place one has scrolled to stays if it is the same one."""
        is_same = self.shown is not None and self.shown.conversation.id == detail.conversation.id
        at = self.verticalScrollBar().value() if is_same else 0
        held = self.held() if is_same else None
        had_strip = is_same and self._is_on_strip()
        self.shown = detail
        page = Page()
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 20, 24, 24)
        column.setSpacing(14)
        subject = words.one_line(detail.conversation.subject) or "No subject"
        title = ClampedLabel(subject, Role.TITLE, lines=_SUBJECT_LINES)
        title.make_selectable()
        column.addWidget(title)
        self.strip = DueStrip(self._themes)
        self.strip.acted.connect(self.acted)
        # Shown before it stands anywhere it would be a window of its own for a moment, and take the keyboard.
        column.addWidget(self.strip)
        self._show_strip()
        rows: list[MessageRow | ArrivalRow] = [*detail.conversation.messages, *detail.conversation.arrivals]
        for row in sorted(rows, key=_newest_first):
            if isinstance(row, MessageRow):
                self._add_message(column, row, detail)
            else:
                column.addWidget(self._arrival(row))
        column.addStretch(1)
        page.setMaximumWidth(_READING_WIDTH)
        self.setWidget(page)
        page.show()
        if at:
            column.activate()
            self.verticalScrollBar().setValue(at)
        keep_reading_order(self)
        for stop in stops(page):
            stop.installEventFilter(self)
        self._owes_strip = self._owes_strip and is_same
        if held is not None:
            self.take_up(held)
        self._settle_strip(had_keyboard=had_strip)

    def held(self) -> Held | None:
        """Return what the keyboard is on in here; None where it is elsewhere."""
        return Held(name=_WHOLE, number=0) if self.window().focusWidget() is self else held_in(self)

    def take_up(self, held: Held) -> None:
        """Give the keyboard back to what it was on in here, as far as that still stands."""
        if held.name == _WHOLE or not take_up(self, held):
            self.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Bring into sight what Tab comes to, from outside as well."""
        if isinstance(event, QFocusEvent) and event.reason() in _BY_TAB and isinstance(watched, QWidget):
            self.ensureWidgetVisible(watched)
        return super().eventFilter(watched, event)

    def clear(self) -> None:
        """Show nothing, as when two conversations became one."""
        self.shown = self.strip = None
        self.setWidget(QWidget())

    def set_due(self, due: FollowUp | None) -> None:
        """Say what is due in the conversation shown."""
        self._due = due
        had_keyboard = self._is_on_strip()
        self._show_strip()
        self._settle_strip(had_keyboard=had_keyboard)

    def set_relay(self, *, has_relay: bool) -> None:
        """Say whether a relay is connected: without one nothing is said here about tracking."""
        if has_relay is not self._has_relay:
            self._has_relay = has_relay
            if self.shown is not None:
                self.show_detail(self.shown)

    def menu_place(self) -> QPoint:
        """Return where a menu about the conversation opens, on the screen."""
        button = self.strip.buttons["snooze"] if self.strip is not None else None
        if button is not None and button.isVisible():
            return button.mapToGlobal(button.rect().bottomLeft())
        return self.viewport().mapToGlobal(self.viewport().rect().center())

    def _is_on_strip(self) -> bool:
        return self.strip is not None and self.window().focusWidget() in self.strip.buttons.values()

    def _settle_strip(self, *, had_keyboard: bool) -> None:
        """Keep the keyboard for the strip while it is gone: what a press of its buttons did is read in a moment."""
        if self.strip is None:
            return
        if had_keyboard and self.strip.isHidden():
            self._owes_strip = True
            self.setFocus()
        elif self._owes_strip and not self.strip.isHidden():
            self._owes_strip = False
            if self.window().focusWidget() is self:
                self.strip.focus_first()

    def _show_strip(self) -> None:
        if self.strip is not None and self.shown is not None:
            due = self._due
            is_its = due is not None and due.conversation_id == self.shown.conversation.id
            messages = self.shown.conversation.messages
            recipients = {copy.address for message in messages for copy in message.copies}
            self.strip.show_due(
                due if is_its else None, self.shown.reminder, self._now(), is_one_of_many=len(recipients) > 1
            )

    def _add_message(self, column: QVBoxLayout, message: MessageRow, detail: Detail) -> None:
        sender = message.from_.name or message.from_.address
        many = words.count(len(message.copies), "recipient", "recipients")
        parts = (words.moment(message.at, self._now()), f"from {words.one_line(sender)}" if sender else "", many)
        column.addWidget(plain(" · ".join(part for part in parts if part), Role.DIM, wraps=True))
        for copy in message.copies:
            card = CopyCard(
                copy,
                self._themes,
                self._now,
                self._unfolded,
                readings=detail.readings,
                read_for=detail.read_for.get(copy.id),
                question=detail.questions.get(copy.id),
                has_relay=self._has_relay,
            )
            card.permission_asked.connect(self.permission_asked)
            card.relay_asked.connect(self.relay_asked)
            card.accounts_asked.connect(self.accounts_asked)
            card.asked.connect(self.hit_asked)
            card.taken_back.connect(self.hit_taken_back)
            column.addWidget(card)

    def _arrival(self, row: ArrivalRow) -> QWidget:
        card = ArrivalCard(row, self._themes, self._now)
        card.answered.connect(self.answered)
        card.retracted.connect(self.retracted)
        return card

    def event(self, event: QEvent) -> bool:
        """Paint anew what was painted in another theme's colours."""
        page: QWidget | None = self.widget()
        if event.type() is QEvent.Type.PaletteChange and page is not None:
            page.update()
        return super().event(event)


def _newest_first(row: MessageRow | ArrivalRow) -> tuple[float, int, int]:
    # Of one instant, what came in answers what went out.
    return -row.at.timestamp(), 0 if isinstance(row, ArrivalRow) else 1, -row.id
