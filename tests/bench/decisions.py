"""How fast follow-ups are decided: `python tests/bench/decisions.py [CONVERSATIONS]`.

Prints processor time, which other programs on the machine do not lengthen as they do the clock's; once for the decision
alone, over cases in memory, and once for reading the same cases from a store whose rows were written by SQL.
"""

import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from desktop.core.followup import Awaited, Case, follow_ups
from desktop.core.status import Rung
from desktop.core.workdays import WorkCalendar
from desktop.store import reminders
from desktop.store.change import Change
from desktop.store.database import Store

T = TypeVar("T")
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin"))
SPAN_DAYS = 365
PEOPLE = 20_000
ROUNDS = 3


def sample_cases(count: int) -> tuple[Case, ...]:
    """Return conversations of a year: mostly silence, some opens, absences, failures, a third answered."""
    dice = random.Random(7)
    return tuple(_case(dice, number) for number in range(count))


def _case(dice: random.Random, number: int) -> Case:
    sent_at = NOW.astimezone(UTC) - timedelta(minutes=dice.randrange(SPAN_DAYS * 1440))
    opened_at = sent_at + timedelta(hours=3) if dice.random() < 0.3 else None
    is_away = dice.random() < 0.1
    person = Awaited(
        address=f"person{dice.randrange(PEOPLE)}@example.com",
        name="Somebody",
        rung=Rung.SENT if opened_at is None else Rung.OPENED,
        is_undelivered=dice.random() < 0.05,
        undelivered_at=sent_at,
        is_away=is_away,
        returns_on=date(2026, 11, 30) if is_away else None,
        opens=0 if opened_at is None else 2,
        opened_at=opened_at,
        last_open_at=opened_at,
        unanswered_twice_at=sent_at if dice.random() < 0.6 else None,
    )
    replied_at = sent_at + timedelta(days=1) if dice.random() < 0.33 else None
    return Case(
        conversation_id=number, account_id=1, subject="Offer", sent_at=sent_at, awaited=(person,), replied_at=replied_at
    )


def fill(store: Store, cases: tuple[Case, ...]) -> None:
    """Write the cases as the store keeps them: a conversation, a message, a copy, and an open where there was one."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute(
            "INSERT INTO account (id, label, host, port, security, user, identities, shared_copy_only, convert_flowed,"
            " imap_host) VALUES (1, '', 'h', 465, 'tls', 'kim@example.com', '[]', 0, 0, 'h')"
        )
        connection.execute(
            "INSERT INTO folder (account_id, name, role, uid_validity, next_uid) VALUES (1, 'INBOX', 'inbox', 1, 1)"
        )
        connection.executemany(
            "INSERT INTO conversation (id, subject, at_ms, last_sent_ms, last_reply_ms, copies, asides)"
            " VALUES (?1, 'Offer', ?2, ?2, ?3, 1, ?4)",
            ((each.conversation_id, _ms(each.sent_at), _ms(each.replied_at), _copy(each)[-1]) for each in cases),
        )
        connection.executemany(
            "INSERT INTO message (id, conversation_id, account_id, message_id, subject, from_name, from_address, at_ms)"
            " VALUES (?1, ?1, 1, ?1, 'Offer', 'Kim', 'kim@example.com', ?2)",
            ((each.conversation_id, _ms(each.sent_at)) for each in cases),
        )
        connection.executemany(
            "INSERT INTO copy (id, message_id, conversation_id, address, name, role, purposes, shared, links, state,"
            " prepared_at_ms, state_at_ms, rung, asides) VALUES (?1, ?1, ?1, ?2, 'Somebody', 'to', '[]', 0, 0, 'sent',"
            " ?3, ?3, ?4, ?5)",
            (_copy(each) for each in cases),
        )
        connection.executemany(
            "INSERT INTO hit (id, copy_id, kind, token_id, at_ms, labels, network, same_source, agent, headers,"
            " verdict, rule, confidence, reason)"
            " VALUES (?1, ?2, 'open', x'00', ?3, '[]', '', x'00', '', '{}', 'person', '', '', '')",
            (
                (each.conversation_id.to_bytes(16, "big"), each.conversation_id, _ms(each.awaited[0].opened_at))
                for each in cases
                if each.awaited[0].opened_at is not None
            ),
        )
        return Change(), None

    store.write(work)


def _copy(case: Case) -> tuple[object, ...]:
    (person,) = case.awaited
    asides = '["not_delivered"]' if person.is_undelivered else '["away"]' if person.is_away else "[]"
    return case.conversation_id, person.address, _ms(case.sent_at), person.rung, asides


def _ms(at: datetime | None) -> int:
    return 0 if at is None else round(at.timestamp() * 1000)


def timed(title: str, work: Callable[[], T]) -> T:
    """Run several times, print the best processor time, and return what the work did."""
    times = []
    for _ in range(ROUNDS):
        begun_s = time.process_time()
        result = work()
        times.append(time.process_time() - begun_s)
    sys.stdout.write(f"{title:<42} {min(times) * 1000:8.0f} ms\n")
    return result


def main() -> None:
    """Print how long each part takes, and what was decided."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    cases = sample_cases(count)
    sys.stdout.write(f"{count} conversations\n")
    timed("decide (holidays worked out anew)", lambda: follow_ups(cases, now=NOW, calendar=WorkCalendar("DE")))
    calendar = WorkCalendar("DE")
    found = timed("decide", lambda: follow_ups(cases, now=NOW, calendar=calendar))
    timed("decide, nothing folded", lambda: follow_ups(cases, now=NOW, calendar=calendar, cap=count))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store.sqlite", clock=lambda: NOW)
        fill(store, cases)
        read = timed("read the cases from the store", lambda: reminders.cases(store))
        timed("read and decide", lambda: reminders.due_list(store, NOW, calendar))
        store.close()
    sys.stdout.write(f"{len(read)} cases read, {len(found)} lines shown, {sum(each.folded for each in found)} folded\n")
    for kind, lines in Counter(each.kind.value for each in found).most_common():
        sys.stdout.write(f"  {kind:<20} {lines}\n")


if __name__ == "__main__":
    main()
