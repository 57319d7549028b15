"""Questions put into mail, and what people answered on their page, the one way to a permission by themselves.

An answer counts once, for the question whose link it bears, and only in the words that were asked.  A yes begins the
generation that its link stands for and grants nothing where that has been refused since; a no always holds.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop.core.address import normalised
from desktop.core.asking import can_ask_by_hand, generation_of_yes, is_never_asked
from desktop.core.errors import Refused
from desktop.core.ledger import LINK, Event
from desktop.core.notice import Notice, NoticeKind
from desktop.core.permission import REFUSING, Method, Permission, Standing, usable
from desktop.store.change import Change
from desktop.store.columns import from_json, from_ms, set_to_json, to_json, to_ms
from desktop.store.database import Store
from desktop.store.ledger import keep_wording, standing
from desktop.store.ledger_rows import append
from desktop.store.people import keep_person
from desktop.store.settle import settle_copies
from desktop.store.stopping import copies_stopped, stop_tags
from relay.wire.answer import Answer, AnswerKind
from relay.wire.claims import Claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.wording import asked_text


class RefusedFor(StrEnum):
    """Why an answer granted nothing."""

    FOREIGN = "foreign"
    REPLAYED = "replayed"
    WORDING = "wording"
    PURPOSES = "purposes"
    GENERATION = "generation"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsk:
    """A question as minted: its token's random id and tag, the generation that a yes would begin, and its claims."""

    token_id: bytes
    tag: bytes
    generation: int
    claims: Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    copy_id: int
    address: str
    tag: bytes
    generation: int
    purposes: frozenset[Purpose]
    language: Language
    wording: bytes
    is_answered: bool


class AskedMeanwhile(Refused):
    """Another mail put the question since it was decided that this one does; nothing of this one was kept."""


def check_ask(connection: sqlite3.Connection, address: str, ask: NewAsk, at: datetime) -> None:
    """Raise AskedMeanwhile where a question is not to be put any more, as this transaction sees it.

    Two mails may leave at once: each was decided on before the other's question stood anywhere.
    """
    present = standing(connection, address)
    wanted = connection.execute(
        "SELECT 1 FROM person WHERE address = ? AND asking_wanted_at_ms IS NOT NULL", (address,)
    ).fetchone()
    may_ask = is_never_asked(present) if wanted is None else can_ask_by_hand(present.asked_at, at)
    is_open = present.standing is not Standing.GRANTED and may_ask
    if not is_open or ask.generation != generation_of_yes(present):
        raise AskedMeanwhile("This person was asked a moment ago, by another mail.", "Nothing needs to be done.")


def record_ask(
    connection: sqlite3.Connection,
    *,
    copy_id: int,
    address: str,
    token_id: bytes,
    tag: bytes,
    generation: int,
    claims: Claims,
    at: datetime,
) -> None:
    """Keep that a copy asks a person, with the exact words; the user's wish to ask by hand is met with it.

    The tag is known from now on: a stop by the page that the question's link leads to is theirs.
    """
    wording = keep_wording(connection, asked_text(claims))
    connection.execute(
        "INSERT INTO ask (token_id, copy_id, address, tag, generation, purposes, language, wording, at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            token_id,
            copy_id,
            address,
            tag,
            generation,
            set_to_json(claims.purposes),
            claims.language,
            wording,
            to_ms(at),
        ),
    )
    connection.execute(
        "INSERT OR IGNORE INTO tag (tag, address, generation) VALUES (?, ?, ?)", (tag, address, generation)
    )
    connection.execute("UPDATE person SET asking_wanted_at_ms = NULL WHERE address = ?", (address,))
    append(
        connection,
        address=address,
        event=Event.ASKED,
        purposes=claims.purposes,
        generation=generation,
        evidence=_link(token_id),
        language=claims.language,
        wording=wording,
        at=at,
    )


def retract_asks(connection: sqlite3.Connection, copy_ids: Iterable[int], *, at: datetime) -> Change:
    """Take back the questions of copies that did not leave: nobody was asked, and what the user wished they still wish.

    One that was answered did leave, whatever is said of its copy.
    """
    asked = connection.execute(
        "SELECT token_id, address, generation FROM ask"
        " WHERE copy_id IN (SELECT value FROM json_each(?)) AND answer_id IS NULL",
        (to_json(list(copy_ids)),),
    ).fetchall()
    for token_id, address, generation in asked:
        connection.execute("DELETE FROM ask WHERE token_id = ?", (token_id,))
        append(
            connection, address=address, event=Event.RETRACTED, generation=generation, evidence=_link(token_id), at=at
        )
        present = standing(connection, address)
        if present.asked_at is not None or present.standing in REFUSING:
            # By itself it would not be put again: the user had asked for it.
            connection.execute("UPDATE person SET asking_wanted_at_ms = ? WHERE address = ?", (to_ms(at), address))
    return Change(people=frozenset(address for _, address, _ in asked))


def _link(token_id: bytes) -> str:
    return f"{LINK}{token_id.hex()}"


def apply_consent(connection: sqlite3.Connection, answer: Answer, *, now: datetime) -> Change:
    """Let an answer from the page take hold of the person it is from; one that grants nothing is kept with its reason.

    Raises ValueError for an answer of another kind.
    """
    if answer.kind is not AnswerKind.CONSENT:
        raise ValueError("an answer to another question")
    ask = _ask_of(connection, answer)
    present = None if ask is None else standing(connection, ask.address)
    if ask is None or present is None:
        return _refuse(connection, answer, RefusedFor.FOREIGN)
    if ask.is_answered:
        return _refuse(connection, answer, RefusedFor.REPLAYED)
    connection.execute(
        "UPDATE ask SET answer_id = ?, answered_at_ms = ? WHERE token_id = ?",
        (answer.id, answer.at_ms, answer.token_id),
    )
    at = min(from_ms(answer.at_ms), now)
    if not answer.purposes:
        return _deny(connection, ask, present, answer, at)
    reason = _why_no_yes(connection, ask, present, answer)
    return _grant(connection, ask, answer, at) if reason is None else _refuse(connection, answer, reason)


def _ask_of(connection: sqlite3.Connection, answer: Answer) -> _Ask | None:
    row = connection.execute(
        "SELECT copy_id, address, tag, generation, purposes, language, wording, answer_id FROM ask"
        " WHERE token_id = ? AND tag = ?",
        (answer.token_id, answer.tag),
    ).fetchone()
    if row is None:
        return None
    copy_id, address, tag, generation, purposes, language, wording, answer_id = row
    return _Ask(
        copy_id=copy_id,
        address=address,
        tag=tag,
        generation=generation,
        purposes=frozenset(Purpose(each) for each in from_json(purposes)),
        language=Language(language),
        wording=wording,
        is_answered=answer_id is not None,
    )


def _why_no_yes(connection: sqlite3.Connection, ask: _Ask, present: Permission, answer: Answer) -> RefusedFor | None:
    """Return why a yes grants nothing, or None where it does."""
    if (answer.wording, answer.language) != (ask.wording, ask.language):
        return RefusedFor.WORDING
    if not answer.purposes <= ask.purposes or not usable(answer.purposes):
        return RefusedFor.PURPOSES
    is_stopped = connection.execute("SELECT 1 FROM stop WHERE tag = ?", (ask.tag,)).fetchone() is not None
    return RefusedFor.GENERATION if is_stopped or ask.generation != generation_of_yes(present) else None


def _refuse(connection: sqlite3.Connection, answer: Answer, reason: RefusedFor) -> Change:
    connection.execute(
        "INSERT OR IGNORE INTO refused_answer (id, token_id, reason, at_ms) VALUES (?, ?, ?, ?)",
        (answer.id, answer.token_id, reason, answer.at_ms),
    )
    return Change()


def _grant(connection: sqlite3.Connection, ask: _Ask, answer: Answer, at: datetime) -> Change:
    _add(connection, ask, answer, event=Event.GRANTED, generation=ask.generation, at=at)
    return _told(connection, ask, answer, NoticeKind.AGREED, at)


def _deny(connection: sqlite3.Connection, ask: _Ask, present: Permission, answer: Answer, at: datetime) -> Change:
    """Record a no, whatever stood; the tags of mail they have are stopped, as they are by the stop page.

    One older than a yes in a newer link is of that older mail only; a stop that was told already is not told again.
    """
    if present.granted_at is not None and ask.generation < present.generation and at < present.granted_at:
        return _refuse(connection, answer, RefusedFor.GENERATION)
    generation = max(present.generation, stop_tags(connection, ask.address, at))
    _add(connection, ask, answer, event=Event.DENIED, generation=generation, at=at)
    change = settle_copies(connection, copies_stopped(connection, ask.address))
    if present.standing in REFUSING and _was_told(connection, ask.tag):
        return change | Change(people=frozenset({ask.address}))
    return change | _told(connection, ask, answer, NoticeKind.DENIED, at)


def _was_told(connection: sqlite3.Connection, tag: bytes) -> bool:
    """Return whether a stop of the tag rang: there was tracked mail to stop."""
    row = connection.execute("SELECT 1 FROM copy WHERE tag = ? AND purposes <> '[]' LIMIT 1", (tag,)).fetchone()
    return row is not None


def _add(
    connection: sqlite3.Connection, ask: _Ask, answer: Answer, *, event: Event, generation: int, at: datetime
) -> None:
    append(
        connection,
        address=ask.address,
        event=event,
        purposes=answer.purposes,
        generation=generation,
        method=Method.PAGE,
        evidence=f"{_link(answer.token_id)}, answer {answer.id.hex()}",
        language=ask.language,
        # A no counts in whatever words it was asked; which they were is known where they are ours alone.
        wording=ask.wording if answer.wording == ask.wording else b"",
        at=at,
    )


def _told(connection: sqlite3.Connection, ask: _Ask, answer: Answer, kind: NoticeKind, at: datetime) -> Change:
    conversation_id, name, subject = connection.execute(
        "SELECT copy.conversation_id, copy.name, message.subject FROM copy"
        " JOIN message ON message.id = copy.message_id WHERE copy.id = ?",
        (ask.copy_id,),
    ).fetchone()
    notice = Notice(
        kind=kind,
        conversation_id=conversation_id,
        copy_id=ask.copy_id,
        person=name or ask.address,
        address=ask.address,
        subject=subject,
        at=at,
        purposes=answer.purposes,
    )
    return Change(people=frozenset({ask.address}), notices=(notice,))


def want_asking(store: Store, address: str, now: datetime) -> Change:
    """Have the next mail to a person ask them, on the user's own word that they wish it.

    Raises Refused within 180 days of the last question, and for one who allowed it already; Malformed for no address.
    """
    person = normalised(address)

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        present = standing(connection, person)
        if present.standing is Standing.GRANTED:
            raise Refused("This person has allowed it already.", "Change or withdraw what they allowed instead.")
        if not can_ask_by_hand(present.asked_at, now):
            raise Refused(
                "This person was asked less than 180 days ago.",
                "Silence means no for so long. If they tell you themselves, record that.",
            )
        keep_person(connection, person, "", now)
        connection.execute("UPDATE person SET asking_wanted_at_ms = ? WHERE address = ?", (to_ms(now), person))
        return Change(people=frozenset({person})), None

    return store.write(work)[0]


def forget_asking(store: Store, address: str) -> Change:
    """Take back the wish to ask in the next mail, where there is one."""
    person = normalised(address)

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        altered = connection.execute(
            "UPDATE person SET asking_wanted_at_ms = NULL WHERE address = ? AND asking_wanted_at_ms IS NOT NULL",
            (person,),
        ).rowcount
        return Change(people=frozenset({person} if altered else ())), None

    return store.write(work)[0]
