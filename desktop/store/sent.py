"""A message of ours and its copies as rows: how they are added, be it on their way out or found in a folder later."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from desktop.core.address import Mailbox
from desktop.core.parse import MessageFacts
from desktop.core.policy import WhyNot
from desktop.core.status import CopyState
from desktop.core.sunset import LONGEST_DAYS
from desktop.core.thread import ancestor_ids, name_key, subject_key, twin_of
from desktop.store.asks import NewAsk, check_ask, record_ask
from desktop.store.columns import plain, set_to_json, to_json, to_ms
from desktop.store.joining import open_conversation
from relay.wire.purpose import Purpose
from relay.wire.token import TokenType


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token as minted: its 12-octet random id, and where a click token leads."""

    random_id: bytes
    type: TokenType
    destination: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCopy:
    """One recipient's copy before it leaves; `why_not` says why it is untracked.

    `tag` is that of its tokens, None where it has none; a tracked copy's are hit for `sunset_days`.  `ask` is the
    question that it puts.  A shared copy stands for its whole group: what happens to it was done by one of them.
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
    ask: NewAsk | None = None
    sunset_days: int = LONGEST_DAYS


def insert_message(
    connection: sqlite3.Connection,
    *,
    account_id: int,
    facts: MessageFacts,
    name: str,
    at: datetime,
    asks_receipt: bool,
    handed_to: str = "",
) -> tuple[int, int]:
    """Add a message in a conversation of its own; return the ids of both.

    `name` is its Message-ID, or a made one; `handed_to` is the server that we hand it to.
    """
    conversation_id = open_conversation(connection)
    sender = facts.from_ or Mailbox("", "")
    cursor = connection.execute(
        "INSERT INTO message (conversation_id, account_id, message_id, subject, base, from_name, from_address, at_ms,"
        " refs, twin, date_ms, asks_receipt, handed_to) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            conversation_id,
            account_id,
            name,
            plain(facts.subject),
            subject_key(facts.subject),
            plain(sender.name),
            sender.address,
            to_ms(at),
            to_json([name_key(each) for each in ancestor_ids(facts)]),
            twin_of(facts),
            None if facts.date is None else to_ms(facts.date),
            asks_receipt,
            handed_to,
        ),
    )
    message_id = int(cursor.lastrowid or 0)
    if name:
        name_message(connection, message_id, name)
    return conversation_id, message_id


def name_message(connection: sqlite3.Connection, message_id: int, name: str) -> None:
    """Keep a name that a message of ours has; nothing else has it then."""
    connection.execute("INSERT OR IGNORE INTO message_name (name, message_id) VALUES (?, ?)", (name, message_id))


def insert_copy(
    connection: sqlite3.Connection,
    message_id: int,
    person: str,
    copy: NewCopy,
    *,
    at: datetime,
    state: CopyState = CopyState.PREPARED,
) -> int:
    """Add one recipient's copy, its tokens and its question; return its id.

    Raises AskedMeanwhile where the question is not to be put any more.
    """
    cursor = connection.execute(
        "INSERT INTO copy (message_id, conversation_id, address, name, role, purposes, why_not, tag, shared, links,"
        " state, prepared_at_ms, state_at_ms, sunset_days) "
        " SELECT id, conversation_id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM message WHERE id = ?",
        (
            person,
            copy.name,
            copy.role,
            set_to_json(copy.purposes),
            copy.why_not,
            copy.tag,
            copy.shared,
            sum(token.type is TokenType.CLICK for token in copy.tokens),
            state,
            to_ms(at),
            to_ms(at),
            copy.sunset_days,
            message_id,
        ),
    )
    copy_id = int(cursor.lastrowid or 0)
    connection.executemany(
        "INSERT INTO token (random_id, copy_id, type, destination) VALUES (?, ?, ?, ?)",
        [(token.random_id, copy_id, token.type, token.destination) for token in copy.tokens],
    )
    if copy.ask is not None:
        check_ask(connection, person, copy.ask, at)
        record_ask(
            connection,
            copy_id=copy_id,
            address=person,
            token_id=copy.ask.token_id,
            tag=copy.ask.tag,
            generation=copy.ask.generation,
            claims=copy.ask.claims,
            at=at,
        )
    return copy_id
