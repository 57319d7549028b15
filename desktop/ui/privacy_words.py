"""The words of the settings that concern recipients: what is kept, whom to let alone, and how the lines read; pure."""

from typing import Final

from desktop.core.donottrack import Kind
from desktop.core.wordings import WordingKind
from desktop.ui import words

PRIVACY_ABOUT: Final = (
    "What is recorded of your recipients is kept on this computer. Until it is taken in it waits at the relay, sealed "
    "so that only this computer can open it. Networks are shortened before that, and times are cut to the minute after "
    "two days."
)
STRICT: Final = "Keep only the &day of what is older than two days"
STRICT_HINT: Final = "The time of day is then gone for good, also of what is recorded already."
KEEP_HINT: Final = (
    "After that a mail keeps the highest step it reached and its day; networks, programs and times are deleted."
)
SUNSET_ELSEWHERE: Final = "For how long a mail gathers signs at all is said for each account, under Accounts."

LIST_ABOUT: Final = (
    "Whoever is on this list is never tracked and never asked, whatever else was agreed. It holds for mail from now "
    "on; for mail they already have, withdraw their permission under People."
)
LIST_EXAMPLE: Final = "anna@fjord.example, fjord.example or *@*.fjord.example"
NOBODY_LISTED: Final = "Nobody is on it yet."
KINDS: Final = {Kind.ADDRESS: "this address", Kind.DOMAIN: "this domain, and all below it", Kind.PATTERN: "a pattern"}
BAD_LINES: Final = "Lines that were not taken"

WORDING_ABOUT: Final = (
    "What your mail says about itself, in your own words. What makes it honest has to stay: the link in [brackets], "
    "and the names in {braces}."
)
WORDING_KINDS: Final = {
    WordingKind.AGREED: "The line of mail that is tracked as agreed",
    WordingKind.TELL: "The line of mail that is tracked as told",
    WordingKind.ASK: "The question",
    WordingKind.CONFIRM: "The “Got it” link",
}
PREVIEW: Final = "As it will read"
READS_AS_OWN: Final = "These are your own words."
READS_AS_BUILT_IN: Final = "These are Readback's own words."
READS_AS_TYPED: Final = "Your own words, not saved yet: mail does not say them."


def kept_text(days: int) -> str:
    """Return for how long something is kept: "90 days", "a year"."""
    return {365: "a year", 730: "two years"}.get(days, words.count(days, "day", "days"))


def imported_text(added: int, known: int, bad: int) -> str:
    """Return what came of an import."""
    parts = [f"{words.count(added, 'entry', 'entries')} added" if added else "Nothing new"]
    if known:
        parts.append(f"{known} on the list already")
    if bad:
        parts.append(f"{words.count(bad, 'line was', 'lines were')} not taken")
    return f"{', '.join(parts)}."


def bad_line_text(number: int, text: str, sentence: str) -> str:
    """Return one line of an import that was not taken: where, what stands there, and what is wrong."""
    shown = words.one_line(text)
    cut = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 1]}…"
    return f"Line {number}, “{cut}”: {sentence}"


_LONGEST_SHOWN: Final = 60
