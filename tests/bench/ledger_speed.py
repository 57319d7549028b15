"""What processor time it takes to go through the ledger, and how much of that a decision on mail pays.

python tests/bench/ledger_speed.py [ROWS]
"""

import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from desktop.core.ledger import Event
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.ledger import is_sound, verify_ledger
from desktop.store.ledger_rows import append
from desktop.store.people import people
from desktop.store.policies import grounds
from relay.wire.purpose import Purpose

AT = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
DECISIONS = 200


def fill(store: Store, rows: int) -> None:
    """Record so many rows of a quarter as many people, a no for every fifteen yeses, in one transaction."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        for number in range(rows):
            address = f"p{number // 4}@becker.example"
            connection.execute("INSERT OR IGNORE INTO person (address, name) VALUES (?, '')", (address,))
            append(
                connection,
                address=address,
                event=Event.GRANTED if number % 16 else Event.WITHDRAWN,
                purposes=frozenset({Purpose.OPENS}),
                evidence="on the phone, 4 May",
                at=AT,
            )
        return Change(), None

    store.write(work)


def timed(name: str, began: float, times: int = 1) -> None:
    """Print how long one of `times` took since `began`."""
    sys.stdout.write(f"{name:<34} {(process_time() - began) * 1000 / times:>10.3f} ms\n")


def main() -> None:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "s.sqlite", clock=lambda: AT)
        began = process_time()
        fill(store, rows)
        timed("append a row", began, rows)
        began = process_time()
        assert verify_ledger(store) is None
        timed(f"verify {rows} rows", began)
        began = process_time()
        for number in range(DECISIONS):
            assert grounds(store, f"p{number}@becker.example", 1, is_suppressed=False).is_ledger_sound
        timed("grounds of one recipient", began, DECISIONS)
        fill(store, 1)
        began = process_time()
        assert is_sound(store)
        timed("is_sound after one more row", began)
        began = process_time()
        people(store)
        timed(f"people() with {rows // 4} people", began)
        store.close()


if __name__ == "__main__":
    main()
