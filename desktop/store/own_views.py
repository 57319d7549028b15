"""How the user's own requests are recognised: the addresses this desktop polled from, and the user's own programs.

What is learnt late still counts: hits whose times are exact are judged anew, and what was told of them is taken back
where it was the user.  A mark stays with the day it was first had on, for its key changes daily.
"""

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from desktop.store.change import Change
from desktop.store.columns import to_ms
from desktop.store.database import Store
from desktop.store.settle import settle_copies

How = Literal["submitted", "browser"]
# A mark, a network or a day that is new may speak for or against whatever came from the user's own networks.
_DOUBTFUL: Final = (
    "SELECT DISTINCT copy_id FROM hit WHERE to_the_minute = 0 AND copy_id IS NOT NULL"
    " AND (same_source IN (SELECT mark FROM own_source) OR network IN (SELECT network FROM own_source))"
    " ORDER BY copy_id"
)
# Apple's relay hides where a request came from: there the program alone speaks for the user.
_BEHIND_RELAY: Final = (
    "SELECT DISTINCT copy_id FROM hit WHERE to_the_minute = 0 AND copy_id IS NOT NULL"
    " AND labels LIKE '%\"apple-egress\"%' ORDER BY copy_id"
)
_KEEP_MARK: Final = (
    "INSERT INTO own_source (mark, network, at_ms) VALUES (?, ?, ?)"
    " ON CONFLICT (mark) DO UPDATE SET network = excluded.network WHERE network = '' AND excluded.network <> ''"
)


def record_own_source(store: Store, *, mark: bytes, network: str, now: datetime) -> Change:
    """Keep a same-source mark of this desktop and the network (/24 or /48) it was had in; judge anew what it concerns.

    One that is known alters nothing and writes nothing.
    """
    with store.read() as connection:
        if connection.execute("SELECT 1 FROM own_source WHERE mark = ? AND network = ?", (mark, network)).fetchone():
            return Change()

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        return settle_copies(connection, keep_sources(connection, {mark: network}, now)), None

    return store.write(work)[0]


def keep_sources(connection: sqlite3.Connection, sources: Mapping[bytes, str], now: datetime) -> tuple[int, ...]:
    """Keep marks, each with the network it was had in; return the copies whose hits may now be judged otherwise."""
    kept = connection.executemany(_KEEP_MARK, [(mark, network, to_ms(now)) for mark, network in sources.items()])
    return _doubtful(connection) if kept.rowcount > 0 else ()


def record_own_program(store: Store, *, program: str, how: How, now: datetime) -> Change:
    """Keep a program of the user's, as `program_shape` spells its agent or by a mail client's short name.

    What came with it is judged anew; one that is known alters nothing and writes nothing.
    """
    with store.read() as connection:
        if connection.execute("SELECT 1 FROM own_program WHERE program = ?", (program,)).fetchone():
            return Change()

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        kept = connection.execute(
            "INSERT OR IGNORE INTO own_program (program, how, at_ms) VALUES (?, ?, ?)", (program, how, to_ms(now))
        )
        behind_relay = [copy_id for (copy_id,) in connection.execute(_BEHIND_RELAY)]
        return settle_copies(connection, [*_doubtful(connection), *behind_relay] if kept.rowcount else ()), None

    return store.write(work)[0]


def _doubtful(connection: sqlite3.Connection) -> tuple[int, ...]:
    return tuple(copy_id for (copy_id,) in connection.execute(_DOUBTFUL))
