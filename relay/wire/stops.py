"""How desktop and relay tell whether they hold the same stops of a channel."""

import hashlib
from collections.abc import Iterable


def stops_digest(tags: Iterable[bytes]) -> str:
    """Return the SHA-256, in hex, over the distinct recipient tags in ascending order, put one after the other."""
    return hashlib.sha256(b"".join(sorted(set(tags)))).hexdigest()
