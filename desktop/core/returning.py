"""The day on which an absent person is back, where an automatic answer states it beyond doubt.

`returns_on` is the first day back:
- "back on 4 May" names it;
- "through 3 May", "until 3 May inclusive", "from 27 April to 3 May" name the last day away: the first weekday after;
- "until 3 May" names the one or the other.  On a Saturday or Sunday both mean the Monday after; "until Monday" in
  English and Dutch means the Monday; anything else is left open, and words of return decide where there are some.

So is all else in doubt: 05/06 in English, a weekday that is not that date's, two different days of return, "next
Monday", a day past or further away than people plan.  A day without its year is the next one, at most half a year
ahead.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final

from desktop.core import calendarwords as words
from desktop.core.owntext import folded

MAX_AHEAD: Final = timedelta(days=365)
_MAX_AHEAD_WITHOUT_YEAR: Final = timedelta(days=183)
_MAX_WORDS: Final = 20_000
_MONDAY: Final = 0
_FRIDAY: Final = 4


def _names(table: dict[str, int]) -> str:
    return "|".join(re.escape(name) for name in sorted(table, key=len, reverse=True))


_DAY: Final = rf"""
    (?<![\w./-])
    (?:(?P<weekday>{_names(words.WEEKDAYS)}|{_names(words.SHORT_WEEKDAYS)})\.?,?\s?
        (?:the\s|dem\s|den\s|le\s|el\s|il\s|dia\s|d\.\s|,\s)?)?
    (?:
        (?P<y1>(?:19|20)\d\d)[-./](?P<m1>\d\d?)[-./](?P<d1>\d\d?)(?!\d)
      | (?P<d2>\d\d?)(?:st|nd|rd|th|er|o|a|:e|:a|\.)?,?\s?(?:of\s|de\s|d')?(?P<m2>{_names(words.MONTHS)})\b\.?,?
            (?:\s?(?:de\s|del\s)?(?P<y2>(?:19|20)\d\d)(?!\d))?
      | (?P<m3>{_names(words.MONTHS)})\.?\s(?:the\s)?(?P<d3>\d\d?)(?:st|nd|rd|th)?(?![\d:])
            (?:,?\s(?P<y3>(?:19|20)\d\d)(?!\d))?
      | (?P<a>\d\d?)(?P<sign>[./-])\s?(?P<b>\d\d?)
            (?:(?P=sign)\s?(?P<y4>\d{{4}}|\d\d(?!\d|:))?)?(?![\d/-])
            (?!\s?(?:uhr|h\b|am\b|pm\b|kl\b))
    )
    | \b(?P<alone>{_names(words.WEEKDAYS)})\b(?!,?\s?(?:the\s|dem\s|den\s)?\d)
"""
_DAYS: Final = re.compile(_DAY, re.VERBOSE)
# A full stop after a figure or one of these abbreviations ends no sentence.
_SENTENCE_END: Final = re.compile(r"(?<![\d.])(?<!\bd)(?<!\bt)(?<!\.o)(?<!\.m)(?<!inkl)(?<!einschl)[.!?](?=\s|\Z)|;")
_CLAUSE_END: Final = re.compile(r",|\b(?:und|and|et|y|e|en|i|och|og|ja)\b")
_FIRST_DAY: Final = re.compile(
    r"\b(from|between|vom|von|du|del?|desde|dal|de|van|od|fran|fra)\b[^;]{0,40}\d[^;]{0,25}\Z"
)
# "from X until Y" and "van X tot Y" do not say whether Y belongs to it.
_OPEN_RANGES: Final = frozenset({"from", "between", "van"})
_BETWEEN_DAYS: Final = re.compile(r"[\s,]*(?:-|to|bis|au|al?|ao?|tot|do|till?)(?: zum| den| el| dia| the)?\s*")
_OR_AFTER: Final = re.compile(r"[\s,]*(?:or|oder|ou|of|o|lub|eller|tai)\s(?:\w+\s){0,2}\d")
_VAGUE: Final = re.compile(
    r"\b(?:next|following|nachste\w*|kommende\w*|every|each|jeden|volgende|nasta|naeste|neste|przyszl\w*|prossim[oa]"
    r"|proxim[oa])\s\Z"
)
_VAGUE_AFTER: Final = re.compile(
    r"\s(?:prochain|en huit|proxim[oa]|que viene|prossim[oa]|que vem|next|week|or\b|oder\b|ou\b|of\b|morning or"
    r"|and\b|und\b|et\b)"
)
# A colleague's day of return, or until when the colleague helps, is not the writer's.
_SOMEBODY_ELSE: Final = re.compile(
    r"\b(?:colleagues?|manager|assistant|kolleg\w*|vertret\w*|collegue\w*|companer\w*|colleg[ah]\w*|colegas?)\b"
)
_BEFORE_BYTES: Final = 90
_AFTER_BYTES: Final = 70
_CLAUSE_BYTES: Final = 40


class _Sense(Enum):
    """What the words around a day make it."""

    FIRST_BACK = 0
    LAST_AWAY = 1
    EITHER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mention:
    """A day in the text, its sense and the language of the words that give it; None is a day that cannot be told."""

    sense: _Sense
    language: str
    day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    """They are back on this day, or not before it: `is_named` where words of return name it, `is_open` where later."""

    day: date
    is_named: bool = False
    is_open: bool = False


def return_date(subject: str, text: str, *, received_on: date) -> date | None:
    """Return the first day they are back, or None where the words leave a doubt; `text` is without quoted mail."""
    searched = f"{folded(subject)} . {folded(text)}"[:_MAX_WORDS]
    bounds = [_bound(mention) for mention in _mentions(searched, received_on)]
    known = [bound for bound in bounds if bound is not None]
    if len(known) < len(bounds):
        return None
    named = {bound.day for bound in known if bound.is_named}
    told = {bound.day for bound in known if not bound.is_open}
    if len(named or told) != 1:
        return None
    first = min(named or told)
    is_contradicted = any(bound.day > first for bound in known)
    is_near = received_on <= first <= received_on + MAX_AHEAD
    return first if is_near and not is_contradicted else None


def _bound(mention: _Mention) -> _Bound | None:
    """Return what a mention says of the day of return; None is a doubt."""
    day, language = mention.day, mention.language
    if day is None:
        return None
    if mention.sense is _Sense.FIRST_BACK:
        return _Bound(day=day, is_named=True)
    if mention.sense is _Sense.LAST_AWAY or day.weekday() > _FRIDAY:
        return _Bound(day=_weekday_after(day))
    return _Bound(day=day, is_open=day.weekday() != _MONDAY or language not in {"en", "nl"})


def _weekday_after(day: date) -> date:
    after = day + timedelta(days=1)
    return after + timedelta(days=7 - after.weekday()) if after.weekday() > _FRIDAY else after


def _mentions(text: str, received_on: date) -> Iterator[_Mention]:
    found = list(_DAYS.finditer(text))
    order = _order(found)
    previous = -1
    for match in found:
        before = _SENTENCE_END.split(text[max(0, match.start() - _BEFORE_BYTES) : match.start()])[-1]
        after = _SENTENCE_END.split(text[match.end() : match.end() + _AFTER_BYTES])[0]
        sense = _sense(before, after, is_second=_follows_day(text, previous, match.start()))
        previous = match.end()
        if sense is None or _SOMEBODY_ELSE.search(before):
            continue
        kind, language = sense
        if _OR_AFTER.match(after):
            yield _Mention(sense=kind, language=language, day=None)
        elif match["alone"]:
            yield _Mention(sense=kind, language=language, day=_weekday(match["alone"], before, after, received_on))
        else:
            yield _Mention(sense=kind, language=language, day=_date(match, language, order, received_on))


def _follows_day(text: str, previous: int, start: int) -> bool:
    """Return whether only "to" or a dash stands between the day before and this one."""
    return previous >= 0 and _BETWEEN_DAYS.fullmatch(text, previous, start) is not None


def _sense(before: str, after: str, *, is_second: bool) -> tuple[_Sense, str] | None:
    """Return what the words around a day make it, and their language; None where it is just a day."""
    is_inclusive = words.INCLUSIVE.match(after) is not None
    for language, pattern in words.THROUGH.items():
        if pattern.search(before):
            return _Sense.LAST_AWAY, language
    for language, pattern in words.UNTIL.items():
        match = pattern.search(before)
        if match is None:
            continue
        if words.BACK[language].search(before[: match.start()]):
            # "not back until 4 May"
            return _Sense.FIRST_BACK, language
        first_day = _FIRST_DAY.search(before[: match.start()])
        is_range = first_day is not None and first_day[1] not in _OPEN_RANGES
        return (_Sense.LAST_AWAY if is_inclusive or is_range else _Sense.EITHER), language
    for language, pattern in words.TO.items():
        match = pattern.search(before)
        if match is not None and (is_second or _FIRST_DAY.search(before[: match.start()])):
            return _Sense.LAST_AWAY, language
    if words.FINNISH_UNTIL.match(after):
        return _Sense.EITHER, "fi"
    for language, pattern in words.BACK.items():
        if pattern.search(before):
            return _Sense.FIRST_BACK, language
    for language, pattern in words.FROM.items():
        if pattern.search(before) and words.RETURN_AFTER.match(after) and not _speaks_of_absence(before, after):
            return _Sense.FIRST_BACK, language
    return None


def _speaks_of_absence(before: str, after: str) -> bool:
    """Return whether the clause that "from" stands in is about being away: the day is the first one away."""
    clause = _CLAUSE_END.split(before)[-1]
    return words.ABSENCE.search(clause) is not None or words.ABSENCE.search(after[:_CLAUSE_BYTES]) is not None


def _weekday(name: str, before: str, after: str, received_on: date) -> date | None:
    """Return the next day of that name; on the very day, and with "next", it is not clear which."""
    ahead = (words.WEEKDAYS[name] - received_on.weekday()) % 7
    if not ahead or _VAGUE.search(before) or _VAGUE_AFTER.match(after):
        return None
    return received_on + timedelta(days=ahead)


def _order(found: list[re.Match[str]]) -> str:
    """Return "dm" or "md" where a numeric date gives it away, empty where none or both do."""
    slashed = [match for match in found if match["sign"] in {"/", "-"}]
    orders = {"dm" for match in slashed if int(match["a"]) > 12} | {"md" for match in slashed if int(match["b"]) > 12}
    return orders.pop() if len(orders) == 1 else ""


def _date(match: re.Match[str], language: str, order: str, received_on: date) -> date | None:
    day, month, year = _numbers(match, language, order)
    found = _next(day, month, received_on) if year is None else _valid(year, month, day)
    weekday = {**words.WEEKDAYS, **words.SHORT_WEEKDAYS}.get(match["weekday"] or "")
    if found is not None and weekday is not None and weekday != found.weekday():
        return None
    return found


def _numbers(match: re.Match[str], language: str, order: str) -> tuple[int, int, int | None]:
    """Return day, month and year as they are read; a month that can be two is 0."""
    if match["d1"]:
        return int(match["d1"]), int(match["m1"]), int(match["y1"])
    if match["d2"]:
        return int(match["d2"]), words.MONTHS[match["m2"]], int(match["y2"]) if match["y2"] else None
    if match["d3"]:
        return int(match["d3"]), words.MONTHS[match["m3"]], int(match["y3"]) if match["y3"] else None
    first, second = int(match["a"]), int(match["b"])
    year = None if not match["y4"] else int(match["y4"]) % 2_000 + (2_000 if len(match["y4"]) == 2 else 0)
    if match["y4"] and len(match["y4"]) == 4:
        year = int(match["y4"])
    is_dotted = match["sign"] == "."
    if language != "en" or (is_dotted and year is not None) or first == second or order == "dm":
        return first, second, year
    if order == "md":
        return second, first, year
    return first, 0, year


def _next(day: int, month: int, received_on: date) -> date | None:
    for year in (received_on.year, received_on.year + 1):
        found = _valid(year, month, day)
        if found is not None and received_on <= found <= received_on + _MAX_AHEAD_WITHOUT_YEAR:
            return found
    return None


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
