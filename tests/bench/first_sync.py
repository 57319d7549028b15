"""How long a first sync takes, and how much memory: `python tests/bench/first_sync.py [COUNT]`; needs root and Dovecot.

A maildir of COUNT mails (100,000) behind Debian's Dovecot, over TLS; a process of its own reads it into a fresh store.
Then one new mail: from the server's notice, and from its delivery, until the store has it; and how long quitting takes.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from desktop.accounts.clients import Clients
from desktop.accounts.credentials import Credentials
from desktop.accounts.vault import SessionVault, account_secret
from desktop.incoming.mailbox import Mailbox
from desktop.incoming.state import Link, SyncState
from desktop.incoming.sync import MailSync
from desktop.store.accounts import AccountRow, Security, save_account
from desktop.store.database import Store
from tests.real.provider import Provider, address_of, password_of
from tests.real.provider_config import MAIL_UID

COUNT = 100_000
SENT_SHARE = 10  # one mail in ten is the user's own


def say(line: str, end: str = "\n") -> None:
    """Say a line at once."""
    sys.stdout.write(f"{line}{end}")
    sys.stdout.flush()


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
    received = (
        "Received: from mx.people.example by mail.example.test with ESMTPS id 4fXyZ; 1 Jun 2026 10:00:00 +0000\r\n"
    )
    return (
        f"{received * 3}From: {sender}\r\nTo: {to}\r\nSubject: Offer {number // SENT_SHARE} for the third quarter\r\n"
        f"Message-ID: <{kind}-{number}@example.test>\r\n{answers}"
        f"Date: {format_datetime(datetime.fromtimestamp(at_s, UTC))}\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nX-Mailer: bench\r\n\r\n"
        + "A line of the body of this mail, which nobody reads here.\r\n"
        * 20
    ).encode()


def start_mailboxes(root: Path, count: int) -> Provider:
    """Return a provider whose alice has `count` mails."""
    provider = Provider(root)
    home = root / "home/alice"
    own = count // SENT_SHARE
    fill(home / "Maildir", count - own, own=False, now=datetime.now(UTC))
    fill(home / "Maildir/.Sent", own, own=True, now=datetime.now(UTC))
    subprocess.run(["chown", "-R", f"{MAIL_UID}:{MAIL_UID}", str(home)], check=True)
    provider.start()
    return provider


class Watched:
    """A sync whose waits are watched: when the server's notice came, and when mail was stored."""

    def __init__(self, root: Path, port: int) -> None:
        """Prepare a store below `root`."""
        self.synced, self.noticed_s = threading.Event(), 0.0
        self.store = Store(root / f"readback-{os.getpid()}.sqlite", clock=lambda: datetime.now(UTC))
        self._idle = Mailbox.idle
        setattr(Mailbox, "idle", lambda mailbox, *words: self._watched(mailbox, *words))  # noqa: B010, PLW0108 - a method
        account = AccountRow(
            id=1,
            label="",
            host="localhost",
            port=1,
            security=Security.TLS,
            user=address_of("alice"),
            identities=(),
            ca_file=str(root / "tls/ca.pem"),
            imap_host="localhost",
            imap_port=port,
        )
        save_account(self.store, account)
        vault = SessionVault()
        vault.put(account_secret(1), password_of("alice"))
        clock = self.store.clock
        self.sync = MailSync(
            account,
            store=self.store,
            credentials=Credentials(vault, clock=clock, clients=Clients(self.store, vault, environment={})),
            clock=clock,
            own_addresses=frozenset({address_of("alice")}),
            on_state=self._told,
        )

    def _told(self, state: SyncState) -> None:
        if state.link is Link.WATCHING:
            self.synced.set()
        elif state.trouble is not None:
            say(state.trouble.sentence)

    def _watched(self, mailbox: Mailbox, *words: Any) -> None:
        self._idle(mailbox, *words)
        self.noticed_s = time.perf_counter()

    def count(self) -> int:
        """Return how many mails are stored."""
        with self.store.read() as connection:
            found = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("message", "arrival")]
        return sum(int(each) for (each,) in found)


def measure(root: Path, port: int, count: int) -> None:
    """Read the whole mailbox, then ten new mails, then quit; print the figures of this process."""
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun_s = time.perf_counter()
    watched = Watched(root, port)
    watched.sync.start()
    assert watched.synced.wait(1800)
    took_s, cpu_s = time.perf_counter() - begun_s, time.process_time()
    after_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert watched.count() == count, watched.count()
    say(f"first sync of {count} mails: {took_s:.1f} s ({cpu_s:.1f} s of processor), {after_mb:.0f} MB", end=" ")
    say(f"(before it {before_mb:.0f} MB)")
    delivered, noticed = [], []
    for number in range(1, 11):
        path = root / "home/alice/Maildir/tmp" / f"{int(time.time())}.M{count + number}P2.bench"
        path.write_bytes(mail("new", count + number, int(time.time())))
        os.chown(path, MAIL_UID, MAIL_UID)
        at_s = time.perf_counter()
        path.rename(path.parent.parent / "new" / path.name)
        while watched.count() < count + number:
            time.sleep(0.002)
        stored_s = time.perf_counter()
        delivered.append(stored_s - at_s)
        noticed.append(stored_s - watched.noticed_s)
    for name, seconds in (("its delivery", delivered), ("the server's notice", noticed)):
        middle_ms, most_ms = statistics.median(seconds) * 1000, max(seconds) * 1000
        say(f"one new mail, from {name}: median {middle_ms:.0f} ms, at most {most_ms:.0f} ms")
    begun_s = time.perf_counter()
    watched.sync.stop()
    say(f"quitting: {(time.perf_counter() - begun_s) * 1000:.1f} ms")
    watched.sync.wait_ended(5)
    watched.store.close()


def main() -> None:
    """Make a mailbox and measure in a process of its own."""
    if sys.argv[1:2] == ["--measure"]:
        measure(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory(prefix="readback-bench-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        provider = start_mailboxes(root, count)
        try:
            for index in ("without Dovecot's index", "with it"):
                say(f"{index}:")
                command = [sys.executable, __file__, "--measure", folder, str(provider.ports.imaps), str(count)]
                subprocess.run(command, check=True)
                count += 10
        finally:
            provider.stop()


if __name__ == "__main__":
    main()
