"""The desktop's long poll: headers at once, then one answer when there is something or the wait is over.

One poller lease per channel.  Rows stay until they are acknowledged, so an answer that was lost costs nothing.  The
first poll of a lease is answered at once: the poller learns its own network, the stops' digest and the gaps.  Each
answer tells the relay's time, since hits are dated by it and the desktop's clock may be another.
"""

import asyncio
import base64
import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from relay.body import read_body
from relay.channels import Channels, refusal
from relay.database import ROW_KEY_BYTES, Database, StorageError
from relay.eventlog import EventLog
from relay.hits import DailyKey
from relay.requester import Proxies
from relay.stopping import parse_octets
from relay.stops import Stops
from relay.unread import Unread
from relay.wire.hit import same_source_mark
from relay.wire.labels import truncated_text

MAX_ROWS: Final = 256
MAX_WAIT_S: Final = 60.0
# How long a lease outlives an answer that was read: time to judge and store 256 hits on a slow disk.
LEASE_GRACE_S: Final = 10.0
_MAX_ACKNOWLEDGE_BYTES: Final = 65_536
_ACKNOWLEDGED_WITHIN: Final = 1_024
_LEASE: Final = re.compile(r"[0-9a-f]{32}\Z")
_WAIT: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?\Z")
_EPOCH: Final = dt.date(1970, 1, 1)
_START: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"cache-control", b"no-store")],
}


@dataclass(slots=True, kw_only=True)
class _Lease:
    """One poller's hold on a channel; `turn` counts its polls, since a new one ends the one before."""

    id: str
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    turn: int = 0
    is_waiting: bool = False
    held_until_s: float = 0.0
    told: tuple[Any, ...] | None = None


class Feed:
    """`GET /feed` and `POST /feed/acknowledge`."""

    def __init__(
        self,
        *,
        channels: Channels,
        reader: Database,
        log: EventLog,
        unread: Unread,
        stops: Stops,
        proxies: Proxies,
        daily_key: DailyKey,
        now_ms: Callable[[], int],
    ) -> None:
        """Take what a poll reads; `reader` is a connection of the loop's own."""
        self._channels = channels
        self._reader = reader
        self._log = log
        self._unread = unread
        self._stops = stops
        self._proxies = proxies
        self._daily_key = daily_key
        self._now_ms = now_ms
        self._leases: dict[bytes, _Lease] = {}
        self._is_closing = False

    def wake(self, channel_id: bytes) -> None:
        """Let a channel's waiting poller look again."""
        lease = self._leases.get(channel_id)
        if lease is not None:
            lease.woken.set()

    def release(self, channel_id: bytes) -> None:
        """End a channel's wait and lease: there is no such channel any more."""
        lease = self._leases.pop(channel_id, None)
        if lease is not None:
            lease.turn += 1
            lease.woken.set()

    def note_stored(self, rows: list[tuple[bytes, int]]) -> None:
        """Know rows that became durable, (channel id, position), and let their channels' pollers look again."""
        self._unread.add(rows)
        for channel_id, _ in rows:
            self.wake(channel_id)

    def close(self) -> None:
        """End every wait: the relay is going down."""
        self._is_closing = True
        for channel_id in self._leases:
            self.wake(channel_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one poll."""
        request = Request(scope)
        channel_id = self._channels.authorised(request.headers.get("authorization", ""))
        if channel_id is None:
            await refusal(401, "This bearer is unknown.")(scope, receive, send)
            return
        asked = _parse(request.query_params)
        if asked is None or scope["method"] != "GET":
            await refusal(400, "The request is no poll.")(scope, receive, send)
            return
        lease = self._lease(channel_id, asked[0])
        if lease is None:
            await refusal(409, "Another program polls this channel.")(scope, receive, send)
            return
        await self._answer(channel_id, lease, asked[1], (scope, receive, send))

    def _lease(self, channel_id: bytes, lease_id: str) -> _Lease | None:
        """Return the channel's lease if `lease_id` holds it or may take it."""
        held = self._leases.get(channel_id)
        if held is not None and held.id == lease_id:
            return held
        if held is not None and (held.is_waiting or _now_s() < held.held_until_s):
            return None
        fresh = self._leases[channel_id] = _Lease(id=lease_id)
        return fresh

    async def _answer(self, channel_id: bytes, lease: _Lease, wait_s: float, asgi: tuple[Scope, Receive, Send]) -> None:
        scope, receive, send = asgi
        lease.turn += 1
        turn = lease.turn
        lease.woken.set()  # An older poll of the same lease, perhaps on a dead connection, ends now.
        lease.is_waiting = True
        await send(_START)
        gone = asyncio.ensure_future(_until_gone(receive, lease))
        try:
            news = await self._news(channel_id, lease, turn, wait_s, gone)
        finally:
            is_gone = gone.done()
            gone.cancel()
            if lease.turn == turn:
                lease.is_waiting = False
                lease.held_until_s = 0.0 if is_gone else _now_s() + LEASE_GRACE_S
        await send({"type": "http.response.body", "body": self._spell(channel_id, scope, news)})

    async def _news(
        self, channel_id: bytes, lease: _Lease, turn: int, wait_s: float, gone: "asyncio.Future[None]"
    ) -> tuple[list[tuple[bytes, bytes]], tuple[Any, ...]]:
        """Return rows and what else a poller is told, as soon as there are rows or the rest is new to it."""
        end_s = _now_s() + wait_s
        while True:
            lease.woken.clear()
            rows = self._oldest(channel_id)
            waiting = self._reader.answers_waiting(channel_id)
            rest = (self._stops.digest(channel_id), tuple(self._reader.gaps(channel_id)), waiting)
            left_s = end_s - _now_s()
            is_over = left_s <= 0 or self._is_closing or gone.done() or lease.turn != turn
            if rows or rest != lease.told or is_over:
                if lease.turn == turn:
                    lease.told = rest
                return rows, rest
            try:
                async with asyncio.timeout(left_s):
                    await lease.woken.wait()
            except TimeoutError:
                continue

    def _oldest(self, channel_id: bytes) -> list[tuple[bytes, bytes]]:
        """Return (row key, sealed) of the oldest rows that are not acknowledged."""
        while positions := self._unread.oldest(channel_id, MAX_ROWS):
            rows = self._reader.hits_at(channel_id, positions)
            left = {position for position, _, _ in rows}
            self._unread.forget(channel_id, [position for position in positions if position not in left])
            if rows:
                return [(row_key, sealed) for _, row_key, sealed in rows]
        return []

    def _spell(self, channel_id: bytes, scope: Scope, news: tuple[list[tuple[bytes, bytes]], tuple[Any, ...]]) -> bytes:
        rows, (digest, gaps, (answers, _)) = news
        return json.dumps(
            {
                "now_ms": self._now_ms(),
                **self._source_of(channel_id, scope),
                "stops_digest": digest,
                "answers": answers,
                "rows": [
                    {"key": key.hex(), "sealed": base64.b64encode(sealed).decode("ascii")} for key, sealed in rows
                ],
                "gaps": [{"day": (_EPOCH + dt.timedelta(days=day)).isoformat(), "count": count} for day, count in gaps],
            }
        ).encode("ascii")

    def _source_of(self, channel_id: bytes, scope: Scope) -> dict[str, str]:
        """Return how a hit from where this request comes from would be marked."""
        address = self._proxies.address_of(scope)
        mark = same_source_mark(self._daily_key.of(self._now_ms()), address, channel_id)
        return {"network": truncated_text(address), "same_source": mark.hex()}

    async def source(self, request: Request) -> Response:
        """Tell a desktop how it is seen over the connection it asks on: it may have another address family too."""
        channel_id = self._channels.authorised(request.headers.get("authorization", ""))
        if channel_id is None:
            return refusal(401, "This bearer is unknown.")
        return JSONResponse(self._source_of(channel_id, request.scope), headers={"cache-control": "no-store"})

    async def acknowledge(self, request: Request) -> Response:
        """Delete rows the desktop has stored; 204 once that is durable, again for keys already gone."""
        channel_id = self._channels.authorised(request.headers.get("authorization", ""))
        if channel_id is None:
            return refusal(401, "This bearer is unknown.")
        body = await read_body(request, _MAX_ACKNOWLEDGE_BYTES)
        try:
            keys = parse_octets(body, "keys", ROW_KEY_BYTES)
        except ValueError:
            return refusal(400, "The request is no list of keys.")
        try:
            # Acknowledged rows stand among the oldest, where all that were fed are.
            positions = self._unread.oldest(channel_id, _ACKNOWLEDGED_WITHIN)
            removed = await self._log.run(lambda database: database.remove_hits(channel_id, positions, keys))
        except (StorageError, OSError):
            return refusal(503, "The relay cannot write its files now; try again.")
        self._unread.forget(channel_id, removed)
        return Response(status_code=204)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


async def _until_gone(receive: Receive, lease: _Lease) -> None:
    """Return when the poller has hung up, and let its wait end."""
    while (await receive())["type"] != "http.disconnect":
        continue
    lease.woken.set()


def _parse(query: QueryParams) -> tuple[str, float] | None:
    """Return lease and wait in seconds, or None when either is not what the contract says."""
    lease, wait = query.get("lease", ""), query.get("wait_s", "25")
    if not _LEASE.match(lease) or not _WAIT.match(wait) or float(wait) > MAX_WAIT_S:
        return None
    return lease, float(wait)
