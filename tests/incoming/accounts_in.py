"""Accounts, credentials and mails that the tests of incoming mail share."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from desktop.accounts.credentials import Bearer, Password
from desktop.core.address import Mailbox
from desktop.store.accounts import AccountRow, Security
from tests.fakes.imap_server import PASSWORD, USER, ImapServer
from tests.fakes.provider import Certificates

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
BEFORE = NOW - timedelta(days=10)
GOOD = Password(user=USER, secret=PASSWORD)
TOKEN = Bearer(user=USER, token="good token")
OWN = frozenset({USER})


def account_at(server: ImapServer, certificates: Certificates, *, history_days: int = 90) -> AccountRow:
    """Return an account whose incoming mail is at this server."""
    return AccountRow(
        id=1,
        label="Example",
        host="localhost",
        port=465,
        security=Security.TLS,
        user=USER,
        identities=(Mailbox("Alice", USER),),
        ca_file=str(certificates.ca_file),
        imap_host="localhost",
        imap_port=server.port,
        imap_security=Security.TLS if server.implicit else Security.STARTTLS,
        history_days=history_days,
    )


def mail(
    name: str,
    *,
    sender: str = "Bob <bob@people.example>",
    to: str = f"Alice <{USER}>",
    subject: str = "",
    date: datetime | None = BEFORE,
    fields: str = "",
    body: str = "Words.\r\n",
) -> bytes:
    """Return a mail with Message-ID <name@example.test> and subject “About name”; `fields` are more header lines."""
    when = f"Date: {format_datetime(date)}\r\n" if date is not None else ""
    return (
        f"Received: from somewhere\r\nFrom: {sender}\r\nTo: {to}\r\nSubject: {subject or f'About {name}'}\r\n"
        f"Message-ID: <{name}@example.test>\r\n{when}{fields}\r\n{body}"
    ).encode()


def sent(name: str, *, to: str = "Bob <bob@people.example>", fields: str = "", date: datetime = BEFORE) -> bytes:
    """Return a mail that the user sent."""
    return mail(name, sender=f"Alice <{USER}>", to=to, fields=fields, date=date)
