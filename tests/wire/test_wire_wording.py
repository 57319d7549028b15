"""What a person is shown when asked: pinned by its hash, the same on both sides, and whole in every language."""

import pytest

from relay.wire.claims import Claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.wording import Question, asked_text, label_of, question_of, wording_hash

ALL = frozenset(Purpose)
# A changed text is another wording: answers to questions that are already out would not count any more.
GOLDEN = {
    Language.ENGLISH: "44ac21e2e10adca7cc78e28c6e1f88b652a030ce4564f91baf4ed065bad9f467",
    Language.GERMAN: "e7dd6c270052dadd1b1a9ccbec1251dad95fcfc96c6c8fe390dcc79127feb1c1",
    Language.FRENCH: "2026fb67462cb680b1c13f4050d8fc6c1c07ea555159fdce1c4961ea10545bc6",
    Language.SPANISH: "d83a69f0b80cd23fca248e5c21d01adba710a82f828a30b19d3098d1ad09025b",
}


def claims(language: Language, purposes: frozenset[Purpose] = ALL, sender: str = "Kim Larsen") -> Claims:
    return Claims(sender=sender, language=language, purposes=purposes)


@pytest.mark.parametrize("language", Language)
def test_the_text_is_pinned(language: Language) -> None:
    """The wording of each language has the hash it had when the first question went out."""
    assert wording_hash(asked_text(claims(language))).hex() == GOLDEN[language]


@pytest.mark.parametrize("language", Language)
def test_the_text_holds_all_that_is_shown(language: Language) -> None:
    """Name, each box, both buttons and every note are in it, with nothing left to fill in."""
    question = question_of(claims(language))
    text = asked_text(claims(language))
    shown = [question.title, question.why, question.asked, question.invitation, question.meaning, *question.notes]
    shown += [f"[{question.yes}] [{question.no}]"]
    shown += [part for choice in question.choices for part in (f"[ ] {choice.label}", choice.hint)]
    assert sorted(text.split("\n")) == sorted(shown)
    assert text.count("Kim Larsen") >= 4
    assert "{" not in text


@pytest.mark.parametrize("language", Language)
def test_only_what_is_asked_for_is_offered(language: Language) -> None:
    """A box stands for each purpose of the claims, in one order, and for no other."""
    some = frozenset({Purpose.PLACE, Purpose.OPENS})
    assert [choice.purpose for choice in question_of(claims(language, some)).choices] == [Purpose.OPENS, Purpose.PLACE]
    assert [choice.purpose for choice in question_of(claims(language)).choices] == list(Purpose)
    assert label_of(Purpose.READING, language) not in asked_text(claims(language, some))
    assert label_of(Purpose.READING, language) in asked_text(claims(language))


def test_each_name_language_and_choice_is_another_wording() -> None:
    """The hash tells apart who asked, in which language, and for what."""
    only_opens = frozenset({Purpose.OPENS})
    texts = {
        asked_text(claims(language, purposes, sender))
        for language in Language
        for purposes in (ALL, only_opens)
        for sender in ("Kim Larsen", "Lena Hofmann")
    }
    assert len({wording_hash(text) for text in texts}) == len(texts) == 16


def test_a_name_in_braces_stays_a_name() -> None:
    """What a sender is called is never taken for a place to fill in."""
    question = question_of(claims(Language.ENGLISH, sender="{sender}"))
    assert question.title == "A question from {sender}"


@pytest.mark.parametrize("language", Language)
def test_every_language_says_what_must_be_said(language: Language) -> None:
    """Both signals are named, each span of time stands there, and as many notes as in English."""
    question: Question = question_of(claims(language))
    text = asked_text(claims(language))
    assert len(question.notes) == len(question_of(claims(Language.ENGLISH)).notes)
    for word in ("Global Privacy Control", "Do Not Track", "14", "90", "180"):
        assert word in text
