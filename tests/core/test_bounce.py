"""Delivery reports and bounces in words: recipients, reasons, and what stays for the user to confirm."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from desktop.core.arrival import Arrival, DeliveryAction, FailureReason
from desktop.core.deliveryreport import diagnostic_text, read_deliveries, reported_ids
from desktop.core.failure import failure_reason
from desktop.core.reportfields import typed_address
from desktop.core.skim import Leaf
from desktop.core.triage import read_arrival

ARRIVALS: Final = Path(__file__).parent.parent / "data" / "arrivals"
R = FailureReason


def arrived(raw: bytes) -> Arrival:
    return read_arrival(raw, received_at=datetime(2026, 4, 29, tzinfo=UTC))


@pytest.mark.parametrize(
    ("status", "diagnostic", "expected"),
    [
        ("5.1.1", "", R.UNKNOWN_USER),
        ("5.1.10", "", R.UNKNOWN_USER),
        ("5.1.0", "550 5.1.0 user unknown", R.UNKNOWN_USER),
        ("5.1.0", "550 5.1.0 sender rejected", R.POLICY),
        ("5.0.0", "550 No such user", R.UNKNOWN_USER),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", R.UNKNOWN_USER),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", R.UNKNOWN_USER),
        ("5.2.1", "", R.UNKNOWN_USER),
        ("4.2.2", "", R.FULL),
        ("5.0.0", "552 mailbox full", R.FULL),
        ("5.2.3", "", R.TOO_LARGE),
        ("", "552 message too large", R.TOO_LARGE),
        ("5.7.1", "blocked using bl.spamcop.net", R.BLOCKED),
        ("5.7.606", "Access denied, banned sending IP", R.BLOCKED),
        ("5.7.605", "Access denied", R.POLICY),
        ("5.7.1", "", R.POLICY),
        ("5.7.9", "not accepted for policy reasons", R.POLICY),
        ("5.1.2", "", R.NO_SUCH_HOST),
        ("5.0.0", "Host not found", R.NO_SUCH_HOST),
        ("4.4.7", "", R.GAVE_UP),
        ("4.4.1", "", R.GAVE_UP),
        ("5.0.0", "retry timeout exceeded", R.GAVE_UP),
        ("5.6.1", "", R.OTHER),
        ("", "", R.OTHER),
    ],
)
def test_a_reason_is_the_plain_code_or_the_words(status: str, diagnostic: str, expected: FailureReason) -> None:
    """Codes that all servers mean alike decide, then words, then the code's class."""
    assert expected == failure_reason(status, diagnostic)


def test_a_delay_has_given_up_nothing() -> None:
    """A delay keeps a reason that words name, and has none where a failure would have given up."""
    assert failure_reason("4.4.7", "connection timed out", is_final=False) is None
    assert failure_reason("4.2.2", "", is_final=False) is R.FULL


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("rfc822; Bo@Firm.example", "bo@firm.example"),
        ("rfc822;<bo@firm.example>", "bo@firm.example"),
        ("bo@firm.example", "bo@firm.example"),
        ("rfc822; bo+2Bx@firm.example", "bo+x@firm.example"),
        ("rfc822; bo+2026@firm.example", "bo+2026@firm.example"),
        (r"utf-8; b\x{F8}@firm.example", "bø@firm.example"),
        (r"utf-8; b\x{FFFFFF}@firm.example", "b@firm.example"),
        ("rfc822; not an address", ""),
        ("", ""),
    ],
)
def test_a_typed_address_is_read(value: str, expected: str) -> None:
    """Types, brackets and the spellings for seven bits are taken off; what is no address is empty."""
    assert expected == typed_address(value)


def deliveries(fields: str) -> list[tuple[str, str, str, str]]:
    leaf = Leaf(media_type="message/delivery-status", parameters={}, content=fields.encode())
    return [(found.recipient, found.original, found.action.value, found.status) for found in read_deliveries([leaf])]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; b@c.example\nAction: failed\nStatus: 5.1.1",
            [("b@c.example", "", "failed", "5.1.1")],
        ),
        (
            "Final-Recipient: rfc822; b@c.example\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.7.1 no",
            [("b@c.example", "", "failed", "5.7.1")],
        ),
        ("Final-Recipient: rfc822; b@c.example\nAction: odd\nStatus: 4.0.0", [("b@c.example", "", "delayed", "4.0.0")]),
        ("Final-Recipient: rfc822; b@c.example\nAction: odd\nStatus: 2.0.0", []),
        ("Final-Recipient: rfc822; b@c.example\nAction: RELAYED (to x)", [("b@c.example", "", "relayed", "")]),
        ("Original-Recipient: rfc822; a@c.example\nAction: expanded", [("a@c.example", "", "expanded", "")]),
        (
            (
                "Final-Recipient: x\nX-Actual-Recipient: rfc822; b@c.example\n"
                "Original-Recipient: a@c.example\nAction: failed"
            ),
            [("b@c.example", "a@c.example", "failed", "")],
        ),
        ("Action: failed\nStatus: 5.1.1", []),
        ("", []),
    ],
)
def test_each_group_is_read(fields: str, expected: list[tuple[str, str, str, str]]) -> None:
    """An action is what the field says; a status stands in for a failure or a delay only, never for a delivery."""
    assert expected == deliveries(fields)


def test_a_diagnostic_is_plain_text() -> None:
    """Types, repeated codes, control characters and marks that turn the text are left out; markup stays text."""
    assert (
        diagnostic_text("smtp; 550 5.1.1 no\n 550-5.1.1 <b>such</b>\x07\u202e user") == "550 5.1.1 no <b>such</b> user"
    )
    assert diagnostic_text("just words") == "just words"
    assert diagnostic_text("x" * 500)[-1] == "…"


HEAD: Final = "Return-Path: <>\nTo: sam@s.example\nFrom: {sender}\nSubject: {subject}\nIn-Reply-To: {about}\n\n{text}\n"


@pytest.mark.parametrize(
    ("sender", "subject", "about", "text", "expected"),
    [
        (
            "mailer-daemon@x.example",
            "failure notice",
            "<o@s>",
            "could not be delivered:\n\n<b@c.example>:\nno such user",
            "bounce",
        ),
        (
            "mailer-daemon@x.example",
            "failure notice",
            "",
            "could not be delivered:\n\n<b@c.example>:\nno such user",
            "suspected_bounce",
        ),
        ("mailer-daemon@x.example", "failure notice", "<o@s>", "could not be delivered", "suspected_bounce"),
        ("mailer-daemon@x.example", "failure notice", "<o@s>", "b@c.example\n", "suspected_bounce"),
        ("bo@x.example", "hello", "<o@s>", "could not be delivered to b@c.example", "suspected_bounce"),
        (
            "mailer-daemon@x.example",
            "hello",
            "<o@s>",
            "could not be delivered to b@c.example or d@c.example",
            "suspected_bounce",
        ),
        ("mailer-daemon@x.example", "hello", "<o@s>", "all is well", "mail"),
        (
            "bo@x.example",
            "Out of office",
            "<o@s>",
            "I am out of the office; mail could not be delivered to b@c.example",
            "auto_reply",
        ),
    ],
)
def test_a_bounce_in_words_is_safe_only_whole(sender: str, subject: str, about: str, text: str, expected: str) -> None:
    """With sender, failure, address or returned mail missing, the user is asked; without a failure it is none."""
    raw = HEAD.format(sender=sender, subject=subject, about=about, text=text)
    assert expected == arrived(raw.encode()).kind.value


def test_a_mail_from_a_person_about_a_bounce_is_mail() -> None:
    """The same words with a return path and a person's name are mail."""
    raw = HEAD.format(
        sender="bo@x.example", subject="failure notice", about="<o@s>", text="could not be delivered to b@c.example"
    )
    assert arrived(raw.replace("Return-Path: <>\n", "").encode()).kind.value == "mail"


def test_the_original_address_of_a_forward_is_kept() -> None:
    """A report about an alias names both the address it was sent to and the one that failed."""
    report = arrived((ARRIVALS / "dsn-dovecot-lmtp.eml").read_bytes()).deliveries[0]
    assert (
        report.recipient,
        report.original,
        report.action,
    ) == ("bo@firm.example", "info@firm.example", DeliveryAction.FAILED)


def test_a_report_on_spam_is_no_bounce() -> None:
    """Another report type is mail for many; a report that says no type is read as one on delivery."""
    kind = b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n"
    raw = b"From: a@b.example\n" + kind + b"\n--b\n\nx\n--b--\n"
    assert arrived(raw).kind.value == "bulk"
    assert arrived(raw.replace(b" report-type=feedback-report;", b"")).kind.value == "suspected_bounce"


def test_a_report_in_another_wrapping_is_believed_of_a_daemon_alone() -> None:
    """In multipart/mixed a daemon's report is a bounce, and a person's forward of it mail."""
    raw = (
        b"From: mailer-daemon@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        b"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; b@c.example\nAction: failed\n--b--\n"
    )
    assert arrived(raw).kind.value == "bounce"
    assert arrived(raw.replace(b"mailer-daemon", b"ada")).kind.value == "mail"


def test_a_diagnostic_in_words_has_an_end() -> None:
    """Of a long answer to one address the first lines are kept."""
    text = "could not be delivered:\n\n<b@c.example>:\n" + "line of words\n" * 40
    raw = HEAD.format(sender="mailer-daemon@x.example", subject="failure notice", about="<o@s>", text=text)
    assert arrived(raw.encode()).deliveries[0].diagnostic.count("line of words") == 11


def test_the_reports_own_fields_name_the_mail_too() -> None:
    """A Message-ID in the delivery status counts after that of the returned mail; one in another part does not."""
    status = b"Original-Message-ID: <c@d>\n\nFinal-Recipient: rfc822; b@c.example\nAction: failed\n"
    parts = [
        Leaf(media_type="text/plain", parameters={}, content=b"Original-Message-ID: <e@f>\n"),
        Leaf(media_type="message/delivery-status", parameters={}, content=status),
        Leaf(media_type="message/rfc822", parameters={}, content=b"Message-ID: <a@b>\n\nx"),
    ]
    assert reported_ids(parts) == ("<a@b>", "<c@d>")
