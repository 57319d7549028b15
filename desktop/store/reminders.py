"""Follow-ups as the store knows them: the cases that `core.followup` decides on, and what the user said about each.

The cases are a few queries over whole tables, never one per conversation, and leave out what one person was asked and
is answered.  What the user said is a row per conversation; each change returns it as it was, which
is the undo.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, Final

from desktop.core.arrival import FailureReason
from desktop.core.followup import Awaited, Case, FollowUp, follow_ups, mends_first, sittings
from desktop.core.noreply import expects_answer
from desktop.core.status import Aside, EvidenceKind, Rung
from desktop.core.workdays import WorkCalendar
from desktop.store.accounts import DEFAULT_WAIT_DAYS
from desktop.store.change import Change
from desktop.store.columns import from_json, from_ms, to_ms
from desktop.store.database import Store
from desktop.store.folders import Incoming, read_readings
from desktop.store.proving import own_addresses

MAX_WAIT_DAYS: Final = 366
_RUNGS: Final = {rung.value: rung for rung in Rung}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderRow:
    """What the user said about a conversation; as `Case` puts it.

    `message_wait_days` is another wait for the message `message_id`, which is set where a change was about it.
    """

    conversation_id: int
    wait_days: int | None = None
    snoozed_until: datetime | None = None
    done_at: datetime | None = None
    mended_at: datetime | None = None
    message_id: int | None = None
    message_wait_days: int | None = None


def due_list(
    store: Store, now: datetime, calendar: WorkCalendar, *, cap: int = 1, with_snoozed: bool = False
) -> tuple[FollowUp, ...]:
    """Return who to follow up with, in the order of `follow_ups`; `now` is aware and in the user's zone."""
    return follow_ups(cases(store), now=now, calendar=calendar, cap=cap, with_snoozed=with_snoozed)


# Our newest message of each conversation: the list begins from these.  One in which a reply came later is left out
# unless others were asked too or something was not delivered.
_NEWEST: Final = (
    "WITH newest AS MATERIALIZED ("
    " SELECT message.id, message.conversation_id, message.account_id, message.subject, message.at_ms,"
    " message.wait_days, conversation.last_reply_ms, conversation.asides LIKE '%\"not_delivered\"%' AS has_failure"
    " FROM conversation JOIN message ON message.id = ("
    "  SELECT id FROM message WHERE conversation_id = conversation.id ORDER BY at_ms DESC, id DESC LIMIT 1)"
    " WHERE (?1 IS NULL OR conversation.id = ?1) AND (conversation.last_reply_ms < message.at_ms OR has_failure"
    "  OR (conversation.copies > 1 AND (SELECT count(*) FROM copy WHERE message_id = message.id AND role = 'to') > 1)))"
)
_COLUMNS: Final = (
    "newest.id, newest.conversation_id, newest.account_id, newest.subject, newest.at_ms,"
    " coalesce(newest.wait_days, reminder.wait_days, account.wait_days),"
    " reminder.snoozed_until_ms, reminder.done_at_ms, reminder.mended_at_ms, newest.last_reply_ms,"
    " copy.id, copy.address, coalesce(nullif(copy.name, ''), person.name, '')"
)
_STANDING: Final = "copy.rung, copy.asides, copy.returns_on, copy.failure, copy.state, copy.state_at_ms"
_BESIDE: Final = (
    " LEFT JOIN reminder ON reminder.conversation_id = newest.conversation_id"
    " LEFT JOIN account ON account.id = newest.account_id LEFT JOIN person ON person.address = copy.address"
)
# A row for each of its recipients, those of a message together: the second half is of the copy.
_CASES: Final = (
    f"{_NEWEST} SELECT {_COLUMNS}, copy.role, {_STANDING}"  # noqa: S608
    f" FROM newest JOIN copy ON copy.message_id = newest.id {_BESIDE}"
    " WHERE copy.state <> 'prepared' AND coalesce(copy.why_not, '') NOT IN ('list_mail', 'automatic', 'report')"
    " ORDER BY newest.id, copy.id"
)
# Whom an earlier message did not reach and no later one of the conversation went to.
_LOST: Final = (
    f"{_NEWEST} SELECT {_COLUMNS}, 'earlier', {_STANDING}"  # noqa: S608
    " FROM newest JOIN copy ON copy.conversation_id = newest.conversation_id AND copy.message_id <> newest.id"
    f" JOIN message ON message.id = copy.message_id {_BESIDE}"
    " WHERE newest.has_failure AND copy.asides LIKE '%\"not_delivered\"%' AND NOT EXISTS ("
    "  SELECT 1 FROM copy AS later JOIN message AS after ON after.id = later.message_id"
    "  WHERE later.conversation_id = copy.conversation_id AND later.address = copy.address"
    "  AND later.state <> 'prepared' AND (after.at_ms, after.id) > (message.at_ms, message.id))"
    " ORDER BY newest.id, copy.id"
)
# When each of several last answered, where an answer came since.
_REPLIED: Final = (
    f"{_NEWEST} SELECT copy.conversation_id, copy.address, max(sign.at_ms)"  # noqa: S608
    " FROM newest JOIN copy ON copy.conversation_id = newest.conversation_id"
    " JOIN sign ON sign.copy_id = copy.id AND sign.kind = 'reply'"
    " WHERE newest.last_reply_ms >= newest.at_ms OR newest.has_failure GROUP BY copy.conversation_id, copy.address"
)
_SIGNS: Final = (
    "SELECT copy_id, kind, at_ms FROM sign"
    " WHERE kind IN ('not_delivered', 'possible_reply', 'possible_bounce', 'receipt')"
    " UNION ALL SELECT copy_id, 'confirmation', at_ms FROM confirmation ORDER BY copy_id, at_ms"
)
_SIGNS_OF: Final = (
    "SELECT copy_id, kind, sign.at_ms FROM copy JOIN sign ON sign.copy_id = copy.id"
    " WHERE copy.conversation_id = ? AND kind = 'not_delivered' ORDER BY copy_id, sign.at_ms"
)
_HITS: Final = (
    f"{_NEWEST} SELECT hit.copy_id, hit.kind, hit.verdict, hit.at_ms"  # noqa: S608
    " FROM newest JOIN copy ON copy.message_id = newest.id JOIN hit ON hit.copy_id = copy.id"
    " WHERE hit.verdict IN ('person', 'image_proxy') ORDER BY hit.copy_id, hit.at_ms"
)
_ANSWERED: Final = (
    "WITH answered AS MATERIALIZED (SELECT copy.address, max(sign.at_ms) AS at_ms FROM sign"
    " JOIN copy ON copy.id = sign.copy_id WHERE sign.kind = 'reply' GROUP BY copy.address)"
)
# When the second of our messages to each person left since they last answered one, in whatever conversation.
_UNANSWERED: Final = (
    f"{_ANSWERED}, asked AS (SELECT DISTINCT copy.address, message.at_ms, message.id FROM copy"  # noqa: S608 - constants
    " JOIN message ON message.id = copy.message_id LEFT JOIN answered ON answered.address = copy.address"
    " WHERE copy.role = 'to' AND copy.state IN ('sent', 'uncertain') AND message.at_ms > coalesce(answered.at_ms, 0)),"
    " counted AS (SELECT address, at_ms, row_number() OVER (PARTITION BY address ORDER BY at_ms, id) AS place"
    " FROM asked) SELECT address, at_ms FROM counted WHERE place = 2"
)
# When each person comes back who has not answered since they said so: an automatic answer comes but once a week, so
# what was said about one mail holds for the next, in another conversation too.  Of several the newest is last.
_ABSENT: Final = (
    f"{_ANSWERED} SELECT copy.address, sign.returns_on FROM sign JOIN copy ON copy.id = sign.copy_id"  # noqa: S608
    " LEFT JOIN answered ON answered.address = copy.address WHERE sign.kind = 'away' AND sign.returns_on IS NOT NULL"
    " AND sign.at_ms >= coalesce(answered.at_ms, 0) ORDER BY sign.at_ms, sign.returns_on"
)


@dataclass(slots=True)
class _Found:
    """What the rows say of one copy besides its own."""

    failed_at: datetime | None = None
    asked_at: datetime | None = None
    asks_reply: bool = False
    asks_bounce: bool = False
    confirmed_at: datetime | None = None
    opens_at: list[datetime] = field(default_factory=list)
    clicked_at: datetime | None = None
    proxied_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _People:
    """What is known by address: the user's own, messages without an answer, days of return; and of the accounts.

    `replied` is by conversation and address.  `asides` keeps what a column's JSON says: among 100,000 copies there are
    but a few different texts.
    """

    own: frozenset[str]
    hearing: frozenset[int]
    replied: Mapping[tuple[int, str], int]
    unanswered: Mapping[str, int] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    asides: dict[str, frozenset[str]] = field(default_factory=dict)


def cases(store: Store) -> tuple[Case, ...]:
    """Return every conversation in which somebody may be awaited, or something did not arrive."""
    with store.read() as connection:
        found: defaultdict[int, _Found] = defaultdict(_Found)
        _read_signs(found, connection.execute(_SIGNS))
        _read_hits(found, connection.execute(_HITS, (None,)))
        people = replace(
            _people(connection, None),
            unanswered=dict(connection.execute(_UNANSWERED).fetchall()),
            absent=dict(connection.execute(_ABSENT).fetchall()),
        )
        return tuple(_cases(connection, None, found, people))


def _people(connection: sqlite3.Connection, conversation_id: int | None) -> _People:
    replied = connection.execute(_REPLIED, (conversation_id,)).fetchall()
    readings = read_readings(connection)
    return _People(
        own=own_addresses(connection),
        hearing=frozenset(each.account_id for each in readings if each.incoming is Incoming.READ),
        replied={(conversation, address): at_ms for conversation, address, at_ms in replied},
    )


def _cases(
    connection: sqlite3.Connection, conversation_id: int | None, found: Mapping[int, _Found], people: _People
) -> Iterator[Case]:
    """Yield a case for each message that awaits somebody; nobody is awaited of whom no answer can be expected."""
    expected: dict[str, bool] = {}
    lost: dict[int, list[Any]] = {}
    for row in connection.execute(_LOST, (conversation_id,)):
        lost.setdefault(row[0], []).append(row)
    whole = groupby(connection.execute(_CASES, (conversation_id,)), itemgetter(0))
    # What an earlier message did not reach is added, also where the newest one awaits nobody.
    groups = chain(((id_, chain(rows, lost.pop(id_, ()))) for id_, rows in whole), _rest(lost))
    nothing = _Found()
    for _, of_message in groups:
        awaited: list[Awaited] = []
        for row in of_message:
            address = row[11]
            if address not in expected:
                expected[address] = expects_answer(address, people.own)
            if expected[address]:
                awaited.append(_person(address, found.get(row[10], nothing), people, row[1], *row[12:]))
        if awaited:
            yield _case(awaited, people.hearing, *row[1:10])


def _rest(lost: Mapping[int, list[Any]]) -> Iterator[tuple[int, list[Any]]]:
    """Yield what is left, once all else was taken."""
    yield from lost.items()


def _case(awaited: Iterable[Awaited], hearing: frozenset[int], *values: Any) -> Case:
    conversation_id, account_id, subject, at_ms, wait_days, snoozed_until_ms, done_at_ms, mended_ms, replied_ms = values
    return Case(
        conversation_id=conversation_id,
        account_id=account_id,
        subject=subject,
        sent_at=from_ms(at_ms),
        awaited=tuple(awaited),
        replied_at=_instant(replied_ms or None),
        wait_days=DEFAULT_WAIT_DAYS if wait_days is None else wait_days,
        snoozed_until=_instant(snoozed_until_ms),
        done_at=_instant(done_at_ms),
        mended_at=_instant(mended_ms),
        hears=account_id in hearing,
    )


def _read_signs(found: defaultdict[int, _Found], rows: Iterator[Any]) -> None:
    """Take in what arrivals said, oldest first: the first failure and the first question stand."""
    for copy_id, kind, at_ms in rows:
        each = found[copy_id]
        if kind == EvidenceKind.NOT_DELIVERED:
            each.failed_at = each.failed_at or from_ms(at_ms)
            continue
        if kind in (EvidenceKind.RECEIPT, EvidenceKind.CONFIRMATION):
            each.confirmed_at = each.confirmed_at or from_ms(at_ms)
            continue
        each.asked_at = each.asked_at or from_ms(at_ms)
        each.asks_reply |= kind == EvidenceKind.POSSIBLE_REPLY
        each.asks_bounce |= kind == EvidenceKind.POSSIBLE_BOUNCE


def _read_hits(found: defaultdict[int, _Found], rows: Iterator[Any]) -> None:
    for copy_id, kind, verdict, at_ms in rows:
        each, at = found[copy_id], from_ms(at_ms)
        if verdict == "image_proxy":
            each.proxied_at = each.proxied_at or at
            continue
        each.opens_at.append(at)
        if kind == "click":
            each.clicked_at = each.clicked_at or at


def _person(address: str, found: _Found, people: _People, conversation_id: int, *row: Any) -> Awaited:
    name, role, rung, asides, returns_on, failure, state, state_at_ms = row
    beside = people.asides.get(asides)
    if beside is None:
        beside = people.asides[asides] = frozenset(from_json(asides))
    absent = returns_on or people.absent.get(address)
    return Awaited(
        address=address,
        name=name,
        rung=_RUNGS[rung],
        is_copied=role != "to",
        is_undelivered=Aside.NOT_DELIVERED in beside,
        undelivered_at=from_ms(state_at_ms) if state == "refused" else found.failed_at,
        failure=None if failure is None else FailureReason(failure),
        is_away=Aside.AWAY in beside or absent is not None,
        returns_on=None if absent is None else date.fromisoformat(absent),
        opens=sittings(found.opens_at),
        opened_at=found.opens_at[0] if found.opens_at else None,
        last_open_at=found.opens_at[-1] if found.opens_at else None,
        probably_opened_at=found.proxied_at,
        confirmed_at=found.confirmed_at,
        clicked_at=found.clicked_at,
        has_possible_reply=found.asks_reply,
        has_possible_bounce=found.asks_bounce,
        asked_at=found.asked_at,
        replied_at=_instant(people.replied.get((conversation_id, address))),
        unanswered_twice_at=_instant(people.unanswered.get(address)),
    )


def reminder(store: Store, conversation_id: int) -> ReminderRow:
    """Return what the user said about a conversation."""
    with store.read() as connection:
        return _row(connection, conversation_id)


def snooze(store: Store, conversation_id: int, until: datetime, at: datetime) -> tuple[Change, ReminderRow]:
    """Put a conversation out of sight until an instant; return what stood before, for the undo."""
    return _put_aside(store, conversation_id, until=until, at=at)


def mark_done(store: Store, conversation_id: int, at: datetime) -> tuple[Change, ReminderRow]:
    """End a conversation's follow-up for what was sent until now; return what stood before, for the undo.

    Where something did not arrive while others are awaited, it ends that: their silence comes all the same.
    """

    def change(connection: sqlite3.Connection, before: ReminderRow) -> tuple[ReminderRow, ReminderRow]:
        if any(map(mends_first, _cases_of(connection, conversation_id))):
            return before, replace(before, mended_at=at)
        return before, replace(before, snoozed_until=None, done_at=at)

    return _keep(store, conversation_id, change)


def _cases_of(connection: sqlite3.Connection, conversation_id: int) -> Iterator[Case]:
    """Yield the case of one conversation, as far as its recipients' answers and failures go."""
    found: defaultdict[int, _Found] = defaultdict(_Found)
    _read_signs(found, connection.execute(_SIGNS_OF, (conversation_id,)))
    yield from _cases(connection, conversation_id, found, _people(connection, conversation_id))


def wake(store: Store, conversation_id: int) -> tuple[Change, ReminderRow]:
    """Take a snooze or a "done" back."""
    return _put_aside(store, conversation_id, until=None, at=None)


def set_wait(store: Store, conversation_id: int, days: int | None) -> tuple[Change, ReminderRow]:
    """Wait so many working days in this conversation; None is as its account says. Raise ValueError beyond a year.

    A wait of the newest message's own is over: what was said last holds.
    """
    _check_days(days)

    def change(connection: sqlite3.Connection, before: ReminderRow) -> tuple[ReminderRow, ReminderRow]:
        newest = _newest(connection, conversation_id)
        if newest is not None and newest.message_wait_days is not None:
            before = replace(before, message_id=newest.message_id, message_wait_days=newest.message_wait_days)
        return before, replace(before, wait_days=days, message_wait_days=None)

    return _keep(store, conversation_id, change)


def newest_wait(store: Store, conversation_id: int) -> ReminderRow | None:
    """Return what the user said about a conversation and its newest message; None where there is no message."""
    with store.read() as connection:
        return _newest(connection, conversation_id)


def _newest(connection: sqlite3.Connection, conversation_id: int) -> ReminderRow | None:
    found = connection.execute(
        "SELECT id, wait_days FROM message WHERE conversation_id = ? ORDER BY at_ms DESC, id DESC LIMIT 1",
        (conversation_id,),
    ).fetchone()
    if found is None:
        return None
    return replace(_row(connection, conversation_id), message_id=found[0], message_wait_days=found[1])


def set_message_wait(store: Store, message_id: int, days: int | None) -> tuple[Change, ReminderRow]:
    """Wait so many working days for an answer to one message; None is as its conversation says."""
    _check_days(days)

    def work(connection: sqlite3.Connection) -> tuple[Change, ReminderRow]:
        found = connection.execute(
            "SELECT conversation_id, wait_days FROM message WHERE id = ?", (message_id,)
        ).fetchone()
        if found is None:
            raise LookupError(f"no message {message_id}")
        before = replace(_row(connection, found[0]), message_id=message_id, message_wait_days=found[1])
        return _write(connection, replace(before, message_wait_days=days)), before

    return store.write(work)


def restore(store: Store, before: ReminderRow) -> Change:
    """Put back what stood before a change; a conversation that has become part of another is left to that one."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        return _write(connection, before) if _is_there(connection, before.conversation_id) else Change(), None

    return store.write(work)[0]


def _check_days(days: int | None) -> None:
    if days is not None and not 1 <= days <= MAX_WAIT_DAYS:
        raise ValueError(f"not a number of days to wait: {days}")


def _keep(
    store: Store,
    conversation_id: int,
    change: Callable[[sqlite3.Connection, ReminderRow], tuple[ReminderRow, ReminderRow]],
) -> tuple[Change, ReminderRow]:
    """Write the second of what `change` returns; the first is what stood before."""

    def work(connection: sqlite3.Connection) -> tuple[Change, ReminderRow]:
        before, after = change(connection, _row(connection, conversation_id))
        # While a list is on the screen a conversation may become part of another, which then stands there itself.
        is_there = _is_there(connection, conversation_id)
        return _write(connection, after) if is_there else Change(), before

    return store.write(work)


def _put_aside(
    store: Store, conversation_id: int, *, until: datetime | None, at: datetime | None
) -> tuple[Change, ReminderRow]:
    return _keep(store, conversation_id, lambda _, row: (row, replace(row, snoozed_until=until, done_at=at)))


def _is_there(connection: sqlite3.Connection, conversation_id: int) -> bool:
    return connection.execute("SELECT 1 FROM conversation WHERE id = ?", (conversation_id,)).fetchone() is not None


def _row(connection: sqlite3.Connection, conversation_id: int) -> ReminderRow:
    row = connection.execute(
        "SELECT wait_days, snoozed_until_ms, done_at_ms, mended_at_ms FROM reminder WHERE conversation_id = ?",
        (conversation_id,),
    ).fetchone()
    wait_days, snoozed_until_ms, done_at_ms, mended_at_ms = row or (None, None, None, None)
    return ReminderRow(
        conversation_id=conversation_id,
        wait_days=wait_days,
        snoozed_until=_instant(snoozed_until_ms),
        done_at=_instant(done_at_ms),
        mended_at=_instant(mended_at_ms),
    )


def _write(connection: sqlite3.Connection, row: ReminderRow) -> Change:
    said = (row.wait_days, _ms(row.snoozed_until), _ms(row.done_at), _ms(row.mended_at))
    if any(each is not None for each in said):
        connection.execute(
            "INSERT OR REPLACE INTO reminder (conversation_id, wait_days, snoozed_until_ms, done_at_ms, mended_at_ms)"
            " VALUES (?, ?, ?, ?, ?)",
            (row.conversation_id, *said),
        )
    else:
        connection.execute("DELETE FROM reminder WHERE conversation_id = ?", (row.conversation_id,))
    if row.message_id is not None:
        connection.execute("UPDATE message SET wait_days = ? WHERE id = ?", (row.message_wait_days, row.message_id))
    return Change(conversations=frozenset({row.conversation_id}))


def _instant(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else from_ms(at_ms)


def _ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)
