"""Why it is not known whether a copy was read, and what could be done about it.

Every copy without a person's sign has at least one reason; the first is the one to show.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from desktop.core.arrival import FailureReason
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyStatus, Rung
from desktop.core.verdict import Judgement, Verdict
from relay.wire.hit import HitKind
from relay.wire.purpose import Purpose


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
    KEEP_SENT_CLEAN = "keep_sent_clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """One reason and its cures, the most useful first."""

    why: WhyUnknown
    cures: tuple[Cure, ...] = ()


class Pictures(StrEnum):
    """What other copies to the same address show of its pictures; BLOCKED: links were used and none ever fetched."""

    NOT_KNOWN = "not_known"
    FETCHED = "fetched"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a copy carried for which purposes, when it was handed over, and how its address treats pictures.

    `keeps_sent_clean`: the user has its account's Sent kept clean by now.
    """

    sent_at: datetime
    purposes: frozenset[Purpose] = frozenset()
    link_count: int = 0
    pictures: Pictures = Pictures.NOT_KNOWN
    keeps_sent_clean: bool = False


# By then most who read a mail at all have, so that silence may also mean that pictures do not come.
SOON: Final = timedelta(days=1)
_PERSONS_NO: Final = frozenset({WhyNot.STOPPED, WhyNot.WITHDRAWN, WhyNot.DENIED})
_TEXT: Final = frozenset({WhyNot.FIXED_LAYOUT, WhyNot.UNDECODABLE_TEXT})
_WRONG_ADDRESS: Final = frozenset({FailureReason.UNKNOWN_USER, FailureReason.NO_SUCH_HOST})
_LATER: Final = frozenset({FailureReason.FULL, FailureReason.GAVE_UP})
# A proxy that fetches for the recipient and, as the user's own Sent folder holds the mail too, for the user.
_OWN_PROXY: Final = "own-proxy"
# By the rules of core.classify that say unknown; all others are unclear.
_WHY: Final = {
    "too-early": WhyUnknown.TOO_EARLY,
    "proxy-early": WhyUnknown.TOO_EARLY,
    "microsoft-early": WhyUnknown.TOO_EARLY,
    "own-network": WhyUnknown.MAYBE_YOU,
    "own-program": WhyUnknown.MAYBE_YOU,
    "own-site": WhyUnknown.MAYBE_YOU,
    _OWN_PROXY: WhyUnknown.MAYBE_YOU,
    "after-reply": WhyUnknown.MAYBE_YOU,
}


def why_unknown(status: CopyStatus, carried: Carried, now: datetime) -> tuple[Unknown, ...]:
    """Return why it is not known whether a person read the copy, the firmest reason first; empty where it is.

    A proxy's fetch, which probably was an opening, leaves that unknown too.
    """
    if status.rung >= Rung.OPENED:
        return ()
    if Aside.NOT_DELIVERED in status.asides:
        return (Unknown(why=WhyUnknown.NOT_DELIVERED, cures=_mending(status.failure)),)
    if status.rung is Rung.QUEUED and Aside.UNCERTAIN not in status.asides:
        return (Unknown(why=WhyUnknown.NOT_SENT, cures=(Cure.WAIT,)),)
    found = {each.why: each for each in (*_untold(status), *_fetched(status, carried), *_silent(status, carried, now))}
    return tuple(found[why] for why in WhyUnknown if why in found)


def _mending(failure: FailureReason | None) -> tuple[Cure, ...]:
    if failure in _WRONG_ADDRESS:
        return (Cure.CORRECT_ADDRESS,)
    return (Cure.WAIT, Cure.CORRECT_ADDRESS) if failure in _LATER else ()


def _untold(status: CopyStatus) -> Iterator[Unknown]:
    """Yield why nothing in the copy tells, or tells no more."""
    why_not = status.why_not
    if Aside.STOPPED in status.asides or why_not in _PERSONS_NO:
        yield Unknown(why=WhyUnknown.STOPPED, cures=(Cure.ASK_FOR_REPLY,))
    elif why_not is WhyNot.NO_PERMISSION:
        yield Unknown(why=WhyUnknown.NO_PERMISSION, cures=(Cure.ASK_PERMISSION, Cure.ASK_FOR_REPLY))
    elif why_not in _TEXT:
        yield Unknown(why=WhyUnknown.TEXT_MAIL, cures=(Cure.SEND_HTML, Cure.ASK_FOR_REPLY))
    elif why_not is WhyNot.NOTHING_TO_TRACK:
        yield Unknown(why=WhyUnknown.ONLY_CLICKS, cures=(Cure.ADD_LINK, Cure.ASK_PERMISSION))
    elif why_not is WhyNot.NO_RELAY:
        yield Unknown(why=WhyUnknown.NOT_TRACKED, cures=(Cure.CONNECT_RELAY, Cure.ASK_FOR_REPLY))
    elif why_not is not None:
        yield Unknown(why=WhyUnknown.NOT_TRACKED, cures=(Cure.ASK_FOR_REPLY,))


def _fetched(status: CopyStatus, carried: Carried) -> Iterator[Unknown]:
    """Yield why what came tells of no person; machines that look at every mail say nothing either way."""
    for line in status.evidence:
        why = None if line.judgement is None else _why(line.judgement)
        if why in (WhyUnknown.PRELOADED, WhyUnknown.PROXY):
            yield Unknown(why=why, cures=_instead_of_pictures(carried))
        elif why is WhyUnknown.TOO_EARLY:
            yield Unknown(why=why, cures=(Cure.WAIT, Cure.SAY_WHO))
        elif why is WhyUnknown.MAYBE_YOU:
            yield Unknown(why=why, cures=(*_in_sent(status, carried), Cure.SAY_WHO, Cure.ASK_FOR_REPLY))
        elif why is not None:
            yield Unknown(why=why, cures=(Cure.SAY_WHO, Cure.ASK_FOR_REPLY))


def _in_sent(status: CopyStatus, carried: Carried) -> tuple[Cure, ...]:
    """Return the cure of a tracked copy in the user's own Sent, unless the user has taken it already."""
    rules = {line.judgement.rule for line in status.evidence if line.judgement is not None}
    return (Cure.KEEP_SENT_CLEAN,) if _OWN_PROXY in rules and not carried.keeps_sent_clean else ()


def _why(judgement: Judgement) -> WhyUnknown | None:
    if judgement.verdict is Verdict.UNKNOWN:
        return _WHY.get(judgement.rule, WhyUnknown.UNCLEAR)
    return {Verdict.PREFETCH: WhyUnknown.PRELOADED, Verdict.IMAGE_PROXY: WhyUnknown.PROXY}.get(judgement.verdict)


def _silent(status: CopyStatus, carried: Carried, now: datetime) -> Iterator[Unknown]:
    """Yield why a copy that could tell says nothing."""
    if status.why_not is not None or Aside.STOPPED in status.asides:
        return
    if Purpose.OPENS not in carried.purposes:
        yield Unknown(why=WhyUnknown.ONLY_CLICKS, cures=(*_with_link(carried), Cure.ASK_PERMISSION))
        return
    came = [line for line in status.evidence if line.judgement is not None and _why(line.judgement) is not None]
    if not any(line.hit is not None and line.hit.kind is HitKind.OPEN for line in came):
        if carried.pictures is Pictures.BLOCKED:
            yield Unknown(why=WhyUnknown.IMAGES_BLOCKED, cures=_instead_of_pictures(carried))
        elif carried.pictures is Pictures.NOT_KNOWN and now - carried.sent_at >= SOON:
            yield Unknown(why=WhyUnknown.IMAGES_MAYBE_BLOCKED, cures=_instead_of_pictures(carried))
    if not came:
        yield Unknown(why=WhyUnknown.NOT_YET, cures=(Cure.WAIT, Cure.ASK_FOR_REPLY))


def _with_link(carried: Carried) -> tuple[Cure, ...]:
    """Return the cure of a used link, which needs no picture: one that stands in it already may still be used."""
    if Purpose.CLICKS not in carried.purposes:
        return ()
    return (Cure.WAIT,) if carried.link_count else (Cure.ADD_LINK,)


def _instead_of_pictures(carried: Carried) -> tuple[Cure, ...]:
    return (*_with_link(carried), Cure.ASK_FOR_REPLY)
