"""What the cleaning of one account's Sent must know after a crash: kept before each step it speaks of.

Kept as a setting for each account.  Of a mail that is about to be put into Sent it says where it will be found, so that
one that came late, or twice, or altered, is known as ours; no other mail ever is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from desktop.store import settings
from desktop.store.database import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Putting:
    """A mail of ours that was to be put in a folder `at` an instant: its UID is above `above`, its date `received`."""

    folder: str
    uid_validity: int
    above: int
    received: str
    at: datetime

    def may_be(self, folder: str, uid_validity: int, uid: int, received: str) -> bool:
        """Return whether a mail that stands in a folder can be the one."""
        is_there = (folder, uid_validity) == (self.folder, self.uid_validity)
        return is_there and uid > self.above and received.strip() == self.received.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """`cannot` names why the server's nature forbids cleaning, empty where nothing does; `cleaned` counts messages."""

    cannot: str = ""
    cleaned: int = 0
    puttings: Mapping[int, Putting] = field(default_factory=dict)


class NoteBook:
    """The notes of one account."""

    def __init__(self, store: Store, account_id: int) -> None:
        """Read them; raise StoreTrouble."""
        self._store = store
        self._key = f"incoming.{account_id}.sent_clean"
        self._notes = _read(settings.get(store, self._key, {}))

    @property
    def notes(self) -> Notes:
        """The notes as they are kept."""
        return self._notes

    def note_cannot(self, why: str) -> None:
        """Keep that nothing is to be tried any more."""
        self._keep(replace(self._notes, cannot=why))

    def note_putting(self, message_id: int, putting: Putting) -> None:
        """Keep that a message is about to be put into a folder."""
        self._keep(replace(self._notes, puttings={**self._notes.puttings, message_id: putting}))

    def note_cleaned(self) -> None:
        """Count a message that is clean now."""
        self._keep(replace(self._notes, cleaned=self._notes.cleaned + 1))

    def keep_only(self, message_ids: frozenset[int]) -> None:
        """Forget what was noted of messages that are no longer to be cleaned."""
        left = {id_: each for id_, each in self._notes.puttings.items() if id_ in message_ids}
        if len(left) != len(self._notes.puttings):
            self._keep(replace(self._notes, puttings=left))

    def begin_anew(self) -> None:
        """Forget all, as when the user switches cleaning off."""
        if self._notes != Notes():
            self._keep(Notes())

    def _keep(self, notes: Notes) -> None:
        puttings = {
            str(id_): [each.folder, each.uid_validity, each.above, each.received, each.at.isoformat()]
            for id_, each in notes.puttings.items()
        }
        settings.put(self._store, self._key, {"cannot": notes.cannot, "cleaned": notes.cleaned, "puttings": puttings})
        self._notes = notes


def _read(kept: Mapping[str, Any]) -> Notes:
    puttings = {
        int(id_): Putting(
            folder=folder, uid_validity=uid_validity, above=above, received=received, at=datetime.fromisoformat(at)
        )
        for id_, (folder, uid_validity, above, received, at) in kept.get("puttings", {}).items()
    }
    return Notes(cannot=kept.get("cannot", ""), cleaned=kept.get("cleaned", 0), puttings=puttings)
