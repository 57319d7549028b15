"""The visible line: what a tracked mail says about itself.

It names the ground and its date, the sender and only the purposes that are on, so it is made anew for each copy.
"""

from dataclasses import dataclass
from typing import Final

from desktop.core.permission import Permission
from relay.wire.purpose import Purpose

LINK_TEXT: Final = "See or stop"
_CAN_SEE: Final = {
    frozenset({Purpose.OPENS, Purpose.CLICKS}): "when you open this mail or use its links",
    frozenset({Purpose.OPENS}): "when you open this mail",
    frozenset({Purpose.CLICKS}): "when you use this mail's links",
    frozenset({Purpose.OPENS, Purpose.CLICKS, Purpose.PLACE}): (
        "when and roughly where you open this mail or use its links, and on what device"
    ),
    frozenset({Purpose.OPENS, Purpose.PLACE}): "when and roughly where you open this mail, and on what device",
    frozenset({Purpose.CLICKS, Purpose.PLACE}): (
        "when and roughly where you use this mail's links, and on what device"
    ),
}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureLine:
    """The sentence of a copy and the link that stops tracking."""

    sentence: str
    stop_url: str
    link_text: str = LINK_TEXT


def visible_line(permission: Permission, *, sender: str, purposes: frozenset[Purpose]) -> str:
    """Return the sentence for `purposes`, agreed to on the permission's date; `sender` is a name or an address.

    Raises ValueError without a date of agreement or a purpose that lets something be seen: such a copy is untracked,
    with no line.
    """
    if permission.granted_at is None:
        raise ValueError("a line that says 'as agreed' needs the day of the agreement")
    if purposes not in _CAN_SEE:
        raise ValueError("a line needs a purpose")
    # Month names are spelled here: strftime would follow the sender's locale.
    day = f"{permission.granted_at.day} {_MONTHS[permission.granted_at.month - 1]}"
    who = " ".join("".join(sign if sign.isprintable() else " " for sign in sender).split())
    named = f"I ({who})" if who else "I"
    return f"As agreed on {day}, {named} can see {_CAN_SEE[purposes]}, to time my follow-up."
