"""Copies as rows, with their hits and what incoming mail proves of them, read for many at once.

A first sync settles thousands of copies: there is never a query for each.
"""

import ipaddress
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from desktop.core.arrival import FailureReason
from desktop.core.correction import Correction, Shape, Who
from desktop.core.notice import CopyNames
from desktop.core.policy import WhyNot
from desktop.core.status import CopyFacts, CopyState, Earlier, EvidenceKind, JudgedHit, MailSign, Rung, rung_of
from desktop.core.verdict import Confidence, Judgement, Verdict
from desktop.store.columns import from_json, from_ms, to_json
from relay.wire.hit import Hit, HitKind
from relay.wire.labels import Label
from relay.wire.purpose import Purpose

EarlierHit = tuple[HitKind, Verdict]
_HITS = (
    "SELECT hit.copy_id, hit.id, hit.kind, hit.token_id, hit.at_ms, hit.labels, hit.network, hit.same_source,"
    " hit.agent, hit.headers, hit.verdict, hit.rule, hit.confidence, hit.reason, hit.to_the_minute, hit.to_the_day,"
    " coalesce(token.destination, ''), hit.ruled, correction.id, correction.hit_id, correction.who, correction.at_ms,"
    " correction.kind, correction.program, correction.network, correction.address"
    " FROM hit LEFT JOIN token ON token.random_id = hit.token_id"
    " LEFT JOIN correction ON correction.id = hit.correction_id"
    " WHERE hit.copy_id IN (SELECT value FROM json_each(?)) ORDER BY hit.at_ms, hit.id"
)
_SIGNS = (
    "SELECT copy_id, kind, at_ms, arrival_id, detail, reason, returns_on FROM sign"
    " WHERE copy_id IN (SELECT value FROM json_each(?)) ORDER BY at_ms, kind, detail"
)
_COPY = (
    "SELECT copy.id, copy.conversation_id, copy.message_id, copy.address,"
    " coalesce(nullif(copy.name, ''), person.name, ''), copy.role, copy.shared, copy.links, copy.state,"
    " copy.purposes, message.handed_to, message.sent_clean_at_ms, copy.prepared_at_ms, copy.state_at_ms, copy.reply,"
    " copy.why_not, copy.earlier_hits, copy.earlier_day, stop.at_ms, deletion.at_ms, confirmation.at_ms"
    " FROM copy JOIN message ON message.id = copy.message_id LEFT JOIN stop ON stop.tag = copy.tag"
    " LEFT JOIN deletion ON deletion.tag = copy.tag LEFT JOIN confirmation ON confirmation.copy_id = copy.id"
    " LEFT JOIN person ON person.address = copy.address"
)
COPIES_BY_ID = "copy.id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRecord:
    """A copy's row apart from its hits, and what is known of its message.

    `handed_to` is the server that took it, `sent_clean_at_ms` since when Sent holds nothing tracked of it, if known;
    `earlier_hits` are the kinds and verdicts of hits that are not kept any more.
    """

    id: int
    conversation_id: int
    message_id: int
    address: str
    name: str
    role: str
    is_shared: bool
    link_count: int
    purposes: frozenset[Purpose]
    handed_to: str
    sent_clean_at_ms: int | None
    earlier_hits: frozenset[EarlierHit]
    facts: CopyFacts


def copy_records(connection: sqlite3.Connection, where: str, arguments: Sequence[Any]) -> tuple[CopyRecord, ...]:
    """Return the copies that an SQL condition of ours names, in the order they were recorded."""
    rows = connection.execute(f"{_COPY} WHERE {where} ORDER BY copy.id", arguments).fetchall()
    return tuple(_copy_record(*row) for row in rows)


def _copy_record(id_: int, conversation_id: int, message_id: int, *values: Any) -> CopyRecord:
    address, name, role, shared, links, state, purposes, handed_to, sent_clean_at_ms, *facts = values
    prepared_at_ms, state_at_ms, reply, why_not, earlier_hits, earlier_day, *answered = facts
    stopped_at, deleted_at, confirmed_at = (None if at_ms is None else from_ms(at_ms) for at_ms in answered)
    earlier = read_earlier(earlier_hits)
    return CopyRecord(
        id=id_,
        conversation_id=conversation_id,
        message_id=message_id,
        address=address,
        name=name,
        role=role,
        is_shared=bool(shared),
        link_count=links,
        purposes=frozenset(Purpose(each) for each in from_json(purposes)),
        handed_to=handed_to,
        sent_clean_at_ms=sent_clean_at_ms,
        earlier_hits=earlier,
        facts=CopyFacts(
            state=CopyState(state),
            prepared_at=from_ms(prepared_at_ms),
            state_at=from_ms(state_at_ms),
            reply=reply,
            why_not=None if why_not is None else WhyNot(why_not),
            stopped_at=stopped_at,
            earlier=None
            if earlier_day is None
            else Earlier(rung=highest_rung(earlier), day=date.fromisoformat(earlier_day)),
            deleted_at=deleted_at,
            confirmed_at=confirmed_at,
        ),
    )


def read_earlier(column: str) -> frozenset[EarlierHit]:
    """Return the kinds and verdicts of hits that are not kept any more, as their column holds them."""
    return frozenset((HitKind(kind), Verdict(verdict)) for kind, verdict in from_json(column))


def highest_rung(hits: Iterable[EarlierHit]) -> Rung:
    """Return the highest rung that hits of these kinds and verdicts prove."""
    return max((rung_of(kind, verdict) for kind, verdict in hits), default=Rung.QUEUED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHit:
    """A hit with the verdict that stands, and what the rules say; `is_aged`: its time was cut to the minute."""

    judged: JudgedHit
    ruled: Judgement
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
    verdict, rule, confidence, reason, is_aged, is_day_only, destination, ruled, *correcting = rest
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
    judgement = _judgement(verdict, rule, confidence, reason)
    correction = None if correcting[0] is None else read_correction(*correcting)
    return StoredHit(
        judged=JudgedHit(
            hit=hit,
            judgement=judgement,
            destination=destination,
            correction=correction,
            is_day_only=bool(is_day_only),
        ),
        ruled=judgement if ruled is None else _judgement(*from_json(ruled)),
        is_aged=bool(is_aged),
    )


def _judgement(verdict: str, rule: str, confidence: str, reason: str) -> Judgement:
    return Judgement(verdict=Verdict(verdict), rule=rule, confidence=Confidence(confidence), reason=reason)


def read_correction(id_: int, hit_id: bytes, who: str, at_ms: int, *columns: Any) -> Correction:
    """Return the correction of a row: id, hit_id, who, at_ms, kind, program, network, address."""
    kind, program, network, address = columns
    shape = None
    if program is not None:
        shape = Shape(kind=HitKind(kind), program=program, network=network, address=address)
    return Correction(id=id_, hit_id=hit_id, who=Who(who), at=from_ms(at_ms), shape=shape)


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
