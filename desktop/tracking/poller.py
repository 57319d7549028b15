"""Hits and answers come home: one thread polls the relay, opens the seals, stores, and only then acknowledges.

Both are dated by the desktop's clock, as sendings are, if the relay's is another.  What cannot be opened is counted,
shown and acknowledged, so it never blocks what is behind it.  When the relay or the store is in trouble the thread says
so, backs off and begins anew with the exchange of stops; hits wait at the relay.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Final

from desktop.accounts.channel import Channel
from desktop.core.errors import Trouble
from desktop.store.answers import record_answers
from desktop.store.database import Store
from desktop.store.hits import record_gaps, record_hits
from desktop.store.people import all_stop_tags
from desktop.tracking.client import WAIT_S, YEAR_9999_MS, Batch, RelayClient, SealedRow
from desktop.tracking.exchange import exchange_stops
from desktop.tracking.requesting import LeaseHeld
from desktop.tracking.skew import Skew
from desktop.tracking.sources import Sources
from relay.wire.answer import Answer, BadAnswerError, read_answer
from relay.wire.hit import HIT_ID_BYTES, SAME_SOURCE_BYTES, BadHitError, Hit, decode
from relay.wire.seal import BadSealError, Opener
from relay.wire.stops import stops_digest
from relay.wire.token import RANDOM_ID_BYTES

LEASE_BYTES: Final = 16
MAX_BACK_OFF_S: Final = 60.0
# A relay that answers sooner than this with nothing new is not asked again at once.
_QUICK_S: Final = 0.2
_JOIN_S: Final = 1.0
# The relay holds the lease of a Readback that was quit for 10 s more; a start soon after it only has to wait.
PATIENCE_S: Final = 12.0
_ID_SIZES: Final = (HIT_ID_BYTES, RANDOM_ID_BYTES, SAME_SOURCE_BYTES)


class Link(StrEnum):
    """How the desktop stands with its relay."""

    CONNECTING = "connecting"
    LISTENING = "listening"
    AWAY = "away"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollerState:
    """What to show of the relay; `trouble` says why it is away, `bad_seals` how many rows could not be opened."""

    link: Link
    trouble: Trouble | None = None
    bad_seals: int = 0
    network: str = ""


def back_off_s(failures: int) -> float:
    """Return the wait after so many failures in a row: 1 s, doubled each time, a minute at most."""
    return min(MAX_BACK_OFF_S, 2.0 ** min(failures - 1, 10))


class Poller:
    """The thread; `on_state` is called on it whenever the state changes, and must not wait."""

    def __init__(
        self,
        *,
        store: Store,
        channel: Channel,
        clock: Callable[[], datetime],
        on_state: Callable[[PollerState], None],
        window_s: float | None = None,
        ca_file: Path | None = None,
        wait_s: float = WAIT_S,
        patience_s: float = PATIENCE_S,
        back_off: Callable[[int], float] = back_off_s,
        lease: bytes | None = None,
    ) -> None:
        """Prepare to poll; the stored window holds if `window_s` is None; a held lease is no trouble so soon.

        A `lease` of an earlier poller of the channel, which has stopped, lets this one in at once.
        """
        self._store = store
        self._clock = clock
        self._on_state = on_state
        self._window_s = window_s
        self._wait_s = wait_s
        self._patience_s = patience_s
        self._back_off = back_off
        self._client = RelayClient(relay_url=channel.relay_url, bearer=channel.bearer, ca_file=ca_file)
        self._sources = Sources(store=store, channel=channel, clock=clock, ca_file=ca_file)
        self._opener = Opener(channel.private_key, channel.channel_id)
        self._skew = Skew(clock)
        self._has_doubted = False
        self._lease = os.urandom(LEASE_BYTES) if lease is None else lease
        self._stopping = threading.Event()
        self._state = PollerState(link=Link.CONNECTING)
        self._marks: set[bytes] = set()
        self._gaps: Mapping[str, int] = {}
        # A daemon, because quitting must not wait for a connection that is still being made.
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)

    @property
    def state(self) -> PollerState:
        """The state last told."""
        return self._state

    @property
    def lease(self) -> bytes:
        """What the relay knows this poller by."""
        return self._lease

    def take_leave(self, at_most_s: float) -> None:
        """Take in, instead of `start`, what waits, as far as that is done in time; raise Trouble."""
        end_s = monotonic() + at_most_s
        try:
            self._exchange_stops()
            while self._poll_once() and monotonic() < end_s:
                continue
        finally:
            self._client.close()

    def start(self) -> None:
        """Begin to poll; once."""
        self._sources.start()
        self._thread.start()

    def stop(self) -> None:
        """End the poll under way; returns once the thread is done, or after a second if it is still connecting."""
        self._stopping.set()
        self._client.wake()
        self._sources.stop()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        failures = 0
        begun_at_s = monotonic()
        while not self._stopping.is_set():
            try:
                self._exchange_stops()
                while not self._stopping.is_set():
                    self._poll_once()
                    failures = 0
            except Trouble as trouble:
                failures += 1
                if not (isinstance(trouble, LeaseHeld) and monotonic() - begun_at_s < self._patience_s):
                    self._tell(link=Link.AWAY, trouble=trouble)
                self._stopping.wait(self._back_off(failures))
        self._client.close()
        self._tell(link=Link.STOPPED)

    def _tell(self, *, link: Link, trouble: Trouble | None = None, bad_seals: int = 0, network: str = "") -> None:
        state = PollerState(
            link=link,
            trouble=trouble,
            bad_seals=self._state.bad_seals + bad_seals,
            network=network or self._state.network,
        )
        if state != self._state:
            self._state = state
            self._on_state(state)

    def _tell_listening(self) -> None:
        if self._state.link is not Link.LISTENING:
            self._sources.ask()
        self._tell(link=Link.LISTENING)

    def _on_admitted(self) -> None:
        self._skew.admitted()
        self._tell_listening()

    def _exchange_stops(self) -> None:
        exchange_stops(self._client, self._store, self._clock())

    def _poll_once(self) -> bool:
        """Wait for news and take it in; return whether there was any, so that there may be more."""
        asked_at_s = monotonic()
        self._skew.asked(self._wait_s)
        batch = self._client.poll(
            self._lease, wait_s=self._wait_s, on_admitted=self._on_admitted, on_arriving=self._skew.arriving
        )
        if batch is None:
            return False
        if self._is_to_be_asked_again(batch):
            return True
        hits, bad_seals = self._open(batch.rows)
        self._keep(batch, hits)
        if batch.rows:
            self._client.acknowledge(row.key for row in batch.rows)
        self._tell(link=Link.LISTENING, bad_seals=bad_seals, network=batch.network)
        has_answers = batch.answers > 0 and self._take_answers()
        if batch.stops_digest != stops_digest(all_stop_tags(self._store)):
            self._exchange_stops()
        elif not batch.rows and not has_answers and monotonic() - asked_at_s < _QUICK_S:
            self._stopping.wait(_QUICK_S)
        return bool(batch.rows) or has_answers

    def _take_answers(self) -> bool:
        """Fetch what recipients pressed and take it in; return whether there was any."""
        rows = self._client.answers()
        answers = [answer for answer in map(self._answer_in, rows) if answer is not None]
        if answers:
            record_answers(self._store, answers, now=self._clock())
        if rows:
            self._client.acknowledge_answers(row.key for row in rows)
        self._tell(link=Link.LISTENING, bad_seals=len(rows) - len(answers))
        return bool(rows)

    def _answer_in(self, row: SealedRow) -> Answer | None:
        """Return the answer in a row at the time that the desktop's clock showed, None where none can be opened."""
        try:
            answer = read_answer(self._opener.open(row.sealed))
        except (BadSealError, BadAnswerError):
            return None
        dated = replace(answer, at_ms=answer.at_ms - self._skew.ahead_ms)
        return dated if 0 <= dated.at_ms < YEAR_9999_MS else None

    def _is_to_be_asked_again(self, batch: Batch) -> bool:
        """Learn the relay's time; return whether rows must come again, at once, with an answer that tells it."""
        is_doubted = not self._skew.learn(batch.now_ms) and bool(batch.rows) and not self._has_doubted
        self._has_doubted = is_doubted
        return is_doubted

    def _keep(self, batch: Batch, hits: list[Hit]) -> None:
        """Store what the batch brought; on return it is durable and may be acknowledged."""
        now = self._clock()
        if hits or batch.same_source not in self._marks:
            marks = {batch.same_source: batch.network}
            record_hits(self._store, hits, now=now, window_s=self._window_s, own_sources=marks)
            if not marks.keys() <= self._marks:
                # The first, or that of another day or network: over the other address family there is another, too.
                self._sources.ask()
            self._marks |= marks.keys()
        if batch.gaps != self._gaps:
            record_gaps(self._store, batch.gaps)
            self._gaps = batch.gaps

    def _open(self, rows: tuple[SealedRow, ...]) -> tuple[list[Hit], int]:
        """Return the hits that could be opened, and how many rows could not."""
        hits: list[Hit] = []
        for row in rows:
            try:
                hit = decode(self._opener.open(row.sealed))
            except (BadSealError, BadHitError):
                continue
            if _is_sound(hit) and _is_sound(dated := self._dated(hit)):
                hits.append(dated)
        return hits, len(rows) - len(hits)

    def _dated(self, hit: Hit) -> Hit:
        """Return the hit at the time that the desktop's clock showed."""
        ahead_ms = self._skew.ahead_ms
        return replace(hit, at_ms=hit.at_ms - ahead_ms) if ahead_ms else hit


def _is_sound(hit: Hit) -> bool:
    """Return whether a hit's fields are what they should be: a relay that lies must not stop the thread."""
    texts = (hit.agent, *hit.headers.values(), *(text for label in hit.labels for text in (label.name, label.date)))
    return (
        type(hit.at_ms) is int
        and 0 <= hit.at_ms < YEAR_9999_MS
        and (len(hit.id), len(hit.token_id), len(hit.same_source)) == _ID_SIZES
        and all(_is_text(text) for text in texts)
    )


def _is_text(value: object) -> bool:
    """Return whether a value is text without lone surrogates, which UTF-8 and so the store cannot hold."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)
