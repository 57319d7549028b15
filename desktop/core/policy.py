"""Whether one recipient's copy is tracked, and for what.

Only a standing permission of that person allows anything; every other state is a reason that the user can be shown.
"""

from dataclasses import dataclass
from enum import StrEnum

from desktop.core.permission import Permission, Standing, usable
from relay.wire.purpose import Purpose


class WhyNot(StrEnum):
    """Why a copy goes out untracked; the codes are stored and never change, their sentences live in the window."""

    # The person.
    NO_PERMISSION = "no_permission"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    # The message: these leave it byte for byte.
    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    CALENDAR = "calendar"
    INLINE_PGP = "inline_pgp"
    DKIM = "dkim"
    ARC = "arc"
    RESENT = "resent"
    LIST_MAIL = "list_mail"
    AUTOMATIC = "automatic"
    REPORT = "report"
    UNDECODABLE_HTML = "undecodable_html"
    UNDECODABLE_TEXT = "undecodable_text"
    FIXED_LAYOUT = "fixed_layout"
    NO_BODY = "no_body"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    # The way it is sent.
    NO_RELAY = "no_relay"
    NOTHING_TO_TRACK = "nothing_to_track"
    LINE_NOT_WRITABLE = "line_not_writable"
    SHARED = "shared"
    STORE_TROUBLE = "store_trouble"
    SWITCHED_OFF = "switched_off"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The purposes a copy is tracked for, and why not where there are none; exactly one of the two is set."""

    track: frozenset[Purpose] = frozenset()
    why_not: WhyNot | None = None


def decide(permission: Permission, *, has_relay: bool) -> Decision:
    """Return what the person's standing permission allows; without a relay there is nothing to point at.

    The person's own no comes first: it is the reason to show even while there is no relay.
    """
    if permission.standing is Standing.WITHDRAWN:
        return Decision(why_not=WhyNot.WITHDRAWN)
    if permission.standing is Standing.STOPPED:
        return Decision(why_not=WhyNot.STOPPED)
    purposes = usable(permission.purposes)
    if permission.standing is not Standing.GRANTED or not purposes:
        return Decision(why_not=WhyNot.NO_PERMISSION)
    if not has_relay:
        return Decision(why_not=WhyNot.NO_RELAY)
    return Decision(track=purposes)
