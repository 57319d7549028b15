"""A store of the first version, and a store that two programs use at once."""

import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from desktop.core.correction import Who
from desktop.core.ledger import LedgerRow, detail_hash, row_hash
from desktop.core.permission import Standing
from desktop.core.status import Rung
from desktop.core.verdict import Verdict
from desktop.store import settings
from desktop.store.accounts import accounts
from desktop.store.corrections import correct_hit, corrections, undo_correction
from desktop.store.database import Store
from desktop.store.hits import record_hits
from desktop.store.ledger import verify_ledger
from desktop.store.mail import cards, conversation
from desktop.store.migrate import migrate, steps
from desktop.store.own_views import record_own_source
from desktop.store.people import people, permission_of
from tests.fakes.mailbox_world import arrival, record, sent
from tests.fakes.samples import HOME, SENT_AT, THUNDERBIRD, hit

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


def second_version(path: Path) -> None:
    """Write what the second version recorded: two sent copies, an open that rang and is aged, one of today, a mark."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    migrate(connection, steps()[:2])
    connection.execute(
        "INSERT INTO account (id, label, host, port, security, user, identities, shared_copy_only, convert_flowed)"
        " VALUES (1, 'Work', 'smtp.sender.example', 465, 'tls', 'kim', '[[\"Kim\",\"kim@sender.example\"]]', 0, 1)"
    )
    connection.execute("INSERT INTO person (address, name) VALUES ('anna@becker.example', 'Anna')")
    connection.execute("INSERT INTO own_source (mark, at_ms) VALUES (?, ?)", (b"\x09" * 8, SENT_MS))
    connection.execute("INSERT INTO setting (key, value) VALUES ('window_s', '30')")
    for number in (1, 2):
        connection.execute(
            "INSERT INTO conversation (id, subject, names, at_ms, rung, copies) VALUES (?, 'Offer', '[]', 5, 4, 1)",
            (number,),
        )
        connection.execute(
            "INSERT INTO message (id, conversation_id, account_id, message_id, subject, from_name, from_address, at_ms)"
            " VALUES (?1, ?1, 1, ?2, 'Offer', '', 'kim@sender.example', ?3)",
            (number, f"<{number}@s>", SENT_MS),
        )
        connection.execute(
            "INSERT INTO copy (id, message_id, conversation_id, address, name, role, purposes, shared, links, state,"
            " prepared_at_ms, state_at_ms, rung) VALUES (?1, ?1, ?1, 'anna@becker.example', '', 'to',"
            " '[\"clicks\",\"opens\"]', 0, 0, 'sent', ?2, ?2, 4)",
            (number, SENT_MS),
        )
        connection.execute("INSERT INTO token VALUES (?1, ?2, 1, NULL)", (bytes([number]) * 12, number))
        connection.execute("INSERT INTO told VALUES (?, 'open')", (number,))
        connection.execute(
            "INSERT INTO hit (id, copy_id, kind, token_id, at_ms, to_the_minute, labels, network, same_source, agent,"
            " headers, verdict, rule, confidence, reason) VALUES (?, ?, 'open', ?, ?, ?, '[]', '198.51.100.0/24', ?, ?,"
            " '{}', 'person', 'mail-client', 'high', 'ordinary network, known mail client')",
            (
                bytes([number]) * 16,
                number,
                bytes([number]) * 12,
                SENT_MS + 3_600_000,
                number == 1,
                HOME,
                THUNDERBIRD,
            ),
        )
    connection.close()


def test_what_the_second_version_recorded_goes_on(tmp_path: Path) -> None:
    """Statuses stand, nothing rings anew, Sent is not touched, and old hits can be corrected and given back."""
    path = tmp_path / "s.sqlite"
    second_version(path)
    store = open_store(path)
    assert [(card.id, card.rung) for card in cards(store)] == [(2, Rung.OPENED), (1, Rung.OPENED)]
    assert [row.keeps_sent_clean for row in accounts(store)] == [False]
    later = SENT_AT + timedelta(hours=2)
    again = replace(hit(after_s=5_000, token_id=bytes([2]) * 12), id=bytes([3]) * 16)
    assert record_hits(store, [again], now=later).notices == ()
    before = [conversation(store, number) for number in (1, 2)]
    change, correction_id = correct_hit(store, bytes([1]) * 16, Who.ME, now=later)
    assert (change.copies, change.notices) == (frozenset({1, 2}), ())
    assert [card.rung for card in cards(store)] == [Rung.SENT, Rung.SENT]
    assert [row.decides for row in corrections(store)] == [3]
    undo_correction(store, correction_id)
    assert before == [conversation(store, number) for number in (1, 2)]
    store.close()


def test_marks_of_the_second_version_still_tell_its_user(tmp_path: Path) -> None:
    """A mark that was kept without a network judges as it did; the network comes with the next time it is had."""
    path = tmp_path / "s.sqlite"
    second_version(path)
    store = open_store(path)
    mine = replace(hit(after_s=5_000, token_id=bytes([2]) * 12, same_source=b"\x09" * 8), id=bytes([3]) * 16)
    record_hits(store, [mine], now=SENT_AT)
    detail = conversation(store, 2)
    assert detail is not None
    judged = [line.judgement for line in detail.messages[0].copies[0].status.evidence if line.judgement is not None]
    assert [each.verdict for each in judged] == [Verdict.UNKNOWN, Verdict.PERSON]
    record_own_source(store, mark=b"\x09" * 8, network="192.0.2.0/24", now=SENT_AT)
    with store.read() as connection:
        kept = connection.execute("SELECT network, at_ms FROM own_source").fetchall()
    assert kept == [("192.0.2.0/24", SENT_MS)]
    store.close()


def test_what_the_second_version_handed_over_is_known_by_its_account(tmp_path: Path) -> None:
    """A tracked message went to its account's server; Sent was never seen clean; the untracked needs neither."""
    path = tmp_path / "s.sqlite"
    second_version(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DELETE FROM token WHERE copy_id = 2")
    connection.close()
    store = open_store(path)
    with store.read() as reading:
        kept = reading.execute("SELECT handed_to, sent_clean_at_ms FROM message ORDER BY id").fetchall()
    assert kept == [("smtp.sender.example", None), ("", None)]
    store.close()


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("it came 8 s after sending: too early to tell", "it came soon after sending: too early to tell"),
        ("it came from Proofpoint, and it came 30 s after sending", "it came from Proofpoint, and it came soon after"),
        ("it came before the mail was handed over: too early to tell", "it came before the mail was handed over: too"),
    ],
)
def test_reasons_of_the_second_version_lose_their_seconds(tmp_path: Path, told: str, kept: str) -> None:
    """A time that was cut to the minute does not live on in the words; the rest of them stays."""
    path = tmp_path / "s.sqlite"
    second_version(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE hit SET reason = ?", (told,))
    connection.close()
    store = open_store(path)
    with store.read() as reading:
        reasons = [reason for (reason,) in reading.execute("SELECT reason FROM hit")]
    assert [reason.startswith(kept) for reason in reasons] == [True, True]
    assert [reason.endswith(told[-7:]) for reason in reasons] == [True, True]
    store.close()


def test_a_second_version_whose_upgrade_was_cut_short_is_upgraded_whole(tmp_path: Path) -> None:
    """A step that fails leaves the second version as it was, and the next start brings it up."""
    path = tmp_path / "s.sqlite"
    second_version(path)
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [*steps()[:2], f"{steps()[2]}\nSELECT nothing FROM nowhere;"])
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()
    store = open_store(path)
    assert len(cards(store)) == 2
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


MUELLER = ("anna@m\u00fcller.example", "anna@xn--mller-kva.example")


def test_who_was_known_under_both_spellings_is_one_person(tmp_path: Path) -> None:
    """What was recorded under the letters holds under the ASCII form: a no, a stop, mail, answers and choices."""
    path = tmp_path / "s.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, steps()[:6])
    for number, address in enumerate(MUELLER, start=1):
        connection.execute("INSERT INTO person (address, name, messages) VALUES (?, '', ?)", (address, number))
    connection.execute("UPDATE person SET name = 'Anna', policy = 'off' WHERE messages = 1")
    salt, at_ms = bytes(32), SENT_MS
    detail = detail_hash(salt, MUELLER[0], "")
    row = LedgerRow(
        id=1,
        event="withdrawn",
        purposes="[]",
        generation=0,
        method=None,
        language=None,
        wording=b"",
        at_ms=at_ms,
        detail_hash=detail,
        previous=bytes(32),
        hash=b"",
    )
    connection.execute(
        "INSERT INTO ledger (id, event, purposes, generation, at_ms, detail_hash, previous, hash)"
        " VALUES (1, 'withdrawn', '[]', 0, ?, ?, zeroblob(32), ?)",
        (at_ms, detail, row_hash(row)),
    )
    connection.execute("INSERT INTO ledger_detail VALUES (1, ?, '', ?)", (MUELLER[0], salt))
    connection.execute("INSERT OR REPLACE INTO ledger_head VALUES (1, 1, ?)", (row_hash(row),))
    connection.execute("INSERT INTO tag VALUES (x'01', ?, 0)", (MUELLER[0],))
    connection.execute(
        "INSERT INTO arrival (account_id, key, kind, from_name, from_address, subject, at_ms, deliveries, parties)"
        " VALUES (1, 1, 'mail', '', ?1, '', 1, json_array(json_array(?1, 'failed', '', '', null, '')), json_array(?1))",
        (MUELLER[0],),
    )
    connection.execute("INSERT INTO loose_party SELECT ?, id FROM arrival", (MUELLER[0],))
    connection.close()
    store = open_store(path)
    for address in MUELLER:
        (person,) = people(store)
        found = permission_of(store, address)
        assert (MUELLER[1], "Anna", 3, "off") == (person.address, person.name, person.messages, person.policy)
        assert Standing.WITHDRAWN is found.standing
    with store.read() as reading:
        (told,) = reading.execute(
            "SELECT json_array(from_address, deliveries ->> '$[0][0]', parties ->> '$[0]', (SELECT address FROM tag),"
            " (SELECT address FROM loose_party)) FROM arrival"
        ).fetchone()
    assert [MUELLER[1]] * 5 == json.loads(told)
    assert verify_ledger(store) is None
    store.close()
