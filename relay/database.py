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

from relay.marks import MARK_BYTES
from relay.wire.seal import SEALED_BYTES
from relay.wire.token import CHANNEL_ID_BYTES

StorageError = sqlite3.Error
_PAST_ALL: Final = 2**63 - 1
BUSY_TIMEOUT_S: Final = 10.0
ROW_KEY_BYTES: Final = 16
_MARK_AT: Final = ROW_KEY_BYTES + CHANNEL_ID_BYTES
_HEAD_BYTES: Final = _MARK_AT + MARK_BYTES
_ROW_BYTES: Final = _HEAD_BYTES + SEALED_BYTES
# One statement, whatever the batch: each lets go of the interpreter lock, and getting it back from a busy loop costs
# more than the insert.  The rows come in one blob, which costs less to bind than four values each.
_INSERT: Final = f"""
    WITH RECURSIVE numbers(start) AS (
        VALUES (1) UNION ALL SELECT start + {_ROW_BYTES} FROM numbers WHERE start + {_ROW_BYTES} <= length(:rows)
    )
    INSERT INTO hits (row_key, channel_id, day, mark, sealed)
    SELECT substr(:rows, start, {ROW_KEY_BYTES}), substr(:rows, start + {ROW_KEY_BYTES}, {CHANNEL_ID_BYTES}),
           :day, substr(:rows, start + {_MARK_AT}, {MARK_BYTES}), substr(:rows, start + {_HEAD_BYTES}, {SEALED_BYTES})
    FROM numbers
"""  # noqa: S608 - no text but lengths


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One registered desktop: what seals to it and what proves its poller."""

    channel_id: bytes
    public_key: bytes
    bearer_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One sealed answer; `duty` is the mark of whose wish to delete it is, None for any other answer."""

    row_key: bytes
    channel_id: bytes
    day: int
    duty: bytes | None
    sealed: bytes


class Database:
    """One connection, used by one thread at a time; writing methods stand between `begin` and `commit`."""

    def __init__(self, path: Path) -> None:
        """Open or make the database at `path`; raises StorageError."""
        self._connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        self._run = self._connection.execute
        self._run("PRAGMA journal_mode=WAL")
        self._run("PRAGMA synchronous=FULL")
        self._connection.executescript(files("relay").joinpath("schema.sql").read_text("ascii"))
        self._bring_up()

    def _bring_up(self) -> None:
        """Give a database of versions before 2026-11-22 what its rows lack; hits of then bear no mark."""
        self.begin()
        if "mark" not in {row[1] for row in self._run("PRAGMA table_info(hits)")}:
            self._run("ALTER TABLE hits ADD COLUMN mark BLOB")
        self.commit()

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
        """Append at least one hit, each row key ‖ channel id ‖ mark ‖ sealed; return their positions, in order."""
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

    def remove_hits(self, channel_id: bytes, positions: Sequence[int], row_keys: frozenset[bytes]) -> list[int]:
        """Delete those of a channel's hits at `positions` whose keys are among `row_keys`; return where they were."""
        kept = self._run(
            "SELECT position, row_key FROM hits WHERE position IN (SELECT value FROM json_each(?)) AND channel_id = ?",
            (json.dumps(positions), channel_id),
        ).fetchall()
        found = [position for position, row_key in kept if row_key in row_keys]
        self.remove_at(found)
        return found

    def marks_at(self, channel_id: bytes, positions: Sequence[int]) -> list[tuple[int, bytes, bytes | None]]:
        """Return (position, row key, mark) of a channel's hits that are still there."""
        return self._run(
            "SELECT position, row_key, mark FROM hits WHERE position IN (SELECT value FROM json_each(?)) "
            "AND channel_id = ?",
            (json.dumps(positions), channel_id),
        ).fetchall()

    def remove_at(self, positions: Iterable[int]) -> None:
        """Delete the hits at positions."""
        self._connection.executemany("DELETE FROM hits WHERE position = ?", [(position,) for position in positions])

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

    def add_answer(self, row: AnswerRow) -> None:
        """Append an answer; a wish to delete takes the place of one by the same recipient that still waits."""
        if row.duty is not None:
            self._run("DELETE FROM answers WHERE channel_id = ? AND duty = ?", (row.channel_id, row.duty))
        self._run(
            "INSERT INTO answers (row_key, channel_id, day, duty, sealed) VALUES (?, ?, ?, ?, ?)",
            (row.row_key, row.channel_id, row.day, row.duty, row.sealed),
        )

    def answers(self, channel_id: bytes, limit: int) -> list[tuple[bytes, int, bytes]]:
        """Return (row key, day, sealed) of a channel's oldest answers."""
        return self._run(
            "SELECT row_key, day, sealed FROM answers WHERE channel_id = ? ORDER BY position LIMIT ?",
            (channel_id, limit),
        ).fetchall()

    def answers_waiting(self, channel_id: bytes) -> tuple[int, int]:
        """Return how many answers a channel has, and the position of the newest, 0 without any."""
        count, newest = self._run(
            "SELECT count(*), max(position) FROM answers WHERE channel_id = ?", (channel_id,)
        ).fetchone()
        return count, newest or 0

    def remove_answers(self, channel_id: bytes, row_keys: Iterable[bytes]) -> None:
        """Delete those of a channel's answers that bear one of the keys."""
        self._connection.executemany(
            "DELETE FROM answers WHERE channel_id = ? AND row_key = ?", [(channel_id, key) for key in row_keys]
        )

    def forget_answers(self, before_day: int) -> None:
        """Delete answers of days before `before_day`; wishes to delete stay until they are acknowledged."""
        self._run("DELETE FROM answers WHERE day < ? AND duty IS NULL", (before_day,))

    def is_used(self, channel_id: bytes, mark: bytes) -> bool:
        """Return True for a link that works once and was answered."""
        found = self._run("SELECT 1 FROM used WHERE channel_id = ? AND mark = ?", (channel_id, mark)).fetchone()
        return found is not None

    def use(self, channel_id: bytes, mark: bytes, last_day: int) -> bool:
        """Note that a link was answered, to be known to `last_day`; False when it had been before."""
        row = (channel_id, mark, last_day)
        return self._run("INSERT OR IGNORE INTO used VALUES (?, ?, ?)", row).rowcount == 1

    def forget_used(self, before_day: int) -> None:
        """Delete what is known of links that ended to be valid before `before_day`."""
        self._run("DELETE FROM used WHERE last_day < ?", (before_day,))

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

    def retired(self) -> list[tuple[bytes, bytes]]:
        """Return (channel id, bearer hash) of every channel that was deleted."""
        return self._run("SELECT channel_id, bearer_hash FROM retired").fetchall()

    def add_wish(self, channel_id: bytes, tag: bytes, row_key: bytes) -> None:
        """Keep a wish to delete for a retired channel's desktop; one pressed again takes the place of the earlier."""
        self._run("INSERT OR REPLACE INTO wishes VALUES (?, ?, ?)", (channel_id, tag, row_key))

    def wishes(self, channel_id: bytes) -> list[tuple[bytes, bytes]]:
        """Return (row key, tag) of a channel's wishes to delete that were not carried out yet."""
        return self._run("SELECT row_key, tag FROM wishes WHERE channel_id = ? ORDER BY tag", (channel_id,)).fetchall()

    def remove_wishes(self, channel_id: bytes, row_keys: Iterable[bytes]) -> None:
        """Delete those of a channel's wishes that bear one of the keys: they were carried out."""
        self._connection.executemany(
            "DELETE FROM wishes WHERE channel_id = ? AND row_key = ?", [(channel_id, key) for key in row_keys]
        )

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

    def dated_hits(self, channel_id: bytes, positions: Sequence[int]) -> list[tuple[bytes, int, bytes]]:
        """Return (row key, day, sealed) of a channel's hits that are still there, positions ascending."""
        return self._run(
            "SELECT row_key, day, sealed FROM hits WHERE position IN (SELECT value FROM json_each(?)) "
            "AND channel_id = ? ORDER BY position",
            (json.dumps(positions), channel_id),
        ).fetchall()

    def count_used(self, channel_id: bytes) -> int:
        """Return how many of a channel's links that work once were answered."""
        count: int = self._run("SELECT count(*) FROM used WHERE channel_id = ?", (channel_id,)).fetchone()[0]
        return count

    def retire_channel(self, channel_id: bytes, positions: Sequence[int]) -> None:
        """Delete a channel, its hits, which are at `positions`, and all else of it but its stops and bearer's hash."""
        self._run(
            "INSERT OR IGNORE INTO retired SELECT channel_id, bearer_hash FROM channels WHERE channel_id = ?",
            (channel_id,),
        )
        self._run("DELETE FROM channels WHERE channel_id = ?", (channel_id,))
        self._run("DELETE FROM gaps WHERE channel_id = ?", (channel_id,))
        self._run("DELETE FROM answers WHERE channel_id = ?", (channel_id,))
        self._run("DELETE FROM used WHERE channel_id = ?", (channel_id,))  # Without a channel nothing is answered.
        self._run(
            "DELETE FROM hits WHERE position IN (SELECT value FROM json_each(?)) AND channel_id = ?",
            (json.dumps(positions), channel_id),
        )

    def copy_to(self, path: Path) -> None:
        """Write what was committed to a new file at `path`, without disturbing who writes; no invite comes along."""
        copy = sqlite3.connect(path, isolation_level=None)
        try:
            self._connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # One file is one backup.
            copy.execute("DELETE FROM invites")  # One that was used since would admit again.
            copy.execute("VACUUM")  # What was deleted is not in it either.
        finally:
            copy.close()

    def fault(self) -> str | None:
        """Return what SQLite finds wrong with the file, None when it is whole."""
        found: str = self._run("PRAGMA integrity_check(1)").fetchone()[0]
        return None if found == "ok" else found
