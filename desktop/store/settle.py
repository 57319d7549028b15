"""Judges a copy's hits anew and brings its cached rung, and its conversation's, in step: within one transaction.

Judging is core.classify's and the rung is core.status's; here they are only fed from rows and written back.  Hits whose
times were cut to the minute keep what the rules said and are no evidence for a burst, which needs milliseconds; what
the user says of them holds all the same.  What counts as told of a copy is what its hits bear out, rung or not: it
depends on their verdicts alone, so that a correction that is undone leaves no trace.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from desktop.core.agents import proxy_of_host
from desktop.core.circumstances import DEFAULT_WINDOW_S, HitContext
from desktop.core.classify import ruled_copy
from desktop.core.correction import Correction, corrected, deciding
from desktop.core.notice import Notice, Sign, earlier_signs, hit_notices, known_signs
from desktop.core.status import CopyState, CopyStatus, EvidenceKind, MailSign, copy_status
from desktop.core.verdict import Judgement
from desktop.store import settings
from desktop.store.cards import refresh_cards
from desktop.store.change import Change
from desktop.store.columns import DAY_MS, to_json, to_ms
from desktop.store.copies import (
    COPIES_BY_ID,
    CopyRecord,
    StoredHit,
    copy_records,
    names_of,
    read_correction,
    stored_hits,
    stored_signs,
)

_OF_HITS: Final = frozenset({Sign.OPEN, Sign.CLICK})
# What quotes the mail, and so shows its picture to the user: a person's word, perhaps a person's, a ticket's answer.
_QUOTING: Final = frozenset({EvidenceKind.REPLY, EvidenceKind.POSSIBLE_REPLY, EvidenceKind.AUTO_REPLY})
_TOLD: Final = "SELECT copy_id, sign FROM told WHERE copy_id IN (SELECT value FROM json_each(?))"
_CORRECTIONS: Final = (
    "SELECT id, hit_id, who, at_ms, kind, program, network, address FROM standing_correction ORDER BY id"
)


def settle_copies(
    connection: sqlite3.Connection,
    copy_ids: Iterable[int],
    *,
    fresh: Mapping[int, frozenset[bytes]] | None = None,
    window_s: float | None = None,
    notifies: bool = True,
) -> Change:
    """Judge the copies' hits anew and write verdicts, rungs and cards; `fresh` names each copy's new hits by id.

    What follows from the user's own word needs no notice.
    """
    wanted = list(dict.fromkeys(copy_ids))
    records = {each.id: each for each in copy_records(connection, COPIES_BY_ID, (to_json(wanted),))}
    hits, signs = stored_hits(connection, wanted), stored_signs(connection, wanted)
    circumstances = _circumstances(connection, window_s) if hits else None
    told = _told(connection, hits)
    notices: list[Notice] = []
    for copy_id in wanted:
        record, proven, stored = records[copy_id], signs.get(copy_id, []), hits.get(copy_id, [])
        if circumstances is not None and stored:
            before, stored = stored, _judged_anew(stored, circumstances.around(record, stored, proven))
            altered = _keep_judgements(connection, before, stored)
            news = _News(
                ids=(fresh or {}).get(copy_id, frozenset()) | altered,
                told=told.get(copy_id, frozenset()),
                known=known_signs(each.judged for each in stored) | earlier_signs(record.facts.earlier),
            )
            if notifies:
                notices += _notices(connection, record, stored, proven, news)
            _keep_known(connection, copy_id, news)
        judged = [each.judged for each in stored]
        _keep_status(connection, copy_id, copy_status(record.facts, judged, proven))
    conversations = frozenset(each.conversation_id for each in records.values())
    refresh_cards(connection, conversations)
    return Change(conversations=conversations, copies=frozenset(wanted), notices=tuple(notices))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Circumstances:
    """What judging needs to know and is the same for all copies; a correction is found by its hit or its network."""

    context: HitContext
    corrections: Mapping[bytes | str, Sequence[Correction]]

    def around(self, record: CopyRecord, stored: Sequence[StoredHit], signs: Sequence[MailSign]) -> HitContext:
        """Return what is known around one copy's hits."""
        was_sent = record.facts.state in (CopyState.SENT, CopyState.UNCERTAIN)
        keys = {key for each in stored for key in (each.judged.hit.id, str(each.judged.hit.network))}
        found = {one.id: one for key in keys & self.corrections.keys() for one in self.corrections[key]}
        return replace(
            self.context,
            sent_at=record.facts.state_at if was_sent else None,
            link_count=record.link_count,
            address=record.address,
            own_proxies=frozenset({proxy_of_host(record.handed_to)}) - {""},
            sent_clean_at_ms=record.sent_clean_at_ms,
            replied_at_ms=min((to_ms(each.at) for each in signs if each.kind in _QUOTING), default=None),
            corrections=tuple(found.values()),
        )


def _circumstances(connection: sqlite3.Connection, window_s: float | None) -> _Circumstances:
    chosen = settings.read(connection, settings.WINDOW, DEFAULT_WINDOW_S) if window_s is None else window_s
    own = connection.execute("SELECT mark, network, at_ms FROM own_source").fetchall()
    corrections: dict[bytes | str, list[Correction]] = {}
    for row in connection.execute(_CORRECTIONS):
        correction = read_correction(*row)
        corrections.setdefault(correction.hit_id, []).append(correction)
        if correction.shape is not None:
            corrections.setdefault(correction.shape.network, []).append(correction)
    context = HitContext(
        sent_at=None,
        known=True,
        own_sources=frozenset(mark for mark, _, _ in own),
        own_seen=frozenset((network, at_ms // DAY_MS) for _, network, at_ms in own if network),
        own_programs=frozenset(program for (program,) in connection.execute("SELECT program FROM own_program")),
        window_s=float(chosen),
    )
    return _Circumstances(context=context, corrections=corrections)


def _judged_anew(stored: Sequence[StoredHit], context: HitContext) -> list[StoredHit]:
    """Return the hits in their order as rules and corrections have them now."""
    exact = [each.judged.hit for each in stored if not each.is_aged]
    aged = [(each.judged.hit, each.ruled) for each in stored if each.is_aged]
    ruled = dict(zip((hit.id for hit in exact), ruled_copy(exact, context, aged), strict=True))
    return [_decided(each, ruled.get(each.judged.hit.id, each.ruled), context) for each in stored]


def _decided(stored: StoredHit, ruled: Judgement, context: HitContext) -> StoredHit:
    hit, said = stored.judged.hit, context.corrections
    correction = deciding(hit, ruled, context.address, said) if said else None
    judgement = ruled if correction is None else corrected(hit, ruled, context.address, said)
    judged = replace(stored.judged, judgement=judgement, correction=correction)
    return replace(stored, judged=judged, ruled=ruled)


def _keep_judgements(
    connection: sqlite3.Connection, before: Sequence[StoredHit], after: Sequence[StoredHit]
) -> frozenset[bytes]:
    """Write what altered; return the ids of the hits whose verdict did."""
    altered = [new for old, new in zip(before, after, strict=True) if old != new]
    connection.executemany(
        "UPDATE hit SET verdict = ?, rule = ?, confidence = ?, reason = ?, correction_id = ?, ruled = ? WHERE id = ?",
        [_judgement_columns(each) for each in altered],
    )
    return frozenset(
        new.judged.hit.id
        for old, new in zip(before, after, strict=True)
        if old.judged.judgement != new.judged.judgement
    )


def _judgement_columns(stored: StoredHit) -> tuple[Any, ...]:
    judgement, ruled, correction = stored.judged.judgement, stored.ruled, stored.judged.correction
    rules_say = to_json([ruled.verdict, ruled.rule, ruled.confidence, ruled.reason])
    return (
        judgement.verdict,
        judgement.rule,
        judgement.confidence,
        judgement.reason,
        None if correction is None else correction.id,
        None if correction is None else rules_say,
        stored.judged.hit.id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """Which hits of a copy are new or newly judged, what was told of it before, and what its hits bear out now."""

    ids: frozenset[bytes]
    told: frozenset[Sign]
    known: frozenset[Sign]

    @property
    def has_click_fallen(self) -> bool:
        """Whether a used link was told, and nothing bears it out any more."""
        return Sign.CLICK in self.told - self.known


def _notices(
    connection: sqlite3.Connection,
    record: CopyRecord,
    stored: Sequence[StoredHit],
    signs: Sequence[MailSign],
    news: _News,
) -> tuple[Notice, ...]:
    told = news.told & news.known
    telling = [each.judged for each in stored if each.judged.hit.id in news.ids]
    if news.has_click_fallen and Sign.OPEN in told and _is_silent(connection, record.id):
        told -= {Sign.OPEN}
        telling = [each.judged for each in stored]
    if not any(each.judgement.notifies for each in telling):
        return ()
    has_replied = any(each.kind is EvidenceKind.REPLY for each in signs)
    notices = hit_notices(names_of(connection, record), telling, told, has_replied=has_replied)
    if Sign.OPEN in news.known - told:
        _keep_silent(connection, record.id, is_silent=all(each.sign is not Sign.OPEN for each in notices))
    return notices


def _is_silent(connection: sqlite3.Connection, copy_id: int) -> bool:
    """Return whether a copy's opening never rang, for a used link or a reply had told more."""
    return connection.execute("SELECT 1 FROM silent_opening WHERE copy_id = ?", (copy_id,)).fetchone() is not None


def _keep_silent(connection: sqlite3.Connection, copy_id: int, *, is_silent: bool) -> None:
    if is_silent:
        connection.execute("INSERT OR IGNORE INTO silent_opening (copy_id) VALUES (?)", (copy_id,))
    else:
        connection.execute("DELETE FROM silent_opening WHERE copy_id = ?", (copy_id,))


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


def _told(connection: sqlite3.Connection, copy_ids: Iterable[int]) -> dict[int, frozenset[Sign]]:
    found: dict[int, frozenset[Sign]] = {}
    for copy_id, sign in connection.execute(_TOLD, (to_json(list(copy_ids)),)):
        found[copy_id] = found.get(copy_id, frozenset()) | {Sign(sign)}
    return found


def told_signs(connection: sqlite3.Connection, copy_id: int) -> frozenset[Sign]:
    """Return what the user was already told of a copy."""
    return _told(connection, [copy_id]).get(copy_id, frozenset())


def _keep_known(connection: sqlite3.Connection, copy_id: int, news: _News) -> None:
    fallen = (news.told & _OF_HITS) - news.known
    connection.executemany("DELETE FROM told WHERE copy_id = ? AND sign = ?", [(copy_id, sign) for sign in fallen])
    keep_signs_told(connection, [(copy_id, sign) for sign in news.known - news.told])


def keep_told(connection: sqlite3.Connection, notices: Iterable[Notice]) -> None:
    """Remember what the user is told, so that it is told once."""
    keep_signs_told(
        connection,
        [(each.copy_id, each.sign) for each in notices if each.copy_id is not None and each.sign is not None],
    )


def keep_signs_told(connection: sqlite3.Connection, signs: Iterable[tuple[int, Sign]]) -> None:
    """Remember that a sign of a copy is told, with another copy's where one notice speaks of several."""
    connection.executemany("INSERT OR IGNORE INTO told (copy_id, sign) VALUES (?, ?)", list(signs))
