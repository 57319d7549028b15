"""A message as byte ranges: header fields, parts and bodies, each with its place in the original bytes.

Nothing is ever put together again from here; the ranges only say where to splice.  What mail programs could read in two
ways is refused, because an edit in a place we misread could damage the mail.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_DEPTH: Final = 20
MAX_PARTS: Final = 500
# RFC 5322 2.2 and 2.2.3: a name of printable ASCII, a colon, and lines that go on with white space.
HEADER_FIELD: Final = re.compile(rb"([!-9;-~]+)[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_BLANK_LINE: Final = re.compile(rb"\r?\n|\Z")
_MEDIA_TYPE: Final = re.compile(r"([\w!#$&^.+-]+/[\w!#$&^.+-]+)\s*(?=[;(]|\Z)", re.ASCII)
_PARAMETER: Final = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^;\s"]*+))', re.DOTALL)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)
_FIRST_WORD: Final = re.compile(r"[^\s;(]*")
_DELIMITER_TAIL: Final = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")
# RFC 2045 6.4: what a multipart may say of its own encoding.
_TRANSPARENT: Final = frozenset({"7bit", "8bit", "binary"})
# Fields that decide how a part is read: said twice, programs disagree on which one holds.
_DECISIVE_FIELDS: Final = frozenset({"content-type", "content-transfer-encoding", "content-disposition"})


class MalformedMimeError(ValueError):
    """The structure has no single reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A header field: `name` in lower case, `value` unfolded; `start` to `end` is its place, line end included."""

    name: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part and its place in the message: headers from `start`, the body from `body_start` to `body_end`."""

    fields: tuple[Field, ...]
    start: int
    body_start: int
    body_end: int
    media_type: str
    parameters: dict[str, str]
    transfer_encoding: str
    disposition: str
    is_named: bool
    children: tuple["Part", ...]

    @property
    def is_attachment(self) -> bool:
        """Whether it is a file of its own: it says so, or it bears a file's name (RFC 2183 2.1 and 2.3)."""
        return self.disposition == "attachment" or self.is_named

    def walk(self) -> Iterator["Part"]:
        """Yield the part itself and then every part inside it, in the message's order."""
        yield self
        for child in self.children:
            yield from child.walk()


def read_fields(raw: bytes, start: int, end: int) -> tuple[tuple[Field, ...], int]:
    """Return the header fields from `start` on and where the body begins; raise MalformedMimeError at another line."""
    fields = []
    position = start
    while True:
        match = HEADER_FIELD.match(raw, position, end)
        if match is None:
            break
        fields.append(_field(match))
        position = match.end()
    blank = _BLANK_LINE.match(raw, position, end)
    if blank is None:
        raise MalformedMimeError("a line among the headers is no header field")
    return tuple(fields), blank.end()


def _field(match: re.Match[bytes]) -> Field:
    value = match[2].replace(b"\r\n", b"").replace(b"\n", b"")
    if b"\r" in value.removesuffix(b"\r") or b"\x00" in value:
        raise MalformedMimeError("a control character in a header field")
    return Field(
        name=match[1].decode("ascii").lower(),
        value=value.decode("utf-8", "surrogateescape").strip(),
        start=match.start(),
        end=match.end(),
    )


def read_message(raw: bytes) -> Part:
    """Return the message's tree of parts; raise MalformedMimeError where the structure has no single reading.

    An embedded message (message/rfc822) is a leaf: it is somebody else's mail.
    """
    part = _read_part(raw, 0, len(raw), default_type="text/plain", depth=0)
    if not part.fields:
        raise MalformedMimeError("no headers")
    if sum(1 for _ in part.walk()) > MAX_PARTS:
        raise MalformedMimeError("too many parts")
    return part


def _read_part(raw: bytes, start: int, end: int, *, default_type: str, depth: int) -> Part:
    fields, body_start = read_fields(raw, start, end)
    decisive = _decisive(fields)
    media_type, parameters = read_content_type(decisive.get("content-type", default_type))
    transfer_encoding = _first_word(decisive.get("content-transfer-encoding", "7bit"))
    disposition = decisive.get("content-disposition", "")
    children: tuple[Part, ...] = ()
    if media_type.startswith("multipart/"):
        if depth == MAX_DEPTH:
            raise MalformedMimeError("parts nested too deeply")
        if transfer_encoding not in _TRANSPARENT:
            raise MalformedMimeError("an encoded multipart")
        inner_type = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
        children = tuple(
            _read_part(raw, child_start, child_end, default_type=inner_type, depth=depth + 1)
            for child_start, child_end in _split(raw, body_start, end, parameters.get("boundary", ""))
        )
    return Part(
        fields=fields,
        start=start,
        body_start=body_start,
        body_end=end,
        media_type=media_type,
        parameters=parameters,
        transfer_encoding=transfer_encoding,
        disposition=_first_word(disposition),
        is_named="name" in parameters or "filename" in disposition.lower(),
        children=children,
    )


def _decisive(fields: tuple[Field, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in fields:
        if field.name in _DECISIVE_FIELDS:
            if field.name in found:
                raise MalformedMimeError(f"{field.name} twice")
            found[field.name] = field.value
    return found


def _first_word(value: str) -> str:
    match = _FIRST_WORD.match(value)
    return "" if match is None else match[0].lower()


def read_content_type(value: str) -> tuple[str, dict[str, str]]:
    """Return the media type in lower case and its parameters; raise MalformedMimeError when one is said twice.

    Continued and encoded parameters (RFC 2231) keep their starred names: nothing that decides here is spelled so.
    """
    match = _MEDIA_TYPE.match(value)
    if match is None:
        raise MalformedMimeError("a Content-Type that is none")
    parameters: dict[str, str] = {}
    for name, quoted, plain in _PARAMETER.findall(value, match.end()):
        if name.lower() in parameters:
            raise MalformedMimeError(f"the parameter {name.lower()} twice")
        parameters[name.lower()] = _QUOTED_PAIR.sub(r"\1", quoted) or plain
    return match[1].lower(), parameters


def _split(raw: bytes, start: int, end: int, boundary: str) -> Iterator[tuple[int, int]]:
    """Yield the place of each part between the delimiters (RFC 2046 5.1.1); the line end before one belongs to it."""
    if not boundary:
        raise MalformedMimeError("a multipart without a boundary")
    delimiter = b"\n--" + boundary.encode("utf-8", "surrogateescape")
    part_start = None
    position = start - 1  # the line end before the body may be the first delimiter's
    while True:
        found = raw.find(delimiter, position, end)
        if found < 0:
            raise MalformedMimeError("a multipart that does not end")
        tail = _DELIMITER_TAIL.match(raw, found + len(delimiter), end)
        if tail is None:
            position = found + len(delimiter)
            continue
        if part_start is not None:
            line_end = found - 1 if raw[found - 1 : found] == b"\r" else found
            yield part_start, max(part_start, line_end)
        if tail[1]:
            break
        part_start = tail.end()
        position = tail.end() - 1
    if part_start is None:
        raise MalformedMimeError("a multipart without parts")
