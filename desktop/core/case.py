"""A hit with what every rule and every doubt asks of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from desktop.core.agents import Agent, Family, is_full_safari, program_shape
from desktop.core.burst import BURST_MS, Pace
from desktop.core.circumstances import HitContext, Telltale
from desktop.core.verdict import Confidence, Judgement, Verdict
from relay.wire.hit import Hit, HitKind

APPLE: Final = "apple-egress"
GOOGLE: Final = "google-fetchers"
MICROSOFT: Final = "microsoft-cloud"
CLOUDS: Final = frozenset({MICROSOFT, GOOGLE, "google-cloud", "amazon-cloud", "other-cloud"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A hit among what is known around it; `after_s` is negative for a hit before the sending."""

    hit: Hit
    context: HitContext
    agent: Agent
    labels: frozenset[str]
    telltales: frozenset[Telltale]
    pace: Pace
    after_s: float

    @property
    def is_click(self) -> bool:
        """Whether a link was followed."""
        return self.hit.kind is HitKind.CLICK

    @property
    def is_early(self) -> bool:
        """Whether it came within the window after sending, or before."""
        return self.after_s < self.context.window_s

    @property
    def timing(self) -> str:
        """Say of an early hit when it came; without a number, for the reason outlives the exact time."""
        return "it came before the mail was handed over" if self.after_s < 0 else "it came soon after sending"

    @property
    def is_private_relay(self) -> bool:
        """Whether somebody browses with Safari through Apple's Private Relay, which shares the egress list."""
        return self.labels == frozenset({APPLE}) and is_full_safari(self.hit.agent)

    @property
    def is_own_program(self) -> bool:
        """Whether it is, or by its name may be, one of the user's programs."""
        programs, name = self.context.own_programs, self.agent.name
        return program_shape(self.hit.agent) in programs or (name != "" and name in programs)

    def beside(self) -> Iterator[Hit]:
        """Yield the copy's other hits from the same address within 3 s."""
        for each in self.context.siblings:
            if each.same_source == self.hit.same_source and abs(each.at_ms - self.hit.at_ms) <= BURST_MS:
                yield each


# Programs that people are known to read in, or that fetch for them.
OF_PEOPLE: Final = frozenset({Family.MAIL_CLIENT, Family.IN_APP, Family.GMAIL_PROXY, Family.OTHER_PROXY})


def judgement(verdict: Verdict, rule: str, confidence: Confidence, reason: str) -> Judgement:
    """Return a judgement."""
    return Judgement(verdict=verdict, rule=rule, confidence=confidence, reason=reason)


def scanner(rule: str, confidence: Confidence, reason: str) -> Judgement:
    """Return a scanner's judgement."""
    return judgement(Verdict.SCANNER, rule, confidence, reason)


def unknown(rule: str, reason: str) -> Judgement:
    """Return the judgement of a hit that is nobody's for sure."""
    return judgement(Verdict.UNKNOWN, rule, Confidence.LOW, reason)
