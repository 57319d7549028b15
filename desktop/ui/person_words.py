"""What a person's card says: where they stand, the facts behind it, and the ledger's rows as sentences; pure."""

from datetime import datetime, tzinfo
from typing import Final

from desktop.core.address import shown
from desktop.core.ledger import Event
from desktop.core.permission import Method, Standing
from desktop.store.ledger import LedgerEntry
from desktop.store.people import PersonRow
from desktop.ui import consent_words, words
from desktop.ui.card_model import CardText
from desktop.ui.glyphs import Glyph

GLYPHS: Final = {
    Standing.UNKNOWN: Glyph.NOT_TRACKED,
    Standing.ASKED: Glyph.SENT,
    Standing.GRANTED: Glyph.CONFIRMED,
    Standing.DENIED: Glyph.STOPPED,
    Standing.WITHDRAWN: Glyph.STOPPED,
    Standing.STOPPED: Glyph.STOPPED,
}
_UNCERTAIN: Final = "Answer perhaps lost"
WITHDRAWING: Final = (
    "Nothing more is recorded, not even about mail they already have, and new mail to them goes untracked. After this, "
    "only they can allow it again."
)
ASKING_AGAIN: Final = (
    "They said no. The question goes into one next mail, because they asked you for it; only their own yes on the page "
    "allows anything."
)


def person_card(row: PersonRow) -> CardText:
    """Return a person as their card in the list shows them."""
    permission = row.permission
    status = words.STANDINGS[permission.standing]
    if permission.standing is Standing.GRANTED:
        status = f"{words.sentence(words.purposes_line(permission.purposes)).rstrip('.')}"
    if permission.is_uncertain and permission.standing in consent_words.UNCERTAIN_STANDINGS:
        status = _UNCERTAIN
    if row.is_listed:
        status = "On your do-not-track list"
    address = shown(row.address)
    return CardText(
        key=row.address,
        glyph=glyph_of(row),
        title=words.one_line(row.name) or address,
        corner="",
        middle="",
        status=f"{status} · {address}" if row.name else status,
    )


def glyph_of(row: PersonRow) -> Glyph:
    """Return the shape of where a person stands; whoever is listed is let alone whatever else stands."""
    return Glyph.STOPPED if row.is_listed else GLYPHS[row.permission.standing]


def who(row: PersonRow) -> str:
    """Return how a sentence names a person."""
    return words.one_line(row.name) or shown(row.address)


def meaning_of(row: PersonRow) -> str:
    """Return what a person's standing means for mail to them."""
    if row.is_listed:
        return consent_words.LISTED
    if row.permission.standing is Standing.GRANTED:
        return words.carries_line(row.permission.purposes)
    if row.permission.is_uncertain and row.permission.standing in consent_words.UNCERTAIN_STANDINGS:
        return consent_words.UNCERTAIN_MEANS
    return consent_words.MEANINGS[row.permission.standing]


def facts_of(
    row: PersonRow, deleted_at: datetime | None = None, tz: tzinfo | None = None
) -> tuple[tuple[str, str], ...]:
    """Return what stands behind it, as names and values; the wording in full stands with its row of the ledger."""
    permission = row.permission
    facts = [("Mail", words.count(row.messages, "message", "messages"))]
    if permission.standing is Standing.GRANTED and permission.method is not None:
        facts += [
            ("For", words.purposes_line(permission.purposes)),
            ("Since", words.day(permission.granted_at, tz) if permission.granted_at else "not known"),
            ("How", words.sentence(words.METHODS_RECORDED[permission.method])),
        ]
        if permission.method is not Method.PAGE:
            facts.append(("Evidence", words.one_line(permission.evidence) or "none"))
    if permission.asked_at is not None:
        language = f", in {consent_words.LANGUAGES[permission.language]}" if permission.language is not None else ""
        facts.append(("Asked", f"{words.day(permission.asked_at, tz)}{language}; the whole text stands below"))
    if deleted_at is not None:
        facts.append(("Deleted", consent_words.DELETED_FACT.format(day=words.day(deleted_at, tz))))
    return tuple(facts)


EVENTS: Final = {
    Event.ASKED: "You asked whether you may see {purposes}.",
    Event.GRANTED: "You recorded that you may see {purposes}.",
    Event.DENIED: "They said no on the page.",
    Event.WITHDRAWN: "They told you that they no longer want it.",
    Event.STOPPED: "They pressed Stop.",
    Event.RETRACTED: "You took back what you had recorded.",
    Event.ERASED: "What earlier rows told was erased.",
    Event.CARRIED: "The ledger was repaired: what they had said may have been in the damaged part, and does not hold.",
}


def entry_sentence(entry: LedgerEntry) -> str:
    """Return what a row of the ledger says happened."""
    if entry.event is Event.GRANTED and entry.method is Method.PAGE:
        return f"They agreed on the page: you may see {words.purposes_line(entry.purposes)}."
    return EVENTS[entry.event].format(purposes=words.purposes_line(entry.purposes))


def entry_detail(entry: LedgerEntry) -> str:
    """Return how the user knew, in their words; what the page gave has its wording instead."""
    if entry.event is not Event.GRANTED or entry.method is None or entry.method is Method.PAGE:
        return ""
    how = words.METHODS[entry.method]
    return f"{how}: {words.one_line(entry.evidence)}" if entry.evidence.strip() else f"{how}."


def entry_moment(entry: LedgerEntry, tz: tzinfo | None = None) -> str:
    """Return when it happened, with the year: a ledger outlasts one."""
    then = entry.at.astimezone(tz)
    return f"{words.day(entry.at, tz)} {then.year}, {then:%H:%M}"


def wording_text(entry: LedgerEntry) -> str:
    """Return the whole text that they were shown, with its language; empty where they were shown none."""
    if not entry.text:
        return ""
    language = consent_words.LANGUAGES[entry.language] if entry.language is not None else "The text"
    return f"{language}:\n{entry.text}"
