"""Chains of ledger rows, written as the store writes them, and each way in which one can be damaged."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from desktop.core.ledger import (
    BEGINNING,
    SALT_BYTES,
    Event,
    LedgerDetail,
    LedgerHead,
    LedgerRow,
    detail_hash,
    row_hash,
)
from tests.fakes.samples import SENT_AT

AT_MS = round(SENT_AT.timestamp() * 1000)
WORDING = bytes(range(32))


@dataclass
class Chain:
    """A chain that grows row by row; its details can be taken away, and each row replaced."""

    rows: list[LedgerRow] = field(default_factory=list)
    details: dict[int, LedgerDetail] = field(default_factory=dict)
    head: LedgerHead = BEGINNING

    def add(self, event: str, address: str = "anna@becker.example", **others: object) -> int:
        """Append a row of the given fields; return its number."""
        number = self.head.rows + 1
        evidence = str(others.pop("evidence", "on the phone"))
        detail = LedgerDetail(address=address, evidence=evidence, salt=bytes([number]) * SALT_BYTES)
        fields = {
            "purposes": '["opens"]' if event in {Event.ASKED, Event.GRANTED} else "[]",
            "generation": 0,
            "method": None,
            "language": None,
            "wording": b"",
            "at_ms": AT_MS + number,
            **others,
        }
        row = LedgerRow(
            id=number,
            event=event,
            detail_hash=detail_hash(detail.salt, address, evidence),
            previous=self.head.hash,
            hash=b"",
            **fields,  # type: ignore[arg-type]
        )
        self.put(row, detail)
        return number

    def put(self, row: LedgerRow, detail: LedgerDetail) -> None:
        """Append a row with the hash that it should have."""
        row = replace(row, hash=row_hash(row))
        self.rows.append(row)
        self.details[row.id] = detail
        self.head = LedgerHead(rows=row.id, hash=row.hash)

    def alter(self, number: int, **fields: object) -> None:
        """Replace fields of a row, its hash left as it was."""
        self.rows[number - 1] = replace(self.rows[number - 1], **fields)  # type: ignore[arg-type]

    def alter_detail(self, number: int, **fields: object) -> None:
        """Replace fields of a row's detail."""
        self.details[number] = replace(self.details[number], **fields)  # type: ignore[arg-type]


def of_three() -> Chain:
    """Return a chain of three people, the first of whom was asked and agreed on her page."""
    chain = Chain()
    chain.add("asked", language="de", wording=WORDING, evidence="link 00")
    chain.add("granted", method="page", language="de", wording=WORDING, evidence="link 00, answer 01")
    chain.add("granted", "ben@becker.example", method="spoken")
    chain.add("stopped", "cleo@becker.example", evidence="")
    return chain


def pairs(chain: Chain) -> list[tuple[LedgerRow, str]]:
    """Return the rows, each with its evidence."""
    details: Mapping[int, LedgerDetail] = chain.details
    return [(row, details[row.id].evidence) for row in chain.rows]
