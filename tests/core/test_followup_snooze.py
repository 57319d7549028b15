"""Times to put a follow-up off to, by the wall clock of the user's zone."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from desktop.core.snooze import Snooze, morning_of, snooze_choices
from desktop.core.workdays import WorkCalendar

BERLIN = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")


def at(*parts: int, tz: ZoneInfo = BERLIN) -> datetime:
    return datetime(*parts, tzinfo=tz)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at(2026, 11, 20, 8, 30), at(2026, 11, 20, 11, 30)),
        (at(2026, 11, 20, 8, 30, 59), at(2026, 11, 20, 11, 30)),
        (at(2026, 11, 20, 15, 0), at(2026, 11, 20, 18, 0)),
        (at(2026, 11, 20, 15, 1), at(2026, 11, 20, 18, 0)),
        (at(2026, 11, 20, 17, 0), at(2026, 11, 20, 18, 0)),
        (at(2026, 11, 20, 17, 1), None),
        (at(2026, 11, 20, 23, 59), None),
        (at(2026, 3, 29, 0, 30), at(2026, 3, 29, 4, 30)),
        (at(2026, 10, 25, 1, 30), at(2026, 10, 25, 3, 30)),
    ],
)
def test_later_today_is_three_hours_on_and_before_the_evening(now: datetime, until: datetime | None) -> None:
    """Three real hours from now, also in the nights when the clocks change; at the latest 18:00; none after 17:00."""
    found = dict(snooze_choices(now, WorkCalendar("DE")))
    assert found.get(Snooze.LATER_TODAY) == until


@pytest.mark.parametrize(
    ("country", "now", "monday"),
    [
        ("DE", at(2026, 11, 18, 8), date(2026, 11, 23)),
        ("DE", at(2026, 11, 20, 8), date(2026, 11, 23)),
        ("DE", at(2026, 11, 21, 8), date(2026, 11, 23)),
        ("DE", at(2026, 11, 22, 8), date(2026, 11, 23)),
        ("DE", at(2026, 11, 23, 8), date(2026, 11, 30)),
        ("DE", at(2026, 4, 2, 8), date(2026, 4, 7)),
        ("IL", at(2026, 11, 18, 8), date(2026, 11, 22)),
        ("IR", at(2026, 11, 18, 8), date(2026, 11, 21)),
    ],
)
def test_next_week_begins_on_its_first_working_day(country: str, now: datetime, monday: date) -> None:
    """It is Monday at 9:00, after Easter Tuesday, and Sunday or Saturday where the week begins then."""
    found = dict(snooze_choices(now, WorkCalendar(country)))
    assert found[Snooze.NEXT_WEEK] == datetime(monday.year, monday.month, monday.day, 9, tzinfo=BERLIN)


def test_later_today_is_a_whole_minute_of_that_zone() -> None:
    """Seconds and their parts are dropped, and the instant is told by the user's own clock."""
    now = datetime(2026, 11, 19, 0, 30, 15, 250_000, tzinfo=UTC).astimezone(TOKYO)
    found = dict(snooze_choices(now, WorkCalendar("JP")))
    assert found[Snooze.LATER_TODAY].isoformat() == "2026-11-19T12:30:00+09:00"


def test_tomorrow_is_tomorrow_at_nine_there() -> None:
    """On a Friday it is Saturday, in the zone of the user, whatever day it is in UTC."""
    now = datetime(2026, 11, 19, 23, 30, tzinfo=UTC).astimezone(TOKYO)
    found = dict(snooze_choices(now, WorkCalendar("JP")))
    assert found[Snooze.TOMORROW] == at(2026, 11, 21, 9, tz=TOKYO)
    assert found[Snooze.TOMORROW].utcoffset() == timedelta(hours=9)
    assert [each for each, _ in snooze_choices(now, WorkCalendar("JP"))] == list(Snooze)


def test_a_chosen_day_begins_at_nine_by_the_clock_of_that_day() -> None:
    """Put off over the change of the clocks, it is still nine in the morning there."""
    now = at(2026, 10, 23, 8)
    assert morning_of(date(2026, 10, 26), now).isoformat() == "2026-10-26T09:00:00+01:00"
    assert morning_of(date(2026, 10, 24), now).isoformat() == "2026-10-24T09:00:00+02:00"


def test_an_instant_without_a_zone_is_refused() -> None:
    """Without a zone nobody knows whose morning is meant; a fixed offset is a zone."""
    with pytest.raises(ValueError, match="without a time zone"):
        morning_of(date(2026, 10, 26), datetime(2026, 10, 23, 8))  # noqa: DTZ001 - the point of it
    fixed = datetime(2026, 10, 23, 8, tzinfo=timezone(timedelta(hours=-5)))
    assert morning_of(date(2026, 10, 26), fixed).hour == 9
