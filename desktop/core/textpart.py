"""A plain text body and the visible line in it, in the text's own charset and flow."""

from dataclasses import dataclass
from typing import Final

from desktop.core import charsets, plaintext
from desktop.core.disclosure import AddedLine
from desktop.core.mime import Part
from desktop.core.transfer import Body, Edit

# RFC 3676 4.4: what would be read as a quote, as stuffing or as an mbox separator is stuffed with a space.
_STUFFED: Final = (" ", ">", "From ")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    """A text body surveyed: `line_index` is the line before which the visible line stands, `line_at` its offset.

    `soft_break` ends a line that flows on into the next; None where every line end stands.
    """

    body: Body
    codec: str
    line_index: int
    line_at: int
    soft_break: str | None


def survey_text(body: Body, codec: str, part: Part) -> TextPart:
    """Return where the visible line can stand in a text whose charset is known."""
    lines = plaintext.lines_of(body.content)
    index = plaintext.line_index(lines)
    return TextPart(
        body=body,
        codec=codec,
        line_index=index,
        line_at=lines[index].start if index < len(lines) else len(body.content),
        soft_break=_soft_break(part) if is_flowed(part) else None,
    )


def is_flowed(part: Part) -> bool:
    """Return whether the text says that its lines may be wrapped anew (RFC 3676 4)."""
    return part.parameters.get("format", "").lower() == "flowed"


def deletes_space(part: Part) -> bool:
    """Return whether the space of a soft line break is no part of the text (RFC 3676 4, DelSp)."""
    return part.parameters.get("delsp", "").lower() == "yes"


def _soft_break(part: Part) -> str:
    return "  " if deletes_space(part) else " "


def lines_of(part: TextPart, line: AddedLine) -> list[bytes] | None:
    """Return the visible line's lines in the text's charset, or None where charset or encoding cannot spell them."""
    lines = plaintext.wrapped(line.sentence, f"{line.link_text}: {line.url}", soft_break=part.soft_break)
    if part.soft_break is not None:
        lines = [f" {text}" if text.startswith(_STUFFED) else text for text in lines]
    # RFC 2045 2.7: a body that says 7bit holds ASCII alone, whatever its charset could spell.
    codec = "ascii" if part.body.encoding == "7bit" else part.codec
    spelled = [charsets.spelled(text, codec) for text in lines]
    return None if None in spelled else [text for text in spelled if text is not None]


def edits_of(part: TextPart, line: AddedLine, *, newline: bytes) -> list[Edit]:
    """Return the one edit that inserts the visible line; raise ValueError where the charset cannot spell it."""
    lines = lines_of(part, line)
    if lines is None:
        raise ValueError("the text's charset cannot spell the line")
    content = part.body.content
    inserted = plaintext.inserted(content, part.line_at, lines, newline_of(content, newline))
    return [Edit(part.line_at, part.line_at, inserted)]


def newline_of(content: bytes, newline: bytes) -> bytes:
    """Return the line end that a text's content has, which may not be the message's own."""
    return b"\n" if b"\n" in content and b"\r\n" not in content else newline
