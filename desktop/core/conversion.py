"""Flowed text becomes an alternative: its own Content-* lines move inside, an HTML rendering follows.

Many mail programs send simple HTML as flowed text alone, which has no place for a picture.  The text stays as it was
but for the visible line, and all other headers stay where they were.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from desktop.core import charsets, flowed, htmlpart, textpart
from desktop.core.disclosure import AddedLine
from desktop.core.htmlpart import HtmlPart
from desktop.core.markup import CLIPPED_ABOVE_BYTES
from desktop.core.mime import Field, Part
from desktop.core.textpart import TextPart
from desktop.core.transfer import Body, Edit, apply, encode_quoted_printable, write_body


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """A flowed text that can become an alternative: the part as it is and the two parts it will hold."""

    part: Part
    boundary: str
    text: TextPart
    html: HtmlPart


def survey_flowed(part: Part, text: TextPart, *, root: Part, own_bases: frozenset[str]) -> Conversion:
    """Return the conversion of a flowed text that its charset decodes."""
    content = charsets.read(text.body.content, text.codec)
    assert content is not None  # the caller has seen that it can be read
    rendering = flowed.rendered(content, delete_space=textpart.deletes_space(part), line_index=text.line_index)
    # Edited as it is and encoded afterwards, so it only says here what it will be encoded in.
    body = Body(encoded=b"", encoding="quoted-printable", content=rendering.page)
    html = htmlpart.survey_html(body, "utf-8", own_bases)
    is_clipped = len(rendering.page) > CLIPPED_ABOVE_BYTES
    outer = [each.parameters["boundary"] for each in root.walk() if "boundary" in each.parameters]
    return Conversion(
        part=part,
        boundary=_boundary(text.body.encoded, outer),
        text=text,
        html=HtmlPart(
            body=body,
            links=html.links,
            line_at=html.line_at if is_clipped else rendering.line_at,
        ),
    )


def _boundary(text: bytes, outer: list[str]) -> str:
    """Return a boundary, the same for the same text, that neither begins with another nor another with it.

    It is a hash of the text, so the text cannot hold it.
    """
    for number in count():
        boundary = hashlib.sha256(b"%d\n" % number + text).hexdigest()[:32]
        if not any(boundary.startswith(other) or other.startswith(boundary) for other in outer):
            return boundary
    raise AssertionError("unreachable: count() does not end")


def edit_of(
    conversion: Conversion,
    raw: bytes,
    *,
    picture_url: str | None,
    link_urls: Mapping[bytes, str],
    line: AddedLine,
    newline: bytes,
) -> Edit:
    """Return the one edit of the message that puts the alternative in the text's place."""
    part, text, html = conversion.part, conversion.text, conversion.html
    own = [field for field in part.fields if field.name.startswith("content-")]
    delimiter = b"--" + conversion.boundary.encode("ascii")
    text_body = write_body(text.body, textpart.edits_of(text, line, newline=newline), newline=newline)
    # The rendering is ours and has plain line feeds until it is encoded.
    html_edits = htmlpart.edits_of(html, picture_url=picture_url, link_urls=link_urls, line=line, newline=b"\n")
    pieces = [
        *_headers(conversion, raw, own, newline),
        newline,
        delimiter,
        newline,
        *(_whole_line(raw, field, newline) for field in own),
        newline,
        text_body,
        newline,
        delimiter,
        newline,
        b"Content-Type: text/html; charset=utf-8",
        newline,
        b"Content-Transfer-Encoding: quoted-printable",
        newline,
        newline,
        encode_quoted_printable(apply(html.body.content, html_edits), newline=newline),
        newline,
        delimiter,
        b"--",
        newline,
    ]
    return Edit(part.start, part.body_end, b"".join(pieces))


def _headers(conversion: Conversion, raw: bytes, own: list[Field], newline: bytes) -> Iterator[bytes]:
    part = conversion.part
    for field in part.fields:
        if field is own[0]:
            yield b"Content-Type: multipart/alternative;" + newline
            yield b' boundary="' + conversion.boundary.encode("ascii") + b'"' + newline
            if part.transfer_encoding in {"8bit", "binary"}:
                # RFC 2045 6.4: a multipart says so when a part inside it is 8bit or binary.
                yield b"Content-Transfer-Encoding: " + part.transfer_encoding.encode("ascii") + newline
        if field not in own:
            yield _whole_line(raw, field, newline)
    if part.start == 0 and all(field.name != "mime-version" for field in part.fields):
        yield b"MIME-Version: 1.0" + newline


def _whole_line(raw: bytes, field: Field, newline: bytes) -> bytes:
    line = raw[field.start : field.end]
    return line if line.endswith(b"\n") else line + newline
