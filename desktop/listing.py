"""`readback status` and `readback followups`: what the store knows, as plain text of 80 columns or as JSON.

Both read the store by themselves, beside a running window or without one: no lock is taken and no station started.
All remote text is one line without control characters.  The keys of the JSON stand in each command's help, and stay.
"""

import json
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from desktop.core.followup import Awaited, Due, FollowUp
from desktop.core.status import Aside
from desktop.places import Places
from desktop.settings import calendar_of, country_of, local_now
from desktop.store import reminders
from desktop.store.accounts import AccountRow, accounts
from desktop.store.database import Store
from desktop.store.folders import AccountReading, Incoming, account_readings
from desktop.store.mail import ConversationCard, card_count, cards
from desktop.ui import followup_words, words

WIDTH: Final = 80
DEFAULT_LIMIT: Final = 50
NO_MAIL: Final = "No mail is known yet."
NOTHING_YET: Final = "Nothing is known yet. Open `readback` and enter an account; its mail is read from then on."
INSTANTS: Final = "Instants are ISO 8601 with offset, days YYYY-MM-DD; what is not known is null."
STATUS_KEYS: Final = f"""\
JSON: now; accounts, each with id, label, addresses, incoming (none, not_read,
older_to_come, read), read_at (last read); total (how many conversations these
words find); conversations, the newest first, each with id, subject,
people, copies, at (newest message or sign), rung (queued, sent, delivered,
probably_opened, opened, clicked, confirmed, replied), asides (delayed,
not_delivered, away, stopped, not_tracked, no_sign_yet, uncertain), returns_on,
has_question, waits (our word is the last one).
{INSTANTS}"""
FOLLOW_UPS_KEYS: Final = f"""\
JSON: now; country; accounts, each with address, incoming (none, not_read,
older_to_come, read) and read_at: silence is listed only where it is read;
follow_ups in their order, each with conversation_id,
account_id, kind (not_delivered, possible_bounce, possible_reply, warm,
clicked_no_reply, opened_no_reply, away, no_answer), due (overdue, today,
next), due_on, subject, people, sent_at, waited_days (working days),
is_insistent (the last two mails to them went unanswered), folded (further
conversations with them), snoozed_until, reason (in words). Each of people has
name, address, rung, opens, last_open_at, failure, returns_on.
{INSTANTS}"""
_UNCAPPED: Final = 1_000_000
_AGE: Final = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What to print, line by line, and what to say beside it on the other stream; that may be nothing."""

    lines: tuple[str, ...]
    aside: str = ""


def status(places: Places, *, now: datetime, search: str, limit: int, as_json: bool) -> Listing:
    """List the accounts and the newest conversations in which each word of `search` stands; raise StoreTrouble."""
    local = local_now(now)
    if not places.store.exists():
        return Listing(lines=json_lines(_status_value((), (), local, 0)) if as_json else (), aside=NOTHING_YET)
    store = Store(places.store, clock=lambda: now)
    try:
        readings = {each.account_id: each for each in account_readings(store)}
        known = tuple((row, readings[row.id]) for row in accounts(store) if row.id in readings)
        found = cards(store, limit=limit, search=search)
        total = len(found) if len(found) < limit else card_count(store, search=search)
    finally:
        store.close()
    if as_json:
        return Listing(lines=json_lines(_status_value(known, found, local, total)))
    lines = [*_account_lines(known, local), *_card_lines(found, local)]
    if total > len(found):
        return Listing(lines=tuple(lines), aside=f"{len(found)} of {total}; --limit shows more")
    nothing = "No conversation holds these words." if search else NO_MAIL if known else NOTHING_YET
    return Listing(lines=tuple(lines), aside="" if found else nothing)


def follow_ups(places: Places, *, now: datetime, everything: bool, as_json: bool) -> Listing:
    """List who to follow up with; with `everything` also what is snoozed or folded.  Raises StoreTrouble."""
    local = local_now(now)
    if not places.store.exists():
        return Listing(lines=json_lines(_follow_ups_value((), local, "", ())) if as_json else (), aside=NOTHING_YET)
    store = Store(places.store, clock=lambda: now)
    try:
        cap = _UNCAPPED if everything else 1
        found = reminders.due_list(store, local, calendar_of(store), cap=cap, with_snoozed=everything)
        country = country_of(store)
        readings = account_readings(store)
    finally:
        store.close()
    if as_json:
        return Listing(lines=json_lines(_follow_ups_value(found, local, country, readings)))
    unknown = [
        f"{words.one_line(each.address)}: {_UNKNOWN[each.incoming]}" for each in readings if each.incoming in _UNKNOWN
    ]
    nothing = NOTHING_YET if not readings else "" if unknown else "Nobody to follow up with."
    return Listing(
        lines=tuple(_follow_up_lines(found, local)),
        aside="\n".join(unknown) if unknown else "" if found else nothing,
    )


# Where silence is not known, so that an empty list means nothing.
_UNKNOWN: Final = {
    Incoming.NONE: "no incoming mail is read, so no silence is listed for it.",
    Incoming.NOT_READ: "mail not read yet, so nobody is listed for it.",
    Incoming.OLDER_TO_COME: "older mail is still to be read, so no silence is listed for it.",
}


def _account_lines(known: Sequence[tuple[AccountRow, AccountReading]], now: datetime) -> Iterator[str]:
    for row, reading in known:
        said = _INCOMING[reading.incoming]
        if reading.incoming is Incoming.READ and reading.read_at is not None:
            said = f"last read {words.moment(reading.read_at, now, now.tzinfo)}"
        yield f"{fit(words.one_line(row.label) or row.user, 40)} {said}".rstrip()
    if known:
        yield ""


_INCOMING: Final = {
    Incoming.NONE: "no incoming mail is read",
    Incoming.NOT_READ: "mail not read yet",
    Incoming.OLDER_TO_COME: "older mail still to be read",
    Incoming.READ: "mail read",
}


def _card_lines(found: Sequence[ConversationCard], now: datetime) -> Iterator[str]:
    for card in found:
        when = fit(words.moment(card.at, now, now.tzinfo), _AGE)
        yield f"{when}  {_who_and_what(words.names_line(card.names), card.subject, WIDTH - _AGE - 2)}".rstrip()
        yield from _wrapped(_standing(card, now), _AGE + 2)


def _standing(card: ConversationCard, now: datetime) -> str:
    parts = [words.status_line(card.rung, card.asides)]
    if card.returns_on is not None and Aside.AWAY in card.asides:
        parts.append(f"back on {followup_words.day_name(card.returns_on, now.date())}")
    if card.has_question:
        parts.append("a question is open")
    return " · ".join(parts)


def _follow_up_lines(found: Sequence[FollowUp], now: datetime) -> Iterator[str]:
    group: Due | None = None
    dates = [followup_words.due_line(each, now, now.tzinfo) for each in found]
    room = WIDTH - 4 - max(map(len, dates), default=0)
    for each, when in zip(found, dates, strict=True):
        if each.due is not group:
            if group is not None:
                yield ""
            group = each.due
            yield followup_words.GROUPS[group]
        yield f"  {_who_and_what(followup_words.people_line(each), each.subject, room)}  {when}"
        for text in (followup_words.reason_line(each, now, now.tzinfo), *followup_words.notes(each)):
            yield from _wrapped(text, 4)
        if each.snoozed_until is not None:
            yield f"    Snoozed until {each.snoozed_until.astimezone(now.tzinfo):%Y-%m-%d %H:%M}"


def _who_and_what(people: str, subject: str, room: int) -> str:
    """Return both in their columns; people take two fifths."""
    of_people = room * 2 // 5
    what = words.one_line(subject) or "(no subject)"
    return f"{fit(people, of_people)}  {fit(what, room - of_people - 2)}"


def _wrapped(text: str, indent: int) -> list[str]:
    """Return words of ours, which are never cut, on as many lines as they need."""
    return textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent)


def fit(text: str, width: int) -> str:
    """Return text in exactly so many columns of a terminal, filled up or cut with a mark; wide letters take two."""
    used, kept = 0, []
    for character in text:
        used += _columns(character)
        kept.append(character)
    if used > width:
        while used > width - 3:
            used -= _columns(kept.pop())
        kept.append("...")
        used += 3
    return "".join(kept) + " " * (width - used)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def json_lines(value: Any) -> tuple[str, ...]:
    """Return a value as JSON; as one string, which holds several lines."""
    # ASCII alone, so that it is the same in every locale and every pipe.
    return (json.dumps(value, indent=2),)


def _status_value(
    known: Sequence[tuple[AccountRow, AccountReading]], found: Sequence[ConversationCard], now: datetime, total: int
) -> dict[str, Any]:
    return {
        "now": instant(now, now),
        "accounts": [
            {
                "id": row.id,
                "label": words.one_line(row.label),
                "addresses": [each.address for each in row.identities],
                "incoming": reading.incoming.value,
                "read_at": instant(reading.read_at, now),
            }
            for row, reading in known
        ],
        "total": total,
        "conversations": [
            {
                "id": card.id,
                "subject": words.one_line(card.subject),
                "people": [words.one_line(name) for name in card.names],
                "copies": card.copies,
                "at": instant(card.at, now),
                "rung": card.rung.name.lower(),
                "asides": [each.value for each in card.asides],
                "returns_on": None if card.returns_on is None else card.returns_on.isoformat(),
                "has_question": card.has_question,
                "waits": card.waits,
            }
            for card in found
        ],
    }


def _follow_ups_value(
    found: Sequence[FollowUp], now: datetime, country: str, readings: Sequence[AccountReading]
) -> dict[str, Any]:
    return {
        "now": instant(now, now),
        "country": country,
        "accounts": [
            {
                "address": words.one_line(each.address),
                "incoming": each.incoming.value,
                "read_at": instant(each.read_at, now),
            }
            for each in readings
        ],
        "follow_ups": [
            {
                "conversation_id": each.conversation_id,
                "account_id": each.account_id,
                "kind": each.kind.value,
                "due": each.due.name.lower(),
                "due_on": each.due_on.isoformat(),
                "subject": words.one_line(each.subject),
                "people": [_person_value(person, now) for person in each.people],
                "sent_at": instant(each.sent_at, now),
                "waited_days": each.waited_days,
                "is_insistent": each.is_insistent,
                "folded": each.folded,
                "snoozed_until": instant(each.snoozed_until, now),
                "reason": followup_words.reason_line(each, now, now.tzinfo),
            }
            for each in found
        ],
    }


def _person_value(person: Awaited, now: datetime) -> dict[str, Any]:
    return {
        "name": words.one_line(person.name),
        "address": person.address,
        "rung": person.rung.name.lower(),
        "opens": person.opens,
        "last_open_at": instant(person.last_open_at, now),
        "failure": None if person.failure is None else person.failure.value,
        "returns_on": None if person.returns_on is None else person.returns_on.isoformat(),
    }


def instant(at: datetime | None, now: datetime) -> str | None:
    """Return ISO 8601 with the offset of the user's zone at that instant, to the second."""
    return None if at is None else at.astimezone(now.tzinfo).isoformat(timespec="seconds")
