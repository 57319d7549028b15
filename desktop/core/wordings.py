"""The sentences that a mail gains, in four languages and in the user's own words: one line each, with one link.

What makes them honest cannot be edited away: the link in square brackets, in words that can be read; in the line of
tracked mail the sender's name, the purposes and, where they agreed, the day; in the question what is asked for.  Whose
question it is stands on its page.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from desktop.core.errors import Malformed
from relay.wire.language import Language

MAX_CHARS: Final = 300
MAX_LINK_CHARS: Final = 80
_BRACKETED: Final = re.compile(r"\[([^\[\]]*)\]")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
# French sets one before its question marks and colons.
_NO_BREAK_SPACE: Final = "\u00a0"
# Letters, marks and a symbol that show nothing, beside the controls that str.isprintable knows (Unicode 16,
# Default_Ignorable_Code_Point; the empty Braille pattern).
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_ADDRESS: Final = re.compile(r"://|\bwww\.", re.IGNORECASE)
# What mail programs make a link of by themselves: a host, whatever stands before or behind it.
_HOST: Final = re.compile(r"[^\W_][.\u3002][^\W\d_]{2}|\bhttps?\b|@")
_MIN_LINK_SIGNS: Final = 2


class WordingKind(StrEnum):
    """Which sentence: of mail tracked as agreed, of mail tracked as told, the question, or "I have read this"."""

    AGREED = "agreed"
    TELL = "tell"
    ASK = "ask"
    CONFIRM = "confirm"


# What a sentence has to name, and how the window calls it.
_NEEDED: Final[Mapping[WordingKind, tuple[str, ...]]] = {
    WordingKind.AGREED: ("sender", "purposes", "date"),
    WordingKind.TELL: ("sender", "purposes"),
    WordingKind.ASK: ("purposes",),
    WordingKind.CONFIRM: (),
}
_CALLED: Final = {"sender": "your name", "purposes": "what you can see", "date": "the day of the agreement"}
_MAY_NAME: Final = frozenset({"sender"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A sentence as it is edited: words, placeholders such as {sender}, and the link's words in square brackets."""

    kind: WordingKind
    text: str

    def filled(self, **values: str) -> tuple[str, str, str]:
        """Return the words before the link, of the link and after it; `values` has what the kind needs."""
        found = _BRACKETED.search(self.text)
        assert found is not None  # parse_wording has seen to it
        before, after = (
            _PLACEHOLDER.sub(lambda match: values[match[1]], part)
            for part in (self.text[: found.start()], self.text[found.end() :])
        )
        return before.lstrip(), found[1].strip(), after.rstrip()


def parse_wording(kind: WordingKind, text: str) -> Wording:
    """Return the wording of one line; raise Malformed, in words, for one that cannot be saved."""
    line = text.strip()
    if len(line.splitlines()) > 1 or len(line) > MAX_CHARS:
        raise Malformed("This is more than one short line.", f"Write one line of at most {MAX_CHARS} characters.")
    _check_signs(line)
    _check_link(line)
    named = _PLACEHOLDER.findall(line)
    for name in _NEEDED[kind]:
        if named.count(name) != 1:
            raise Malformed(f"This sentence has to say {_CALLED[name]}, once.", f"Put {{{name}}} where it is to stand.")
    foreign = set(named) - set(_NEEDED[kind]) - _MAY_NAME
    if foreign or re.search(r"[{}]", _PLACEHOLDER.sub("", line)):
        raise Malformed(
            "There is something in braces that means nothing here.",
            f"Leave only {', '.join(f'{{{name}}}' for name in _NEEDED[kind] or tuple(_MAY_NAME))} in braces.",
        )
    return Wording(kind=kind, text=line)


def _check_signs(line: str) -> None:
    unseen = next((sign for sign in line if _BLANK.match(sign) or not _is_shown(sign)), None)
    if unseen is not None:
        name = unicodedata.name(unseen, "no name")
        raise Malformed(
            f"There is a character in it that nobody can see: U+{ord(unseen):04X}, {name}.", "Write it without that."
        )
    if _ADDRESS.search(line):
        raise Malformed("There is an address in it.", "Leave it out: the link leads where it has to.")


def _is_shown(sign: str) -> bool:
    return sign.isprintable() or sign == _NO_BREAK_SPACE


def _check_link(line: str) -> None:
    links = _BRACKETED.findall(line)
    if len(links) != 1 or re.search(r"[\[\]]", _BRACKETED.sub("", line)):
        raise Malformed(
            "The link is missing, or there is more than one.",
            "Put the words that are to be the link, and no others, into [square brackets].",
        )
    words = links[0].strip()
    if not words or len(words) > MAX_LINK_CHARS or "{" in words or "}" in words:
        raise Malformed(
            "These words cannot be a link.", f"Write 2 to {MAX_LINK_CHARS} characters and no braces into the brackets."
        )
    if sum(unicodedata.category(sign)[0] in "LN" for sign in words) < _MIN_LINK_SIGNS:
        raise Malformed("Nobody could see that these words are a link.", "Write at least two letters or digits.")
    if _HOST.search(unicodedata.normalize("NFKC", words)):
        raise Malformed("The link's words look like an address.", "Say in words what the link is for.")


def default_wording(kind: WordingKind, language: Language) -> Wording:
    """Return the product's own words."""
    return Wording(kind=kind, text=_DEFAULTS[kind][language])


def setting_of(kind: WordingKind, language: Language) -> str:
    """Return the name of the setting that keeps the user's own words as a text."""
    return f"wording.{kind.value}.{language.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordings:
    """The user's own wordings, by kind and language; the product's stand where there is none."""

    own: Mapping[tuple[WordingKind, Language], Wording] = field(default_factory=dict)

    def of(self, kind: WordingKind, language: Language) -> Wording:
        """Return the wording in force."""
        return self.own.get((kind, language)) or default_wording(kind, language)


_DEFAULTS: Final[Mapping[WordingKind, Mapping[Language, str]]] = {
    WordingKind.AGREED: {
        Language.ENGLISH: "As agreed on {date}, I ({sender}) can see {purposes}, to time my follow-up. [See or stop]",
        Language.GERMAN: "Wie am {date} vereinbart, kann ich ({sender}) sehen, {purposes}, damit ich mich zur "
        "passenden Zeit melde. [Ansehen oder beenden]",
        Language.FRENCH: "Comme convenu le {date}, je ({sender}) peux voir {purposes}, pour vous recontacter au bon "
        "moment. [Voir ou arrêter]",
        Language.SPANISH: "Según lo acordado el {date}, yo ({sender}) puedo ver {purposes}, para escribirle en el "
        "momento oportuno. [Ver o detener]",
    },
    WordingKind.TELL: {
        Language.ENGLISH: "I ({sender}) can see {purposes}, to time my follow-up. [See or stop]",
        Language.GERMAN: "Ich ({sender}) kann sehen, {purposes}, damit ich mich zur passenden Zeit melde. "
        "[Ansehen oder beenden]",
        Language.FRENCH: "Je ({sender}) peux voir {purposes}, pour vous recontacter au bon moment. [Voir ou arrêter]",
        Language.SPANISH: "Yo ({sender}) puedo ver {purposes}, para escribirle en el momento oportuno. [Ver o detener]",
    },
    WordingKind.ASK: {
        Language.ENGLISH: "May I see {purposes}, so I don't chase you needlessly? [Choose here]. Nothing is recorded "
        "unless you say yes.",
        Language.GERMAN: "Darf ich sehen, {purposes}, damit ich nicht unnötig nachfrage? [Hier wählen]. Ohne Ihr Ja "
        "wird nichts aufgezeichnet.",
        Language.FRENCH: "Puis-je voir {purposes}, pour ne pas vous relancer inutilement\u00a0? [Choisissez ici]. "
        "Rien n'est enregistré sans votre accord.",
        Language.SPANISH: "¿Me permite ver {purposes}, para no insistirle sin necesidad? [Elija aquí]. No se registra "
        "nada si usted no dice que sí.",
    },
    WordingKind.CONFIRM: {
        Language.ENGLISH: "No reply needed: [tell me you've read this].",
        Language.GERMAN: "Sie müssen nicht antworten: [sagen Sie mir einfach, dass Sie dies gelesen haben].",
        Language.FRENCH: "Inutile de répondre\u00a0: [dites-moi simplement que vous avez lu ce message].",
        Language.SPANISH: "No hace falta que responda: [dígame solo que lo ha leído].",
    },
}
