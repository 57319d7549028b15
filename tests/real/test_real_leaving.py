"""Ending in the middle of the first reading of a real mailbox, with a server that answers or is frozen."""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desktop.store import mail
from tests.real.desktop import Desktop, Door
from tests.real.provider import Provider, address_of
from tests.real.provider_config import MAIL_UID
from tests.real.screen import Screen
from tests.real.waiting import until

pytestmark = pytest.mark.timeout(240)
NAME = "newcomer"
MAILS = 6_000
# A process has to be reaped and Python to come to its end; nothing of that waits for a server.
AT_ONCE_S = 2.0


@pytest.fixture(scope="module")
def full_box(provider: Provider) -> int:
    """Lay so many sent mails into a mailbox that reading them takes a while; return how many."""
    box = provider.maildir(NAME) / ".Sent/cur"
    for number in range(MAILS):
        path = box / f"{int(time.time())}.M{number}P9.test:2,S"
        path.write_bytes(
            f"From: {address_of(NAME)}\r\nTo: p{number}@example.net\r\nSubject: Long ago {number}\r\n"
            f"Message-ID: <long-ago-{number}@x.example>\r\nDate: {time.strftime('%d %b %Y %H:%M:%S')} +0000\r\n"
            "\r\nWords.\r\n".encode()
        )
        os.chown(path, MAIL_UID, MAIL_UID)
    return MAILS


@contextmanager
def desktop_of(provider: Provider, home: Path) -> Iterator[Desktop]:
    door = Door(sender=NAME, port=provider.ports.submission, login=NAME, reads_mail=True)
    running = Desktop(home, provider, [door])
    try:
        yield running
    finally:
        running.close()


def read_so_far(desktop: Desktop) -> int:
    """Return how many mails the desktop has stored."""
    with desktop.store.read() as connection:
        return int(connection.execute("SELECT count(*) FROM message").fetchone()[0])


def stop_in_mid_reading(desktop: Desktop) -> tuple[float, int]:
    """End it once it has read a part; return how long that took, and how much was read."""
    begun_s = time.monotonic()
    status = desktop.stop()
    took_s = time.monotonic() - begun_s
    assert status == 0, desktop.printed()
    return took_s, read_so_far(desktop)


@pytest.mark.parametrize("kind", ["window", "listen"])
def test_ending_in_mid_reading_is_at_once_and_loses_nothing(  # noqa: PLR0917 - fixtures are given by name
    provider: Provider, full_box: int, screen: Screen, tmp_path: Path, pictures: Path, kind: str
) -> None:
    """Asked to end while it reads, it ends within 2 s; begun again it reads on, and every mail is there once."""
    with desktop_of(provider, tmp_path / "home") as desktop:
        words = () if kind == "window" else ("listen",)
        desktop.start(*words, environment=screen.environment)
        until(lambda: read_so_far(desktop), what="the first mails")
        took_s, read = stop_in_mid_reading(desktop)
        (pictures / f"leaving-{kind}.txt").write_text(f"ended {took_s:.2f} s after being asked to, {read} mails read\n")
        assert 0 < read < full_box
        assert took_s < AT_ONCE_S
        desktop.start("listen")
        desktop.wait_read(within_s=60)
        assert read_so_far(desktop) == full_box
        assert len(mail.cards(desktop.store, limit=10 * MAILS)) == full_box


def test_ending_does_not_wait_for_a_server_that_hangs(provider: Provider, full_box: int, tmp_path: Path) -> None:
    """With Dovecot's process frozen in the middle of an answer, the desktop ends within 2 s all the same."""
    with desktop_of(provider, tmp_path / "home") as desktop:
        desktop.start("listen")
        until(lambda: read_so_far(desktop), what="the first mails")
        frozen = imap_processes(provider)
        assert frozen
        try:
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            took_s, read = stop_in_mid_reading(desktop)
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        assert 0 < read < full_box
        assert took_s < AT_ONCE_S


def imap_processes(provider: Provider) -> list[int]:
    """Return the numbers of Dovecot's processes that serve the mailbox."""
    listed = re.findall(r"\bimap\s+\(([0-9 ]+)\)", provider.doveadm("who", address_of(NAME)))
    return [int(pid) for pids in listed for pid in pids.split()]
