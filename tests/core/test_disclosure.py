"""The lines that a mail gains: ground and date, the sender, and only the purposes that are on; in four languages."""

from datetime import date
from itertools import combinations

import pytest

from desktop.core.disclosure import AddedLine, confirm_line, day_words, purposes_words, question_line, tracked_line
from desktop.core.permission import SEEING
from desktop.core.wordings import WordingKind, default_wording
from relay.wire.language import Language
from relay.wire.purpose import Purpose

OPENS, CLICKS, READING, PLACE = (frozenset({purpose}) for purpose in Purpose)
ENGLISH, GERMAN, FRENCH, SPANISH = Language
TODAY = date(2026, 11, 21)


def all_purposes() -> list[frozenset[Purpose]]:
    """Return every set of purposes there is, the empty one too."""
    return [frozenset(each) for count in range(len(Purpose) + 1) for each in combinations(Purpose, count)]


def agreed(
    purposes: frozenset[Purpose],
    *,
    language: Language = ENGLISH,
    sender: str = "Alice",
    day: date | None = date(2026, 5, 3),
) -> AddedLine:
    """Return the line of a copy tracked as agreed."""
    return tracked_line(
        default_wording(WordingKind.AGREED, language),
        language=language,
        sender=sender,
        purposes=purposes,
        stop_url="https://x.test/stop",
        agreed_on=day,
        today=TODAY,
    )


def told(purposes: frozenset[Purpose], *, language: Language = ENGLISH, day: date | None = None) -> AddedLine:
    """Return the line of a copy whose recipient is told."""
    return tracked_line(
        default_wording(WordingKind.TELL, language),
        language=language,
        sender="Alice",
        purposes=purposes,
        stop_url="https://x.test/stop",
        agreed_on=day,
        today=TODAY,
    )


def asked(purposes: frozenset[Purpose], *, language: Language = ENGLISH, sender: str = "Alice") -> AddedLine:
    """Return the line of a question."""
    wording = default_wording(WordingKind.ASK, language)
    return question_line(wording, language=language, sender=sender, purposes=purposes, url="https://x.test/")


@pytest.mark.parametrize(
    ("purposes", "seen"),
    [
        (SEEING, "when you open this mail or use its links"),
        (OPENS, "when you open this mail"),
        (CLICKS, "when you use this mail's links"),
        (SEEING | PLACE, "when and roughly where you open this mail or use its links, and on what device"),
        (OPENS | PLACE, "when and roughly where you open this mail, and on what device"),
        (CLICKS | PLACE, "when and roughly where you use this mail's links, and on what device"),
        (SEEING | READING, "when you open this mail or use its links, and about how long you read it"),
        (
            SEEING | PLACE | READING,
            (
                "when and roughly where you open this mail or use its links, on what device, and about how long you"
                " read it"
            ),
        ),
    ],
)
def test_line_names_the_purposes_that_are_on(purposes: frozenset[Purpose], seen: str) -> None:
    """Item 7, "naming purposes that are on, the sender, the stop link": each combination has its own words."""
    line = agreed(purposes)
    assert f"As agreed on 3 May, I (Alice) can see {seen}, to time my follow-up." == line.sentence
    assert (line.link_text, line.url) == ("See or stop", "https://x.test/stop")


# How each language says "open", "links", "where", "device" and "how long".
SAYS = {
    ENGLISH: ("open this mail", "links", "roughly where", "device", "how long"),
    GERMAN: ("E-Mail öffnen", "Links", "ungefähr wo", "Gerät", "wie lange"),
    FRENCH: ("ouvrez ce message", "liens", "à peu près où", "appareil", "combien de temps"),
    SPANISH: ("abre usted este correo", "enlaces", "más o menos dónde", "dispositivo", "cuánto tiempo"),
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("purposes", all_purposes())
def test_every_combination_has_a_line_or_none(purposes: frozenset[Purpose], language: Language) -> None:
    """Item 2: place and reading time are named exactly where they are on; what lets nothing be seen has no line."""
    if not purposes & SEEING:
        with pytest.raises(ValueError, match=r"^a line needs a purpose$"):
            agreed(purposes, language=language)
        return
    sentence = agreed(purposes, language=language).sentence
    wanted = tuple(purpose in purposes for purpose in Purpose)
    opens, links, where, device, how_long = (words in sentence for words in SAYS[language])
    assert (opens, links, how_long, where) == wanted
    assert device is where


@pytest.mark.parametrize("language", list(Language))
def test_who_is_told_is_told_of_opens_and_links_alone(language: Language) -> None:
    """The line of mail that nobody agreed to names no day; place and reading time need a yes."""
    lines = [told(purposes, language=language).sentence for purposes in (SEEING, OPENS, CLICKS)]
    assert len(set(lines)) == 3
    assert all("Alice" in line and not any(sign.isdigit() for sign in line) for line in lines)
    for purposes in (SEEING | PLACE, SEEING | READING, frozenset[Purpose]()):
        with pytest.raises(ValueError, match="a line needs a purpose"):
            told(purposes, language=language)


def test_told_in_english_is_as_the_product_says() -> None:
    """The words are the product's."""
    assert told(SEEING).sentence == (
        "I (Alice) can see when this mail is opened or its links are used, to time my follow-up."
    )


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            GERMAN,
            (
                "Wie am 3. Mai vereinbart, kann ich (Alice) sehen, wann Sie diese E-Mail öffnen oder ihre Links nutzen,"
                " damit ich mich zur passenden Zeit melde."
            ),
        ),
        (
            FRENCH,
            (
                "Comme convenu le 3 mai, je (Alice) peux voir quand vous ouvrez ce message ou utilisez ses liens, pour"
                " vous recontacter au bon moment."
            ),
        ),
        (
            SPANISH,
            (
                "Según lo acordado el 3 de mayo, yo (Alice) puedo ver cuándo abre usted este correo o usa sus enlaces,"
                " para escribirle en el momento oportuno."
            ),
        ),
    ],
)
def test_line_in_the_other_languages(language: Language, sentence: str) -> None:
    """Each is a sentence of its own, polite form and all."""
    assert sentence == agreed(SEEING, language=language).sentence


@pytest.mark.parametrize(
    ("language", "day", "words"),
    [
        (ENGLISH, date(2026, 1, 28), "28 January"),
        (ENGLISH, date(2025, 12, 1), "1 December 2025"),
        (GERMAN, date(2026, 3, 1), "1. März"),
        (GERMAN, date(2025, 3, 1), "1. März 2025"),
        (FRENCH, date(2026, 8, 1), "1er août"),
        (FRENCH, date(2025, 8, 2), "2 août 2025"),
        (SPANISH, date(2026, 9, 1), "1 de septiembre"),
        (SPANISH, date(2025, 9, 1), "1 de septiembre de 2025"),
    ],
)
def test_the_day_is_spelled_in_the_lines_language(language: Language, day: date, words: str) -> None:
    """Item 6, "names ground and date": whatever the sender's locale is, and with the year where it is another."""
    assert words == day_words(day, language, today=TODAY)


@pytest.mark.parametrize("language", list(Language))
def test_every_month_has_a_name(language: Language) -> None:
    """Twelve different ones in each language."""
    assert len({day_words(date(2026, month, 2), language, today=TODAY) for month in range(1, 13)}) == 12


@pytest.mark.parametrize(
    ("sender", "named"),
    [
        ("Alice Müller", "I (Alice Müller) can"),
        ("  Alice \r\n\t M.  ", "I (Alice M.) can"),
        ("Al\u202eice\x00", "I (Al ice) can"),
        ("{purposes} [x]", "I ({purposes} [x]) can"),
    ],
)
def test_senders_name_cannot_break_the_line(sender: str, named: str) -> None:
    """Line ends, controls and direction marks in a name become spaces; braces and brackets stay a part of it."""
    assert named in agreed(OPENS, sender=sender).sentence


@pytest.mark.parametrize("sender", ["", "\n"])
def test_nobody_can_track_or_ask_without_a_name(sender: str) -> None:
    """Item 7: a line that names no sender is none."""
    with pytest.raises(ValueError, match=r"^a line needs a sender$"):
        agreed(OPENS, sender=sender)
    with pytest.raises(ValueError, match=r"^a line needs a sender$"):
        asked(OPENS, sender=sender)
    with pytest.raises(ValueError, match=r"^a line needs a sender$"):
        confirm_line(default_wording(WordingKind.CONFIRM, ENGLISH), sender=sender, url="u")


def test_a_ground_and_its_day_go_together() -> None:
    """Without a day of agreement nothing may be said to be agreed, and with one nobody is merely told."""
    with pytest.raises(ValueError, match=r"^a line that says"):
        agreed(OPENS, day=None)
    with pytest.raises(ValueError, match=r"^a line that says"):
        told(OPENS, day=TODAY)


@pytest.mark.parametrize("language", list(Language))
def test_a_question_and_a_got_it_are_one_sentence_with_a_link(language: Language) -> None:
    """In plain text the words stand without the link's, and none begins with the sign that followed it."""
    confirming = confirm_line(default_wording(WordingKind.CONFIRM, language), sender="Alice", url="https://x.test/")
    for line in (asked(frozenset(Purpose), language=language), confirming):
        assert line.sentence[-1] in ".:?"
        assert " ." not in line.sentence
        assert line.link_text
        assert line.link_text not in line.sentence
        assert line.after.startswith(".")


@pytest.mark.parametrize(
    ("purposes", "seen"),
    [
        (SEEING, "when you open my mails or use their links"),
        (OPENS, "when you open my mails"),
        (CLICKS | PLACE, "when and roughly where you use my mails' links, and on what device"),
        (
            frozenset(Purpose),
            (
                "when and roughly where you open my mails or use their links, on what device, and about how long you"
                " read them"
            ),
        ),
    ],
)
def test_a_question_names_what_it_asks_for(purposes: frozenset[Purpose], seen: str) -> None:
    """Whoever is asked reads beside the link what a yes would allow, of all mail to come, and only what is offered."""
    said = f"May I see {seen}, so I don't chase you needlessly? Nothing is recorded unless you say yes."
    assert said == asked(purposes).sentence


# How each language says the same of mail to come.
ASKS = {
    ENGLISH: ("open my mails", "links", "roughly where", "device", "how long you read them"),
    GERMAN: ("meine E-Mails öffnen", "Links", "ungefähr wo", "Gerät", "wie lange"),
    FRENCH: ("ouvrez mes messages", "liens", "à peu près où", "appareil", "combien de temps vous les"),
    SPANISH: ("abre usted mis correos", "enlaces", "más o menos dónde", "dispositivo", "cuánto tiempo los"),
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("purposes", all_purposes())
def test_every_question_names_its_purposes_or_is_none(purposes: frozenset[Purpose], language: Language) -> None:
    """In each language exactly what is offered is named; what lets nothing be seen cannot be asked for."""
    if not purposes & SEEING:
        with pytest.raises(ValueError, match=r"^a line needs a purpose$"):
            asked(purposes, language=language)
        return
    sentence = asked(purposes, language=language).sentence
    opens, links, where, device, how_long = (words in sentence for words in ASKS[language])
    assert (opens, links, how_long, where) == tuple(purpose in purposes for purpose in Purpose)
    assert device is where


def test_no_purpose_at_all_is_named_by_no_line() -> None:
    """Nothing to see is nothing to say."""
    with pytest.raises(ValueError, match="a line needs a purpose"):
        purposes_words(WordingKind.ASK, frozenset(), ENGLISH)
