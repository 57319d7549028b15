"""Readback as its user runs it: a process of its own over a folder of its own, with a window or without.

The folder is filled beforehand with what the user would enter: accounts, a relay, who gave permission, and a window of
one second.  What the desktop knows is read from its store through a connection of the test's own.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from desktop.accounts import channel as channels
from desktop.accounts.vault import LISTENER_SECRET, FileVault, account_secret
from desktop.core.address import Mailbox
from desktop.core.keep import Keep
from desktop.core.permission import SEEING, Method, Permission, Standing
from desktop.core.report import Report
from desktop.places import Places
from desktop.store import figures, mail, people, settings
from desktop.store.accounts import AccountRow, Security, accounts, save_account
from desktop.store.database import Store
from desktop.store.folders import folders
from desktop.store.mail import CopyRow
from desktop.tracking.held import Held, held
from desktop.tracking.register import register
from tests.real.provider import Provider, address_of, password_of
from tests.real.provider_config import DOMAIN
from tests.real.waiting import end, free_ports, until, until_listening

LISTENER_PASSWORD: Final = "the-listeners-own-password"
WINDOW_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One account of the desktop: the sender's local part, and the provider's port it hands mail to.

    It signs in as `login`, and reads that mailbox where `reads_mail`.  Where `asks` the user answered the first-run
    step as it is proposed: people are asked once they have answered, and mails may bear a "got it" link.
    """

    sender: str
    port: int
    security: Security = Security.STARTTLS
    login: str = "alice"
    reads_mail: bool = False
    asks: bool = False


def account_row(provider: Provider, door: Door) -> AccountRow:
    """Return a new account at one of the provider's doors."""
    return AccountRow(
        id=0,
        label=door.sender,
        host="localhost",
        port=door.port,
        security=door.security,
        user=address_of(door.login),
        identities=(Mailbox(door.sender.capitalize(), f"{door.sender}@{DOMAIN}"),),
        ca_file=str(provider.certificates.ca_file),
        imap_host="localhost" if door.reads_mail else "",
        imap_port=provider.ports.imaps,
        adds_confirm=door.asks,
        is_policy_chosen=door.asks,
    )


def now() -> datetime:
    """Return the time, aware UTC."""
    return datetime.now(UTC)


class Desktop:
    """A prepared folder and, once started, the process that works on it."""

    def __init__(self, home: Path, provider: Provider, doors: Sequence[Door]) -> None:
        """Fill the folder `home`: one account for each door, with its password."""
        (self.port,) = free_ports(1)
        self.home = home
        self._places = Places.in_folder(home)
        self._process: subprocess.Popen[bytes] | None = None
        self.store = Store(self._places.store, clock=now)
        self._vault = FileVault(self._places.secrets)
        self._vault.put(LISTENER_SECRET, LISTENER_PASSWORD)
        settings.put(self.store, "secrets.keep", Keep.FILE.value)
        settings.put(self.store, "listener.port", self.port)
        settings.put(self.store, settings.WINDOW, WINDOW_S)
        settings.put(self.store, "theme", "light")
        for door in doors:
            self._add_account(provider, door)

    def _add_account(self, provider: Provider, door: Door) -> None:
        _, account_id = save_account(self.store, account_row(provider, door))
        self._vault.put(account_secret(account_id), password_of(door.login))

    def connect_relay(self, url: str) -> None:
        """Register a channel at the relay, as the settings do; before the start."""
        channels.save(self._vault, register(url, None))

    def held(self) -> Held:
        """Return what the relay holds for this desktop at this moment."""
        channel = channels.load(self._vault)
        assert channel is not None
        return held(channel)

    def put_setting(self, key: str, value: Any) -> None:
        """Choose a setting, while nothing runs."""
        settings.put(self.store, key, value)

    def permit(self, name: str) -> None:
        """Record that a person agreed to both purposes; before the start."""
        people.record_grant(
            self.store,
            address=address_of(name),
            name=name.capitalize(),
            purposes=SEEING,
            method=Method.SPOKEN,
            evidence="said so on the telephone",
            at=now(),
        )

    def start(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        """Run `readback` with `arguments`; return when the listener takes mail."""
        log = self.home / "process.log"
        variables = {**(environment or os.environ), "READBACK_HOME": str(self.home)}
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "desktop", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=variables,
            )
        until_listening("127.0.0.1", self.port, process=self._process, log=str(log))

    def copies(self, subject: str) -> dict[str, CopyRow]:
        """Return what the desktop knows of each recipient's copy of the mail with `subject`, by address."""
        cards = [card for card in mail.cards(self.store) if card.subject == subject]
        details = [mail.conversation(self.store, card.id) for card in cards]
        return {
            copy.address: copy
            for detail in details
            if detail is not None
            for message in detail.messages
            for copy in message.copies
        }

    def copy_store(self, path: Path) -> None:
        """Write the store as it is at this moment to a file, as a backup does; it may be at work."""
        with closing(sqlite3.connect(self._places.store)) as source, closing(sqlite3.connect(path)) as target:
            source.backup(target)

    def put_back(self, path: Path) -> None:
        """Make such a file the store again, while nothing runs."""
        self.store.close()
        for part in self.home.glob(f"{self._places.store.name}*"):
            part.unlink()
        shutil.copy(path, self._places.store)
        self.store = Store(self._places.store, clock=now)

    def wait_for_copies(self, subject: str, count: int) -> dict[str, CopyRow]:
        """Return the copies of that mail once there are `count`."""

        def found() -> dict[str, CopyRow] | None:
            copies = self.copies(subject)
            return copies if len(copies) == count else None

        return until(found, what=f"{count} copies of “{subject}” in the store")

    def rates(self) -> Report:
        """Return the figures of all that was sent in these days."""
        return figures.report_between(self.store, now() - timedelta(days=1), now() + timedelta(days=1))

    def logs(self) -> tuple[Path, ...]:
        """Return the process's log files and the file with what it printed."""
        return (*self.home.glob("*.log*"), self._places.journal)

    def ran(self, *arguments: str) -> str:
        """Run `readback` with `arguments` beside whatever runs, and return what it printed; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "desktop", *arguments],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "READBACK_HOME": str(self.home)},
            check=True,
            capture_output=True,
            timeout=30,
        )
        return done.stdout.decode("utf-8")

    def told(self, *arguments: str) -> Any:
        """Do the same with --json, and return what was told."""
        return json.loads(self.ran(*arguments, "--json"))

    def wait_standing(self, name: str, standing: Standing) -> Permission:
        """Return what a person permits, once they stand so."""
        address = address_of(name)
        until(lambda: people.permission_of(self.store, address).standing is standing, what=f"{name} as {standing}")
        return people.permission_of(self.store, address)

    def read_to(self) -> dict[str, int]:
        """Return, of each folder that was read to its end, the UID that is read next, by the folder's name."""
        rows = [row for account in accounts(self.store) for row in folders(self.store, account.id)]
        return {row.name: row.next_uid for row in rows if row.backlog_uid is None}

    def wait_read(self, *, within_s: float = 20) -> None:
        """Return once inbox and Sent of its account have been read."""
        until(lambda: {"INBOX", "Sent"} <= set(self.read_to()), what="the first reading", within_s=within_s)

    def printed(self) -> str:
        """Return what the process printed so far."""
        return (self.home / "process.log").read_text("utf-8", "replace")

    @property
    def pid(self) -> int:
        """The number of the process that was started last."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> int | None:
        """End the process and return its exit status, None when it was never started; it can be started again."""
        if self._process is None:
            return None
        end(self._process)
        return self._process.returncode

    def close(self) -> int | None:
        """End the process and return its exit status, None when it was never started."""
        with closing(self.store):
            return self.stop()
