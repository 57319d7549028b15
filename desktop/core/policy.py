"""Whether one recipient's copy is tracked, for what and on what ground; and whether it asks instead.

A standing permission of that person allows what it names.  Where the user tells people instead of asking them, it takes
a known country in which that is offered, and a person who was never asked and never said no.  Every other state is a
reason that the user can be shown.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from desktop.core.asking import OFFERED, is_to_be_asked
from desktop.core.grounds import Grounds, Policy
from desktop.core.permission import SEEING, Standing, usable
from desktop.core.tell_countries import country_of, is_offered, is_offered_at
from relay.wire.purpose import Purpose


class WhyNot(StrEnum):
    """Why a copy goes out untracked; the codes are stored and never change, their sentences live in the window.

    ASKED is the reason of the mail that asks, and of later ones while there is no answer.  LISTED: a do-not-track list
    names them, or they were erased.  COUNTRY_UNKNOWN and COUNTRY_NOT_OFFERED are of telling without asking, and of
    whichever of the two is there, recipient or sender.
    """

    # The person.
    NO_PERMISSION = "no_permission"
    ASKED = "asked"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    LISTED = "listed"
    # How the user goes about it.
    POLICY_OFF = "policy_off"
    COUNTRY_UNKNOWN = "country_unknown"
    COUNTRY_NOT_OFFERED = "country_not_offered"
    LEDGER_BROKEN = "ledger_broken"
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
    # A "got it" marker was taken out, as the link it stands for could not be put in.
    NO_GOT_IT = "no_got_it"


class Ground(StrEnum):
    """On what ground a copy is tracked, as its visible line names it."""

    AGREED = "agreed"
    TOLD = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The purposes a copy is tracked for and on what ground, or why not; exactly one of `ground`, `why_not` is set.

    `ask` are the purposes that an untracked copy asks for, empty where it does not ask.
    """

    track: frozenset[Purpose] = frozenset()
    ground: Ground | None = None
    ask: frozenset[Purpose] = frozenset()
    why_not: WhyNot | None = None


_NO: Final = {
    Standing.DENIED: WhyNot.DENIED,
    Standing.WITHDRAWN: WhyNot.WITHDRAWN,
    Standing.STOPPED: WhyNot.STOPPED,
}


def decide(grounds: Grounds, *, has_relay: bool, now: datetime) -> Decision:
    """Return what a copy is tracked for; without a relay there is nothing to point at, and nobody who could answer.

    The person's own no is the first reason to show, even while there is no relay.
    """
    permission = grounds.permission
    if not grounds.is_ledger_sound:
        return Decision(why_not=WhyNot.LEDGER_BROKEN)
    is_barred = grounds.is_listed or grounds.policy is Policy.OFF
    ask = OFFERED if has_relay and not is_barred and is_to_be_asked(grounds, now) else frozenset()
    if permission.standing in _NO:
        return Decision(ask=ask, why_not=_NO[permission.standing])
    if is_barred:
        return Decision(why_not=WhyNot.LISTED if grounds.is_listed else WhyNot.POLICY_OFF)
    purposes = usable(permission.purposes) if permission.standing is Standing.GRANTED else frozenset()
    ground, why_not = (Ground.AGREED, None) if purposes else _without_a_yes(grounds)
    if why_not is not None:
        return Decision(ask=ask, why_not=why_not)
    return Decision(track=purposes or SEEING, ground=ground) if has_relay else Decision(why_not=WhyNot.NO_RELAY)


def _without_a_yes(grounds: Grounds) -> tuple[Ground, None] | tuple[None, WhyNot]:
    """Return that somebody who said neither yes nor no may be told, or why not.  A question that is open is a no."""
    if grounds.permission.standing is Standing.ASKED or grounds.asked_at is not None:
        return None, WhyNot.ASKED
    is_told = grounds.policy is Policy.TELL and not grounds.is_asking_wanted and grounds.can_answer
    if not is_told or grounds.permission.is_uncertain:
        return None, WhyNot.NO_PERMISSION
    if not is_offered_at(grounds.permission.address):
        return None, WhyNot.COUNTRY_NOT_OFFERED
    countries = (grounds.country or country_of(grounds.permission.address), grounds.own_country)
    if not all(countries):
        return None, WhyNot.COUNTRY_UNKNOWN
    return (Ground.TOLD, None) if all(map(is_offered, countries)) else (None, WhyNot.COUNTRY_NOT_OFFERED)


def is_let_alone(grounds: Grounds) -> bool:
    """Return whether nothing of ours may go to this person, not even a link for them to use: nothing is minted."""
    return grounds.permission.standing in _NO or grounds.is_listed or not grounds.is_ledger_sound
