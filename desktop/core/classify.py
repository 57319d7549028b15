"""What a hit means: the rules in their order, the first that fits decides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class HitContext:
    """What is known around a hit; `sent_at` is None for a copy never sent, `siblings` are its copy's other hits."""

    sent_at: datetime | None
    known: bool
    link_count: int = 0
    siblings: tuple[Hit, ...] = ()
    own_sources: frozenset[bytes] = frozenset()
    own_agents: frozenset[str] = frozenset()
    window_s: float = 40.0


def judge(hit: Hit, context: HitContext) -> Judgement:
    """Return the verdict on one hit among its siblings."""
    return Judgement(verdict=Verdict.UNKNOWN, rule="nothing-fits", confidence=Confidence.LOW, reason="no rule fits")


def judge_copy(hits: Sequence[Hit], context: HitContext) -> tuple[Judgement, ...]:
    """Return the verdicts on all hits of one copy, in the order given; `context.siblings` is not looked at."""
    return tuple(
        judge(hit, replace(context, siblings=tuple(hits[:place]) + tuple(hits[place + 1 :])))
        for place, hit in enumerate(hits)
    )
