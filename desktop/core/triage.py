"""What an incoming mail is, read out of its octets: the one door of the reading modules.

The order decides: reports say what they are (receipts, delivery reports), then bounces in words, calendar answers, and
last automatic answers, mail for many, and mail.  Only the fields of HEADER_FIELDS are looked at, so that a mail reads
the same whether they alone or all fields were fetched; and no body is looked at that `needs_body` did not ask for.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from desktop.core import autoreply
from desktop.core.address import Mailbox
from desktop.core.arrival import Arrival, ArrivalKind
from desktop.core.owntext import body_text, own_words
from desktop.core.parse import MessageFacts
from desktop.core.returning import return_date
from desktop.core.skim import Head, leaves, read_head
from desktop.core.stranger import plain

MAX_HEAD_BYTES: Final = 65_536
MAX_BODY_BYTES: Final = 131_072
HEADER_FIELDS: Final[tuple[str, ...]] = (
    "From",
    "Sender",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Class",
    "Disposition-Notification-To",
    "X-Failed-Recipients",
    "X-MS-Exchange-Message-Is-Ndr",
    "X-MS-Exchange-Calendar-Originator-Id",
    *autoreply.HEADER_FIELDS,
)
_READ: Final = frozenset(name.lower() for name in HEADER_FIELDS)
_NO_ID: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]")
_ID_MAX: Final = 998


def needs_body(header: bytes) -> bool:
    """Return whether the head of the body is needed to tell what the mail is; most mail is told by its fields."""
    head, _ = read_head(header[:MAX_HEAD_BYTES], only=_READ)
    return _needs_body(head)


def _needs_body(head: Head) -> bool:
    media_type, _ = head.content_type()
    return media_type == "multipart/report" or autoreply.read_signs(head).needs_body


def read_arrival(raw: bytes, *, received_at: datetime) -> Arrival:
    """Return what the mail is; `raw` is its header, or header and body, and either may be cut off.

    It never raises on bad mail.  `received_at` is aware, and relative days ("back on Monday") count from its date.
    """
    end = _head_end(raw)
    head, _ = read_head(raw[: min(end, MAX_HEAD_BYTES)], only=_READ)
    facts = _fit(head.facts())
    at = received_at.astimezone(UTC)
    signs = autoreply.read_signs(head)
    parts = leaves(raw[end : end + MAX_BODY_BYTES], head, 0) if _needs_body(head) else ()
    media_type, parameters = head.content_type()
    about = tuple(dict.fromkeys(name for name in (facts.in_reply_to, *reversed(facts.references)) if name))
    if media_type == "multipart/report":
        kind = {"disposition-notification": ArrivalKind.RECEIPT}.get(
            parameters.get("report-type", "").lower(), ArrivalKind.BOUNCE
        )
        return Arrival(kind=kind, facts=facts, at=at, about_ids=about)
    text = body_text(parts)
    answer = autoreply.decide(signs, facts.subject, text)
    if answer.kind is not ArrivalKind.AUTO_REPLY:
        return Arrival(kind=answer.kind, facts=facts, at=at, clues=answer.clues)
    back = return_date(facts.subject, own_words(text), received_on=received_at.date()) if answer.is_away else None
    return Arrival(
        kind=answer.kind,
        facts=facts,
        at=at,
        clues=answer.clues,
        is_away=answer.is_away,
        returns_on=back,
        about_ids=about,
    )


def _head_end(raw: bytes) -> int:
    """Return where the body begins, or the length where no blank line ends the header."""
    if raw.startswith((b"\n", b"\r\n")):
        return raw.index(b"\n") + 1
    found = [place + len(end) for end in (b"\n\n", b"\n\r\n") if (place := raw.find(end)) >= 0]
    return min(found, default=len(raw))


def _fit(facts: MessageFacts) -> MessageFacts:
    """Return the facts with a stranger's words made plain and names left out that are no Message-IDs."""

    def mailbox(found: Mailbox) -> Mailbox:
        return Mailbox(name=plain(found.name), address=found.address)

    return replace(
        facts,
        subject=plain(facts.subject, 998),
        from_=None if facts.from_ is None else mailbox(facts.from_),
        to=tuple(map(mailbox, facts.to)),
        cc=tuple(map(mailbox, facts.cc)),
        message_id=facts.message_id if _is_id(facts.message_id) else "",
        in_reply_to=facts.in_reply_to if _is_id(facts.in_reply_to) else "",
        references=tuple(filter(_is_id, facts.references)),
    )


def _is_id(name: str) -> bool:
    return len(name) <= _ID_MAX and not _NO_ID.search(name)


def is_own_automatic(header: bytes) -> bool:
    """Return whether a mail in Sent was made by a program of ours: an automatic or calendar answer, a receipt."""
    head, _ = read_head(header[:MAX_HEAD_BYTES], only=_READ)
    media_type, _ = head.content_type()
    is_calendar = "calendarmessage" in head.first("content-class").lower() or head.has(
        "x-ms-exchange-calendar-originator-id"
    )
    return media_type in {"multipart/report", "text/calendar"} or is_calendar or bool(autoreply.read_signs(head).strong)


def asks_receipt(header: bytes) -> bool:
    """Return whether the mail asks for a read receipt (RFC 8098 2.1)."""
    head, _ = read_head(header[:MAX_HEAD_BYTES], only=_READ)
    return "@" in head.first("disposition-notification-to")
