"""Why it is not known whether a copy was read, and what could be done about it.

Every copy without a person's sign has at least one reason; the first is the one to show.
"""

from dataclasses import dataclass
from enum import StrEnum


class WhyUnknown(StrEnum):
    """A reason for silence, from the firmest to the vaguest; the codes are stored nowhere."""

    NOT_SENT = "not_sent"
    NOT_DELIVERED = "not_delivered"
    STOPPED = "stopped"
    NO_PERMISSION = "no_permission"
    TEXT_MAIL = "text_mail"
    NOT_TRACKED = "not_tracked"
    ONLY_CLICKS = "only_clicks"
    PRELOADED = "preloaded"
    PROXY = "proxy"
    TOO_EARLY = "too_early"
    MAYBE_YOU = "maybe_you"
    UNCLEAR = "unclear"
    IMAGES_BLOCKED = "images_blocked"
    IMAGES_MAYBE_BLOCKED = "images_maybe_blocked"
    NOT_YET = "not_yet"


class Cure(StrEnum):
    """What the user could do."""

    WAIT = "wait"
    ASK_PERMISSION = "ask_permission"
    ASK_FOR_REPLY = "ask_for_reply"
    ADD_LINK = "add_link"
    SEND_HTML = "send_html"
    CONNECT_RELAY = "connect_relay"
    CORRECT_ADDRESS = "correct_address"
    SAY_WHO = "say_who"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """One reason and its cures, the most useful first."""

    why: WhyUnknown
    cures: tuple[Cure, ...] = ()
