"""Nora's mails through the listener to people of the provider, and what reached them."""

import re
from datetime import timedelta
from email.utils import format_datetime
from typing import Final

from desktop.core.status import EvidenceKind
from desktop.store.mail import CopyRow
from tests.real.client import hand_in, signed_in
from tests.real.copies import Received, taken_apart
from tests.real.desktop import WINDOW_S, Desktop, now
from tests.real.provider import Provider, address_of
from tests.real.waiting import until

LINK: Final = "https://example.test/figures"
_TODAY: Final = now()


def letter(subject: str, *names: str, more: str = "") -> bytes:
    """Return a mail of nora's in text and HTML: a link, a line of its own where there is `more`, and a quote."""
    to = ", ".join(f"{name.capitalize()} <{address_of(name)}>" for name in names)
    head = (
        f"From: Nora <nora@example.test>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {format_datetime(_TODAY)}\r\n"
        f"Message-ID: <{subject.replace(' ', '-').lower()}@example.test>\r\nMIME-Version: 1.0\r\n"
    )
    text = (
        f"Dear reader,\r\n\r\nhere is what you asked me for: {LINK}\r\n\r\n{more}\r\n\r\nNora\r\n\r\n"
        "On Monday you wrote:\r\n> Could you please send me the figures?\r\n"
    )
    html = (
        "<html><body><p>Dear reader,</p>\r\n"
        f"<p>here is what you asked me for: <a href='{LINK}'>the figures</a>.</p>\r\n"
        f"<p>{more}</p>\r\n<p>Nora</p>\r\n<div class='moz-cite-prefix'>On Monday you wrote:<br></div>\r\n"
        "<blockquote type='cite'><p>Could you please send me the figures?</p></blockquote>\r\n</body></html>\r\n"
    )
    parts = "".join(
        f"--b\r\nContent-Type: text/{kind}; charset=UTF-8\r\n\r\n{body}\r\n"
        for kind, body in (("plain", text), ("html", html))
    )
    return f'{head}Content-Type: multipart/alternative; boundary="b"\r\n\r\n{parts}--b--\r\n'.encode()


def sent(desktop: Desktop, provider: Provider, message: bytes, *names: str) -> tuple[Received, ...]:
    """Send nora's mail through the listener, and return each recipient's copy once the window for it is past."""
    subject = re.findall(rb"^Subject: (.*)\r$", message, re.MULTILINE)[0].decode()
    with signed_in(desktop) as client:
        code, text = hand_in(client, message, sender=address_of("nora"), recipients=tuple(map(address_of, names)))
        assert code == 250, text
    desktop.wait_for_copies(subject, len(names))
    sent_at = now()
    copies = []
    for name in names:
        with provider.mailbox(name) as mailbox:
            copies.append(taken_apart(mailbox.wait_for(f"Subject: {subject}\r\n")[-1]))
    until(lambda: now() - sent_at > timedelta(seconds=WINDOW_S + 0.1), what="the window to pass")
    return tuple(copies)


def is_untouched(copy: Received, message: bytes) -> bool:
    """Return whether a copy is the mail as it was handed in."""
    head, _, body = message.partition(b"\r\n\r\n")
    return (copy.headers, copy.tracking, copy.body) == (head, b"", body)


def copy_of(desktop: Desktop, subject: str, name: str) -> CopyRow:
    """Return what the desktop knows of a person's copy."""
    return desktop.copies(subject)[address_of(name)]


def hits_of(desktop: Desktop, subject: str, name: str) -> int:
    """Return how many requests of a person's copy the desktop has."""
    evidence = copy_of(desktop, subject, name).status.evidence
    return len([line for line in evidence if line.kind is EvidenceKind.HIT])
