"""What the user is asked: whether a mail from another address is a person's reply, whether a mail is a bounce.

A yes to a reply makes the address another one of that person's, for mail before and after.  A no keeps that address
aside in its conversation.  Both can be taken back, and everything that followed from them goes with them.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop.core.address import Mailbox
from desktop.store.change import Change
from desktop.store.columns import from_ms
from desktop.store.database import Store
from desktop.store.proving import bring_in_step


class QuestionKind(StrEnum):
    """What is asked about an arrival."""

    REPLY = "reply"
    BOUNCE = "bounce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A copy that the arrival may concern, and whom it went to; `name` is empty where none is known."""

    copy_id: int
    address: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question; the likeliest candidate stands first."""

    arrival_id: int
    kind: QuestionKind
    conversation_id: int
    candidates: tuple[Candidate, ...]
    sender: Mailbox
    subject: str
    at: datetime


_OPEN = (
    "SELECT arrival.id, sign.kind, copy.conversation_id, copy.id, copy.address,"
    " coalesce(nullif(copy.name, ''), person.name, ''), arrival.from_name, arrival.from_address, arrival.subject,"
    " arrival.at_ms FROM sign JOIN copy ON copy.id = sign.copy_id JOIN arrival ON arrival.id = sign.arrival_id"
    " LEFT JOIN person ON person.address = copy.address"
    " WHERE sign.kind IN ('possible_reply', 'possible_bounce') AND (?1 IS NULL OR copy.conversation_id = ?1)"
    " ORDER BY arrival.at_ms, arrival.key, copy.prepared_at_ms DESC, copy.id"
)


def questions(store: Store, conversation_id: int | None = None) -> tuple[Question, ...]:
    """Return what is asked about one conversation or all, oldest first; one question a sender and conversation."""
    with store.read() as connection:
        return open_questions(connection, conversation_id)


def open_questions(connection: sqlite3.Connection, conversation_id: int | None = None) -> tuple[Question, ...]:
    """Return the questions as a transaction sees them."""
    found: dict[int, Question] = {}
    for arrival_id, kind, where, copy_id, address, name, *arrival in connection.execute(_OPEN, (conversation_id,)):
        from_name, from_address, subject, at_ms = arrival
        is_reply = kind == "possible_reply"
        earlier = found.get(arrival_id)
        candidate = Candidate(copy_id=copy_id, address=address, name=name)
        found[arrival_id] = Question(
            arrival_id=arrival_id,
            kind=QuestionKind.REPLY if is_reply else QuestionKind.BOUNCE,
            conversation_id=where,
            candidates=(*(earlier.candidates if earlier else ()), candidate),
            sender=Mailbox(from_name, from_address),
            subject=subject,
            at=from_ms(at_ms),
        )
    first: dict[object, Question] = {}
    for question in found.values():
        is_reply = question.kind is QuestionKind.REPLY
        asked = (question.conversation_id, question.sender.address) if is_reply else question.arrival_id
        first.setdefault(asked, _likeliest_first(question))
    return tuple(first.values())


def _likeliest_first(question: Question) -> Question:
    """Return the question with each person once, those with the sender's own name first."""
    people: dict[str, Candidate] = {}
    for candidate in question.candidates:
        people.setdefault(candidate.address, candidate)
    name = question.sender.name.casefold()
    candidates = sorted(people.values(), key=lambda each: not name or each.name.casefold() != name)
    return Question(
        arrival_id=question.arrival_id,
        kind=question.kind,
        conversation_id=question.conversation_id,
        candidates=tuple(candidates),
        sender=question.sender,
        subject=question.subject,
        at=question.at,
    )


def answer_question(store: Store, arrival_id: int, copy_id: int | None) -> Change:
    """Keep that an arrival concerns a copy of its conversation, or None: "no"; raise LookupError for others."""
    return _answered(store, arrival_id, "no" if copy_id is None else "yes", copy_id)


def retract_answer(store: Store, arrival_id: int) -> Change:
    """Take an answer back: the arrival, and the address it came from, count as they did before."""
    return _answered(store, arrival_id, None, None)


def _answered(store: Store, arrival_id: int, answer: str | None, copy_id: int | None) -> Change:
    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        row = connection.execute(
            "SELECT conversation_id, from_address FROM arrival WHERE id = ?", (arrival_id,)
        ).fetchone()
        if row is None or not _belongs(connection, copy_id, row[0]):
            raise LookupError(f"no arrival {arrival_id} that could concern copy {copy_id}")
        connection.execute(
            "UPDATE arrival SET answer = ?, answer_copy_id = ? WHERE id = ?", (answer, copy_id, arrival_id)
        )
        same = connection.execute("SELECT id FROM arrival WHERE from_address = ?", (row[1],)).fetchall()
        return bring_in_step(
            connection,
            arrivals=[id_ for (id_,) in same],
            notifies=False,
        ), None

    return store.write(work)[0]


def _belongs(connection: sqlite3.Connection, copy_id: int | None, conversation_id: int | None) -> bool:
    if copy_id is None:
        return True
    row = connection.execute("SELECT conversation_id FROM copy WHERE id = ?", (copy_id,)).fetchone()
    return row is not None and row[0] == conversation_id
