"""Whether a line would be seen where it is to stand in a page: what is around it may hide it, or leave it unreadable.

What a line says of itself holds against every style sheet, but not against what becomes of the elements around it.  In
doubt such a place hides: then nothing is added.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from desktop.core.around import MAX_OPEN, element_of, open_at
from desktop.core.legibility import unreadable
from desktop.core.stylesheet import Declaration, element, met, read_sheet
from desktop.core.tags import Tag, attributes_of

_MIN_OPACITY: Final = 0.6
_MIN_FONT_PX: Final = 4.0
_MIN_WIDTH_PX: Final = 100.0
_TINY_PX: Final = 20.0
_FAR_PX: Final = 300.0
_NEGATIVE_PX: Final = -100.0
_STYLE: Final = re.compile(rb"<(/?)style\b[^>]*+>?", re.IGNORECASE)
_SUSPICIOUS: Final = re.compile(
    rb"<style|\bstyle\s*=|\bhidden\b|\bbgcolor\s*=|\bbackground\s*=|\btext\s*=|\bcolor\s*="
    rb"|<(?:template|svg|math|select|datalist|dialog|details|object|video|audio|canvas|applet)\b",
    re.IGNORECASE,
)
# Elements whose content is not displayed, or only once somebody asks for it.
_UNSEEN: Final = frozenset(
    {b"template", b"svg", b"math", b"select", b"datalist", b"object", b"video", b"audio", b"canvas", b"applet"}
)
_OPENED: Final = frozenset({b"dialog", b"details"})
_HIDING: Final[Mapping[str, frozenset[str]]] = {
    "display": frozenset({"none"}),
    "visibility": frozenset({"hidden", "collapse"}),
    "content-visibility": frozenset({"hidden"}),
    "mso-hide": frozenset({"all", "screen"}),
}
# Properties of which any value but a few may take the content out of sight, whether browsers name them so or as theirs.
_DISPLACING: Final = frozenset(
    (
        *("clip", "clip-path", "mask", "mask-image", "filter", "transform", "scale", "translate", "rotate", "zoom"),
        *("animation", "animation-name", "line-clamp", "text-security"),
    )
)
_VENDOR: Final = re.compile(r"-(?:webkit|moz|ms|o)-")
_HARMLESS: Final = frozenset({"none", "auto", "normal", "initial", "inherit", "unset", "revert", "1", "100%"})
_FONT_OF_NOTHING: Final = re.compile(r"(?:^|\s)(?:0*\.)?0+(?:px|pt|em|rem|%)?\s*(?:/|\s)")
_PLACES: Final = ("top", "right", "bottom", "left", "inset")
_POSITIONED: Final = frozenset({"absolute", "fixed", "relative", "sticky"})
_LENGTH: Final = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))([a-z]*|%)(?=[\s,/)]|\Z)")
_PX: Final = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "em": 16.0, "rem": 16.0}
# What a hundredth of the window, or of what is around, is taken for.
_SHARE_PX: Final = 5.0


def what_hides(content: bytes, at: int) -> str | None:
    """Return what would hide a line at `at`, or make it unreadable, in plain English; None where nothing would."""
    if _SUSPICIOUS.search(content) is None:
        return None
    open_tags = open_at(content, at)
    if len(open_tags) > MAX_OPEN:
        return "more open elements around the place of the line than are looked at"
    chain = [element_of(tag) for tag in open_tags]
    rules = [rule for sheet in _sheets(content) for rule in read_sheet(sheet)]
    opacity = 1.0
    for depth, (tag, around) in enumerate(zip(open_tags, chain, strict=True), 1):
        declared = [*around.style, *met(rules, chain[:depth])]
        found = _unseen(tag) or _hiding(declared)
        opacity *= min((_opacity(each.value) for each in declared if each.name == "opacity"), default=1.0)
        if found is not None or opacity < _MIN_OPACITY:
            return f"{found or 'opacity'} on <{around.name}>, around the place of the line"
    for part in ("first-line", "first-letter"):
        # Of a part of it a paragraph cannot say anything itself.
        found = _hiding(list(met(rules, [*chain, element("p")], part)))
        if found is not None:
            return f"{found} on the {part} of paragraphs"
    return unreadable(open_tags, chain, rules)


def _sheets(content: bytes) -> Iterator[str]:
    """Yield the page's style sheets, those in comments too, since Outlook reads some."""
    begins: int | None = None
    for match in _STYLE.finditer(content):
        if match[1] and begins is not None:
            yield content[begins : match.start()].decode("latin-1")
            begins = None
        elif not match[1] and begins is None:
            begins = match.end()


def _unseen(tag: Tag) -> str | None:
    found = attributes_of(tag)
    if tag.name in _UNSEEN or (tag.name in _OPENED and b"open" not in found):
        return "content that is not displayed"
    return "hidden" if b"hidden" in found else None


def _hiding(declared: Sequence[Declaration]) -> str | None:
    """Return the declaration by which an element hides what is in it, None where none does."""
    values: dict[str, list[str]] = {}
    for each in declared:
        if _hides(_VENDOR.sub("", each.name, count=1), each.value):
            return f"{each.name}:{each.value}"
        values.setdefault(each.name, []).append(each.value)
    return _clipping(values) or _far(values)


def _hides(name: str, value: str) -> bool:
    if name in _HIDING:
        return value in _HIDING[name]
    if name in _DISPLACING:
        return value not in _HARMLESS
    if name == "font-size":
        return _is_below(value, _MIN_FONT_PX)
    if name == "font":
        return _FONT_OF_NOTHING.search(value) is not None
    is_shift = name.startswith("margin") or name == "text-indent"
    return is_shift and any(each < _NEGATIVE_PX for each in _lengths(value))


def _clipping(values: Mapping[str, Sequence[str]]) -> str | None:
    names = ("overflow", "overflow-x", "overflow-y")
    overflow = {word for name in names for each in values.get(name, ()) for word in each.split()}
    cuts = bool(overflow & {"hidden", "clip"})
    if not cuts and not overflow & {"auto", "scroll"}:
        return None
    for name in ("height", "max-height", "width", "max-width"):
        # What stands below the edge of a box that cuts is lost, however high it is.
        least = _MIN_WIDTH_PX if name.endswith("width") else float("inf") if cuts else _TINY_PX
        for value in values.get(name, ()):
            if _is_below(value, least):
                return f"{name}:{value} with overflow"
    return None


def _far(values: Mapping[str, Sequence[str]]) -> str | None:
    if not _POSITIONED & set(values.get("position", ())):
        return None
    placed = ((name, value) for name in _PLACES for value in values.get(name, ()))
    far = next((each for each in placed if any(abs(length) > _FAR_PX for length in _lengths(each[1]))), None)
    return None if far is None else f"{far[0]}:{far[1]}"


def _lengths(value: str) -> Iterator[float]:
    """Yield the lengths in a value, in pixels."""
    for match in _LENGTH.finditer(value):
        yield float(match[1]) * _PX.get(match[2], _SHARE_PX)


def _is_below(value: str, limit: float) -> bool:
    """Return whether a length is shorter than so many pixels; a share of something only where it is none of it."""
    match = _LENGTH.match(value)
    if match is None:
        return False
    return float(match[1]) * _PX[match[2]] < limit if match[2] in _PX else float(match[1]) <= 0


def _opacity(value: str) -> float:
    match = _LENGTH.match(value)
    return 1.0 if match is None else float(match[1]) / (100 if match[2] == "%" else 1)
