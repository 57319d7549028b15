"""A plain SMTP client of the listener, which shows replies that a mail program would put in its own words."""

import smtplib

from tests.real.desktop import LISTENER_PASSWORD, Desktop

# The name that a client may sign in with instead of an identity's address.
USER = "readback"


def signed_in(desktop: Desktop) -> smtplib.SMTP:
    """Return a session that is past EHLO and AUTH; close it by leaving its `with` block."""
    client = smtplib.SMTP("127.0.0.1", desktop.port, timeout=30)
    client.ehlo_or_helo_if_needed()
    client.login(USER, LISTENER_PASSWORD)
    return client


def hand_in(client: smtplib.SMTP, message: bytes, *, sender: str, recipients: tuple[str, ...]) -> tuple[int, str]:
    """Send one mail and return the answer to its last command: the first refusal, or what came after the final dot."""
    code, text = client.mail(sender)
    for recipient in recipients:
        if code == 250:
            code, text = client.rcpt(recipient)
    if code == 250:
        code, text = client.data(message)
    else:
        client.rset()
    return code, text.decode("utf-8", "replace")
