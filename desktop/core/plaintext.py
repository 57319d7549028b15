"""A plain text body: where the visible line stands in it, and how the line is wrapped.

The line stands where a reader of HTML finds it too: after the user's own words and signature, before what is quoted, or
at the end when own words follow the quote.
"""

import re
import textwrap
from typing import Final, NamedTuple

# RFC 3676 4.2: flowed lines of at most 78 characters, 66 to 72 recommended.
WRAP_COLUMNS: Final = 72
_LINE: Final = re.compile(rb"[^\n]*\n|[^\n]+\Z")
# "-------- Forwarded Message --------" in any language; Outlook draws a rule and then names the sender.
_FORWARD: Final = re.compile(rb"-{4,}\s?[^\s-][^\n]{0,80}[^\s-]\s?-{4,}\s*\Z")
_RULE: Final = re.compile(rb"_{20,}\s*\Z")
_RULED_HEADER: Final = re.compile(rb"\*?[^\s:]{2,16}\s?:\*?\s")
_ATTRIBUTION_LINES: Final = 3


class Line(NamedTuple):
    """A line and its place; `text` is without the line end."""

    start: int
    end: int
    text: bytes


def lines_of(content: bytes) -> tuple[Line, ...]:
    """Return the lines with their places, line ends included in the places."""
    return tuple(Line(m.start(), m.end(), m[0].rstrip(b"\r\n")) for m in _LINE.finditer(content))


def line_index(lines: tuple[Line, ...]) -> int:
    """Return the index of the line before which the visible line stands; the number of lines says: at the end."""
    forward = next((index for index in range(len(lines)) if _begins_forward(lines, index)), None)
    if forward is not None:
        return forward
    quote = _closing_quote(lines)
    return len(lines) if quote is None else _introduction(lines, quote)


def _begins_forward(lines: tuple[Line, ...], index: int) -> bool:
    if _FORWARD.match(lines[index].text):
        return True
    after = lines[index + 1].text if index + 1 < len(lines) else b""
    return bool(_RULE.match(lines[index].text) and _RULED_HEADER.match(after))


def _closing_quote(lines: tuple[Line, ...]) -> int | None:
    """Return where the quote begins that nothing but blank lines follows, or None."""
    first = None
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].text.startswith(b">"):
            first = index
        elif lines[index].text.strip():
            break
    return first


def _introduction(lines: tuple[Line, ...], quote: int) -> int:
    """Return where "On Friday, Bob wrote:" begins: up to three lines that end in a colon before the quote."""
    last = quote - 1
    while last >= 0 and not lines[last].text.strip():
        last -= 1
    if last < 0 or not lines[last].text.rstrip().endswith(b":"):
        return quote
    first = last
    while first > 0 and last - first + 1 < _ATTRIBUTION_LINES and lines[first - 1].text.strip():
        first -= 1
    # Longer than an introduction is: these are the user's own words and the last line alone introduces the quote.
    is_long = first > 0 and bool(lines[first - 1].text.strip())
    return last if is_long else first


def wrapped(sentence: str, last_line: str, *, soft_break: str | None) -> list[str]:
    """Return the sentence in short lines and then `last_line`; `soft_break` ends a line that flows on (RFC 3676)."""
    lines = textwrap.wrap(sentence, WRAP_COLUMNS, break_long_words=False, break_on_hyphens=False)
    if soft_break is not None:
        lines[:-1] = [line + soft_break for line in lines[:-1]]
    return [*lines, last_line]


def inserted(content: bytes, at: int, lines: list[bytes], newline: bytes) -> bytes:
    """Return the lines as a paragraph of their own at `at`: blank lines around it, as far as they are missing."""
    before = content[:at]
    if not before or before.endswith((b"\n\n", b"\r\n\r\n")):
        lead = b""
    else:
        lead = newline if before.endswith(b"\n") else newline + newline
    ends_open = at == len(content) and not before.endswith(b"\n")
    tail = b"" if ends_open and before else newline
    gap = newline if at < len(content) else b""
    return lead + newline.join(lines) + tail + gap
