"""Copies that a recipient said to have read, by pressing the button of their own link's page.

Pressing is the person's word and needs no permission, so it counts for untracked copies too; who has stopped is let
alone all the same.  The first press stands, to the minute.
"""

import sqlite3

from desktop.core.notice import confirmation_notice
from desktop.store.change import Change
from desktop.store.columns import MINUTE_MS, from_ms
from desktop.store.copies import copy_records, names_of
from desktop.store.settle import keep_told, settle_copies, told_signs
from relay.wire.answer import Answer
from relay.wire.token import TokenType

_CONFIRMED = (
    "SELECT copy.id, stop.at_ms FROM token JOIN copy ON copy.id = token.copy_id LEFT JOIN stop ON stop.tag = ?1"
    " WHERE token.random_id = ?2 AND token.type = ?3"
)


def apply_confirmation(connection: sqlite3.Connection, answer: Answer) -> Change:
    """Let a copy stand on Confirmed and tell of it once; a press after the stop, or of no copy here, alters nothing."""
    row = connection.execute(_CONFIRMED, (answer.tag, answer.token_id, TokenType.CONFIRM)).fetchone()
    if row is None or (row[1] is not None and answer.at_ms >= row[1]):
        return Change()
    copy_id, at_ms = row[0], answer.at_ms // MINUTE_MS * MINUTE_MS
    cursor = connection.execute(
        "INSERT INTO confirmation (copy_id, at_ms) VALUES (?1, ?2)"
        " ON CONFLICT (copy_id) DO UPDATE SET at_ms = ?2 WHERE at_ms > ?2",
        (copy_id, at_ms),
    )
    if not cursor.rowcount:
        return Change()
    change = settle_copies(connection, [copy_id])
    (record,) = copy_records(connection, "copy.id = ?", (copy_id,))
    names, told = names_of(connection, record), told_signs(connection, copy_id)
    notice = confirmation_notice(names, at=from_ms(at_ms), told=told)
    if notice is None:
        return change
    keep_told(connection, [notice])
    return change | Change(notices=(notice,))


def forget_confirmations(connection: sqlite3.Connection, answer: Answer) -> Change:
    """Delete what the person whose tag an answer bears had pressed until they wished it deleted."""
    rows = connection.execute(
        "DELETE FROM confirmation WHERE at_ms <= ?1 AND copy_id IN (SELECT copy.id FROM copy"
        " WHERE copy.tag = ?2 OR copy.address IN (SELECT address FROM tag WHERE tag = ?2)) RETURNING copy_id",
        (answer.at_ms, answer.tag),
    ).fetchall()
    return settle_copies(connection, [copy_id for (copy_id,) in rows])
