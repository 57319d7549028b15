"""A process that does nothing but read an account's mail and keep its Sent clean, and is killed: `python -m` with JSON.

The first argument says where the store is, the password, how far the clock is ahead, and when it dies: at which command
after Sent was opened for writing, before that is sent or before its answer is read; none is the 0th.
"""

import json
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from desktop.accounts.credentials import Password
from desktop.incoming.sync import MailSync
from desktop.incoming.wire import Wire
from desktop.store.accounts import accounts
from desktop.store.database import Store
from tests.incoming.sent_cleaning import AT_ONCE
from tests.incoming.syncing import QUICK, Known


def die_at(at: int, *, is_sent: bool) -> None:
    """Have the process killed at a command; 0 lets it live."""
    send = Wire._command  # type: ignore[attr-defined]
    count = 0

    def command(wire: Wire, name: str, *words: Any) -> Any:
        nonlocal count
        count += name == "SELECT" or count > 0
        is_due = count == at > 0
        if is_due and not is_sent:
            os.kill(os.getpid(), signal.SIGKILL)
        tag = send(wire, name, *words)
        if is_due:
            os.kill(os.getpid(), signal.SIGKILL)
        return tag

    Wire._command = command  # type: ignore[attr-defined]


def main(told: dict[str, Any]) -> None:
    """Sync until standard input ends, or a kill."""

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(minutes=told["ahead_minutes"])

    die_at(told["dies_at"], is_sent=told["is_sent"])
    store = Store(Path(told["store"]), clock=clock)
    account = accounts(store)[0]
    sync = MailSync(
        account,
        store=store,
        credentials=Known(Password(user=account.user, secret=told["password"])),
        clock=clock,
        own_addresses=frozenset({account.user}),
        on_state=lambda _state: None,
        rhythm=replace(QUICK, look_s=0.2, clean=AT_ONCE),
    )
    sync.start()
    sys.stdin.read()
    sync.stop()
    sync.wait_ended(10)
    store.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
