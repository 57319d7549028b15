"""What the user is told about a copy: the highest rung proven, what stands beside it, and the evidence.

A rung is never lowered by what machines did and never raised by it.  Silence is "no sign yet", never "unread".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum, StrEnum

from desktop.core.arrival import FailureReason
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
    """A hit with its verdict; `destination` is where a click led, empty for a picture."""

    hit: Hit
    judgement: Judgement
    destination: str = ""

    @property
    def at(self) -> datetime:
        """The hit's instant, aware UTC."""
        return datetime.fromtimestamp(self.hit.at_ms / 1000, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSign:
    """What one arrival proves of a copy; `kind` is one of the kinds after STOP.

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

    `detail` is the provider's reply, or the destination of a used link.
    """

    at: datetime
    kind: EvidenceKind
    judgement: Judgement | None = None
    hit: Hit | None = None
    detail: str = ""
    counted: bool = False
    sign: MailSign | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFacts:
    """What is known of a copy apart from its hits; `why_not` is set where it carries no picture and no tracked link."""

    state: CopyState
    prepared_at: datetime
    state_at: datetime
    reply: str = ""
    why_not: WhyNot | None = None
    stopped_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyStatus:
    """The rung, the asides in the order of `Aside`, and the evidence, newest first.

    `opened_at` is the first time a person is known to have read the message, be it by a click.
    """

    rung: Rung
    asides: tuple[Aside, ...]
    evidence: tuple[Evidence, ...]
    why_not: WhyNot | None
    opened_at: datetime | None
    clicked_at: datetime | None


def copy_status(facts: CopyFacts, hits: Sequence[JudgedHit]) -> CopyStatus:
    """Return what the facts and judged hits of one copy prove together."""
    rung = max((_hit_rung(judged) for judged in hits), default=Rung.QUEUED)
    rung = max(rung, Rung.SENT if facts.state is CopyState.SENT else Rung.QUEUED)
    people = [judged for judged in hits if judged.judgement.counts]
    clicks = [judged.at for judged in people if judged.hit.kind is HitKind.CLICK]
    return CopyStatus(
        rung=rung,
        asides=_asides(facts, rung),
        evidence=_evidence(facts, hits),
        why_not=facts.why_not,
        opened_at=min((judged.at for judged in people), default=None),
        clicked_at=min(clicks, default=None),
    )


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


def _hit_rung(judged: JudgedHit) -> Rung:
    verdict, kind = judged.judgement.verdict, judged.hit.kind
    if verdict is Verdict.PERSON:
        return Rung.CLICKED if kind is HitKind.CLICK else Rung.OPENED
    if verdict is Verdict.IMAGE_PROXY and kind is HitKind.OPEN:
        return Rung.PROBABLY_OPENED
    return Rung.QUEUED


def _asides(facts: CopyFacts, rung: Rung) -> tuple[Aside, ...]:
    has_sign = rung > Rung.DELIVERED
    is_silent = rung in (Rung.SENT, Rung.DELIVERED) and facts.why_not is None and facts.stopped_at is None
    holds = {
        Aside.NOT_DELIVERED: facts.state is CopyState.REFUSED,
        Aside.STOPPED: facts.stopped_at is not None,
        Aside.NOT_TRACKED: facts.why_not is not None,
        Aside.NO_SIGN_YET: is_silent,
        Aside.UNCERTAIN: facts.state is CopyState.UNCERTAIN and not has_sign,
    }
    return tuple(aside for aside in Aside if holds.get(aside, False))


def _evidence(facts: CopyFacts, hits: Sequence[JudgedHit]) -> tuple[Evidence, ...]:
    lines = [Evidence(at=facts.prepared_at, kind=EvidenceKind.PREPARED)]
    if facts.state is not CopyState.PREPARED:
        kind = EvidenceKind(facts.state.value)
        counted = facts.state is CopyState.SENT
        lines.append(Evidence(at=facts.state_at, kind=kind, detail=facts.reply, counted=counted))
    lines += [
        Evidence(
            at=judged.at,
            kind=EvidenceKind.HIT,
            judgement=judged.judgement,
            hit=judged.hit,
            detail=judged.destination,
            counted=_hit_rung(judged) > Rung.QUEUED,
        )
        for judged in hits
    ]
    if facts.stopped_at is not None:
        lines.append(Evidence(at=facts.stopped_at, kind=EvidenceKind.STOP))
    # Of two lines of one instant the later added is the newer.
    lines.reverse()
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True))
