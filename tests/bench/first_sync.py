"""How long a first sync takes, and how much memory: `python tests/bench/first_sync.py [COUNT]`; needs root and Dovecot.

A maildir of COUNT mails (100,000) behind Debian's Dovecot, over TLS; a process of its own reads it into a fresh store.
Then one new mail: from the server's notice, and from its delivery, until the store has it; and how long quitting takes.
"""

import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.real.provider import Provider
from tests.real.provider_config import MAIL_UID

COUNT = 100_000
SENT_SHARE = 10  # one mail in ten is the user's own


def fill(maildir: Path, count: int, *, own: bool, now: datetime) -> None:
    """Write `count` mails of the last eighty days, each with a Message-ID of its own."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    begun_s = int((now - timedelta(days=80)).timestamp())
    step_s = 80 * 86_400 / count
    kind = "out" if own else "in"
    for number in range(count):
        at_s = begun_s + int(number * step_s)
        path = maildir / "cur" / f"{at_s}.M{number}P1.bench:2,S"
        path.write_bytes(mail(kind, number, at_s))
        os.utime(path, (at_s, at_s))


def mail(kind: str, number: int, at_s: int) -> bytes:
    """Return one mail of the usual fields and lengths."""
    person = f"Person {number % 997} <person{number % 997}@people{number % 89}.example>"
    mine = "Alice <alice@example.test>"
    sender, to = (mine, person) if kind == "out" else (person, mine)
    parent = f"<out-{number // SENT_SHARE}@example.test>"
    answers = f"In-Reply-To: {parent}\r\nReferences: {parent}\r\n" if kind == "in" and number % 7 == 0 else ""
    received = "Received: from mx.people.example by mail.example.test with ESMTPS id 4fXyZ; Mon, 1 Jun 2026 10:00:00 +0000\r\n"
    return (
        f"{received * 3}From: {sender}\r\nTo: {to}\r\nSubject: Offer {number // SENT_SHARE} for the third quarter\r\n"
        f"Message-ID: <{kind}-{number}@example.test>\r\n{answers}"
        f"Date: {format_datetime(datetime.fromtimestamp(at_s, UTC))}\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nX-Mailer: bench\r\n\r\n"
        + "A line of the body of this mail, which nobody reads here.\r\n" * 20
    ).encode()


def main() -> None:
    """Run."""


if __name__ == "__main__":
    main()
