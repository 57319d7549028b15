"""Calendar answers: what a calendar program sends when somebody presses Accept or Decline is not a reply.

An invitation is a person's mail: to answer "when can we meet?" with one is an answer.
"""

import re
from collections.abc import Sequence
from typing import Final

from desktop.core.owntext import folded
from desktop.core.skim import Head, Leaf

HEADER_FIELDS: Final = ("Content-Class", "X-MS-Exchange-Calendar-Originator-Id")
_ANSWERS: Final = frozenset({"reply", "counter", "declinecounter", "cancel", "refresh"})
_METHOD: Final = re.compile(rb"^METHOD:[ \t]*([A-Za-z]+)", re.IGNORECASE | re.MULTILINE)
_SUBJECT: Final = re.compile(
    r"(?:accepted|declined|tentative(?:ly accepted)?|cancell?ed(?: event)?|new time proposed|proposed new time"
    r"|zugesagt|angenommen|abgesagt|abgelehnt"
    r"|mit vorbehalt|unter vorbehalt|vorlaufig(?: zugesagt)?|accepte|refuse|provisoire|decline|aceptad[ao]"
    r"|rechazad[ao]|provisional|tentativ[oa]|accettato|rifiutato"
    r"|provvisorio|aceit[eo]|recusad[ao]|provisorio|geaccepteerd|afgewezen|geweigerd|voorlopig|zaakceptowano"
    r"|odrzucono|wstepnie|accepterat|avbojt|tackat nej"
    r"|preliminart|accepteret|afvist|forelobigt?|godtatt|avslatt|forelopig|hyvaksytty|hylatty|alustava)\s?:"
)


def is_calendar(head: Head) -> bool:
    """Return whether the header says that this is a calendar program's mail."""
    return (
        head.content_type()[0] == "text/calendar"
        or "calendarmessage" in head.first("content-class").lower()
        or head.has("x-ms-exchange-calendar-originator-id")
    )


def may_be_answer(head: Head) -> bool:
    """Return whether the header leaves a calendar answer open, so that the parts must be looked at."""
    return is_calendar(head) or _SUBJECT.match(folded(head.words("subject"))) is not None


def is_answer(leaves: Sequence[Leaf]) -> bool:
    """Return whether a calendar part among the leaves answers an invitation (RFC 5546 1.4)."""
    return any(_method(leaf) in _ANSWERS for leaf in leaves if leaf.media_type == "text/calendar")


def _method(leaf: Leaf) -> str:
    named = leaf.parameters.get("method", "")
    found = None if named else _METHOD.search(leaf.content[:4_000])
    return named.lower() if found is None else found[1].decode("ascii").lower()
