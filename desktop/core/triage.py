"""What an incoming mail is, read out of its octets: the one door of the reading modules.

The order decides: reports say what they are (receipts, delivery reports), then bounces in words, calendar answers, and
last automatic answers, mail for many, and mail.  Only the fields of HEADER_FIELDS are looked at, so that a mail reads
the same whether they alone or all fields were fetched; and no body is looked at that is not needed to tell.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from desktop.core import autoreply, bounce, deliveryreport, invitation, receipt
from desktop.core.address import Mailbox, known_as
from desktop.core.arrival import Arrival, ArrivalKind, DeliveryReport, Receipt
from desktop.core.owntext import body_text, own_words
from desktop.core.parse import MessageFacts
from desktop.core.returning import return_date
from desktop.core.skim import Head, Leaf, leaves, read_head
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
    "Disposition-Notification-To",
    *bounce.HEADER_FIELDS,
    *invitation.HEADER_FIELDS,
    *autoreply.HEADER_FIELDS,
)
_READ: Final = frozenset(name.lower() for name in HEADER_FIELDS)
_NO_ID: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]")
_ID_MAX: Final = 998
_REPORT_TYPES: Final = deliveryreport.STATUS_TYPES | receipt.NOTIFICATION_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """A mail as far as it was read: fields, what they say, and the parts, empty where no body is needed."""

    head: Head
    facts: MessageFacts
    signs: autoreply.Signs
    parts: tuple[Leaf, ...]
    at: datetime
    received_on: date

    @property
    def answered_ids(self) -> tuple[str, ...]:
        """The Message-IDs that it goes back to, nearest first."""
        names = (self.facts.in_reply_to, *reversed(self.facts.references))
        return tuple(dict.fromkeys(name for name in names if name))


def _needs_body(head: Head, signs: autoreply.Signs) -> bool:
    media_type, parameters = head.content_type()
    return (
        media_type == "multipart/report"
        or media_type in _REPORT_TYPES
        or signs.needs_body
        or bounce.may_be_bounce(head, signs)
        or (invitation.may_be_answer(head) and not (media_type == "text/calendar" and "method" in parameters))
        or receipt.is_titled_receipt(head.words("subject"))
    )


def read_header(header: bytes, *, received_at: datetime) -> tuple[Arrival, bool]:
    """Return what a mail is as far as its header tells, and whether the head of its body is needed to be sure."""
    mail, needs = _mail(header, received_at)
    return _read(mail), needs


def read_arrival(raw: bytes, *, received_at: datetime) -> Arrival:
    """Return what the mail is; `raw` is its header, or header and body, and either may be cut off.

    It never raises on bad mail.  `received_at` is aware, and relative days ("back on Monday") count from its date.
    """
    return _read(_mail(raw, received_at)[0])


def _read(mail: _Mail) -> Arrival:
    return _receipt(mail) or _report(mail) or _in_words(mail)


def _mail(raw: bytes, received_at: datetime) -> tuple[_Mail, bool]:
    """Return the mail, with its parts where its body is needed, and whether it is."""
    end = _head_end(raw)
    head, _ = read_head(raw[: min(end, MAX_HEAD_BYTES)], only=_READ)
    signs = autoreply.read_signs(head)
    needs = _needs_body(head, signs)
    mail = _Mail(
        head=head,
        facts=_fit(head.facts()),
        signs=signs,
        parts=leaves(raw[: end + (MAX_BODY_BYTES if needs else 0)], head, end),
        at=received_at.astimezone(UTC),
        received_on=received_at.date(),
    )
    return mail, needs


def _receipt(mail: _Mail) -> Arrival | None:
    media_type, parameters = mail.head.content_type()
    is_receipt = media_type in receipt.NOTIFICATION_TYPES or (
        media_type == "multipart/report"
        and (
            parameters.get("report-type", "").lower() == "disposition-notification"
            or any(part.media_type in receipt.NOTIFICATION_TYPES for part in mail.parts)
        )
    )
    if not is_receipt:
        return None
    sender = "" if mail.facts.from_ is None else known_as(mail.facts.from_.address)
    found = receipt.read_receipt(mail.parts, sender=sender)
    about = tuple(dict.fromkeys((*found.about_ids, *mail.answered_ids)))
    return _arrival(mail, ArrivalKind.RECEIPT, ("disposition-notification",), answer=found.receipt, about_ids=about)


def _report(mail: _Mail) -> Arrival | None:
    """Return a delivery report; one in another wrapping than its own is believed only of a sender that may bounce."""
    media_type, parameters = mail.head.content_type()
    if media_type != "multipart/report" and not bounce.may_be_bounce(mail.head, mail.signs):
        return None
    deliveries = deliveryreport.read_deliveries(mail.parts)
    if deliveries:
        about = tuple(dict.fromkeys((*deliveryreport.reported_ids(mail.parts), *mail.answered_ids)))
        return _arrival(mail, ArrivalKind.BOUNCE, ("delivery-status",), deliveries=deliveries, about_ids=about)
    if media_type == "multipart/report":
        if parameters.get("report-type", "delivery-status").lower() != "delivery-status":
            # Feedback on spam, DMARC and TLS reports: programs' mail about many mails.
            return _arrival(mail, ArrivalKind.BULK, ("report",))
        return _bounce(mail, is_away=False) or _arrival(
            mail, ArrivalKind.SUSPECTED_BOUNCE, ("delivery-status",), about_ids=mail.answered_ids
        )
    return None


def _bounce(mail: _Mail, *, is_away: bool) -> Arrival | None:
    people = (*mail.facts.to, *mail.facts.cc, *filter(None, (mail.facts.from_,)))
    own = frozenset(known_as(person.address) for person in people)
    found = bounce.read_bounce(mail.head, mail.parts, own=own, is_away=is_away)
    if found is None:
        return None
    kind = ArrivalKind.BOUNCE if found.is_safe else ArrivalKind.SUSPECTED_BOUNCE
    return _arrival(mail, kind, ("bounce-words",), deliveries=found.deliveries, about_ids=found.about_ids)


def _in_words(mail: _Mail) -> Arrival:
    """Return what a mail is that no report form tells of."""
    text = body_text(mail.parts)
    answer = autoreply.decide(mail.signs, mail.facts.subject, text)
    if bounce.may_be_bounce(mail.head, mail.signs):
        found = _bounce(mail, is_away=answer.is_away)
        if found is not None:
            return found
    if invitation.is_answer(mail.parts) or (
        invitation.is_calendar(mail.head) and not any(part.media_type == "text/calendar" for part in mail.parts)
    ):
        return _arrival(mail, ArrivalKind.CALENDAR, ("calendar",), about_ids=mail.answered_ids)
    if answer.kind is ArrivalKind.MAIL and receipt.is_told_receipt(mail.facts.subject, text):
        return _arrival(mail, ArrivalKind.RECEIPT, ("receipt-words",), about_ids=mail.answered_ids)
    if answer.kind is not ArrivalKind.AUTO_REPLY:
        return _arrival(mail, answer.kind, answer.clues)
    back = None
    if answer.is_away:
        back = return_date(mail.facts.subject, own_words(text), received_on=mail.received_on)
    return _arrival(
        mail,
        ArrivalKind.AUTO_REPLY,
        answer.clues,
        is_away=answer.is_away,
        returns_on=back,
        about_ids=mail.answered_ids,
    )


def _arrival(
    mail: _Mail,
    kind: ArrivalKind,
    clues: tuple[str, ...],
    *,
    is_away: bool = False,
    returns_on: date | None = None,
    deliveries: tuple[DeliveryReport, ...] = (),
    answer: Receipt | None = None,
    about_ids: tuple[str, ...] = (),
) -> Arrival:
    return Arrival(
        kind=kind,
        facts=mail.facts,
        at=mail.at,
        clues=clues,
        is_away=is_away,
        returns_on=returns_on,
        deliveries=deliveries,
        receipt=answer,
        about_ids=about_ids,
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
    is_report = head.content_type()[0] == "multipart/report"
    return is_report or invitation.is_calendar(head) or bool(autoreply.read_signs(head).strong)


def asks_receipt(header: bytes) -> bool:
    """Return whether the mail asks for a read receipt (RFC 8098 2.1)."""
    head, _ = read_head(header[:MAX_HEAD_BYTES], only=_READ)
    return "@" in head.first("disposition-notification-to")
