"""What an incoming mail turned out to be: a person's mail, an automatic answer, a report on delivery, a receipt.

Values only; `core.triage` reads them out of a mail's octets.  Every text in them is a stranger's: plain, cut short, and
never markup.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from desktop.core.parse import MessageFacts


class ArrivalKind(StrEnum):
    """What kind of mail it is; only MAIL can be a reply."""

    MAIL = "mail"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    SUSPECTED_BOUNCE = "suspected_bounce"
    RECEIPT = "receipt"
    CALENDAR = "calendar"
    BULK = "bulk"


class DeliveryAction(StrEnum):
    """The Action field of a delivery report (RFC 3464 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class FailureReason(StrEnum):
    """Why a mail was not delivered, as far as status code (RFC 3463) and diagnostic say."""

    UNKNOWN_USER = "unknown_user"
    FULL = "full"
    BLOCKED = "blocked"
    POLICY = "policy"
    TOO_LARGE = "too_large"
    NO_SUCH_HOST = "no_such_host"
    GAVE_UP = "gave_up"
    OTHER = "other"


class ReceiptAnswer(StrEnum):
    """The disposition of a read receipt (RFC 8098 3.2.6): shown to the person, or not (deleted, denied)."""

    DISPLAYED = "displayed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What a report says of one recipient.

    `recipient` is normalised, empty where the report names none; `original` the address as it was sent to where the
    report says both (an alias, a forward).  `status` is an enhanced status code such as "5.1.1", or empty.
    """

    recipient: str
    action: DeliveryAction
    original: str = ""
    status: str = ""
    reason: FailureReason | None = None
    diagnostic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A read receipt; `is_automatic` means the mail program sent it without asking the person."""

    recipient: str
    answer: ReceiptAnswer
    is_automatic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One incoming mail, read.

    `at` is when the provider received it, aware UTC.  `about_ids` are the Message-IDs of the mail that a report,
    receipt or automatic answer is about, nearest first.  `clues` name what decided, as "auto-submitted" or
    "subject:de"; `returns_on` is set only where an automatic answer states the day beyond doubt.
    """

    kind: ArrivalKind
    facts: MessageFacts
    at: datetime
    clues: tuple[str, ...] = ()
    is_away: bool = False
    returns_on: date | None = None
    deliveries: tuple[DeliveryReport, ...] = ()
    receipt: Receipt | None = None
    about_ids: tuple[str, ...] = ()
