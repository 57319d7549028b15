"""Random octets by the page: a system call for each nonce costs more than the cipher it is for."""

import os
from typing import Final

_PAGE_BYTES: Final = 4_096


class Randomness:
    """The system's random octets, handed out once each; one thread at a time."""

    def __init__(self) -> None:
        """Begin with nothing drawn."""
        self._page = b""
        self._used = 0

    def take(self, size: int) -> bytes:
        """Return `size` octets (far fewer than a page) that nobody got before."""
        end = self._used + size
        if end > len(self._page):
            self._page = os.urandom(_PAGE_BYTES)
            self._used, end = 0, size
        octets = self._page[self._used : end]
        self._used = end
        return octets
