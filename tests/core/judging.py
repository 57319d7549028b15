"""All hits of a copy judged as the store judges them: by the rules, then by what the user said."""

from collections.abc import Sequence

from desktop.core.circumstances import HitContext
from desktop.core.classify import ruled_copy
from desktop.core.correction import corrected
from desktop.core.verdict import Judgement
from relay.wire.hit import Hit


def judge_copy(
    hits: Sequence[Hit], context: HitContext, aged: Sequence[tuple[Hit, Judgement]] = ()
) -> tuple[Judgement, ...]:
    """Return the verdicts on all hits of one copy, in the order given."""
    return tuple(
        corrected(hit, judged, context.address, context.corrections)
        for hit, judged in zip(hits, ruled_copy(hits, context, aged), strict=True)
    )
