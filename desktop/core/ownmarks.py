"""Marks of our own that a message carries already, as in a quote: found whatever is around them, and taken out.

A quoted picture or tracked link belongs to an earlier copy, so whoever met it in the new mail would count as that
copy's recipient.  Only marks of this desktop's own channels are touched: the channel stands in every token.
"""

import base64
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from desktop.core.mime import MalformedMimeError, Part, read_message
from desktop.core.runs import BEGINNING, MAX_RUN_BYTES, Run, lengthened, packed, runs_in_html, runs_in_text
from desktop.core.screen import holds_inline_pgp, texts_of, untouchable
from desktop.core.tags import tag_at
from desktop.core.transfer import Edit, apply, quick_content, read_body, write_body
from relay.wire.token import BadTokenError, Token, TokenType, read
from relay.wire.urls import (
    BadUrlError,
    read_click_path,
    read_confirm_path,
    read_consent_url,
    read_open_path,
    read_stop_path,
)

# What stands before an address that another one only leads to: Gmail's picture proxy, SafeLinks, urldefense and others.
_LEADS_TO: Final = frozenset(b"=#_/?&")
_AFTER_URL: Final = b".,;:!?*"
# Wrapped once, wrapped twice; nobody goes on from there, and no program takes longer tags.
_UNQUOTINGS: Final = 2
_MAX_TAG_BYTES: Final = 16_384
_BRACKETS: Final = {b"<": b">", b"[": b"]", b"(": b")"}
# Loads nothing and leads nowhere, whatever attribute or style it stands in.
_NOTHING: Final = b"about:blank"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMarks:
    """How this desktop's marks are known: the bases and ids of its channels, earlier ones too."""

    bases: frozenset[str] = frozenset()
    channel_ids: frozenset[bytes] = frozenset()

    def __or__(self, other: "OwnMarks") -> "OwnMarks":
        """Return how the marks of both are known."""
        return OwnMarks(bases=self.bases | other.bases, channel_ids=self.channel_ids | other.channel_ids)


class _Mark(NamedTuple):
    """A mark's place in a content, with whatever address leads to it."""

    start: int
    end: int
    token: Token
    destination: bytes


def without_own_marks(raw: bytes, own: OwnMarks) -> bytes:
    """Return the message with own pictures out and own tracked links leading to their destinations; else `raw` itself.

    Questions and "I have read this" lead nowhere any more: whoever gets the new mail would answer for somebody else.
    Stop links stay: they count nothing, and whoever reads the line beside them may use them.  Messages that may not be
    touched stay, and in the others the embedded messages and the attached files.  Raises nothing.
    """
    try:
        return _cleaned(raw, own)
    except MalformedMimeError:
        return raw


def tokens_in(raw: bytes, own_bases: frozenset[str]) -> frozenset[bytes]:
    """Return the random ids of the tokens that a message's texts hold; none where it cannot be read."""
    own = OwnMarks(bases=own_bases)
    try:
        texts = [(part, read_body(_body(raw, part), part.transfer_encoding)) for part in texts_of(read_message(raw))]
    except MalformedMimeError:
        return frozenset()
    return frozenset(mark.token.random_id for part, body in texts for mark in _marks_in(part, body.content, own))


def _body(raw: bytes, part: Part) -> bytes:
    return raw[part.body_start : part.body_end]


def _cleaned(raw: bytes, own: OwnMarks) -> bytes:
    needles = _needles(own.channel_ids)
    if not needles:
        return raw
    root = read_message(raw)
    texts = texts_of(root)
    if not any(_could_hold(raw, part, needles) for part in texts) or untouchable(root) is not None:
        return raw
    bodies = [(part, read_body(_body(raw, part), part.transfer_encoding)) for part in texts]
    if any(holds_inline_pgp(body.content, part.media_type) for part, body in bodies):
        return raw
    newline = b"\n" if raw[: raw.find(b"\n")][-1:] != b"\r" else b"\r\n"
    edits = []
    for part, body in bodies:
        edits_of = _html_edits if part.media_type == "text/html" else _text_edits
        found = sorted(edits_of(body.content, _marks_in(part, body.content, own)))
        if found:
            edits.append(Edit(part.body_start, part.body_end, write_body(body, found, newline=newline)))
    return apply(raw, edits) if edits else raw


def _could_hold(raw: bytes, part: Part, needles: tuple[bytes, ...]) -> bool:
    """Return whether a mark may be in the text; quick, and no proof that one is."""
    content = quick_content(_body(raw, part), part.transfer_encoding)
    if any(needle in content for needle in needles):
        return True
    together = packed(content)
    return any(needle in together for needle in needles)


@lru_cache(maxsize=16)
def _needles(channel_ids: frozenset[bytes]) -> tuple[bytes, ...]:
    """Return what stands in every token of these channels, as base64url and as Proofpoint writes that.

    Octets 6 to 14 of a token, nine of the channel's id, are twelve characters of their own.
    """
    spelled = [base64.urlsafe_b64encode(channel_id[2:11]) for channel_id in sorted(channel_ids)]
    return tuple(dict.fromkeys([*spelled, *(_as_proofpoint(each) for each in spelled)]))


def _as_proofpoint(spelled: bytes) -> bytes:
    return spelled.replace(b"-", b"-2D").replace(b"_", b"-5F")


@lru_cache(maxsize=16)
def _urls(bases: frozenset[str]) -> re.Pattern[bytes]:
    """Return what finds an own URL that is spelled as we spell it; its one group is the path."""
    # A relay's front may lead from http to https.
    hosts = b"|".join(re.escape(base.partition(":")[2].encode()) for base in sorted(bases))
    paths = (
        rb"/(?:open/[\w-]{72}\.gif|click/[\w-]{72}/[\w-]{1,2000}/go|stop/[\w-]{72}/me"
        rb"|consent/[\w-]{72}/me\?by=[\w-]{1,200}\.me|confirm/[\w-]{72}/read)"
    )
    return re.compile(rb"(?i:(?:https?:)?(?:" + hosts + rb"))(" + paths + rb")")


def _marks_in(part: Part, content: bytes, own: OwnMarks) -> Iterator[_Mark]:
    """Yield the own marks in order; an address that leads to one is one mark, as long as it is."""
    if not own.bases:
        return
    is_html = part.media_type == "text/html"
    position = 0
    for run in runs_in_html(content) if is_html else runs_in_text(content):
        if run.at(0) < position:
            continue
        marks = _marks_of(run, own)
        if not marks and not is_html:
            marks = next(filter(None, (_marks_of(longer, own) for longer in lengthened(content, run))), [])
        for mark in marks:
            position = mark.end
            yield mark


def _marks_of(run: Run, own: OwnMarks) -> list[_Mark]:
    needles = _needles(own.channel_ids)
    if needles and not any(needle in run.octets for needle in needles):
        return []
    pattern = _urls(own.bases)
    direct: list[_Mark] = []
    seen = 0
    for found in pattern.finditer(run.octets):
        mark = _mark(found[1], own)
        if mark is None:
            continue
        if found.start() > 0 and run.octets[found.start() - 1] in _LEADS_TO:
            # What leads to it begins behind the last own address in the row.
            beginning = BEGINNING.search(run.octets, seen)
            assert beginning is not None  # at the latest that of the own address
            return [*direct, _Mark(run.at(beginning.start()), _end(run), *mark)]
        seen = found.end()
        direct.append(_Mark(run.at(found.start()), run.at(found.end()), *mark))
    if direct or len(run.octets) > MAX_RUN_BYTES:
        return direct
    found_inside = (_mark(found[1], own) for reading in _readings(run.octets) for found in pattern.finditer(reading))
    wrapped = next((mark for mark in found_inside if mark is not None), None)
    return [] if wrapped is None else [_Mark(run.at(0), _end(run), *wrapped)]


def _end(run: Run) -> int:
    return run.at(len(run.octets.rstrip(_AFTER_URL)))


def _readings(run: bytes) -> Iterator[bytes]:
    """Yield what an address may carry inside: percent-encoded, twice so, or as Proofpoint's urldefense spells it."""
    yield unquote_to_bytes(run.replace(b"-", b"%").replace(b"_", b"/"))
    for _ in range(_UNQUOTINGS):
        run = unquote_to_bytes(run)
        yield run


def _mark(path: bytes, own: OwnMarks) -> tuple[Token, bytes] | None:
    """Return the token and the destination of an own URL's path, or None where it is not of our making."""
    kind = TokenType[path.split(b"/", 2)[1].decode("ascii").upper()]
    try:
        text, destination = _read_path(kind, path.decode("ascii"))
        token = read(text)
    except (BadUrlError, BadTokenError):
        return None
    is_own = token.type is kind and (not own.channel_ids or token.channel_id in own.channel_ids)
    return (token, destination) if is_own else None


def _read_path(kind: TokenType, path: str) -> tuple[str, bytes]:
    if kind is TokenType.CLICK:
        return read_click_path(path)
    if kind is TokenType.CONSENT:
        text, _ = read_consent_url(*path.split("?", 1))
        return text, b""
    readers = {TokenType.OPEN: read_open_path, TokenType.STOP: read_stop_path, TokenType.CONFIRM: read_confirm_path}
    return readers[kind](path), b""


def _text_edits(content: bytes, marks: Iterator[_Mark]) -> Iterator[Edit]:
    for mark in marks:
        if mark.token.type is TokenType.CLICK:
            yield Edit(mark.start, mark.end, mark.destination)
        elif mark.token.type is not TokenType.STOP:
            yield Edit(*_with_surroundings(content, mark.start, mark.end), b"")


def _with_surroundings(content: bytes, start: int, end: int) -> tuple[int, int]:
    """Return the place with the brackets around it and the spaces it would leave at a line's end.

    A space that ends a line of flowed text would join the next one to it (RFC 3676 4.1).
    """
    if _BRACKETS.get(content[start - 1 : start]) == content[end : end + 1] != b"":
        start, end = start - 1, end + 1
    if content[end : end + 1] in {b"", b"\r", b"\n"}:
        start = len(content[:start].rstrip(b" \t"))
    return start, end


def _html_edits(content: bytes, marks: Iterator[_Mark]) -> Iterator[Edit]:
    position = 0
    for mark in marks:
        if mark.start < position or mark.token.type is TokenType.STOP:
            continue
        start, position, replacement = mark.start, mark.end, _NOTHING
        if mark.token.type is TokenType.CLICK:
            replacement = html.escape(mark.destination.decode("ascii")).encode("ascii")
        else:
            around = max(mark.start - _MAX_TAG_BYTES, 0), mark.end + _MAX_TAG_BYTES
            tag = tag_at(content, content.rfind(b"<", around[0], mark.start), around[1])
            if tag is not None and tag.name == b"img" and tag.end > mark.start:
                start, position, replacement = tag.start, tag.end, b""
        yield Edit(start, position, replacement)
