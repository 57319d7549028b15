"""What a person can allow, as desktop and relay name it: on the consent page, in its link and in its answer."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Purpose(StrEnum):
    """What a person can allow, each for itself.

    OPENS and CLICKS are what is seen; PLACE, roughly where and on what device, and READING, about how long it was read,
    say more of what is seen.
    """

    OPENS = "opens"
    CLICKS = "clicks"
    READING = "reading"
    PLACE = "place"


# Their bits in a consent link; a bit is never given another meaning.
_BITS: Final = {Purpose.OPENS: 1, Purpose.CLICKS: 2, Purpose.READING: 4, Purpose.PLACE: 8}


def purpose_bits(purposes: Iterable[Purpose]) -> int:
    """Return the purposes as the sum of their bits."""
    return sum(_BITS[purpose] for purpose in frozenset(purposes))


def purposes_of(bits: int) -> frozenset[Purpose]:
    """Return the purposes that bits stand for; raise ValueError for a bit that stands for none."""
    if not 0 <= bits < 16:
        raise ValueError("bits that stand for no purpose")
    return frozenset(purpose for purpose, bit in _BITS.items() if bits & bit)
