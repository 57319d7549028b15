"""Working days of the user's country: its weekend, its public holidays, its make-up days.

Years are worked out once, when first asked for, so that 100,000 questions cost a moment; the library loads then too.
A country it does not know has weekends on Saturday and Sunday and no holidays: the list is then early, never silent.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Final, Protocol

SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)
_SMALL_WORDS: Final = frozenset({"and", "of", "the"})


class _Rules(Protocol):
    """What is asked of the library's calendar of one country."""

    def is_working_day(self, key: date, /) -> bool:
        """Return whether people work on that day."""
        ...

    def is_weekend(self, key: date, /) -> bool:
        """Return whether that day of the week is free."""
        ...


class _WeekendsOnly:
    """The rules of a country that is not known."""

    def is_working_day(self, key: date, /) -> bool:
        return key.weekday() < SATURDAY

    def is_weekend(self, key: date, /) -> bool:
        return key.weekday() >= SATURDAY


@dataclass(frozen=True, slots=True)
class _Year:
    """A year's working days, and how many there are up to and including each of its days."""

    begins: int
    days: tuple[date, ...]
    counts: tuple[int, ...]


class WorkCalendar:
    """The working days of one country, and of a part of it where `subdivision` names one, as "DE" and "BY"."""

    def __init__(self, country: str = "", subdivision: str = "") -> None:
        """Take ISO 3166 codes; nothing is loaded yet, and unknown codes are not refused."""
        self.country = country
        self.subdivision = subdivision
        self._years: dict[int, _Year] = {}

    @cached_property
    def _rules(self) -> _Rules:
        if not self.country:
            return _WeekendsOnly()
        import holidays

        code = self.country.upper()
        for subdivision in dict.fromkeys((self.subdivision.upper() or None, None)):
            try:
                return holidays.country_holidays(code, subdiv=subdivision)
            except NotImplementedError:
                continue
        return _WeekendsOnly()

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            year = self._years[number] = self._counted(number)
        return year

    def _counted(self, number: int) -> _Year:
        first = date(number, 1, 1)
        length = date(number, 12, 31).toordinal() - first.toordinal() + 1
        days: list[date] = []
        counts = []
        for offset in range(length):
            day = first + timedelta(days=offset)
            if self._rules.is_working_day(day):
                days.append(day)
            counts.append(len(days))
        return _Year(first.toordinal(), tuple(days), tuple(counts))

    def is_weekend(self, day: date) -> bool:
        """Return whether that day of the week is free in this country."""
        return self._rules.is_weekend(day)

    def is_working(self, day: date) -> bool:
        """Return whether people work on that day: no weekend and no public holiday."""
        year = self._year(day.year)
        position = bisect_right(year.days, day)
        return position > 0 and year.days[position - 1] == day

    def add(self, day: date, number: int) -> date:
        """Return the so-manieth working day after `day`, which need not be one itself; `number` is at least 1."""
        year = self._year(day.year)
        wanted = year.counts[day.toordinal() - year.begins] + max(number, 1)
        at = day.year
        while wanted > len(year.days):
            wanted -= len(year.days)
            at += 1
            year = self._year(at)
        return year.days[wanted - 1]

    def from_(self, day: date) -> date:
        """Return `day` if people work then, else the next day on which they do."""
        return self.add(day - _DAY, 1)

    def between(self, start: date, end: date) -> int:
        """Return how many working days lie after `start`, up to and including `end`; 0 where `end` is not later."""
        if end <= start:
            return 0
        first, last = self._year(start.year), self._year(end.year)
        whole = sum(len(self._year(number).days) for number in range(start.year, end.year))
        return whole + last.counts[end.toordinal() - last.begins] - first.counts[start.toordinal() - first.begins]


def countries() -> tuple[tuple[str, str], ...]:
    """Return the code and English name of each country whose holidays are known, by name."""
    from holidays.registry import COUNTRIES

    named = ((str(names[1]), _name(module)) for module, names in COUNTRIES.items())
    return tuple(sorted(named, key=lambda pair: pair[1]))


def _name(module: str) -> str:
    words = [word if word in _SMALL_WORDS else word.capitalize() for word in module.split("_")]
    return " ".join(words)
