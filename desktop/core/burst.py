"""The pace of a machine: links of a copy followed faster than anybody reads.

A burst proves a machine.  What came from the same program at the same address afterwards, and two links at once that
are not all of them, prove nothing of a person any more.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from relay.wire.hit import Hit, HitKind

BURST_MS: Final = 3_000
LEAST_BURST: Final = 2
HASTE_MS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a copy's hits show together: the ids of a burst's clicks, and of clicks on two links at once.

    `burst_at_ms` is when the first click of a burst came, by source mark and agent.
    """

    bursting: frozenset[bytes]
    hasty: frozenset[bytes]
    burst_at_ms: Mapping[tuple[bytes, str], int]


def pace_of(hits: Iterable[Hit], link_count: int, known: Iterable[Hit] = ()) -> Pace:
    """Return what hits of a copy show together; `known` are clicks known to be of a burst from exacter times."""
    clicks = sorted((each for each in hits if each.kind is HitKind.CLICK), key=lambda each: each.at_ms)
    bursting = burst_clicks(clicks, link_count)
    hasty = (_at_once(each, LEAST_BURST, HASTE_MS) for each in _by_source(clicks))
    begun: dict[tuple[bytes, str], int] = {}
    for each in (*(click for click in clicks if click.id in bursting), *known):
        key = each.same_source, each.agent
        begun[key] = min(each.at_ms, begun.get(key, each.at_ms))
    return Pace(bursting=bursting, hasty=frozenset().union(*hasty), burst_at_ms=begun)


def burst_clicks(clicks: Sequence[Hit], link_count: int) -> frozenset[bytes]:
    """Return the ids of those clicks, given in order of time, that lie within some 3 s which saw every link followed.

    Of two links only, two people may follow one each: there the clicks must share their source or their program.
    """
    if link_count < LEAST_BURST:
        return frozenset()
    if link_count > LEAST_BURST:
        return _at_once(clicks, link_count, BURST_MS)
    alike = (*_by_source(clicks), *_by_agent(clicks))
    return frozenset().union(*(_at_once(each, link_count, BURST_MS) for each in alike))


def _by_source(clicks: Iterable[Hit]) -> Iterable[Sequence[Hit]]:
    found: defaultdict[bytes, list[Hit]] = defaultdict(list)
    for each in clicks:
        found[each.same_source].append(each)
    return found.values()


def _by_agent(clicks: Iterable[Hit]) -> Iterable[Sequence[Hit]]:
    found: defaultdict[str, list[Hit]] = defaultdict(list)
    for each in clicks:
        found[each.agent].append(each)
    return found.values()


def _at_once(clicks: Sequence[Hit], link_count: int, span_ms: int) -> frozenset[bytes]:
    """Return the ids of the clicks that lie within some stretch of that span which saw so many links followed.

    One pass over the clicks in order of time: a flood of hits must not make judging slow.
    """
    found: set[bytes] = set()
    followed: Counter[bytes] = Counter()
    end = marked = 0
    for begin, first in enumerate(clicks):
        while end < len(clicks) and clicks[end].at_ms - first.at_ms <= span_ms:
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
