"""What a message says of itself: its header fields, its facts, and the hash that recognises a second attempt.

Reading never fails: what cannot be read is left out, because bad mail has to be forwarded too.
"""

import email.errors
import email.header
import email.utils
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from desktop.core import transfer
from desktop.core.address import Mailbox, check_address
from desktop.core.errors import Malformed
from desktop.core.mime import HEADER_FIELD, MalformedMimeError, Part, read_message

_LINE: Final = re.compile(rb"[^\n]*+(?:\n|\Z)")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]+>")
# Made anew on every attempt (they hold the time of signing), while what they sign is hashed itself.
_SIGNATURE_TYPES: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderField:
    """A header field as people read it (unfolded, RFC 2047 decoded) and its place in the message, line end included."""

    name: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """Who wrote what to whom; missing or unreadable fields are empty or None."""

    subject: str
    from_: Mailbox | None
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    date: datetime | None


def headers_of(raw: bytes) -> tuple[HeaderField, ...]:
    """Return the message's header fields in order; lines that are none are passed over."""
    return tuple(
        HeaderField(name=name, value=decode_words(value), start=start, end=end)
        for name, value, start, end in _plain_fields(raw)
    )


def _plain_fields(raw: bytes) -> list[tuple[str, str, int, int]]:
    fields = []
    position = 0
    while position < len(raw) and raw[position : position + 1] != b"\n" and raw[position : position + 2] != b"\r\n":
        match = HEADER_FIELD.match(raw, position)
        if match is None:
            line = _LINE.match(raw, position)
            position = len(raw) if line is None else line.end()
            continue
        value = match[2].replace(b"\r", b"").replace(b"\n", b"").strip().decode("utf-8", "replace")
        fields.append((match[1].decode("ascii"), value, match.start(), match.end()))
        position = match.end()
    return fields


def decode_words(value: str) -> str:
    """Return the value with its encoded words (RFC 2047) decoded; what cannot be decoded stays as it is."""
    if "=?" not in value:
        return value
    try:
        return str(email.header.make_header(email.header.decode_header(value)))
    except (LookupError, UnicodeError, ValueError, email.errors.MessageError):
        return value


def message_facts(raw: bytes) -> MessageFacts:
    """Return the facts that the store keeps of a message."""
    values: dict[str, list[str]] = {}
    for name, value, _, _ in _plain_fields(raw):
        values.setdefault(name.lower(), []).append(value)

    def first(name: str) -> str:
        return values.get(name, [""])[0]

    senders = _mailboxes(values.get("from", []))
    return MessageFacts(
        subject=decode_words(first("subject")),
        from_=senders[0] if senders else None,
        to=_mailboxes(values.get("to", [])),
        cc=_mailboxes(values.get("cc", [])),
        message_id=_first_id(first("message-id")),
        in_reply_to=_first_id(first("in-reply-to")),
        references=tuple(_MESSAGE_ID.findall(first("references"))),
        date=_date(first("date")),
    )


def _mailboxes(values: list[str]) -> tuple[Mailbox, ...]:
    found = []
    for name, address in _addresses(tuple(values)):
        try:
            found.append(Mailbox(name=decode_words(name), address=check_address(address)))
        except Malformed:
            continue
    return tuple(found)


# The same few people write and are written to; reading their fields is most of the work on a header.
@lru_cache(maxsize=256)
def _addresses(values: tuple[str, ...]) -> list[tuple[str, str]]:
    try:
        return email.utils.getaddresses(values)
    except RecursionError:
        # The library reads comments within comments (RFC 5322 3.2.2) by recursion; nobody writes hundreds of them.
        return []


def _first_id(value: str) -> str:
    match = _MESSAGE_ID.search(value)
    return "" if match is None else match[0]


def _date(value: str) -> datetime | None:
    try:
        date = email.utils.parsedate_to_datetime(value)
        # RFC 5322 3.3: -0000 says UTC without a place.
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def content_hash(raw: bytes) -> bytes:
    """Return 32 octets that stay the same when the same mail is sent again.

    Covers From, Subject and the decoded content of every part; not Message-ID, Date, To, Cc, boundaries, transfer
    encodings or line ends, which mail programs make anew.
    """
    digest = hashlib.sha256()
    fields = {name.lower(): value for name, value, _, _ in reversed(_plain_fields(raw))}
    for name in ("from", "subject"):
        _add(digest, decode_words(fields.get(name, "")).encode("utf-8", "surrogateescape"))
    try:
        parts = [part for part in read_message(raw).walk() if not part.children]
    except MalformedMimeError:
        headers = _plain_fields(raw)
        _add(digest, raw[headers[-1][3] if headers else 0 :].replace(b"\r\n", b"\n"))
        return digest.digest()
    for part in parts:
        if part.media_type not in _SIGNATURE_TYPES:
            _add(digest, part.media_type.encode("utf-8", "surrogateescape"))
            _add(digest, part.parameters.get("name", "").encode("utf-8", "surrogateescape"))
            _add(digest, _content(raw, part))
    return digest.digest()


def _content(raw: bytes, part: Part) -> bytes:
    body = raw[part.body_start : part.body_end]
    try:
        content = transfer.read_body(body, part.transfer_encoding).content
    except MalformedMimeError:
        content = body
    return content.replace(b"\r\n", b"\n")


def _add(digest: "hashlib._Hash", content: bytes) -> None:
    digest.update(len(content).to_bytes(8, "big"))
    digest.update(content)
