"""The file itself: one writer, many readers, what is durable, and what trouble is called."""

import logging
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from desktop.core.errors import StoreTrouble
from desktop.store import settings
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.failures import told_as_trouble
from desktop.store.migrate import migrate, steps
from tests.fakes.samples import SENT_AT


def open_store(path: Path) -> Store:
    return Store(path, clock=lambda: SENT_AT, busy_s=0.05)


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    """A value outlives its store."""
    first = open_store(tmp_path / "s.sqlite")
    settings.put(first, "theme", {"name": "dark"})
    first.close()
    second = open_store(tmp_path / "s.sqlite")
    assert settings.get(second, "theme", {}) == {"name": "dark"}
    assert settings.get(second, "missing", 7) == 7
    second.close()


def test_the_file_is_the_users_alone(tmp_path: Path) -> None:
    """Nobody else on the machine may read who was written to; missing folders are made."""
    path = tmp_path / "deep" / "s.sqlite"
    open_store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_commits_are_durable_and_readers_read_only(store: Store) -> None:
    """The writer syncs every commit fully; a reader cannot write."""
    seen = store.write(lambda connection: (Change(), connection.execute("PRAGMA synchronous").fetchone()[0]))[1]
    assert seen == 2  # FULL
    mode = store.write(lambda connection: (Change(), connection.execute("PRAGMA journal_mode").fetchone()[0]))[1]
    assert mode == "wal"
    with pytest.raises(StoreTrouble), store.read() as connection:
        connection.execute("DELETE FROM setting")


def test_a_failing_write_alters_and_tells_nothing(store: Store, told: list[Change]) -> None:
    """A transaction is whole or not at all, and the writer goes on afterwards."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("INSERT INTO setting VALUES ('a', '1')")
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        store.write(work)
    assert settings.get(store, "a", 0) == 0
    settings.put(store, "a", 2)
    assert settings.get(store, "a", 0) == 2
    assert told == [Change(settings=True)]


def test_subscribers_hear_of_a_commit_that_readers_can_see(store: Store) -> None:
    """A change is told after its commit, on the writer thread, before the writing call returns."""
    seen: list[tuple[int, str]] = []
    store.subscribe(lambda _: seen.append((settings.get(store, "a", 0), threading.current_thread().name)))
    settings.put(store, "a", 5)
    assert seen == [(5, "store-writer_0")]


def test_whoever_ends_a_subscription_hears_no_more(store: Store) -> None:
    """The handle that subscribe returns ends it."""
    heard: list[Change] = []
    end = store.subscribe(heard.append)
    settings.put(store, "a", 1)
    end()
    settings.put(store, "a", 2)
    assert heard == [Change(settings=True)]


def test_ending_a_subscription_waits_for_the_call_under_way(store: Store) -> None:
    """Once the end returned, what the subscriber uses may be taken down."""
    begun, may_end = threading.Event(), threading.Event()
    told: list[str] = []

    def slow(_: Change) -> None:
        begun.set()
        assert may_end.wait(10)
        told.append("told")

    end = store.subscribe(slow)
    writing = threading.Thread(target=settings.put, args=(store, "a", 1))
    writing.start()
    assert begun.wait(10)

    def ends() -> None:
        end()
        told.append("ended")

    ending = threading.Thread(target=ends)
    ending.start()
    may_end.set()
    ending.join(10)
    writing.join(10)
    assert told == ["told", "ended"]


def test_a_subscription_can_be_ended_after_the_store_is_closed(store: Store) -> None:
    """Taking down in either order works."""
    end = store.subscribe(lambda _: None)
    store.close()
    end()
    assert store._subscribers == []


def test_an_empty_change_is_not_told(store: Store, told: list[Change]) -> None:
    """A transaction that altered nothing wakes nobody."""
    store.write(lambda _: (Change(), None))
    assert told == []
    assert not Change()
    assert Change(people=frozenset({"a@b"}))


def test_a_failing_subscriber_is_logged_and_fails_nobody(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """A bug in a window must not lose mail: it is logged, the write stands, the next one works."""

    def fails(_: Change) -> None:
        raise ZeroDivisionError("a bug in a window")

    end = store.subscribe(fails)
    settings.put(store, "a", 1)
    end()
    settings.put(store, "b", 2)
    assert (settings.get(store, "a", 0), settings.get(store, "b", 0)) == (1, 2)
    assert [(record.name, record.levelno) for record in caplog.records] == [("desktop.store.database", logging.ERROR)]
    caplog.clear()


def test_a_subscriber_that_writes_is_a_bug_and_no_deadlock(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Writing from the writer thread would wait for itself for ever."""

    def writes(_: Change) -> None:
        settings.put(store, "b", 1)

    end = store.subscribe(writes)
    settings.put(store, "a", 1)
    end()
    assert "a subscriber must not write" in str(caplog.records[0].exc_info)
    caplog.clear()


def test_many_threads_write_and_read_at_once(store: Store) -> None:
    """Every write of every thread is there."""

    def work(number: int) -> int:
        settings.put(store, f"k{number}", number)
        return settings.get(store, f"k{number}", -1)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(64))) == list(range(64))


def test_a_reader_sees_one_state_throughout(store: Store) -> None:
    """A commit between two reads of one lending is not seen by the second."""
    settings.put(store, "a", 1)
    with store.read() as connection:
        before = settings.read(connection, "a", 0)
        settings.put(store, "a", 2)
        assert (before, settings.read(connection, "a", 0)) == (1, 1)
    assert settings.get(store, "a", 0) == 2


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    """After closing, reading and writing are troubles; closing twice is none; a reader under way may finish."""
    store = open_store(tmp_path / "s.sqlite")
    settings.put(store, "a", 1)
    with store.read() as connection:
        store.close()
        store.close()
        assert settings.read(connection, "a", 0) == 1
    with pytest.raises(StoreTrouble, match="closed"):
        settings.get(store, "a", 0)
    with pytest.raises(StoreTrouble, match="closed"):
        settings.put(store, "a", 2)


def test_a_locked_store_is_a_trouble_and_works_once_it_is_free(tmp_path: Path) -> None:
    """Another program's lock is waited for briefly, then told with its cure."""
    store = open_store(tmp_path / "s.sqlite")
    other = sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreTrouble, match="locked") as caught:
        settings.put(store, "a", 1)
    assert caught.value.cure != ""
    other.execute("ROLLBACK")
    other.close()
    settings.put(store, "a", 1)
    assert settings.get(store, "a", 0) == 1
    store.close()


def test_a_full_store_is_a_trouble_and_works_once_there_is_room(tmp_path: Path) -> None:
    """SQLite's own limit of pages stands for a full disk."""
    store = open_store(tmp_path / "s.sqlite")

    def limit(pages: str) -> None:
        store.write(lambda connection: (Change(), connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()))

    limit("1")
    with pytest.raises(StoreTrouble, match="full"):
        settings.put(store, "a", "x" * 1_000_000)
    limit("1000000")
    settings.put(store, "a", "x" * 1_000_000)
    assert len(settings.get(store, "a", "")) == 1_000_000
    store.close()


@pytest.mark.parametrize("octets", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4_096])
def test_a_corrupt_store_is_a_trouble_and_is_left_as_it_is(tmp_path: Path, octets: bytes) -> None:
    """A damaged file is told of, and not overwritten: a backup or a doctor may still help."""
    path = tmp_path / "s.sqlite"
    path.write_bytes(octets)
    with pytest.raises(StoreTrouble, match="damaged"):
        open_store(path)
    assert path.read_bytes() == octets


def test_a_store_of_a_newer_version_is_a_trouble_and_is_left_as_it_is(tmp_path: Path) -> None:
    """An older program must not write into what it does not understand."""
    path = tmp_path / "s.sqlite"
    open_store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(steps()) + 1}")
    connection.close()
    with pytest.raises(StoreTrouble, match="newer version"):
        open_store(path)


def test_a_read_only_store_is_a_trouble(tmp_path: Path) -> None:
    """A file that cannot be written is told of (as root every file can be, so SQLite's own switch stands in)."""
    store = open_store(tmp_path / "s.sqlite")
    store.write(lambda connection: (Change(), connection.execute("PRAGMA query_only = ON").fetchall()))
    with pytest.raises(StoreTrouble, match="may not write"):
        settings.put(store, "a", 1)
    store.close()


def test_a_store_where_a_folder_stands_is_a_trouble(tmp_path: Path) -> None:
    """What cannot be opened is told of, as is a folder that is a file."""
    with pytest.raises(StoreTrouble, match="cannot be opened"):
        open_store(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreTrouble, match="cannot be opened"):
        open_store(tmp_path / "file" / "s.sqlite")


def test_a_forbidden_folder_is_a_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing rights have a sentence of their own."""

    def forbidden(*_: object) -> int:
        raise PermissionError(13, "denied")

    monkeypatch.setattr("desktop.store.database.os.open", forbidden)
    with pytest.raises(StoreTrouble, match="may not write"):
        open_store(tmp_path / "s.sqlite")


def test_a_bug_in_a_statement_is_no_trouble() -> None:
    """Broken constraints and misuse are bugs and propagate as they are."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE a (b INTEGER UNIQUE)")
    with pytest.raises(sqlite3.IntegrityError), told_as_trouble():
        connection.execute("INSERT INTO a VALUES (1), (1)")
    connection.close()
    with pytest.raises(sqlite3.ProgrammingError), told_as_trouble():
        connection.execute("SELECT 1")


def test_migrations_continue_where_a_file_stands(tmp_path: Path) -> None:
    """Each step runs once, and a failing one leaves the version before it."""
    connection = sqlite3.connect(tmp_path / "m.sqlite", isolation_level=None)
    first = "CREATE TABLE a (b INTEGER)"
    migrate(connection, [first])
    migrate(connection, [first, "INSERT INTO a VALUES (1)"])
    migrate(connection, [first, "INSERT INTO a VALUES (1)"])
    assert connection.execute("SELECT count(*) FROM a").fetchone() == (1,)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [first, "INSERT INTO a VALUES (1)", "INSERT INTO a VALUES (2);\nNONSENSE"])
    connection.close()
    connection = sqlite3.connect(tmp_path / "m.sqlite")
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert connection.execute("SELECT count(*) FROM a").fetchone() == (1,)
    connection.close()


def test_changes_add_up() -> None:
    """What two operations altered is the union, notices in order."""
    both = Change(conversations=frozenset({1}), accounts=True) | Change(copies=frozenset({2}), settings=True)
    expected = Change(conversations=frozenset({1}), copies=frozenset({2}), accounts=True, settings=True)
    assert both == expected
