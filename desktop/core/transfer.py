"""Bodies in their transfer encoding: what they say, and the same bytes with edits spliced in.

Quoted-printable is edited in its encoded form, so that every line an edit does not touch stays as it was; base64 has to
be encoded anew from end to end, in lines of the length it came with.
"""

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from desktop.core.mime import MalformedMimeError

_IDENTITY: Final = frozenset({"7bit", "8bit", "binary"})
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\s]*+(?:=\s*){0,2}+\Z")
# RFC 2045 6.7: an octet, or a soft line break, which transport may have padded; a last lone `=` breaks nothing.
_QP_ESCAPE: Final = re.compile(rb"=(?:([0-9A-Fa-f]{2})|[ \t]*\r?\n|\Z)")
_PADDED_BREAK: Final = re.compile(rb"=[ \t]+\r?\n")
_QP_LITERAL: Final = frozenset(range(0x21, 0x7F)) - {ord("=")} | {0x20, 0x09}
_QP_SPELLING: Final = tuple(bytes([octet]) if octet in _QP_LITERAL else b"=%02X" % octet for octet in range(256))
# As much as fits into a line beside the `=` of a soft break, no escape cut in two.
_QP_CHUNK: Final = re.compile(rb".{1,75}(?<!=)(?<!=[0-9A-F])")
QP_LINE_BYTES: Final = 76


class Edit(NamedTuple):
    """`replacement` takes the place of the content between two offsets."""

    start: int
    end: int
    replacement: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body as it came (`encoded`) and what it says (`content`).

    The two runs of starts pair offsets in the content with offsets in quoted-printable; other encodings need none.
    """

    encoded: bytes
    encoding: str
    content: bytes
    content_starts: tuple[int, ...] = ()
    encoded_starts: tuple[int, ...] = ()

    @property
    def is_identity(self) -> bool:
        """Whether the content's lines are the lines on the wire."""
        return self.encoding in _IDENTITY


def read_body(encoded: bytes, encoding: str) -> Body:
    """Return the body decoded; raise MalformedMimeError for an unknown encoding or broken base64."""
    if encoding in _IDENTITY:
        return Body(encoded=encoded, encoding=encoding, content=encoded)
    if encoding == "quoted-printable":
        return _read_quoted_printable(encoded)
    if encoding == "base64":
        return Body(encoded=encoded, encoding=encoding, content=_decode_base64(encoded))
    raise MalformedMimeError("an unknown transfer encoding")


def quick_content(encoded: bytes, encoding: str) -> bytes:
    """Return what the body says as far as a search needs it: quick, and empty for base64 that is broken."""
    if encoding == "quoted-printable":
        # The library takes white space that transport put behind a soft break for text.
        is_padded = b"= " in encoded or b"=\t" in encoded
        return binascii.a2b_qp(_PADDED_BREAK.sub(b"=\n", encoded) if is_padded else encoded)
    if encoding != "base64":
        return encoded
    try:
        return binascii.a2b_base64(encoded)
    except binascii.Error:
        return b""


def _decode_base64(encoded: bytes) -> bytes:
    if not _BASE64.match(encoded):
        raise MalformedMimeError("base64 with other signs in it")
    try:
        return binascii.a2b_base64(encoded)
    except binascii.Error as error:
        raise MalformedMimeError("base64 that ends early") from error


def _read_quoted_printable(encoded: bytes) -> Body:
    pieces: list[bytes] = []
    content_starts, encoded_starts = [0], [0]
    length = position = 0
    for match in _QP_ESCAPE.finditer(encoded):
        literal = encoded[position : match.start()]
        octet = b"" if match[1] is None else bytes.fromhex(match[1].decode("ascii"))
        pieces += (literal, octet)
        length += len(literal)
        position = match.end()
        if octet:
            content_starts.append(length)
            encoded_starts.append(match.start())
            length += 1
        content_starts.append(length)
        encoded_starts.append(position)
    pieces.append(encoded[position:])
    return Body(
        encoded=encoded,
        encoding="quoted-printable",
        content=b"".join(pieces),
        content_starts=tuple(content_starts),
        encoded_starts=tuple(encoded_starts),
    )


def apply(content: bytes, edits: Sequence[Edit]) -> bytes:
    """Return `content` with the edits made, copied once; they are in order and do not overlap."""
    view = memoryview(content)
    pieces: list[bytes | memoryview] = []
    position = 0
    for edit in edits:
        pieces += (view[position : edit.start], edit.replacement)
        position = edit.end
    pieces.append(view[position:])
    return b"".join(pieces)


def write_body(body: Body, edits: Sequence[Edit], *, newline: bytes) -> bytes:
    """Return the encoded body with `edits` made in its content; without edits it is the body as it came."""
    if not edits:
        return body.encoded
    if body.is_identity:
        return apply(body.content, edits)
    if body.encoding == "base64":
        return _encode_base64(apply(body.content, edits), like=body.encoded, newline=newline)
    return b"".join(_splice_quoted_printable(body, edits, newline))


def _encode_base64(content: bytes, *, like: bytes, newline: bytes) -> bytes:
    first_line, *others = like.split(b"\n", 1)
    width = len(first_line.rstrip())
    if not others or not others[0].strip() or not 0 < width <= 76 or width % 4:
        width = 76
    text = base64.b64encode(content)
    tail = like[len(like.rstrip()) :]
    return newline.join(text[start : start + width] for start in range(0, len(text), width)) + tail


def _splice_quoted_printable(body: Body, edits: Sequence[Edit], newline: bytes) -> Iterator[bytes]:
    encoded = body.encoded
    soft_break = b"=" + newline
    position = 0
    for edit in edits:
        start, end = (_encoded_offset(body, offset) for offset in (edit.start, edit.end))
        ends_in_space = encoded[start - 1 : start] in {b" ", b"\t"}
        if edit.replacement.startswith((b"\r\n", b"\n")) and not ends_in_space:
            yield encoded[position:start]
        else:
            yield from _up_to(encoded, position, start, soft_break)
        yield encode_quoted_printable(edit.replacement, newline=newline)
        ends_line = end >= len(encoded) or encoded.startswith((b"\r", b"\n"), end)
        if not ends_line and not edit.replacement.endswith(b"\n"):
            yield soft_break
        position = end
    yield encoded[position:]


def _encoded_offset(body: Body, offset: int) -> int:
    index = bisect_right(body.content_starts, offset) - 1
    return body.encoded_starts[index] + offset - body.content_starts[index]


def _up_to(encoded: bytes, position: int, start: int, soft_break: bytes) -> Iterator[bytes]:
    """Yield the encoded bytes before an edit and the soft break that lets it begin on a line of its own."""
    line_start = max(encoded.rfind(b"\n", position, start) + 1, position)
    if start - line_start >= QP_LINE_BYTES:
        # No room for the `=` of the break: the last octets move to the next line, an escape unbroken.
        cut = start - 3
        cut -= next((back for back in (1, 2) if encoded[cut - back : cut - back + 1] == b"="), 0)
        yield encoded[position:cut]
        yield soft_break
        position = line_start = cut
    yield encoded[position:start]
    if start > line_start:
        yield soft_break


def encode_quoted_printable(content: bytes, *, newline: bytes) -> bytes:
    """Return `content` in quoted-printable, its line ends as line ends, in lines of at most 76 octets."""
    return newline.join(_encode_line(line, newline) for line in re.split(rb"\r?\n", content))


def _encode_line(line: bytes, newline: bytes) -> bytes:
    spelled = b"".join([_QP_SPELLING[octet] for octet in line])
    if spelled.endswith((b" ", b"\t")):
        # RFC 2045 6.7 (3): white space at a line's end is not safe.
        spelled = spelled[:-1] + b"=%02X" % spelled[-1]
    return (b"=" + newline).join(_QP_CHUNK.findall(spelled))
