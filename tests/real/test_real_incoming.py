"""Incoming mail at Debian's Dovecot and Postfix: nothing is lost, nothing twice, and no flag is touched."""

import imaplib
import os
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from desktop.accounts.credentials import Password
from desktop.core.address import Mailbox
from desktop.core.status import Aside, Rung
from desktop.incoming.state import Link
from desktop.store import mail
from desktop.store.accounts import AccountRow, Security
from desktop.store.mail import CopyRow
from tests.incoming.syncing import Known, Syncing
from tests.real.provider import Provider, address_of, password_of
from tests.real.provider_config import GONE, MAIL_UID
from tests.real.waiting import until

USER = "dave"


def now() -> datetime:
    return datetime.now(UTC)


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
    )


def syncing_at(provider: Provider, path: Path) -> Syncing:
    credentials = Known(Password(user=address_of(USER), secret=password_of(USER)))
    own = frozenset({address_of(USER)})
    return Syncing(account(provider), path, credentials=credentials, clock=now, own=own)


@pytest.fixture
def box(provider: Provider) -> Iterator[Path]:
    """Empty the user's maildir, with everything that Dovecot knows of it."""
    home = provider.root / "home" / USER
    doveadm(provider, "kick", address_of(USER), check=False)
    shutil.rmtree(home, ignore_errors=True)
    for name in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (home / "Maildir" / name).mkdir(parents=True)
    subprocess.run(["chown", "-R", f"{MAIL_UID}:{MAIL_UID}", str(home)], check=True)
    yield home / "Maildir"
    doveadm(provider, "kick", address_of(USER), check=False)


def doveadm(provider: Provider, *words: str, check: bool = True) -> None:
    command = ["doveadm", "-c", str(provider.root / "dovecot/dovecot.conf"), *words]
    done = subprocess.run(command, check=False, capture_output=True, timeout=20)
    assert done.returncode == 0 or not check, done.stderr


def written(subject: str, *, sender: str, to: str, fields: str = "") -> bytes:
    """Return a mail whose Message-ID is <subject@example.test>."""
    return (
        f"From: {sender.capitalize()} <{address_of(sender)}>\r\nTo: {to}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@example.test>\r\nDate: {format_datetime(now())}\r\n{fields}\r\nWords.\r\n"
    ).encode()


def lay(folder: Path, number: int, octets: bytes) -> Path:
    """Lay a mail into a maildir by hand."""
    path = folder / "cur" / f"{int(time.time())}.M{number}P1.test:2,"
    path.write_bytes(octets)
    os.chown(path, MAIL_UID, MAIL_UID)
    return path


@contextmanager
def session(provider: Provider) -> Iterator[imaplib.IMAP4]:
    """Give another mail program's session, a phone's."""
    context = ssl.create_default_context(cafile=str(provider.certificates.ca_file))
    with imaplib.IMAP4_SSL("localhost", provider.ports.imaps, ssl_context=context, timeout=10) as imap:
        imap.login(address_of(USER), password_of(USER))
        yield imap


def phone_sends(provider: Provider, syncing: Syncing, subject: str, to: str) -> None:
    """File a mail in Sent as a phone does, and wait until it is known."""
    with session(provider) as imap:
        imap.append("Sent", "(\\Seen)", "", written(subject, sender=USER, to=to))
    syncing.sync.check_now()
    until(lambda: subject in syncing.names(), what="the sent mail")


def the_copy(syncing: Syncing) -> CopyRow:
    """Return the one copy of the one message of the newest conversation."""
    detail = mail.conversation(syncing.store, mail.cards(syncing.store)[0].id)
    assert detail is not None
    return detail.messages[0].copies[0]


def wait_copy(syncing: Syncing, wanted: Callable[[CopyRow], bool]) -> CopyRow:
    until(lambda: wanted(the_copy(syncing)), what="the copy's status")
    return the_copy(syncing)


def test_no_flag_is_touched(provider: Provider, box: Path, tmp_path: Path) -> None:
    """After a sync every mail is as unseen and as recent as it was, though headers and bodies were read."""
    fields = "Auto-Submitted: auto-replied\r\n"
    provider.submit(written("plain", sender="bob", to=address_of(USER)), sender="bob", recipients=(USER,))
    provider.submit(written("away", sender="bob", to=address_of(USER), fields=fields), sender="bob", recipients=(USER,))
    until(lambda: len(list((box / "new").iterdir())) == 2, what="two mails")
    with syncing_at(provider, tmp_path / "store.sqlite") as syncing:
        syncing.wait_synced()
        assert syncing.names() == ["away", "plain"]
    with session(provider) as imap:
        imap.select("INBOX", readonly=True)
        _, found = imap.fetch("1:*", "(FLAGS)")
        assert all(b"\\Recent" in each and b"\\Seen" not in each for each in found if isinstance(each, bytes))
        assert len(found) == 2


def test_a_new_mail_is_known_within_two_seconds(provider: Provider, box: Path, tmp_path: Path) -> None:
    """From handing it to Postfix until it is stored, a new mail takes less than two seconds under IDLE."""
    with syncing_at(provider, tmp_path / "store.sqlite") as syncing:
        syncing.wait_for(lambda state: state.link is Link.WATCHING)
        for number in range(5):
            subject = f"quick-{number}"
            begun_s = time.monotonic()
            provider.submit(written(subject, sender="bob", to=address_of(USER)), sender="bob", recipients=(USER,))
            until(lambda subject=subject: subject in syncing.names(), what=subject)  # type: ignore[misc]
            assert time.monotonic() - begun_s < 2


def test_kicked_connections_lose_nothing(
    provider: Provider, box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kicked again and again in mid-sync, and then while it watches, every mail is there once."""
    monkeypatch.setattr("desktop.incoming.reader._CHUNKS", (20, 10, 5, 1, 1, 1))
    for number in range(400):
        lay(box, number, written(f"in-{number}", sender="bob", to=address_of(USER)))
        lay(box / ".Sent", number, written(f"out-{number}", sender=USER, to=address_of("bob")))
    expected = sorted(f"{way}-{number}" for way in ("in", "out") for number in range(400))
    over = threading.Event()

    def kick() -> None:
        for _ in range(12):
            doveadm(provider, "kick", address_of(USER), check=False)
            over.wait(0.15)

    kicking = threading.Thread(target=kick)
    with syncing_at(provider, tmp_path / "store.sqlite") as syncing:
        kicking.start()
        until(lambda: syncing.names() == expected, what="all mails", within_s=60)
        over.set()
        kicking.join()
        assert any(state.link is Link.AWAY for state in syncing.states)
        assert syncing.sync.state.unreadable == 0
        provider.submit(written("after", sender="bob", to=address_of(USER)), sender="bob", recipients=(USER,))
        until(lambda: syncing.names() == ["after", *expected], what="the mail after the kicks")


def test_another_uidvalidity_loses_nothing(provider: Provider, box: Path, tmp_path: Path) -> None:
    """After Dovecot lost its index and gave all UIDs anew, old mail stays once and mail come meanwhile is there."""
    for number in range(50):
        lay(box, number, written(f"in-{number}", sender="bob", to=address_of(USER)))
    expected = sorted(f"in-{number}" for number in range(50))
    with syncing_at(provider, tmp_path / "store.sqlite") as syncing:
        syncing.wait_synced()
        before = syncing.row("INBOX")
        # UIDVALIDITY is the second of its making.
        until(lambda: int(time.time()) > before.uid_validity, what="another second")
        lay(box, 99, written("meanwhile", sender="bob", to=address_of(USER)))
        for path in box.glob("dovecot*"):
            path.unlink()
        doveadm(provider, "kick", address_of(USER))
        syncing.sync.check_now()
        until(lambda: syncing.names() == [*expected, "meanwhile"], what="the mail between")
        assert syncing.row("INBOX").uid_validity != before.uid_validity


def test_mail_expunged_in_mid_sync_is_no_hindrance(
    provider: Provider, box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What vanishes while it is being read is missed by nobody, and all that stays is there."""
    monkeypatch.setattr("desktop.incoming.reader._CHUNKS", (10, 10, 5, 1, 1, 1))
    for number in range(200):
        lay(box, number, written(f"in-{number}", sender="bob", to=address_of(USER)))
    with syncing_at(provider, tmp_path / "store.sqlite") as syncing:
        syncing.wait_for(lambda state: state.link is Link.SYNCING and state.done >= 20)
        doveadm(provider, "expunge", "-u", address_of(USER), "mailbox", "INBOX", "1:100")
        syncing.wait_synced()
        found = syncing.names()
        assert {f"in-{number}" for number in range(100, 200)} <= set(found)
        assert len(found) == len(set(found))


def test_mail_sent_from_a_phone_becomes_a_conversation_with_its_reply(
    provider: Provider, box: Path, tmp_path: Path
) -> None:
    """A mail filed in Sent by another program opens a conversation, and its reply is recorded and told."""
    with syncing_at(provider, tmp_path / "store.sqlite") as syncing:
        syncing.wait_synced()
        phone_sends(provider, syncing, "offer", address_of("bob"))
        assert the_copy(syncing).status.rung is Rung.SENT
        fields = "In-Reply-To: <offer@example.test>\r\nReferences: <offer@example.test>\r\n"
        reply = written("reply", sender="bob", to=address_of(USER), fields=fields)
        provider.submit(reply, sender="bob", recipients=(USER,))
        wait_copy(syncing, lambda copy: copy.status.rung is Rung.REPLIED)
        assert syncing.notices == ["replied"]
        assert len(mail.cards(syncing.store)) == 1


def test_postfix_tells_of_a_person_who_is_not_there(provider: Provider, box: Path, tmp_path: Path) -> None:
    """A real delivery report marks the one copy as not delivered, because there is no such person."""
    ghost = address_of(GONE)
    with syncing_at(provider, tmp_path / "store.sqlite") as syncing:
        syncing.wait_synced()
        phone_sends(provider, syncing, "lost", ghost)
        provider.submit(written("lost", sender=USER, to=ghost), sender=USER, recipients=(GONE,))
        copy = wait_copy(syncing, lambda copy: Aside.NOT_DELIVERED in copy.status.asides)
        assert (copy.address, copy.status.failure) == (ghost, "unknown_user")
        assert syncing.notices == ["not_delivered"]


def test_an_absence_told_by_sieve_is_away_until_its_day(provider: Provider, box: Path, tmp_path: Path) -> None:
    """A vacation answer by Dovecot's Sieve marks the copy as away, with the day of return that it states."""
    with syncing_at(provider, tmp_path / "store.sqlite") as syncing:
        syncing.wait_synced()
        phone_sends(provider, syncing, "question", address_of("carol"))
        back = datetime.now(UTC).replace(day=15, month=12)
        answer = vacation(provider, tmp_path, written("question", sender=USER, to=address_of("carol")), back)
        assert b"Auto-Submitted: auto-replied" in answer
        provider.submit(answer, sender="carol", recipients=(USER,))
        copy = wait_copy(syncing, lambda copy: Aside.AWAY in copy.status.asides)
        assert (copy.status.rung, copy.status.returns_on) == (Rung.SENT, back.date())


def vacation(provider: Provider, folder: Path, octets: bytes, back: datetime) -> bytes:
    """Return what Dovecot's delivery agent sends for carol, who is away, when it gets this mail."""
    ground = provider.root / "sieve"
    shutil.rmtree(ground, ignore_errors=True)
    ground.mkdir()
    answer, script, program = ground / "answer", ground / "away.sieve", ground / "sendmail"
    words = f"I am out of the office and will be back on {back.day} {back:%B} {back.year}."
    script.write_text(f'require "vacation";\nvacation :subject "Out of office" "{words}";\n')
    program.write_text(f"#!/bin/sh\ncat > {answer}\n")
    program.chmod(0o755)
    subprocess.run(["chown", "-R", f"{MAIL_UID}:{MAIL_UID}", str(ground)], check=True)
    options = {
        "mail_plugins": "sieve",
        "plugin/sieve": script,
        "submission_host": "",
        "sendmail_path": program,
        "postmaster_address": "p@x.test",
    }
    named = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    configuration = str(provider.root / "dovecot/dovecot.conf")
    command = ["/usr/lib/dovecot/dovecot-lda", "-c", configuration, "-d", address_of("carol"), "-f", address_of(USER)]
    done = subprocess.run([*command, *named], input=octets, check=False, capture_output=True, timeout=20)
    assert done.returncode == 0, (done.stderr, (provider.root / "log/dovecot.log").read_text()[-3000:])
    return answer.read_bytes()
