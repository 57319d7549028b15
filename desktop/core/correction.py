"""What the user says a hit really was, and which later hits follow.

A correction teaches only where hits can be told apart: at a network that no published list names.  Behind a proxy or
in a cloud everybody looks the same, so there it holds for that one hit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from desktop.core.agents import Family, program_shape, read_agent
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit, HitKind

_PROXIES: Final = frozenset({Family.GMAIL_PROXY, Family.GMAIL_PREFETCH, Family.OTHER_PROXY})


class Who(StrEnum):
    """Whose request the user says it was; a colleague is somebody on the user's own side."""

    ME = "me"
    COLLEAGUE = "colleague"
    MACHINE = "machine"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What hits are alike by: the program without its versions and the network, and for some the copy's address.

    The user's own programs, and a colleague's, look the same whomever the copy went to: there `address`, which is
    normalised, is empty.  What a machine or a recipient does at one address says nothing of another's.
    """

    kind: HitKind
    program: str
    network: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One correction; without a `shape` it holds for its hit alone."""

    id: int
    hit_id: bytes
    who: Who
    at: datetime
    shape: Shape | None = None


_OWN_SIDE: Final = frozenset({Who.ME, Who.COLLEAGUE})
_VERDICTS: Final = {
    Who.ME: Verdict.SELF,
    Who.COLLEAGUE: Verdict.SELF,
    Who.MACHINE: Verdict.SCANNER,
    Who.RECIPIENT: Verdict.PERSON,
}
# Judged by what the shape holds too, program and network: only such a hit is made a person's by a word on its like.
# All others are judged by what is their own, as their time or what came with them, or call themselves machines.
FOLLOWS_RECIPIENT: Final = frozenset(
    {"nothing-fits", "app-library-late", "mail-client", "in-app", "app-view", "private-relay", "browser"}
)


def shape_of(hit: Hit, who: Who, address: str) -> Shape | None:
    """Return what later hits are recognised by; None where a listed network, a proxy or no name tells nobody apart."""
    program = program_shape(hit.agent)
    if hit.labels or not program or read_agent(hit.agent).family in _PROXIES:
        return None
    return Shape(
        kind=hit.kind,
        program=program,
        network=str(hit.network),
        address="" if who in _OWN_SIDE else address,
    )


def deciding(hit: Hit, judgement: Judgement, address: str, corrections: Sequence[Correction]) -> Correction | None:
    """Return the correction that decides a hit which the rules judge so: its own, else the newest one of its shape."""
    own: Correction | None = None
    alike: Correction | None = None
    shapes = {who: shape_of(hit, who, address) for who in Who} if corrections else {}
    for each in corrections:
        if each.hit_id == hit.id:
            own = _newer(own, each)
        elif each.shape is not None and each.shape == shapes[each.who] and _may_follow(each.who, judgement):
            alike = _newer(alike, each)
    return own or alike


def _newer(one: Correction | None, other: Correction) -> Correction:
    return other if one is None or (other.at, other.id) > (one.at, one.id) else one


def _may_follow(who: Who, judgement: Judgement) -> bool:
    return who is not Who.RECIPIENT or judgement.rule in FOLLOWS_RECIPIENT


def corrected(hit: Hit, judgement: Judgement, address: str, corrections: Sequence[Correction]) -> Judgement:
    """Return the judgement as the user's own words have it, the rules' own where nothing they said fits."""
    correction = deciding(hit, judgement, address, corrections)
    if correction is None:
        return judgement
    is_own = correction.hit_id == hit.id
    return Judgement(
        verdict=_VERDICTS[correction.who],
        rule=f"corrected-{correction.who}",
        confidence=Confidence.HIGH if is_own else Confidence.MEDIUM,
        reason="you said so" if is_own else "you said so of one like it",
    )
