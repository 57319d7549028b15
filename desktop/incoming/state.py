"""How an account's incoming mail stands: what a window shows of it, and nothing that it could act on."""

from dataclasses import dataclass
from enum import StrEnum

from desktop.core.errors import Trouble


class Link(StrEnum):
    """How the desktop stands with an account's mailbox.

    WATCHING hears of new mail at once (IDLE), POLLING asks each minute.  CANCELLED means that the user stopped the
    reading of older mail; new mail is read all the same.
    """

    CONNECTING = "connecting"
    SYNCING = "syncing"
    WATCHING = "watching"
    POLLING = "polling"
    AWAY = "away"
    NOT_AUTHORISED = "not_authorised"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncState:
    """What to show of one account: `done` of `total` mails of the folder set are read while SYNCING.

    `trouble` says why it is AWAY or NOT_AUTHORISED; `unreadable` counts mails that were given up on since the start.
    `sent_trouble` says why tracked copies stay in Sent though they are to be replaced, `sent_cleaned` how many messages
    were, since the user allowed it.
    """

    link: Link
    folder: str = ""
    done: int = 0
    total: int = 0
    trouble: Trouble | None = None
    unreadable: int = 0
    sent_trouble: Trouble | None = None
    sent_cleaned: int = 0
