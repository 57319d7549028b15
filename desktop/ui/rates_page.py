"""The place of rates: of the mail of some time, how much was opened, used and answered, each as a range.

It is read when it is shown and something changed since: nobody else's work waits for figures that nobody looks at.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop.core.errors import Trouble
from desktop.core.report import Report
from desktop.store.accounts import AccountRow
from desktop.ui import rates_words
from desktop.ui.due_page import start_here
from desktop.ui.empty import EmptyState
from desktop.ui.forms import Choice
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Card, Page, Role, plain
from desktop.ui.ops import Ops
from desktop.ui.rate_bar import RateBar
from desktop.ui.reading import Reading
from desktop.ui.theme import Themes

ReadReport = Callable[[datetime, datetime, int | None], Report]
_MOMENT_MS: Final = 300
_WIDTH: Final = 760
_GLYPHS: Final = (Glyph.OPENED, Glyph.CLICKED, Glyph.REPLIED)


class RatesPage(QWidget):
    """`failed` carries a Trouble of reading; `account_asked` says that the user wants to add an account."""

    failed = Signal(object)
    account_asked = Signal()

    def __init__(self, read: ReadReport, ops: Ops, themes: Themes, now: Callable[[], datetime]) -> None:
        """Read nothing until it is shown; `read` is told begin, end and account, None for all."""
        super().__init__()
        self._read, self._now = read, now
        self._days, self._is_stale = rates_words.PERIODS[0], True
        # What the figures that stand are of: days and account.
        self._shown: tuple[int, int | None] | None = None
        self.periods = {days: _period(days) for days in rates_words.PERIODS}
        for days, button in self.periods.items():
            button.clicked.connect(_Choosing(self, days))
        self.periods[self._days].setChecked(True)
        self.account = Choice()
        self.account.setAccessibleName("Account")
        self.account.addItem(rates_words.ALL_ACCOUNTS, None)
        self.account.activated.connect(self.reload)
        self.account.hide()
        self.waiting = plain("", Role.DIM)
        self.waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing = EmptyState(themes, Glyph.SENT, "", "")
        self.start = start_here(themes, rates_words.START, self.account_asked.emit)
        self._has_accounts = True
        self.figures = _Figures(themes)
        self.stack = QStackedWidget()
        for page in (self.waiting, self.nothing, _scrolled(self.figures), self.start):
            self.stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(self.stack, 1)
        self._moment = QTimer(self, singleShot=True, interval=_MOMENT_MS)
        self._moment.timeout.connect(self._on_moment_over)
        self._reading = Reading(ops, self, self._prepare, self._on_read, self._on_failed)

    def _head(self) -> QFrame:
        head = QFrame()
        head.setObjectName("strip")
        row = QHBoxLayout(head)
        row.setContentsMargins(24, 8, 16, 8)
        row.setSpacing(4)
        for button in self.periods.values():
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.account)
        return head

    # Reading

    @Slot()
    def reload(self) -> None:
        """Read anew: at once where this is shown, else as soon as it is."""
        self._is_stale = True
        if self.isVisible():
            self._is_stale = False
            if self._shown != self._wanted():
                self._moment.start()
            self._reading.ask()

    def showEvent(self, event: QShowEvent) -> None:
        """Read what changed while something else was shown."""
        super().showEvent(event)
        if self._is_stale:
            self.reload()

    def _wanted(self) -> tuple[int, int | None]:
        return self._days, self.account.currentData()

    def _prepare(self) -> Callable[[], tuple[tuple[int, int | None], Report]]:
        end, wanted = self._now(), self._wanted()
        return lambda: (wanted, self._read(end - timedelta(days=wanted[0]), end, wanted[1]))

    def _on_read(self, read: tuple[tuple[int, int | None], Report]) -> None:
        wanted, report = read
        if wanted != self._wanted():
            return
        self._moment.stop()
        self._shown, days = wanted, wanted[0]
        if report.sent:
            self.figures.show_report(report, days)
        else:
            self.nothing.say(*rates_words.nothing_text(days))
        empty = self.nothing if self._has_accounts else self.start
        self.stack.setCurrentIndex(2 if report.sent else self.stack.indexOf(empty))

    def _on_failed(self, trouble: Trouble) -> None:
        self._moment.stop()
        self._is_stale, self._shown = True, None
        self.waiting.setText("This could not be read.")
        self.stack.setCurrentWidget(self.waiting)
        self.failed.emit(trouble)

    @Slot()
    def _on_moment_over(self) -> None:
        self.waiting.setText("Reading…")
        self.stack.setCurrentWidget(self.waiting)

    # Choosing

    def choose(self, days: int) -> None:
        """Show the mail of the last so many days."""
        self._days = days
        self.periods[days].setChecked(True)
        self.reload()

    def set_accounts(self, rows: Sequence[AccountRow]) -> None:
        """Offer these accounts, where there is more than one; without any an empty page says where to start."""
        chosen = self.account.currentData()
        self.account.clear()
        self.account.addItem(rates_words.ALL_ACCOUNTS, None)
        for row in rows:
            self.account.addItem(row.label, row.id)
        at = self.account.findData(chosen) if chosen is not None else 0
        self.account.setCurrentIndex(max(at, 0))
        self.account.setVisible(len(rows) > 1)
        is_news, self._has_accounts = self._has_accounts is not bool(rows), bool(rows)
        if at < 0 or is_news:
            self.reload()

    def focus_first(self) -> None:
        """Give the keyboard to the time that is shown, or to the button of an empty page."""
        is_start = self.stack.currentWidget() is self.start
        (self.start.button if is_start else self.periods[self._days]).setFocus()


class _Figures(Page):
    """The three ranges."""

    def __init__(self, themes: Themes) -> None:
        super().__init__()
        self.sent = plain("", Role.DIM, wraps=True)
        self.rows = tuple(_RateCard(glyph, themes) for glyph in _GLYPHS)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 24)
        column.setSpacing(12)
        column.addWidget(plain("How your mail is received", Role.TITLE, wraps=True))
        column.addWidget(self.sent)
        for row in self.rows:
            column.addWidget(row)
        column.addWidget(plain(rates_words.ABOUT, Role.DIM, wraps=True))
        column.addStretch(1)
        self.setMaximumWidth(_WIDTH)

    def show_report(self, report: Report, days: int) -> None:
        """Show the figures of the last so many days."""
        self.sent.setText(rates_words.sent_text(report, days))
        for row, (said, rate) in zip(self.rows, rates_words.rates_words(report), strict=True):
            row.title.setText(said.title)
            row.counts.setText(said.counts)
            row.note.setText(said.note)
            row.bar.set_rate(rate)
            row.bar.setVisible(rate.of > 0)
            row.setAccessibleName(f"{said.title}: {said.counts}. {said.note}")


class _RateCard(Card):
    """One rate: its name, the counts, the bar and what it is out of."""

    def __init__(self, glyph: Glyph, themes: Themes) -> None:
        super().__init__()
        self.title, self.counts = plain("", Role.STRONG), plain("", Role.BODY, wraps=True)
        self.note = plain("", Role.SMALL, wraps=True)
        self.bar = RateBar(glyph, themes)
        self.counts.setAlignment(Qt.AlignmentFlag.AlignRight)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.title)
        head.addWidget(self.counts, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 13, 18, 13)
        column.setSpacing(7)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(self.note)


def _period(days: int) -> QToolButton:
    button = QToolButton()
    button.setText(f"{days} days")
    button.setAccessibleName(f"The last {days} days")
    button.setCheckable(True)
    button.setAutoExclusive(True)
    button.setProperty("kind", "place")
    # As with radio buttons the arrows go from one to the next; the button on which they end is the choice.
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


class _Choosing:
    def __init__(self, page: RatesPage, days: int) -> None:
        self._page, self._days = page, days

    def __call__(self) -> None:
        self._page.choose(self._days)


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(page)
    return area
