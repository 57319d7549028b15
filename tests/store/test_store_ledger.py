"""The ledger in its file: one flipped byte is found, wherever it is; a repair keeps the evidence and every no."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from desktop.core.errors import Refused, StoreTrouble
from desktop.core.grounds import AskWhen, Policy
from desktop.core.ledger import Break, Event, Flaw
from desktop.core.permission import Method, Permission, Standing
from desktop.core.policy import Ground, decide
from desktop.store import ledger, people
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.ledger_rows import append
from desktop.store.mail import record_message
from desktop.store.migrate import migrate, steps
from desktop.store.policies import grounds, set_person_policy
from relay.wire.purpose import Purpose
from tests.fakes.samples import SENT_AT, facts, tracked_copy

ANNA, BEN, CLEO = "anna@becker.example", "ben@becker.example", "cleo@becker.example"
OPENS = frozenset({Purpose.OPENS})
LATER = SENT_AT + timedelta(days=1)


def grant(store: Store, address: str = ANNA) -> None:
    people.record_grant(
        store, address=address, name="", purposes=OPENS, method=Method.SPOKEN, evidence="on the phone", at=SENT_AT
    )


@contextmanager
def behind_its_back(store: Store) -> Iterator[sqlite3.Connection]:
    """Lend the file to another program, which minds no trigger, no check and no foreign key."""
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()


def alter(store: Store, sql: str) -> None:
    with behind_its_back(store) as connection:
        assert connection.execute(sql).rowcount == 1


def again(store: Store) -> Store:
    """Open the same file as the next start does."""
    return Store(store.path, clock=lambda: SENT_AT)


def test_6_a_row_says_who_purpose_method_evidence_and_time(store: Store) -> None:
    """What was recorded is what the history shows, newest first, and nothing of anybody else."""
    grant(store)
    grant(store, BEN)
    people.withdraw(store, ANNA, LATER)
    withdrawn, granted = ledger.history(store, " Anna@becker.example")
    assert (withdrawn.event, withdrawn.at, withdrawn.purposes) == (Event.WITHDRAWN, LATER, frozenset())
    assert granted == ledger.LedgerEntry(
        id=1,
        at=SENT_AT,
        event=Event.GRANTED,
        purposes=OPENS,
        generation=0,
        method=Method.SPOKEN,
        evidence="on the phone",
        language=None,
        wording=b"",
        text="",
    )


_COLUMNS = {
    "ledger": ("event", "purposes", "method", "detail_hash", "previous", "hash"),
    "ledger_detail": ("address", "evidence", "salt"),
    "ledger_head": ("hash",),
}


@pytest.mark.parametrize(("table", "column"), [(table, each) for table, all_ in _COLUMNS.items() for each in all_])
def test_6_one_flipped_byte_fails_verification(store: Store, table: str, column: str) -> None:
    """In whichever column, and though the octets are no text any more; until then the chain holds."""
    grant(store)
    assert (ledger.verify_ledger(store), ledger.is_sound(store)) == (None, True)
    flipped = f"{column} = CAST(substr(CAST({column} AS BLOB), 1, 1) || x'ff' || substr({column}, 3) AS "
    kind = "BLOB" if "hash" in column or column in {"previous", "salt"} else "TEXT"
    alter(store, f"UPDATE {table} SET {flipped}{kind})")
    found = ledger.verify_ledger(store)
    assert found is not None
    assert (found.where, ledger.is_sound(store)) == (2 if table == "ledger_head" else 1, False)


@pytest.mark.parametrize("column", ["generation", "at_ms"])
def test_6_a_flipped_bit_of_a_number_fails_verification(store: Store, column: str) -> None:
    """Numbers are covered as texts are."""
    grant(store)
    alter(store, f"UPDATE ledger SET {column} = {column} + 1")
    assert ledger.verify_ledger(store) == Break(where=1, why=Flaw.ALTERED)


def test_1_an_altered_row_stops_tracking_at_once(store: Store) -> None:
    """Under a running program its person's grounds show it, and nobody's permission is made of it."""
    grant(store)
    before = grounds(store, ANNA, 1, is_suppressed=False)
    assert (before.is_ledger_sound, before.permission.standing) == (True, Standing.GRANTED)
    alter(store, 'UPDATE ledger SET purposes = \'["clicks","opens"]\'')
    after = grounds(store, ANNA, 1, is_suppressed=False)
    assert (after.is_ledger_sound, after.permission) == (False, Permission(address=ANNA, standing=Standing.UNKNOWN))


def test_1_a_row_altered_while_it_was_closed_stops_tracking_for_everybody(store: Store) -> None:
    """The next start goes through the whole chain; what others' rows say does not count either."""
    grant(store)
    grant(store, BEN)
    alter(store, "UPDATE ledger SET at_ms = 0 WHERE id = 1")
    assert grounds(store, BEN, 1, is_suppressed=False).is_ledger_sound
    opened = again(store)
    try:
        assert not grounds(opened, BEN, 1, is_suppressed=False).is_ledger_sound
        trouble = ledger.ledger_trouble(opened)
        assert trouble is not None
        assert "untracked" in trouble.cure
        with pytest.raises(StoreTrouble, match="altered"):
            grant(opened, CLEO)
    finally:
        opened.close()


def test_a_sound_ledger_troubles_nobody(store: Store) -> None:
    """While the chain holds there is nothing to tell, also as it grows, by another program too."""
    assert ledger.ledger_trouble(store) is None
    grant(store)
    assert ledger.ledger_trouble(store) is None
    other = again(store)
    grant(other, BEN)
    other.close()
    assert ledger.ledger_trouble(store) is None
    assert ledger.is_sound(store)


def test_what_is_appended_is_gone_through_and_what_was_is_not(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision on mail does not cost what the whole chain costs."""
    grant(store)
    assert ledger.is_sound(store)
    monkeypatch.setattr(ledger, "broken_at", lambda _: pytest.fail("the whole chain was gone through"))
    grant(store, BEN)
    assert ledger.is_sound(store)
    monkeypatch.undo()
    alter(store, "UPDATE ledger SET at_ms = 0 WHERE id = 2")
    grant_behind = [Event.GRANTED, Event.STOPPED]
    for event in grant_behind:
        store.write(lambda connection, event=event: (Change(), append(connection, address=CLEO, event=event, at=LATER)))  # type: ignore[misc]
    assert ledger.verify_ledger(store) == Break(where=2, why=Flaw.ALTERED)
    assert not ledger.is_sound(store)


def test_the_whole_chain_is_gone_through_once_an_hour(tmp_path: Path) -> None:
    """What another program altered under a running one stops tracking for everybody before long."""
    now = SENT_AT
    store = Store(tmp_path / "s.sqlite", clock=lambda: now)
    try:
        grant(store)
        grant(store, BEN)
        assert ledger.is_sound(store)
        alter(store, "UPDATE ledger SET at_ms = 0 WHERE id = 1")
        assert grounds(store, BEN, 1, is_suppressed=False).is_ledger_sound
        now += timedelta(hours=1)
        assert not grounds(store, BEN, 1, is_suppressed=False).is_ledger_sound
    finally:
        store.close()


def test_a_detail_taken_away_is_missed_at_once(store: Store) -> None:
    """A refusal that vanishes leaves no permission standing, while the program runs."""
    grant(store)
    people.withdraw(store, ANNA, LATER)
    assert ledger.is_sound(store)
    alter(store, "DELETE FROM ledger_detail WHERE row_id = 2")
    found = grounds(store, ANNA, 1, is_suppressed=False)
    assert (found.permission.standing, found.is_ledger_sound) == (Standing.GRANTED, False)


def test_16_a_persons_details_are_erased_and_the_chain_holds(store: Store) -> None:
    """Nothing of them is left in the ledger, others' rows stand, and a detail goes in no other way."""
    grant(store)
    grant(store, BEN)
    erase(store, ANNA)
    erase(store, "nobody@becker.example")
    assert ledger.verify_ledger(store) is None
    assert ledger.is_sound(store)
    assert ledger.history(store, ANNA) == ()
    assert ANNA not in json.dumps(list(ledger.export_ledger(store)))
    assert people.permission_of(store, BEN).standing is Standing.GRANTED
    with pytest.raises(sqlite3.IntegrityError, match="erased by another"):
        store.write(lambda connection: (Change(), connection.execute("DELETE FROM ledger_detail WHERE row_id = 2")))


def erase(store: Store, address: str) -> None:
    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        ledger.erase_details(connection, address, LATER)
        return Change(), None

    store.write(work)


def test_6_an_erasing_in_part_fails_verification(store: Store) -> None:
    """Whoever lets a row say that one no of a person was erased, and takes that away, is found, and nothing tracked."""
    grant(store)
    people.withdraw(store, ANNA, LATER)
    with behind_its_back(store) as connection:
        append(connection, address=ledger.NOBODY, event=Event.ERASED, evidence="[2]", at=LATER)
        connection.execute("DELETE FROM ledger_detail WHERE row_id = 2")
    assert not grounds(store, ANNA, 1, is_suppressed=False).is_ledger_sound
    assert ledger.verify_ledger(store) == Break(where=2, why=Flaw.DETAIL_GONE)


def test_1_a_row_moved_to_somebody_else_stops_tracking_at_once(store: Store) -> None:
    """A detail that names another while the program runs is met with the next mail to whose it was."""
    grant(store)
    grant(store, BEN)
    grant(store)
    assert ledger.is_sound(store)
    alter(store, f"UPDATE ledger_detail SET address = '{CLEO}' WHERE row_id = 3")
    assert not grounds(store, ANNA, 1, is_suppressed=False).is_ledger_sound
    assert grounds(store, BEN, 1, is_suppressed=False).is_ledger_sound


@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE ledger_detail SET address = '{CLEO}' WHERE row_id = 3",
        "UPDATE ledger_detail SET salt = x'00' WHERE row_id = 3",
        "UPDATE ledger SET event = 'asked' WHERE id = 3",
    ],
)
def test_1_a_no_altered_under_a_running_program_stops_tracking_for_everybody_at_once(store: Store, sql: str) -> None:
    """Every no is gone through with each mail, whosever the mail is, and a row appended since hides nothing."""
    grant(store)
    grant(store, BEN)
    people.withdraw(store, ANNA, LATER)
    assert grounds(store, BEN, 1, is_suppressed=False).is_ledger_sound
    people.withdraw(store, CLEO, LATER)
    assert grounds(store, BEN, 1, is_suppressed=False).is_ledger_sound
    with behind_its_back(store) as connection:
        connection.execute(sql)
        append(connection, address=CLEO, event=Event.STOPPED, at=LATER)
    assert not grounds(store, BEN, 1, is_suppressed=False).is_ledger_sound


def test_rows_bear_a_random_name_that_one_person_shares(store: Store) -> None:
    """Another person's is another, and so is that of whoever comes back after they were erased."""

    def erase(connection: sqlite3.Connection) -> tuple[Change, None]:
        ledger.erase_details(connection, ANNA, LATER)
        return Change(), None

    grant(store)
    grant(store, BEN)
    people.withdraw(store, ANNA, LATER)
    store.write(erase)
    grant(store)
    with store.read() as connection:
        anna, ben, again_, nobody, new = (whose for (whose,) in connection.execute("SELECT whose FROM ledger"))
    assert (anna, b"") == (again_, nobody)
    assert len({anna, ben, new}) == 3
    assert ledger.verify_ledger(store) is None


def test_the_export_holds_every_row_and_verifies_by_itself(store: Store) -> None:
    """The hashes follow from the lines alone, by the formula that the command's help gives."""
    grant(store)
    people.withdraw(store, ANNA, LATER)
    *lines, last = list(ledger.export_ledger(store))
    previous = "00" * 32
    for number, line in enumerate(lines, start=1):
        detail = line["detail"]
        said = json.dumps([detail["address"], detail["evidence"]], separators=(",", ":"))
        assert sha256(bytes.fromhex(detail["salt"]) + said.encode()).hexdigest() == line["detail_hash"]
        names = ("event", "purposes", "generation", "method", "language", "wording", "at_ms", "detail_hash", "previous")
        assert (line["row"], line["previous"]) == (number, previous)
        whose = [line["whose"]] if line["whose"] else []
        fields = json.dumps([1, number, *(line[name] for name in names), *whose], separators=(",", ":"))
        previous = line["hash"]
        assert sha256(fields.encode()).hexdigest() == previous
    assert last == {"head": {"rows": 2, "hash": previous}}


def broken_by(store: Store) -> None:
    """Leave a yes before the break, and a no and another yes after it."""
    grant(store, BEN)
    grant(store)
    grant(store, CLEO)
    people.withdraw(store, CLEO, LATER)
    grant(store, "dan@becker.example")
    alter(store, "UPDATE ledger SET at_ms = 0 WHERE id = 2")


def test_a_repair_keeps_the_evidence_and_every_no(store: Store, tmp_path: Path) -> None:
    """The broken rows are in a file as they were; refusals go on, grants after the break do not, those before do."""
    broken_by(store)
    before = list(ledger.export_ledger(store))
    evidence = ledger.evidence_file(tmp_path, LATER)
    repair = ledger.repair_ledger(store, now=LATER, evidence=evidence)
    assert [json.loads(line) for line in evidence.read_text("ascii").splitlines()] == before
    assert evidence.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob(ledger.EVIDENCE)) == [evidence]
    assert (repair.broken, repair.kept, repair.set_aside) == (Break(where=2, why=Flaw.ALTERED), 1, 4)
    assert (repair.carried, repair.dropped) == (3, 2)
    standings = {row.address.partition("@")[0]: row.permission.standing for row in people.people(store)}
    assert standings == {
        "anna": Standing.UNKNOWN,
        "ben": Standing.GRANTED,
        "cleo": Standing.WITHDRAWN,
        "dan": Standing.UNKNOWN,
    }
    uncertain = {row.address.partition("@")[0] for row in people.people(store) if row.permission.is_uncertain}
    assert uncertain == {"anna", "dan"}
    grant(store)
    assert not people.permission_of(store, ANNA).is_uncertain


def test_whoever_a_repair_left_uncertain_is_neither_told_nor_asked(store: Store, tmp_path: Path) -> None:
    """A yes whose later no is lost ends, and nobody who was written to is told or asked by itself; others are."""
    grant(store)
    people.withdraw(store, ANNA, LATER)
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(tracked_copy(BEN),))
    with behind_its_back(store) as connection:
        connection.execute("DELETE FROM ledger_detail WHERE row_id = 2")
    ledger.repair_ledger(store, now=LATER, evidence=tmp_path / "kept")
    for address, expected in ((ANNA, False), (BEN, False), ("anna+offer@becker.example", False), (CLEO, True)):
        set_person_policy(store, address, Policy.TELL, AskWhen.FIRST, "US")
        found = replace(grounds(store, address, 1, is_suppressed=False), own_country="US")
        assert expected is (decide(found, has_relay=True, now=LATER).ground is Ground.TOLD), address
        assert expected is bool(decide(replace(found, policy=Policy.ASK), has_relay=True, now=LATER).ask), address


def test_a_repaired_ledger_holds_and_goes_on(store: Store, tmp_path: Path) -> None:
    """Mail to those whose yes stands is tracked again, new grants are taken, and no row can be changed."""
    broken_by(store)
    assert ledger.verify_ledger(store) is not None
    assert not grounds(store, BEN, 1, is_suppressed=False).is_ledger_sound
    ledger.repair_ledger(store, now=LATER, evidence=tmp_path / "kept")
    assert (ledger.verify_ledger(store), ledger.ledger_trouble(store)) == (None, None)
    assert grounds(store, BEN, 1, is_suppressed=False).is_ledger_sound
    grant(store)
    with pytest.raises(Refused, match="said no"):
        grant(store, CLEO)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        store.write(lambda connection: (Change(), connection.execute("DELETE FROM ledger")))
    assert ledger.verify_ledger(store) is None


def test_a_repair_names_its_file_in_the_chain(store: Store, tmp_path: Path) -> None:
    """The row that says so bears the file's hash, so that the evidence cannot be swapped."""
    broken_by(store)
    ledger.repair_ledger(store, now=LATER, evidence=tmp_path / "kept")
    note = next(json.loads(line["detail"]["evidence"]) for line in _rows(store) if line["event"] == Event.CARRIED)
    digest = sha256((tmp_path / "kept").read_bytes()).hexdigest()
    assert note == {"file": "kept", "sha256": digest, "from": 2, "why": "altered", "rows": 4}


def _rows(store: Store) -> list[dict[str, Any]]:
    return [line for line in ledger.export_ledger(store) if "row" in line]


@pytest.mark.parametrize("where", ["there already", "no folder"])
def test_nothing_is_repaired_where_the_evidence_cannot_be_kept(store: Store, tmp_path: Path, where: str) -> None:
    """The broken ledger stays as it is, and an older file too."""
    broken_by(store)
    before = list(ledger.export_ledger(store))
    path = tmp_path / "kept" if where == "there already" else tmp_path / "none" / "kept"
    (tmp_path / "kept").write_text("older")
    with pytest.raises(StoreTrouble, match="nothing was repaired"):
        ledger.repair_ledger(store, now=LATER, evidence=path)
    assert list(ledger.export_ledger(store)) == before
    assert (tmp_path / "kept").read_text() == "older"


def test_a_ledger_that_holds_is_not_repaired(store: Store, tmp_path: Path) -> None:
    """There is nothing to set aside, and no file is made."""
    grant(store)
    with pytest.raises(Refused, match="nothing to repair"):
        ledger.repair_ledger(store, now=LATER, evidence=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("DELETE FROM ledger_head", Flaw.HEAD),
        ("DELETE FROM ledger WHERE id = 1", Flaw.GAP),
        ("DELETE FROM ledger_detail WHERE row_id = 2", Flaw.DETAIL_GONE),
        ("UPDATE ledger_detail SET address = 'x' WHERE row_id = 2", Flaw.DETAIL_ALTERED),
    ],
)
def test_a_stop_whose_row_is_lost_holds_after_the_repair(store: Store, tmp_path: Path, damage: str, why: Flaw) -> None:
    """Stops are kept apart: whatever became of the row, the person has refused."""
    grant(store)
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(tracked_copy(tag=b"anna-tag"),))
    people.record_stops(store, [b"anna-tag"], LATER)
    alter(store, damage)
    assert ledger.repair_ledger(store, now=LATER, evidence=tmp_path / "kept").broken.why is why
    assert people.permission_of(store, ANNA).standing is Standing.STOPPED
    assert ledger.verify_ledger(store) is None


def test_a_stop_is_recorded_in_a_broken_ledger_too(store: Store) -> None:
    """A no waits for no repair, though the head is not the last row any more."""
    grant(store)
    record_message(store, account_id=1, facts=facts(), at=SENT_AT, copies=(tracked_copy(tag=b"anna-tag"),))
    alter(store, "DELETE FROM ledger_head")
    people.record_stops(store, [b"anna-tag"], LATER)
    assert people.permission_of(store, ANNA).standing is Standing.STOPPED
    assert not ledger.is_sound(store)


def _first_three(path: Path, rows: list[tuple[str, str, str, int]]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, steps()[:3])
    for event, address, purposes, generation in rows:
        connection.execute(
            "INSERT INTO permission (address, event, purposes, generation, method, evidence, at_ms)"
            " VALUES (?, ?, ?, ?, ?, 'told me', ?)",
            (address, event, purposes, generation, "spoken" if event == "grant" else None, 1_000),
        )
    connection.close()


def test_what_was_recorded_before_the_ledger_begins_its_chain(tmp_path: Path) -> None:
    """Each permission, and each no, of an older store stands as it stood, in rows that verify."""
    path = tmp_path / "old.sqlite"
    _first_three(
        path,
        [
            ("grant", ANNA, '["opens"]', 0),
            ("grant", BEN, '["clicks","opens"]', 0),
            ("withdraw", BEN, "[]", 0),
            ("grant", CLEO, '["opens"]', 0),
            ("retract", CLEO, "[]", 0),
            ("stop", "dan@becker.example", "[]", 2),
        ],
    )
    store = Store(path, clock=lambda: SENT_AT)
    try:
        assert ledger.verify_ledger(store) is None
        anna = people.permission_of(store, ANNA)
        assert (anna.purposes, anna.method, anna.evidence) == (OPENS, Method.SPOKEN, "told me")
        found = [people.permission_of(store, each) for each in (BEN, CLEO, "dan@becker.example")]
        expected = [(Standing.WITHDRAWN, 0), (Standing.UNKNOWN, 0), (Standing.STOPPED, 2)]
        assert [(each.standing, each.generation) for each in found] == expected
        assert [line["row"] for line in _rows(store)] == [1, 2, 3, 4, 5, 6]
        grant(store)
        assert ledger.verify_ledger(store) is None
    finally:
        store.close()


def test_a_store_without_permissions_begins_an_empty_chain(tmp_path: Path) -> None:
    """It holds, and goes on with its first row."""
    path = tmp_path / "old.sqlite"
    _first_three(path, [])
    store = Store(path, clock=lambda: SENT_AT)
    try:
        assert list(ledger.export_ledger(store)) == [{"head": {"rows": 0, "hash": "00" * 32}}]
        grant(store)
        assert ledger.verify_ledger(store) is None
    finally:
        store.close()
