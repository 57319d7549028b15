"""Which conversation each mail stands in, brought in step after mail was added: within one transaction.

Not the new mail is put somewhere: all mail it could be connected with is read, core.thread groups it anew, and the
difference is written.  So two conversations become one when a link between them turns up, and no order matters.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from desktop.core.arrival import ArrivalKind
from desktop.core.thread import Came, Candidate, Group, Loose, Sent, followed, groups, name_key
from desktop.store.columns import from_json, to_json

_CANDIDATES: Final = (
    "SELECT message.id, message.base, copy.address, message.at_ms, message.message_id"
    " FROM copy CROSS JOIN message ON message.id = copy.message_id"
    " WHERE copy.address IN (SELECT value FROM json_each(?))"
)
_SENT: Final = (
    "SELECT id, conversation_id, message_id, refs, at_ms FROM message"
    " WHERE conversation_id IN (SELECT value FROM json_each(?))"
)
_CAME: Final = "SELECT id, conversation_id, key, kind, refs, at_ms, loose, parties, follows FROM arrival WHERE "
_CAME_IN: Final = _CAME + "conversation_id IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants
_CAME_BY_ID: Final = _CAME + "id IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Conversations with other mail in them than before, and those that are no more."""

    touched: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()


def values(connection: sqlite3.Connection, sql: str, wanted: Iterable[Any], *more: Any) -> list[Any]:
    """Return the rows of a query whose first parameter is a set of values, handed over as JSON."""
    return connection.execute(sql, (to_json(list(wanted)), *more)).fetchall()


def aliases_of(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Return by each confirmed other address the addresses of that person."""
    found: dict[str, frozenset[str]] = {}
    rows = connection.execute(
        "SELECT arrival.from_address, copy.address FROM arrival JOIN copy ON copy.id = arrival.answer_copy_id"
        " WHERE arrival.answer_copy_id IS NOT NULL AND arrival.kind = 'mail'"
    )
    for address, person in rows:
        found[address] = found.get(address, frozenset()) | {person}
    return found


def known_as(aliases: Mapping[str, frozenset[str]], address: str) -> frozenset[str]:
    """Return the addresses a person may have been written to who uses this one."""
    return aliases.get(address, frozenset()) | {address}


def join(connection: sqlite3.Connection, *, messages: Collection[int], arrivals: Collection[int]) -> Joined:
    """Bring conversations in step with messages and arrivals that are new, or may belong elsewhere than they stand.

    A new message stands in a conversation of its own before, a new arrival in none.
    """
    near = _Neighbourhood(connection, aliases_of(connection))
    conversations = values(
        connection, "SELECT conversation_id FROM message WHERE id IN (SELECT value FROM json_each(?))", messages
    )
    near.grow({each for (each,) in conversations}, set(arrivals) | near.loose_arrivals_of(messages))
    return _regroup(connection, near, (frozenset(messages), frozenset(arrivals)))


def linked(connection: sqlite3.Connection, keys: Iterable[int]) -> set[int]:
    """Return those of the keys that lead to a conversation."""
    rows = values(connection, "SELECT key FROM named WHERE key IN (SELECT value FROM json_each(?))", keys)
    return {key for (key,) in rows}


@dataclass(slots=True)
class _Neighbourhood:
    """Everything that could be connected, read in growing circles."""

    connection: sqlite3.Connection
    aliases: Mapping[str, frozenset[str]]
    sent: dict[int, Sent] = field(default_factory=dict)
    came: dict[int, Came] = field(default_factory=dict)
    # Where messages and arrivals stand now, and when messages were sent.
    message_in: dict[int, int] = field(default_factory=dict)
    arrival_in: dict[int, int | None] = field(default_factory=dict)
    sent_at: dict[int, tuple[int, str]] = field(default_factory=dict)
    conversations: set[int] = field(default_factory=set)
    # What loose arrivals follow now, where that is not what is written.
    follows: dict[int, int | None] = field(default_factory=dict)

    def grow(self, conversations: set[int], arrivals: set[int]) -> None:
        while conversations or arrivals:
            self.conversations |= conversations
            keys = self._read_sent(conversations)
            found, led_to = self._read_came(conversations, arrivals)
            keys |= found
            rows = values(
                self.connection,
                "SELECT DISTINCT conversation_id FROM named WHERE key IN (SELECT value FROM json_each(?))",
                keys,
            )
            conversations = ({each for (each,) in rows} | led_to) - self.conversations
            arrivals = self._arrivals_by(keys) - self.came.keys()

    def _read_sent(self, conversations: set[int]) -> set[int]:
        rows = values(self.connection, _SENT, conversations)
        names: dict[int, set[int]] = {id_: set() for id_, *_ in rows}
        for id_, _, message_id, _, _ in rows:
            names[id_] |= {name_key(message_id)} if message_id else set()
        for id_, name in values(
            self.connection,
            "SELECT message_id, name FROM message_name WHERE message_id IN (SELECT value FROM json_each(?))",
            names,
        ):
            names[id_].add(name_key(name))
        keys: set[int] = set()
        for id_, conversation_id, message_id, refs, at_ms in rows:
            mentions = tuple(from_json(refs))
            self.sent[id_] = Sent(id=id_, own=frozenset(names[id_]), mentions=mentions)
            self.message_in[id_] = conversation_id
            self.sent_at[id_] = (at_ms, message_id)
            keys |= names[id_] | set(mentions)
        return keys

    def _read_came(self, conversations: set[int], arrivals: set[int]) -> tuple[set[int], set[int]]:
        """Read arrivals; return the keys they connect, and the conversations that their subjects lead to."""
        rows = values(self.connection, _CAME_IN, conversations) + values(self.connection, _CAME_BY_ID, arrivals)
        rows = [row for row in rows if row[0] not in self.came]
        chosen = self._choices([row for row in rows if row[6] is not None])
        self.follows |= {id_: chosen.get(id_) for id_, *_, before in rows if chosen.get(id_) != before}
        keys: set[int] = set()
        for id_, conversation_id, key, kind, refs, *_ in rows:
            mentions = tuple(from_json(refs))
            joining = kind == ArrivalKind.MAIL
            self.came[id_] = Came(id=id_, key=key, mentions=mentions, joining=joining, follows=chosen.get(id_))
            self.arrival_in[id_] = conversation_id
            keys |= {key, *mentions}
        led_to = values(
            self.connection,
            "SELECT DISTINCT conversation_id FROM message WHERE id IN (SELECT value FROM json_each(?))",
            chosen.values(),
        )
        return keys, {each for (each,) in led_to}

    def _arrivals_by(self, keys: set[int]) -> set[int]:
        by_own = "SELECT id FROM arrival WHERE key IN (SELECT value FROM json_each(?))"
        by_mention = "SELECT arrival_id FROM arrival_mention WHERE key IN (SELECT value FROM json_each(?))"
        return {each for sql in (by_own, by_mention) for (each,) in values(self.connection, sql, keys)}

    def _choices(self, rows: Iterable[Sequence[Any]]) -> dict[int, int]:
        """Return the message that each loose arrival follows, for those that follow one."""
        loose = {
            id_: Loose(
                subject=subject,
                parties=frozenset().union(*(known_as(self.aliases, each) for each in from_json(parties))),
                at_ms=at_ms,
                is_report=kind != ArrivalKind.MAIL,
            )
            for id_, _, _, kind, _, at_ms, subject, parties, _ in rows
        }
        by_address = self._candidates({address for each in loose.values() for address in each.parties})
        chosen = {
            id_: followed(each, [found for address in each.parties for found in by_address.get(address, ())])
            for id_, each in loose.items()
        }
        return {id_: found for id_, found in chosen.items() if found is not None}

    def _candidates(self, addresses: Iterable[str]) -> dict[str, list[Candidate]]:
        found: dict[str, list[Candidate]] = {}
        for id_, base, address, at_ms, name in values(self.connection, _CANDIDATES, addresses):
            found.setdefault(address, []).append(Candidate(id=id_, base=base, address=address, at_ms=at_ms, name=name))
        return found

    def loose_arrivals_of(self, messages: Collection[int]) -> set[int]:
        """Return the loose arrivals that might follow one of these messages."""
        rows = values(
            self.connection,
            "SELECT DISTINCT address FROM copy WHERE message_id IN (SELECT value FROM json_each(?))",
            messages,
        )
        people = {each for (each,) in rows}
        people |= {address for address, persons in self.aliases.items() if persons & people}
        found = values(
            self.connection,
            "SELECT arrival_id FROM loose_party WHERE address IN (SELECT value FROM json_each(?))",
            people,
        )
        return {each for (each,) in found}


def _regroup(
    connection: sqlite3.Connection, near: _Neighbourhood, seeds: tuple[frozenset[int], frozenset[int]]
) -> Joined:
    """Group what was read and write where it stands otherwise than it did."""
    found = sorted(
        groups(tuple(near.sent.values()), tuple(near.came.values())),
        key=lambda group: min(near.sent_at[each] for each in group.sent),
    )
    homes = _homes(connection, near, found)
    stays = {each: home for group, home in zip(found, homes, strict=True) for each in group.sent}
    comes: dict[int, int | None] = dict.fromkeys(near.came)
    comes |= {each: home for group, home in zip(found, homes, strict=True) for each in group.came}
    messages = {each: home for each, home in stays.items() if near.message_in[each] != home}
    arrivals = {each: home for each, home in comes.items() if near.arrival_in[each] != home}
    before = {near.message_in[each] for each in messages} | {near.arrival_in[each] for each in arrivals}
    after: set[int | None] = {stays[each] for each in (*messages, *seeds[0])}
    after |= {comes[each] for each in (*arrivals, *near.follows, *seeds[1])}
    for table, column in (("message", "id"), ("copy", "message_id")):
        connection.executemany(
            f"UPDATE {table} SET conversation_id = ? WHERE {column} = ?",  # noqa: S608 - constants
            [(home, each) for each, home in messages.items()],
        )
    connection.executemany(
        "UPDATE arrival SET conversation_id = ? WHERE id = ?", [(home, each) for each, home in arrivals.items()]
    )
    connection.executemany(
        "UPDATE arrival SET follows = ? WHERE id = ?", [(chosen, each) for each, chosen in near.follows.items()]
    )
    _keep_names(connection, near, {key: home for group, home in zip(found, homes, strict=True) for key in group.keys})
    gone = near.conversations - set(homes)
    for each in sorted(gone):
        heir = min(stays[message] for message, place in near.message_in.items() if place == each)
        _bury(connection, each, heir)
    return Joined(touched=frozenset(each for each in before | after if each is not None) - gone, gone=frozenset(gone))


def _homes(connection: sqlite3.Connection, near: _Neighbourhood, found: Sequence[Group]) -> list[int]:
    """Return each group's conversation: the oldest one its messages stood in, a new one where that is taken."""
    homes: list[int] = []
    for group in found:
        known = {near.message_in[each] for each in group.sent} - set(homes)
        homes.append(min(known) if known else open_conversation(connection))
    return homes


def open_conversation(connection: sqlite3.Connection) -> int:
    """Make a conversation with nothing in it yet; return its id."""
    return int(connection.execute("INSERT INTO conversation (subject, at_ms) VALUES ('', 0)").lastrowid or 0)


def _keep_names(connection: sqlite3.Connection, near: _Neighbourhood, homes: Mapping[int, int]) -> None:
    nodes = (*((*each.own, *each.mentions) for each in near.sent.values()),)
    nodes += (*((each.key, *each.mentions) for each in near.came.values()),)
    keys = {key for node in nodes for key in node}
    before = dict(
        values(connection, "SELECT key, conversation_id FROM named WHERE key IN (SELECT value FROM json_each(?))", keys)
    )
    connection.executemany(
        "INSERT OR REPLACE INTO named (key, conversation_id) VALUES (?, ?)",
        [(key, home) for key, home in homes.items() if before.get(key) != home],
    )
    connection.executemany("DELETE FROM named WHERE key = ?", [(key,) for key in before.keys() - homes.keys()])


def _bury(connection: sqlite3.Connection, gone: int, heir: int) -> None:
    """Take away a conversation whose mail stands elsewhere now; what the user said of it goes to its heir."""
    connection.execute(
        "INSERT INTO reminder (conversation_id, wait_days, snoozed_until_ms, done_at_ms, mended_at_ms)"
        " SELECT ?2, wait_days, snoozed_until_ms, done_at_ms, mended_at_ms FROM reminder WHERE conversation_id = ?1"
        " ON CONFLICT (conversation_id) DO UPDATE SET wait_days = coalesce(wait_days, excluded.wait_days),"
        " snoozed_until_ms = nullif(max(coalesce(snoozed_until_ms, 0), coalesce(excluded.snoozed_until_ms, 0)), 0),"
        " done_at_ms = nullif(max(coalesce(done_at_ms, 0), coalesce(excluded.done_at_ms, 0)), 0),"
        " mended_at_ms = nullif(max(coalesce(mended_at_ms, 0), coalesce(excluded.mended_at_ms, 0)), 0)",
        (gone, heir),
    )
    connection.execute("DELETE FROM reminder WHERE conversation_id = ?", (gone,))
    connection.execute("DELETE FROM named WHERE conversation_id = ?", (gone,))
    connection.execute("DELETE FROM conversation WHERE id = ?", (gone,))
