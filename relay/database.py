"""The only file that speaks SQLite: every statement the relay runs, and how durably.

WAL with synchronous=FULL: a commit is on the disk when it returns.  One connection writes, inside the event log's
worker; another reads on the event loop, which WAL lets it do without waiting.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from relay.wire.seal import SEALED_BYTES
from relay.wire.token import CHANNEL_ID_BYTES

StorageError = sqlite3.Error
_PAST_ALL: Final = 2**63 - 1
BUSY_TIMEOUT_S: Final = 10.0
ROW_KEY_BYTES: Final = 16
_HEAD_BYTES: Final = ROW_KEY_BYTES + CHANNEL_ID_BYTES
_ROW_BYTES: Final = _HEAD_BYTES + SEALED_BYTES
# One statement, whatever the batch: each lets go of the interpreter lock, and getting it back from a busy loop costs
# more than the insert.  The rows come in one blob, which costs less to bind than four values each.
_INSERT: Final = f"""
    WITH RECURSIVE numbers(start) AS (
        VALUES (1) UNION ALL SELECT start + {_ROW_BYTES} FROM numbers WHERE start + {_ROW_BYTES} <= length(:rows)
    )
    INSERT INTO hits (row_key, channel_id, day, sealed)
    SELECT substr(:rows, start, {ROW_KEY_BYTES}), substr(:rows, start + {ROW_KEY_BYTES}, {CHANNEL_ID_BYTES}),
           :day, substr(:rows, start + {_HEAD_BYTES}, {SEALED_BYTES})
    FROM numbers
"""  # noqa: S608 - no text but lengths


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One registered desktop: what seals to it and what proves its poller."""

    channel_id: bytes
    public_key: bytes
    bearer_hash: bytes


class Database:
    """One connection, used by one thread at a time; writing methods stand between `begin` and `commit`."""

    def __init__(self, path: Path) -> None:
        """Open or make the database at `path`; raises StorageError."""
        self._connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        self._run = self._connection.execute
        self._run("PRAGMA journal_mode=WAL")
        self._run("PRAGMA synchronous=FULL")
        self._connection.executescript(files("relay").joinpath("schema.sql").read_text("ascii"))

    def close(self) -> None:
        """Close the connection; what was not committed is undone."""
        self._connection.close()

    def begin(self) -> None:
        """Open a transaction and take the write lock."""
        self._run("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make the transaction durable: it is on the disk on return."""
        self._run("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction, if one is open."""
        if self._connection.in_transaction:
            self._run("ROLLBACK")

    def add_hits(self, rows: Sequence[bytes], day: int) -> range:
        """Append at least one hit, each row key ‖ channel id ‖ sealed; return the positions given to them, in order."""
        last = self._run(_INSERT, {"rows": b"".join(rows), "day": day}).lastrowid
        assert last is not None
        return range(last - len(rows) + 1, last + 1)  # One writer and AUTOINCREMENT leave no holes.

    def positions(self) -> Iterator[tuple[bytes, int]]:
        """Return (channel id, position) of every hit, positions ascending."""
        return self._run("SELECT channel_id, position FROM hits ORDER BY position")

    def hits_at(self, channel_id: bytes, positions: Sequence[int]) -> list[tuple[int, bytes, bytes]]:
        """Return (position, row key, sealed) of a channel's hits that are still there, positions ascending."""
        return self._run(
            "SELECT position, row_key, sealed FROM hits WHERE position IN (SELECT value FROM json_each(?)) "
            "AND channel_id = ? ORDER BY position",
            (json.dumps(positions), channel_id),
        ).fetchall()

    def remove_hits(self, channel_id: bytes, positions: Sequence[int], row_keys: frozenset[bytes]) -> None:
        """Delete those of a channel's hits at `positions` whose keys are among `row_keys`."""
        kept = self._run(
            "SELECT position, row_key FROM hits WHERE position IN (SELECT value FROM json_each(?)) AND channel_id = ?",
            (json.dumps(positions), channel_id),
        ).fetchall()
        self._connection.executemany(
            "DELETE FROM hits WHERE position = ?", [(position,) for position, row_key in kept if row_key in row_keys]
        )

    def expire_hits(self, before_day: int) -> int:
        """Turn hits of days before `before_day` into day-only gaps; days ascend with the position.

        Returns the position before which there are none now.
        """
        first_kept = self._run(
            "SELECT position FROM hits WHERE day >= ? ORDER BY position LIMIT 1", (before_day,)
        ).fetchone()
        end: int = (first_kept or (_PAST_ALL,))[0]
        self._run(
            "INSERT INTO gaps SELECT channel_id, day, count(*) FROM hits WHERE position < ? GROUP BY channel_id, day "
            "ON CONFLICT DO UPDATE SET count = count + excluded.count",
            (end,),
        )
        self._run("DELETE FROM hits WHERE position < ?", (end,))
        return end

    def forget_gaps(self, before_day: int) -> None:
        """Delete gaps of days before `before_day`."""
        self._run("DELETE FROM gaps WHERE day < ?", (before_day,))

    def gaps(self, channel_id: bytes) -> list[tuple[int, int]]:
        """Return (day, count) of what a channel lost unread, oldest first."""
        return self._run("SELECT day, count FROM gaps WHERE channel_id = ? ORDER BY day", (channel_id,)).fetchall()

    def add_channel(self, row: ChannelRow) -> None:
        """Register a channel."""
        self._run("INSERT INTO channels VALUES (?, ?, ?)", (row.channel_id, row.public_key, row.bearer_hash))

    def channels(self) -> list[ChannelRow]:
        """Return every registered channel."""
        return [
            ChannelRow(channel_id=channel_id, public_key=public_key, bearer_hash=bearer_hash)
            for channel_id, public_key, bearer_hash in self._run(
                "SELECT channel_id, public_key, bearer_hash FROM channels"
            )
        ]

    def add_invite(self, invite_hash: bytes) -> None:
        """Admit one registration to whoever knows the invite."""
        self._run("INSERT INTO invites VALUES (?)", (invite_hash,))

    def take_invite(self, invite_hash: bytes) -> bool:
        """Use up an invite; False when there is no such one."""
        return self._run("DELETE FROM invites WHERE invite_hash = ?", (invite_hash,)).rowcount == 1

    def add_stops(self, stops: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep stops as (channel id, tag); known ones stay as they are."""
        self._connection.executemany("INSERT OR IGNORE INTO stops VALUES (?, ?)", list(stops))

    def stops(self) -> set[tuple[bytes, bytes]]:
        """Return every stop as (channel id, tag)."""
        return set(self._run("SELECT channel_id, tag FROM stops"))
