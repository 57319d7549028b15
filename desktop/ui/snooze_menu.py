"""Until when something is put off: a menu of the usual moments, and a calendar for any other day."""

from collections.abc import Callable
from datetime import date, datetime

from PySide6.QtCore import QDate, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QDialog, QMenu, QToolButton, QVBoxLayout, QWidget

from desktop.core.snooze import morning_of, snooze_choices
from desktop.core.workdays import WorkCalendar
from desktop.ui import followup_words, words
from desktop.ui.forms import ButtonRow
from desktop.ui.labels import Role, plain


class SnoozeMenu(QMenu):
    """`chosen` carries the instant, in the user's zone; `date_asked` says that another day is wanted."""

    chosen = Signal(object)
    date_asked = Signal()

    def __init__(self, parent: QWidget, now: datetime, calendar: WorkCalendar) -> None:
        """Offer what fits the hour; `now` is in the user's zone."""
        super().__init__(parent)
        for choice, until in snooze_choices(now, calendar):
            clock = f"{until.hour}:{until.minute:02}"
            when = clock if until.date() == now.date() else f"{words.short_day(until.date())} {clock}"
            text = f"&{followup_words.SNOOZES[choice]}  ·  {when}"
            self.addAction(text).triggered.connect(_Chosen(self.chosen.emit, until))
        self.addSeparator()
        self.addAction("A &date…").triggered.connect(self.date_asked)


class _Chosen:
    def __init__(self, emit: Callable[[datetime], None], until: datetime) -> None:
        self._emit, self._until = emit, until

    def __call__(self) -> None:
        self._emit(self._until)


class DateDialog(QDialog):
    """A calendar; `chosen` carries the morning of the day, in the user's zone."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget, now: datetime) -> None:
        """Offer from tomorrow on."""
        super().__init__(parent)
        self.setWindowTitle("Put off until")
        self._now = now
        self.calendar = QCalendarWidget()
        self.calendar.setAccessibleName("Day")
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.calendar.setHorizontalHeaderFormat(QCalendarWidget.HorizontalHeaderFormat.ShortDayNames)
        tomorrow = QDate(now.year, now.month, now.day).addDays(1)
        # Qt paints weekends in a red that no dark ground bears, and arrows in black.
        weekend = QTextCharFormat()
        weekend.setForeground(self.palette().placeholderText())
        for day in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            self.calendar.setWeekdayTextFormat(day, weekend)
        for name, sign in (("qt_calendar_prevmonth", "‹"), ("qt_calendar_nextmonth", "›")):
            arrow = self.calendar.findChild(QToolButton, name)
            if isinstance(arrow, QToolButton):
                arrow.setIcon(QIcon())
                arrow.setText(sign)
        self.calendar.setMinimumDate(tomorrow)
        self.calendar.setMaximumDate(tomorrow.addYears(2))
        self.calendar.setSelectedDate(tomorrow)
        self.calendar.activated.connect(self._on_taken)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(10)
        column.addWidget(plain("It comes back at 9:00 on that day.", Role.DIM))
        column.addWidget(self.calendar)
        buttons = ButtonRow()
        buttons.plain("&Cancel").clicked.connect(self.reject)
        buttons.primary("&Put off").clicked.connect(self._on_taken)
        column.addWidget(buttons)

    @Slot()
    def _on_taken(self) -> None:
        day = self.calendar.selectedDate()
        self.chosen.emit(morning_of(date(day.year(), day.month(), day.day()), self._now))
        self.accept()
