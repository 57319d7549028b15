"""What a hit means: the verdict, its rule, its evidence and how sure it is.

"Machine" is a prefetch, a scanner or a preview: such a hit never notifies, reminds or counts.
"""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Who made a request, as far as the evidence says."""

    PERSON = "person"
    IMAGE_PROXY = "image_proxy"
    PREFETCH = "prefetch"
    SCANNER = "scanner"
    PREVIEW = "preview"
    SELF = "self"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How far the evidence carries."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


MACHINES = frozenset({Verdict.PREFETCH, Verdict.SCANNER, Verdict.PREVIEW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One hit's verdict; `rule` is a stable name such as "burst", `reason` one plain English clause."""

    verdict: Verdict
    rule: str
    confidence: Confidence
    reason: str

    @property
    def notifies(self) -> bool:
        """Whether the user may be told at once: a person, or in hedged words an image proxy."""
        return self.verdict in (Verdict.PERSON, Verdict.IMAGE_PROXY)

    @property
    def counts(self) -> bool:
        """Whether the hit proves something a person did."""
        return self.verdict is Verdict.PERSON
