"""How long hits are kept: the raw ones for as long as the user wishes, what they proved as long as the mail.

What stays of a hit that is let go is which kind it was of and what it meant; of a copy, the rung that they proved and
the first day of that.  So no status falls, and no opening rings twice, because time went by.
"""

import sqlite3
from datetime import date, datetime, timedelta
from typing import Final

from desktop.core.status import Rung, rung_of
from desktop.core.verdict import Verdict
from desktop.store import settings
from desktop.store.change import Change
from desktop.store.columns import from_ms, to_json, to_ms
from desktop.store.copies import EarlierHit, highest_rung, read_earlier
from desktop.store.database import Store
from desktop.store.hits import delete_hits
from desktop.store.settle import settle_copies
from relay.wire.hit import HitKind

KEEP_DAYS: Final = "privacy.keep_days"
DEFAULT_KEEP_DAYS: Final = 365
KEEP_CHOICES: Final = (30, 90, 365, 730)
_OLD: Final = (
    "SELECT copy_id, kind, verdict, min(at_ms) FROM hit WHERE at_ms < ? AND copy_id IS NOT NULL"
    " GROUP BY copy_id, kind, verdict ORDER BY copy_id"
)


def expire_hits(store: Store, now: datetime) -> Change:
    """Let go of raw hits older than the user keeps them, with what they proved kept, and of what else is over."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("DELETE FROM forgotten_token WHERE until_ms < ?", (to_ms(now),))
        days = int(settings.read(connection, KEEP_DAYS, DEFAULT_KEEP_DAYS))
        before_ms = to_ms(now - timedelta(days=days))
        old = connection.execute("SELECT id FROM hit WHERE at_ms < ?", (before_ms,)).fetchall()
        if not old:
            return Change(), None
        copies = _keep_what_they_proved(connection, before_ms)
        copies |= delete_hits(connection, [id_ for (id_,) in old])
        return settle_copies(connection, sorted(copies), notifies=False), None

    return store.write(work)[0]


def _keep_what_they_proved(connection: sqlite3.Connection, before_ms: int) -> set[int]:
    """Write into each copy what its old hits proved; return those copies."""
    found: dict[int, dict[EarlierHit, date]] = {}
    for copy_id, kind, verdict, first_ms in connection.execute(_OLD, (before_ms,)).fetchall():
        day = from_ms(first_ms).date()
        found.setdefault(copy_id, {})[HitKind(kind), Verdict(verdict)] = day
    for copy_id, going in found.items():
        column, day_before = connection.execute(
            "SELECT earlier_hits, earlier_day FROM copy WHERE id = ?", (copy_id,)
        ).fetchone()
        earlier = read_earlier(column)
        rung = highest_rung(going)
        first_day = min(day for hit, day in going.items() if rung_of(*hit) is rung)
        connection.execute(
            "UPDATE copy SET earlier_hits = ?, earlier_day = ? WHERE id = ?",
            (
                to_json(sorted(earlier | going.keys())),
                first_day.isoformat() if rung > max(Rung.QUEUED, highest_rung(earlier)) else day_before,
                copy_id,
            ),
        )
    return set(found)
