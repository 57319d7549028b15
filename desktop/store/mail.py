"""Mail that went out: messages, each recipient's copy and its tokens, and the conversations they stand in.

record_message is durable on return, so that a token's row is on disk before its copy can reach anybody.
"""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from desktop.core.address import Mailbox, normalised
from desktop.core.arrival import ArrivalKind
from desktop.core.notice import refusal_notice
from desktop.core.parse import MessageFacts
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, CopyState, CopyStatus, EvidenceKind, Rung, copy_status
from desktop.core.unknown import Carried, Pictures, Unknown, why_unknown
from desktop.store.asks import retract_asks
from desktop.store.change import Change
from desktop.store.columns import from_json, from_ms, to_json, to_ms
from desktop.store.copies import CopyRecord, copy_records, names_of, stored_hits, stored_signs
from desktop.store.database import Store
from desktop.store.originals import keep_original
from desktop.store.people import apply_stop, keep_person
from desktop.store.proving import bring_in_step
from desktop.store.questions import Question, open_questions
from desktop.store.sent import NewCopy, NewToken, insert_copy, insert_message
from desktop.store.settle import keep_told, told_signs
from relay.wire.purpose import Purpose

__all__ = [
    "ArrivalRow",
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
    "record_untouched",
]
MAX_REPLY_CHARS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCard:
    """What one line of the list needs; `at` is the newest message or sign.

    `returns_on` goes with AWAY, `has_question` asks the user whether something is a reply or a bounce, and `waits` says
    that our word is the last.
    """

    id: int
    names: tuple[str, ...]
    subject: str
    at: datetime
    rung: Rung
    asides: tuple[Aside, ...]
    copies: int
    returns_on: date | None = None
    has_question: bool = False
    waits: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRow:
    """One recipient's copy with its status, what it was tracked for, and why a person's reading is not known."""

    id: int
    address: str
    name: str
    role: str
    shared: bool
    status: CopyStatus
    purposes: frozenset[Purpose] = frozenset()
    unknowns: tuple[Unknown, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message with its copies in the order of its recipients."""

    id: int
    message_id: str
    subject: str
    from_: Mailbox
    at: datetime
    copies: tuple[CopyRow, ...]
    asks_receipt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalRow:
    """An incoming mail of the conversation; `copy_ids` are the copies it proves something of, `proves` is what.

    `question` is what the user is asked about it, `answer` what they said: None not asked, or not answered yet.
    """

    id: int
    kind: ArrivalKind
    at: datetime
    from_: Mailbox
    subject: str
    is_away: bool
    returns_on: date | None
    copy_ids: tuple[int, ...]
    question: Question | None = None
    answer: str | None = None
    proves: frozenset[EvidenceKind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationDetail:
    """A conversation with its messages and arrivals, each oldest first."""

    id: int
    subject: str
    messages: tuple[MessageRow, ...]
    arrivals: tuple[ArrivalRow, ...] = ()


def record_message(
    store: Store,
    *,
    account_id: int,
    facts: MessageFacts,
    at: datetime,
    copies: tuple[NewCopy, ...],
    asks_receipt: bool = False,
    is_in_step: bool = True,
    original: bytes | None = None,
) -> tuple[Change, tuple[int, ...]]:
    """Keep a message and its copies, each PREPARED, before any of it leaves; return the copies' ids in order.

    Without `is_in_step` these rows are all, for whoever waits for them to be on the disk: the list and other mail learn
    of the message with the outcome of its first copy.  `original` is kept with it until Sent is clean.
    """
    people = tuple(normalised(each.address) for each in copies)

    def work(connection: sqlite3.Connection) -> tuple[Change, tuple[int, ...]]:
        host = connection.execute("SELECT host FROM account WHERE id = ?", (account_id,)).fetchone()
        conversation_id, message_id = insert_message(
            connection,
            account_id=account_id,
            facts=facts,
            name=facts.message_id,
            at=at,
            asks_receipt=asks_receipt,
            handed_to="" if host is None else host[0],
        )
        if original is not None:
            keep_original(connection, message_id, original, at)
        ids = []
        change = Change(people=frozenset(people))
        for person, copy in zip(people, copies, strict=True):
            # A Bcc stands in no header, and many mails name an address alone: the person may be known all the same.
            name = keep_person(connection, person, copy.name, at)
            connection.execute("UPDATE person SET messages = messages + 1 WHERE address = ?", (person,))
            ids.append(insert_copy(connection, message_id, person, replace(copy, name=name), at=at))
        if is_in_step:
            change |= bring_in_step(connection, messages=[message_id], opened=[conversation_id])
        for person, copy in zip(people, copies, strict=True):
            change |= _keep_tag(connection, person, copy, at)
        return change, tuple(ids)

    return store.write(work)


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

    Hits that came before the outcome are judged anew, since only now it is known that the copy was sent.  Nobody was
    asked by a copy that was refused.
    """

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        found = copy_records(connection, "copy.id = ?", (copy_id,))
        if not found:
            raise LookupError(f"no copy {copy_id}")
        connection.execute(
            "UPDATE copy SET state = ?, state_at_ms = ?, reply = ? WHERE id = ?",
            (state, to_ms(at), reply[:MAX_REPLY_CHARS], copy_id),
        )
        change = bring_in_step(connection, messages=[found[0].message_id])
        if state is CopyState.REFUSED:
            change |= retract_asks(connection, [copy_id], at=at)
        return change | _refusal(connection, found[0], state, at, reply), None

    return store.write(work)[0]


def record_untouched(store: Store, copy_ids: Collection[int], *, at: datetime) -> Change:
    """Keep that mail left as it came after all: its copies carry nothing, and ask nobody, whatever their rows said."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        wanted = (to_json(list(copy_ids)),)
        connection.execute("DELETE FROM token WHERE copy_id IN (SELECT value FROM json_each(?))", wanted)
        connection.execute(
            f"UPDATE copy SET purposes = '[]', links = 0, why_not = '{WhyNot.STORE_TROUBLE}'"  # noqa: S608 - a constant
            " WHERE id IN (SELECT value FROM json_each(?))",
            wanted,
        )
        return retract_asks(connection, copy_ids, at=at), None

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


_CARDS: Final = (
    "SELECT id, names, subject, at_ms, rung, asides, copies, returns_on, questions, last_sent_ms > last_reply_ms"
    " FROM conversation WHERE (copies > 0 OR at_ms <> 0)"
)


def cards(store: Store, *, limit: int = 500, search: str = "") -> tuple[ConversationCard, ...]:
    """Return the newest conversations; each word of `search` must stand in the subject, a name or an address."""
    words = search.casefold().split()
    where = " AND ".join(["instr(search, ?) > 0"] * len(words))
    sql = f"{_CARDS}{' AND ' if words else ''}{where} ORDER BY at_ms DESC, id DESC LIMIT ?"
    with store.read() as connection:
        rows = connection.execute(sql, (*words, limit)).fetchall()
    return tuple(_card(*row) for row in rows)


def card_count(store: Store, *, search: str = "") -> int:
    """Return how many conversations `cards` would find without a limit."""
    words = search.casefold().split()
    where = " AND ".join(["instr(search, ?) > 0"] * len(words))
    sql = f"SELECT count(*) FROM ({_CARDS}{' AND ' if words else ''}{where})"  # noqa: S608 - constants
    with store.read() as connection:
        return int(connection.execute(sql, words).fetchone()[0])


def _card(id_: int, *columns: Any) -> ConversationCard:
    names, subject, at_ms, rung, asides, copies, returns_on, questions_, waits = columns
    return ConversationCard(
        id=id_,
        names=tuple(from_json(names)),
        subject=subject,
        at=from_ms(at_ms),
        rung=Rung(rung),
        asides=tuple(Aside(each) for each in from_json(asides)),
        copies=copies,
        returns_on=None if returns_on is None else date.fromisoformat(returns_on),
        has_question=bool(questions_),
        waits=bool(waits),
    )


_MESSAGES: Final = (
    "SELECT id, message_id, subject, from_name, from_address, at_ms, asks_receipt FROM message"
    " WHERE conversation_id = ? ORDER BY at_ms, message_id, id"
)
_ARRIVALS: Final = (
    "SELECT id, kind, at_ms, from_name, from_address, subject, is_away, returns_on, answer FROM arrival"
    " WHERE conversation_id = ? ORDER BY at_ms, key"
)


def conversation(store: Store, conversation_id: int) -> ConversationDetail | None:
    """Return a conversation with every copy's status and evidence; None when there is none of that id."""
    with store.read() as connection:
        found = connection.execute("SELECT subject FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
        if found is None:
            return None
        copies = _copy_rows(connection, conversation_id, store.clock())
        messages = tuple(
            MessageRow(
                id=id_,
                message_id=message_id,
                subject=subject,
                from_=Mailbox(from_name, from_address),
                at=from_ms(at_ms),
                copies=tuple(copies.get(id_, ())),
                asks_receipt=bool(asks_receipt),
            )
            for id_, message_id, subject, from_name, from_address, at_ms, asks_receipt in connection.execute(
                _MESSAGES, (conversation_id,)
            ).fetchall()
        )
        arrivals = _arrival_rows(connection, conversation_id)
    return ConversationDetail(id=conversation_id, subject=found[0], messages=messages, arrivals=arrivals)


def _copy_rows(connection: sqlite3.Connection, conversation_id: int, now: datetime) -> dict[int, list[CopyRow]]:
    """Return the copies by message."""
    records = copy_records(connection, "copy.conversation_id = ?", (conversation_id,))
    wanted = [each.id for each in records]
    hits, signs = stored_hits(connection, wanted), stored_signs(connection, wanted)
    pictures = _pictures(connection, {each.address for each in records})
    cleaned = _kept_clean(connection, conversation_id)
    found: dict[int, list[CopyRow]] = {}
    for each in records:
        status = copy_status(each.facts, [one.judged for one in hits.get(each.id, ())], signs.get(each.id, ()))
        carried = Carried(
            sent_at=each.facts.state_at,
            purposes=each.purposes,
            link_count=each.link_count,
            pictures=pictures.get(each.address, Pictures.NOT_KNOWN),
            keeps_sent_clean=each.message_id in cleaned,
        )
        row = CopyRow(
            id=each.id,
            address=each.address,
            name=each.name,
            role=each.role,
            shared=each.is_shared,
            status=status,
            purposes=each.purposes,
            unknowns=why_unknown(status, carried, now),
        )
        found.setdefault(each.message_id, []).append(row)
    return found


def _kept_clean(connection: sqlite3.Connection, conversation_id: int) -> frozenset[int]:
    """Return the messages of a conversation whose account has Sent kept clean."""
    rows = connection.execute(
        "SELECT message.id FROM message JOIN account ON account.id = message.account_id"
        " WHERE message.conversation_id = ? AND account.keeps_sent_clean",
        (conversation_id,),
    )
    return frozenset(message_id for (message_id,) in rows)


# What a group's copy shows is nobody's in particular.
_PICTURES: Final = (
    "SELECT copy.address, max(hit.kind = 'open' AND hit.verdict IN ('person', 'image_proxy', 'prefetch')),"
    " max(hit.kind = 'click' AND hit.verdict = 'person' AND copy.purposes LIKE '%\"opens\"%')"
    " FROM copy JOIN hit ON hit.copy_id = copy.id"
    " WHERE copy.address IN (SELECT value FROM json_each(?)) AND NOT copy.shared GROUP BY copy.address"
)


def _pictures(connection: sqlite3.Connection, addresses: Collection[str]) -> dict[str, Pictures]:
    """Return how addresses treat pictures, as far as hits on any copy to them show it."""
    return {
        address: Pictures.FETCHED if fetched else Pictures.BLOCKED if clicked else Pictures.NOT_KNOWN
        for address, fetched, clicked in connection.execute(_PICTURES, (to_json(sorted(addresses)),))
    }


def _arrival_rows(connection: sqlite3.Connection, conversation_id: int) -> tuple[ArrivalRow, ...]:
    asked = {each.arrival_id: each for each in open_questions(connection, conversation_id)}
    proven: dict[int, list[int]] = {}
    kinds: dict[int, set[EvidenceKind]] = {}
    for arrival_id, copy_id, kind in connection.execute(
        "SELECT sign.arrival_id, sign.copy_id, sign.kind FROM copy JOIN sign ON sign.copy_id = copy.id"
        " WHERE copy.conversation_id = ? AND sign.kind NOT IN ('possible_reply', 'possible_bounce')"
        " ORDER BY sign.copy_id",
        (conversation_id,),
    ):
        proven.setdefault(arrival_id, []).append(copy_id)
        kinds.setdefault(arrival_id, set()).add(EvidenceKind(kind))
    return tuple(
        ArrivalRow(
            id=id_,
            kind=ArrivalKind(kind),
            at=from_ms(at_ms),
            from_=Mailbox(from_name, from_address),
            subject=subject,
            is_away=bool(is_away),
            returns_on=None if returns_on is None else date.fromisoformat(returns_on),
            copy_ids=tuple(dict.fromkeys(proven.get(id_, ()))),
            question=asked.get(id_),
            answer=answer,
            proves=frozenset(kinds.get(id_, ())),
        )
        for id_, kind, at_ms, from_name, from_address, subject, is_away, returns_on, answer in connection.execute(
            _ARRIVALS, (conversation_id,)
        ).fetchall()
    )
