"""`readback rates`: how much was opened, clicked and answered, as ranges from proven to possible, with the counts.

A single figure would be a lie: what a proxy fetched may have been read or not.  So both ends are printed, and of how
many copies: only those that could show it.
"""

import textwrap
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from desktop.core.report import Rate, Report, report
from desktop.listing import INSTANTS, NOTHING_YET, WIDTH, Listing, instant, json_lines
from desktop.places import Places
from desktop.settings import local_now
from desktop.store.database import Store
from desktop.store.figures import report_between
from desktop.ui import rates_words

DEFAULT_DAYS: Final = 90
MAX_DAYS: Final = 36_525
RATES_KEYS: Final = f"""\
JSON: now; days; start and end (when it was sent); sent (copies that left, one
for each recipient); not_delivered (those of them that came back); opened,
clicked, replied, each with of (copies that could show it: with permission and a
picture, with a tracked link, all that arrived), proven (a person's sign, or
what you said is one), possible (with what a proxy fetched and what nobody can
tell), lowest and highest (both as a share of `of`, from 0 to 1, null where that
is none).
Prefetches, scanners, previews and your own views count at neither end.
{INSTANTS}"""
_COLUMN: Final = 13


def rates(places: Places, *, now: datetime, days: int, as_json: bool) -> Listing:
    """Tell the rates of what was sent in so many days until now; raise StoreTrouble."""
    local = local_now(now)
    start = local - timedelta(days=days)
    is_new = not places.store.exists()
    found = report(()) if is_new else _read(places, start, local)
    if as_json:
        return Listing(lines=json_lines(_value(found, start, local, days)), aside=NOTHING_YET if is_new else "")
    if is_new:
        return Listing(lines=(), aside=NOTHING_YET)
    if not found.sent:
        return Listing(lines=(), aside=f"{rates_words.nothing_text(days)[0]}.")
    return Listing(lines=(rates_words.sent_text(found, days), "", *_lines(found)))


def _read(places: Places, start: datetime, end: datetime) -> Report:
    store = Store(places.store, clock=lambda: end)
    try:
        return report_between(store, start, end)
    finally:
        store.close()


def _lines(found: Report) -> Iterator[str]:
    """Yield each rate with what it is out of beneath it."""
    for each, _ in rates_words.rates_words(found):
        yield f"{each.title:<{_COLUMN}}{each.counts}"
        yield from textwrap.wrap(each.note, WIDTH, initial_indent=" " * _COLUMN, subsequent_indent=" " * _COLUMN)


def _value(found: Report, start: datetime, now: datetime, days: int) -> dict[str, Any]:
    return {
        "now": instant(now, now),
        "days": days,
        "start": instant(start, now),
        "end": instant(now, now),
        "sent": found.sent,
        "not_delivered": found.not_delivered,
        "opened": _rate_value(found.opened),
        "clicked": _rate_value(found.clicked),
        "replied": _rate_value(found.replied),
    }


def _rate_value(rate: Rate) -> dict[str, Any]:
    return {
        "of": rate.of,
        "proven": rate.proven,
        "possible": rate.possible,
        "lowest": round(rate.proven / rate.of, 4) if rate.of else None,
        "highest": round(rate.possible / rate.of, 4) if rate.of else None,
    }
