"""The message with its additions: surveyed once, spliced once for each copy.

Bytes are spliced and never serialised again, so that whatever was not meant to change cannot.  What to add is decided
elsewhere; where it can stand, and whether it can at all, is decided here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Final

from desktop.core import conversion, htmlpart, textpart
from desktop.core.charsets import codec_of
from desktop.core.charsets import read as read_text
from desktop.core.conversion import Conversion
from desktop.core.disclosure import AddedLine
from desktop.core.hiding import what_hides
from desktop.core.htmlpart import HtmlPart
from desktop.core.language import language_of
from desktop.core.mime import MalformedMimeError, Part, read_message
from desktop.core.policy import WhyNot
from desktop.core.screen import holds_inline_pgp, texts_of, untouchable, words_of
from desktop.core.tags import UnclosedError
from desktop.core.textpart import TextPart
from desktop.core.trackingheader import tracking_field
from desktop.core.transfer import Body, Edit, apply, read_body, write_body
from relay.wire.language import Language
from relay.wire.purpose import Purpose

# Rewriting may not delay mail noticeably, and nobody writes that much by hand.
MAX_WORDS_BYTES: Final = 300_000
# So much of a text is looked at for its language; a page's head may be long.
_START_BYTES: Final = 20_000
_HEAD_BYTES: Final = 2_000
_LANG: Final = re.compile(rb"<html\b[^>]*?\slang\s*=\s*[\"']?([A-Za-z-]{2,20})", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<(style|script|title)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The message as a whole stays as it is; `detail` is for a person who asks why, in plain English."""

    why: WhyNot
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What can be added to a message and where; `links` are its trackable destinations in order of appearance.

    Either an HTML part, with its text alternative where there is one, or a flowed text that becomes both.  `declared`
    is the language that the message names as its own.
    """

    raw: bytes = field(repr=False)
    newline: bytes
    links: tuple[bytes, ...]
    html: tuple[Part, HtmlPart] | None = None
    text: tuple[Part, TextPart] | None = None
    flowed: Conversion | None = None
    declared: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """What one copy gets: a line, and with the line of tracked mail a picture and tracked links for some destinations.

    `line` is that line, or a question, which comes with neither; without a line nothing at all is added.  `purposes`
    are those the line names, none in a question; where there is nothing to see of them, nothing is added either.
    """

    line: AddedLine | None
    picture_url: str | None = None
    link_urls: Mapping[bytes, str] = field(default_factory=dict)
    purposes: frozenset[Purpose] = frozenset()


class _RefusedError(Exception):
    def __init__(self, why: WhyNot, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(why=why, detail=detail)


def survey(raw: bytes, *, own_bases: frozenset[str] = frozenset(), convert_flowed: bool = True) -> Survey | Refusal:
    """Return what can be added to the message, or why nothing can; raises nothing, whatever the bytes are.

    Links to `own_bases`, the relay's, are left alone; without `convert_flowed` plain text of every kind stays as it is.
    """
    try:
        return _survey(raw, own_bases, convert_flowed)
    except _RefusedError as error:
        return error.refusal
    except MalformedMimeError as error:
        return Refusal(why=WhyNot.MALFORMED, detail=str(error))
    except UnclosedError:
        return Refusal(why=WhyNot.MALFORMED, detail="the HTML ends inside a tag, a comment or a script")


def _survey(raw: bytes, own_bases: frozenset[str], convert_flowed: bool) -> Survey:
    root = read_message(raw)
    found = untouchable(root)
    if found is not None:
        raise _RefusedError(*found)
    bodies = {part.start: _read_text(raw, part) for part in texts_of(root)}
    words = words_of(root)
    newline = b"\n" if raw[: raw.find(b"\n")][-1:] != b"\r" else b"\r\n"
    if words.html is not None:
        html = words.html, _survey_html(words.html, bodies[words.html.start], own_bases)
        text = None if words.text is None else (words.text, _survey_text(words.text, bodies[words.text.start]))
        return Survey(
            raw=raw,
            newline=newline,
            links=_destinations(html[1]),
            html=html,
            text=text,
            declared=_declared(root),
        )
    if words.text is None or (words.text is root and not bodies[root.start].content.strip()):
        raise _RefusedError(WhyNot.NO_BODY, "there is no text in it")
    if not _is_convertible(words.text, root) or not convert_flowed:
        raise _RefusedError(WhyNot.FIXED_LAYOUT, "plain text goes out as it is")
    plain = _survey_text(words.text, bodies[words.text.start])
    flowed = conversion.survey_flowed(words.text, plain, root=root, own_bases=own_bases)
    links = _destinations(flowed.html)
    return Survey(raw=raw, newline=newline, links=links, flowed=flowed, declared=_declared(root))


def _read_text(raw: bytes, part: Part) -> Body:
    if part.body_end - part.body_start > MAX_WORDS_BYTES:
        raise _RefusedError(WhyNot.TOO_LARGE, "a text of more than 300,000 octets")
    body = read_body(raw[part.body_start : part.body_end], part.transfer_encoding)
    if holds_inline_pgp(body.content, part.media_type):
        raise _RefusedError(WhyNot.INLINE_PGP, "it holds an OpenPGP message in its text")
    return body


def _survey_html(part: Part, body: Body, own_bases: frozenset[str]) -> HtmlPart:
    codec = codec_of(part.parameters.get("charset", ""))
    if codec is None or read_text(body.content, codec) is None:
        raise _RefusedError(WhyNot.UNDECODABLE_HTML, "the HTML does not decode in the charset it names")
    surveyed = htmlpart.survey_html(body, codec, own_bases)
    hiding = what_hides(body.content, surveyed.line_at)
    if hiding is not None:
        raise _RefusedError(WhyNot.LINE_NOT_WRITABLE, f"the line could not be seen: {hiding}")
    return surveyed


def _survey_text(part: Part, body: Body) -> TextPart:
    codec = codec_of(part.parameters.get("charset", ""))
    if codec is None or read_text(body.content, codec) is None:
        raise _RefusedError(WhyNot.UNDECODABLE_TEXT, "the text does not decode in the charset it names")
    return textpart.survey_text(body, codec, part)


def _is_convertible(text: Part, root: Part) -> bool:
    """Return whether the text is flowed, and the whole message or the first part with words of a multipart/mixed."""
    is_in_place = text is root or (root.media_type == "multipart/mixed" and text in root.children)
    return is_in_place and textpart.is_flowed(text)


def _destinations(html: HtmlPart) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(link.destination for link in html.links))


def _declared(root: Part) -> str:
    return next((field.value for field in root.fields if field.name == "content-language"), "")


def language_in(survey: Survey) -> Language | None:
    """Return the language of the user's own words, where it is clear; what they quote is not looked at."""
    text = survey.flowed.text if survey.flowed is not None else survey.text[1] if survey.text is not None else None
    if text is not None:
        return language_of(_start_of(text.body.content, text.line_at, text.codec), declared=survey.declared)
    assert survey.html is not None  # every survey has one of the three
    part, html = survey.html
    lang = _LANG.search(html.body.content, 0, _HEAD_BYTES)
    declared = survey.declared or ("" if lang is None else lang[1].decode("ascii"))
    codec = codec_of(part.parameters.get("charset", "")) or "ascii"
    shown = _MARKUP.sub(" ", _start_of(html.body.content, html.line_at, codec))
    return language_of(unescape(shown), declared=declared)


def _start_of(content: bytes, end: int, codec: str) -> str:
    return content[: min(end, _START_BYTES) or _START_BYTES].decode(codec, "replace")


def can_carry(survey: Survey, line: AddedLine | None) -> bool:
    """Return whether there is a line and the text part can spell it in its charset and encoding.

    A copy that cannot carry its line goes out untracked; a line that names the sender by address can always be carried.
    """
    text = survey.text[1] if survey.text is not None else None
    if survey.flowed is not None:
        text = survey.flowed.text
    return line is not None and (text is None or textpart.lines_of(text, line) is not None)


def splice(survey: Survey, additions: Additions) -> bytes:
    """Return the copy's bytes; without a line, or where it cannot be carried, the message's own.

    So whatever takes the line away takes the tracking with it.
    """
    line, purposes = additions.line, additions.purposes
    link_urls = {link: additions.link_urls[link] for link in survey.links if link in additions.link_urls}
    is_tracking = additions.picture_url is not None or bool(link_urls)
    if line is None or is_tracking is not bool(purposes) or not can_carry(survey, line):
        return survey.raw
    edits = sorted(_edits(survey, line, additions.picture_url, link_urls))
    if is_tracking:
        edits.insert(0, Edit(0, 0, tracking_field(purposes, line.url, survey.newline)))
    return apply(survey.raw, edits)


def _edits(survey: Survey, line: AddedLine, picture_url: str | None, link_urls: Mapping[bytes, str]) -> Iterator[Edit]:
    newline = survey.newline
    if survey.flowed is not None and picture_url is None and not link_urls:
        # Nothing here needs HTML, so the text stays one.
        part, text = survey.flowed.part, survey.flowed.text
        edits = textpart.edits_of(text, line, newline=newline)
        yield Edit(part.body_start, part.body_end, write_body(text.body, edits, newline=newline))
    elif survey.flowed is not None:
        yield conversion.edit_of(
            survey.flowed, survey.raw, picture_url=picture_url, link_urls=link_urls, line=line, newline=newline
        )
    if survey.html is not None:
        part, html = survey.html
        edits = htmlpart.edits_of(html, picture_url=picture_url, link_urls=link_urls, line=line, newline=newline)
        yield Edit(part.body_start, part.body_end, write_body(html.body, edits, newline=newline))
    if survey.text is not None:
        part, text = survey.text
        edits = textpart.edits_of(text, line, newline=newline)
        yield Edit(part.body_start, part.body_end, write_body(text.body, edits, newline=newline))
