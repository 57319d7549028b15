"""What the relay holds for this desktop, fetched and opened there and then; and the end of the channel.

Nothing of it is kept: it is shown beside what the relay sees, and what waits is fetched by the poller as ever.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from desktop.accounts.channel import Channel
from desktop.accounts.retired import Retired
from desktop.tracking.client import SealedRow, sealed_rows
from desktop.tracking.requesting import ANSWER_S, delete, fetch, session_of, unreadable
from relay.wire.answer import Answer, BadAnswerError, read_answer
from relay.wire.hit import BadHitError, Hit, decode
from relay.wire.seal import BadSealError, Opener
from relay.wire.token import RECIPIENT_TAG_BYTES

T = TypeVar("T")
# A thousand rows and as many answers are 3 MB.
FETCH_S: Final = 2 * ANSWER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow(Generic[T]):
    """A row as the relay has it, its random key, its day and sealed octets, and what it means; None: not opened."""

    key: bytes
    day: str
    sealed: bytes
    opened: T | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Everything that the relay has for one channel; the counts say more where not all rows were told.

    `public_key` is as the relay spells it, `gaps` are how many hits went unread by day, `stops` the tags that are
    stopped, and `used_questions` how many links of questions were answered.
    """

    relay_url: str
    channel_id: bytes
    public_key: str
    hits: tuple[HeldRow[Hit], ...]
    hits_count: int
    answers: tuple[HeldRow[Answer], ...]
    answers_count: int
    gaps: Mapping[str, int]
    stops: tuple[bytes, ...]
    used_questions: int


def held(channel: Channel, *, ca_file: Path | None = None, timeout_s: float = FETCH_S) -> Held:
    """Return what the relay holds for a channel; raises Unreachable, NotAuthorised, Refused, Malformed."""
    with closing(session_of(channel.relay_url, channel.bearer, ca_file)) as session:
        body = fetch(session, f"{channel.relay_url}/held", timeout_s=timeout_s)
    try:
        return _held(channel, json.loads(body))
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable() from error


def _held(channel: Channel, told: Mapping[str, Any]) -> Held:
    opener = Opener(channel.private_key, channel.channel_id)
    stops = tuple(bytes.fromhex(tag) for tag in told["stops"])
    if any(len(tag) != RECIPIENT_TAG_BYTES for tag in stops):
        raise ValueError("a tag of another length")
    return Held(
        relay_url=channel.relay_url,
        channel_id=bytes.fromhex(told["channel_id"]),
        public_key=str(told["public_key"]),
        hits=_rows(told["hits"], lambda sealed: _hit_in(opener, sealed)),
        hits_count=int(told["hits_count"]),
        answers=_rows(told["answers"], lambda sealed: _answer_in(opener, sealed)),
        answers_count=int(told["answers_count"]),
        gaps={str(gap["day"]): int(gap["count"]) for gap in told["gaps"]},
        stops=stops,
        used_questions=int(told["used"]),
    )


def _rows(listed: list[Mapping[str, Any]], open_: Callable[[bytes], T | None]) -> tuple[HeldRow[T], ...]:
    rows: tuple[SealedRow, ...] = sealed_rows(listed)
    return tuple(
        HeldRow(key=row.key, day=str(each["day"]), sealed=row.sealed, opened=open_(row.sealed))
        for row, each in zip(rows, listed, strict=True)
    )


def _hit_in(opener: Opener, sealed: bytes) -> Hit | None:
    try:
        return decode(opener.open(sealed))
    except (BadSealError, BadHitError):
        return None


def _answer_in(opener: Opener, sealed: bytes) -> Answer | None:
    try:
        return read_answer(opener.open(sealed))
    except (BadSealError, BadAnswerError):
        return None


def delete_channel(channel: Channel | Retired, *, ca_file: Path | None = None, timeout_s: float = ANSWER_S) -> None:
    """Have the relay delete the channel and all that waits for it; stops hold and are told, and links lead on.

    Raises Unreachable, NotAuthorised for one that it does not know any more, Refused.
    """
    with closing(session_of(channel.relay_url, channel.bearer, ca_file)) as session:
        delete(session, f"{channel.relay_url}/channel", timeout_s=timeout_s)
