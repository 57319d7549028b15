"""The line `[got it]` that a user writes where "tell me you've read this" is to stand: found, replaced or taken out.

It counts where it is all that a line or block says, in the user's own words and not in what they quote.  Mail that may
not be touched keeps it, whatever it says.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from desktop.core import htmlpart, textpart
from desktop.core.charsets import codec_of
from desktop.core.charsets import read as read_text
from desktop.core.disclosure import AddedLine
from desktop.core.language import language_of
from desktop.core.markup import CLIPPED_ABOVE_BYTES
from desktop.core.mime import MalformedMimeError, Part, read_message
from desktop.core.rewrite import MAX_WORDS_BYTES
from desktop.core.screen import holds_inline_pgp, texts_of, untouchable, words_of
from desktop.core.tags import UnclosedError, tags
from desktop.core.textpart import TextPart
from desktop.core.transfer import Body, Edit, apply, read_body, write_body
from relay.wire.language import Language

_LITERAL: Final = re.compile(rb"\[got it\]", re.IGNORECASE)
_LINE: Final = re.compile(rb"^[ \t]*\[got it\][ \t]*(?=\r?$)", re.IGNORECASE | re.MULTILINE)
# Tags that stand inside a line, comments among them, which have no name; any other ends it.
_INLINE: Final = frozenset({b"", b"b", b"strong", b"i", b"em", b"u", b"font", b"span", b"small", b"big", b"o:p"})
# What makes a line say more than its words: the user linked them, or set a picture beside them.
_SAYING: Final = frozenset({b"a", b"img", b"input", b"button"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A text that holds the marker, and where; `text` is None for HTML."""

    part: Part
    body: Body
    spans: tuple[tuple[int, int], ...]
    text: TextPart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A message that holds the marker."""

    raw: bytes = field(repr=False)
    newline: bytes
    places: tuple[_Place, ...] = field(repr=False)


def find_marker(raw: bytes) -> Marked | None:
    """Return where the message holds the marker, or None where it does not, or may not be touched.  Raises nothing."""
    try:
        places = tuple(_places(raw))
    except (MalformedMimeError, UnclosedError):
        return None
    newline = b"\n" if raw[: raw.find(b"\n")][-1:] != b"\r" else b"\r\n"
    return Marked(raw=raw, newline=newline, places=places) if places else None


def with_line(marked: Marked, line: AddedLine) -> bytes | None:
    """Return the message with the line in the marker's place; None where a text of it cannot spell the line."""
    if any(place.text is not None and textpart.lines_of(place.text, line) is None for place in marked.places):
        return None

    def replacement(place: _Place) -> bytes:
        if place.text is None:
            return htmlpart.inline_markup(line, marked.newline)
        return _newline_of(place, marked).join(textpart.lines_of(place.text, line) or ())

    return _edited(marked, replacement)


def without_marker(marked: Marked) -> bytes:
    """Return the message with the marker taken out; the line that held it stays, empty."""
    return _edited(marked, lambda _place: b"")


def language_in_marked(marked: Marked) -> Language | None:
    """Return the language of a plain text that holds the marker, where it is clear; for mail that has no survey."""
    texts = (place.text for place in marked.places if place.text is not None)
    return next((language_of(each.body.content[: each.line_at].decode(each.codec, "replace")) for each in texts), None)


def _edited(marked: Marked, replacement: Callable[[_Place], bytes]) -> bytes:
    edits = []
    for place in marked.places:
        inside = [Edit(start, end, replacement(place)) for start, end in place.spans]
        body = write_body(place.body, inside, newline=marked.newline)
        edits.append(Edit(place.part.body_start, place.part.body_end, body))
    return apply(marked.raw, sorted(edits))


def _newline_of(place: _Place, marked: Marked) -> bytes:
    return textpart.newline_of(place.body.content, marked.newline)


def _places(raw: bytes) -> Iterator[_Place]:
    root = read_message(raw)
    if untouchable(root) is not None:
        return
    bodies = {part.start: _body(raw, part) for part in texts_of(root)}
    if any(holds_inline_pgp(body.content, part.media_type) for part in texts_of(root) for body in [bodies[part.start]]):
        return
    for part in words_of(root):
        if part is None or part.body_end - part.body_start > MAX_WORDS_BYTES:
            continue
        body, codec = bodies[part.start], codec_of(part.parameters.get("charset", ""))
        if codec is None or not _LITERAL.search(body.content) or read_text(body.content, codec) is None:
            continue
        is_html = part.media_type == "text/html"
        text = None if is_html else textpart.survey_text(body, codec, part)
        spans = tuple(_spans_in_html(body, codec)) if text is None else tuple(_spans_in_text(text))
        if spans:
            yield _Place(part=part, body=body, spans=spans, text=text)


def _body(raw: bytes, part: Part) -> Body:
    return read_body(raw[part.body_start : part.body_end], part.transfer_encoding)


def _spans_in_text(text: TextPart) -> Iterator[tuple[int, int]]:
    content = text.body.content
    for match in _LINE.finditer(content, 0, text.line_at):
        if text.soft_break is not None and (match[0].endswith(b" ") or _flows_on(content[: match.start()])):
            # RFC 3676 4.1: a line that ends in a space goes on in the next, so neither is a line of its own.
            continue
        yield match.span()


def _flows_on(before: bytes) -> bool:
    last = before.removesuffix(b"\n").removesuffix(b"\r").rpartition(b"\n")[2]
    return last.endswith(b" ") and last != b"-- "


def _spans_in_html(body: Body, codec: str) -> Iterator[tuple[int, int]]:
    content = body.content
    # Where the line of tracked mail stands the quote begins, unless it stands on top.
    is_clipped = len(content) > CLIPPED_ABOVE_BYTES
    limit = len(content) if is_clipped else htmlpart.survey_html(body, codec, frozenset()).line_at
    for pieces in _lines_of_html(content):
        said = b"".join(content[start:end] for start, end in pieces)
        literal = _LITERAL.search(content, pieces[0][0], pieces[-1][1]) if pieces else None
        is_whole = " ".join(html.unescape(said.decode(codec, "replace")).split()).lower() == "[got it]"
        if literal is not None and is_whole and literal.end() <= limit:
            yield literal.span()


def _lines_of_html(content: bytes) -> Iterator[list[tuple[int, int]]]:
    """Yield the texts of each line or block as places; a line that holds a link or a picture has no places."""
    pieces: list[tuple[int, int]] = []
    says_more = False
    position = 0
    for tag in tags(content):
        pieces.append((position, tag.start))
        position = tag.end
        if tag.name in _SAYING:
            says_more = True
        elif tag.name not in _INLINE:
            yield [] if says_more else pieces
            pieces, says_more = [], False
    yield [] if says_more else [*pieces, (position, len(content))]
