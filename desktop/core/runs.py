"""Addresses in a page or a text as a program follows them, which is not always as they are written.

In HTML a character reference stands for its character, and an attribute's line ends are no part of an address; in a
text an address that was too long for the line goes on in the next, behind the marks of a quote.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

# What an address is made of, as people and mail programs write it.
_SIGNS: Final = rb"[^\s\"'<>\\^`{|}()\[\]\x00-\x20\x7f-\xff]"
# RFC 3986 4.2: without its scheme an address has that of the page it stands in, which in a webmail is https.
BEGINNING: Final = re.compile(rb"(?:https?:)?//", re.IGNORECASE)
_RUN: Final = re.compile(rb"(?:https?:)?//" + _SIGNS + rb"++", re.IGNORECASE)
# WHATWG HTML 13.2.5.80: a number needs no semicolon, a name does but for a few that no address of ours is spelled with.
_REFERENCE: Final = re.compile(rb"&(?:#[0-9]{1,8};?|#[xX][0-9a-fA-F]{1,8};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_ATTRIBUTE: Final = re.compile(
    rb"(?:href|src|srcset|background|action|formaction|poster|data|cite)\s*+=\s*+"
    rb"(?:\"([^\"]{1,16384})\"|'([^']{1,16384})')",
    re.IGNORECASE,
)
# WHATWG URL 4.4: tabs and line ends are no part of an address; what indents the next line is none either.
_UNREAD: Final = re.compile(rb"[ \t]*[\r\n]+[ \t]*|\t+")
_MARKUP_OF_LINES: Final = b" \t\r\n>|"
# References that can stand inside a token.
_SPELLING: Final = (b"&#", b"&lowbar;", b"&UnderBar;", b"&Tab;", b"&NewLine;")
_BREAK: Final = re.compile(rb"[ \t]*\r?\n[ \t]*(?:[>|][>| \t]*+)?")
_REST: Final = re.compile(rb"(?!(?:https?:)?//)" + _SIGNS + rb"++", re.IGNORECASE)
MAX_RUN_BYTES: Final = 16_384
# Nobody breaks lines that are shorter than this, whatever stands before the address.
_MIN_BROKEN_BYTES: Final = 24
_MAX_LINES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An address as it is followed, and how its offsets lead back to where it is written.

    `offset` is its place in what was read; from each of `read` on the content goes on at the one of `written`.
    """

    octets: bytes
    offset: int = 0
    read: Sequence[int] = (0,)
    written: Sequence[int] = (0,)

    def at(self, offset: int) -> int:
        """Return the place in the content of an offset in the address."""
        place = self.offset + offset
        index = bisect_right(self.read, place) - 1
        return self.written[index] + place - self.read[index]


def runs_in_html(content: bytes) -> Iterator[Run]:
    """Yield the addresses of a page, in order."""
    octets, read, written = _as_read(content)
    for match in _RUN.finditer(octets):
        yield Run(octets=match[0], offset=match.start(), read=read, written=written)


def _as_read(content: bytes) -> tuple[bytes, list[int], list[int]]:
    pieces: list[bytes] = []
    read, written = [0], [0]
    length = position = 0
    for start, end, octets in sorted([*_references(content), *_line_ends(content)]):
        pieces += (content[position:start], octets)
        length += start - position + len(octets)
        position = end
        read.append(length)
        written.append(end)
    pieces.append(content[position:])
    return b"".join(pieces), read, written


def _references(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    for match in _REFERENCE.finditer(content):
        said = html.unescape(match[0].decode("ascii"))
        if said not in {"\t", "\n", "\r"}:
            # Whatever an address is not made of ends it.
            yield match.start(), match.end(), said.encode() if said.isascii() and len(said) == 1 else b" "
        else:
            yield match.start(), match.end(), b""


def _line_ends(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    for value in _ATTRIBUTE.finditer(content):
        for match in _UNREAD.finditer(content, value.start(value.lastindex or 0), value.end(value.lastindex or 0)):
            yield match.start(), match.end(), b""


def runs_in_text(content: bytes) -> Iterator[Run]:
    """Yield the addresses of a plain text, in order, each as far as its line holds it."""
    for match in _RUN.finditer(content):
        yield Run(octets=match[0], offset=match.start())


def lengthened(content: bytes, run: Run) -> Iterator[Run]:
    """Yield an address of a plain text with what the next line would add to it, the next two, and so on.

    Whether that belongs to it only its own form can tell.
    """
    octets, read, written = run.octets, [0], [run.at(0)]
    position = run.at(len(octets))
    for _ in range(_MAX_LINES):
        if len(octets) - read[-1] < _MIN_BROKEN_BYTES:
            return
        line_end = _BREAK.match(content, position)
        rest = None if line_end is None else _REST.match(content, line_end.end())
        if rest is None or len(octets) + len(rest[0]) > MAX_RUN_BYTES:
            return
        read.append(len(octets))
        written.append(rest.start())
        octets += rest[0]
        position = rest.end()
        yield Run(octets=octets, read=tuple(read), written=tuple(written))


def packed(content: bytes) -> bytes:
    """Return a page or text in which whatever an address is made of stands together, for a quick search."""
    together = content.translate(None, _MARKUP_OF_LINES)
    if not any(reference in together for reference in _SPELLING):
        return together
    return _REFERENCE.sub(lambda match: html.unescape(match[0].decode("ascii")).strip().encode(), together)
