"""Every sentence on status, trouble and permission, for window and terminal alike; nothing here knows of either.

Plain, never creepy, never more than is proven: a machine is named as a machine, silence is "no sign yet".
Each table names every member of its enum, so that none can be shown without words.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, tzinfo
from typing import Final
from urllib.parse import urlsplit

from desktop.core.arrival import FailureReason
from desktop.core.errors import NotAuthorised, Refused, StoreTrouble, Trouble, Unreachable
from desktop.core.permission import SEEING, Method, Permission, Standing
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyStatus, Rung
from desktop.core.verdict import Confidence, Verdict
from relay.wire.purpose import Purpose

RUNGS: Final = {
    Rung.QUEUED: "Queued",
    Rung.SENT: "Sent",
    Rung.DELIVERED: "Delivered",
    Rung.PROBABLY_OPENED: "Probably opened",
    Rung.OPENED: "Opened",
    Rung.CLICKED: "Clicked",
    Rung.CONFIRMED: "Confirmed",
    Rung.REPLIED: "Replied",
}
# How the ladder names the later step that a step without evidence of its own follows from.
IMPLIED_BY: Final[dict[Rung | None, str]] = {
    Rung.DELIVERED: "by the report",
    Rung.PROBABLY_OPENED: "by the fetch",
    Rung.OPENED: "by the open",
    Rung.CLICKED: "by the click",
    Rung.CONFIRMED: "by their word",
    Rung.REPLIED: "by the reply",
}
ASIDES: Final = {
    Aside.DELAYED: "Delayed",
    Aside.NOT_DELIVERED: "Not delivered",
    Aside.AWAY: "Away",
    Aside.STOPPED: "Stopped",
    Aside.NOT_TRACKED: "Not tracked",
    Aside.NO_SIGN_YET: "No sign yet",
    Aside.UNCERTAIN: "Answer lost",
}
ASIDE_SENTENCES: Final = {
    Aside.DELAYED: "A mail server reported a delay. It is still trying to deliver it.",
    Aside.NOT_DELIVERED: "It was not delivered.",
    Aside.AWAY: "An automatic answer says they are away.",
    Aside.STOPPED: "They said no to tracking. Mail to them goes untracked; links still work.",
    Aside.NOT_TRACKED: "Readback added nothing to this copy.",
    Aside.NO_SIGN_YET: "No sign of a person yet. That does not mean it is unread.",
    Aside.UNCERTAIN: "The connection broke before the provider answered, so it is not known whether this copy left. "
    "Nothing is sent again by itself: ask, or look in the provider's Sent folder.",
}
SAID_NO: Final = "Said no"
WHY_NOT: Final = {
    WhyNot.NO_PERMISSION: "They have not given permission. Record it under People once they have.",
    WhyNot.ASKED: "When it was sent they had been asked, and had not said yes.",
    WhyNot.DENIED: "They said no when they were asked. Only they can allow it.",
    WhyNot.WITHDRAWN: "Their permission was withdrawn.",
    WhyNot.STOPPED: "They stopped tracking. Only they can allow it again.",
    WhyNot.LISTED: "They are to be let alone: your do-not-track list names them, or you erased them.",
    WhyNot.POLICY_OFF: "You chose that nothing is recorded of them.",
    WhyNot.COUNTRY_UNKNOWN: "You tell people instead of asking, which needs to be known of the country that they, or "
    "you, are in.",
    WhyNot.COUNTRY_NOT_OFFERED: "You tell people instead of asking, which is not offered for the country that they, or "
    "you, are in.",
    WhyNot.LEDGER_BROKEN: "The record of permissions is damaged, so nobody was tracked or asked.",
    WhyNot.NO_RELAY: "No relay was connected when it was sent.",
    WhyNot.SIGNED: "It is signed, and a change would break the signature.",
    WhyNot.ENCRYPTED: "It is encrypted and stays as it is.",
    WhyNot.CALENDAR: "It holds an invitation; calendar programs need it unchanged.",
    WhyNot.INLINE_PGP: "It holds a PGP block, which must stay as it is.",
    WhyNot.DKIM: "It already bore a DKIM signature, and a change would break it.",
    WhyNot.ARC: "It already bore an ARC seal, and a change would break it.",
    WhyNot.RESENT: "It was resent from somewhere else and stays as it is.",
    WhyNot.LIST_MAIL: "It is mailing-list mail; only one-to-one mail is tracked.",
    WhyNot.AUTOMATIC: "It was sent by a program, not written by you.",
    WhyNot.REPORT: "It is a delivery report or a receipt.",
    WhyNot.UNDECODABLE_HTML: "Its HTML cannot be read with certainty, so it was left alone.",
    WhyNot.UNDECODABLE_TEXT: "Its text cannot be read with certainty, so it was left alone.",
    WhyNot.FIXED_LAYOUT: "It is plain text with a layout of its own; only flowing text can carry a picture.",
    WhyNot.NO_BODY: "It has no text that could carry a picture.",
    WhyNot.MALFORMED: "It is not built as mail should be, so it was left alone.",
    WhyNot.TOO_LARGE: "With tracking it would be larger than the provider takes.",
    WhyNot.NOTHING_TO_TRACK: "They allowed links only, and it holds no link that may be tracked.",
    WhyNot.LINE_NOT_WRITABLE: "The line that says so openly could not be written into it.",
    WhyNot.SHARED: "All recipients got one shared copy, and not all of them gave permission.",
    WhyNot.STORE_TROUBLE: "Readback could not write to its store, so the mail went out untouched.",
    WhyNot.SWITCHED_OFF: "Tracking was switched off.",
    WhyNot.NO_GOT_IT: "It went out without its “Got it” link, which could not be put in.",
    WhyNot.ELSEWHERE: "Readback only saw it in Sent: it was sent without Readback, as from a phone, so opens and "
    "clicks stay unknown.",
}
# As they stand beside "Not delivered".
FAILURES: Final = {
    FailureReason.UNKNOWN_USER: "no such address",
    FailureReason.FULL: "mailbox full",
    FailureReason.BLOCKED: "taken for unwanted mail",
    FailureReason.POLICY: "forbidden by their server's rules",
    FailureReason.TOO_LARGE: "too large",
    FailureReason.NO_SUCH_HOST: "no such mail domain",
    FailureReason.GAVE_UP: "their server could not be reached",
    FailureReason.OTHER: "the report says why",
}
STANDINGS: Final = {
    Standing.UNKNOWN: "No permission",
    Standing.ASKED: "Asked; no answer yet",
    Standing.GRANTED: "Gave permission",
    Standing.DENIED: "Said no when asked",
    Standing.WITHDRAWN: "Withdrawn",
    Standing.STOPPED: "Stopped by the person",
}
METHODS: Final = {
    Method.PAGE: "They pressed it on the page",
    Method.SPOKEN: "They told me",
    Method.WRITTEN: "They wrote it to me",
    Method.CONTRACT: "It stands in our contract",
}
METHODS_RECORDED: Final = {
    Method.PAGE: "they agreed on the page",
    Method.SPOKEN: "you recorded: they told you",
    Method.WRITTEN: "you recorded: they wrote it",
    Method.CONTRACT: "you recorded: it stands in your contract",
}
PURPOSES: Final = {
    Purpose.OPENS: "opens",
    Purpose.CLICKS: "clicks",
    Purpose.READING: "reading time",
    Purpose.PLACE: "place and device",
}
CONFIDENCES: Final = {Confidence.HIGH: "sure", Confidence.MEDIUM: "fairly sure", Confidence.LOW: "not very sure"}
VERDICTS: Final = {
    Verdict.PERSON: "a person",
    Verdict.IMAGE_PROXY: "a mail provider's image proxy",
    Verdict.PREFETCH: "a privacy prefetch",
    Verdict.SCANNER: "a security scanner",
    Verdict.PREVIEW: "a link preview",
    Verdict.SELF: "yourself",
    Verdict.UNKNOWN: "not known",
}
_ANSWERS_OF_A_KIND: Final = (
    (NotAuthorised, "That did not let us in"),
    (Refused, "The answer was no"),
    (Unreachable, "No answer"),
    (StoreTrouble, "A file could not be used"),
    (Trouble, "That did not work"),
)


def status_line(
    rung: Rung,
    asides: Sequence[Aside],
    *,
    returns_on: date | None = None,
    failure: FailureReason | None = None,
    unsaid: Collection[Aside] = (),
) -> str:
    """Return a status in words, as "Clicked", "Sent · No sign yet" or "Delivered · Away, back on Mon 30 Nov".

    `unsaid` are asides that are said elsewhere.
    """
    if Aside.NOT_DELIVERED in asides and rung <= Rung.DELIVERED:
        return f"{ASIDES[Aside.NOT_DELIVERED]}: {FAILURES[failure]}" if failure else ASIDES[Aside.NOT_DELIVERED]
    if Aside.UNCERTAIN in asides and rung is Rung.QUEUED:
        return "Answer lost · not known whether it left"
    # Who has answered is known to have read it: that it carried no picture is no news any more.
    silent = {*unsaid, *((Aside.NOT_TRACKED,) if rung >= Rung.CONFIRMED else ())}
    said = {Aside.AWAY: away_words(returns_on)}
    if Aside.NOT_TRACKED in asides:
        # Nothing was in this mail that could be stopped: it asked, at most.
        said[Aside.STOPPED] = SAID_NO
    return " · ".join((RUNGS[rung], *(said.get(aside, ASIDES[aside]) for aside in asides if aside not in silent)))


def copy_line(status: CopyStatus) -> str:
    """Return the status of one recipient's copy in words."""
    return status_line(status.rung, status.asides, returns_on=status.returns_on, failure=status.failure)


def away_words(returns_on: date | None) -> str:
    """Return "Away", with the day of return where it is stated."""
    return f"{ASIDES[Aside.AWAY]}, back on {short_day(returns_on)}" if returns_on is not None else ASIDES[Aside.AWAY]


def why_not_sentence(why: WhyNot) -> str:
    """Return why a copy was not tracked."""
    return WHY_NOT[why]


def permission_line(permission: Permission, tz: tzinfo | None = None) -> str:
    """Return where a person stands, for what and since when."""
    if permission.standing is Standing.ASKED and permission.asked_at is not None:
        return f"Asked on {day(permission.asked_at, tz)}; no answer yet"
    if permission.standing is not Standing.GRANTED:
        return STANDINGS[permission.standing]
    since = f" since {day(permission.granted_at, tz)}" if permission.granted_at else ""
    how = f" · {METHODS_RECORDED[permission.method]}" if permission.method else ""
    return f"May see {purposes_line(permission.purposes)}{since}{how}"


def carries_line(purposes: frozenset[Purpose]) -> str:
    """Return what mail to a person who allowed these purposes carries."""
    parts = [text for purpose, text in _CARRIED.items() if purpose in purposes]
    return f"Mail to them carries {' and '.join(parts) or 'nothing'}, and a line that says so."


_CARRIED: Final = {Purpose.OPENS: "a picture", Purpose.CLICKS: "tracked links"}


def purposes_line(purposes: frozenset[Purpose]) -> str:
    """Return purposes as "opens and clicks", or "opens and clicks with reading time, place and device"."""
    seen = " and ".join(PURPOSES[purpose] for purpose in Purpose if purpose in purposes & SEEING) or "nothing"
    more = ", ".join(PURPOSES[purpose] for purpose in Purpose if purpose in purposes - SEEING)
    return f"{seen} with {more}" if more else seen


def trouble_texts(trouble: Trouble) -> tuple[str, str]:
    """Return a known failure's sentence and cure; a kind's own words where it came without a sentence."""
    kind = next(words for of_kind, words in _ANSWERS_OF_A_KIND if isinstance(trouble, of_kind))
    return trouble.sentence or f"{kind}.", trouble.cure


def age(at: datetime, now: datetime, tz: tzinfo | None = None) -> str:
    """Return how a list shows an instant: "11:42", "Yesterday", "Mon", "3 May", "3 May 2025"."""
    then, today = at.astimezone(tz), now.astimezone(tz)
    days = (today.date() - then.date()).days
    if days <= 0:
        return f"{then:%H:%M}"
    if days == 1:
        return "Yesterday"
    if days < 7:
        return _DAYS[then.weekday()]
    return day(at, tz) if then.year == today.year else f"{day(at, tz)} {then.year}"


def moment_ahead(at: datetime, now: datetime, tz: tzinfo | None = None) -> str:
    """Return an instant to come, as "17:20", "tomorrow 9:00", "Mon 30 Nov 9:00"; `tz` or the zone of `now`."""
    zone = tz or now.tzinfo
    then, today = at.astimezone(zone), now.astimezone(zone).date()
    clock = f"{then.hour}:{then.minute:02}"
    days = (then.date() - today).days
    if days <= 0:
        return clock
    return f"{'tomorrow' if days == 1 else short_day(then.date())} {clock}"


def short_day(on: date) -> str:
    """Return a day as "Mon 30 Nov"."""
    return f"{_DAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]}"


def moment(at: datetime, now: datetime, tz: tzinfo | None = None) -> str:
    """Return an instant with its time: "11:42", "Yesterday 11:42", "3 May 11:42"."""
    then, short = at.astimezone(tz), age(at, now, tz)
    return short if ":" in short else f"{short} {then:%H:%M}"


def day(at: datetime, tz: tzinfo | None = None) -> str:
    """Return a day as "3 May", whatever the system's language is."""
    then = at.astimezone(tz)
    return f"{then.day} {MONTHS[then.month - 1]}"


_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec")


def quoted(subject: str) -> str:
    """Return a subject in quotation marks, or words for none."""
    return f"“{one_line(subject)}”" if subject.strip() else "a mail without a subject"


def one_line(text: str) -> str:
    """Return text on one line, without control or direction marks that could dress it up as something else."""
    kept = "".join(c if c.isprintable() or c.isspace() else "" for c in text)
    return " ".join(kept.split())


def capital(text: str) -> str:
    """Return text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def sentence(clause: str) -> str:
    """Return a clause as a sentence."""
    text = clause.strip()
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""


def short_link(url: str, room: int = 60) -> str:
    """Return host and path of a link, cut in the middle of nowhere else than its end."""
    parts = urlsplit(url)
    shown = one_line(f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}") or one_line(url)
    return shown if len(shown) <= room else f"{shown[: room - 1]}…"


def names_line(names: Sequence[str], room: int = 3) -> str:
    """Return people as "Ann, Ben and 2 more"."""
    shown = [one_line(name) for name in names[:room]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def count(number: int, one: str, many: str) -> str:
    """Return "1 recipient" or "3 recipients"."""
    return f"{number} {one if number == 1 else many}"
