"""The words of the Trust page: each row as the relay sees it, beside what it means to whoever can open it; pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final

from desktop.store.known import KnownToken
from desktop.ui import words
from desktop.ui.holding import HeldRow
from relay.wire.answer import Answer, AnswerKind
from relay.wire.hit import Hit, HitKind

TITLE: Final = "What the relay holds for you"
ABOUT: Final = (
    "Fetched and opened at the moment you ask, and kept nowhere. At the left is what the relay has of each row; beside "
    "it the relay keeps a mark made with a secret key of its own, by which a recipient's own page finds the row to "
    "delete it. At the right is what this program, which alone can open the row, makes of it."
)
LOOK: Final = "&Look now"
NO_RELAY: Final = (
    "No relay is connected. One that you used before keeps of you who stopped, wishes to delete that are not carried "
    "out yet, and a hash of the password by which this program goes on learning of both."
)
AS_SEEN: Final = "As the relay sees it"
AS_MEANT: Final = "What it means to you"
YOU: Final = "You, at the relay"
HITS: Final = "Pictures fetched and links used, not taken in yet"
ANSWERS: Final = "What recipients pressed, not taken in yet"
STOPS: Final = "Stops: of these nothing is ever stored again"
NOTHING: Final = "Nothing waits there: what came was taken in, and deleted at the relay."
NEVER: Final = (
    "What it does not have: no name, no mail address, no subject, no text, and no full network address. The sender's "
    "name on a page that asks travels in that page's own link, and is not kept."
)
DELETE: Final = "Delete my &channel…"
DELETE_QUESTION: Final = "Delete your channel at the relay?"
DELETE_MEANS: Final = (
    "What waits there is taken in first; then the channel, its key and all else of it are gone. What stays, so that "
    "nobody is let down: links in your mail go on leading where they should, stop pages go on working, and every stop "
    "holds for ever. This program goes on learning who stops; for that the relay keeps a hash of its password. "
    "Readback then has no relay: mail goes out untracked until you connect one."
)
DELETED: Final = "Deleted. Links in your mail and their stop pages go on working, and you still learn who stops."
_NOT_OPENED: Final = "Sealed to another key: this program cannot open it"
_NOBODY: Final = "somebody this computer does not know"
_SHOWN_OCTETS: Final = 12


def summary(host: str, hits: int, answers: int, stops: int) -> str:
    """Return in one sentence how much a relay holds."""
    parts = (
        words.count(hits, "sealed sign", "sealed signs"),
        words.count(answers, "sealed answer", "sealed answers"),
        words.count(stops, "stop", "stops"),
    )
    return f"{words.one_line(host)} holds {parts[0]}, {parts[1]} and {parts[2]} for you."


def more_text(shown: int, held: int) -> str:
    """Return how many rows are not listed, empty where all are."""
    return f"and {held - shown:,} more" if held > shown else ""


def row_seen(row: HeldRow[Hit] | HeldRow[Answer]) -> str:
    """Return what the relay has of a row: its day, its random key, its size and how its octets begin."""
    return f"{row.day} · key {row.key.hex()}\n{len(row.sealed):,} sealed octets: {row.sealed[:_SHOWN_OCTETS].hex()}…"


def hit_means(row: HeldRow[Hit], known: Mapping[bytes, KnownToken], tz: tzinfo | None = None) -> str:
    """Return what a sealed hit says once it is opened; who or what it was is decided when it is taken in."""
    hit = row.opened
    if hit is None:
        return _NOT_OPENED
    token, when = known.get(hit.token_id), _when(hit.at_ms, tz)
    if token is None:
        return f"{when}: a request for a mail that this computer does not know"
    subject, person = words.quoted(token.subject), words.one_line(token.person)
    if hit.kind is HitKind.CLICK:
        link = f"the link {words.short_link(token.destination)}" if token.destination else "a link"
        return f"{when}: {link} of {subject} to {person} was used"
    return f"{when}: the picture of {subject} to {person} was fetched"


_PRESSED: Final = {
    AnswerKind.CONFIRM: "pressed “I have read it” in {subject}",
    AnswerKind.DELETE: "wants what is recorded deleted",
}


def answer_means(row: HeldRow[Answer], known: Mapping[bytes, KnownToken], people: Mapping[bytes, str]) -> str:
    """Return what a sealed answer says once it is opened."""
    answer = row.opened
    if answer is None:
        return _NOT_OPENED
    token = known.get(answer.token_id)
    person = words.one_line(token.person if token is not None else people.get(answer.tag, "")) or words.capital(_NOBODY)
    when = _when(answer.at_ms)
    if answer.kind is AnswerKind.CONSENT:
        said = f"said yes to {words.purposes_line(answer.purposes)}" if answer.purposes else "said no"
    else:
        said = _PRESSED[answer.kind].format(subject=words.quoted(token.subject) if token is not None else "a mail")
    return f"{when}: {person} {said}"


def stop_means(tag: bytes, people: Mapping[bytes, str]) -> str:
    """Return whose stop it is."""
    return words.one_line(people.get(tag, "")) or words.capital(_NOBODY)


def spaced(octets: bytes) -> str:
    """Return octets in hex, in groups that can be compared by eye."""
    digits = octets.hex()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _when(at_ms: int, tz: tzinfo | None = None) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{words.day(at, tz)} {at.astimezone(tz):%H:%M}"
