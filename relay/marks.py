"""How the rows of one recipient are found when that recipient asks, and by nobody else: a keyed mark on each row.

No row names its tag, and equal tags bear different marks, so that whoever holds the database without the secrets cannot
tell which rows belong together.  The key comes of the oldest master, which is never removed: rows outlive a new one.
"""

from typing import Final

from relay.masters import Masters
from relay.wire.keyed import hmac_sha256

MARK_BYTES: Final = 8
DUTY_BYTES: Final = 16


class Marks:
    """The marks of one relay."""

    def __init__(self, masters: Masters) -> None:
        """Derive the key (HKDF, RFC 5869, one block of output)."""
        extracted = hmac_sha256(bytes(32), masters.oldest)
        self._key = hmac_sha256(extracted, b"readback mark\x01")

    def of_row(self, tag: bytes, row_key: bytes) -> bytes:
        """Return the 8 octets that a hit's row bears beside its random key."""
        return hmac_sha256(self._key, tag + row_key)[:MARK_BYTES]

    def of_duty(self, channel_id: bytes, tag: bytes) -> bytes:
        """Return the 16 octets by which a wish to delete replaces an earlier one of the same recipient."""
        return hmac_sha256(self._key, b"duty" + channel_id + tag)[:DUTY_BYTES]
