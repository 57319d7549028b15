"""An HTML body and what can be added to it: the picture, tracked links and the visible line.

What is added is ASCII, with character references for the rest, so that it fits every charset it is spliced into.
"""

import html
import textwrap
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from desktop.core.disclosure import AddedLine
from desktop.core.links import is_trackable
from desktop.core.markup import Anchor, read_page
from desktop.core.tags import unescaped
from desktop.core.transfer import Body, Edit

# RFC 5322 2.1.1: 998 octets in a line.  Where lines travel as they are, a tracked link has to fit into one.
MAX_LINE_BYTES: Final = 998
MAX_UNENCODED_DESTINATION_BYTES: Final = 600
_LINE_COLUMNS: Final = 76
# Ugly Email looks for certain texts alone, not for a picture's size; this is the one of them that names no service.
_FLAG: Final = 'class="/o/"'
# What holds against every style sheet of the page, and looks like the words around it; what browsers do not know they
# leave out.  Outlook for Windows leaves out whatever is important, so the size stands there twice.
_SHOWN: Final[Mapping[str, str]] = {
    "all": "revert",
    "visibility": "visible",
    "opacity": "1",
    "position": "static",
    "float": "none",
    "height": "auto",
    "max-height": "none",
    "width": "auto",
    "max-width": "none",
    "overflow": "visible",
    "transform": "none",
    "clip-path": "none",
    "filter": "none",
    "text-indent": "0",
    "letter-spacing": "normal",
    "line-height": "normal",
    "font-size": "12px",
    "color": "inherit",
    "background": "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A trackable link: the place of its `href` attribute in the content and its destination."""

    start: int
    end: int
    destination: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlPart:
    """An HTML body surveyed: its trackable links and the place of the visible line."""

    body: Body
    links: tuple[Link, ...]
    line_at: int


def survey_html(body: Body, codec: str, own_bases: frozenset[str]) -> HtmlPart:
    """Return what can be added to an HTML body; raise UnclosedError when nothing added would be seen."""
    page = read_page(body.content)
    found = (_link(anchor, body, codec, own_bases) for anchor in page.anchors)
    return HtmlPart(
        body=body,
        links=tuple(link for link in found if link is not None),
        line_at=_before_indent(body.content, page.line_at),
    )


def _before_indent(content: bytes, offset: int) -> int:
    """Return the start of the line when nothing but spaces stands before `offset` in it."""
    start = content.rfind(b"\n", 0, offset) + 1
    return offset if content[start:offset].strip(b" \t") else start


def _link(anchor: Anchor, body: Body, codec: str, own_bases: frozenset[str]) -> Link | None:
    destination = unescaped(anchor.href)
    if destination is None or (body.is_identity and len(destination) > MAX_UNENCODED_DESTINATION_BYTES):
        return None
    shown = html.unescape(anchor.shown.decode(codec, "replace"))
    if not is_trackable(destination, shown, own_bases):
        return None
    return Link(start=anchor.start, end=anchor.end, destination=destination)


def edits_of(
    part: HtmlPart, *, picture_url: str | None, link_urls: Mapping[bytes, str], line: AddedLine, newline: bytes
) -> list[Edit]:
    """Return the edits for one copy, in order."""
    edits = _link_edits(part, link_urls, newline)
    before = b"" if part.line_at == 0 or part.body.content[: part.line_at].endswith(b"\n") else newline
    edits.append(Edit(part.line_at, part.line_at, before + line_markup(line, picture_url, newline) + newline))
    return sorted(edits)


def _link_edits(part: HtmlPart, link_urls: Mapping[bytes, str], newline: bytes) -> list[Edit]:
    edits = []
    for link in part.links:
        url = link_urls.get(link.destination)
        if url is not None:
            attribute = b'href="' + html.escape(url).encode("ascii", "xmlcharrefreplace") + b'"'
            if part.body.is_identity and _makes_long_line(part, link, len(attribute)):
                # White space between attributes says nothing (WHATWG HTML 13.1.2.3).
                attribute = newline + attribute + newline
            edits.append(Edit(link.start, link.end, attribute))
    return edits


def _makes_long_line(part: HtmlPart, link: Link, size: int) -> bool:
    """Return whether the link's line could pass the limit, were every link in it replaced by one of `size` octets."""
    content = part.body.content
    start = content.rfind(b"\n", max(0, link.start - MAX_LINE_BYTES), link.start) + 1
    end = content.find(b"\n", link.end, link.end + MAX_LINE_BYTES)
    if start == 0 and link.start > MAX_LINE_BYTES:
        return True
    if end < 0:
        end = min(len(content), link.end + MAX_LINE_BYTES)
    beside = bisect_left(part.links, end, key=_start) - bisect_left(part.links, start, key=_start)
    return end - start + beside * size > MAX_LINE_BYTES


def _start(link: Link) -> int:
    return link.start


def _important(**others: str) -> str:
    declared = {**_SHOWN, **others}
    return "".join(f"{name.replace('_', '-')}:{value}!important;" for name, value in declared.items())[:-1]


_PARAGRAPH: Final = f'<p style="font-size:12px;{_important(display="block", margin="12px 0")}">'
_LINK_STYLE: Final = f'style="{_important(display="inline", text_decoration="underline")}"'


def line_markup(line: AddedLine, picture_url: str | None, newline: bytes) -> bytes:
    """Return the line as a paragraph of its own with the picture inside: deleting one deletes both.

    12 px, the body's own colour, no box; the picture is the plainest there is, for blockers to recognise.  No style
    sheet of the page can hide words or link; where the elements around them do, no line is added.
    """
    pieces = [_PARAGRAPH, *_pieces(line, _LINK_STYLE)]
    if picture_url is not None:
        pieces[-1] += "<img"
        pieces.append(f'src="{html.escape(picture_url)}" width="1" height="1" alt="" {_FLAG}>')
    pieces[-1] += "</p>"
    return _joined(pieces, newline)


def inline_markup(line: AddedLine, newline: bytes) -> bytes:
    """Return the line for a place among the user's own words, looking as they look."""
    return _joined(_pieces(line), newline)


def _pieces(line: AddedLine, style: str = "") -> list[str]:
    """Return the line in pieces with a line end between them; the link's address stays whole."""
    words = f">{html.escape(line.link_text, quote=False)}</a>"
    link = f'<a href="{html.escape(line.url)}"'
    links = [link, style + words] if style else [link + words]
    pieces = [*_wrapped(html.escape(line.before.rstrip(), quote=False)), *links]
    first, *others = _wrapped(html.escape(line.after, quote=False)) or [""]
    pieces[-1] += first
    return pieces + others


def _joined(pieces: list[str], newline: bytes) -> bytes:
    return newline.join(piece.encode("ascii", "xmlcharrefreplace") for piece in pieces)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _LINE_COLUMNS, break_long_words=False, break_on_hyphens=False)
