"""A store of the first version, and a store that two programs use at once."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from desktop.core.status import Rung
from desktop.store import settings
from desktop.store.database import Store
from desktop.store.mail import cards, conversation
from desktop.store.migrate import migrate, steps
from tests.fakes.mailbox_world import arrival, record, sent
from tests.fakes.samples import SENT_AT

ROOT = Path(__file__).parents[2]
SENT_MS = round(SENT_AT.timestamp() * 1000)


def open_store(path: Path) -> Store:
    return Store(path, clock=lambda: SENT_AT)


def first_version(path: Path) -> None:
    """Write what the first version recorded: two messages of one conversation, the second naming a third mail."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    migrate(connection, steps()[:1])
    connection.execute("INSERT INTO person (address, name) VALUES ('anna@becker.example', 'Anna')")
    connection.execute("INSERT INTO conversation (id, subject, names, at_ms, copies) VALUES (1, 'Offer', '[]', 5, 2)")
    for number, name in enumerate(("<1@s>", ""), start=1):
        connection.execute(
            "INSERT INTO message (id, conversation_id, account_id, message_id, subject, from_name, from_address, at_ms)"
            " VALUES (?, 1, 1, ?, 'Re: Offer', '', 'kim@sender.example', ?)",
            (number, name, SENT_MS),
        )
        connection.execute(
            "INSERT INTO copy (message_id, conversation_id, address, name, role, purposes, shared, links, state,"
            " prepared_at_ms, state_at_ms) VALUES (?, 1, 'anna@becker.example', '', 'to', '[]', 0, 0, 'sent', ?, ?)",
            (number, SENT_MS, SENT_MS),
        )
    connection.execute("INSERT INTO reference VALUES ('<1@s>', 1), ('<asked@a>', 1)")
    connection.close()


def test_what_the_first_version_recorded_goes_on(tmp_path: Path) -> None:
    """Its conversations are answered by Message-ID, by what they mention, and by subject."""
    path = tmp_path / "s.sqlite"
    first_version(path)
    store = open_store(path)
    record(store, arrival("<asked@a>", subject="Question", after_h=-5), arrival("<r@a>", "<1@s>"))
    (card,) = cards(store)
    assert (card.id, card.names, card.subject, card.rung) == (1, ("Anna",), "Offer", Rung.REPLIED)
    detail = conversation(store, 1)
    assert detail is not None
    assert ([each.id for each in detail.messages], len(detail.arrivals)) == ([2, 1], 2)
    record(store, arrival("<s@a>", after_h=3), sent("<2@s>", "<s@a>", after_h=4))
    assert len(cards(store)) == 1
    store.close()


def test_two_programs_may_bring_a_store_to_the_newest_version_at_once(tmp_path: Path) -> None:
    """Each step runs once, and both go on."""
    for number in range(5):
        path = tmp_path / f"{number}.sqlite"
        first_version(path)
        with ThreadPoolExecutor(2) as both:
            stores = list(both.map(open_store, [path, path]))
        settings.put(stores[0], "a", 1)
        assert settings.get(stores[1], "a", 0) == 1
        for store in stores:
            store.close()


def test_another_program_reads_while_this_one_writes(tmp_path: Path) -> None:
    """A command in a process of its own opens the store, sees what was kept so far, and leaves it as it was."""
    path = tmp_path / "s.sqlite"
    store = open_store(path)
    record(store, sent("<1@s>"))
    reading = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path;"
        "from desktop.store.database import Store; from desktop.store.mail import cards;"
        "store = Store(Path(sys.argv[1]), clock=lambda: datetime.now(UTC));"
        "print(len(cards(store))); store.close()"
    )

    def read(_: sqlite3.Connection | None = None) -> str:
        return subprocess.run(
            [sys.executable, "-c", reading, str(path)], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.strip()

    assert read() == "1"

    def while_writing(connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM setting")
        assert read() == "1"
        connection.execute("COMMIT")

    store._writer.submit(while_writing, store._connection).result()
    record(store, sent("<2@s>"))
    assert len(cards(store)) == 2
    store.close()
