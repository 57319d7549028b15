"""A later reader who may be somebody else: said as a possibility, with the evidence, never as a fact.

Whoever shares a network or a program with the first reader, or with one who does, is taken for the same: a phone
changes its network all day, and a person moves from the mail program to a browser.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from desktop.core.agents import client_name, program_shape
from desktop.core.verdict import Judgement, Verdict
from relay.wire.hit import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarding:
    """Why a person's hit may be another person's: the first person's hit on the copy had another network and program.

    `earlier_client` is that program's short name, empty where it is not known.
    """

    earlier_at: datetime
    earlier_client: str = ""


def forwardings(judged: Sequence[tuple[Hit, Judgement]]) -> dict[bytes, Forwarding]:
    """Return, for hits of one copy in any order, which persons' hits may be another reader's, and why, by hit id.

    A hit that the user gave to the recipient is none, and one from a listed network tells no network of its reader.
    """
    people = [(hit, judgement) for hit, judgement in judged if judgement.verdict is Verdict.PERSON]
    people.sort(key=lambda each: (each[0].at_ms, each[0].id))
    if not people:
        return {}
    first = people[0][0]
    earlier = Forwarding(
        earlier_at=datetime.fromtimestamp(first.at_ms / 1000, UTC), earlier_client=client_name(first.agent)
    )
    networks, programs = _networks(first), {program_shape(first.agent)}
    found = {}
    for hit, judgement in people[1:]:
        is_same = bool(_networks(hit) & networks) or program_shape(hit.agent) in programs
        if is_same or hit.labels or not networks or judgement.rule == "corrected-recipient":
            networks |= _networks(hit)
            programs.add(program_shape(hit.agent))
        else:
            found[hit.id] = earlier
    return found


def _networks(hit: Hit) -> set[str]:
    return set() if hit.labels else {str(hit.network)}
