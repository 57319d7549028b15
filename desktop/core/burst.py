"""A burst: all links of a copy followed within seconds, as no person does."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from relay.wire.hit import Hit, HitKind

BURST_MS: Final = 3_000
LEAST_BURST: Final = 2


def burst_clicks(hits: Iterable[Hit], link_count: int) -> frozenset[bytes]:
    """Return the ids of the clicks that lie within some 3 s which saw every link of the copy followed.

    One pass over the clicks in order of time: a flood of hits must not make judging slow.
    """
    if link_count < LEAST_BURST:
        return frozenset()
    clicks = sorted((each for each in hits if each.kind is HitKind.CLICK), key=lambda each: each.at_ms)
    found: set[bytes] = set()
    followed: Counter[bytes] = Counter()
    end = marked = 0
    for begin, first in enumerate(clicks):
        while end < len(clicks) and clicks[end].at_ms - first.at_ms <= BURST_MS:
            followed[clicks[end].token_id] += 1
            end += 1
        if len(followed) >= link_count:
            marked = max(marked, begin)
            found.update(each.id for each in clicks[marked:end])
            marked = end
        followed[first.token_id] -= 1
        if not followed[first.token_id]:
            del followed[first.token_id]
    return frozenset(found)
