"""The recipients as senders: a reply, an out-of-office, a report that a mail could not be delivered.

Each is built from the copy that was delivered and handed to the user's provider by SMTP, as another server would.
"""

import secrets
import smtplib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from typing import Final

from desktop.core.address import Mailbox
from desktop.core.errors import Unreachable
from desktop.practice.cast import SENDER, Recipient
from desktop.practice.mails import spelled
from desktop.practice.reading import bodies_of, header_lines_of, headers_of, message_id_of

ANSWER_TIMEOUT_S: Final = 5.0
# What Postfix says of a mailbox that it does not have (RFC 3463 3.2: 5.1.1, bad destination mailbox address).
_UNKNOWN: Final = "550 5.1.1 <{}>: Recipient address rejected: User unknown in local recipient table"
# Names of days and months as mail programs set to English write them, whatever the locale here.
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Correspondence:
    """What recipients send; every method returns the Message-ID of it and raises Unreachable without a provider."""

    def __init__(self, *, host: str, port: int, clock: Callable[[], datetime]) -> None:
        """Know the provider's entrance for mail from elsewhere."""
        self._host, self._port = host, port
        self._clock = clock

    def reply(self, raw: bytes, recipient: Recipient) -> str:
        """Answer a copy as Thunderbird does: above a quote of its text, naming it and what it named."""
        about = dict(headers_of(raw))
        message_id = _new_id(recipient.address)
        named = " ".join(filter(None, [about.get("References", ""), f"<{message_id_of(raw)}>"]))
        asked_at = about.get("Date", "")
        quote = "\n".join(f"> {line}".rstrip() for line in bodies_of(raw).text.splitlines())
        header = [
            *self._header(recipient.mailbox, message_id, _answered(about.get("Subject", ""))),
            "User-Agent: Mozilla Thunderbird",
            f"References: {named}",
            f"In-Reply-To: <{message_id_of(raw)}>",
            "Content-Language: en-GB",
        ]
        text = (
            f"Hello {SENDER.name.split()[0]},\n\n{recipient.writes}\n\nBest regards\n{recipient.mailbox.name}\n\n"
            f"On {asked_at}, {SENDER.name} wrote:\n{quote}\n"
        )
        self._send(recipient.address, "\n".join([*header, *_PLAIN, "", text]))
        return message_id

    def go_away(self, raw: bytes, recipient: Recipient, back_on: date) -> str:
        """Answer a copy as Exchange does for somebody who is away: automatic, and it says so (RFC 3834 3, 5)."""
        message_id = _new_id(recipient.address)
        subject = dict(headers_of(raw)).get("Subject", "")
        header = [
            *self._header(recipient.mailbox, message_id, f"Automatic reply: {subject}"),
            f"In-Reply-To: <{message_id_of(raw)}>",
            f"References: <{message_id_of(raw)}>",
            "Auto-Submitted: auto-replied",
            "X-Auto-Response-Suppress: All",
        ]
        text = (
            f"Thank you for your message. I am out of the office and will be back on {spelled_day(back_on)}.\n"
            f"Your message is not forwarded.\n\n{recipient.mailbox.name}\n"
        )
        self._send("", "\n".join([*header, *_PLAIN, "", text]))
        return message_id

    def bounce(self, raw: bytes, recipient: Recipient) -> str:
        """Report as the recipient's mail server does that there is no such mailbox (RFC 3464, RFC 6522)."""
        server = f"mx1.{recipient.address.partition('@')[2]}"
        message_id = _new_id(server)
        boundary = f"{secrets.token_hex(8)}/{server}"
        now = format_datetime(self._clock())
        lines = [
            *self._header(Mailbox("Mail Delivery System", f"MAILER-DAEMON@{server}"), message_id, _UNDELIVERED),
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status;",
            f' boundary="{boundary}"',
            "",
            f"--{boundary}",
            "Content-Description: Notification",
            "Content-Type: text/plain; charset=us-ascii",
            "",
            f"This is the mail system at host {server}.",
            "",
            "I'm sorry to have to inform you that your message could not",
            "be delivered to one or more recipients. It's attached below.",
            "",
            f"<{recipient.address}>: {_UNKNOWN.format(recipient.address)}",
            "",
            f"--{boundary}",
            "Content-Description: Delivery report",
            "Content-Type: message/delivery-status",
            "",
            f"Reporting-MTA: dns; {server}",
            f"Arrival-Date: {now}",
            "",
            f"Final-Recipient: rfc822; {recipient.address}",
            f"Original-Recipient: rfc822;{recipient.address}",
            "Action: failed",
            "Status: 5.1.1",
            f"Diagnostic-Code: smtp; {_UNKNOWN.format(recipient.address)}",
            "",
            f"--{boundary}",
            "Content-Description: Undelivered Message Headers",
            "Content-Type: text/rfc822-headers",
            "",
            *header_lines_of(raw),
            "",
            f"--{boundary}--",
            "",
        ]
        self._send("", "\n".join(lines))
        return message_id

    def _header(self, author: Mailbox, message_id: str, subject: str) -> list[str]:
        return [
            f"Message-ID: <{message_id}>",
            f"Date: {format_datetime(self._clock())}",
            f"From: {spelled((author,))}",
            f"To: {spelled((SENDER,))}",
            f"Subject: {subject if subject.isascii() else Header(subject, 'utf-8').encode()}",
        ]

    def _send(self, sender: str, text: str) -> None:
        """Hand in a mail; an empty sender is the null reverse-path, at which nothing bounces back."""
        raw = text.replace("\n", "\r\n").encode()
        try:
            with smtplib.SMTP(self._host, self._port, timeout=ANSWER_TIMEOUT_S) as server:
                server.sendmail(sender, [SENDER.address], raw, ["BODY=8BITMIME"])
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(
                "The provider took no mail from a recipient.", "Start the practice round anew."
            ) from error


_UNDELIVERED: Final = "Undelivered Mail Returned to Sender"
_PLAIN: Final = (
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=UTF-8",
    "Content-Transfer-Encoding: 8bit",
)


def spelled_day(day: date) -> str:
    """Return a day as "Monday, 30 November 2026"."""
    return f"{_DAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def day_of_return(today: date) -> date:
    """Return the day a recipient who is away today is back on: the next Monday."""
    return today + timedelta(days=7 - today.weekday())


def _new_id(address: str) -> str:
    return f"{secrets.token_hex(12)}@{address.rpartition('@')[2]}"


def _answered(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"
