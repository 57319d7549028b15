"""Sealing a hit to the channel that owns it: the relay can write it and never read it again.

X25519 with an ephemeral key in memory only, HKDF-SHA-256, ChaCha20-Poly1305.  The key of one channel and one ephemeral
key is derived once and cached: a key exchange per hit would cost 50 µs, a cached one costs about one.
Layout: version (1) ‖ recipient key id (4) ‖ ephemeral public key (32) ‖ nonce (12) ‖ ciphertext and tag.
"""

import hashlib
import struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from relay.wire.hit import HIT_BYTES
from relay.wire.randomness import Randomness

VERSION: Final = 1
KEY_ID_BYTES: Final = 4
PUBLIC_KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
_HEAD: Final = struct.Struct(">B4s32s12s")
SEALED_BYTES: Final = _HEAD.size + HIT_BYTES + TAG_BYTES


class BadSealError(ValueError):
    """The octets were not sealed to this key and channel, or were altered."""


def key_id(public_key: bytes) -> bytes:
    """Return the 4 octets that name a recipient's public key in a seal."""
    return hashlib.sha256(b"readback key id" + public_key).digest()[:KEY_ID_BYTES]


def new_private_key() -> bytes:
    """Return 32 octets of a fresh X25519 private key."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_key_of(private_key: bytes) -> bytes:
    """Return the 32 octets of the public key that belongs to a private key."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def is_usable_public_key(public_key: bytes) -> bool:
    """Return False for octets that no key exchange may use: another length, or a zero shared secret (RFC 7748 6.1)."""
    try:
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError:
        return False
    return True


def _derive(shared: bytes, ephemeral: bytes, recipient: bytes, channel_id: bytes) -> ChaCha20Poly1305:
    info = b"readback seal" + ephemeral + recipient + channel_id + bytes([VERSION])
    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(shared))


def _associated(channel_id: bytes, recipient_key_id: bytes, ephemeral: bytes) -> bytes:
    return bytes([VERSION]) + channel_id + recipient_key_id + ephemeral


class Sealer:
    """One ephemeral key and the per-channel keys derived from it; replace the whole sealer to rotate."""

    def __init__(self) -> None:
        """Make the ephemeral key; it never leaves this object."""
        self._ephemeral = X25519PrivateKey.generate()
        self._randomness = Randomness()
        self._public = self._ephemeral.public_key().public_bytes_raw()
        self._cached: dict[tuple[bytes, bytes], tuple[bytes, bytes, ChaCha20Poly1305]] = {}

    def seal(self, plain: bytes, *, channel_id: bytes, recipient: bytes) -> bytes:
        """Return `plain` (1,024 octets) sealed to `recipient`'s public key, bound to the channel.

        Raises ValueError for a recipient key that gives a zero shared secret (RFC 7748 6.1) or another length.
        """
        if len(plain) != HIT_BYTES:
            raise ValueError("only a padded hit can be sealed")
        cached = self._cached.get((channel_id, recipient))
        if cached is None:
            shared = self._ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
            recipient_key_id = key_id(recipient)
            cached = (
                recipient_key_id,
                _associated(channel_id, recipient_key_id, self._public),
                _derive(shared, self._public, recipient, channel_id),
            )
            self._cached[channel_id, recipient] = cached
        recipient_key_id, associated, cipher = cached
        nonce = self._randomness.take(NONCE_BYTES)
        head = _HEAD.pack(VERSION, recipient_key_id, self._public, nonce)
        return head + cipher.encrypt(nonce, plain, associated)


class Opener:
    """The owner's side: opens what was sealed to one channel's key."""

    def __init__(self, private_key: bytes, channel_id: bytes) -> None:
        """Take the channel's 32-octet private key and its id."""
        self._private = X25519PrivateKey.from_private_bytes(private_key)
        self._public = self._private.public_key().public_bytes_raw()
        self._channel_id = channel_id
        self._key_id = key_id(self._public)
        self._last: tuple[bytes, ChaCha20Poly1305] | None = None

    def open(self, sealed: bytes) -> bytes:
        """Return the padded hit; raise BadSealError when it was altered or is not for this channel and key."""
        if len(sealed) != SEALED_BYTES:
            raise BadSealError(f"{len(sealed)} octets instead of {SEALED_BYTES}")
        version, recipient_key_id, ephemeral, nonce = _HEAD.unpack_from(sealed)
        if version != VERSION or recipient_key_id != self._key_id:
            raise BadSealError("another version or another key")
        if self._last is None or self._last[0] != ephemeral:
            try:
                shared = self._private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
            except ValueError as error:
                raise BadSealError("a zero key exchange") from error
            self._last = (ephemeral, _derive(shared, ephemeral, self._public, self._channel_id))
        associated = _associated(self._channel_id, self._key_id, ephemeral)
        try:
            return self._last[1].decrypt(nonce, sealed[_HEAD.size :], associated)
        except InvalidTag as error:
            raise BadSealError("the seal does not hold") from error
