"""Judges a copy's hits anew and brings its cached rung, and its conversation's, in step: within one transaction.

Judging is core.classify's and the rung is core.status's; here they are only fed from rows and written back.  Hits whose
times were cut to the minute keep their verdict and are no evidence for a burst, which needs milliseconds.  Everything
is read for all copies at once: a first sync settles thousands.
"""

import ipaddress
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from desktop.core.arrival import FailureReason
from desktop.core.classify import DEFAULT_WINDOW_S, HitContext, judge_copy
from desktop.core.notice import CopyNames, Notice, Sign, hit_notices, taken_back
from desktop.core.policy import WhyNot
from desktop.core.status import (
    Aside,
    CopyFacts,
    CopyState,
    CopyStatus,
    EvidenceKind,
    JudgedHit,
    MailSign,
    Rung,
    conversation_asides,
    conversation_rung,
    copy_status,
    present_asides,
)
from desktop.core.thread import subject_base
from desktop.core.verdict import Confidence, Judgement, Verdict
from desktop.store import settings
from desktop.store.change import Change
from desktop.store.columns import from_json, from_ms, to_json
from relay.wire.hit import Hit, HitKind
from relay.wire.labels import Label

MINUTE_MS = 60_000
_HITS = (
    "SELECT hit.copy_id, hit.id, hit.kind, hit.token_id, hit.at_ms, hit.labels, hit.network, hit.same_source,"
    " hit.agent, hit.headers, hit.verdict, hit.rule, hit.confidence, hit.reason, hit.to_the_minute,"
    " coalesce(token.destination, '')"
    " FROM hit LEFT JOIN token ON token.random_id = hit.token_id"
    " WHERE hit.copy_id IN (SELECT value FROM json_each(?)) ORDER BY hit.at_ms, hit.id"
)
_SIGNS = (
    "SELECT copy_id, kind, at_ms, arrival_id, detail, reason, returns_on FROM sign"
    " WHERE copy_id IN (SELECT value FROM json_each(?)) ORDER BY at_ms, kind, detail"
)
# The newest sign is cut to the minute at once: a card that kept milliseconds would outlive those of the hit.
_CARD_COPIES = (
    "SELECT copy.conversation_id, coalesce(nullif(copy.name, ''), nullif(person.name, ''), copy.address),"
    " copy.address, copy.rung, copy.asides, copy.returns_on, max("
    " coalesce((SELECT max(at_ms) / :minute * :minute FROM hit"
    "  WHERE hit.copy_id = copy.id AND verdict IN ('person', 'image_proxy')), 0),"
    " coalesce((SELECT at_ms FROM stop WHERE stop.tag = copy.tag), 0))"
    " FROM copy JOIN message ON message.id = copy.message_id LEFT JOIN person ON person.address = copy.address"
    " WHERE copy.conversation_id IN (SELECT value FROM json_each(:wanted))"
    " ORDER BY message.at_ms, message.message_id, copy.id"
)
_CARD_MESSAGES = (
    "SELECT conversation_id, subject, at_ms FROM message"
    " WHERE conversation_id IN (SELECT value FROM json_each(?)) ORDER BY at_ms, message_id, id"
)
_CARD_ARRIVALS = (
    "SELECT conversation_id, max(at_ms), EXISTS (SELECT 1 FROM sign JOIN copy ON copy.id = sign.copy_id"
    " WHERE copy.conversation_id = arrival.conversation_id AND sign.kind IN ('possible_reply', 'possible_bounce'))"
    " FROM arrival WHERE conversation_id IN (SELECT value FROM json_each(?)) GROUP BY conversation_id"
)
_COPY = (
    "SELECT copy.id, copy.conversation_id, copy.message_id, copy.address,"
    " coalesce(nullif(copy.name, ''), person.name, ''), copy.role, copy.shared, copy.links, copy.state,"
    " copy.prepared_at_ms, copy.state_at_ms, copy.reply, copy.why_not, stop.at_ms"
    " FROM copy LEFT JOIN stop ON stop.tag = copy.tag LEFT JOIN person ON person.address = copy.address"
)
COPIES_BY_ID = "copy.id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRecord:
    """A copy's row apart from its hits."""

    id: int
    conversation_id: int
    message_id: int
    address: str
    name: str
    role: str
    is_shared: bool
    link_count: int
    facts: CopyFacts


def copy_records(connection: sqlite3.Connection, where: str, arguments: Sequence[Any]) -> tuple[CopyRecord, ...]:
    """Return the copies that an SQL condition of ours names, in the order they were recorded."""
    rows = connection.execute(f"{_COPY} WHERE {where} ORDER BY copy.id", arguments).fetchall()
    return tuple(_copy_record(*row) for row in rows)


def _copy_record(id_: int, conversation_id: int, message_id: int, *values: Any) -> CopyRecord:
    address, name, role, shared, links, state, prepared_at_ms, state_at_ms, reply, why_not, stopped_at_ms = values
    return CopyRecord(
        id=id_,
        conversation_id=conversation_id,
        message_id=message_id,
        address=address,
        name=name,
        role=role,
        is_shared=bool(shared),
        link_count=links,
        facts=CopyFacts(
            state=CopyState(state),
            prepared_at=from_ms(prepared_at_ms),
            state_at=from_ms(state_at_ms),
            reply=reply,
            why_not=None if why_not is None else WhyNot(why_not),
            stopped_at=None if stopped_at_ms is None else from_ms(stopped_at_ms),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHit:
    """A hit with the verdict that stands; `is_aged` says that its time was cut to the minute."""

    judged: JudgedHit
    is_aged: bool


def stored_hits(connection: sqlite3.Connection, copy_ids: Iterable[int]) -> dict[int, list[StoredHit]]:
    """Return the hits of those of the copies that have any, oldest first."""
    found: dict[int, list[StoredHit]] = {}
    for copy_id, *row in connection.execute(_HITS, (to_json(list(copy_ids)),)):
        found.setdefault(copy_id, []).append(_stored_hit(row))
    return found


def stored_signs(connection: sqlite3.Connection, copy_ids: Iterable[int]) -> dict[int, list[MailSign]]:
    """Return what incoming mail proves of those of the copies that any speaks of."""
    found: dict[int, list[MailSign]] = {}
    for copy_id, kind, at_ms, arrival_id, detail, reason, returns_on in connection.execute(
        _SIGNS, (to_json(list(copy_ids)),)
    ):
        sign = MailSign(
            kind=EvidenceKind(kind),
            at=from_ms(at_ms),
            arrival_id=arrival_id,
            detail=detail,
            reason=None if reason is None else FailureReason(reason),
            returns_on=None if returns_on is None else date.fromisoformat(returns_on),
        )
        found.setdefault(copy_id, []).append(sign)
    return found


def _stored_hit(row: Sequence[Any]) -> StoredHit:
    id_, kind, token_id, at_ms, labels, network, same_source, agent, headers, *rest = row
    verdict, rule, confidence, reason, is_aged, destination = rest
    hit = Hit(
        id=id_,
        kind=HitKind(kind),
        token_id=token_id,
        at_ms=at_ms,
        labels=tuple(Label(name, date) for name, date in from_json(labels)),
        network=ipaddress.ip_network(network),
        same_source=same_source,
        agent=agent,
        headers=from_json(headers),
    )
    judgement = Judgement(verdict=Verdict(verdict), rule=rule, confidence=Confidence(confidence), reason=reason)
    return StoredHit(judged=JudgedHit(hit=hit, judgement=judgement, destination=destination), is_aged=bool(is_aged))


def insert_hit(connection: sqlite3.Connection, hit: Hit, copy_id: int | None, judgement: Judgement) -> bool:
    """Add a hit with a first judgement; return False, and alter nothing, when its id is known already."""
    cursor = connection.execute(
        "INSERT OR IGNORE INTO hit (id, copy_id, kind, token_id, at_ms, labels, network, same_source, agent, headers,"
        " verdict, rule, confidence, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            hit.id,
            copy_id,
            hit.kind.value,
            hit.token_id,
            hit.at_ms,
            to_json([[label.name, label.date] for label in hit.labels]),
            str(hit.network),
            hit.same_source,
            hit.agent,
            to_json(dict(hit.headers)),
            judgement.verdict.value,
            judgement.rule,
            judgement.confidence.value,
            judgement.reason,
        ),
    )
    return cursor.rowcount > 0


def settle_copies(
    connection: sqlite3.Connection,
    copy_ids: Iterable[int],
    *,
    fresh: Mapping[int, frozenset[bytes]] | None = None,
    window_s: float | None = None,
) -> Change:
    """Judge the copies' hits anew and write verdicts, rungs and cards; `fresh` names each copy's new hits by id."""
    wanted = list(dict.fromkeys(copy_ids))
    records = {each.id: each for each in copy_records(connection, COPIES_BY_ID, (to_json(wanted),))}
    hits, signs = stored_hits(connection, wanted), stored_signs(connection, wanted)
    circumstances = _circumstances(connection, window_s) if hits else None
    change = Change()
    for copy_id in wanted:
        record = records[copy_id]
        notices: tuple[Notice, ...] = ()
        judged: list[JudgedHit] = []
        if circumstances is not None and copy_id in hits:
            is_fresh = (fresh or {}).get(copy_id, frozenset())
            judged, telling = _judged_anew(connection, hits[copy_id], _context(record, circumstances), is_fresh)
            _forget_told(connection, copy_id, judged)
            notices = _notices(connection, record, telling)
        _keep_status(connection, copy_id, copy_status(record.facts, judged, signs.get(copy_id, ())))
        change = Change(notices=change.notices + notices)
    conversations = frozenset(each.conversation_id for each in records.values())
    refresh_cards(connection, conversations)
    return Change(conversations=conversations, copies=frozenset(wanted), notices=change.notices)


def _judged_anew(
    connection: sqlite3.Connection, stored: Sequence[StoredHit], context: HitContext, fresh: frozenset[bytes]
) -> tuple[list[JudgedHit], list[JudgedHit]]:
    """Judge hits anew and write what altered; return all of them, and those that are new or newly judged."""
    exact = [each.judged for each in stored if not each.is_aged]
    anew = judge_copy([each.hit for each in exact], context)
    pairs = [
        (old, JudgedHit(hit=old.hit, judgement=judgement, destination=old.destination))
        for old, judgement in zip(exact, anew, strict=True)
    ]
    altered = [new for old, new in pairs if old.judgement != new.judgement]
    connection.executemany(
        "UPDATE hit SET verdict = ?, rule = ?, confidence = ?, reason = ? WHERE id = ?",
        [
            (each.judgement.verdict, each.judgement.rule, each.judgement.confidence, each.judgement.reason, each.hit.id)
            for each in altered
        ],
    )
    judged = [each.judged for each in stored if each.is_aged] + [new for _, new in pairs]
    return judged, [new for old, new in pairs if new.hit.id in fresh or new in altered]


def _circumstances(connection: sqlite3.Connection, window_s: float | None) -> HitContext:
    """Return what judging needs to know and is the same for all copies."""
    chosen = settings.read(connection, settings.WINDOW, DEFAULT_WINDOW_S) if window_s is None else window_s
    return HitContext(
        sent_at=None,
        known=True,
        own_sources=frozenset(mark for (mark,) in connection.execute("SELECT mark FROM own_source")),
        own_agents=frozenset(settings.read(connection, settings.OWN_AGENTS, list[str]())),
        window_s=float(chosen),
    )


def _context(record: CopyRecord, circumstances: HitContext) -> HitContext:
    was_sent = record.facts.state in (CopyState.SENT, CopyState.UNCERTAIN)
    return replace(circumstances, sent_at=record.facts.state_at if was_sent else None, link_count=record.link_count)


def _keep_status(connection: sqlite3.Connection, copy_id: int, status: CopyStatus) -> None:
    connection.execute(
        "UPDATE copy SET rung = ?, asides = ?, returns_on = ?, failure = ? WHERE id = ?",
        (
            status.rung,
            to_json(status.asides),
            None if status.returns_on is None else status.returns_on.isoformat(),
            status.failure,
            copy_id,
        ),
    )


def _notices(connection: sqlite3.Connection, record: CopyRecord, telling: Sequence[JudgedHit]) -> tuple[Notice, ...]:
    notices = hit_notices(names_of(connection, record), telling, told_signs(connection, record.id))
    keep_told(connection, notices)
    return notices


def _forget_told(connection: sqlite3.Connection, copy_id: int, judged: Sequence[JudgedHit]) -> None:
    connection.executemany(
        "DELETE FROM told WHERE copy_id = ? AND sign = ?",
        [(copy_id, sign) for sign in taken_back(judged, told_signs(connection, copy_id))],
    )


def names_of(connection: sqlite3.Connection, record: CopyRecord) -> CopyNames:
    """Return how notices speak of a copy."""
    (subject,) = connection.execute(
        "SELECT message.subject FROM copy JOIN message ON message.id = copy.message_id WHERE copy.id = ?", (record.id,)
    ).fetchone()
    return CopyNames(
        conversation_id=record.conversation_id,
        copy_id=record.id,
        person=record.name or record.address,
        address=record.address,
        subject=subject,
        link_count=record.link_count,
    )


def told_signs(connection: sqlite3.Connection, copy_id: int) -> frozenset[Sign]:
    """Return what the user was already told of a copy."""
    return frozenset(
        Sign(sign) for (sign,) in connection.execute("SELECT sign FROM told WHERE copy_id = ?", (copy_id,))
    )


def keep_told(connection: sqlite3.Connection, notices: Iterable[Notice]) -> None:
    """Remember what the user is told, so that it is told once."""
    keep_signs_told(
        connection,
        [(each.copy_id, each.sign) for each in notices if each.copy_id is not None and each.sign is not None],
    )


def keep_signs_told(connection: sqlite3.Connection, signs: Iterable[tuple[int, Sign]]) -> None:
    """Remember that a sign of a copy is told, with another copy's where one notice speaks of several."""
    connection.executemany("INSERT OR IGNORE INTO told (copy_id, sign) VALUES (?, ?)", list(signs))


def refresh_cards(connection: sqlite3.Connection, conversation_ids: Collection[int]) -> None:
    """Bring conversations' cards in step with their copies and arrivals: subject, names, rung, asides, newest sign."""
    wanted = to_json(list(conversation_ids))
    copies: dict[int, list[Any]] = {}
    for conversation_id, *row in connection.execute(_CARD_COPIES, {"wanted": wanted, "minute": MINUTE_MS}):
        copies.setdefault(conversation_id, []).append(row)
    subjects: dict[int, str] = {}
    sent: dict[int, int] = {}
    for conversation_id, subject, at_ms in connection.execute(_CARD_MESSAGES, (wanted,)):
        subjects.setdefault(conversation_id, subject_base(subject))
        sent[conversation_id] = max(at_ms, sent.get(conversation_id, at_ms))
    arrived = {each: (at_ms, asks) for each, at_ms, asks in connection.execute(_CARD_ARRIVALS, (wanted,))}
    connection.executemany(
        "UPDATE conversation SET subject = ?, names = ?, search = ?, rung = ?, asides = ?, returns_on = ?, copies = ?,"
        " at_ms = ?, last_sent_ms = ?, questions = ? WHERE id = ?",
        [
            (*_card(subjects[each], copies.get(each, []), sent[each], arrived.get(each, (0, 0))), each)
            for each in conversation_ids
        ],
    )


def _card(subject: str, rows: Sequence[Sequence[Any]], sent_ms: int, arrived: tuple[int, int]) -> tuple[Any, ...]:
    """Return a card's columns; `rows` are copies, those of the oldest message first."""
    standings = present_asides(
        [(row[1], Rung(row[2]), tuple(Aside(each) for each in from_json(row[3]))) for row in rows]
    )
    names = tuple(dict.fromkeys(row[0] for row in rows))
    found_by = " ".join(dict.fromkeys((subject, *names, *(row[1] for row in rows))))
    days = [
        row[4] for row, (_, asides) in zip(rows, standings, strict=True) if Aside.AWAY in asides and row[4] is not None
    ]
    return (
        subject,
        to_json(names),
        found_by.casefold(),
        conversation_rung(rung for rung, _ in standings),
        to_json(conversation_asides(standings)),
        max(days, default=None),
        len(rows),
        max(sent_ms, arrived[0], *(row[5] for row in rows)),
        sent_ms,
        arrived[1],
    )
