"""A relay that says what a test wants it to, where a real one cannot be made to lie."""

import threading
from collections.abc import Callable, Iterable, Iterator

from desktop.tracking.client import Batch, Exchanged, SealedRow
from relay.wire.answer import Answer, spell_answer
from relay.wire.hit import Hit, encode
from relay.wire.seal import Sealer, public_key_of
from tests.tracking.desktop_side import DesktopSide, now

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class ScriptedClient:
    """Stands in for the relay's client: gives out batches, then waits to be woken."""

    def __init__(self, *batches: Batch, answers: Iterable[tuple[SealedRow, ...]] = ()) -> None:
        self.batches = list(batches)
        self.waiting_answers = list(answers)
        self.acknowledged: list[bytes] = []
        self.acknowledged_answers: list[bytes] = []
        self.exchanges = 0
        self._woken = threading.Event()
        self.is_drained = threading.Event()

    def poll(
        self, lease: bytes, *, wait_s: float, on_admitted: Callable[[], None], on_arriving: Callable[[], None]
    ) -> Batch | None:
        """Give the next batch, or wait to be woken."""
        on_admitted()
        if self.batches:
            on_arriving()
            return self.batches.pop(0)
        self.is_drained.set()
        self._woken.wait()
        return None

    def acknowledge(self, keys: Iterator[bytes]) -> None:
        """Remember the keys."""
        self.acknowledged += keys

    def answers(self) -> tuple[SealedRow, ...]:
        """Give the next answers, none once all were given."""
        return self.waiting_answers.pop(0) if self.waiting_answers else ()

    def acknowledge_answers(self, keys: Iterator[bytes]) -> None:
        """Remember the keys."""
        self.acknowledged_answers += keys

    def exchange_stops(self, tags: frozenset[bytes]) -> Exchanged:
        """Know no stops of its own."""
        self.exchanges += 1
        return Exchanged(tags=frozenset(tags))

    def wake(self) -> None:
        """End the wait."""
        self._woken.set()

    def close(self) -> None:
        """End the wait."""
        self._woken.set()


def batch(
    *rows: SealedRow,
    gaps_: dict[str, int] | None = None,
    digest: str = EMPTY,
    now_ms: int | None = None,
    answers: int = 0,
) -> Batch:
    return Batch(
        now_ms=round(now().timestamp() * 1000) if now_ms is None else now_ms,
        network="192.0.2.0/24",
        same_source=b"\x09" * 8,
        stops_digest=digest,
        rows=rows,
        gaps=gaps_ or {},
        answers=answers,
    )


def run_scripted(desk: DesktopSide, *batches: Batch, answers: Iterable[tuple[SealedRow, ...]] = ()) -> ScriptedClient:
    client = ScriptedClient(*batches, answers=answers)
    poller = desk.poller()
    poller._client = client  # type: ignore[assignment]
    poller.start()
    assert client.is_drained.wait(10)
    return client


def sealed(desk: DesktopSide, one: Hit, *, key: bytes) -> SealedRow:
    # What the wire cannot spell is put into the octets by hand: a number where a name belongs.
    lying = encode(one).replace(b'"a number"', b"5".ljust(10))
    return _sealed_for(desk, lying, key)


def sealed_answer(desk: DesktopSide, one: Answer, *, key: bytes) -> SealedRow:
    return _sealed_for(desk, spell_answer(one), key)


def _sealed_for(desk: DesktopSide, octets: bytes, key: bytes) -> SealedRow:
    recipient = public_key_of(desk.channel.private_key)
    return SealedRow(key=key, sealed=Sealer().seal(octets, channel_id=desk.channel.channel_id, recipient=recipient))
