"""Hits as they come home: each id once, judged in the transaction that keeps it.

Restoring an older store can meet hits of tokens it has no record of; they are kept, judged unknown, and name no copy.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from desktop.core.burst import BURST_MS
from desktop.core.circumstances import HitContext
from desktop.core.classify import judge
from desktop.core.notice import Notice
from desktop.core.permission import Permission
from desktop.store.change import Change
from desktop.store.columns import MINUTE_MS, to_json, to_ms
from desktop.store.copies import insert_hit
from desktop.store.database import Store
from desktop.store.own_views import keep_sources
from desktop.store.people import standing
from desktop.store.settle import settle_copies
from relay.wire.hit import Hit, HitKind
from relay.wire.purpose import Purpose
from relay.wire.token import TokenType

_NO_SOURCES: Final[Mapping[bytes, str]] = MappingProxyType({})
EXACT_FOR: Final = timedelta(days=2)
# A hit is judged by what came on its copy within so long of it.
_TOGETHER_MS: Final = 2 * BURST_MS
_TOKEN_TYPES: Final = {HitKind.OPEN: TokenType.OPEN, HitKind.CLICK: TokenType.CLICK}


def record_hits(
    store: Store,
    hits: Sequence[Hit],
    *,
    now: datetime,
    window_s: float | None = None,
    own_sources: Mapping[bytes, str] = _NO_SOURCES,
) -> Change:
    """Keep the hits not known yet, judge the copies they touch anew, and say what to notify of; one transaction.

    `window_s` is the stored setting when None; `own_sources` are this desktop's same-source marks learnt by now, each
    with the network it was had in, kept for later.  A hit later than its tag's stop is dropped: the stop holds even
    where a relay was restored without it; so is one that the person's newer permission does not allow any more.
    """

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        doubtful = keep_sources(connection, own_sources, now)
        fresh = _keep_fresh(connection, hits)
        return settle_copies(connection, [*fresh, *doubtful], fresh=fresh, window_s=window_s), None

    return store.write(work)[0]


def still_stands(store: Store, notice: Notice) -> bool:
    """Return whether what a notice tells is still borne out by the copy's hits."""
    if notice.sign is None:
        return True
    with store.read() as connection:
        row = connection.execute(
            "SELECT 1 FROM told WHERE copy_id = ? AND sign = ?", (notice.copy_id, notice.sign)
        ).fetchone()
    return row is not None


def _keep_fresh(connection: sqlite3.Connection, hits: Sequence[Hit]) -> Mapping[int, frozenset[bytes]]:
    """Insert what is new; return the new ids by copy."""
    fresh: dict[int, frozenset[bytes]] = {}
    for hit in hits:
        row = connection.execute(_OWNER, (hit.token_id, _TOKEN_TYPES[hit.kind])).fetchone()
        copy_id, address, stopped_at_ms = row if row is not None else (None, None, None)
        if stopped_at_ms is not None and hit.at_ms >= stopped_at_ms:
            continue
        if address is not None and not _is_allowed_now(standing(connection, address), hit):
            continue
        # Judged by itself for now; settle_copies judges it among its siblings and in its copy's circumstances.
        first = judge(hit, HitContext(sent_at=None, known=False))
        if insert_hit(connection, hit, copy_id, first) and copy_id is not None:
            fresh[copy_id] = fresh.get(copy_id, frozenset()) | {hit.id}
    return fresh


def _is_allowed_now(permission: Permission, hit: Hit) -> bool:
    """Return whether a newer permission that allows less lets a hit on mail they already had be kept."""
    if permission.granted_at is None or hit.at_ms < to_ms(permission.granted_at):
        return True
    return _PURPOSES[hit.kind] in permission.purposes


_PURPOSES: Final = {HitKind.OPEN: Purpose.OPENS, HitKind.CLICK: Purpose.CLICKS}
_OWNER: Final = (
    "SELECT copy.id, copy.address, stop.at_ms FROM token JOIN copy ON copy.id = token.copy_id"
    " LEFT JOIN stop ON stop.tag = copy.tag WHERE token.random_id = ? AND token.type = ?"
)


def age_hits(store: Store, now: datetime) -> Change:
    """Cut the times of hits that are two days old to the minute; their verdicts, which needed more, stand.

    What came within seconds of one that is not so old yet waits for it: they are evidence for each other.
    """

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        copies: dict[int | None, list[tuple[int, bytes]]] = {}
        for copy_id, at_ms, id_ in connection.execute(_EXACT_BESIDE, (to_ms(now - EXACT_FOR),)):
            copies.setdefault(copy_id, []).append((at_ms, id_))
        aged = {copy_id: _long_over(each, to_ms(now - EXACT_FOR)) for copy_id, each in copies.items()}
        connection.executemany(
            "UPDATE hit SET at_ms = at_ms / ?1 * ?1, to_the_minute = 1 WHERE id = ?2",
            [(MINUTE_MS, id_) for each in aged.values() for id_ in each],
        )
        altered = [copy_id for copy_id, each in aged.items() if each and copy_id is not None]
        conversations = connection.execute(
            "SELECT DISTINCT conversation_id FROM copy WHERE id IN (SELECT value FROM json_each(?))",
            (to_json(altered),),
        ).fetchall()
        change = Change(copies=frozenset(altered), conversations=frozenset(each for (each,) in conversations))
        return change, None

    return store.write(work)[0]


_EXACT_BESIDE: Final = (
    "SELECT copy_id, at_ms, id FROM hit WHERE to_the_minute = 0"
    " AND (at_ms < ?1 OR copy_id IN (SELECT copy_id FROM hit WHERE to_the_minute = 0 AND at_ms < ?1))"
    " ORDER BY copy_id, at_ms"
)


def _long_over(hits: Sequence[tuple[int, bytes]], before_ms: int) -> list[bytes]:
    """Return those of one copy's hits, oldest first, that are old enough with all that came within seconds."""
    over: list[bytes] = []
    near: list[bytes] = []
    for number, (at_ms, id_) in enumerate(hits):
        near.append(id_)
        is_last = number + 1 == len(hits) or hits[number + 1][0] - at_ms > _TOGETHER_MS
        if is_last:
            over += near if at_ms < before_ms else []
            near = []
    return over


def record_gaps(store: Store, gaps: Mapping[str, int]) -> Change:
    """Keep how many hits the relay dropped unread, by day as YYYY-MM-DD; the larger count stands."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.executemany(
            "INSERT INTO gap (day, count) VALUES (?1, ?2) ON CONFLICT (day) DO UPDATE SET count = max(count, ?2)",
            tuple(gaps.items()),
        )
        return Change(settings=True), None

    return store.write(work)[0] if gaps else Change()


def gaps(store: Store) -> tuple[tuple[str, int], ...]:
    """Return the days on which the relay dropped hits unread, with their counts, newest first."""
    with store.read() as connection:
        return tuple(connection.execute("SELECT day, count FROM gap ORDER BY day DESC").fetchall())
