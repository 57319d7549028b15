"""One request at the relay that bore a token, as both sides write and read it.

A hit is JSON padded to 1,024 octets, so that its sealed size tells nothing.  It carries labels and a truncated network,
never an address; the same-source mark lets a burst be recognised without one.
"""

import ipaddress
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Final

from relay.wire.keyed import hmac_sha256
from relay.wire.labels import IPV4_PREFIX_BITS, IPV6_PREFIX_BITS, Address, Label, Network
from relay.wire.token import RANDOM_ID_BYTES

HIT_BYTES: Final = 1_024
HIT_ID_BYTES: Final = 16
SAME_SOURCE_BYTES: Final = 8
MAX_AGENT_BYTES: Final = 512
MAX_HEADER_BYTES: Final = 24
MAX_LABELS: Final = 8
# The few headers a verdict needs; all other headers are dropped at the relay.
KEPT_HEADERS: Final = ("sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "accept-language", "via")
_FORMAT: Final = 1


class HitKind(StrEnum):
    """What the request asked for."""

    OPEN = "open"
    CLICK = "click"


class BadHitError(ValueError):
    """The octets are no hit of this format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One request: `at_ms` is milliseconds since 1970-01-01 UTC, `network` a /24 or /48."""

    id: bytes
    kind: HitKind
    token_id: bytes
    at_ms: int
    labels: tuple[Label, ...]
    network: Network
    same_source: bytes
    agent: str
    headers: Mapping[str, str] = field(default_factory=dict)


def same_source_mark(daily_key: bytes, address: Address, channel_id: bytes) -> bytes:
    """Return 64 bits that are equal for requests of one full address to one channel on one day."""
    return hmac_sha256(daily_key, address.packed + channel_id)[:SAME_SOURCE_BYTES]


def _fitted(text: str, size_bytes: int) -> str:
    """Return `text` as a JSON string of ASCII, cut where `size_bytes` octets between the quotes are full."""
    whole = _quoted(text)
    return whole if len(whole) - 2 <= size_bytes else _quoted(cut(text, size_bytes))


def cut(text: str, size_bytes: int) -> str:
    """Return the longest head of `text` that fits in `size_bytes` octets of JSON-escaped ASCII."""
    if len(_quoted(text)) - 2 <= size_bytes:
        return text
    taken = 0
    for position, character in enumerate(text):
        taken += len(_quoted(character)) - 2
        if taken > size_bytes:
            return text[:position]
    raise AssertionError("unreachable: the whole text did not fit")  # pragma: no cover


def encode(hit: Hit) -> bytes:
    """Return the hit as exactly 1,024 octets; the user agent is cut at 512 or where room ends, each kept header at 24.

    Raises ValueError when fields other than the agent do not fit, which labels and headers within limits never do.
    """
    return spell(
        hit_id=hit.id,
        kind=hit.kind,
        token_id=hit.token_id,
        at_ms=hit.at_ms,
        labels=hit.labels,
        network=str(hit.network),
        same_source=hit.same_source,
        agent=hit.agent,
        headers=hit.headers,
    )


def spell(
    *,
    hit_id: bytes,
    kind: HitKind,
    token_id: bytes,
    at_ms: int,
    labels: Sequence[Label],
    network: str,
    same_source: bytes,
    agent: str,
    headers: Mapping[str, str],
) -> bytes:
    """Return what `encode` does of a hit with these fields, `network` spelled out.

    Written out, as a JSON library would spell it, and with no Hit made: the relay does this for every request.
    """
    listed = ",".join([f"[{_quoted(label.name)},{_quoted(label.date)}]" for label in labels[:MAX_LABELS]])
    kept = ",".join(
        [f'"{name}":{_fitted(headers[name], MAX_HEADER_BYTES)}' for name in KEPT_HEADERS if name in headers]
    )
    before = (
        f'{{"v":{_FORMAT},"id":"{hit_id.hex()}","k":"{kind}","t":"{token_id.hex()}","at":{at_ms},'
        f'"l":[{listed}],"n":"{network}","s":"{same_source.hex()}","a":'
    )
    after = f',"h":{{{kept}}}}}'
    room = HIT_BYTES - len(before) - len(after) - 2
    if room < 0:
        raise ValueError(f"a hit {-room} octets too long")
    text = f"{before}{_fitted(agent, min(room, MAX_AGENT_BYTES))}{after}"
    return text.encode("ascii").ljust(HIT_BYTES, b" ")


def decode(octets: bytes) -> Hit:
    """Return the hit in 1,024 octets; raise BadHitError for anything else, unknown fields included."""
    if len(octets) != HIT_BYTES:
        raise BadHitError(f"{len(octets)} octets instead of {HIT_BYTES}")
    try:
        hit = _from_fields(json.loads(octets))
        _check(hit)
        canonical = encode(hit)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadHitError("not a hit") from error
    if canonical != octets:
        raise BadHitError("another spelling of a hit")
    return hit


def _from_fields(fields: Any) -> Hit:
    if fields["v"] != _FORMAT:
        raise BadHitError("unknown format")
    return Hit(
        id=bytes.fromhex(fields["id"]),
        kind=HitKind(fields["k"]),
        token_id=bytes.fromhex(fields["t"]),
        at_ms=fields["at"],
        labels=tuple(Label(name, date) for name, date in fields["l"]),
        network=ipaddress.ip_network(fields["n"]),
        same_source=bytes.fromhex(fields["s"]),
        agent=fields["a"],
        headers=dict(fields["h"]),
    )


def _check(hit: Hit) -> None:
    """Raise BadHitError for a field of another type or size, which spelling it again would not show."""
    texts = (hit.agent, *hit.headers.values(), *(text for label in hit.labels for text in (label.name, label.date)))
    sizes = (len(hit.id), len(hit.token_id), len(hit.same_source))
    prefix_bits = IPV4_PREFIX_BITS if hit.network.version == 4 else IPV6_PREFIX_BITS
    if (
        type(hit.at_ms) is not int
        or any(not isinstance(text, str) for text in texts)
        or sizes != (HIT_ID_BYTES, RANDOM_ID_BYTES, SAME_SOURCE_BYTES)
        or hit.network.prefixlen != prefix_bits
    ):
        raise BadHitError("a field of another type or size")
