"""What one line of the list shows of a conversation, written anew from its copies and arrivals.

The list is one indexed query over these columns; each writing transaction brings them in step.
"""

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from desktop.core.status import Aside, Rung, conversation_asides, conversation_rung, present_asides
from desktop.core.thread import subject_base
from desktop.store.columns import MINUTE_MS, from_json, to_json

# The newest sign is cut to the minute at once: a card that kept milliseconds would outlive those of the hit.
_CARD_COPIES = (
    "SELECT copy.conversation_id, coalesce(nullif(copy.name, ''), nullif(person.name, ''), copy.address),"
    " copy.address, copy.rung, copy.asides, copy.returns_on, max("
    " coalesce((SELECT max(at_ms) / :minute * :minute FROM hit"
    "  WHERE hit.copy_id = copy.id AND verdict IN ('person', 'image_proxy')), 0),"
    " coalesce((SELECT at_ms FROM stop WHERE stop.tag = copy.tag), 0),"
    " coalesce((SELECT at_ms FROM confirmation WHERE copy_id = copy.id), 0))"
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
