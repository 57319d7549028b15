"""Mail that went out: messages, each recipient's copy and its tokens, and the conversations they stand in.

record_message is durable on return, so that a token's row is on disk before its copy can reach anybody.
"""

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from desktop.core.address import Mailbox, normalised
from desktop.core.notice import refusal_notice
from desktop.core.parse import MessageFacts
from desktop.core.permission import Purpose
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyState, CopyStatus, Rung, copy_status
from desktop.core.thread import related_ids, subject_base
from desktop.store.change import Change
from desktop.store.columns import from_json, from_ms, set_to_json, to_ms
from desktop.store.database import Store
from desktop.store.people import apply_stop, keep_person
from desktop.store.settle import (
    CopyRecord,
    copy_records,
    keep_told,
    names_of,
    refresh_card,
    settle_copies,
    stored_hits,
    told_signs,
)
from relay.wire.token import TokenType

__all__ = [
    "ConversationCard",
    "ConversationDetail",
    "CopyRow",
    "CopyState",
    "MessageRow",
    "NewCopy",
    "NewToken",
    "cards",
    "conversation",
    "record_message",
    "record_outcome",
]
MAX_REPLY_CHARS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token as minted: its 12-octet random id, and where a click token leads."""

    random_id: bytes
    type: TokenType
    destination: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCopy:
    """One recipient's copy before it leaves; `tag` is None for an untracked one, `why_not` says why it is.

    A shared copy stands for its whole group: what happens to it was done by one of them.
    """

    address: str
    name: str = ""
    role: str = "to"
    purposes: frozenset[Purpose] = frozenset()
    why_not: WhyNot | None = None
    tag: bytes | None = None
    generation: int = 0
    tokens: tuple[NewToken, ...] = ()
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCard:
    """What one line of the list needs; `at` is the newest message or sign."""

    id: int
    names: tuple[str, ...]
    subject: str
    at: datetime
    rung: Rung
    asides: tuple[Aside, ...]
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRow:
    """One recipient's copy with its status."""

    id: int
    address: str
    name: str
    role: str
    shared: bool
    status: CopyStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message with its copies in the order of its recipients."""

    id: int
    message_id: str
    subject: str
    from_: Mailbox
    at: datetime
    copies: tuple[CopyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDetail:
    """A conversation with its messages, oldest first."""

    id: int
    subject: str
    messages: tuple[MessageRow, ...]


def record_message(
    store: Store, *, account_id: int, facts: MessageFacts, at: datetime, copies: tuple[NewCopy, ...]
) -> tuple[Change, tuple[int, ...]]:
    """Keep a message and its copies, each PREPARED, before any of it leaves; return the copies' ids in order."""
    people = tuple(normalised(each.address) for each in copies)

    def work(connection: sqlite3.Connection) -> tuple[Change, tuple[int, ...]]:
        conversation_id = _conversation_of(connection, facts, at)
        message_id = _insert_message(connection, conversation_id, account_id, facts, at)
        ids = []
        change = Change(conversations=frozenset({conversation_id}), people=frozenset(people))
        for person, copy in zip(people, copies, strict=True):
            # A Bcc stands in no header, and many mails name an address alone: the person may be known all the same.
            name = keep_person(connection, person, copy.name)
            connection.execute("UPDATE person SET messages = messages + 1 WHERE address = ?", (person,))
            ids.append(_insert_copy(connection, message_id, person, replace(copy, name=name), at))
            change |= _keep_tag(connection, person, copy, at)
        change |= settle_copies(connection, ids)
        refresh_card(connection, conversation_id)
        return change, tuple(ids)

    return store.write(work)


def _conversation_of(connection: sqlite3.Connection, facts: MessageFacts, at: datetime) -> int:
    related = related_ids(facts)
    found = None
    for message_id in related:
        row = connection.execute("SELECT conversation_id FROM reference WHERE message_id = ?", (message_id,)).fetchone()
        if row is not None:
            found = int(row[0])
            break
    if found is None:
        subject = subject_base(facts.subject)
        cursor = connection.execute("INSERT INTO conversation (subject, at_ms) VALUES (?, ?)", (subject, to_ms(at)))
        found = int(cursor.lastrowid or 0)
    connection.executemany(
        "INSERT OR IGNORE INTO reference (message_id, conversation_id) VALUES (?, ?)",
        [(message_id, found) for message_id in related],
    )
    connection.execute("UPDATE conversation SET at_ms = max(at_ms, ?) WHERE id = ?", (to_ms(at), found))
    return found


def _insert_message(
    connection: sqlite3.Connection, conversation_id: int, account_id: int, facts: MessageFacts, at: datetime
) -> int:
    sender = facts.from_ or Mailbox("", "")
    cursor = connection.execute(
        "INSERT INTO message (conversation_id, account_id, message_id, subject, from_name, from_address, at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (conversation_id, account_id, facts.message_id or "", facts.subject, sender.name, sender.address, to_ms(at)),
    )
    return int(cursor.lastrowid or 0)


def _insert_copy(connection: sqlite3.Connection, message_id: int, person: str, copy: NewCopy, at: datetime) -> int:
    cursor = connection.execute(
        "INSERT INTO copy (message_id, conversation_id, address, name, role, purposes, why_not, tag, shared, links,"
        " state, prepared_at_ms, state_at_ms) "
        " SELECT id, conversation_id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM message WHERE id = ?",
        (
            person,
            copy.name,
            copy.role,
            set_to_json(copy.purposes),
            copy.why_not,
            copy.tag,
            copy.shared,
            sum(token.type is TokenType.CLICK for token in copy.tokens),
            CopyState.PREPARED,
            to_ms(at),
            to_ms(at),
            message_id,
        ),
    )
    copy_id = int(cursor.lastrowid or 0)
    connection.executemany(
        "INSERT INTO token (random_id, copy_id, type, destination) VALUES (?, ?, ?, ?)",
        [(token.random_id, copy_id, token.type, token.destination) for token in copy.tokens],
    )
    return copy_id


def _keep_tag(connection: sqlite3.Connection, person: str, copy: NewCopy, at: datetime) -> Change:
    """Make the copy's tag known; a stop that was learnt before its tag was known takes hold now."""
    if copy.tag is None:
        return Change()
    connection.execute(
        "INSERT OR IGNORE INTO tag (tag, address, generation) VALUES (?, ?, ?)", (copy.tag, person, copy.generation)
    )
    row = connection.execute("SELECT at_ms FROM stop WHERE tag = ?", (copy.tag,)).fetchone()
    return Change() if row is None else apply_stop(connection, copy.tag, at)


def record_outcome(store: Store, copy_id: int, state: CopyState, *, at: datetime, reply: str = "") -> Change:
    """Keep what became of a copy and the provider's own words; raise LookupError for an unknown copy.

    Hits that came before the outcome are judged anew, since only now it is known that the copy was sent.
    """

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        found = copy_records(connection, "copy.id = ?", (copy_id,))
        if not found:
            raise LookupError(f"no copy {copy_id}")
        connection.execute(
            "UPDATE copy SET state = ?, state_at_ms = ?, reply = ? WHERE id = ?",
            (state, to_ms(at), reply[:MAX_REPLY_CHARS], copy_id),
        )
        change = settle_copies(connection, [copy_id])
        return change | _refusal(connection, found[0], state, at, reply), None

    return store.write(work)[0]


def _refusal(connection: sqlite3.Connection, record: CopyRecord, state: CopyState, at: datetime, reply: str) -> Change:
    if state is not CopyState.REFUSED:
        return Change()
    notice = refusal_notice(
        names_of(connection, record),
        before=record.facts.state,
        at=at,
        reply=reply[:MAX_REPLY_CHARS],
        told=told_signs(connection, record.id),
    )
    if notice is None:
        return Change()
    keep_told(connection, [notice])
    return Change(notices=(notice,))


_CARDS: Final = "SELECT id, names, subject, at_ms, rung, asides, copies FROM conversation"


def cards(store: Store, *, limit: int = 500, search: str = "") -> tuple[ConversationCard, ...]:
    """Return the newest conversations; each word of `search` must stand in the subject, a name or an address."""
    words = search.casefold().split()
    where = " AND ".join(["instr(search, ?) > 0"] * len(words))
    sql = f"{_CARDS}{' WHERE ' if words else ''}{where} ORDER BY at_ms DESC, id DESC LIMIT ?"
    with store.read() as connection:
        rows = connection.execute(sql, (*words, limit)).fetchall()
    return tuple(
        ConversationCard(
            id=id_,
            names=tuple(from_json(names)),
            subject=subject,
            at=from_ms(at_ms),
            rung=Rung(rung),
            asides=tuple(Aside(each) for each in from_json(asides)),
            copies=copies,
        )
        for id_, names, subject, at_ms, rung, asides, copies in rows
    )


def conversation(store: Store, conversation_id: int) -> ConversationDetail | None:
    """Return a conversation with every copy's status and evidence; None when there is none of that id."""
    with store.read() as connection:
        found = connection.execute("SELECT subject FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
        if found is None:
            return None
        rows = connection.execute(
            "SELECT id, message_id, subject, from_name, from_address, at_ms FROM message"
            " WHERE conversation_id = ? ORDER BY at_ms, id",
            (conversation_id,),
        ).fetchall()
        messages = tuple(
            MessageRow(
                id=id_,
                message_id=message_id,
                subject=subject,
                from_=Mailbox(from_name, from_address),
                at=from_ms(at_ms),
                copies=tuple(
                    _copy_row(connection, each) for each in copy_records(connection, "copy.message_id = ?", (id_,))
                ),
            )
            for id_, message_id, subject, from_name, from_address, at_ms in rows
        )
    return ConversationDetail(id=conversation_id, subject=found[0], messages=messages)


def _copy_row(connection: sqlite3.Connection, record: CopyRecord) -> CopyRow:
    hits = [each.judged for each in stored_hits(connection, record.id)]
    return CopyRow(
        id=record.id,
        address=record.address,
        name=record.name,
        role=record.role,
        shared=record.is_shared,
        status=copy_status(record.facts, hits),
    )
