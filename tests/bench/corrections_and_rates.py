"""How fast corrections and rates are in a large store: `python tests/bench/corrections_and_rates.py [COPIES] [HITS]`.

The rows are written by SQL, in one transaction, as record_message, record_outcome and record_hits would leave them.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from desktop.core.correction import Who
from desktop.store.change import Change
from desktop.store.corrections import correct_hit, corrections, undo_correction
from desktop.store.database import Store
from desktop.store.figures import report_between
from tests.fakes.samples import SENT_AT, THUNDERBIRD

SENT_MS = round(SENT_AT.timestamp() * 1000)
ROUNDS = 5
# So many of the hits come from one network with one program: a colleague's desk.
SAME = 500


def fill(store: Store, copies: int, hits: int) -> None:
    """Add so many copies, each of a message and a conversation of its own, and so many hits, one a copy at most."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        numbers = range(1, copies + 1)
        connection.executemany(
            "INSERT INTO conversation (id, subject, at_ms, rung, copies) VALUES (?, 'Offer', ?, 1, 1)",
            ((n, SENT_MS) for n in numbers),
        )
        connection.executemany(
            "INSERT INTO message (id, conversation_id, account_id, message_id, subject, from_name, from_address, at_ms)"
            " VALUES (?1, ?1, 1, ?1, 'Offer', '', '', ?2)",
            ((n, SENT_MS + n) for n in numbers),
        )
        connection.executemany(
            "INSERT INTO copy (id, message_id, conversation_id, address, name, role, purposes, shared, links, state,"
            " prepared_at_ms, state_at_ms, rung, asides)"
            " VALUES (?1, ?1, ?1, ?2, '', 'to', '[\"clicks\",\"opens\"]', 0, 1, 'sent', ?3, ?3, ?4, '[]')",
            ((n, f"person{n % 5_000}@example.com", SENT_MS, 4 if n <= hits else 1) for n in numbers),
        )
        connection.executemany(
            "INSERT INTO token (random_id, copy_id, type) VALUES (?, ?, 1)",
            ((n.to_bytes(12, "big"), n) for n in numbers),
        )
        connection.executemany(
            "INSERT INTO hit (id, copy_id, kind, token_id, at_ms, labels, network, same_source, agent, headers,"
            " verdict, rule, confidence, reason) VALUES (?, ?, 'open', ?, ?, '[]', ?, ?, ?, '{}', 'person',"
            " 'mail-client', 'high', 'ordinary network, known mail client')",
            (
                (
                    n.to_bytes(16, "big"),
                    n,
                    n.to_bytes(12, "big"),
                    SENT_MS + 3_600_000 + n,
                    "198.51.100.0/24" if n <= SAME else f"10.{n // 250 % 250}.{n % 250}.0/24",
                    n.to_bytes(8, "big"),
                    THUNDERBIRD,
                )
                for n in range(1, hits + 1)
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
    """Fill a store and print what each takes."""
    copies = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    hits = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store.sqlite", clock=lambda: datetime.now(UTC))
        fill(store, copies, hits)
        sys.stdout.write(f"{copies} copies, {hits} hits, {SAME} of one shape\n")
        for name, number in (("one like it: itself", SAME + 1), (f"{SAME} like it", 1)):
            ids: list[int] = []
            hit_id = number.to_bytes(16, "big")

            def correct(hit_id: bytes = hit_id, ids: list[int] = ids) -> None:
                ids.append(correct_hit(store, hit_id, Who.COLLEAGUE, now=SENT_AT)[1])

            sys.stdout.write(f"correct, {name:<22} {median_ms(correct):8.2f} ms\n")
            sys.stdout.write(f"undo, {name:<25} {median_ms(lambda: undo_correction(store, ids.pop())):8.2f} ms\n")  # noqa: B023
        sys.stdout.write(f"list of corrections             {median_ms(lambda: corrections(store)):8.2f} ms\n")
        end = SENT_AT + timedelta(days=1)
        took_ms = median_ms(lambda: report_between(store, SENT_AT, end))
        sys.stdout.write(f"rates of all copies             {took_ms:8.2f} ms\n")
        store.close()


if __name__ == "__main__":
    main()
