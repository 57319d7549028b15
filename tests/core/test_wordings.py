"""Wordings: the product's own in four languages, and the limits within which the user may change them."""

from itertools import product

import pytest

from desktop.core.errors import Malformed
from desktop.core.wordings import WordingKind, Wordings, default_wording, parse_wording, setting_of
from relay.wire.language import Language

AGREED, TELL, ASK, CONFIRM = WordingKind
GOOD = "On {date} we agreed: {sender} sees {purposes}. [Stop]"


@pytest.mark.parametrize(("kind", "language"), list(product(WordingKind, Language)))
def test_each_of_the_products_own_wordings_could_be_saved(kind: WordingKind, language: Language) -> None:
    """All sixteen keep the limits, and each says something of its own."""
    wording = default_wording(kind, language)
    assert wording == parse_wording(kind, wording.text)
    assert wording.text.endswith((".", "]"))
    assert len({default_wording(each, other).text for each, other in product(WordingKind, Language)}) == 16


def test_the_words_in_english_are_the_products() -> None:
    """The four sentences are those of the product's own description."""
    assert default_wording(AGREED, Language.ENGLISH).text == (
        "As agreed on {date}, I ({sender}) can see {purposes}, to time my follow-up. [See or stop]"
    )
    assert default_wording(TELL, Language.ENGLISH).text == (
        "I ({sender}) can see {purposes}, to time my follow-up. [See or stop]"
    )
    assert default_wording(ASK, Language.ENGLISH).text == (
        "May I see {purposes}, so I don't chase you needlessly? [Choose here]. Nothing is recorded unless you say yes."
    )
    assert default_wording(CONFIRM, Language.ENGLISH).text == "No reply needed: [tell me you've read this]."


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        (AGREED, GOOD.replace("[Stop]", "Stop"), "The link is missing, or there is more than one."),
        (AGREED, GOOD.replace("[Stop]", "[Stop] or [see]"), "The link is missing, or there is more than one."),
        (AGREED, GOOD + " ]", "The link is missing, or there is more than one."),
        (AGREED, GOOD.replace("Stop", " "), "These words cannot be a link."),
        (AGREED, GOOD.replace("Stop", "Stop {sender}"), "These words cannot be a link."),
        (AGREED, GOOD.replace("Stop", "x" * 81), "These words cannot be a link."),
        (AGREED, GOOD.replace("{sender}", "I"), "This sentence has to say your name, once."),
        (AGREED, GOOD.replace("On", "{sender}"), "This sentence has to say your name, once."),
        (AGREED, GOOD.replace("{purposes}", "much"), "This sentence has to say what you can see, once."),
        (AGREED, GOOD.replace("{date}", "Monday"), "This sentence has to say the day of the agreement, once."),
        (TELL, "I see {purposes}. [Stop]", "This sentence has to say your name, once."),
        (TELL, GOOD, "There is something in braces that means nothing here."),
        (ASK, "May I see when you open my mails? [Choose]", "This sentence has to say what you can see, once."),
        (ASK, "May I see {purposes}? [Choose] {address}", "There is something in braces that means nothing here."),
        (ASK, "May I see {purposes}? [Choose] {", "There is something in braces that means nothing here."),
        (ASK, "May I?\n[Choose]", "This is more than one short line."),
        (AGREED, GOOD.replace("Stop", "x"), "Nobody could see that these words are a link."),
        (AGREED, GOOD.replace("Stop", "...x"), "Nobody could see that these words are a link."),
        (AGREED, GOOD.replace("Stop", "\u0301\u0336"), "Nobody could see that these words are a link."),
        (AGREED, GOOD.replace("Stop", "\u00a0\u00a0"), "These words cannot be a link."),
        (AGREED, GOOD.replace("Stop", "see readback.example"), "The link's words look like an address."),
        (AGREED, GOOD.replace("Stop", "readback\uff0eexample"), "The link's words look like an address."),
        (AGREED, GOOD.replace("Stop", "alice@localhost"), "The link's words look like an address."),
        (AGREED, GOOD.replace("Stop", "https evil"), "The link's words look like an address."),
        (AGREED, GOOD.replace("Stop", "http://evil.test"), "There is an address in it."),
        (ASK, "May I see {purposes}? Not at www.evil.test. [Choose]", "There is an address in it."),
        (ASK, "May I? [Choose] " + "x" * 300, "This is more than one short line."),
        (CONFIRM, "", "The link is missing, or there is more than one."),
    ],
)
def test_what_makes_a_sentence_honest_cannot_be_edited_away(kind: WordingKind, text: str, sentence: str) -> None:
    """Without its link, name, purposes or day, or with more than one line, a wording cannot be saved; words say why."""
    with pytest.raises(Malformed) as raised:
        parse_wording(kind, text)
    assert (raised.value.sentence, bool(raised.value.cure)) == (sentence, True)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (AGREED, GOOD),
        (TELL, "  {purposes}: {sender} sees that. [Stop]  "),
        (ASK, "{sender} asks\u00a0: {purposes}? [choose]"),
        (CONFIRM, "[Read?]"),
        (CONFIRM, "[OK]: zo\u0308e, e.g. at 9.30 \u2714 \u9009\u62e9"),
        (CONFIRM, "[\u9009\u62e9]"),
        (CONFIRM, "[Yes. I have, e.g. at 9.30]"),
    ],
)
def test_within_the_limits_every_sentence_can_be_saved(kind: WordingKind, text: str) -> None:
    """Words, order and the link's place are the user's; spaces around are dropped."""
    assert parse_wording(kind, text).text == text.strip(" ")


UNSEEN = [
    *("\u200b", "\u202e", "\u2066", "\u00ad", "\u034f", "\u115f", "\u1160", "\u17b4", "\u180e", "\u2060"),
    *("\u2800", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\U000e0041", "\U000e0100", "\t", "\u2003"),
]


@pytest.mark.parametrize("sign", UNSEEN, ids=lambda sign: f"{ord(sign):04x}")
def test_what_nobody_can_see_stands_nowhere_in_a_sentence(sign: str) -> None:
    """Fillers, ignorable signs, controls and marks of direction are refused as the link's words and beside them."""
    for text in (GOOD.replace("Stop", sign * 2), GOOD.replace("Stop", f"St{sign}op"), GOOD.replace("we", f"w{sign}e")):
        with pytest.raises(Malformed):
            parse_wording(AGREED, text)
    with pytest.raises(Malformed, match=f"U\\+{ord(sign):04X}"):
        parse_wording(AGREED, GOOD.replace("we", f"w{sign}e"))


def test_what_is_filled_in_is_not_read_again() -> None:
    """A name with braces or brackets stays a name."""
    wording = parse_wording(AGREED, GOOD)
    before, link, after = wording.filled(sender="{date} [x]", purposes="all", date="3 May")
    assert (before, link, after) == ("On 3 May we agreed: {date} [x] sees all. ", "Stop", "")


def test_the_users_own_go_before_the_products() -> None:
    """One changed wording stands for its kind and language alone."""
    own = parse_wording(ASK, "{purposes}: [May I?]")
    wordings = Wordings(own={(ASK, Language.GERMAN): own})
    assert wordings.of(ASK, Language.GERMAN) == own
    assert wordings.of(ASK, Language.FRENCH) == default_wording(ASK, Language.FRENCH)
    assert Wordings().of(ASK, Language.GERMAN) == default_wording(ASK, Language.GERMAN)


def test_each_wording_has_a_setting_of_its_own() -> None:
    """The names are what the store holds."""
    assert setting_of(ASK, Language.SPANISH) == "wording.ask.es"
    assert len({setting_of(kind, language) for kind, language in product(WordingKind, Language)}) == 16
