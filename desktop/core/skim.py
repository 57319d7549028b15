"""A stranger's message read as far as it goes: its header fields and its parts, decoded.

Where `core.mime` refuses what has two readings, because edits must hit the right place, this takes the likelier one:
nothing is put back together from here, and a message cut off by a partial fetch still has its first parts.  Every pass
is linear in the octets, whatever they are.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from desktop.core import charsets
from desktop.core.mime import HEADER_FIELD, MalformedMimeError, read_content_type
from desktop.core.parse import MessageFacts, decode_words, message_facts

MAX_DEPTH: Final = 20
MAX_LEAVES: Final = 100
MAX_FIELDS: Final = 1_000
# Longer than any honest field but References, which RFC 5322 lets grow.
_MAX_VALUE: Final = 4_000
_MAX_REFERENCES: Final = 32_000
# email.utils reads a comment inside a comment by calling itself.
_MAX_COMMENTS: Final = 20
_FACTS: Final = ("subject", "from", "to", "cc", "message-id", "in-reply-to", "references", "date")
_LINE: Final = re.compile(rb"[^\n]*+(?:\n|\Z)")
_BLANK_LINE: Final = re.compile(rb"\r?\n")
_MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
_NOT_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_BOUNDARY_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Head:
    """Header fields by their names in lower case, each value unfolded, cut and not decoded."""

    values: dict[str, tuple[str, ...]]

    def first(self, name: str) -> str:
        """Return the first value of the field, empty where there is none."""
        return self.values.get(name, ("",))[0]

    def has(self, name: str) -> bool:
        """Return whether the field is there at all."""
        return name in self.values

    def words(self, name: str) -> str:
        """Return the first value with its encoded words (RFC 2047) read."""
        return decode_words(self.first(name))

    def content_type(self) -> tuple[str, Mapping[str, str]]:
        """Return media type and parameters; what is missing or unreadable is text/plain."""
        return _content_type(self.first("content-type"))

    def facts(self) -> MessageFacts:
        """Return the facts of these fields, odd address lists left out."""
        lines = []
        for name in _FACTS:
            for value in self.values.get(name, ()):
                is_odd = name in {"from", "to", "cc", "date"} and value.count("(") > _MAX_COMMENTS
                lines.append(f"{name}: {value.replace('(', ' ') if is_odd else value}\r\n")
        return message_facts("".join(lines).encode("utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A part that holds no parts: its type, and its content without the transfer encoding."""

    media_type: str
    parameters: Mapping[str, str]
    content: bytes
    is_attachment: bool = False

    @property
    def text(self) -> str:
        """The content read in its charset; octets that mean nothing there are replaced."""
        return _text(self.content, self.parameters.get("charset", ""))


def read_head(raw: bytes, *, only: frozenset[str] | None = None) -> tuple[Head, int]:
    """Return the header fields and where the body begins; lines among them that are no fields are passed over."""
    values: dict[str, list[str]] = {}
    position = count = 0
    while position < len(raw):
        blank = _BLANK_LINE.match(raw, position)
        if blank is not None:
            position = blank.end()
            break
        match = HEADER_FIELD.match(raw, position)
        if match is None:
            line = _LINE.match(raw, position)
            position = len(raw) if line is None else line.end()
            continue
        position = match.end()
        name = match[1].decode("ascii").lower()
        count += 1
        if count <= MAX_FIELDS and (only is None or name in only):
            values.setdefault(name, []).append(_value(match[2], name))
    return Head({name: tuple(found) for name, found in values.items()}), position


def _value(octets: bytes, name: str) -> str:
    limit = _MAX_REFERENCES if name == "references" else _MAX_VALUE
    plain = octets[: 2 * limit].translate(None, b"\r\n\x00").strip()[:limit]
    return plain.decode("utf-8", "replace")


@lru_cache(maxsize=64)
def _content_type(value: str) -> tuple[str, Mapping[str, str]]:
    if not value:
        return "text/plain", {}
    try:
        return read_content_type(value)
    except MalformedMimeError:
        match = _MEDIA_TYPE.match(value)
        return ("text/plain" if match is None else match[0].lower()), {}


def leaves(raw: bytes, head: Head, body_start: int) -> tuple[Leaf, ...]:
    """Return the parts that hold no parts, in order; an embedded message is one of them."""
    return tuple(_walk(raw, head, body_start))


def _walk(raw: bytes, head: Head, body_start: int) -> Iterator[Leaf]:
    """Yield the leaves in one pass over the delimiter lines, whichever multipart they belong to."""
    open_boundaries: list[bytes] = []
    found = 0
    part: Head | None = head
    start = body_start
    position = start - 1  # the line end before the body may be the first delimiter's
    while found < MAX_LEAVES:
        if part is not None and (boundary := _boundary(part, raw, start)) and len(open_boundaries) < MAX_DEPTH:
            open_boundaries.append(boundary)
            part = None
        line_start, line_end = _next_delimiter(raw, position, open_boundaries)
        if part is not None:
            found += 1
            yield _leaf(part, raw[start:line_start])
        if line_end == 0:
            return
        line = raw[line_start + 2 : line_end].strip()
        is_close = line not in open_boundaries
        name = line.removesuffix(b"--") if is_close else line
        del open_boundaries[open_boundaries.index(name) + (0 if is_close else 1) :]
        position = line_end - 1
        if is_close:
            part = None
        else:
            part, start = _part_head(raw, line_end)
            position = start - 1


def _boundary(part: Head, raw: bytes, start: int) -> bytes:
    media_type, parameters = part.content_type()
    if not media_type.startswith("multipart/"):
        return b""
    named = parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
    if named:
        return named[:_BOUNDARY_MAX]
    # RFC 2231 spellings and types said twice: the first delimiter line says it too.
    line = _LINE.match(raw, start)
    first = b"" if line is None else line[0].strip()
    return first[2 : _BOUNDARY_MAX + 2] if first.startswith(b"--") else b""


def _next_delimiter(raw: bytes, position: int, boundaries: list[bytes]) -> tuple[int, int]:
    """Return the place of the next delimiter line; its end is 0 where none follows."""
    known = {name for boundary in boundaries for name in (boundary, boundary + b"--")}
    while known:
        found = raw.find(b"\n--", max(position, 0))
        if found < 0:
            break
        end = raw.find(b"\n", found + 1)
        end = len(raw) if end < 0 else end + 1
        if end - found <= 2 * _BOUNDARY_MAX and raw[found + 3 : end].strip() in known:
            return found + 1, end
        position = end - 1
    return len(raw), 0


def _part_head(raw: bytes, start: int) -> tuple[Head, int]:
    """Return a part's header fields and where its body begins: after the blank line, or where the fields end."""
    values: dict[str, tuple[str, ...]] = {}
    position = start
    while (match := HEADER_FIELD.match(raw, position)) is not None:
        name = match[1].decode("ascii").lower()
        values.setdefault(name, (_value(match[2], name),))
        position = match.end()
    blank = _BLANK_LINE.match(raw, position)
    return Head(values), position if blank is None else blank.end()


def _leaf(part: Head, encoded: bytes) -> Leaf:
    media_type, parameters = part.content_type()
    encoding = part.first("content-transfer-encoding").split(";")[0].strip().lower()
    disposition = part.first("content-disposition").lower()
    return Leaf(
        media_type=media_type,
        parameters=parameters,
        content=_decoded(encoded, encoding),
        is_attachment=disposition.startswith("attachment") or "filename" in disposition or "name" in parameters,
    )


def _decoded(encoded: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return binascii.a2b_qp(encoded)
    if encoding == "base64":
        signs = encoded.translate(None, _NOT_BASE64)
        whole = len(signs) // 4 * 4
        tail = signs[whole:] if len(signs) - whole > 1 else b""
        return binascii.a2b_base64(signs[:whole] + tail.ljust(4, b"=") if tail else signs[:whole])
    return encoded


def _text(content: bytes, charset: str) -> str:
    codec = charsets.codec_of(charset) or "utf-8"
    if codec not in {"ascii", "utf-8"}:
        return content.decode(codec, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        # A cut message may end inside a sign; what else is no UTF-8 is Latin-1 in its Windows spelling.
        return content.decode("utf-8" if error.reason == "unexpected end of data" else "cp1252", "replace")
