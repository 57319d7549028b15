"""Roughly where a hit came from and on what, where its copy was sent with that permission.

Without the permission nothing is derived: neither the agent nor the database is asked.  Of a machine nothing is said,
and behind a proxy only that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from desktop.core.agents import Family, is_full_safari, read_agent
from desktop.core.device import NOTHING, READ_WITH, Device, device_of
from desktop.core.permission import usable
from desktop.core.verdict import Judgement, Verdict
from relay.wire.hit import Hit, HitKind
from relay.wire.labels import Network
from relay.wire.purpose import Purpose

PRIVATE_RELAY: Final = "Apple's Private Relay"
_APPLE: Final = "apple-egress"
_GOOGLE: Final = "google-fetchers"
_MICROSOFT: Final = "microsoft-cloud"
_PROXIES: Final = frozenset({Family.GMAIL_PROXY, Family.GMAIL_PREFETCH, Family.OTHER_PROXY})
# Whose network it was, by the published list it stands on; nobody reads mail where these stand.
_NETWORKS: Final = {
    _GOOGLE: "Google's proxy",
    "exchange-protection": "Microsoft's mail filter",
    "barracuda": "Barracuda's mail filter",
    "proofpoint": "Proofpoint's gateway",
    "mimecast": "Mimecast's gateway",
    "ironport": "IronPort's gateway",
    "trend-micro": "Trend Micro's gateway",
}
_SOME_PROXY: Final = "an image proxy"
_DATA_CENTRE: Final = "a data centre's network"
_OPERA_MINI: Final = "Opera Mini"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A country, and a region of it where that is known, in the database's own English words."""

    country: str
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceDatabase:
    """What a database of places says of itself: its kind, when it was built, whether it knows regions."""

    kind: str
    built_at: datetime
    has_regions: bool


PlaceOf = Callable[[Network], Place | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What may be shown: device and place ("Bavaria, Germany"), or what hides both; never both kinds."""

    device: Device | None = None
    place: str = ""
    behind: str = ""


def reading_of(hit: Hit, judgement: Judgement, purposes: frozenset[Purpose], *, place_of: PlaceOf) -> Reading | None:
    """Return where and on what a hit was read, None where nothing may be shown or is known.

    `purposes` are those its copy was sent with; `place_of` looks a truncated network up.
    """
    if Purpose.PLACE not in usable(purposes):
        return None
    if judgement.verdict is Verdict.UNKNOWN:
        behind = _proven_proxy(hit)
        return Reading(behind=behind) if behind else None
    if judgement.verdict not in (Verdict.PERSON, Verdict.IMAGE_PROXY):
        return None
    behind = _hidden_by(hit, judgement)
    if behind:
        return Reading(behind=behind)
    # The user may call a machine's hit the recipient's; the place would still be the machine's.
    if read_agent(hit.agent).family not in READ_WITH:
        return None
    device, place = device_of(hit.agent), place_of(hit.network)
    if device.client == _OPERA_MINI:
        return Reading(behind=f"{_OPERA_MINI}'s proxy")
    if device == NOTHING and place is None:
        return None
    return Reading(device=None if device == NOTHING else device, place=_text_of(place))


def _proven_proxy(hit: Hit) -> str:
    """Return Gmail's proxy where its own network proves it; what others call themselves is proven by nothing."""
    is_gmail = read_agent(hit.agent).family is Family.GMAIL_PROXY
    return "Gmail's proxy" if is_gmail and _GOOGLE in _labels(hit) else ""


def _hidden_by(hit: Hit, judgement: Judgement) -> str:
    """Return what stands between the person and the relay, empty where nothing is known to."""
    agent, labels = read_agent(hit.agent), _labels(hit)
    if agent.family in _PROXIES:
        return f"{agent.name}'s proxy" if agent.name else _SOME_PROXY
    if _APPLE in labels:
        return PRIVATE_RELAY if is_full_safari(hit.agent) or hit.kind is HitKind.CLICK else "Apple's proxy"
    if _MICROSOFT in labels and hit.kind is HitKind.OPEN:
        return "Microsoft's proxy"
    for label in sorted(labels & _NETWORKS.keys()):
        return _NETWORKS[label]
    if labels:
        return _DATA_CENTRE
    return _SOME_PROXY if judgement.verdict is Verdict.IMAGE_PROXY else ""


def _labels(hit: Hit) -> frozenset[str]:
    return frozenset(label.name for label in hit.labels)


def _text_of(place: Place | None) -> str:
    if place is None:
        return ""
    return ", ".join(part for part in (place.region, place.country) if part)
