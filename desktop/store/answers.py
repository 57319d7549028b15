"""What recipients pressed, taken in: each answer once, and each where it belongs.

A choice on the consent page goes to the ledger, a wish to delete is carried out at once, a confirmation stands on its
copy.  An answer that names nothing known here, as after restoring an older backup, alters nothing.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from desktop.store.asks import apply_consent
from desktop.store.change import Change
from desktop.store.columns import to_ms
from desktop.store.confirms import apply_confirmation, forget_confirmations
from desktop.store.database import Store
from desktop.store.erase import apply_deletion
from relay.wire.answer import Answer, AnswerKind

# The relay keeps an answer for 365 days; a deletion, which it keeps for longer, alters nothing a second time.
REMEMBERED_FOR: Final = timedelta(days=400)


def record_answers(store: Store, answers: Sequence[Answer], *, now: datetime) -> Change:
    """Take in the answers not known yet, the oldest first, and say what to notify of; one transaction."""

    def work(connection: sqlite3.Connection) -> tuple[Change, None]:
        connection.execute("DELETE FROM answer WHERE at_ms < ?", (to_ms(now - REMEMBERED_FOR),))
        change = Change()
        for answer in sorted(answers, key=lambda each: each.at_ms):
            if _is_new(connection, answer, now):
                change |= _applied(connection, answer, now)
        return change, None

    return store.write(work)[0]


def _is_new(connection: sqlite3.Connection, answer: Answer, now: datetime) -> bool:
    cursor = connection.execute("INSERT OR IGNORE INTO answer (id, at_ms) VALUES (?, ?)", (answer.id, to_ms(now)))
    return cursor.rowcount > 0


def _applied(connection: sqlite3.Connection, answer: Answer, now: datetime) -> Change:
    match answer.kind:
        case AnswerKind.CONSENT:
            return apply_consent(connection, answer, now=now)
        case AnswerKind.CONFIRM:
            return apply_confirmation(connection, answer)
        case AnswerKind.DELETE:
            return forget_confirmations(connection, answer) | apply_deletion(connection, answer, now=now)
