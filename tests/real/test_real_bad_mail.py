"""Mail as bad as mail gets, in a real Dovecot mailbox: all else is read, nothing is believed, and no text is more."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.real.desktop import Desktop, Door
from tests.real.ninety_days import working_day
from tests.real.provider import Provider, address_of
from tests.real.provider_config import MAIL_UID
from tests.real.waiting import until

pytestmark = pytest.mark.timeout(240)
NAME = "ivy"
HUGE = 30_000_000
# What a mail with a header of 30 MB may cost, at most, beyond what the process takes anyhow.
MORE_KIB = 60_000
HOSTILE = "<script>alert(1)</script><img src=http://x.example/p.gif><b>bold</b> \x1b[31mred\x1b[0m \u202egnp.exe"


def sent(subject: str, at: datetime | None = None) -> bytes:
    """Return a mail of ivy's to the person whose address is the subject's."""
    return (
        f"From: {address_of(NAME)}\r\nTo: {subject}@example.net\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@desk.example>\r\nDate: {format_datetime(at or datetime.now(UTC))}\r\n\r\nWords.\r\n"
    ).encode()


def reply(subject: str, *, before: bytes = b"", after: bytes = b"", at: str | None = None) -> bytes:
    """Return that person's reply, with further lines of header before and after those that matter."""
    date_line = at or format_datetime(datetime.now(UTC))
    return (
        before
        + f"From: {subject}@example.net\r\nTo: {address_of(NAME)}\r\nIn-Reply-To: <{subject}@desk.example>\r\n".encode()
        + f"Message-ID: <re-{subject}@example.net>\r\nDate: {date_line}\r\n".encode()
        + after
        + b"\r\nYes.\r\n"
    )


def report(subject: str, words: str, *, end: str = "\r\n--B--\r\n") -> bytes:
    """Return a report that a mail was not delivered, whose every text is `words`."""
    return (
        f"From: MAILER-DAEMON@example.net\r\nTo: {address_of(NAME)}\r\nSubject: {words}\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        f"--B\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html>{words}</html>\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example\r\n\r\n"
        f"Final-Recipient: rfc822; {subject}@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; 550 5.1.1 {words}\r\n"
        f"--B\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{subject}@desk.example>\r\n"
        f"Content-Type: text/html\r\nSubject: {subject}\r\n\r\n<html>{words}</html>{end}"
    ).encode()


def deep(levels: int) -> bytes:
    """Return a body of so many multiparts, one in another, none of which ends."""
    return b"".join(
        f'Content-Type: multipart/mixed; boundary="b{number}"\r\n\r\n--b{number}\r\n'.encode()
        for number in range(levels)
    )


JUNK = b"X-Junk: junk and more junk\r\n" * (HUGE // 28)
HUGE_HEADERS = {
    "huge-subject": reply("huge-subject", after=b"Subject: " + b"x" * HUGE + b"\r\n"),
    "huge-references": reply("huge-references", after=b"References:" + b" <a@b.example>\r\n" * (HUGE // 17)),
    "huge-others": reply("huge-others", after=JUNK),
}
BROKEN = {
    "no-boundary": reply("no-boundary", after=b"Content-Type: multipart/mixed\r\n"),
    "no-end": reply("no-end", after=b"MIME-Version: 1.0\r\n" + deep(1)),
    "too-deep": reply("too-deep", after=b"MIME-Version: 1.0\r\n" + deep(500)),
    "bad-words": reply("bad-words", after=b"Subject: =?utf-8?B?////?= =?x-none?Q?=ZZ?= \xff\xfe\xc3\r\n"),
    "bad-base64": reply("bad-base64", after=b"Content-Transfer-Encoding: base64\r\nAuto-Submitted: no\r\n"),
    "no-colon": reply("no-colon", after=b"this line has none\r\n  nor this\r\n: nothing\r\n"),
    "bad-type": reply("bad-type", after=b'Content-Type: ;;; "\\ =?= boundary\r\nContent-Type: text/\r\n'),
    "bad-date": reply("bad-date", at="Fri, 99 Foo -1 99:99:99 +9999"),
    "year-1970": reply("year-1970", at="Thu, 01 Jan 1970 00:00:00 +0000"),
    "year-2099": reply("year-2099", at="Thu, 31 Dec 2099 23:59:59 +0000"),
}
OTHERS = (b"", b"\r\n", b"\xff\xfe\x00\x01" * 100, b"From:\r\n\r\n", b"Subject: only\r\n" * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The desktop that read it all, and what it tells."""

    desktop: Desktop
    conversations: dict[str, dict[str, Any]]
    follow_ups: dict[str, dict[str, Any]]
    added_kib: int = 0
    today: date = field(default_factory=lambda: datetime.now(UTC).date())


@pytest.fixture(scope="module")
def world(provider: Provider, ground: Path, pictures: Path) -> Iterator[World]:
    """Send good mail, get bad mail back for it by LMTP, and let Readback read."""
    box = provider.maildir(NAME)
    replied = [*HUGE_HEADERS, *BROKEN]
    for subject in (*replied, "hostile", "cut-report", "untouched"):
        lay(box / ".Sent", subject, sent(subject))
    lay(box / ".Sent", "sent-in-1970", sent("sent-in-1970", datetime(1970, 1, 2, tzinfo=UTC)))
    lay(box / ".Sent", "sent-in-2099", sent("sent-in-2099", datetime(2099, 12, 31, tzinfo=UTC)))
    for number, octets in enumerate(OTHERS):
        lay(box, f"other{number}", octets)
    door = Door(sender=NAME, port=provider.ports.submission, login=NAME, reads_mail=True)
    running = Desktop(ground / "bad-mail", provider, [door])
    running.put_setting("followup.country", "")
    try:
        running.start("listen")
        running.wait_read()
        for octets in BROKEN.values():
            provider.deliver(octets, to=NAME)
        provider.deliver(report("hostile", HOSTILE), to=NAME)
        provider.deliver(report("cut-report", "x", end=""), to=NAME)
        until(lambda: shown(running)["cut-report"]["asides"].count("not_delivered"), what="the last of the small ones")
        small_kib = peak_kib(running.pid)
        for octets in HUGE_HEADERS.values():
            provider.deliver(octets, to=NAME)
        # Of this one Dovecot itself gives no field: they come after more header than it looks at.
        provider.deliver(reply("untouched", before=JUNK), to=NAME)
        provider.deliver(report("after-all", "x"), to=NAME)
        # Dovecot 2.3's process dies of the subject of 30 MB, several times until it is asked in another way.
        mails = len(OTHERS) + len(BROKEN) + len(HUGE_HEADERS) + 4
        until(lambda: running.read_to()["INBOX"] > mails, what="the rest", within_s=90)
        follow_ups = {each["subject"]: each for each in running.told("followups", "--all")["follow_ups"]}
        added_kib = peak_kib(running.pid) - small_kib
        (pictures / "bad-mail.txt").write_text(f"headers of 30 MB took {added_kib / 1024:.0f} MiB more\n", "utf-8")
        yield World(desktop=running, conversations=shown(running), follow_ups=follow_ups, added_kib=added_kib)
    finally:
        running.close()


def lay(folder: Path, name: str, octets: bytes) -> None:
    path = folder / "cur" / f"{int(datetime.now(UTC).timestamp())}.{name}.test:2,S"
    path.write_bytes(octets)
    os.chown(path, MAIL_UID, MAIL_UID)


def shown(desktop: Desktop) -> dict[str, dict[str, Any]]:
    """Return what `readback status` says of each conversation, by its subject; no subject has two."""
    told = desktop.told("status", "--limit", "1000")["conversations"]
    found = {each["subject"]: each for each in told}
    assert len(found) == len(told)
    return found


def peak_kib(pid: int) -> int:
    """Return the most memory that a process ever had."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("ascii"))
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("subject", [*HUGE_HEADERS, *BROKEN])
def test_a_broken_reply_is_a_reply_all_the_same(world: World, subject: str) -> None:
    """Whatever else is wrong with a reply, its mail is replied to and waits for nothing."""
    assert (world.conversations[subject]["rung"], world.conversations[subject]["waits"]) == ("replied", False)
    assert subject not in world.follow_ups


def test_what_nobody_answered_still_waits(world: World) -> None:
    """Among all that, the mail without a legible answer is as it was, and each mail sent has one conversation."""
    untouched = world.conversations["untouched"]
    assert (untouched["rung"], untouched["waits"]) == ("sent", True)
    assert world.follow_ups["untouched"]["kind"] == "no_answer"
    expected = {*HUGE_HEADERS, *BROKEN, "hostile", "cut-report", "untouched", "sent-in-1970", "sent-in-2099"}
    assert expected == set(world.conversations)


def test_a_header_of_30_mb_costs_little(world: World) -> None:
    """Four of them were read with a few MB more than their small neighbours."""
    assert world.added_kib < MORE_KIB


def test_a_report_that_breaks_off_is_a_report(world: World) -> None:
    """A report whose last part never ends still says that there is no such address."""
    (person,) = world.follow_ups["cut-report"]["people"]
    assert (person["failure"], world.follow_ups["cut-report"]["kind"]) == ("unknown_user", "not_delivered")


def test_a_hostile_report_is_a_report_and_its_words_are_letters(world: World) -> None:
    """It is told in words of our own; its markup stands in no list, and no terminal gets its control characters."""
    assert world.conversations["hostile"]["asides"].count("not_delivered") == 1
    assert world.follow_ups["hostile"]["reason"] == "Not delivered: no such address. Fix the address."
    for words in (["status", "--limit", "1000"], ["followups", "--all"]):
        printed = plain(world.desktop, *words)
        assert "hostile" in printed
        assert not set(printed) & {"\x1b", "\u202e", "\x00"}
        assert "<script>" not in printed
    with world.desktop.store.read() as connection:
        (kept,) = connection.execute("SELECT subject FROM arrival WHERE subject LIKE '%<script>%'").fetchone()
    assert not set(kept) & {"\x1b", "\u202e", "\x00"}


def plain(desktop: Desktop, *arguments: str) -> str:
    """Return what a command prints to a terminal."""
    environment = {**os.environ, "READBACK_HOME": str(desktop.home), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "desktop", *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, timeout=30).stdout.decode()


@pytest.mark.parametrize("subject", ["sent-in-2099", "sent-in-1970"])
def test_mail_sent_in_another_century_waits_from_the_day_it_was_filed(world: World, subject: str) -> None:
    """A mail of ours dated 2099 or 1970 counts from the day that the provider had it."""
    found = world.follow_ups[subject]
    assert (found["kind"], found["due"]) == ("no_answer", "next")
    assert found["due_on"] == working_day(world.today, 3).isoformat()
