"""What incoming mail proves, brought in step after mail was added or a question answered: within one transaction.

core.signs decides for whole conversations; here it is fed from rows, and the difference is written.
"""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from desktop.core.address import normalised
from desktop.core.arrival import ArrivalKind
from desktop.core.errors import Malformed
from desktop.core.signs import Answer, Heard, Known, OurCopy, OurMessage, last_heard, mail_signs
from desktop.core.status import MailSign
from desktop.core.thread import name_key
from desktop.store.cards import refresh_cards
from desktop.store.change import Change
from desktop.store.columns import from_json, from_ms, to_ms
from desktop.store.copies import stored_signs
from desktop.store.joining import aliases_of, join, values
from desktop.store.reports import read_deliveries, read_receipt
from desktop.store.settle import settle_copies
from desktop.store.telling import mail_notices

_MESSAGES: Final = (
    "SELECT conversation_id, id, message_id FROM message WHERE conversation_id IN (SELECT value FROM json_each(?))"
)
_NAMES: Final = (
    "SELECT message_name.message_id, message_name.name FROM message JOIN message_name"
    " ON message_name.message_id = message.id WHERE conversation_id IN (SELECT value FROM json_each(?))"
)
_COPIES: Final = (
    "SELECT message_id, id, address FROM copy WHERE conversation_id IN (SELECT value FROM json_each(?)) ORDER BY id"
)
_HEARD: Final = (
    "SELECT conversation_id, id, kind, key, refs, from_address, at_ms, follows, is_away, returns_on, deliveries,"
    " receipt, answer, answer_copy_id FROM arrival WHERE conversation_id IN (SELECT value FROM json_each(?))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proven:
    copies: frozenset[int]
    new: tuple[tuple[int, MailSign], ...]


def bring_in_step(
    connection: sqlite3.Connection,
    *,
    messages: Collection[int] = (),
    arrivals: Collection[int] = (),
    opened: Collection[int] = (),
    notifies: bool = True,
) -> Change:
    """Join and weigh anew what these messages and arrivals concern; return what altered.

    `opened` are conversations made in this transaction, which nobody has seen yet.  What follows from the user's own
    word needs no notice.
    """
    joined = join(connection, messages=messages, arrivals=arrivals)
    touched = joined.touched
    proven = _prove(connection, touched)
    _forget_own(connection, messages)
    new_copies = values(
        connection, "SELECT id FROM copy WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY id", messages
    )
    concerned = [*(each for (each,) in new_copies), *sorted(proven.copies)]
    change = settle_copies(connection, concerned, notifies=notifies)
    refresh_cards(connection, touched - change.conversations)
    notices = sorted(mail_notices(connection, proven.new), key=lambda each: each.at) if notifies else []
    return change | Change(conversations=touched | (joined.gone - frozenset(opened)), notices=tuple(notices))


def _forget_own(connection: sqlite3.Connection, messages: Collection[int]) -> None:
    """Forget arrivals that turned out to be messages of ours, met in another folder or account before."""
    names = values(
        connection, "SELECT name FROM message_name WHERE message_id IN (SELECT value FROM json_each(?))", messages
    )
    keys = [name_key(name) for (name,) in names]
    found = values(connection, "SELECT id FROM arrival WHERE key IN (SELECT value FROM json_each(?))", keys)
    for table, column in (("arrival_mention", "arrival_id"), ("loose_party", "arrival_id"), ("arrival", "id")):
        connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", found)  # noqa: S608 - constants


def own_addresses(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the addresses that are the user's own, normalised: their accounts' identities and log-in names."""
    found = set()
    for user, identities in connection.execute("SELECT user, identities FROM account"):
        for address in (user, *(each for _, each in from_json(identities))):
            try:
                found.add(normalised(address))
            except Malformed:
                continue
    return frozenset(found)


def _prove(connection: sqlite3.Connection, conversations: Collection[int]) -> _Proven:
    """Write the signs of these conversations' copies anew; return the copies whose signs altered."""
    known = Known(aliases=aliases_of(connection), own=own_addresses(connection))
    messages = _messages(connection, conversations)
    heard = _heard(connection, conversations)
    wanted: dict[int, tuple[MailSign, ...]] = {}
    last: list[tuple[int, int]] = []
    for each in conversations:
        wanted |= mail_signs(messages.get(each, ()), heard.get(each, ()), known)
        at = last_heard(messages.get(each, ()), heard.get(each, ()), known)
        last.append((0 if at is None else to_ms(at), each))
    connection.executemany("UPDATE conversation SET last_reply_ms = ? WHERE id = ?", last)
    copies = [copy.id for each in messages.values() for message in each for copy in message.copies]
    stored = {copy_id: frozenset(signs) for copy_id, signs in stored_signs(connection, copies).items()}
    none = frozenset[MailSign]()
    gone = [(each, sign) for each in copies for sign in stored.get(each, none) - frozenset(wanted.get(each, ()))]
    new = [(each, sign) for each in copies for sign in wanted.get(each, ()) if sign not in stored.get(each, none)]
    connection.executemany(
        "DELETE FROM sign WHERE copy_id = ? AND arrival_id = ? AND kind = ?",
        [(each, sign.arrival_id, sign.kind) for each, sign in gone],
    )
    connection.executemany(
        "INSERT INTO sign (copy_id, arrival_id, kind, at_ms, detail, reason, returns_on) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                each,
                sign.arrival_id,
                sign.kind,
                to_ms(sign.at),
                sign.detail,
                sign.reason,
                None if sign.returns_on is None else sign.returns_on.isoformat(),
            )
            for each, sign in new
        ],
    )
    return _Proven(copies=frozenset(each for each, _ in (*gone, *new)), new=tuple(new))


def _messages(connection: sqlite3.Connection, conversations: Collection[int]) -> dict[int, list[OurMessage]]:
    names: dict[int, set[int]] = {}
    for message_id, name in values(connection, _NAMES, conversations):
        names.setdefault(message_id, set()).add(name_key(name))
    copies: dict[int, list[OurCopy]] = {}
    for message_id, copy_id, address in values(connection, _COPIES, conversations):
        copies.setdefault(message_id, []).append(OurCopy(id=copy_id, address=address))
    found: dict[int, list[OurMessage]] = {}
    for conversation_id, id_, name in values(connection, _MESSAGES, conversations):
        own = frozenset(names.get(id_, ())) | (frozenset({name_key(name)}) if name else frozenset())
        message = OurMessage(id=id_, own=own, copies=tuple(copies.get(id_, ())))
        found.setdefault(conversation_id, []).append(message)
    return found


def _heard(connection: sqlite3.Connection, conversations: Collection[int]) -> dict[int, list[Heard]]:
    found: dict[int, list[Heard]] = {}
    for conversation_id, *row in values(connection, _HEARD, conversations):
        found.setdefault(conversation_id, []).append(_heard_row(*row))
    return found


def _heard_row(id_: int, *columns: Any) -> Heard:
    kind, key, refs, sender, at_ms, follows, is_away, returns_on, deliveries, receipt, answer, copy_id = columns
    return Heard(
        id=id_,
        kind=ArrivalKind(kind),
        key=key,
        mentions=tuple(from_json(refs)),
        sender=sender,
        at=from_ms(at_ms),
        follows=follows,
        is_away=bool(is_away),
        returns_on=None if returns_on is None else date.fromisoformat(returns_on),
        deliveries=read_deliveries(deliveries),
        receipt=read_receipt(receipt),
        answer=None if answer is None else Answer(copy_id=copy_id),
    )
