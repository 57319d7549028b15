"""How fast the list of conversations is read from a large store: `python tests/bench/card_list.py [CONVERSATIONS]`.

The rows are written by SQL, in one transaction, as record_message would leave them.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.mail import cards

ROUNDS = 15


def fill(store: Store, count: int) -> None:
    """Add so many conversations, a minute apart."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.executemany(
            "INSERT INTO conversation (subject, names, search, at_ms, rung, asides, copies)"
            " VALUES (?, ?, ?, ?, 1, '[\"no_sign_yet\"]', 1)",
            (
                (f"Offer {n}", f'["Person {n}"]', f"offer {n} person {n} person{n}@example.com", n * 60_000)
                for n in range(count)
            ),
        )
        return Change(), None

    store.write(work)


def median_ms(work: Callable[[], object]) -> float:
    """Return the median milliseconds of several runs."""
    times = []
    for _ in range(ROUNDS):
        begun_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun_s)
    return statistics.median(times) * 1000


def main() -> None:
    """Fill a store and print how long the list takes."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store.sqlite", clock=lambda: datetime.now(UTC))
        fill(store, count)
        sys.stdout.write(f"{count} conversations\n")
        sys.stdout.write(f"newest 500 cards          {median_ms(lambda: cards(store)):8.2f} ms\n")
        rare = median_ms(lambda: cards(store, search="person7@example.com"))
        sys.stdout.write(f"search, one card found    {rare:8.2f} ms\n")
        broad = median_ms(lambda: cards(store, search="offer person"))
        sys.stdout.write(f"search, every card fits   {broad:8.2f} ms\n")
        store.close()


if __name__ == "__main__":
    main()
