"""The lines that a mail gains: what tracked mail says about itself, the question, and "tell me you've read this".

The line of tracked mail names the ground and its date, the sender and only the purposes that are on, so it is made anew
for each copy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from desktop.core.permission import SEEING
from desktop.core.wordings import Wording, WordingKind
from relay.wire.claims import fit_name
from relay.wire.language import Language
from relay.wire.purpose import Purpose

_OPENS: Final = frozenset({Purpose.OPENS})
_CLICKS: Final = frozenset({Purpose.CLICKS})
# Lines in which place and reading time can stand: a box was ticked for them, or is offered.
_ALLOWING: Final = frozenset({WordingKind.AGREED, WordingKind.ASK})


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLine:
    """A sentence with one link in it: the words before the link, the link, and what follows."""

    before: str
    link_text: str
    url: str
    after: str = ""

    @property
    def sentence(self) -> str:
        """The words without the link, for plain text, where the link stands on a line of its own."""
        return f"{self.before.rstrip()} {self.after.lstrip(' .,;:!?')}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """How one language says what is seen: of somebody who agreed, who is told, or who is asked about mail to come."""

    when: str
    when_and_where: str
    agreed: Mapping[frozenset[Purpose], str]
    told: Mapping[frozenset[Purpose], str]
    asked: Mapping[frozenset[Purpose], str]
    device: str
    reading: str
    reading_any: str
    # What joins one of the two, or both, to what is seen.
    one: str
    both: str
    day: str
    year: str
    months: tuple[str, ...]
    # How the first of a month is written.
    first: str = "1"


def purposes_words(kind: WordingKind, purposes: frozenset[Purpose], language: Language) -> str:
    """Return what is seen, or would be, as the line says it; raise ValueError for purposes that no line can name.

    Who is told and never asked allowed nothing but what is seen of the mail itself.
    """
    words = _WORDS[language]
    seen = purposes & SEEING
    extras = purposes - SEEING
    if not seen or (extras and kind not in _ALLOWING):
        raise ValueError("a line needs a purpose")
    templates = {WordingKind.AGREED: words.agreed, WordingKind.ASK: words.asked}.get(kind, words.told)
    said = templates[seen].format(when=words.when_and_where if Purpose.PLACE in extras else words.when)
    reading = words.reading_any if kind is WordingKind.ASK else words.reading
    named = [
        phrase for purpose, phrase in ((Purpose.PLACE, words.device), (Purpose.READING, reading)) if purpose in extras
    ]
    if len(named) > 1:
        return said + words.both.format(*named)
    return said + words.one.format(*named) if named else said


def day_words(day: date, language: Language, *, today: date) -> str:
    """Return a day as the language writes it, with the year where it is not this one."""
    words = _WORDS[language]
    # Month names are spelled here: strftime would follow the sender's locale.
    said = words.day.format(words.first if day.day == 1 else day.day, words.months[day.month - 1])
    return said if day.year == today.year else words.year.format(said, day.year)


def tracked_line(
    wording: Wording,
    *,
    language: Language,
    sender: str,
    purposes: frozenset[Purpose],
    stop_url: str,
    agreed_on: date | None,
    today: date,
) -> AddedLine:
    """Return the line of a tracked copy; ValueError where it could not name the sender, a purpose or its ground.

    Such a copy is untracked, with no line.
    """
    if (wording.kind is WordingKind.AGREED) is (agreed_on is None):
        raise ValueError("a line that says 'as agreed' needs the day of the agreement, and no other has one")
    values = {"sender": _named(sender), "purposes": purposes_words(wording.kind, purposes, language)}
    if agreed_on is not None:
        values["date"] = day_words(agreed_on, language, today=today)
    return _line(wording, stop_url, values)


def question_line(
    wording: Wording, *, language: Language, sender: str, purposes: frozenset[Purpose], url: str
) -> AddedLine:
    """Return the line of a question; ValueError where it could not name the sender or what is offered."""
    values = {"sender": _named(sender), "purposes": purposes_words(wording.kind, purposes, language)}
    return _line(wording, url, values)


def confirm_line(wording: Wording, *, sender: str, url: str) -> AddedLine:
    """Return the line of "tell me you've read this"; ValueError without a sender."""
    return _line(wording, url, {"sender": _named(sender)})


def _named(sender: str) -> str:
    name = fit_name(sender)
    if not name:
        raise ValueError("a line needs a sender")
    return name


def _line(wording: Wording, url: str, values: Mapping[str, str]) -> AddedLine:
    before, link_text, after = wording.filled(**values)
    return AddedLine(before=before, link_text=link_text, url=url, after=after)


_WORDS: Final[Mapping[Language, _Words]] = {
    Language.ENGLISH: _Words(
        when="when",
        when_and_where="when and roughly where",
        agreed={
            SEEING: "{when} you open this mail or use its links",
            _OPENS: "{when} you open this mail",
            _CLICKS: "{when} you use this mail's links",
        },
        told={
            SEEING: "{when} this mail is opened or its links are used",
            _OPENS: "{when} this mail is opened",
            _CLICKS: "{when} this mail's links are used",
        },
        asked={
            SEEING: "{when} you open my mails or use their links",
            _OPENS: "{when} you open my mails",
            _CLICKS: "{when} you use my mails' links",
        },
        device="on what device",
        reading="about how long you read it",
        reading_any="about how long you read them",
        one=", and {}",
        both=", {}, and {}",
        day="{} {}",
        year="{} {}",
        months=(
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
    ),
    Language.GERMAN: _Words(
        when="wann",
        when_and_where="wann und ungefähr wo",
        agreed={
            SEEING: "{when} Sie diese E-Mail öffnen oder ihre Links nutzen",
            _OPENS: "{when} Sie diese E-Mail öffnen",
            _CLICKS: "{when} Sie die Links in dieser E-Mail nutzen",
        },
        told={
            SEEING: "{when} diese E-Mail geöffnet wird oder ihre Links genutzt werden",
            _OPENS: "{when} diese E-Mail geöffnet wird",
            _CLICKS: "{when} die Links in dieser E-Mail genutzt werden",
        },
        asked={
            SEEING: "{when} Sie meine E-Mails öffnen oder ihre Links nutzen",
            _OPENS: "{when} Sie meine E-Mails öffnen",
            _CLICKS: "{when} Sie die Links in meinen E-Mails nutzen",
        },
        device="auf welchem Gerät",
        reading="wie lange Sie sie ungefähr lesen",
        reading_any="wie lange Sie sie ungefähr lesen",
        one=" und {}",
        both=", {} und {}",
        day="{}. {}",
        year="{} {}",
        months=(
            *("Januar", "Februar", "März", "April", "Mai", "Juni"),
            *("Juli", "August", "September", "Oktober", "November", "Dezember"),
        ),
    ),
    Language.FRENCH: _Words(
        when="quand",
        when_and_where="quand et à peu près où",
        agreed={
            SEEING: "{when} vous ouvrez ce message ou utilisez ses liens",
            _OPENS: "{when} vous ouvrez ce message",
            _CLICKS: "{when} vous utilisez les liens de ce message",
        },
        told={
            SEEING: "{when} ce message est ouvert ou ses liens utilisés",
            _OPENS: "{when} ce message est ouvert",
            _CLICKS: "{when} les liens de ce message sont utilisés",
        },
        asked={
            SEEING: "{when} vous ouvrez mes messages ou utilisez leurs liens",
            _OPENS: "{when} vous ouvrez mes messages",
            _CLICKS: "{when} vous utilisez les liens de mes messages",
        },
        device="sur quel appareil",
        reading="environ combien de temps vous le lisez",
        reading_any="environ combien de temps vous les lisez",
        one=" et {}",
        both=", {} et {}",
        day="{} {}",
        year="{} {}",
        months=(
            *("janvier", "février", "mars", "avril", "mai", "juin"),
            *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
        ),
        first="1er",
    ),
    Language.SPANISH: _Words(
        when="cuándo",
        when_and_where="cuándo y más o menos dónde",
        agreed={
            SEEING: "{when} abre usted este correo o usa sus enlaces",
            _OPENS: "{when} abre usted este correo",
            _CLICKS: "{when} usa usted los enlaces de este correo",
        },
        told={
            SEEING: "{when} se abre este correo o se usan sus enlaces",
            _OPENS: "{when} se abre este correo",
            _CLICKS: "{when} se usan los enlaces de este correo",
        },
        asked={
            SEEING: "{when} abre usted mis correos o usa sus enlaces",
            _OPENS: "{when} abre usted mis correos",
            _CLICKS: "{when} usa usted los enlaces de mis correos",
        },
        device="en qué dispositivo",
        reading="cuánto tiempo lo lee aproximadamente",
        reading_any="cuánto tiempo los lee aproximadamente",
        one=", y {}",
        both=", {} y {}",
        day="{} de {}",
        year="{} de {}",
        months=(
            *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
            *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
        ),
    ),
}
