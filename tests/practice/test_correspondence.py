"""What recipients send: read by Python's own parser as any mail program would, and found in the user's INBOX."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest

from desktop.core.errors import Unreachable
from desktop.practice import cast
from desktop.practice.correspondence import Correspondence, day_of_return
from desktop.practice.mails import OFFER, SHELVES, compose
from desktop.practice.provider import HOST, Provider

NOW = datetime(2026, 5, 6, 9, 0, tzinfo=UTC)
SENT = compose(SHELVES, sent_at=NOW, message_id="s1@larsen-office.example")


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(user=cast.SENDER.address, refused=frozenset(), clock=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def correspondence(provider: Provider) -> Correspondence:
    return Correspondence(host=HOST, port=provider.entrance_port, clock=lambda: NOW)


def arrived(provider: Provider) -> EmailMessage:
    (mail,) = provider.inbox()
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(mail.raw)


def test_a_reply_names_and_quotes_what_it_answers(provider: Provider, correspondence: Correspondence) -> None:
    """It comes from the recipient, in their words, in the thread of the mail, and nothing calls it automatic."""
    message_id = correspondence.reply(SENT, cast.FRANCES)
    reply = arrived(provider)
    assert reply["Message-ID"] == f"<{message_id}>"
    assert reply["Return-Path"] == f"<{cast.FRANCES.address}>"
    assert (reply["In-Reply-To"], reply["References"]) == ("<s1@larsen-office.example>",) * 2
    assert reply["Subject"] == f"Re: {SHELVES.subject}"
    assert reply["From"].addresses[0].addr_spec == cast.FRANCES.address
    assert "Auto-Submitted" not in reply
    assert cast.FRANCES.writes in reply.get_content()
    assert "\n> calculated for 900 kg a bay." in reply.get_content()
    assert not provider.inbox()[0].is_seen


def test_a_reply_to_a_reply_keeps_the_thread(provider: Provider, correspondence: Correspondence) -> None:
    """What the mail referred to comes first, and no second "Re:" is put before the subject."""
    raw = SENT.replace(b"Subject: ", b"References: <s0@larsen-office.example>\r\nSubject: RE: ")
    correspondence.reply(raw, cast.TOMAS)
    reply = arrived(provider)
    assert reply["References"] == "<s0@larsen-office.example> <s1@larsen-office.example>"
    assert reply["Subject"] == f"RE: {SHELVES.subject}"
    assert reply["From"].addresses[0].display_name == cast.TOMAS.mailbox.name


def test_a_subject_outside_ascii_is_encoded(provider: Provider, correspondence: Correspondence) -> None:
    """The header stays ASCII, and reads as it should."""
    correspondence.reply(SENT.replace(b"Shelving", b"=?utf-8?q?B=C3=B6den?="), cast.FRANCES)
    assert arrived(provider)["Subject"] == "Re: Böden for the Rotterdam hall"
    assert provider.inbox()[0].raw.partition(b"\r\n\r\n")[0].isascii()


def test_an_out_of_office_says_it_is_automatic_and_when_it_ends(
    provider: Provider, correspondence: Correspondence
) -> None:
    """RFC 3834's field stands in it, its sender is empty, and the day of return is named with its weekday."""
    correspondence.go_away(SENT, cast.LENA, date(2026, 5, 18))
    answer = arrived(provider)
    assert (answer["Auto-Submitted"], answer["Return-Path"]) == ("auto-replied", "<>")
    assert answer["In-Reply-To"] == "<s1@larsen-office.example>"
    assert "will be back on Monday, 18 May 2026." in answer.get_content()


def test_a_bounce_is_a_report_on_one_recipient(provider: Provider, correspondence: Correspondence) -> None:
    """Its three parts are those of RFC 6522; the status is 5.1.1, and the header of the mail is returned."""
    raw = compose(OFFER, sent_at=NOW, message_id="o1@larsen-office.example")
    correspondence.bounce(raw, cast.MARA)
    report = arrived(provider)
    words, status, returned = list(report.iter_parts())
    assert (report.get_content_type(), report.get_param("report-type")) == ("multipart/report", "delivery-status")
    assert words.get_content_type() == "text/plain"
    server, recipient = (part for part in status.walk() if part is not status)
    assert server["Reporting-MTA"] == "dns; mx1.novak-interiors.example"
    assert recipient["Final-Recipient"] == f"rfc822; {cast.MARA.address}"
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.1.1")
    assert recipient["Diagnostic-Code"].startswith("smtp; 550 5.1.1 <")
    assert returned.get_content_type() == "text/rfc822-headers"
    assert re.search(r"^Message-ID: <o1@larsen-office.example>\r$", returned.get_content(), re.MULTILINE)
    assert (report["Return-Path"], report["From"].addresses[0].username) == ("<>", "MAILER-DAEMON")


def test_without_a_provider_nobody_writes(provider: Provider, correspondence: Correspondence) -> None:
    """A closed provider is a known failure."""
    provider.close()
    with pytest.raises(Unreachable):
        correspondence.reply(SENT, cast.FRANCES)


@pytest.mark.parametrize("day", [date(2026, 5, 4) + timedelta(days=n) for n in range(7)])
def test_whoever_goes_away_is_back_on_a_monday(day: date) -> None:
    """It is never the day itself, and no Monday lies between."""
    back_on = day_of_return(day)
    assert back_on.weekday() == 0
    assert timedelta(days=1) <= back_on - day <= timedelta(days=7)
