"""Every sample mail is what the table says, read whole; the table was written before the code read them."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from desktop.core.arrival import Arrival
from desktop.core.triage import asks_receipt, is_own_automatic, read_arrival, read_header

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


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Subject: Offer", False),
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: no", False),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", True),
        ("Content-Type: text/calendar; method=REPLY", True),
        ("Content-Class: urn:content-classes:calendarmessage", True),
        ("Content-Class: urn:content-classes:message", False),
        ("Subject: Out of office", False),
    ],
)
def test_what_our_own_programs_sent_is_told_by_its_header(header: str, expected: bool) -> None:
    """Automatic and calendar answers and receipts open no conversation; what we wrote does."""
    assert expected == is_own_automatic(f"{header}\r\n\r\n".encode())


def test_a_receipt_is_asked_for_with_an_address() -> None:
    """The field counts where it names somebody."""
    assert asks_receipt(b"Disposition-Notification-To: Sam <sam@s.example>\r\n\r\n")
    assert not asks_receipt(b"Disposition-Notification-To:\r\nTo: a@b.example\r\n\r\n")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Subject: Offer", False),
        ("Content-Type: multipart/report; boundary=b", True),
        ("Content-Type: message/delivery-status", True),
        ("Subject: Accepted: Demo", True),
        ("Content-Type: text/calendar; method=REPLY", False),
        ("Content-Type: text/calendar", True),
        ("Subject: Gelesen: Angebot", True),
        ("From: MAILER-DAEMON@x.example", True),
        ("From: postmaster@x.example\nSubject: Re: Offer", False),
        ("X-Failed-Recipients: b@c.example", True),
        ("X-MS-Exchange-Message-Is-Ndr: true", True),
        ("List-Unsubscribe: <https://a.example>", False),
    ],
)
def test_a_body_is_fetched_where_the_header_leaves_a_doubt(header: str, expected: bool) -> None:
    """Most mail is told by its header; reports, answers and weak signs are not."""
    assert expected == read_header(f"{header}\r\n\r\n".encode(), received_at=RECEIVED_AT)[1]


def test_a_senders_words_are_made_plain() -> None:
    """Control characters, marks that turn the text and broken names are left out of the facts."""
    sender = b"From: =?utf-8?q?A=00da=E2=80=AE?= <ada@firm.example>\r\n"
    raw = sender + b"Subject: =?utf-8?q?Of=07fer?=\r\nMessage-ID: <a\x01@b>\r\n\r\n"
    facts = read_arrival(raw, received_at=RECEIVED_AT).facts
    assert (facts.from_ and facts.from_.name, facts.subject, facts.message_id) == ("Ada", "Offer", "")


def test_an_empty_mail_is_mail() -> None:
    """Nothing at all, a body alone and a header cut in a field are read."""
    kinds = [read_arrival(raw, received_at=RECEIVED_AT).kind for raw in (b"", b"\r\nbody", b"Subject: x\r\nFro")]
    assert kinds == ["mail", "mail", "mail"]
