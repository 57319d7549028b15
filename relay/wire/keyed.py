"""HMAC-SHA-256 with each key's two inner states kept: half the cost, and it never lets go of the interpreter lock.

`hmac.digest` releases the lock for every call, which a busy event loop pays for with a change of threads.
"""

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hashlib import _Hash

_BLOCK_BYTES: Final = 64
_CACHED_KEYS: Final = 4_096
_INNER: Final = bytes(octet ^ 0x36 for octet in range(256))
_OUTER: Final = bytes(octet ^ 0x5C for octet in range(256))


@lru_cache(maxsize=_CACHED_KEYS)
def _states(key: bytes) -> "tuple[_Hash, _Hash]":
    padded = key.ljust(_BLOCK_BYTES, b"\x00")
    return hashlib.sha256(padded.translate(_INNER)), hashlib.sha256(padded.translate(_OUTER))


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return the 32 octets of RFC 2104 HMAC-SHA-256; the key is at most 64 octets."""
    if len(key) > _BLOCK_BYTES:
        raise ValueError("a key longer than a block")
    inner, outer = _states(key)
    first = inner.copy()
    first.update(message)
    second = outer.copy()
    second.update(first.digest())
    return second.digest()
