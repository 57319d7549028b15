"""What is known around a hit, beside the hit itself: values that judging is handed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
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

    `own_sources` are this desktop's same-source marks, `own_seen` the networks (a /24 or /48 as text) it was seen in,
    each with a day since 1970 UTC of which its mark there is known, and `own_programs` the user's programs, each a
    `program_shape` or a client's short name.  `own_proxies` are the image proxies, by `fetcher_name`, of the provider
    that files what was sent, which fetch for the user's own looks at it too; `sent_clean_at_ms` is when what it filed
    was known to be clean.  `replied_at_ms` is when the first reply to this copy reached the user.  `address` is the
    copy's, normalised; `telltales` are facts by hit id.
    """

    sent_at: datetime | None
    known: bool
    link_count: int = 0
    siblings: tuple[Hit, ...] = ()
    own_sources: frozenset[bytes] = frozenset()
    own_programs: frozenset[str] = frozenset()
    own_seen: frozenset[tuple[str, int]] = frozenset()
    own_proxies: frozenset[str] = frozenset()
    sent_clean_at_ms: int | None = None
    replied_at_ms: int | None = None
    address: str = ""
    corrections: tuple[Correction, ...] = ()
    telltales: Mapping[bytes, frozenset[Telltale]] = field(default_factory=dict)
    window_s: float = DEFAULT_WINDOW_S

    @property
    def own_networks(self) -> frozenset[str]:
        """The networks this desktop was seen in, on whatever day."""
        return _networks(self.own_seen)


@lru_cache(maxsize=4)
def _networks(seen: frozenset[tuple[str, int]]) -> frozenset[str]:
    return frozenset(network for network, _ in seen)
