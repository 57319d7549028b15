"""Every sample mail is what the table says, read whole; the table was written before the code read them."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from desktop.core.arrival import Arrival
from desktop.core.triage import asks_receipt, is_own_automatic, needs_body, read_arrival

DATA: Final = Path(__file__).parent.parent / "data"
RECEIVED_AT: Final = datetime(2026, 4, 29, 10, 0, tzinfo=UTC)


def rows() -> list[dict[str, str]]:
    with (DATA / "arrivals.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def sample(name: str) -> bytes:
    return (DATA / "arrivals" / name).read_bytes()


def summary(arrival: Arrival, name: str) -> dict[str, str]:
    """Return an arrival in the table's columns."""
    receipt = arrival.receipt
    way = "" if receipt is None else f"{receipt.answer} {'automatic' if receipt.is_automatic else 'manual'}"
    return {
        "mail": name,
        "kind": arrival.kind,
        "is_away": "1" if arrival.is_away else "",
        "returns_on": "" if arrival.returns_on is None else arrival.returns_on.isoformat(),
        "recipient": " ".join(report.recipient for report in arrival.deliveries),
        "action": " ".join(report.action for report in arrival.deliveries),
        "reason": " ".join(report.reason or "" for report in arrival.deliveries).strip(),
        "about": " ".join(arrival.about_ids),
        "answer": way,
    }


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["mail"])
def test_each_sample_is_what_the_table_says(row: dict[str, str]) -> None:
    """Kind, absence, day of return, recipients, reasons and the mail it is about are those of the table."""
    arrival = read_arrival(sample(row["mail"]), received_at=RECEIVED_AT)
    assert row == summary(arrival, row["mail"])
