"""The live test of an account's incoming side: connect, encrypt, sign in, list the folders, leave.

It is the same connection that mail is read over, so that a test that passes says something.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from desktop.accounts.credentials import Credential
from desktop.accounts.tls import client_context
from desktop.core.errors import Refused
from desktop.incoming.mailbox import Step, connect
from desktop.incoming.roles import roles
from desktop.incoming.wire import Plug, Timeouts
from desktop.store.accounts import AccountRow
from desktop.store.folders import FolderRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a mailbox has: its folders in the order of reading, and whether it tells of new mail at once."""

    folders: tuple[tuple[str, FolderRole], ...]
    can_idle: bool


def probe(
    account: AccountRow,
    credential: Credential,
    *,
    timeouts: Timeouts | None = None,
    plug: Plug | None = None,
    on_step: Callable[[Step], None] = lambda _step: None,
) -> Inspected:
    """Return what the mailbox has; raise Trouble with one plain sentence for whichever step failed.

    `on_step` hears each step as it begins; who pulls the plug ends the test.
    """
    context = client_context(None if account.ca_file is None else Path(account.ca_file))
    mailbox = connect(
        account,
        credential,
        context,
        plug=plug,
        timeouts=timeouts or Timeouts(connect_s=10.0, command_s=20.0),
        on_step=on_step,
    )
    try:
        on_step(Step.FOLDERS)
        found = roles(mailbox.folders(), mailbox.prefixes())
        can_idle = mailbox.can("IDLE")
    finally:
        mailbox.drop()
    if not any(role is FolderRole.INBOX for _, role in found):
        raise Refused(f"{account.imap_host} shows no inbox.", "Ask the provider.")
    return Inspected(folders=found, can_idle=can_idle)
