"""The sentences on rates: each a range from what is proven to what is possible, with the counts behind it; pure."""

from dataclasses import dataclass
from typing import Final

from desktop.core.report import Rate, Report

PERIODS: Final = (30, 90, 365)
ALL_ACCOUNTS: Final = "All accounts"
ABOUT: Final = (
    "Solid is proven, or said by you: a person opened it, used a link, confirmed or answered. Hatched is possible: a "
    "mail provider's image proxy fetched the picture, who it was is not known, or what came may be a reply. Scanners, "
    "previews, prefetches and what you looked at yourself count as neither."
)
START: Final = (
    "Then you see here how much of your mail is opened, how often its links are used, and how much is answered, as far "
    "as that can be known."
)
_LEAST_FOR_PERCENT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RateWords:
    """One rate in words: "Opened", "12 to 19 of 40 opened", and a line on what it is out of."""

    title: str
    counts: str
    note: str


def rates_words(report: Report) -> tuple[tuple[RateWords, Rate], ...]:
    """Return opened, clicked and replied, each with its figures."""
    return (
        (_worded("Opened", "opened", report.opened, _NO_OPENS), report.opened),
        (_worded("Used a link", "used a link", report.clicked, _NO_CLICKS), report.clicked),
        (_worded("Replied", "replied", report.replied, _NO_REPLIES), report.replied),
    )


_NO_OPENS: Final = (
    "No mail of this time could show it: it takes a relay, and people who gave permission. Record permissions under "
    "People."
)
_NO_CLICKS: Final = "No mail of this time carried a link that may be seen to be used."
_NO_REPLIES: Final = "No mail of this time can have been answered."


def _worded(title: str, verb: str, rate: Rate, none: str) -> RateWords:
    if not rate.of:
        return RateWords(title=title, counts="Not known", note=none)
    what = "that did not come back" if verb == "replied" else "that could show it"
    out_of = f"Out of {rate.of:,} {'copy' if rate.of == 1 else 'copies'} {what}"
    share = percent_text(rate)
    return RateWords(title=title, counts=range_text(rate, verb), note=f"{share} · {out_of}" if share else out_of)


def range_text(rate: Rate, verb: str) -> str:
    """Return a rate as "12 to 19 of 40 opened", or "12 of 40 opened" where nothing is merely possible."""
    return f"{_span(rate.proven, rate.possible)} of {rate.of:,} {verb}"


def percent_text(rate: Rate) -> str:
    """Return a rate as "30 to 48 %"; empty where there are so few that a share would say more than is known."""
    if rate.of < _LEAST_FOR_PERCENT:
        return ""
    least, most = _percent(rate.proven, rate.of), _percent(rate.possible, rate.of)
    return f"{least} %" if least == most else f"{least} to {most} %"


def _percent(number: int, of: int) -> str:
    """Return a share so that one of a thousand is not told as none, nor all but one as all."""
    if 0 < number * 100 < of:
        return "under 1"
    return str(min(round(100 * number / of), 99) if number < of else 100)


def _span(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def sent_text(report: Report, days: int) -> str:
    """Return what left in the time, and how much of it came back."""
    sent = f"{report.sent:,} {'copy' if report.sent == 1 else 'copies'}"
    came_back = f", {report.not_delivered:,} not delivered" if report.not_delivered else ""
    return f"Last {days} days: {sent} sent{came_back}."


def nothing_text(days: int) -> tuple[str, str]:
    """Return what stands there where nothing was sent in the time."""
    if days < PERIODS[-1]:
        return f"Nothing sent in the last {days} days", "Choose a longer time above, or another account."
    return "Nothing sent yet", "Send mail as always, or let Readback read your Sent folder: the rates appear here."
