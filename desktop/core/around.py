"""What is around a place in a page: the elements that are open there, as browsers take them to be open.

It follows WHATWG HTML 13.1.2.4 and 13.2.6 as far as mails need it; in doubt an element counts as open.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from desktop.core.stylesheet import Element, element
from desktop.core.tags import Tag, attributes_of, tags

_VOID: Final = frozenset(
    b"area base br col embed hr img input link meta param source track wbr head !doctype frame keygen".split()
)
_FORMATTING: Final = frozenset(b"a b big code em font i nobr s small strike strong tt u".split())
_CELLS: Final = frozenset({b"td", b"th", b"caption"})
_SCOPES: Final = frozenset({b"table", b"ul", b"ol", b"dl"})
_ITEMS: Final = frozenset({b"dt", b"dd"})
# What a new one of a kind ends (WHATWG HTML 13.1.2.4); without a doctype, which mails lack, a table ends no paragraph.
_ENDS: Final[Mapping[bytes, frozenset[bytes]]] = {
    **dict.fromkeys(b"p div ul ol dl blockquote center pre form address h1 h2 h3 h4 h5 h6".split(), frozenset({b"p"})),
    b"li": frozenset({b"li"}),
    b"dt": _ITEMS,
    b"dd": _ITEMS,
    b"tr": frozenset({b"tr", *_CELLS}),
    b"td": _CELLS,
    b"th": _CELLS,
}
# No mail program nests so deep, but hand-made pages may.
MAX_OPEN: Final = 400


def open_at(content: bytes, at: int) -> list[Tag]:
    """Return the tags of the elements that are open at a place, the outermost first; page and body are always open.

    Where there are more than `MAX_OPEN` the rest is not looked for.
    """
    page, body = Tag(b"html", False, b"", 0, 0), Tag(b"body", False, b"", 0, 0)
    found: list[Tag] = []
    for tag in tags(content):
        if tag.start >= at or len(found) > MAX_OPEN:
            break
        if tag.name == b"html" and not tag.is_end:
            page = tag
        elif tag.name == b"body" and not tag.is_end:
            body = tag
        elif tag.name and tag.name not in _VOID:
            _follow(found, tag)
    return [page, body, *found]


def _follow(found: list[Tag], tag: Tag) -> None:
    if not tag.is_end:
        _end(found, _ENDS.get(tag.name, frozenset()), stops_at=_SCOPES)
        found.append(tag)
    elif any(each.name == tag.name for each in found):
        _end(found, {tag.name}, stops_at=frozenset())


def _end(found: list[Tag], names: AbstractSet[bytes], *, stops_at: frozenset[bytes]) -> None:
    """Close the last element of one of these names, and what is open inside it but for what goes on behind it."""
    for index in range(len(found) - 1, -1, -1):
        if found[index].name in names:
            is_cell = found[index].name in _CELLS or found[index].name in {b"tr", b"table"}
            # WHATWG HTML 13.2.4.3: <font> and its like are opened again behind what they were left open in.
            found[index:] = [] if is_cell else [each for each in found[index + 1 :] if each.name in _FORMATTING]
            return
        if found[index].name in stops_at:
            return


def element_of(tag: Tag) -> Element:
    """Return an element as style sheets look at it."""
    found = {name: each.value.decode("latin-1") for name, each in attributes_of(tag).items()}
    return element(
        tag.name.decode("latin-1"),
        id_=found.get(b"id", ""),
        classes=found.get(b"class", ""),
        style=found.get(b"style", ""),
    )
