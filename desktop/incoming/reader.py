"""One folder after the other is read into the store: new mail upwards from a cursor, older mail downwards from another.

Nothing a server claims is taken for proven.  A cursor moves only past UIDs that were there, in the transaction that
keeps their mail; where the server's numbering changed, what lies within the history is read again, and what is known
already is passed over by its Message-ID.  So nothing is lost and nothing kept twice.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from desktop.core import triage
from desktop.core.arrival import Arrival
from desktop.core.errors import Malformed, Refused, Unreachable
from desktop.core.parse import message_facts
from desktop.incoming.history import History
from desktop.incoming.mailbox import Fetched, Look, Mailbox
from desktop.incoming.roles import roles
from desktop.incoming.sifting import HEAD_FIELDS, arrival_of, sift
from desktop.incoming.troubles import NoFolder
from desktop.store.arrivals import Batch, SentMail, known_names, record_batch
from desktop.store.database import Store
from desktop.store.folders import FolderRole, FolderRow, folders

CHUNK: Final = 500
_BODIES_AT_ONCE: Final = 40
# How many mails are asked for at once after so many failures at one place; then one alone, three times.
_CHUNKS: Final = (CHUNK, 64, 8, 1, 1, 1)
_WITHOUT_PICKING: Final = 4
_WITHOUT_BODY: Final = 5
_CLOCKS_DIFFER: Final = timedelta(days=1)
_HEAD_END: Final = b"\r\n\r\n"
_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Strain:
    """Which folders' reading failed where they stand now, across connections: a mail that ends each is passed over."""

    failures: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0

    def chunk(self, name: str) -> int:
        """Return how many mails to ask for at once."""
        return _CHUNKS[min(self.failures.get(name, 0), len(_CHUNKS) - 1)]

    def has_given_up(self, name: str) -> bool:
        """Return whether the next mail of the folder is to be passed over."""
        return self.failures.get(name, 0) >= len(_CHUNKS)

    def spares_picking(self, name: str) -> bool:
        """Return whether the next mail's beginning is to be had as it is: a server may fail at picking header fields.

        Dovecot's process dies of it where one field has megabytes.
        """
        return self.failures.get(name, 0) == _WITHOUT_PICKING

    def spares_body(self, name: str) -> bool:
        """Return whether the next mail is to be read from its header alone."""
        return self.failures.get(name, 0) >= _WITHOUT_BODY


class Reader:
    """Reads one account's folders over one connection."""

    def __init__(
        self,
        mailbox: Mailbox,
        store: Store,
        account_id: int,
        *,
        history: History,
        clock: Callable[[], datetime],
        strain: Strain,
    ) -> None:
        """Prepare to read; `strain` is the account's, kept from connection to connection."""
        self._mailbox = mailbox
        self._store = store
        self._account_id = account_id
        self._history = history
        self._clock = clock
        self._strain = strain
        self._rows = {row.name: row for row in folders(store, account_id)}
        self._roles: dict[str, FolderRole] = {}
        self._looks: dict[str, Look] = {}
        self._open = ""
        # Folders whose mail is probably known already, so that its Message-IDs alone are asked for first.
        self._names_first: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The folders to read, in order."""
        return tuple(self._roles)

    @property
    def inbox(self) -> str:
        """The inbox's name, empty where there is none."""
        return next((name for name, role in self._roles.items() if role is FolderRole.INBOX), "")

    def find_folders(self) -> None:
        """Ask which folders there are."""
        self._roles = dict(roles(self._mailbox.folders(), self._mailbox.prefixes()))

    def read_again(self) -> None:
        """Have all folders' older mail read again, because more of it is wanted."""
        for name, row in self._rows.items():
            self._names_first.add(name)
            self._keep(replace(row, backlog_uid=row.next_uid))

    @property
    def is_inbox_open(self) -> bool:
        """Whether the server tells of new mail in the inbox, as long as no other folder is opened."""
        return self._open == self.inbox

    @property
    def sent(self) -> dict[str, Look]:
        """The folders of sent mail that were looked at over this connection, and what the server said of each."""
        return {
            name: self._looks[name]
            for name, role in self._roles.items()
            if role is FolderRole.SENT and name in self._looks
        }

    def leave_folder(self) -> None:
        """Take note that somebody else opened a folder."""
        self._open = ""

    @property
    def has_backlog(self) -> bool:
        """Whether older mail is still to be read."""
        return any(self._rows[name].backlog_uid is not None for name in self._roles if name in self._rows)

    def read_news(self, name: str, *, is_due: bool) -> int:
        """Read what came since and return how many mails; if not due, only where the server says that it changed.

        Of the open folder the server tells by itself, of the others when asked.  A folder that is not opened is left
        out until the next connection; without the inbox nothing goes.
        """
        try:
            if self._is_unchanged(name, is_due=is_due):
                return 0
            if name != self._open or is_due:
                self._examine(name)
        except NoFolder:
            if name == self.inbox:
                raise
            self._roles.pop(name)
            return 0
        uids = self._search(name, self._rows[name].next_uid, None)
        for chunk in self._chunks(name, uids, is_upwards=True):
            row = replace(self._rows[name], next_uid=chunk[-1] + 1, modseq=self._looks[name].modseq)
            # The server's clock may be behind ours; old mail that was only moved here is no news.
            self._read(name, chunk, row, news_from=self._history.begun_at - _CLOCKS_DIFFER)
        return len(uids)

    def _is_unchanged(self, name: str, *, is_due: bool) -> bool:
        """Return whether the server says that nothing changed since we looked, or last time where it keeps count.

        A HIGHESTMODSEQ that is the same says so across connections (RFC 7162 3.1.2.1).
        """
        if name == self._open:
            return False
        if not is_due:
            return self._mailbox.status(name) == self._looks.get(name)
        row = self._rows.get(name)
        if row is None or row.modseq is None or name in self._looks or name == self.inbox:
            return False
        look = self._mailbox.status(name)
        if (look.uid_validity, look.next_uid, look.modseq) != (row.uid_validity, row.next_uid, row.modseq):
            return False
        self._looks[name] = look
        return look.uid_validity != 0

    def backlog(self, name: str) -> list[int]:
        """Return the UIDs of older mail still to be read in a folder whose news were read before."""
        row = self._rows[name]
        if row.backlog_uid is None:
            return []
        self._open_again(name)
        uids = self._search(name, 1, row.backlog_uid - 1) if row.backlog_uid > 1 else []
        if not uids:
            self._keep(replace(row, backlog_uid=None))
        return uids

    def read_backlog(self, name: str, uids: Sequence[int]) -> Iterator[int]:
        """Read older mail, the newest first; after each chunk give how many mails it had.

        Whoever takes the steps may read other folders in between, and need not go on.
        """
        for chunk in self._chunks(name, uids, is_upwards=False):
            self._open_again(name)
            is_last = chunk[0] == uids[0]
            row = replace(self._rows[name], backlog_uid=None if is_last else chunk[0])
            self._read(name, chunk, row, news_from=self._history.begun_at)
            yield len(chunk)

    def _open_again(self, name: str) -> None:
        if self._open != name:
            self._examine(name)

    def _examine(self, name: str) -> None:
        """Open a folder and see that our cursors still mean what they meant."""
        self._open = ""
        look = self._mailbox.examine(name)
        self._open = name
        row = self._rows.get(name)
        if row is not None and row.role is not self._roles[name]:
            row = replace(row, role=self._roles[name])
        # Without a UIDVALIDITY nothing says that yesterday's UIDs are today's (RFC 3501 2.3.1.1).
        is_strange = look.uid_validity == 0 and name not in self._looks
        self._looks[name] = look
        if row is None or row.uid_validity != look.uid_validity or is_strange or self._went_back(look, row):
            if row is not None:
                self._names_first.add(name)
            top = self._mailbox.highest_uid() + 1
            row = FolderRow(
                account_id=self._account_id,
                name=name,
                role=self._roles[name],
                uid_validity=look.uid_validity,
                next_uid=top,
                modseq=look.modseq,
                backlog_uid=top,
            )
        if row != self._rows.get(name):
            self._keep(row)

    def _went_back(self, look: Look, row: FolderRow) -> bool:
        """Return whether new mail gets UIDs that were given out before, as after a backup came back at the server.

        UIDNEXT alone may be a lie; it is believed if no mail contradicts it.
        """
        return 0 < look.next_uid < row.next_uid and self._mailbox.highest_uid() + 1 < row.next_uid

    def _search(self, name: str, low: int, high: int | None) -> list[int]:
        # The day is the server's own, which may have begun before ours.
        since = self._history.since - timedelta(days=1)
        # Gmail keeps drafts among all mail.
        return self._mailbox.search(low, high, since, without_drafts=self._roles[name] is FolderRole.ALL)

    def _chunks(self, name: str, uids: Sequence[int], *, is_upwards: bool) -> Iterator[Sequence[int]]:
        left = list(uids)
        while left:
            size = self._strain.chunk(name)
            yield left[:size] if is_upwards else left[-size:]
            left = left[size:] if is_upwards else left[:-size]

    def _read(self, name: str, uids: Sequence[int], row: FolderRow, *, news_from: datetime) -> None:
        """Read mails and keep what matters of them together with the cursors in `row`."""
        if self._strain.has_given_up(name):
            _log.warning("a mail of account %d ends every connection and is passed over", self._account_id)
            self._strain.unreadable += 1
            self._keep(row)
        else:
            try:
                sent, arrivals = self._fetch(name, uids)
            except (Unreachable, Refused, Malformed):
                self._strain.failures[name] = self._strain.failures.get(name, 0) + 1
                raise
            self._record(row, sent, arrivals, news_from)
        self._strain.failures.pop(name, None)

    def _fetch(self, name: str, uids: Sequence[int]) -> tuple[tuple[SentMail, ...], list[Arrival]]:
        if name in self._names_first or self._roles[name] is FolderRole.ALL:
            uids = self._unknown(uids)
        heads = self._beginnings(uids) if self._strain.spares_picking(name) else self._asked_twice(uids, HEAD_FIELDS)
        now = self._clock()
        sifted = sift(heads, self._roles[name], own=self._history.own, now=now)
        known = self._known(arrival.facts.message_id for _, arrival in sifted.arrivals)
        new = [(head, arrival) for head, arrival in sifted.arrivals if arrival.facts.message_id not in known]
        in_need = [] if self._strain.spares_body(name) else [h.uid for h, _ in new if h.uid in sifted.in_need]
        whole: dict[int, Arrival] = {}
        for start in range(0, len(in_need), _BODIES_AT_ONCE):
            bodies = self._mailbox.bodies(in_need[start : start + _BODIES_AT_ONCE], triage.MAX_BODY_BYTES)
            whole |= {each.uid: arrival_of(each, now=now) for each in bodies if each.octets}
        return sifted.sent, [whole.get(head.uid, arrival) for head, arrival in new]

    def _asked_twice(self, uids: Sequence[int], fields: Sequence[str]) -> list[Fetched]:
        """Return heads; what did not come is asked for once more, and after that is taken to be gone."""
        found = [each for each in self._mailbox.heads(uids, fields, triage.MAX_HEAD_BYTES) if each.octets]
        missing = sorted(set(uids) - {each.uid for each in found})
        return found + self._mailbox.heads(missing, fields, triage.MAX_HEAD_BYTES)

    def _beginnings(self, uids: Sequence[int]) -> list[Fetched]:
        """Return heads as the server has them, cut off where they are long."""
        found = self._mailbox.bodies(uids, triage.MAX_HEAD_BYTES)
        return [replace(each, octets=each.octets.partition(_HEAD_END)[0] + _HEAD_END) for each in found if each.octets]

    def _unknown(self, uids: Sequence[int]) -> list[int]:
        names = {each.uid: message_facts(each.octets).message_id for each in self._asked_twice(uids, ["Message-ID"])}
        known = self._known(names.values())
        return [uid for uid, name in names.items() if name not in known]

    def _known(self, names: Iterable[str]) -> frozenset[str]:
        return known_names(self._store, [name for name in names if name])

    def _record(
        self, row: FolderRow, sent: tuple[SentMail, ...], arrivals: Sequence[Arrival], news_from: datetime
    ) -> None:
        """Keep mail; what was received earlier is no news."""
        news = tuple(each for each in arrivals if each.at >= news_from)
        old = tuple(each for each in arrivals if each.at < news_from)
        if news and (old or sent):
            self._keep(self._rows[row.name], sent, old)
            sent, old = (), ()
        self._keep(row, sent, news or old, is_news=bool(news))

    def _keep(
        self,
        row: FolderRow,
        sent: tuple[SentMail, ...] = (),
        arrivals: tuple[Arrival, ...] = (),
        *,
        is_news: bool = False,
    ) -> None:
        batch = Batch(account_id=self._account_id, folder=row, sent=sent, arrivals=arrivals, is_news=is_news)
        record_batch(self._store, batch, now=self._clock())
        self._rows[row.name] = row
