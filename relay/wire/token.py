"""The mark in a copy: opaque, authenticated, with a type.

A token names the channel that owns it, the recipient tag a stop names, the day of issue and a random id; 128 bits of
HMAC-SHA-256 authenticate it.  A click token authenticates its destination too, so that the relay is no open redirect,
and a consent token what its link says of the sender, so that nobody can be asked in another's name.
Why 54 octets: they are 72 base64url characters with no bits to spare, so every token has exactly one spelling.
"""

import base64
import binascii
import hmac
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from relay.wire.keyed import hmac_sha256

VERSION: Final = 1
TOKEN_BYTES: Final = 54
TOKEN_CHARS: Final = 72
CHANNEL_ID_BYTES: Final = 12
RECIPIENT_TAG_BYTES: Final = 8
RANDOM_ID_BYTES: Final = 12
MAC_BYTES: Final = 16
KEY_BYTES: Final = 32

_FIELDS: Final = struct.Struct(">BBH12s8sH12s")
_SPELLING: Final = re.compile(r"[A-Za-z0-9_-]{72}\Z")
SECONDS_PER_DAY: Final = 86_400


class TokenType(IntEnum):
    """What a token is for; a token of one type is never taken for another."""

    OPEN = 1
    CLICK = 2
    STOP = 3
    CONSENT = 4
    CONFIRM = 5
    PAGE = 6


class BadTokenError(ValueError):
    """The text is not a token this relay or channel made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The authenticated fields of a token; `issue_day` counts days since 1970-01-01 UTC."""

    type: TokenType
    key_id: int
    channel_id: bytes
    recipient_tag: bytes
    issue_day: int
    random_id: bytes

    def pack(self) -> bytes:
        """Return the 38 octets that the MAC covers."""
        return _FIELDS.pack(
            VERSION,
            self.type,
            self.key_id,
            self.channel_id,
            self.recipient_tag,
            self.issue_day,
            self.random_id,
        )


def minting_key(master: bytes, channel_id: bytes, token_type: TokenType) -> bytes:
    """Derive the 32-octet key that mints one channel's tokens of one type (HKDF, RFC 5869).

    The relay derives it from its master and the token alone, so tokens verify with an empty database.
    """
    info = b"readback token" + channel_id + bytes([token_type])
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master)


def _mac(key: bytes, fields: bytes, bound: bytes) -> bytes:
    return hmac_sha256(key, fields + bound)[:MAC_BYTES]


# Tokens whose MAC covers what else their URL says: a link's destination, a question's claims.
_BINDING: Final = frozenset({TokenType.CLICK, TokenType.CONSENT})


def mint(key: bytes, token: Token, *, bound: bytes = b"") -> str:
    """Spell `token` as 72 characters, authenticated by `key`.

    A click token is `bound` to its destination and a consent token to its claims; ValueError where that is missing, or
    given to another type.
    """
    if bool(bound) != (token.type in _BINDING):
        raise ValueError("what is bound belongs to click and consent tokens, and to each of them")
    fields = token.pack()
    return base64.urlsafe_b64encode(fields + _mac(key, fields, bound)).decode("ascii")


def _decode(text: str) -> bytes:
    """Return the 54 octets of the one spelling a token has; raise BadTokenError for any other."""
    if not _SPELLING.match(text):
        raise BadTokenError("not 72 base64url characters")
    try:
        return binascii.a2b_base64(text.replace("-", "+").replace("_", "/"))
    except binascii.Error as error:  # pragma: no cover - the pattern admits nothing that could be refused
        raise BadTokenError("not base64url") from error


def _fields_of(octets: bytes) -> Token:
    version, type_number, key_id, channel_id, tag, day, random_id = _FIELDS.unpack(octets[:-MAC_BYTES])
    if version != VERSION:
        raise BadTokenError("unknown version")
    try:
        token_type = TokenType(type_number)
    except ValueError as error:
        raise BadTokenError("unknown type") from error
    return Token(
        type=token_type,
        key_id=key_id,
        channel_id=channel_id,
        recipient_tag=tag,
        issue_day=day,
        random_id=random_id,
    )


def read(text: str) -> Token:
    """Return the fields of a token without checking who made it; raise BadTokenError when it is none."""
    return _fields_of(_decode(text))


def verify(
    text: str,
    token_type: TokenType,
    key_for: Callable[[Token], bytes | None],
    *,
    bound: bytes = b"",
) -> Token:
    """Return the token when it is of `token_type` and its MAC holds; raise BadTokenError otherwise.

    `key_for` gives the minting key of the token's channel, type and key id, or None when there is no such master.
    """
    octets = _decode(text)
    token = _fields_of(octets)
    if token.type is not token_type:
        raise BadTokenError("a token of another type")
    key = key_for(token)
    if key is None:
        raise BadTokenError("no such key")
    if not hmac.compare_digest(octets[-MAC_BYTES:], _mac(key, octets[:-MAC_BYTES], bound)):
        raise BadTokenError("the MAC does not hold")
    return token


def recipient_tag(tag_key: bytes, address: str, generation: int) -> bytes:
    """Return the 64-bit tag that stands for one normalised address and one generation of consent.

    Keyed by the desktop alone: the relay cannot turn a tag into an address.
    """
    message = b"readback tag\x00" + address.encode() + b"\x00" + struct.pack(">Q", generation)
    return hmac.digest(tag_key, message, "sha256")[:RECIPIENT_TAG_BYTES]
