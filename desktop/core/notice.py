"""Which notification, if any, follows from what just became known.

A copy's first sign of a kind is told once, and only a person's or, in hedged words, an image proxy's.  A probable open
that later proves a person's is not told again: the list and the timeline show the better proof without a second ring.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from desktop.core.agents import client_name, fetcher_name, read_agent
from desktop.core.arrival import FailureReason
from desktop.core.burst import BURST_MS, LEAST_BURST
from desktop.core.case import OF_PEOPLE
from desktop.core.status import CopyState, Earlier, EvidenceKind, JudgedHit, MailSign, Rung
from desktop.core.verdict import Verdict
from relay.wire.hit import HitKind
from relay.wire.purpose import Purpose

# The rest of a burst must have come in and been stored by then.
SETTLING_S: Final = BURST_MS / 1000 + 0.5


class NoticeKind(StrEnum):
    """What the user is told."""

    OPENED = "opened"
    PROBABLY_OPENED = "probably_opened"
    CLICKED = "clicked"
    NOT_DELIVERED = "not_delivered"
    STOPPED = "stopped"
    CONFIRMED = "confirmed"
    AGREED = "agreed"
    DENIED = "denied"
    DELETED = "deleted"
    REPLIED = "replied"
    AWAY = "away"

    @property
    def is_on_by_default(self) -> bool:
        """Whether it is shown until the user says otherwise; a reply is not, for the mail program rings itself."""
        return self not in (NoticeKind.REPLIED, NoticeKind.AWAY)


class Sign(StrEnum):
    """What is told at most once a copy; an open and a probable open are one sign."""

    OPEN = "open"
    CLICK = "click"
    FAILURE = "failure"
    RECEIPT = "receipt"
    REPLY = "reply"
    AWAY = "away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notification; `link` is a clicked destination, `detail` the provider's own words on a refusal.

    `failure` is why a report says it was not delivered, `returns_on` until when a person says they are away.
    `purposes` are what a person agreed to.  `conversation_id` and `copy_id` are None where a person stopped who stands
    in no conversation.  `settles_after_s` is how long to wait before it is shown, and then only if it still stands: a
    click may be the first of a burst, and a picture in a browser the first thing that a scanner fetches.
    """

    kind: NoticeKind
    conversation_id: int | None
    copy_id: int | None
    person: str
    address: str
    subject: str
    at: datetime
    agent_name: str = ""
    link: str = ""
    detail: str = ""
    settles_after_s: float = 0.0
    failure: FailureReason | None = None
    returns_on: date | None = None
    purposes: frozenset[Purpose] = frozenset()

    @property
    def sign(self) -> Sign | None:
        """The once-only sign this notice uses up; None for a stop, which the ledger keeps single, and a deletion."""
        return _SIGNS.get(self.kind)


_SIGNS = {
    NoticeKind.OPENED: Sign.OPEN,
    NoticeKind.PROBABLY_OPENED: Sign.OPEN,
    NoticeKind.CLICKED: Sign.CLICK,
    NoticeKind.NOT_DELIVERED: Sign.FAILURE,
    NoticeKind.CONFIRMED: Sign.RECEIPT,
    NoticeKind.REPLIED: Sign.REPLY,
    NoticeKind.AWAY: Sign.AWAY,
}
_MAIL_KINDS: Final = {
    EvidenceKind.NOT_DELIVERED: NoticeKind.NOT_DELIVERED,
    EvidenceKind.RECEIPT: NoticeKind.CONFIRMED,
    EvidenceKind.REPLY: NoticeKind.REPLIED,
    EvidenceKind.AWAY: NoticeKind.AWAY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyNames:
    """How a notice speaks of a copy; `person` is the name, or the address where there is none."""

    conversation_id: int
    copy_id: int
    person: str
    address: str
    subject: str
    link_count: int = 0


def known_signs(hits: Iterable[JudgedHit]) -> frozenset[Sign]:
    """Return the signs that these hits bear out: what is known of the copy, whether it rang or not.

    One that no hit bears out any more, as when the rest of a burst came later, may be told again by a true one.
    """
    return frozenset(
        Sign.CLICK if each.hit.kind is HitKind.CLICK else Sign.OPEN for each in hits if each.judgement.notifies
    )


def earlier_signs(earlier: Earlier | None) -> frozenset[Sign]:
    """Return the signs that hits which are not kept any more bore out: what rang once does not ring again."""
    if earlier is None:
        return frozenset()
    return frozenset({Sign.OPEN, Sign.CLICK}) if earlier.rung is Rung.CLICKED else frozenset({Sign.OPEN})


def hit_notices(
    names: CopyNames, fresh: Sequence[JudgedHit], told: Collection[Sign], *, has_replied: bool = False
) -> tuple[Notice, ...]:
    """Return the notices that follow from hits new or newly judged, oldest first; at most one a sign.

    After a click was told, or a reply of the person is known, an open is not: they have read the message.
    """
    telling = sorted((each for each in fresh if each.judgement.notifies), key=lambda each: each.hit.at_ms)
    used = set(told) | ({Sign.OPEN} if has_replied else set())
    notices = []
    for judged in telling:
        is_click = judged.hit.kind is HitKind.CLICK
        if is_click and Sign.CLICK not in used:
            used.add(Sign.CLICK)
            notices.append(_hit_notice(names, judged, NoticeKind.CLICKED))
        elif not is_click and not used & {Sign.OPEN, Sign.CLICK}:
            used.add(Sign.OPEN)
            is_person = judged.judgement.verdict is Verdict.PERSON
            notices.append(_hit_notice(names, judged, NoticeKind.OPENED if is_person else NoticeKind.PROBABLY_OPENED))
    return tuple(notices)


def _notice(names: CopyNames, kind: NoticeKind, at: datetime) -> Notice:
    return Notice(
        kind=kind,
        conversation_id=names.conversation_id,
        copy_id=names.copy_id,
        person=names.person,
        address=names.address,
        subject=names.subject,
        at=at,
    )


def _hit_notice(names: CopyNames, judged: JudgedHit, kind: NoticeKind) -> Notice:
    return replace(
        _notice(names, kind, judged.at),
        agent_name=_program_name(judged, kind),
        link=judged.destination,
        settles_after_s=SETTLING_S if _may_prove_a_machines(names, judged, kind) else 0.0,
    )


def _may_prove_a_machines(names: CopyNames, judged: JudgedHit, kind: NoticeKind) -> bool:
    """Return whether what comes within seconds may show a machine; scanners look like browsers, not like mail programs.

    The only link cannot be followed in a burst.
    """
    if kind is NoticeKind.CLICKED:
        return names.link_count >= LEAST_BURST
    return read_agent(judged.hit.agent).family not in OF_PEOPLE


def _program_name(judged: JudgedHit, kind: NoticeKind) -> str:
    """Return the program to name: the person's, or where it was only probably opened the proxy's."""
    if kind is NoticeKind.PROBABLY_OPENED:
        return fetcher_name(judged.hit.agent, (label.name for label in judged.hit.labels))
    return client_name(judged.hit.agent)


def refusal_notice(
    names: CopyNames, *, before: CopyState, at: datetime, reply: str, told: Collection[Sign]
) -> Notice | None:
    """Return a notice when a copy thought sent, or of unknown fate, turns out refused.

    A refusal while the mail client waits is told by the mail client itself, with the provider's own words.
    """
    if before not in (CopyState.SENT, CopyState.UNCERTAIN) or Sign.FAILURE in told:
        return None
    return replace(_notice(names, NoticeKind.NOT_DELIVERED, at), detail=reply)


def mail_notice(names: CopyNames, sign: MailSign, told: Collection[Sign]) -> Notice | None:
    """Return the notice that follows from what incoming mail proved of a copy, if it is a first of its kind."""
    kind = _MAIL_KINDS.get(sign.kind)
    if kind is None or _SIGNS[kind] in told:
        return None
    return replace(
        _notice(names, kind, sign.at),
        detail=sign.detail,
        failure=sign.reason,
        returns_on=sign.returns_on,
    )


def confirmation_notice(names: CopyNames, *, at: datetime, told: Collection[Sign]) -> Notice | None:
    """Return the notice that a recipient pressed "I have read it", if neither that nor more was told before."""
    return None if {Sign.RECEIPT, Sign.REPLY} & set(told) else _notice(names, NoticeKind.CONFIRMED, at)


def deletion_notice(*, person: str, address: str, at: datetime, names: CopyNames | None = None) -> Notice:
    """Return the notice that a person had deleted what was recorded of them; `names` is their latest tracked copy."""
    return replace(stop_notice(person=person, address=address, at=at, names=names), kind=NoticeKind.DELETED)


def stop_notice(*, person: str, address: str, at: datetime, names: CopyNames | None = None) -> Notice:
    """Return the notice that a person stopped tracking; `names` is their latest tracked copy, if any."""
    return Notice(
        kind=NoticeKind.STOPPED,
        conversation_id=names.conversation_id if names else None,
        copy_id=names.copy_id if names else None,
        person=person,
        address=address,
        subject=names.subject if names else "",
        at=at,
    )
