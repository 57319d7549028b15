"""What the user may say of a hit, and how it is told that they did; pure."""

from datetime import datetime
from typing import Final

from desktop.core.correction import Correction, Who
from desktop.store.corrections import CorrectionRow
from desktop.ui import words

WRONG: Final = "Wrong?"
UNDO: Final = "Undo"
UNDO_ALL: Final = "&Undo what I said, for all like it"
# What a word about one hit teaches, where its network and program tell people apart.
FOLLOW: Final = "Later ones from the same place and program follow"
FOLLOW_NOT: Final = "It holds for this one alone"
# As the menu under "Wrong?" offers them.
CHOICES: Final = {
    Who.ME: "That was &me",
    Who.COLLEAGUE: "A &colleague of mine",
    Who.MACHINE: "A mac&hine",
    Who.RECIPIENT: "The &recipient",
}
SAID: Final = {
    Who.ME: "that was me",
    Who.COLLEAGUE: "a colleague of mine",
    Who.MACHINE: "a machine",
    Who.RECIPIENT: "the recipient",
}
_MEANT: Final = {
    Who.ME: "that was you",
    Who.COLLEAGUE: "that was a colleague of yours",
    Who.MACHINE: "that was a machine",
    Who.RECIPIENT: "that was the recipient",
}


def said_line(correction: Correction, hit_id: bytes) -> str:
    """Return what stands at a line that a correction decides, its own or that of another hit like it."""
    of_what = "" if correction.hit_id == hit_id else " of one like it"
    return f"You said{of_what}: {SAID[correction.who]}."


def noted(who: Who, others: int, *, follow: bool = False) -> str:
    """Return what the undo bar says; `others` is how many more hits it decides now, `follow` if later ones may too."""
    later = f". {FOLLOW}" if follow else ""
    return f"Noted: {_MEANT[who]}{and_others(others)}{later}"


def taken_back(who: Who) -> str:
    """Return what the undo bar says once a correction no longer holds."""
    return f"Undone: it is taken again for what it was before you said “{SAID[who]}”"


def and_others(others: int) -> str:
    """Return ", and 3 like it"; empty where nothing else follows."""
    return f", and {others:,} like it" if others else ""


def wrong_name(sentence: str, when: str) -> str:
    """Return what a screen reader calls the button at a line: which line it is about."""
    return f"{WRONG} Say who it was: {sentence} {when}"


def undo_name(correction: Correction, hit_id: bytes) -> str:
    """Return what a screen reader calls a line's undo."""
    what = "" if correction.hit_id == hit_id else ", for all like it"
    return f"Undo what you said{what}: {SAID[correction.who]}"


def title_line(row: CorrectionRow) -> str:
    """Return a correction as the list of them names it."""
    return f"{words.capital(SAID[row.correction.who])}: {words.one_line(row.person)}, {words.quoted(row.subject)}"


def row_text(row: CorrectionRow, now: datetime) -> str:
    """Return what a correction was said of, and what it decides now."""
    client = f" in {row.client}" if row.client else ""
    return f"Seen {words.moment(row.at, now)}{client}. {decides_text(row.decides)}"


def decides_text(decides: int) -> str:
    """Return how many hits a correction decides now."""
    others = max(decides - 1, 0)
    return f"It holds for this one{and_others(others)}."


def list_text(number: int, most: int) -> str:
    """Return what stands above the list of corrections."""
    if not number:
        return NONE_YET
    more = f" Only the newest {most} are listed." if number > most else ""
    return f"{ABOUT}{more}"


ABOUT: Final = (
    "What you said of opens and clicks. Later ones from the same place and program follow, where those tell people "
    "apart. Undo brings back what stood before."
)
NONE_YET: Final = (
    "You have corrected nothing yet. Where a line in a conversation says who opened a mail or used a link, “Wrong?” "
    "beside it says who it was. What you said is listed here and can be undone."
)


def taken_back_text(row: CorrectionRow) -> str:
    """Return what the list says once a correction no longer holds."""
    who, what = words.one_line(row.person), words.quoted(row.subject)
    return f"{taken_back(row.correction.who)}: {who}, {what}{and_others(max(row.decides - 1, 0))}."
