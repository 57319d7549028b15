"""The sentences on incoming mail: how its reading stands, and what a mail that came in is; pure."""

from typing import Final

from desktop.core.arrival import ArrivalKind
from desktop.store.mail import ArrivalRow
from desktop.ui.actions import MailState, MailStation
from desktop.ui.words import away_words, one_line

NO_INCOMING: Final = (
    "Incoming mail is not read yet, so replies and bounces stay unknown. Add the incoming server under "
    "Settings, Account."
)
ARRIVALS: Final = {
    ArrivalKind.MAIL: "Reply",
    ArrivalKind.AUTO_REPLY: "Automatic answer",
    ArrivalKind.BOUNCE: "Delivery report",
    ArrivalKind.SUSPECTED_BOUNCE: "Perhaps a bounce",
    ArrivalKind.RECEIPT: "Read receipt",
    ArrivalKind.CALENDAR: "Answer to an invitation",
    ArrivalKind.BULK: "Mail to many",
}
MAIL_STATES: Final = {
    MailState.CONNECTING: "Mail: connecting to {address}",
    MailState.READING: "Mail: reading {address}",
    MailState.WATCHING: "Mail: watching {address}",
    MailState.POLLING: "Mail: looking at {address} each minute",
    MailState.AWAY: "Mail: {address} does not answer, trying again",
    MailState.SIGN_IN: "Mail: sign in to {address} again",
    MailState.CANCELLED: "Mail: watching {address}, older mail not read",
    MailState.STOPPED: "Mail: {address} is not read",
}
# What the user calls a folder that the server may call anything.
FOLDERS: Final = {"inbox": "inbox", "sent": "Sent mail", "all": "archived mail", "junk": "spam folder"}


def mail_line(station: MailStation) -> str:
    """Return how one account's incoming mail stands."""
    line = MAIL_STATES[station.state].format(address=one_line(station.address) or "your mail")
    if station.state is MailState.READING and station.total:
        return f"{line}, {100 * min(station.done, station.total) // station.total} %"
    return line


def reading_line(station: MailStation, *, is_only: bool) -> str:
    """Return how far a first reading is, as "Reading your Sent mail: 1,240 of 3,900 in all".

    The figures are of all folders together, one of which is read just now.
    """
    whose = "" if is_only else f" of {one_line(station.address)}"
    far = f"{station.done:,} of {station.total:,}"
    if station.state is MailState.CANCELLED:
        stopped = f" at {far}" if station.total else ""
        return f"Older mail{whose} is not read{stopped}; new mail is"
    what = FOLDERS.get(station.folder, "older mail")
    return f"Reading your {what}{whose}{f': {far} in all' if station.total else '…'}"


def arrival_line(row: ArrivalRow) -> str:
    """Return a mail that came in, in short: "Anna Berg replied", "Automatic answer by Anna Berg"."""
    who = one_line(row.from_.name) or one_line(row.from_.address) or "Somebody"
    if row.kind is ArrivalKind.MAIL:
        return f"{who} replied" if row.copy_ids else f"Mail from {who}"
    return f"{ARRIVALS[row.kind]} from {who}"


def arrival_details(row: ArrivalRow) -> tuple[str, ...]:
    """Return what else is said of a mail that came in: its subject, its sender's address, a day of return."""
    address = one_line(row.from_.address) if row.from_.name.strip() else ""
    first = " · ".join(part for part in (one_line(row.subject) or "No subject", address) if part)
    away = away_words(row.returns_on) if row.is_away else ""
    return (first, away) if away else (first,)


def answer_line(row: ArrivalRow) -> str:
    """Return what the user said of a mail, as the button that takes it back."""
    is_reply = row.kind is ArrivalKind.MAIL
    what = "a reply to your mail" if is_reply else "a bounce of your mail"
    return f"You said: {'' if row.answer == 'yes' else 'not '}{what}. Ask again"
