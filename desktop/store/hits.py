"""Hits as they come home: each id once, judged in the transaction that keeps it.

Restoring an older store can meet hits of tokens it has no record of; they are kept, judged unknown, and name no copy.
What comes of mail to somebody who was erased, or of before a deletion, or after a mail's sunset, is not kept at all.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from desktop.core.burst import BURST_MS
from desktop.core.circumstances import HitContext
from desktop.core.classify import judge
from desktop.core.notice import Notice
from desktop.core.permission import Permission
from desktop.core.sunset import is_over
from desktop.store import settings
from desktop.store.cards import refresh_cards
from desktop.store.change import Change
from desktop.store.columns import DAY_MS, MINUTE_MS, from_ms, to_json, to_ms
from desktop.store.copies import insert_hit
from desktop.store.database import Store
from desktop.store.do_not_track import is_listed
from desktop.store.ledger import standing
from desktop.store.own_views import keep_sources
from desktop.store.settle import settle_copies
from relay.wire.hit import Hit, HitKind
from relay.wire.purpose import Purpose
from relay.wire.token import TokenType

_NO_SOURCES: Final[Mapping[bytes, str]] = MappingProxyType({})
EXACT_FOR: Final = timedelta(days=2)
# The strict profile: once a hit is two days old, only its day is kept.
STRICT: Final = "privacy.strict"
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
        owner = None if row is None else _Owner(*row)
        if _is_forgotten(connection, hit) if owner is None else not owner.takes(connection, hit):
            continue
        # Judged by itself for now; settle_copies judges it among its siblings and in its copy's circumstances.
        first = judge(hit, HitContext(sent_at=None, known=False))
        copy_id = None if owner is None else owner.copy_id
        if insert_hit(connection, hit, copy_id, first) and copy_id is not None:
            fresh[copy_id] = fresh.get(copy_id, frozenset()) | {hit.id}
    return fresh


@dataclass(frozen=True, slots=True)
class _Owner:
    """The copy that a hit's token is of, with what may keep the hit from being kept; a row of `_OWNER`."""

    copy_id: int
    address: str
    prepared_at_ms: int
    sunset_days: int
    stopped_at_ms: int | None
    deleted_at_ms: int | None

    def takes(self, connection: sqlite3.Connection, hit: Hit) -> bool:
        """Return whether a hit is to be kept: not stopped, not deleted, before the sunset, and still allowed.

        Nothing is kept of whoever is on the do-not-track list by now, of mail they had before either.
        """
        if self.stopped_at_ms is not None and hit.at_ms >= self.stopped_at_ms:
            return False
        if self.deleted_at_ms is not None and hit.at_ms <= self.deleted_at_ms:
            return False
        if is_listed(connection, self.address):
            return False
        if is_over(from_ms(self.prepared_at_ms), from_ms(hit.at_ms), self.sunset_days):
            return False
        return _is_allowed_now(standing(connection, self.address), hit)


def _is_forgotten(connection: sqlite3.Connection, hit: Hit) -> bool:
    """Return whether a token was in mail to somebody who was erased."""
    row = connection.execute("SELECT 1 FROM forgotten_token WHERE random_id = ?", (hit.token_id,)).fetchone()
    return row is not None


def _is_allowed_now(permission: Permission, hit: Hit) -> bool:
    """Return whether a newer permission that allows less lets a hit on mail they already had be kept."""
    if permission.granted_at is None or hit.at_ms < to_ms(permission.granted_at):
        return True
    return _PURPOSES[hit.kind] in permission.purposes


_PURPOSES: Final = {HitKind.OPEN: Purpose.OPENS, HitKind.CLICK: Purpose.CLICKS}
_OWNER: Final = (
    "SELECT copy.id, copy.address, copy.prepared_at_ms, copy.sunset_days, stop.at_ms, deletion.at_ms"
    " FROM token JOIN copy ON copy.id = token.copy_id LEFT JOIN stop ON stop.tag = copy.tag"
    " LEFT JOIN deletion ON deletion.tag = copy.tag WHERE token.random_id = ? AND token.type = ?"
)


def age_hits(store: Store, now: datetime) -> Change:
    """Cut the times of hits that are two days old to the minute; their verdicts, which needed more, stand.

    What came within seconds of one that is not so old yet waits for it: they are evidence for each other.  In the
    strict profile what was cut to the minute is cut to the day as well.
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
        altered = {copy_id for copy_id, each in aged.items() if each and copy_id is not None}
        to_the_day = _cut_to_the_day(connection) if settings.read(connection, STRICT, False) else frozenset[int]()
        # A card holds the minute at once, so only the day alters it.
        refresh_cards(connection, _conversations(connection, to_the_day))
        altered |= to_the_day
        return Change(copies=frozenset(altered), conversations=_conversations(connection, altered)), None

    return store.write(work)[0]


def _cut_to_the_day(connection: sqlite3.Connection) -> frozenset[int]:
    """Keep of what was cut to the minute the day alone, in UTC; return the copies whose hits altered.

    On the day its mail was sent a hit stands at the time of sending, so that nothing is opened before it leaves.
    """
    rows = connection.execute(
        "UPDATE hit SET to_the_day = 1, at_ms = coalesce((SELECT copy.state_at_ms FROM copy"
        "  WHERE copy.id = hit.copy_id AND copy.state_at_ms / ?1 = hit.at_ms / ?1), at_ms / ?1 * ?1)"
        " WHERE to_the_minute = 1 AND to_the_day = 0 RETURNING copy_id",
        (DAY_MS,),
    ).fetchall()
    return frozenset(copy_id for (copy_id,) in rows if copy_id is not None)


def _conversations(connection: sqlite3.Connection, copies: Iterable[int]) -> frozenset[int]:
    rows = connection.execute(
        "SELECT DISTINCT conversation_id FROM copy WHERE id IN (SELECT value FROM json_each(?))",
        (to_json(sorted(copies)),),
    )
    return frozenset(each for (each,) in rows)


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


def delete_hits(connection: sqlite3.Connection, ids: Collection[bytes]) -> frozenset[int]:
    """Delete hits with the corrections made of them; return the copies that are to be judged anew for that.

    A correction that decides other hits stays, for the user's word holds: it is of the newest of those from then on.
    """
    each_id = [(id_,) for id_ in ids]
    connection.executemany("UPDATE hit SET correction_id = NULL WHERE id = ?", each_id)
    heirs: set[int] = set()
    for id_ in ids:
        for (correction_id,) in connection.execute("SELECT id FROM correction WHERE hit_id = ?", (id_,)).fetchall():
            heirs |= _hand_on(connection, correction_id)
    connection.executemany("DELETE FROM hit WHERE id = ?", each_id)
    return frozenset(heirs)


def _hand_on(connection: sqlite3.Connection, correction_id: int) -> set[int]:
    """Make a correction one of the newest other hit it decides; without one it goes.  Return that hit's copy."""
    heir = connection.execute(
        "SELECT id, copy_id FROM hit WHERE correction_id = ? ORDER BY at_ms DESC, id LIMIT 1", (correction_id,)
    ).fetchone()
    if heir is None:
        connection.execute("DELETE FROM correction WHERE id = ?", (correction_id,))
        return set()
    connection.execute("UPDATE correction SET hit_id = ? WHERE id = ?", (heir[0], correction_id))
    return {heir[1]}


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
