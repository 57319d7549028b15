"""Rates as ranges: at the lower end what is proven, at the upper what is possible, with the counts behind them.

A prefetch, a scanner, a preview and the user's own view count at neither end.  What could not show a thing is not
among those it is counted of: a copy without a picture no opening, one without a tracked link no click, one that came
back nothing at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from desktop.core.status import Aside, Rung
from desktop.core.verdict import Verdict
from relay.wire.hit import HitKind
from relay.wire.purpose import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Of `of` copies `proven` and at most `possible` had it; `possible` is never below `proven`."""

    of: int
    proven: int
    possible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one stretch of time; opened and clicked are out of the copies that could show it.

    `sent` counts the copies that left, `not_delivered` those among them that came back.
    """

    sent: int
    not_delivered: int
    opened: Rate
    clicked: Rate
    replied: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFigures:
    """What counts of `count` copies that are alike: how each stands, what it carried, and which hits it has.

    `may_be_answered` says that something came which the user has not called a reply yet, nor none.
    """

    count: int = 1
    rung: Rung
    asides: frozenset[Aside] = frozenset()
    purposes: frozenset[Purpose] = frozenset()
    has_links: bool = False
    hits: frozenset[tuple[HitKind, Verdict]] = frozenset()
    may_be_answered: bool = False


# What a person may have done: a fetch through a proxy, and what nothing is proven of.
_POSSIBLE: Final = frozenset({Verdict.PERSON, Verdict.IMAGE_PROXY, Verdict.UNKNOWN})


def report(copies: Iterable[CopyFigures]) -> Report:
    """Return the figures of these copies; what has not left is not among them."""
    sent = [each for each in copies if each.rung > Rung.QUEUED]
    arrived = [each for each in sent if Aside.NOT_DELIVERED not in each.asides]
    return Report(
        sent=_count(sent),
        not_delivered=_count(sent) - _count(arrived),
        opened=_opened([each for each in arrived if Purpose.OPENS in each.purposes]),
        clicked=_clicked([each for each in arrived if Purpose.CLICKS in each.purposes and each.has_links]),
        replied=_replied(arrived),
    )


def _opened(copies: list[CopyFigures]) -> Rate:
    """Who used a link, confirmed or answered has read it as well."""
    proven = [each for each in copies if each.rung >= Rung.OPENED]
    possible = [each for each in copies if each.rung >= Rung.OPENED or each.may_be_answered or _may(each, *HitKind)]
    return _rate(copies, proven, possible)


def _clicked(copies: list[CopyFigures]) -> Rate:
    proven = [each for each in copies if (HitKind.CLICK, Verdict.PERSON) in each.hits]
    return _rate(copies, proven, [each for each in copies if _may(each, HitKind.CLICK)])


def _replied(copies: list[CopyFigures]) -> Rate:
    proven = [each for each in copies if each.rung is Rung.REPLIED]
    return _rate(copies, proven, [each for each in copies if each.rung is Rung.REPLIED or each.may_be_answered])


def _may(copy: CopyFigures, *kinds: HitKind) -> bool:
    return any(kind in kinds and verdict in _POSSIBLE for kind, verdict in copy.hits)


def _rate(of: list[CopyFigures], proven: list[CopyFigures], possible: list[CopyFigures]) -> Rate:
    return Rate(of=_count(of), proven=_count(proven), possible=_count(possible))


def _count(copies: Iterable[CopyFigures]) -> int:
    return sum(each.count for each in copies)
