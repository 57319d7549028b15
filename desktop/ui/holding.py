"""What the relay holds for this user, as the windows are handed it: each row as it lies there, and opened.

Part of `ui.actions`, apart for its length.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from relay.wire.answer import Answer
from relay.wire.hit import Hit

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow(Generic[_T]):
    """One row: its random key, its day and its sealed octets, which is all the relay has; None: it cannot be opened."""

    key: bytes
    day: str
    sealed: bytes
    opened: _T | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAtRelay:
    """Everything that the relay holds for this user, as it was just fetched; the counts may be more than the rows.

    `channel_id` and `public_key` are what it knows the user by, `stops` the marks of people who stopped, `questions`
    how many links of questions were used up.
    """

    host: str
    channel_id: bytes
    public_key: str
    hits: tuple[HeldRow[Hit], ...] = ()
    hits_count: int = 0
    answers: tuple[HeldRow[Answer], ...] = ()
    answers_count: int = 0
    stops: tuple[bytes, ...] = ()
    questions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the user can see and do of what is held elsewhere: `held` fetches and opens it, there and then."""

    held: Callable[[], HeldAtRelay]
    delete_channel: Callable[[], None]
