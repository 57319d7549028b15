"""Judges a copy's hits anew and brings its cached rung, and its conversation's, in step: within one transaction.

Judging is core.classify's and the rung is core.status's; here they are only fed from rows and written back.  Hits whose
times were cut to the minute keep their verdict and are no evidence for a burst, which needs milliseconds.
"""

import ipaddress
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desktop.core.classify import DEFAULT_WINDOW_S, HitContext, judge_copy
from desktop.core.notice import CopyNames, Notice, Sign, hit_notices, taken_back
from desktop.core.policy import WhyNot
from desktop.core.status import (
    Aside,
    CopyFacts,
    CopyState,
    CopyStatus,
    JudgedHit,
    Rung,
    conversation_asides,
    conversation_rung,
    copy_status,
)
from desktop.core.verdict import Confidence, Judgement, Verdict
from desktop.store import settings
from desktop.store.change import Change
from desktop.store.columns import from_json, from_ms, to_json
from relay.wire.hit import Hit, HitKind
from relay.wire.labels import Label

MINUTE_MS = 60_000
_HITS = (
    "SELECT hit.id, hit.kind, hit.token_id, hit.at_ms, hit.labels, hit.network, hit.same_source, hit.agent,"
    " hit.headers, hit.verdict, hit.rule, hit.confidence, hit.reason, hit.to_the_minute,"
    " coalesce(token.destination, '')"
    " FROM hit LEFT JOIN token ON token.random_id = hit.token_id WHERE hit.copy_id = ? ORDER BY hit.at_ms, hit.id"
)
# The newest sign is cut to the minute at once: a card that kept milliseconds would outlive those of the hit.
_CARD = (
    "SELECT name, address, rung, asides, max("
    " coalesce((SELECT max(at_ms) / :minute * :minute FROM hit"
    "  WHERE hit.copy_id = copy.id AND verdict IN ('person', 'image_proxy')), 0),"
    " coalesce((SELECT at_ms FROM stop WHERE stop.tag = copy.tag), 0))"
    " FROM copy WHERE conversation_id = :conversation ORDER BY id"
)
_COPY = (
    "SELECT copy.id, copy.conversation_id, copy.address, copy.name, copy.role, copy.shared, copy.links, copy.state,"
    " copy.prepared_at_ms, copy.state_at_ms, copy.reply, copy.why_not, stop.at_ms"
    " FROM copy LEFT JOIN stop ON stop.tag = copy.tag"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRecord:
    """A copy's row apart from its hits."""

    id: int
    conversation_id: int
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


def _copy_record(id_: int, conversation_id: int, *values: Any) -> CopyRecord:
    address, name, role, shared, links, state, prepared_at_ms, state_at_ms, reply, why_not, stopped_at_ms = values
    return CopyRecord(
        id=id_,
        conversation_id=conversation_id,
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


def stored_hits(connection: sqlite3.Connection, copy_id: int) -> tuple[StoredHit, ...]:
    """Return a copy's hits, oldest first."""
    return tuple(_stored_hit(row) for row in connection.execute(_HITS, (copy_id,)))


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
    change = Change()
    for copy_id in dict.fromkeys(copy_ids):
        (record,) = copy_records(connection, "copy.id = ?", (copy_id,))
        notices = _settle_copy(connection, record, (fresh or {}).get(copy_id, frozenset()), window_s)
        change |= Change(
            conversations=frozenset({record.conversation_id}), copies=frozenset({copy_id}), notices=notices
        )
    for conversation_id in change.conversations:
        refresh_card(connection, conversation_id)
    return change


def _settle_copy(
    connection: sqlite3.Connection, record: CopyRecord, fresh: frozenset[bytes], window_s: float | None
) -> tuple[Notice, ...]:
    stored = stored_hits(connection, record.id)
    context = _context(connection, record, window_s)
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
    _keep_status(connection, record.id, copy_status(record.facts, judged))
    _forget_told(connection, record.id, judged)
    return _notices(connection, record, [new for old, new in pairs if new.hit.id in fresh or new in altered])


def _context(connection: sqlite3.Connection, record: CopyRecord, window_s: float | None) -> HitContext:
    was_sent = record.facts.state in (CopyState.SENT, CopyState.UNCERTAIN)
    chosen = settings.read(connection, settings.WINDOW, DEFAULT_WINDOW_S) if window_s is None else window_s
    return HitContext(
        sent_at=record.facts.state_at if was_sent else None,
        known=True,
        link_count=record.link_count,
        own_sources=frozenset(mark for (mark,) in connection.execute("SELECT mark FROM own_source")),
        own_agents=frozenset(settings.read(connection, settings.OWN_AGENTS, list[str]())),
        window_s=float(chosen),
    )


def _keep_status(connection: sqlite3.Connection, copy_id: int, status: CopyStatus) -> None:
    connection.execute(
        "UPDATE copy SET rung = ?, asides = ? WHERE id = ?", (status.rung, to_json(status.asides), copy_id)
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
    connection.executemany(
        "INSERT OR IGNORE INTO told (copy_id, sign) VALUES (?, ?)",
        [(notice.copy_id, notice.sign) for notice in notices if notice.sign is not None],
    )


def refresh_card(connection: sqlite3.Connection, conversation_id: int) -> None:
    """Bring a conversation's card in step with its copies: names, rung, asides, time of the newest sign."""
    rows = connection.execute(_CARD, {"conversation": conversation_id, "minute": MINUTE_MS}).fetchall()
    standings = [(Rung(row[2]), tuple(Aside(each) for each in from_json(row[3]))) for row in rows]
    names = tuple(dict.fromkeys(row[0] or row[1] for row in rows))
    (subject,) = connection.execute("SELECT subject FROM conversation WHERE id = ?", (conversation_id,)).fetchone()
    found_by = " ".join(dict.fromkeys((subject, *names, *(row[1] for row in rows))))
    connection.execute(
        "UPDATE conversation SET names = ?, search = ?, rung = ?, asides = ?, copies = ?, at_ms = max(at_ms, ?)"
        " WHERE id = ?",
        (
            to_json(names),
            found_by.casefold(),
            conversation_rung(rung for rung, _ in standings),
            to_json(conversation_asides(standings)),
            len(rows),
            max((row[4] for row in rows), default=0),
            conversation_id,
        ),
    )
