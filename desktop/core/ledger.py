"""The append-only record of who consented to what: what each row's hash covers, and where a chain breaks.

A row's hash covers the hash before it and all its own fields, whom it concerns by a salted hash only.  So a person's
details can be erased and the chain still verifies: the row that says so names the rows whose details are gone.
Rows are kept as the file spells them, so that a damaged one can still be hashed, shown and set aside.

    detail hash = SHA-256(salt ‖ JSON [address, evidence])
    row hash    = SHA-256(JSON [1, id, event, purposes, generation, method, language, wording, at_ms, detail hash,
                  previous, whose]), octets in hex, purposes as their JSON text; JSON compact and in ASCII;
                  whose left out where there is none

`whose` is a random name that one person's rows share: it says of no row whose it is, and of an erased person only which
rows were theirs.  No key goes into any hash, so whoever may write the file can write a whole chain anew that holds.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from desktop.core.permission import Method, Permission, Standing
from relay.wire.language import Language
from relay.wire.purpose import Purpose

SALT_BYTES: Final = 32
# What the first row's `previous` is.
GENESIS: Final = bytes(32)
# How the evidence of a question, and of the answer to it, begins: with its link's token.
LINK: Final = "link "
_FORMAT: Final = 1
# One encoder for all: json.dumps makes one for each call, and every row of a chain is spelled twice.
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


class Event(StrEnum):
    """What a row records; ERASED names rows whose details are gone, CARRIED what a repair of the chain did."""

    ASKED = "asked"
    GRANTED = "granted"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    RETRACTED = "retracted"
    ERASED = "erased"
    CARRIED = "carried"


# A person's no, and where they stand after it.
REFUSALS: Final = {
    Event.DENIED: Standing.DENIED,
    Event.WITHDRAWN: Standing.WITHDRAWN,
    Event.STOPPED: Standing.STOPPED,
}


class Flaw(StrEnum):
    """Why a chain does not hold at a row."""

    ALTERED = "altered"
    UNLINKED = "unlinked"
    GAP = "gap"
    DETAIL_ALTERED = "detail_altered"
    DETAIL_GONE = "detail_gone"
    WORDING = "wording"
    HEAD = "head"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """A row as it is spelled in the file; `purposes` is JSON text, `wording` empty or the SHA-256 of a text."""

    id: int
    event: str
    purposes: str
    generation: int
    method: str | None
    language: str | None
    wording: bytes
    at_ms: int
    detail_hash: bytes
    previous: bytes
    hash: bytes
    whose: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDetail:
    """Whom a row concerns and how it is known; the address is empty where a row concerns the ledger itself."""

    address: str
    evidence: str
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHead:
    """How many rows a chain has, and the hash of the last."""

    rows: int = 0
    hash: bytes = GENESIS


BEGINNING: Final = LedgerHead()


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first row from which on the chain proves nothing, and why; it may be one past the last."""

    where: int
    why: Flaw


def detail_hash(salt: bytes, address: str, evidence: str) -> bytes:
    """Return what a row says of its detail."""
    return sha256(salt + _spelled([address, evidence])).digest()


def row_hash(row: LedgerRow) -> bytes:
    """Return the hash of a row's fields, the hash that it bears left out."""
    return sha256(
        _spelled(
            [
                _FORMAT,
                row.id,
                row.event,
                row.purposes,
                row.generation,
                row.method,
                row.language,
                row.wording.hex(),
                row.at_ms,
                row.detail_hash.hex(),
                row.previous.hex(),
                *([row.whose.hex()] if row.whose else []),
            ]
        )
    ).digest()


def _spelled(fields: list[object]) -> bytes:
    return _ENCODER.encode(fields).encode("ascii")


def is_intact(row: LedgerRow, detail: LedgerDetail) -> bool:
    """Return whether a row and its detail bear the hashes that they should, wherever they stand in the chain."""
    return row.hash == row_hash(row) and is_detail_of(row, detail)


def is_detail_of(row: LedgerRow, detail: LedgerDetail) -> bool:
    """Return whether a detail is the one that a row was written with."""
    return row.detail_hash == detail_hash(detail.salt, detail.address, detail.evidence)


def erased_rows(detail: LedgerDetail) -> frozenset[int]:
    """Return the rows whose details an ERASED row names."""
    return frozenset(json.loads(detail.evidence))


def spell_erased(rows: Iterable[int]) -> str:
    """Return the evidence of an ERASED row."""
    return json.dumps(sorted(rows), separators=(",", ":"))


def rightly_erased(rows: Sequence[LedgerRow], details: Mapping[int, LedgerDetail]) -> frozenset[int]:
    """Return the rows that a later one says were erased, which is intact and leaves no detail of the same person.

    Nobody is erased in part: of a row that names some of a person's rows alone nothing is taken to be erased.
    """
    whose = {row.id: row.whose for row in rows}
    # The first row of each person's that still has its detail.
    left: dict[bytes, int] = {}
    for row in rows:
        if row.whose and row.id in details:
            left.setdefault(row.whose, row.id)
    found: set[int] = set()
    for row in rows:
        detail = details.get(row.id)
        if row.event == Event.ERASED and detail is not None and is_intact(row, detail):
            named = {each for each in erased_rows(detail) if each < row.id}
            found |= {each for each in named if left.get(whose.get(each, b""), row.id) >= row.id}
    return frozenset(found)


def verify(
    rows: Iterable[LedgerRow],
    details: Mapping[int, LedgerDetail],
    head: LedgerHead | None,
    *,
    wordings: Collection[bytes] = (),
    since: LedgerHead = BEGINNING,
) -> Break | None:
    """Return where the rows after `since`, in order, cease to be one chain that ends in `head`; None where they do not.

    `wordings` are the hashes whose texts are there.  A detail may be gone where a later row, itself intact, says that
    it was erased, and that leaves none of the person's.
    """
    known = tuple(rows)
    reached, found = since, None
    for row in known:
        if found is None:
            found = _flaw(row, details.get(row.id), reached, wordings)
            reached = LedgerHead(rows=row.id, hash=row.hash)
    gone = {row.id for row in known if row.id not in details} - rightly_erased(known, details)
    if gone and (found is None or min(gone) < found.where):
        return Break(where=min(gone), why=Flaw.DETAIL_GONE)
    if found is None and head != reached:
        end = reached.rows if head is None else min(head.rows, reached.rows)
        return Break(where=end + 1, why=Flaw.HEAD)
    return found


def _flaw(
    row: LedgerRow, detail: LedgerDetail | None, reached: LedgerHead, wordings: Collection[bytes]
) -> Break | None:
    expected = reached.rows + 1
    if row.id != expected:
        return Break(where=expected, why=Flaw.GAP)
    if row.hash != row_hash(row):
        return Break(where=expected, why=Flaw.ALTERED)
    if row.previous != reached.hash:
        return Break(where=expected, why=Flaw.UNLINKED)
    if detail is not None and not is_detail_of(row, detail):
        return Break(where=expected, why=Flaw.DETAIL_ALTERED)
    if row.wording and row.wording not in wordings:
        return Break(where=expected, why=Flaw.WORDING)
    return None


def standing_of(address: str, rows: Iterable[tuple[LedgerRow, str]]) -> Permission:
    """Return where a person stands by their rows, oldest first, each with its evidence.

    A row taken back lets what stood before it stand again; a no ends all that stood, and a question alone changes
    neither a yes nor a no.  A question whose mail did not leave is taken back by a row that names the same link.
    """
    grants: list[tuple[LedgerRow, str]] = []
    asked: dict[str, int] = {}
    refusal, generation, is_uncertain = None, 0, False
    for row, evidence in rows:
        event = Event(row.event)
        if event is Event.ASKED:
            asked[evidence] = row.at_ms
            continue
        if event is Event.RETRACTED and evidence.startswith(LINK):
            asked.pop(evidence, None)
            continue
        generation = row.generation
        is_uncertain = event is Event.CARRIED
        if event is Event.GRANTED:
            grants.append((row, evidence))
        elif event is Event.RETRACTED:
            del grants[-1:]
        else:
            grants, refusal = [], REFUSALS.get(event, refusal)
    asked_at = _instant(max(asked.values())) if asked else None
    if grants:
        return _granted(address, *grants[-1], asked_at)
    standing = refusal or (Standing.UNKNOWN if asked_at is None else Standing.ASKED)
    return Permission(
        address=address, standing=standing, generation=generation, asked_at=asked_at, is_uncertain=is_uncertain
    )


def _granted(address: str, row: LedgerRow, evidence: str, asked_at: datetime | None) -> Permission:
    return Permission(
        address=address,
        standing=Standing.GRANTED,
        purposes=frozenset(Purpose(each) for each in json.loads(row.purposes)),
        generation=row.generation,
        method=None if row.method is None else Method(row.method),
        evidence=evidence,
        granted_at=_instant(row.at_ms),
        asked_at=asked_at,
        language=None if row.language is None else Language(row.language),
        wording=row.wording,
    )


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
