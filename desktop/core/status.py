"""What the user is told about a copy: the highest rung proven, what stands beside it, and the evidence.

A rung is never lowered by what machines did and never raised by it.  Silence is "no sign yet", never "unread".
Where evidence contradicts itself, what a person did stands above what servers reported, and of two reports the newer
one stands; no order in which the same evidence comes makes a difference.  All evidence stays in the timeline.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import IntEnum, StrEnum
from typing import Final

from desktop.core.arrival import FailureReason
from desktop.core.correction import Correction
from desktop.core.failure import failure_reason
from desktop.core.forwarding import Forwarding, forwardings
from desktop.core.policy import WhyNot
from desktop.core.verdict import Judgement, Verdict
from relay.wire.hit import Hit, HitKind


class Rung(IntEnum):
    """The ladder, lowest first."""

    QUEUED = 0
    SENT = 1
    DELIVERED = 2
    PROBABLY_OPENED = 3
    OPENED = 4
    CLICKED = 5
    CONFIRMED = 6
    REPLIED = 7


class Aside(StrEnum):
    """What stands beside the ladder; UNCERTAIN means that the provider's answer was lost."""

    DELAYED = "delayed"
    NOT_DELIVERED = "not_delivered"
    AWAY = "away"
    STOPPED = "stopped"
    NOT_TRACKED = "not_tracked"
    NO_SIGN_YET = "no_sign_yet"
    UNCERTAIN = "uncertain"


class CopyState(StrEnum):
    """How far a copy got on its way to the provider."""

    PREPARED = "prepared"
    SENT = "sent"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


class EvidenceKind(StrEnum):
    """What a line of the timeline is about."""

    PREPARED = "prepared"
    SENT = "sent"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    HIT = "hit"
    EARLIER = "earlier"
    DELETED = "deleted"
    CONFIRMATION = "confirmation"
    STOP = "stop"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    DELAYED = "delayed"
    NOT_DELIVERED = "not_delivered"
    POSSIBLE_BOUNCE = "possible_bounce"
    AUTO_REPLY = "auto_reply"
    AWAY = "away"
    RECEIPT = "receipt"
    RECEIPT_DENIED = "receipt_denied"
    REPLY = "reply"
    POSSIBLE_REPLY = "possible_reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedHit:
    """A hit with its verdict; `destination` is where a click led, empty for a picture.

    `correction` is what the user said that decides the verdict, of this hit or of one like it.  With `is_day_only` no
    more than the day of it is kept, in UTC.
    """

    hit: Hit
    judgement: Judgement
    destination: str = ""
    correction: Correction | None = None
    is_day_only: bool = False

    @property
    def at(self) -> datetime:
        """The hit's instant, aware UTC."""
        return datetime.fromtimestamp(self.hit.at_ms / 1000, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSign:
    """What one arrival proves of a copy; `kind` is one of the kinds from DELIVERED to POSSIBLE_REPLY.

    `detail` is plain text by a stranger (a diagnostic, or the address that a possible reply came from).
    """

    kind: EvidenceKind
    at: datetime
    arrival_id: int
    detail: str = ""
    reason: FailureReason | None = None
    returns_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One line of the timeline; `counted` says whether it moved the ladder.

    `detail` is the provider's reply, or the destination of a used link.  `correction` is what the user said that
    decides a hit's verdict; `forwarding` says why it may be somebody else's than the first person's.  Of EARLIER hits
    `rung` is what they proved.  With `is_day_only` nothing but the day of `at` is known, in UTC.
    """

    at: datetime
    kind: EvidenceKind
    judgement: Judgement | None = None
    hit: Hit | None = None
    detail: str = ""
    counted: bool = False
    sign: MailSign | None = None
    correction: Correction | None = None
    forwarding: Forwarding | None = None
    rung: Rung | None = None
    is_day_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What hits proved that are not kept any more: the highest rung among them, and the first day of it in UTC."""

    rung: Rung
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFacts:
    """What is known of a copy apart from its hits; `why_not` is set where it carries no picture and no tracked link.

    `deleted_at` is when the person asked that what was recorded of them until then be deleted, `confirmed_at` when
    somebody who has the mail first pressed the button that says they have read it.
    """

    state: CopyState
    prepared_at: datetime
    state_at: datetime
    reply: str = ""
    why_not: WhyNot | None = None
    stopped_at: datetime | None = None
    earlier: Earlier | None = None
    deleted_at: datetime | None = None
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyStatus:
    """The rung, the asides in the order of `Aside`, and the evidence, newest first.

    `opened_at` is the first time a person is known to have read the message, be it by a click; `is_open_inferred` says
    that it is known by a reply, a receipt or a confirmation alone.  `replied_at` is the first reply, `returns_on` goes
    with AWAY and `failure` with NOT_DELIVERED, where a report said why.
    """

    rung: Rung
    asides: tuple[Aside, ...]
    evidence: tuple[Evidence, ...]
    why_not: WhyNot | None
    opened_at: datetime | None
    clicked_at: datetime | None
    returns_on: date | None = None
    is_open_inferred: bool = False
    replied_at: datetime | None = None
    failure: FailureReason | None = None


# What only somebody who has the mail can cause; a receipt that denies reading was sent from its mailbox all the same.
_HAS_IT: Final = frozenset({EvidenceKind.REPLY, EvidenceKind.RECEIPT, EvidenceKind.RECEIPT_DENIED})
# What shows that a person has read it.
_READ: Final = frozenset({EvidenceKind.REPLY, EvidenceKind.RECEIPT})
# What shows that it is not under way any more.
_ENDS_DELAY: Final = frozenset(
    {EvidenceKind.DELIVERED, EvidenceKind.NOT_DELIVERED, EvidenceKind.AUTO_REPLY, EvidenceKind.AWAY} | _HAS_IT
)
# What may be about another mail or by another person, until the user says so.
_ONLY_POSSIBLE: Final = frozenset({EvidenceKind.POSSIBLE_REPLY, EvidenceKind.POSSIBLE_BOUNCE})


def copy_status(facts: CopyFacts, hits: Sequence[JudgedHit], signs: Sequence[MailSign] = ()) -> CopyStatus:
    """Return what the facts, judged hits and incoming mail about one copy prove together.

    - A reply makes it REPLIED, a receipt that it was displayed CONFIRMED, and so does a confirmation, which only a
      press of its page's button gives; a report of delivery DELIVERED; one that was relayed, an automatic answer and a
      denied receipt are no rung.  Any of them shows that the provider took it.
    - Not delivered: the provider refused it, or a report says so.  A reply, a person's open or click, a confirmation
      and any receipt prove the contrary; a report of delivery does if it is the newer, else DELIVERED falls.
    - Delayed: until delivered, not delivered, opened, answered by anybody, or passed on afterwards.
    - Away: until a later reply; the newest automatic answer states the day.
    """
    standing = _Standing.of(facts, hits, signs)
    people = [(judged.at, judged.hit.kind is HitKind.CLICK) for judged in hits if judged.judgement.counts]
    if facts.earlier is not None and facts.earlier.rung >= Rung.OPENED:
        people.append((_earlier_at(facts, facts.earlier), facts.earlier.rung is Rung.CLICKED))
    clicks = [at for at, is_click in people if is_click]
    opened_at = min((at for at, _ in people), default=None)
    confirmed = [] if facts.confirmed_at is None else [facts.confirmed_at]
    read_at = min([*confirmed, *(sign.at for sign in signs if sign.kind in _READ)], default=None)
    is_inferred = read_at is not None and (opened_at is None or read_at < opened_at)
    return CopyStatus(
        rung=standing.rung,
        asides=_asides(facts, standing),
        evidence=_evidence(facts, hits, signs, standing),
        why_not=facts.why_not,
        opened_at=read_at if is_inferred else opened_at,
        clicked_at=min(clicks, default=None),
        returns_on=None if standing.away is None else standing.away.returns_on,
        is_open_inferred=is_inferred,
        replied_at=min((sign.at for sign in signs if sign.kind is EvidenceKind.REPLY), default=None),
        failure=_reason(facts, standing),
    )


def _earlier_at(facts: CopyFacts, earlier: Earlier) -> datetime:
    """Return an instant for what only a day is known of: its beginning in UTC, or when the mail was sent that day."""
    is_same_day = facts.state_at.astimezone(UTC).date() == earlier.day
    return facts.state_at if is_same_day else datetime.combine(earlier.day, time(), UTC)


# A refusal by the user's own provider tells these of the recipient; its rules and blocks are the provider's own.
_TOLD_BY_REFUSAL: Final = frozenset(
    {FailureReason.UNKNOWN_USER, FailureReason.FULL, FailureReason.TOO_LARGE, FailureReason.NO_SUCH_HOST}
)


def _reason(facts: CopyFacts, standing: "_Standing") -> FailureReason | None:
    """Return why it was not delivered: as the report says, else as the provider did when it refused."""
    if standing.failure is not None:
        return standing.failure.reason
    if not standing.is_failed:
        return None
    reason = failure_reason("", facts.reply)
    return reason if reason in _TOLD_BY_REFUSAL else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What is left once the evidence is weighed; `failure` is the newest report of one that stands."""

    rung: Rung
    is_failed: bool
    failure: MailSign | None
    is_delivered: bool
    is_delayed: bool
    away: MailSign | None

    @classmethod
    def of(cls, facts: CopyFacts, hits: Sequence[JudgedHit], signs: Sequence[MailSign]) -> "_Standing":
        newest = _newest(signs)
        earlier = Rung.QUEUED if facts.earlier is None else facts.earlier.rung
        is_seen = earlier >= Rung.OPENED or any(judged.judgement.counts for judged in hits)
        is_confirmed = facts.confirmed_at is not None
        has_it = is_seen or is_confirmed or not _HAS_IT.isdisjoint(newest)
        failure, delivered = newest.get(EvidenceKind.NOT_DELIVERED), newest.get(EvidenceKind.DELIVERED)
        failed_at = failure.at if failure is not None else None
        if facts.state is CopyState.REFUSED:
            failed_at = max(facts.state_at, failed_at or facts.state_at)
        is_newer = failed_at is not None and (delivered is None or delivered.at <= failed_at)
        is_failed = is_newer and not has_it
        is_delivered = delivered is not None and not is_failed
        has_left = facts.state is CopyState.SENT or is_confirmed or not _ONLY_POSSIBLE.issuperset(newest)
        rungs = [Rung.SENT if has_left else Rung.QUEUED, earlier, *(_hit_rung(judged) for judged in hits)]
        rungs += [_SIGN_RUNGS[kind] for kind in newest if kind in _SIGN_RUNGS]
        rungs += [Rung.CONFIRMED] if is_confirmed else []
        rung = max(Rung.DELIVERED, *rungs) if is_delivered else max(rungs)
        return cls(
            rung=rung,
            is_failed=is_failed,
            failure=failure if is_failed else None,
            is_delivered=is_delivered,
            is_delayed=rung <= Rung.DELIVERED and not is_failed and _is_delayed(newest),
            away=_away(newest),
        )


_SIGN_RUNGS: Final = {EvidenceKind.REPLY: Rung.REPLIED, EvidenceKind.RECEIPT: Rung.CONFIRMED}


def _newest(signs: Sequence[MailSign]) -> dict[EvidenceKind, MailSign]:
    """Return the newest sign of each kind there is."""
    newest: dict[EvidenceKind, MailSign] = {}
    for sign in signs:
        known = newest.get(sign.kind)
        if known is None or _sign_order(known) < _sign_order(sign):
            newest[sign.kind] = sign
    return newest


def _is_delayed(newest: Mapping[EvidenceKind, MailSign]) -> bool:
    delayed, relayed = newest.get(EvidenceKind.DELAYED), newest.get(EvidenceKind.RELAYED)
    if delayed is None or not _ENDS_DELAY.isdisjoint(newest):
        return False
    return relayed is None or relayed.at < delayed.at


def _away(newest: Mapping[EvidenceKind, MailSign]) -> MailSign | None:
    away, replied = newest.get(EvidenceKind.AWAY), newest.get(EvidenceKind.REPLY)
    return away if away is not None and (replied is None or replied.at <= away.at) else None


def _sign_order(sign: MailSign) -> tuple[datetime, date, str, str, int]:
    """Return by what signs of one kind are ordered; of one instant that with a day stated is the newer."""
    return sign.at, sign.returns_on or date.min, sign.reason or "", sign.detail, sign.arrival_id


def conversation_rung(rungs: Iterable[Rung]) -> Rung:
    """Return the highest rung among a conversation's copies."""
    return max(rungs, default=Rung.QUEUED)


def conversation_asides(copies: Sequence[tuple[Rung, tuple[Aside, ...]]]) -> tuple[Aside, ...]:
    """Return what stands beside a conversation's ladder, from each copy's rung and asides.

    What needs the user's eye counts if one copy has it; "not tracked" and "no sign yet" only if no copy says more.
    """
    found = {aside for _, asides in copies for aside in asides}
    if any(Aside.NOT_TRACKED not in asides for _, asides in copies):
        found.discard(Aside.NOT_TRACKED)
    if conversation_rung(rung for rung, _ in copies) > Rung.DELIVERED:
        found.discard(Aside.NO_SIGN_YET)
    return tuple(aside for aside in Aside if aside in found)


def present_asides(copies: Sequence[tuple[str, Rung, tuple[Aside, ...]]]) -> list[tuple[Rung, tuple[Aside, ...]]]:
    """Return each copy's rung and the asides that still say something, from address, rung and asides, oldest first.

    Once a later message arrived at the same address an earlier failure or delay there needs nobody's eye, and once the
    person answered a later one they are back.
    """
    arrived: set[str] = set()
    answered: set[str] = set()
    present = []
    for address, rung, asides in reversed(copies):
        over = {Aside.NOT_DELIVERED, Aside.DELAYED} if address in arrived else set()
        over |= {Aside.AWAY} if address in answered else set()
        present.append((rung, tuple(aside for aside in asides if aside not in over)))
        if rung > Rung.SENT:
            arrived.add(address)
        if rung is Rung.REPLIED:
            answered.add(address)
    return present[::-1]


def _hit_rung(judged: JudgedHit) -> Rung:
    return rung_of(judged.hit.kind, judged.judgement.verdict)


def rung_of(kind: HitKind, verdict: Verdict) -> Rung:
    """Return what a hit of a kind and a verdict proves; QUEUED is nothing."""
    if verdict is Verdict.PERSON:
        return Rung.CLICKED if kind is HitKind.CLICK else Rung.OPENED
    if verdict is Verdict.IMAGE_PROXY and kind is HitKind.OPEN:
        return Rung.PROBABLY_OPENED
    return Rung.QUEUED


def _asides(facts: CopyFacts, standing: _Standing) -> tuple[Aside, ...]:
    is_under_way = standing.rung in (Rung.SENT, Rung.DELIVERED) and not standing.is_failed and not standing.is_delayed
    holds = (
        (Aside.DELAYED, standing.is_delayed),
        (Aside.NOT_DELIVERED, standing.is_failed),
        (Aside.AWAY, standing.away is not None),
        (Aside.STOPPED, facts.stopped_at is not None),
        (Aside.NOT_TRACKED, facts.why_not is not None),
        (Aside.NO_SIGN_YET, is_under_way and facts.why_not is None and facts.stopped_at is None),
        (Aside.UNCERTAIN, facts.state is CopyState.UNCERTAIN and standing.rung is Rung.QUEUED),
    )
    return tuple(aside for aside, is_so in holds if is_so)


def _evidence(
    facts: CopyFacts, hits: Sequence[JudgedHit], signs: Sequence[MailSign], standing: _Standing
) -> tuple[Evidence, ...]:
    lines = [Evidence(at=facts.prepared_at, kind=EvidenceKind.PREPARED)]
    if facts.state is not CopyState.PREPARED:
        kind = EvidenceKind(facts.state.value)
        counted = facts.state is CopyState.SENT
        lines.append(Evidence(at=facts.state_at, kind=kind, detail=facts.reply, counted=counted))
    others = forwardings([(judged.hit, judged.judgement) for judged in hits])
    lines += [
        Evidence(
            at=judged.at,
            kind=EvidenceKind.HIT,
            judgement=judged.judgement,
            hit=judged.hit,
            detail=judged.destination,
            counted=_hit_rung(judged) > Rung.QUEUED,
            correction=judged.correction,
            forwarding=others.get(judged.hit.id),
            is_day_only=judged.is_day_only,
        )
        for judged in hits
    ]
    if facts.earlier is not None:
        at = _earlier_at(facts, facts.earlier)
        rung = facts.earlier.rung
        lines.append(Evidence(at=at, kind=EvidenceKind.EARLIER, rung=rung, counted=True, is_day_only=True))
    if facts.deleted_at is not None:
        lines.append(Evidence(at=facts.deleted_at, kind=EvidenceKind.DELETED))
    if facts.confirmed_at is not None:
        lines.append(Evidence(at=facts.confirmed_at, kind=EvidenceKind.CONFIRMATION, counted=True))
    if facts.stopped_at is not None:
        lines.append(Evidence(at=facts.stopped_at, kind=EvidenceKind.STOP))
    lines += [
        Evidence(
            at=sign.at,
            kind=sign.kind,
            detail=sign.detail,
            counted=sign.kind in _READ or (sign.kind is EvidenceKind.DELIVERED and standing.is_delivered),
            sign=sign,
        )
        for sign in signs
    ]
    return tuple(sorted(lines, key=_line_order, reverse=True))


_LINE_KINDS: Final = {kind: number for number, kind in enumerate(EvidenceKind)}


def _line_order(line: Evidence) -> tuple[datetime, int, bytes, str, int]:
    """Return by what lines are ordered: of one instant by kind, then by what is the same at every reading."""
    hit_id = b"" if line.hit is None else line.hit.id
    return line.at, _LINE_KINDS[line.kind], hit_id, line.detail, 0 if line.sign is None else line.sign.arrival_id
