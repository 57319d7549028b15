"""Until when a follow-up can be put off: instants in the user's own zone, by the wall clock there.

A morning is 9:00.  "Tomorrow" is tomorrow, a day off too, for so it was said; "next week" is its first working day.
"""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from desktop.core.workdays import WorkCalendar

MORNING: Final = time(9)
EVENING: Final = time(18)
LATER: Final = timedelta(hours=3)
# Less than this before the evening there is no later today.
SHORTEST: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class Snooze(StrEnum):
    """The choices that need no calendar."""

    LATER_TODAY = "later_today"
    TOMORROW = "tomorrow"
    NEXT_WEEK = "next_week"


def snooze_choices(now: datetime, calendar: WorkCalendar) -> tuple[tuple[Snooze, datetime], ...]:
    """Return what is offered at this moment and until when each lasts; `now` is aware and in the user's zone.

    Later today is three hours from now, at the latest 18:00, and is not offered after 17:00.
    """
    choices = [
        (Snooze.TOMORROW, morning_of(now.date() + _DAY, now)),
        (Snooze.NEXT_WEEK, morning_of(_next_week(now.date(), calendar), now)),
    ]
    at, evening = now.astimezone(UTC), _at(now.date(), EVENING, now).astimezone(UTC)
    if evening - at >= SHORTEST:
        until = min(at + LATER, evening).replace(second=0, microsecond=0)
        choices.insert(0, (Snooze.LATER_TODAY, until.astimezone(now.tzinfo)))
    return tuple(choices)


def morning_of(day: date, now: datetime) -> datetime:
    """Return the morning of a day the user chose, in the zone of `now`."""
    return _at(day, MORNING, now)


def _at(day: date, clock: time, now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ValueError("an instant without a time zone")
    # By way of UTC, so that a time which a spring night leaves out becomes one that exists.
    return datetime.combine(day, clock, now.tzinfo).astimezone(UTC).astimezone(now.tzinfo)


def _next_week(today: date, calendar: WorkCalendar) -> date:
    """Return the first working day after the weekend that comes next, or that is under way."""
    day = today + _DAY
    while calendar.is_weekend(day) or not calendar.is_weekend(day - _DAY):
        day += _DAY
    return calendar.from_(day)
