"""How far back an account's mail is read, and from when on a mail is news.

Kept as a setting for each account: a longer history or a new address of the user's own has the older mail read again,
where what is known already is passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from desktop.store import settings
from desktop.store.accounts import AccountRow
from desktop.store.database import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Mail received `since` a day is read, mail received after `begun_at` is news; `own` addresses were known then."""

    since: date
    begun_at: datetime
    own: frozenset[str]

    def covers(self, wanted: "History") -> bool:
        """Return whether all that `wanted` asks for was read with this one."""
        return self.since <= wanted.since and self.own >= wanted.own


def history_wanted(account: AccountRow, own: Iterable[str], now: datetime) -> History:
    """Return what the account's settings ask for now."""
    since = now.date() - timedelta(days=max(0, account.history_days))
    # INTERNALDATE knows no parts of a second.
    return History(since=since, begun_at=now.replace(microsecond=0), own=frozenset(own))


def load_history(store: Store, account_id: int) -> History | None:
    """Return what was begun for an account, None where nothing was."""
    kept: dict[str, Any] = settings.get(store, _key(account_id), {})
    if not kept:
        return None
    return History(
        since=date.fromisoformat(kept["since"]),
        begun_at=datetime.fromisoformat(kept["begun_at"]),
        own=frozenset(kept["own"]),
    )


def save_history(store: Store, account_id: int, history: History) -> None:
    """Keep what is begun for an account."""
    kept = {
        "since": history.since.isoformat(),
        "begun_at": history.begun_at.isoformat(),
        "own": sorted(history.own),
    }
    settings.put(store, _key(account_id), kept)


def _key(account_id: int) -> str:
    return f"incoming.{account_id}.history"
