"""Keep my Sent folder clean: where the provider filed a tracked copy, the message itself shall stand.

Only where the user allowed it.  Finding is done with the folder opened for reading; it is opened for writing only once
a tracked copy was read in it.  With nothing to wait for, or nothing new in Sent, nothing at all is asked.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from desktop.accounts.own_channels import remembered
from desktop.core import triage
from desktop.core.errors import Refused, Trouble
from desktop.core.parse import message_facts
from desktop.incoming.mailbox import Look, Mailbox
from desktop.incoming.sent_clean_copy import Kind, kind_of
from desktop.incoming.sent_clean_folder import SentFolder, can_take_away, moves_to_trash, trash_of
from desktop.incoming.sent_clean_notes import NoteBook
from desktop.incoming.sent_clean_replace import FIRST_KEPT, Outcome, Replacement
from desktop.incoming.troubles import CannotClean, first_kept, no_single_mails, no_trash, sent_altered
from desktop.store.accounts import AccountRow
from desktop.store.database import Store
from desktop.store.originals import OriginalRow, expire_originals, forget_original, original_octets, originals

KEPT_FOR: Final = timedelta(days=14)
_CLOCKS_DIFFER: Final = timedelta(days=2)
_AT_ONCE: Final = 500
# What a tracked copy can be longer than its original, at most: it may say all words twice, as text and as HTML.
_ROOM_BYTES: Final = 1_048_576
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take: a mail program files its own copy within `patience`, a provider within `settle`.

    What was seen clean is forgotten no sooner than `quiet_s` after; what failed is tried again after `retry_s`, four
    times that, and so on up to an hour.
    """

    patience: timedelta = timedelta(seconds=90)
    settle: timedelta = timedelta(hours=1)
    quiet_s: float = 600.0
    retry_s: float = 120.0


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What is known of one folder, across connections: which UIDs bear which Message-ID, and what each mail is."""

    name: str
    look: tuple[int, int, int] | None = None
    uid_validity: int = 0
    next_uid: int = 1
    uids: dict[str, set[int]] = field(default_factory=dict)
    kinds: dict[tuple[int, int], Kind] = field(default_factory=dict)
    settled: dict[int, frozenset[int]] = field(default_factory=dict)

    def named(self, names: Sequence[str]) -> frozenset[int]:
        """Return the UIDs of mails with one of these Message-IDs."""
        return frozenset(uid for name in names for uid in self.uids.get(name, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clean:
    """Since when a message's copies were seen clean, by the user's clock and by one that is never set."""

    at: datetime
    at_s: float


class SentCleaner:
    """Cleans one account's Sent over whatever connection its sync has; one thread at a time may use it."""

    def __init__(
        self,
        account: AccountRow,
        *,
        store: Store,
        clock: Callable[[], datetime],
        pace: Pace | None = None,
    ) -> None:
        """Prepare to clean the Sent of an account that has an `imap_host`."""
        self._account_id = account.id
        self._host = account.imap_host
        self._store = store
        self._book = NoteBook(store, account.id)
        self._clock = clock
        self._pace = pace or Pace()
        self._seen: dict[str, _Seen] = {}
        self._clean_since: dict[int, _Clean] = {}
        self._dirty: set[tuple[int, str]] = set()
        self._failures: dict[int | str, int] = {}
        self._held_until_s: dict[int | str, float] = {}
        self._expired_at: datetime | None = None
        self._has_opened = False
        self._trouble: Trouble | None = None

    @property
    def trouble(self) -> Trouble | None:
        """Why tracked copies stay in Sent, None where nothing is known to keep them there; the same until it alters."""
        return self._trouble

    @property
    def cleaned(self) -> int:
        """How many messages were cleaned since the user allowed it."""
        return self._book.notes.cleaned

    def clean(self, mailbox: Mailbox, looks: Mapping[str, Look]) -> bool:
        """Replace what is tracked in the folders of sent mail; return whether any folder was opened for that.

        `looks` is what the server last said of each.  A refusal becomes the trouble; what ends a connection is raised,
        and what was under way is left alone for a while, so that it cannot end every connection.
        """
        self._has_opened = False
        self._expire()
        unable = self._inability_of(mailbox)
        if unable is not None:
            self._note(unable)
            return False
        pending = originals(self._store, self._account_id)
        self._book.keep_only(frozenset(each.message_id for each in pending))
        if not pending:
            self._note(None)
            return False
        for name, look in looks.items():
            try:
                self._clean_folder(mailbox, name, look, pending)
            except Refused as trouble:
                self._hold(name)
                self._note(trouble)
                if isinstance(trouble, CannotClean):
                    break
        self._forget_clean(pending)
        return self._has_opened

    def _inability_of(self, mailbox: Mailbox) -> CannotClean | None:
        if self._book.notes.cannot:
            return self._inability(self._book.notes.cannot)
        return None if can_take_away(mailbox) else no_single_mails(self._host)

    def _inability(self, why: str) -> CannotClean:
        """Keep that the server cannot do it, and return the trouble."""
        if self._book.notes.cannot != why:
            self._book.note_cannot(why)
        return first_kept(self._host) if why == FIRST_KEPT else sent_altered(self._host)

    def _note(self, trouble: Trouble | None) -> None:
        told, self._trouble = self._trouble, trouble
        if told is not None and trouble is not None and told.sentence == trouble.sentence:
            self._trouble = told

    def _expire(self) -> None:
        now = self._clock()
        if self._expired_at is None or now - self._expired_at > self._pace.settle:
            self._expired_at = now
            expire_originals(self._store, now - KEPT_FOR)

    def _clean_folder(self, mailbox: Mailbox, name: str, look: Look, pending: Sequence[OriginalRow]) -> None:
        seen = self._seen.setdefault(name, _Seen(name=name))
        claimed = (look.uid_validity, look.next_uid, look.mails)
        if self._is_held(name) or (seen.look == claimed and not self._due(seen, pending)):
            return
        self._has_opened = True
        folder = SentFolder(mailbox, name, host=self._host)
        if folder.uid_validity == 0:
            # RFC 3501 2.3.1.1: then no UID is sure to name the same mail twice.
            raise no_single_mails(self._host)
        if folder.uid_validity != seen.uid_validity:
            seen = self._seen[name] = _Seen(name=name, uid_validity=folder.uid_validity)
        self._scan(mailbox, seen, pending)
        seen.look = claimed
        dirty = [each for each in self._due(seen, pending) if self._is_dirty(folder, seen, each)]
        if not dirty:
            return
        folder.open_for_writing(self._trash(mailbox))
        if folder.uid_validity != seen.uid_validity:
            del self._seen[name]
            return
        for each in dirty:
            self._replace(folder, seen, each)

    def _trash(self, mailbox: Mailbox) -> str:
        """Return where to move what is taken away, empty where it is expunged."""
        if not moves_to_trash(mailbox):
            return ""
        trash = trash_of(mailbox)
        if not trash:
            raise no_trash(self._host)
        return trash

    def _scan(self, mailbox: Mailbox, seen: _Seen, pending: Sequence[OriginalRow]) -> None:
        """Learn the Message-IDs of what came into the folder since."""
        since = min(each.at for each in pending) - _CLOCKS_DIFFER
        uids = mailbox.search(seen.next_uid, None, since.date())
        for start in range(0, len(uids), _AT_ONCE):
            for head in mailbox.heads(uids[start : start + _AT_ONCE], ["Message-ID"], triage.MAX_HEAD_BYTES):
                seen.uids.setdefault(message_facts(head.octets).message_id, set()).add(head.uid)
        seen.next_uid = max([seen.next_uid, *(uid + 1 for uid in uids)])

    def _due(self, seen: _Seen, pending: Sequence[OriginalRow]) -> list[OriginalRow]:
        """Return the messages with mails in the folder that were not all looked at."""
        now = self._clock()
        return [
            each
            for each in pending
            if (uids := seen.named(each.names))
            and seen.settled.get(each.message_id) != uids
            and now - each.at >= self._pace.patience
            and not self._is_held(each.message_id)
        ]

    def _is_dirty(self, folder: SentFolder, seen: _Seen, original: OriginalRow) -> bool:
        """Return whether there is anything to replace or to take back."""
        octets = self._octets(original)
        if octets is None:
            return False
        there = folder.standings(seen.named(original.names))
        kinds = {uid: self._kind(folder, seen, original, octets, uid) for uid in there}
        found = [kind for kind in kinds.values() if kind is not None]
        if Kind.TRACKED in found or found.count(Kind.EXACT) > 1:
            self._dirty.add((original.message_id, seen.name))
            return True
        is_clean = Kind.EXACT in found or Kind.CLEAN in found
        self._settle(seen, original, Outcome(is_clean=is_clean, is_marked=Kind.MARKED in found))
        return False

    def _octets(self, original: OriginalRow) -> bytes | None:
        """Return the message as it was handed in, None where the user has just ended the cleaning."""
        try:
            return original_octets(self._store, original.message_id)
        except LookupError:
            return None

    def _kind(self, folder: SentFolder, seen: _Seen, original: OriginalRow, octets: bytes, uid: int) -> Kind | None:
        """Return what a mail is to an original; no UID ever names another mail, so that each is read once."""
        key = (original.message_id, uid)
        if key not in seen.kinds:
            mail = folder.whole(uid, 2 * len(octets) + _ROOM_BYTES)
            if mail is None:
                return None
            is_named = message_facts(mail).message_id in original.names
            kind = kind_of(mail, octets, original.random_ids, remembered(self._store)) if is_named else Kind.OTHER
            seen.kinds[key] = kind
        return seen.kinds[key]

    def _replace(self, folder: SentFolder, seen: _Seen, original: OriginalRow) -> None:
        octets = self._octets(original)
        if octets is None:
            return
        replacement = Replacement(
            folder=folder,
            original=original,
            octets=octets,
            kind=lambda uid: self._kind(folder, seen, original, octets, uid),
            book=self._book,
            host=self._host,
            clock=self._clock,
            inability=self._inability,
        )
        # Held before it begins: what ends the connection raises past us.
        self._hold(original.message_id)
        try:
            outcome = replacement.run(seen.named(original.names))
        except CannotClean:
            raise
        except Refused as trouble:
            self._note(trouble)
            return
        if not outcome.is_held:
            self._settle(seen, original, outcome)

    def _settle(self, seen: _Seen, original: OriginalRow, outcome: Outcome) -> None:
        """Keep what became of a message, so that it is looked at again only once something of its name comes."""
        id_ = original.message_id
        for name in original.names:
            seen.uids.get(name, set()).difference_update(outcome.gone)
        seen.uids.setdefault(original.names[0], set()).update(outcome.put)
        seen.settled[id_] = seen.named(original.names)
        was_dirty = (id_, seen.name) in self._dirty
        self._dirty.discard((id_, seen.name))
        self._failures.pop(id_, None)
        self._held_until_s.pop(id_, None)
        since = _Clean(at=self._clock(), at_s=monotonic())
        if outcome.is_clean:
            self._clean_since.setdefault(id_, since)
            self._note(None)
        if was_dirty and id_ in self._clean_since:
            # Seen clean in one folder while another still held a tracked copy, or before one came late.
            self._clean_since[id_] = since
        if outcome.is_marked:
            self._dirty.add((id_, seen.name))
        if any(seen.kinds[id_, uid] is Kind.TRACKED for uid in outcome.gone):
            self._book.note_cleaned()
            _log.info("a message in Sent of an account at %s is clean", self._host)

    def _forget_clean(self, pending: Sequence[OriginalRow]) -> None:
        """Forget the originals of what was clean long enough for a copy that comes late to have come."""
        now, now_s = self._clock(), monotonic()
        dirty = {id_ for id_, _ in self._dirty}
        for each in pending:
            since = self._clean_since.get(each.message_id)
            is_old = now - each.at >= self._pace.settle
            if (
                since is not None
                and each.message_id not in dirty
                and is_old
                and now_s - since.at_s >= self._pace.quiet_s
            ):
                forget_original(self._store, each.message_id, clean_at=since.at)
                del self._clean_since[each.message_id]

    def _hold(self, what: int | str) -> None:
        """Leave a message or a folder alone for a while."""
        failures = self._failures[what] = self._failures.get(what, 0) + 1
        self._held_until_s[what] = monotonic() + min(3600.0, self._pace.retry_s * 4.0 ** min(failures - 1, 6))

    def _is_held(self, what: int | str) -> bool:
        return monotonic() < self._held_until_s.get(what, 0.0)
