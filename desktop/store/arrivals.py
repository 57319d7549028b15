"""Mail read in an account's folders: what was sent, by whatever program, and what came in.

A batch and its folder's place are kept in one transaction, and keeping it again alters nothing.  Every mail within the
history is kept, for its conversation may become known later; one that belongs to none costs a row and its keys.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from desktop.core.address import known_as, normalised
from desktop.core.arrival import Arrival, ArrivalKind
from desktop.core.errors import Malformed
from desktop.core.parse import MessageFacts
from desktop.core.policy import WhyNot
from desktop.core.status import CopyState
from desktop.core.thread import MAX_REFERENCES, TWIN_MS, ancestor_ids, loose_subject, made_name, name_key, twin_of
from desktop.store.cards import refresh_cards
from desktop.store.change import Change
from desktop.store.columns import plain, to_json, to_ms
from desktop.store.database import Store
from desktop.store.folders import FolderRow, keep_folder
from desktop.store.joining import linked, values
from desktop.store.people import keep_person
from desktop.store.proving import bring_in_step, own_addresses
from desktop.store.reports import write_deliveries, write_receipt
from desktop.store.sent import NewCopy, insert_copy, insert_message, name_message

# What a stranger wrote is kept to what a line can show.
MAX_TEXT_CHARS: Final = 998
# Bulk mail is joined by the names it mentions alone: its subjects are everybody's.
_NEVER_LOOSE: Final = frozenset({ArrivalKind.BULK, ArrivalKind.CALENDAR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a message went to, as its header says; `role` is "to", "cc" or "bcc"."""

    address: str
    name: str = ""
    role: str = "to"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """A mail found in a folder of sent mail; `at` is when it was sent, aware UTC."""

    facts: MessageFacts
    at: datetime
    recipients: tuple[Recipient, ...]
    asks_receipt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was read in a folder, and the folder's place after it; `is_news`: it came while we watched."""

    account_id: int
    folder: FolderRow
    sent: tuple[SentMail, ...] = ()
    arrivals: tuple[Arrival, ...] = ()
    is_news: bool = False


def known_names(store: Store, names: Sequence[str]) -> frozenset[str]:
    """Return those of the Message-IDs that are recorded already, as ours or as arrivals."""
    by_key = {name_key(name): name for name in names}
    with store.read() as connection:
        ours = values(connection, _OURS, names)
        came = values(connection, "SELECT key FROM arrival WHERE key IN (SELECT value FROM json_each(?))", by_key)
    return frozenset(name for (name,) in ours) | frozenset(by_key[key] for (key,) in came)


_OURS: Final = "SELECT name FROM message_name WHERE name IN (SELECT value FROM json_each(?))"


def record_batch(store: Store, batch: Batch, *, now: datetime) -> Change:
    """Keep a batch and its folder's place, and say what altered and what to notify of; one transaction.

    The result does not depend on the order of batches nor on how mail is split into them; a mail that is known already
    alters nothing.  No instant is later than `now`: what claims to be of tomorrow came now.
    """

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        keep_folder(connection, batch.folder, now)
        sent = _keep_sent(connection, batch, now)
        arrivals = _keep_arrivals(connection, batch, now)
        change = bring_in_step(connection, messages=sent.messages, arrivals=arrivals, opened=sent.opened)
        renamed = _named_by_person(connection, sent.people) - change.conversations
        refresh_cards(connection, renamed)
        return change | Change(conversations=renamed, people=sent.people), None

    return store.write(work)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """New or newly named messages, conversations opened for them, and the people they went to."""

    messages: frozenset[int]
    opened: frozenset[int]
    people: frozenset[str]


def _keep_sent(connection: sqlite3.Connection, batch: Batch, now: datetime) -> _Kept:
    mails = {_name(mail.facts, mail.at): mail for mail in sorted(batch.sent, key=lambda each: each.at, reverse=True)}
    known = {name for (name,) in values(connection, _OURS, mails)}
    own = own_addresses(connection) if mails else frozenset[str]()
    messages, opened, people = _antedate(connection, batch, mails, now), set[int](), set[str]()
    for name, mail in mails.items():
        if name in known:
            continue
        twin = _twin(connection, mail.facts)
        if twin is not None:
            name_message(connection, twin, name)
            messages.add(twin)
            continue
        # A conversation is with others: a note to oneself, or mail between one's own accounts, is none.
        recipients = {address: each for address, each in _recipients(mail).items() if address not in own}
        if not recipients:
            continue
        at = min(mail.at, now)
        conversation_id, message_id = insert_message(
            connection, account_id=batch.account_id, facts=mail.facts, at=at, asks_receipt=mail.asks_receipt, name=name
        )
        for address, each in recipients.items():
            keep_person(connection, address, plain(each.name), at)
            connection.execute("UPDATE person SET messages = messages + 1 WHERE address = ?", (address,))
            copy = NewCopy(address=address, name=plain(each.name), role=each.role, why_not=WhyNot.ELSEWHERE)
            insert_copy(connection, message_id, address, copy, at=at, state=CopyState.SENT)
        messages.add(message_id)
        opened.add(conversation_id)
        people |= recipients.keys()
    return _Kept(messages=frozenset(messages), opened=frozenset(opened), people=frozenset(people))


def _antedate(connection: sqlite3.Connection, batch: Batch, mails: Mapping[str, SentMail], now: datetime) -> set[int]:
    """Let a mail met in two folders be as old as the older of its two dates; return the messages that altered."""
    altered = set()
    for name, id_, account_id, at_ms in values(connection, _SYNCED, mails):
        earlier, account = min(to_ms(min(mails[name].at, now)), at_ms), min(batch.account_id, account_id)
        if (earlier, account) != (at_ms, account_id):
            altered.add(id_)
            connection.execute("UPDATE message SET at_ms = ?, account_id = ? WHERE id = ?", (earlier, account, id_))
            connection.execute(
                "UPDATE copy SET prepared_at_ms = ?1, state_at_ms = ?1 WHERE message_id = ?2", (earlier, id_)
            )
    return altered


_SYNCED: Final = (
    "SELECT message_name.name, message.id, message.account_id, message.at_ms FROM message_name"
    " JOIN message ON message.id = message_name.message_id"
    " WHERE message_name.name IN (SELECT value FROM json_each(?)) AND NOT EXISTS ("
    " SELECT 1 FROM copy WHERE copy.message_id = message.id AND copy.why_not IS NOT 'elsewhere')"
)


def _name(facts: MessageFacts, at: datetime) -> str:
    return facts.message_id or made_name(facts, at)


def _recipients(mail: SentMail) -> dict[str, Recipient]:
    """Return the recipients by normalised address, each once, in their order."""
    found: dict[str, Recipient] = {}
    for each in mail.recipients:
        try:
            found.setdefault(normalised(each.address), each)
        except Malformed:
            continue
    return found


def _twin(connection: sqlite3.Connection, facts: MessageFacts) -> int | None:
    """Return the message the listener recorded that is this mail under another Message-ID; the nearest in time."""
    twin = twin_of(facts)
    if twin is None or facts.date is None:
        return None
    row = connection.execute(
        "SELECT id FROM message WHERE twin = ?1 AND abs(date_ms - ?2) <= ?3"
        " AND EXISTS (SELECT 1 FROM copy WHERE copy.message_id = message.id AND copy.why_not IS NOT 'elsewhere')"
        " ORDER BY abs(date_ms - ?2), message_id LIMIT 1",
        (twin, to_ms(facts.date), TWIN_MS),
    ).fetchone()
    return None if row is None else int(row[0])


def _named_by_person(connection: sqlite3.Connection, people: Collection[str]) -> frozenset[int]:
    """Return the conversations that show one of these people by the name other mail gave."""
    rows = values(
        connection,
        "SELECT DISTINCT conversation_id FROM copy WHERE name = '' AND address IN (SELECT value FROM json_each(?))",
        people,
    )
    return frozenset(each for (each,) in rows)


_COLUMNS: Final = (
    "at_ms, kind, from_address, from_name, subject, refs, loose, parties, is_away, returns_on, deliveries, receipt"
)
_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """An arrival as its columns hold it, with what it is found by."""

    key: int
    columns: _Row
    mentions: tuple[int, ...]
    parties: frozenset[str]


def _keep_arrivals(connection: sqlite3.Connection, batch: Batch, now: datetime) -> frozenset[int]:
    """Keep what is new; return the arrivals that may belong to a conversation.

    A mail met in several folders is kept as it was first received.
    """
    names: dict[str, _Read] = {}
    for arrival in batch.arrivals:
        name = _name(arrival.facts, arrival.at)
        read = _read(arrival, name_key(name), now)
        if name not in names or _order(read.columns) < _order(names[name].columns):
            names[name] = read
    for (name,) in values(connection, _OURS, names):
        del names[name]
    reads = {read.key: read for read in names.values()}
    before = {
        key: (id_, columns)
        for id_, key, *columns in values(
            connection,
            f"SELECT id, key, {_COLUMNS} FROM arrival"  # noqa: S608 - constants
            " WHERE key IN (SELECT value FROM json_each(?))",
            reads,
        )
    }
    fresh = [read for key, read in reads.items() if key not in before]
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM arrival").fetchone()
    ids = dict(enumerate(fresh, start=last + 1))
    _insert(connection, batch, ids)
    earlier = {
        before[key][0]: read
        for key, read in reads.items()
        if key in before and _order(read.columns) < _order(before[key][1])
    }
    _replace(connection, earlier)
    hit = linked(connection, {key for read in ids.values() for key in (read.key, *read.mentions)})
    joining = {id_ for id_, read in ids.items() if read.parties or read.key in hit or not hit.isdisjoint(read.mentions)}
    return frozenset(joining) | earlier.keys()


def _read(arrival: Arrival, key: int, now: datetime) -> _Read:
    is_report = arrival.kind is not ArrivalKind.MAIL
    about = arrival.about_ids[:MAX_REFERENCES] if is_report else ()
    named = dict.fromkeys((*about, *ancestor_ids(arrival.facts)))
    mentions = tuple(name_key(each) for each in named)
    sender = known_as(arrival.facts.from_.address) if arrival.facts.from_ is not None else ""
    parties = frozenset[str]()
    loose = None
    if not mentions and arrival.kind not in _NEVER_LOOSE:
        reported = {each for report in arrival.deliveries for each in (report.recipient, report.original)}
        received = {arrival.receipt.recipient} if arrival.receipt is not None else set()
        loose = loose_subject(plain(arrival.facts.subject)[:MAX_TEXT_CHARS], is_report=is_report)
        parties = frozenset({sender} | reported | received) - {""} if loose is not None else parties
    columns = (
        to_ms(min(arrival.at, now)),
        arrival.kind.value,
        sender,
        plain(arrival.facts.from_.name if arrival.facts.from_ is not None else "")[:MAX_TEXT_CHARS],
        plain(arrival.facts.subject)[:MAX_TEXT_CHARS],
        to_json(mentions),
        loose if parties else None,
        to_json(sorted(parties)) if parties else None,
        int(arrival.is_away),
        None if arrival.returns_on is None else arrival.returns_on.isoformat(),
        write_deliveries(arrival.deliveries),
        write_receipt(arrival.receipt),
    )
    return _Read(key=key, columns=columns, mentions=mentions, parties=parties)


def _order(columns: Sequence[Any]) -> tuple[Any, ...]:
    """Return by what two readings of one mail are ordered; the rest only breaks ties in a way that always comes out."""
    return (columns[0], *("" if each is None else str(each) for each in columns[1:]))


def _insert(connection: sqlite3.Connection, batch: Batch, reads: dict[int, _Read]) -> None:
    connection.executemany(
        f"INSERT INTO arrival (id, account_id, key, is_news, {_COLUMNS})"  # noqa: S608 - a constant
        f" VALUES ({', '.join('?' * 16)})",
        [(id_, batch.account_id, read.key, batch.is_news, *read.columns) for id_, read in reads.items()],
    )
    _insert_keys(connection, reads)


def _insert_keys(connection: sqlite3.Connection, reads: dict[int, _Read]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO arrival_mention (key, arrival_id) VALUES (?, ?)",
        [(key, id_) for id_, read in reads.items() for key in read.mentions],
    )
    connection.executemany(
        "INSERT INTO loose_party (address, arrival_id) VALUES (?, ?)",
        [(address, id_) for id_, read in reads.items() for address in read.parties],
    )


def _replace(connection: sqlite3.Connection, reads: dict[int, _Read]) -> None:
    """Take other readings of arrivals instead of those that are kept."""
    assignments = ", ".join(f"{column} = ?" for column in _COLUMNS.split(", "))
    for table in ("arrival_mention", "loose_party"):
        connection.executemany(
            f"DELETE FROM {table} WHERE arrival_id = ?",  # noqa: S608 - constants
            [(id_,) for id_ in reads],
        )
    connection.executemany(
        f"UPDATE arrival SET {assignments} WHERE id = ?",  # noqa: S608 - constants
        [(*read.columns, id_) for id_, read in reads.items()],
    )
    _insert_keys(connection, reads)
