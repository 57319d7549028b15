"""What a consent link says of whoever asks: the sender's name, the language, and what is asked for.

The claims travel in the link's query and are covered by the token's MAC, so that nobody but the channel's owner can
make them say anything, and the relay, which shows them, need not keep them.
"""

from dataclasses import dataclass
from typing import Final

from relay.wire.language import Language
from relay.wire.purpose import Purpose, purpose_bits, purposes_of

MAX_SENDER_BYTES: Final = 120
_FORMAT: Final = 1
_HEAD_BYTES: Final = 4


class BadClaimsError(ValueError):
    """The octets are no claims, or not spelled as Readback spells them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who asks, in one line of printable text of at most 120 octets of UTF-8; in which language; for what."""

    sender: str
    language: Language
    purposes: frozenset[Purpose]


def spell_claims(claims: Claims) -> bytes:
    """Return the claims as octets: format, language, purposes, name; raise ValueError for what cannot be claimed."""
    name = claims.sender.encode()
    if not claims.purposes:
        raise ValueError("a question for nothing")
    if not _is_name(claims.sender) or len(name) > MAX_SENDER_BYTES:
        raise ValueError("no name of one printable line")
    return bytes([_FORMAT]) + claims.language.value.encode("ascii") + bytes([purpose_bits(claims.purposes)]) + name


def read_claims(octets: bytes) -> Claims:
    """Return the claims in the octets; raise BadClaimsError for anything that `spell_claims` does not spell."""
    try:
        if octets[:1] != bytes([_FORMAT]):
            raise BadClaimsError("unknown format")
        claims = Claims(
            sender=octets[_HEAD_BYTES:].decode(),
            language=Language(octets[1:3].decode("ascii")),
            purposes=purposes_of(octets[3] if len(octets) >= _HEAD_BYTES else 0),
        )
        spell_claims(claims)
    except ValueError as error:
        raise BadClaimsError("no claims") from error
    return claims


def fit_name(name: str) -> str:
    """Return a sender's name as claims can bear it: one printable line, cut at 120 octets; empty where none is left."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    octets = line.encode("utf-8", "ignore")[:MAX_SENDER_BYTES]
    return octets.decode("utf-8", "ignore").strip()


def _is_name(text: str) -> bool:
    return bool(text) and text == fit_name(text)
