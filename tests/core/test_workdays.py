"""Working days: weekends, holidays, make-up days, by country."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.workdays import WorkCalendar, countries

DAYS = st.dates(min_value=date(1970, 1, 1), max_value=date(2099, 12, 31))
ANYWHERE = st.sampled_from(["", "DE", "US", "IL", "IR", "AE", "CN", "JP", "ZZ"])
SHARED = {code: WorkCalendar(code) for code in ("", "DE", "US", "IL", "IR", "AE", "CN", "JP", "ZZ")}
FRIDAY = date(2026, 11, 20)
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("country", "subdivision", "day", "is_working"),
    [
        ("", "", FRIDAY, True),
        ("", "", date(2026, 12, 25), True),
        ("", "", date(2026, 11, 21), False),
        ("", "", date(2026, 11, 22), False),
        ("DE", "", date(2026, 12, 25), False),
        ("de", "", date(2026, 12, 25), False),
        ("DE", "", date(2026, 1, 6), True),
        ("DE", "BY", date(2026, 1, 6), False),
        ("DE", "QQ", date(2026, 1, 6), True),
        ("DE", "QQ", date(2026, 12, 25), False),
        ("US", "", date(2026, 11, 26), False),
        ("DE", "", date(2026, 11, 26), True),
        ("IL", "", FRIDAY, False),
        ("IL", "", date(2026, 11, 22), True),
        ("IR", "", date(2026, 11, 21), True),
        ("CN", "", date(2026, 2, 14), True),
        ("ZZ", "", date(2026, 12, 25), True),
        ("ZZ", "", date(2026, 12, 26), False),
    ],
)
def test_a_country_has_its_own_days_off(country: str, subdivision: str, day: date, is_working: bool) -> None:
    """Weekend, holidays, parts of a country and worked Saturdays are the country's; unknown ones have weekends."""
    assert WorkCalendar(country, subdivision).is_working(day) is is_working


@pytest.mark.parametrize(
    ("day", "is_weekend"), [(FRIDAY, False), (date(2026, 11, 21), True), (date(2026, 11, 22), True), (MONDAY, False)]
)
def test_a_weekend_is_not_a_holiday(day: date, is_weekend: bool) -> None:
    """Saturday and Sunday are the weekend where no country is known, and so in Germany; Christmas is none."""
    assert WorkCalendar().is_weekend(day) is is_weekend
    assert WorkCalendar("DE").is_weekend(day) is is_weekend
    assert WorkCalendar("DE").is_weekend(date(2026, 12, 25)) is False


@pytest.mark.parametrize(
    ("country", "day", "number", "expected"),
    [
        ("DE", FRIDAY, 1, MONDAY),
        ("DE", FRIDAY, 3, date(2026, 11, 25)),
        ("DE", FRIDAY, 0, MONDAY),
        ("DE", date(2026, 11, 21), 1, MONDAY),
        ("DE", date(2026, 12, 23), 2, date(2026, 12, 28)),
        ("DE", date(2026, 12, 31), 1, date(2027, 1, 4)),
        ("", date(2026, 12, 30), 1, date(2026, 12, 31)),
        ("", date(2024, 2, 28), 1, date(2024, 2, 29)),
        ("", date(2024, 2, 29), 1, date(2024, 3, 1)),
        ("", date(2026, 1, 1), 522, date(2028, 1, 3)),
    ],
)
def test_adding_skips_what_is_off(country: str, day: date, number: int, expected: date) -> None:
    """Weekends, holidays, the turn of a year and a leap day are counted as people would."""
    assert WorkCalendar(country).add(day, number) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [(FRIDAY, FRIDAY), (date(2026, 11, 21), MONDAY), (date(2026, 12, 25), date(2026, 12, 28))],
)
def test_a_day_off_moves_to_the_next_working_day(day: date, expected: date) -> None:
    """A working day stays where it is; any other becomes the one after it."""
    assert WorkCalendar("DE").from_(day) == expected


def test_between_counts_from_the_day_after() -> None:
    """From Friday to Monday is one working day, within a day and backwards none, across years all of them."""
    calendar = WorkCalendar("DE")
    assert calendar.between(FRIDAY, MONDAY) == 1
    assert calendar.between(FRIDAY, date(2026, 11, 22)) == 0
    assert calendar.between(FRIDAY, FRIDAY) == 0
    assert calendar.between(MONDAY, FRIDAY) == 0
    assert WorkCalendar().between(date(2025, 12, 31), date(2027, 1, 1)) == 262
    assert WorkCalendar().between(date(2024, 6, 30), date(2026, 6, 30)) == 522


@given(country=ANYWHERE, day=DAYS, number=st.integers(min_value=1, max_value=300))
def test_adding_and_counting_agree(country: str, day: date, number: int) -> None:
    """The n-th working day after a day is a working day, and n of them lie in between; so by counting on fingers."""
    calendar = SHARED[country]
    found = calendar.add(day, number)
    fingers = sum(calendar.is_working(day + timedelta(days=each)) for each in range(1, (found - day).days + 1))
    assert (calendar.is_working(found), calendar.between(day, found), fingers) == (True, number, number)


def test_the_known_countries_have_a_code_and_a_name() -> None:
    """The choice is sorted by name and holds large and small countries under the codes the calendar takes."""
    found = countries()
    names = dict(found)
    assert (names["DE"], names["US"], names["IM"]) == ("Germany", "United States", "Isle of Man")
    assert len(found) > 200
    assert [name for _, name in found] == sorted(name for _, name in found)
    assert all(len(code) == 2 and code.isupper() for code, _ in found)
