"""Who to follow up with, when, and why: decided anew from what is known of each conversation.

Values and their one decision; nothing here is remembered but what the user said (snoozed, done, another wait).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum

from desktop.core.arrival import FailureReason
from desktop.core.status import Rung


class FollowUpKind(StrEnum):
    """Why a conversation is on the list, the most pressing first."""

    NOT_DELIVERED = "not_delivered"
    POSSIBLE_BOUNCE = "possible_bounce"
    POSSIBLE_REPLY = "possible_reply"
    WARM = "warm"
    CLICKED_NO_REPLY = "clicked_no_reply"
    OPENED_NO_REPLY = "opened_no_reply"
    AWAY = "away"
    NO_ANSWER = "no_answer"


class Due(IntEnum):
    """The list's groups."""

    OVERDUE = 0
    TODAY = 1
    NEXT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """One recipient of the newest message; `opens` and `last_open_at` count credible opens and clicks alone."""

    address: str
    name: str
    rung: Rung
    is_undelivered: bool = False
    failure: FailureReason | None = None
    is_away: bool = False
    returns_on: date | None = None
    opens: int = 0
    last_open_at: datetime | None = None
    has_possible_reply: bool = False
    has_possible_bounce: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of one conversation; instants are aware.

    `sent_at` is the newest message of ours and `replied_at` the newest reply; `unanswered` counts our messages since
    that reply.  `wait_days` is already the message's, else the conversation's, else the account's.
    """

    conversation_id: int
    account_id: int
    subject: str
    sent_at: datetime
    awaited: tuple[Awaited, ...]
    replied_at: datetime | None = None
    unanswered: int = 1
    wait_days: int = 3
    snoozed_until: datetime | None = None
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """One line of the list; `people` are those the reason is about, `waited_days` working days since `sent_at`.

    `is_insistent` is the quiet warning: the last two messages to them went unanswered.  `folded` counts further
    conversations with the same person that the cap keeps back.
    """

    conversation_id: int
    account_id: int
    kind: FollowUpKind
    due: Due
    due_on: date
    subject: str
    sent_at: datetime
    people: tuple[Awaited, ...]
    waited_days: int
    is_insistent: bool = False
    folded: int = 0
