"""The journal: what survives the program's end, and which resend it recognises."""

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from desktop.core.errors import StoreTrouble
from desktop.outgoing import journal as journals
from desktop.outgoing.journal import Answer, Entry, Journal, State, Twin, key_of
from tests.outgoing.conftest import Clock

KEY = key_of(b"h" * 32, "bob@x.test")


@pytest.fixture
def clock() -> Clock:
    return Clock()


def opened(tmp_path: Path, clock: Clock) -> Journal:
    return Journal(tmp_path / "journal", clock=clock)


def accepted(journal: Journal) -> str:
    entry_id = journal.prepare([KEY])
    journal.advance(entry_id, [0], State.COMMITTING)
    journal.advance(entry_id, [0], State.ACCEPTED)
    return entry_id


@pytest.mark.parametrize(
    ("reached", "found"),
    [
        ([], State.PREPARED),
        ([State.COMMITTING], State.UNKNOWN),
        ([State.COMMITTING, State.ACCEPTED], State.ACCEPTED),
        ([State.COMMITTING, State.REJECTED], State.REJECTED),
    ],
)
def test_each_state_is_found_again(tmp_path: Path, clock: Clock, reached: list[State], found: State) -> None:
    """What was written is read at the next start; COMMITTING becomes UNKNOWN then."""
    journal = opened(tmp_path, clock)
    entry_id = journal.prepare([KEY])
    journal.attach(entry_id, {0: 7})
    for state in reached:
        journal.advance(entry_id, [0], state)
    again = opened(tmp_path, clock)
    (part,) = again.entry(entry_id).parts
    assert (part.state, part.copy_id) == (found, 7)
    assert [each.id for each in again.unrecorded_at_start] == [entry_id]
    again.mark_recorded(entry_id)
    assert opened(tmp_path, clock).unrecorded_at_start == ()


def test_a_twin_counts_only_while_the_client_cannot_know(tmp_path: Path, clock: Clock) -> None:
    """ACCEPTED suppresses after the client left unconfirmed; not while it is connected, nor once it read its 2xx."""
    journal = opened(tmp_path, clock)
    assert journal.twin_of(KEY) is Twin.NONE
    entry_id = accepted(journal)
    assert journal.twin_of(KEY) is Twin.NONE
    journal.leave([entry_id])
    assert journal.twin_of(KEY) is Twin.ACCEPTED
    journal.answer(entry_id, Answer.CONFIRMED)
    assert journal.twin_of(KEY) is Twin.NONE


def test_a_failure_of_the_whole_suppresses_what_was_accepted(tmp_path: Path, clock: Clock) -> None:
    """After a failed answer the accepted part is a twin even for a client that is still connected."""
    journal = opened(tmp_path, clock)
    journal.answer(accepted(journal), Answer.FAILURE)
    assert journal.twin_of(KEY) is Twin.ACCEPTED


def test_thirty_minutes_are_the_end_of_it(tmp_path: Path, clock: Clock) -> None:
    """A twin is one for thirty minutes and not a second longer, and carrying it over makes it no younger."""
    journal = opened(tmp_path, clock)
    journal.leave([accepted(journal)])
    clock.advance(timedelta(minutes=29))
    second = journal.prepare([KEY])
    journal.carry_over(second, 0)
    journal.leave([second])
    clock.advance(timedelta(minutes=1))
    assert journal.twin_of(KEY) is Twin.ACCEPTED
    clock.advance(timedelta(seconds=1))
    assert journal.twin_of(KEY) is Twin.NONE


def test_suppressed_once_then_confirmed(tmp_path: Path, clock: Clock) -> None:
    """Once the client read the answer to the suppressed attempt, a further one is sent."""
    journal = opened(tmp_path, clock)
    journal.leave([accepted(journal)])
    second = journal.prepare([KEY])
    journal.carry_over(second, 0)
    journal.answer(second, Answer.CONFIRMED)
    journal.leave([second])
    assert journal.twin_of(KEY) is Twin.NONE


def test_an_attempt_under_way_whose_client_left(tmp_path: Path, clock: Clock) -> None:
    """COMMITTING without a client is under way, UNKNOWN is unknown, REJECTED is nothing."""
    journal = opened(tmp_path, clock)
    entry_id = journal.prepare([KEY])
    journal.advance(entry_id, [0], State.COMMITTING)
    assert journal.twin_of(KEY) is Twin.NONE
    journal.leave([entry_id, "no such entry"])
    assert journal.twin_of(KEY) is Twin.UNDER_WAY
    journal.advance(entry_id, [0], State.UNKNOWN)
    assert journal.twin_of(KEY) is Twin.UNKNOWN
    journal.advance(entry_id, [0], State.REJECTED)
    assert journal.twin_of(KEY) is Twin.NONE


def test_a_torn_line_is_passed_over(tmp_path: Path, clock: Clock) -> None:
    """Half a line at the end, or a damaged one, costs that line and no other, before or after."""
    journal = opened(tmp_path, clock)
    first = accepted(journal)
    journal.close()
    with (tmp_path / "journal").open("ab") as file:
        file.write(b"00000000 {}\n" + b'deadbeef {"m":"x","k":')
    again = opened(tmp_path, clock)
    second = accepted(again)
    again.close()
    third = opened(tmp_path, clock)
    assert [first, second] == [entry.id for entry in third.entries()]
    assert third.entry(second).parts[0].state is State.ACCEPTED


def test_it_does_not_grow_for_ever(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past its bound the file is written anew with the last thirty minutes only, and says the same."""
    monkeypatch.setattr(journals, "COMPACT_ABOVE_BYTES", 2_000)
    journal = opened(tmp_path, clock)
    for _ in range(20):
        journal.answer(accepted(journal), Answer.CONFIRMED)
    old = {entry.id for entry in journal.entries()}
    journal.leave(old)
    clock.advance(timedelta(minutes=31))
    kept = accepted(journal)
    journal.attach(kept, {0: 9})
    journal.mark_recorded(kept)
    journal.leave([kept])
    journal._written_bytes = 3_000
    last = journal.prepare([KEY])
    journal.close()
    again = opened(tmp_path, clock)
    assert [kept, last] == [entry.id for entry in again.entries()]
    assert _plain(journal.entry(kept)) == _plain(again.entry(kept))
    assert (tmp_path / "journal").stat().st_size < 2_000


def _plain(entry: Entry) -> tuple[object, ...]:
    return entry.parts, entry.answer, entry.is_recorded, entry.prepared_at


def test_a_full_disk_is_told(tmp_path: Path, clock: Clock) -> None:
    """Where a line cannot be written StoreTrouble says so, and an end is remembered all the same."""
    journal = opened(tmp_path, clock)
    entry_id = journal.prepare([KEY])
    journal.close()
    (tmp_path / "journal").unlink()
    (tmp_path / "journal").symlink_to("/dev/full")
    with pytest.raises(StoreTrouble):
        journal.advance(entry_id, [0], State.COMMITTING)
    assert journal.entry(entry_id).parts[0].state is State.PREPARED
    with pytest.raises(StoreTrouble):
        journal.advance(entry_id, [0], State.ACCEPTED)
    assert journal.entry(entry_id).parts[0].state is State.ACCEPTED


def test_a_sync_that_fails_is_told(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """COMMITTING that is not on the disk is not COMMITTING; once it can be, it is."""
    journal = opened(tmp_path, clock)
    entry_id = journal.prepare([KEY])

    def fail(_handle: int) -> None:
        raise OSError(5, "I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(StoreTrouble):
            journal.advance(entry_id, [0], State.COMMITTING)
    assert journal.entry(entry_id).parts[0].state is State.PREPARED
    journal.advance(entry_id, [0], State.COMMITTING)
    assert journal.entry(entry_id).parts[0].state is State.COMMITTING


def test_a_file_that_cannot_be_read_or_replaced_is_told(tmp_path: Path, clock: Clock) -> None:
    """A folder in the file's place, or in that of its successor, is StoreTrouble."""
    (tmp_path / "journal").mkdir()
    with pytest.raises(StoreTrouble):
        opened(tmp_path, clock)
    (tmp_path / "journal").rmdir()
    journal = opened(tmp_path, clock)
    (tmp_path / "journal.new").mkdir()
    journal._written_bytes = journals.COMPACT_ABOVE_BYTES + 1
    with pytest.raises(StoreTrouble):
        journal.prepare([KEY])


def test_the_file_names_nobody(tmp_path: Path, clock: Clock) -> None:
    """No address stands in the file, and only its owner can read it."""
    journal = opened(tmp_path, clock)
    accepted(journal)
    assert b"bob" not in (tmp_path / "journal").read_bytes()
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o600


def test_many_threads_share_the_file(tmp_path: Path, clock: Clock) -> None:
    """Entries written by several threads at once are all found again."""
    journal = opened(tmp_path, clock)
    threads = [threading.Thread(target=lambda: [accepted(journal) for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    found = [entry.parts[0].state for entry in opened(tmp_path, clock).entries()]
    assert found == [State.ACCEPTED] * 40


def test_what_is_no_entry_any_more_is_left_alone(tmp_path: Path, clock: Clock) -> None:
    """An answer or a record for an entry that was dropped changes nothing."""
    journal = opened(tmp_path, clock)
    journal.answer("gone", Answer.FAILURE)
    journal.mark_recorded("gone")
    journal.advance("gone", [0], State.ACCEPTED)
    assert journal.entries() == ()
