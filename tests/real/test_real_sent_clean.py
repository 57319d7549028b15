"""Keep my Sent folder clean at Debian's Dovecot: the message replaces its tracked copy, and all other mail stays."""

import hashlib
import imaplib
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop.accounts.credentials import Password
from desktop.core.address import Mailbox
from desktop.incoming.state import Link
from desktop.store import accounts
from desktop.store.accounts import AccountRow, Security
from desktop.store.database import Store
from tests.incoming.sent_cleaning import AT_ONCE, record, tracked, written
from tests.incoming.syncing import QUICK, Known, Syncing
from tests.real.provider import Provider, address_of, password_of
from tests.real.provider_config import MAIL_UID
from tests.real.waiting import until

USER = "dave"
ROOT = Path(__file__).parents[2]
FLAGS = ("\\Seen", "\\Flagged", "$label1")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Filed:
    """One mail as Dovecot holds it; `digest` is that of its octets."""

    flags: frozenset[str]
    received: str
    digest: str


def digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


class Box:
    """The user's Sent folder, as another mail program sees it."""

    def __init__(self, provider: Provider) -> None:
        """Sign in."""
        self._provider = provider
        self.open()

    def open(self) -> None:
        """Sign in."""
        provider = self._provider
        context = ssl.create_default_context(cafile=str(provider.certificates.ca_file))
        self._imap = imaplib.IMAP4_SSL("localhost", provider.ports.imaps, ssl_context=context, timeout=20)
        self._imap.login(address_of(USER), password_of(USER))

    def file(self, octets: bytes, *flags: str, when: str = "") -> None:
        """File a mail, as a provider files what was submitted."""
        status, said = self._imap.append("Sent", f"({' '.join(flags)})", when or '"21-Nov-2026 09:30:00 +0200"', octets)
        assert status == "OK", said

    def mails(self) -> dict[int, Filed]:
        """Return all mails by UID."""
        assert self._imap.select("Sent", readonly=True)[0] == "OK"
        _, parts = self._imap.uid("FETCH", "1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")
        found = {}
        for part in parts:
            if isinstance(part, tuple):
                head = part[0].decode()
                uid, flags, received = re.findall(r'UID (\d+) FLAGS \(([^)]*)\) INTERNALDATE "([^"]*)"', head)[0]
                kept = frozenset(flags.split()) - {"\\Recent"}
                found[int(uid)] = Filed(flags=kept, received=received, digest=digest(part[1]))
        return found

    def of(self, octets: bytes) -> list[Filed]:
        """Return the mails with exactly these octets."""
        return [each for each in self.mails().values() if each.digest == digest(octets)]

    def shutdown(self) -> None:
        """Close a connection that was ended."""
        self._imap.shutdown()

    def close(self) -> None:
        """Log out."""
        self._imap.logout()


def account(provider: Provider) -> AccountRow:
    return AccountRow(
        id=1,
        label=USER,
        host="localhost",
        port=provider.ports.submission,
        security=Security.STARTTLS,
        user=address_of(USER),
        identities=(Mailbox("Dave", address_of(USER)),),
        ca_file=str(provider.certificates.ca_file),
        imap_host="localhost",
        imap_port=provider.ports.imaps,
        keeps_sent_clean=True,
    )


def syncing_at(provider: Provider, path: Path, *, keeps: bool = True, clock: Callable[[], datetime] = now) -> Syncing:
    credentials = Known(Password(user=address_of(USER), secret=password_of(USER)))
    row = replace(account(provider), keeps_sent_clean=keeps)
    rhythm = replace(QUICK, look_s=0.2, clean=AT_ONCE)
    own = frozenset({address_of(USER)})
    return Syncing(row, path, credentials=credentials, clock=clock, own=own, rhythm=rhythm, starts=False)


def lay(provider: Provider, number: int, octets: bytes, flags: str) -> None:
    """Lay a mail into the maildir by hand."""
    path = provider.root / "home" / USER / f"Maildir/.Sent/cur/{number + 1_700_000_000}.M{number}P1.test:2,{flags}"
    path.write_bytes(octets)
    os.chown(path, MAIL_UID, MAIL_UID)


@pytest.fixture
def box(provider: Provider) -> Iterator[Box]:
    """Give an empty Sent folder."""
    provider.doveadm("kick", address_of(USER), check=False)
    shutil.rmtree(provider.root / "home" / USER, ignore_errors=True)
    provider.maildir(USER)
    opened = Box(provider)
    yield opened
    opened.close()
    provider.doveadm("kick", address_of(USER), check=False)


def own(name: str, *, attachment: bytes = b"QUJD") -> bytes:
    """Return a message of the user's."""
    return written(name, attachment=attachment).replace(b"alice@example.test", address_of(USER).encode(), 1)


def test_a_tracked_copy_gives_way_among_thousands(provider: Provider, box: Box, tmp_path: Path) -> None:
    """Of thousands of mails the tracked copy alone becomes the message, flags and date kept; none else is touched."""
    offer = own("offer", attachment=b"\r\n".join([b"QUJD" * 19] * 20_000))
    for number in range(3000):
        lay(provider, number, own(f"before-{number}"), "S" if number % 2 else "T")
    box.file(tracked(offer), *FLAGS)
    for number in range(50):
        box.file(own(f"after-{number}"), "\\Seen")
    before = box.mails()
    (uid, filed), *others = [(uid, each) for uid, each in before.items() if each.digest == digest(tracked(offer))]
    assert (others, len(before)) == ([], 3051)
    with syncing_at(provider, tmp_path / "store.sqlite") as syncing:
        record(syncing.store, offer, at=now() - timedelta(minutes=5))
        syncing.sync.start()
        syncing.wait_for(lambda state: state.sent_cleaned == 1, 120)
        after = box.mails()
        assert {key: after.get(key) for key in before if key != uid} == {
            key: each for key, each in before.items() if key != uid
        }
        assert [each for key, each in after.items() if key not in before] == [replace(filed, digest=digest(offer))]
        assert syncing.sync.state.sent_trouble is None


def test_with_the_switch_off_the_tracked_copy_stays(provider: Provider, box: Box, tmp_path: Path) -> None:
    """The twin: without the user's leave the folder is as it was after a sync, to the flag."""
    offer = own("offer")
    box.file(tracked(offer), *FLAGS)
    before = box.mails()
    with syncing_at(provider, tmp_path / "store.sqlite", keeps=False) as syncing:
        record(syncing.store, offer, at=now() - timedelta(minutes=5))
        syncing.sync.start()
        syncing.wait_synced()
        assert box.mails() == before


def test_killed_at_every_command_nothing_is_lost_or_doubled(provider: Provider, box: Box, tmp_path: Path) -> None:
    """A process killed before and after each command leaves each message there, and in the end once, and clean."""
    offers = [own(f"offer-{number}") for number in range(12)]
    laid = [tracked(offer, b"random id %02d" % number) for number, offer in enumerate(offers)]
    path = tmp_path / "store.sqlite"
    store = Store(path, clock=now)
    accounts.save_account(store, account(provider))
    for number, offer in enumerate(offers):
        box.file(own(f"other-{number}"), "\\Seen")
        box.file(laid[number], *FLAGS)
        record(store, offer, b"random id %02d" % number, at=now() - timedelta(minutes=5))
    store.close()
    before = box.mails()
    others = {uid: each for uid, each in before.items() if each.digest not in map(digest, laid)}
    doubled = 0
    for round_, (dies_at, is_sent) in enumerate([(at, sent) for at in range(1, 13) for sent in (False, True)]):
        with cleaning_process(provider, path, round_, dies_at, is_sent=is_sent) as process:
            assert process.wait(30) == -signal.SIGKILL, round_
        there = box.mails()
        assert {uid: there.get(uid) for uid in others} == others, round_
        digests = {each.digest for each in there.values()}
        pairs = [{digest(offer), digest(copy)} & digests for offer, copy in zip(offers, laid, strict=True)]
        assert all(pairs), round_
        doubled += sum(len(pair) == 2 for pair in pairs)
    assert doubled > 0
    with cleaning_process(provider, path, 24, 0, is_sent=False) as process:
        until(lambda: is_settled(box, offers), what="a clean folder", within_s=60)
        process.communicate(timeout=20)
        assert process.returncode == 0
    after = box.mails()
    assert {uid: after.get(uid) for uid in others} == others
    assert all(each.flags == frozenset(FLAGS) for uid, each in after.items() if uid not in others)
    assert {each.received for each in after.values()} == {each.received for each in before.values()}


def is_settled(box: Box, offers: list[bytes]) -> bool:
    """Return whether each message is there once, clean, with as many other mails and nothing else."""
    there = [each.digest for each in box.mails().values()]
    return len(there) == 2 * len(offers) and all(there.count(digest(offer)) == 1 for offer in offers)


def cleaning_process(
    provider: Provider, path: Path, round_: int, dies_at: int, *, is_sent: bool
) -> "subprocess.Popen[bytes]":
    """Start a process that cleans; each knows the clock three minutes further than the one before."""
    told = {"store": str(path), "password": password_of(USER), "ahead_minutes": 3 * round_}
    words = json.dumps(told | {"dies_at": dies_at, "is_sent": is_sent})
    return subprocess.Popen([sys.executable, "-m", "tests.real.sent_cleaner", words], cwd=ROOT, stdin=subprocess.PIPE)


def test_kicked_while_it_cleans_it_ends_clean(provider: Provider, box: Box, tmp_path: Path) -> None:
    """Connections that Dovecot ends again and again lose nothing; what was held is done when it is tried again."""
    offers = [own(f"offer-{number}", attachment=b"\r\n".join([b"QUJD" * 19] * 3000)) for number in range(40)]
    ahead = [timedelta(0)]
    with syncing_at(provider, tmp_path / "store.sqlite", clock=lambda: now() + ahead[0]) as syncing:
        for number, offer in enumerate(offers):
            box.file(own(f"other-{number}"), "\\Seen")
            box.file(tracked(offer, b"random id %02d" % number), *FLAGS)
            record(syncing.store, offer, b"random id %02d" % number, at=now() - timedelta(minutes=5))
        syncing.sync.start()

        def is_kicked_enough() -> bool:
            provider.doveadm("kick", address_of(USER), check=False)
            ahead[0] += timedelta(minutes=3)
            return syncing.sync.state.sent_cleaned >= 5

        until(is_kicked_enough, what="five cleaned between kicks", within_s=60)
        box.shutdown()
        box.open()
        until(lambda: is_settled(box, offers), what="a clean folder", within_s=60)
        assert any(state.link is Link.AWAY for state in syncing.states)


def test_two_desktops_at_once_end_with_one_message_each(provider: Provider, box: Box, tmp_path: Path) -> None:
    """Two desktops that know the same twenty messages and clean at the same time leave each of them once, and clean."""
    offers = [own(f"offer-{number}") for number in range(20)]
    for number, offer in enumerate(offers):
        box.file(tracked(offer, b"random id %02d" % number), *FLAGS)
    with (
        syncing_at(provider, tmp_path / "one.sqlite") as one,
        syncing_at(provider, tmp_path / "two.sqlite") as two,
    ):
        for syncing in (one, two):
            for number, offer in enumerate(offers):
                record(syncing.store, offer, b"random id %02d" % number, at=now() - timedelta(minutes=5))
        one.sync.start()
        two.sync.start()
        expected = sorted(digest(offer) for offer in offers)
        until(
            lambda: sorted(each.digest for each in box.mails().values()) == expected,
            what="each message once",
            within_s=60,
        )
        assert all(each.flags == frozenset(FLAGS) for each in box.mails().values())
