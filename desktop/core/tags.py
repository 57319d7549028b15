"""HTML cut into tags and text, as byte ranges.

It follows the tokeniser of WHATWG HTML 13.2.5 as far as mail needs it: what browsers take for a tag is a tag here, and
where a browser would swallow the rest of the page, the page is refused.
"""

import html
import re
from collections.abc import Iterator
from html.entities import html5
from typing import Final, NamedTuple

# A quote sign means something only after `=`.  The last alternative is a tag that none of the others found the end of.
_TOKEN: Final = re.compile(
    rb"<!--(?:-?>|.*?--!?>)|<(?:!(?!--)|\?|/(?![A-Za-z]))[^>]*+>"
    rb"|<(/?)([A-Za-z][^\s/>]*+)((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|(?![\"'])))*+)>"
    rb"|(<(?=[!?/A-Za-z]))",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(
    rb"([^\s>/=][^\s>/=]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>][^\s>]*+)))?+", re.DOTALL
)
# Elements whose content is text and no markup: a line put in there would not be seen.
_RAW_TEXT: Final = frozenset({b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes"})
_REFERENCE: Final = re.compile(r"&(#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*)(;?)(?=(=?))")


class UnclosedError(ValueError):
    """The HTML ends inside a tag, a comment or raw text: nothing can be added that would be seen."""


class Tag(NamedTuple):
    """A tag and its place; comments, declarations and raw text have an empty name."""

    name: bytes
    is_end: bool
    attributes: bytes
    start: int
    end: int


class Attribute(NamedTuple):
    """An attribute's value and the place of its whole spelling in the content."""

    value: bytes
    start: int
    end: int


def tags(content: bytes) -> Iterator[Tag]:
    """Yield the tags in order; raise UnclosedError when the content ends inside one."""
    position = 0
    while (match := _TOKEN.search(content, position)) is not None:
        if match[4]:
            raise UnclosedError
        name, position = (match[2] or b"").lower(), match.end()
        if name in _RAW_TEXT and not match[1]:
            position = _end_of_raw_text(content, name, position)
            name = b""
        yield Tag(name, bool(match[1]), match[3] or b"", match.start(), position)


def tag_at(content: bytes, position: int, limit: int) -> Tag | None:
    """Return the tag that begins there, whatever stands before it, and ends before `limit`; or None."""
    match = _TOKEN.match(content, position, limit) if position >= 0 else None
    if match is None or match[2] is None:
        return None
    return Tag(match[2].lower(), bool(match[1]), match[3], match.start(), match.end())


def _end_of_raw_text(content: bytes, name: bytes, position: int) -> int:
    closing = re.compile(rb"</" + name + rb"(?=[\s/>])", re.IGNORECASE).search(content, position)
    if closing is None:
        raise UnclosedError
    return closing.start()


def attributes_of(tag: Tag) -> dict[bytes, Attribute]:
    """Return the tag's attributes by their names in lower case; of two with one name the first holds."""
    offset = tag.start + 1 + len(tag.name)
    found: dict[bytes, Attribute] = {}
    for match in _ATTRIBUTE.finditer(tag.attributes):
        value = match[2] or match[3] or match[4] or b""
        found.setdefault(match[1].lower(), Attribute(value, offset + match.start(), offset + match.end()))
    return found


def unescaped(value: bytes) -> bytes | None:
    """Return an attribute's value with its character references read, or None where programs read them differently.

    `&copy=1` is no reference in an attribute (WHATWG HTML 13.2.5.73), though Python's html.unescape takes it for one;
    a reference that lacks its semicolon elsewhere is read by browsers and not by every mail program.
    """
    text = value.decode("utf-8", "surrogateescape")
    for match in _REFERENCE.finditer(text):
        name, semicolon, equals = match.groups()
        if not semicolon and not equals and (name.startswith("#") or name in html5):
            return None
    read = _REFERENCE.sub(lambda match: html.unescape(match[0]) if match[2] else match[0], text)
    return read.strip().encode("utf-8", "surrogateescape")
