"""What is known around a hit, beside the hit itself: values that judging is handed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from desktop.core.correction import Correction
from relay.wire.hit import Hit

# How long after sending a fetch is too early to tell; scanners were seen at 22 to 30 s, a person at 45 s.
DEFAULT_WINDOW_S: Final = 40.0


class Telltale(StrEnum):
    """A fact about a request that its hit does not hold; a relay stores no hit for most of these."""

    OWN_MARK = "own_mark"
    PREFETCH = "prefetch"
    HEAD = "head"
    OTHER_METHOD = "other_method"
    ALTERED_TOKEN = "altered_token"
    HIDDEN_LINK = "hidden_link"
    STOP_LINK = "stop_link"
    AGENT_NOT_KNOWN = "agent_not_known"
    NETWORK_NOT_KNOWN = "network_not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class HitContext:
    """What is known around a hit; `sent_at` is None for a copy never sent, `siblings` are its copy's other hits.

    `own_sources` are this desktop's same-source marks, `own_days` the days since 1970 UTC of which at least one is
    known, `own_networks` the /24 and /48 it was seen in, and `own_programs` the user's programs, each a
    `program_shape` or a client's short name.  `replied_at_ms` is when the first reply to this copy reached the user.
    `address` is the copy's, normalised; `telltales` are facts by hit id.
    """

    sent_at: datetime | None
    known: bool
    link_count: int = 0
    siblings: tuple[Hit, ...] = ()
    own_sources: frozenset[bytes] = frozenset()
    own_programs: frozenset[str] = frozenset()
    own_networks: frozenset[str] = frozenset()
    own_days: frozenset[int] = frozenset()
    replied_at_ms: int | None = None
    address: str = ""
    corrections: tuple[Correction, ...] = ()
    telltales: Mapping[bytes, frozenset[Telltale]] = field(default_factory=dict)
    window_s: float = DEFAULT_WINDOW_S
