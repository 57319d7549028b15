"""Flowed text (RFC 3676): its paragraphs, and the HTML that shows the same.

The HTML is faithful rather than pretty: quotes as blockquotes, every line end and run of spaces kept, addresses as
links.  It is a rendering of the text and never the other way round.
"""

import html
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

SIGNATURE_MARK: Final = "-- "
_HEAD: Final = """<!DOCTYPE html>
<html>
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
</head>
<body>
"""
_TAIL: Final = "</body>\n</html>\n"
_QUOTE: Final = '<blockquote type="cite" style="margin:0 0 0 0.8ex;border-left:2px solid #729fcf;padding-left:1ex">\n'
# RFC 3986 3 as far as people write it; what closes a sentence or a bracket is no part of it.
_URL: Final = re.compile(r"https?://[^\s<>\"\u00a0]+", re.IGNORECASE)
_AFTER_URL: Final = ".,;:!?'\"*_"
_SPACE: Final = re.compile(r"^ | (?= )| \Z")


class Paragraph(NamedTuple):
    """One line as it is shown, its soft line breaks taken out; `first_line` counts the lines of the text from 0."""

    first_line: int
    depth: int
    text: str


class Rendering(NamedTuple):
    """An HTML page and the offset, in octets, at which the visible line stands in it."""

    page: bytes
    line_at: int


def paragraphs(text: str, *, delete_space: bool) -> Iterator[Paragraph]:
    """Yield the paragraphs; `delete_space` is the parameter DelSp, which drops the space of a soft break."""
    first_line, depth, held, is_flowing = 0, 0, "", False
    for number, line in enumerate(text.removesuffix("\n").split("\n")):
        line_depth, content = _read_line(line.removesuffix("\r"))
        # RFC 3676 4.5 and 4.3: another depth, or a signature mark, ends the paragraph whatever its last line says.
        if is_flowing and (line_depth != depth or content == SIGNATURE_MARK):
            yield Paragraph(first_line, depth, held)
            is_flowing = False
        if not is_flowing:
            first_line, depth, held = number, line_depth, ""
        is_flowing = content.endswith(" ") and content != SIGNATURE_MARK
        held += content[:-1] if is_flowing and delete_space else content
        if not is_flowing:
            yield Paragraph(first_line, depth, held)
    if is_flowing:
        yield Paragraph(first_line, depth, held)


def _read_line(line: str) -> tuple[int, str]:
    unquoted = line.lstrip(">")
    # RFC 3676 4.4: one space is stuffed before a space, a quote sign and "From ".
    return len(line) - len(unquoted), unquoted.removeprefix(" ")


def rendered(text: str, *, delete_space: bool, line_index: int) -> Rendering:
    """Return the HTML of a flowed text; the visible line stands before the text's line `line_index`."""
    pieces = [_HEAD]
    depth, before_line = 0, None
    for paragraph in paragraphs(text, delete_space=delete_space):
        if before_line is None and paragraph.first_line >= line_index:
            pieces.append(_to_depth(depth, 0))
            depth, before_line = 0, len(pieces)
        pieces.append(_to_depth(depth, paragraph.depth))
        depth = paragraph.depth
        pieces.append(f"<div>{_shown(paragraph.text) or '<br>'}</div>\n")
    pieces.append(_to_depth(depth, 0))
    encoded = [piece.encode("utf-8", "replace") for piece in (*pieces, _TAIL)]
    return Rendering(
        page=b"".join(encoded),
        line_at=sum(len(piece) for piece in encoded[: len(pieces) if before_line is None else before_line]),
    )


def _to_depth(now: int, then: int) -> str:
    return _QUOTE * (then - now) + "</blockquote>\n" * (now - then)


def _shown(text: str) -> str:
    """Return the text as HTML: addresses as links; of a run of spaces all but the last as no-break spaces."""
    kept = _SPACE.sub("\u00a0", text.replace("\t", " " * 8))
    pieces = []
    position = 0
    for match in _URL.finditer(kept):
        url = match[0].rstrip(_AFTER_URL)
        if "(" not in url:
            url = url.split(")", 1)[0]
        pieces.append(html.escape(kept[position : match.start()], quote=False))
        pieces.append(f'<a href="{html.escape(url)}">{html.escape(url, quote=False)}</a>')
        position = match.start() + len(url)
    pieces.append(html.escape(kept[position:], quote=False))
    return "".join(pieces).replace("\u00a0", "&nbsp;")
