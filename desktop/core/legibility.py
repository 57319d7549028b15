"""Whether words at a place in a page stand out from what is behind them, as far as page and style sheets name colours.

A line has the colour of what is around it, so that it fits a dark page as well as a light one; where that could not be
read, nothing is added.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

from desktop.core.colours import BLACK, WHITE, Colour, colour, contrast
from desktop.core.stylesheet import Declaration, Element, Rule, element, met
from desktop.core.tags import Tag, attributes_of

# WCAG 2.2, 1.4.3.
MIN_CONTRAST: Final = 4.5
# Words on no background of their own may be meant for one that cannot be told, but hardly for white if they are nearly.
_MIN_CONTRAST_ON_ASSUMED: Final = 2.0
_TAKEN_OVER: Final = frozenset({"inherit", "currentcolor", "unset", "initial", "revert"})
_WORD: Final = re.compile(r"[-\w#]+(?:\((?:[^()]|\([^()]*\))*\))?")
_PICTURES: Final = ("url(", "image", "linear-", "radial-", "conic-", "repeating-", "cross-", "var(", "-webkit-")
_UNREADABLE: Final = "words around the place of the line do not stand out from what is behind them"

# Colours that may be in force, None for one that cannot be told.
_Candidates = list[Colour | None]


def unreadable(open_tags: Sequence[Tag], chain: Sequence[Element], rules: Sequence[Rule]) -> str | None:
    """Return that words in the innermost of some elements cannot be read, in plain English; None where they can."""
    always = [rule for rule in rules if not rule.is_conditional]
    words: _Candidates = []
    behind: _Candidates = []
    for depth in range(len(chain), 0, -1):
        declared = _in_force(chain[depth - 1].style, list(met(always, chain[:depth])))
        words = words or _colours(open_tags[depth - 1], declared)
        behind = behind or _backgrounds(open_tags[depth - 1], declared)
    own = [*chain, element("p")]
    beginnings = _named([each for part in ("first-line", "first-letter") for each in met(always, own, part)])
    if not (words or behind or beginnings):
        return None
    words = [*(words or [BLACK]), *beginnings]
    least = MIN_CONTRAST if behind else _MIN_CONTRAST_ON_ASSUMED
    known = [pair for pair in product(words, behind or [WHITE]) if None not in pair]
    return _UNREADABLE if any(_contrast(*pair) < least for pair in known) else None


def _contrast(one: Colour | None, other: Colour | None) -> float:
    assert one is not None
    assert other is not None  # only known pairs come here
    behind = other.over(WHITE)
    return contrast(one.over(behind), behind)


def _in_force(style: Sequence[Declaration], declared: Sequence[Declaration]) -> list[Declaration]:
    """Return what may be in force: an element's own style goes before what no style sheet calls important."""
    named = {_kind(each.name) for each in style}
    return [*style, *(each for each in declared if each.is_important or _kind(each.name) not in named)]


def _kind(name: str) -> str:
    return "background" if name.startswith("background") else name


def _named(declared: Sequence[Declaration]) -> _Candidates:
    names = {"color", "-webkit-text-fill-color"}
    return [colour(each.value) for each in declared if each.name in names and each.value not in _TAKEN_OVER]


def _colours(tag: Tag, declared: Sequence[Declaration]) -> _Candidates:
    found = _named(declared)
    attributes = attributes_of(tag)
    name = {b"font": b"color", b"body": b"text"}.get(tag.name, b"")
    return found or ([_of_attribute(attributes[name].value)] if name in attributes else [])


def _backgrounds(tag: Tag, declared: Sequence[Declaration]) -> _Candidates:
    """Return what may be behind the words of an element; nothing where it lets through what is behind itself."""
    found: _Candidates = []
    for each in declared:
        if _kind(each.name) == "background":
            found += _behind(each.value)
    attributes = attributes_of(tag)
    if b"background" in attributes:
        found.append(None)
    if not found and b"bgcolor" in attributes:
        found.append(_of_attribute(attributes[b"bgcolor"].value))
    if None in found:
        # A picture covers whatever colour is named beside it.
        return [None]
    return [each for each in found if each is not None and each.alpha > 0]


def _behind(value: str) -> Iterator[Colour | None]:
    for word in _WORD.findall(value):
        said = colour(word)
        if said is not None or word.startswith(_PICTURES):
            yield said


def _of_attribute(value: bytes) -> Colour | None:
    said = value.decode("latin-1").strip().lower()
    return colour(said) or colour(f"#{said}")
