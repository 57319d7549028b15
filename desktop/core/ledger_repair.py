"""What of a broken ledger goes on in a new chain: every no, and no yes that may not have been one.

The rows before the break stand as they are.  Of those after it, refusals and questions are carried over, for they
protect; a yes is not, and whoever is named there begins anew.  Where a refusal may be among what is lost, so that
nobody can tell whose it was, no yes before the break stands either, and it may be that of anybody who was written to.
A row says so of each: they are neither told nor asked by itself from then on.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from desktop.core.address import known_as
from desktop.core.ledger import (
    REFUSALS,
    Break,
    Event,
    Flaw,
    LedgerDetail,
    LedgerHead,
    LedgerRow,
    is_detail_of,
    rightly_erased,
    row_hash,
    standing_of,
)
from desktop.core.permission import REFUSING, Method, Permission
from relay.wire.language import Language
from relay.wire.purpose import Purpose

# Rows before such a break can have been rewritten with hashes that fit: nothing shows how many.
_REWRITTEN: Final = frozenset({Flaw.UNLINKED, Flaw.GAP, Flaw.HEAD})
_Rows = list[tuple[LedgerRow, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A chain as it was found: its rows in order, their details, its head, the texts it has, and where it breaks."""

    rows: Sequence[LedgerRow]
    details: Mapping[int, LedgerDetail]
    head: LedgerHead | None
    wordings: Collection[bytes]
    at: Break


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A row of the new chain; `at` is when that was which it records, None where nothing tells reliably."""

    address: str
    event: Event
    generation: int
    at: datetime | None = None
    purposes: frozenset[Purpose] = frozenset()
    method: Method | None = None
    language: Language | None = None
    wording: bytes = b""
    evidence: str = ""


def carried(
    broken: Broken, stopped: Mapping[str, int], written_to: Collection[str] = frozenset()
) -> tuple[Carried, ...]:
    """Return what is appended to the rows before the break, person by person.

    `stopped` are the people one of whose tags was ever stopped, with the newest generation of those: stops are kept
    apart, and tell of a refusal whose row is lost.  `written_to` are all whom mail was ever for.
    """
    before, after = _by_person(broken)
    has_lost = _may_have_lost_a_no(broken)
    found: list[Carried] = []
    for address in sorted(before.keys() | after.keys() | stopped.keys() | frozenset(written_to if has_lost else ())):
        present = standing_of(address, before.get(address, []))
        rows = after.get(address, [])
        found += _of_person(present, rows, stopped.get(address, -1), has_lost=has_lost)
    return tuple(each if each.wording in broken.wordings else replace(each, wording=b"") for each in found)


def _by_person(broken: Broken) -> tuple[dict[str, _Rows], dict[str, _Rows]]:
    """Return each person's rows before the break and from it on, with their evidence."""
    before: dict[str, _Rows] = {}
    after: dict[str, _Rows] = {}
    for row in broken.rows:
        detail = broken.details.get(row.id)
        if detail is not None and detail.address:
            side = before if 0 < row.id < broken.at.where else after
            side.setdefault(known_as(detail.address), []).append((row, detail.evidence))
    return before, after


def seemed_granted(broken: Broken) -> frozenset[str]:
    """Return the people whose last word was a yes, as far as the broken rows can be believed."""
    last: dict[str, str] = {}
    for row in broken.rows:
        detail = broken.details.get(row.id)
        if detail is not None and row.event != Event.ASKED:
            last[known_as(detail.address)] = row.event
    return frozenset(address for address, event in last.items() if event == Event.GRANTED)


def _may_have_lost_a_no(broken: Broken) -> bool:
    ids = [row.id for row in broken.rows]
    if broken.at.why in _REWRITTEN or broken.head is None or ids != list(range(1, broken.head.rows + 1)):
        return True
    erased = rightly_erased(broken.rows, broken.details)
    return any(
        _may_be_anybodys_no(row, broken.details.get(row.id), is_erased=row.id in erased)
        for row in broken.rows[broken.at.where - 1 :]
    )


def _may_be_anybodys_no(row: LedgerRow, detail: LedgerDetail | None, *, is_erased: bool) -> bool:
    """Return whether a row may be a no of somebody whom its detail does not name reliably."""
    if is_detail_of(row, detail) if detail is not None else is_erased:
        return False
    return row.hash != row_hash(row) or row.event in set(REFUSALS)


def _of_person(present: Permission, rows: _Rows, stopped: int, *, has_lost: bool) -> list[Carried]:
    """Return a person's part: `present` is how they stood before the break, `rows` theirs from it on."""
    asked = [each for each in rows if each[0].event == Event.ASKED]
    refused = [each for each in rows if each[0].event in set(REFUSALS)]
    found = [_again(present, *asked[-1], least=0)] if asked else []
    if refused:
        return [*found, _again(present, *refused[-1], least=max(present.generation, stopped))]
    is_doubtful = has_lost or (bool(rows) and present.granted_at is not None) or len(asked) < len(rows)
    if is_doubtful and present.standing not in REFUSING:
        found.append(Carried(address=present.address, event=Event.CARRIED, generation=present.generation))
    is_known = present.standing in REFUSING and present.generation >= stopped
    if stopped >= present.generation and not is_known:
        found.append(Carried(address=present.address, event=Event.STOPPED, generation=stopped))
    return found


def _again(present: Permission, row: LedgerRow, evidence: str, *, least: int) -> Carried:
    """Return a row once more; of one that is altered only whose it is and what it records is taken."""
    if row.hash != row_hash(row):
        return Carried(address=present.address, event=Event(row.event), generation=max(least, present.generation))
    return Carried(
        address=present.address,
        event=Event(row.event),
        generation=max(least, row.generation),
        at=datetime.fromtimestamp(row.at_ms / 1000, UTC),
        purposes=frozenset(Purpose(each) for each in json.loads(row.purposes)),
        method=None if row.method is None else Method(row.method),
        language=None if row.language is None else Language(row.language),
        wording=row.wording,
        evidence=evidence,
    )
