"""One message's tracked copies in Sent replaced by the message as the mail program handed it in.

The order is what keeps mail safe: the untouched message is put in and read back octet for octet before a tracked copy
goes, and each time all is found anew by what the mails hold.  So it may end anywhere and begin anew: at every moment a
tracked or a clean copy is there, and what was put in before is found instead of being put in again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from desktop.incoming.sent_clean_copy import Kind
from desktop.incoming.sent_clean_folder import SentFolder, Standing
from desktop.incoming.sent_clean_notes import NoteBook, Putting
from desktop.incoming.troubles import CannotClean, not_replaced
from desktop.store.originals import OriginalRow

# A mail whose arrival in Sent was never confirmed may still come; until then it is not put in again.
COMES_WITHIN: Final = timedelta(minutes=2)
ALTERED: Final = "altered"
FIRST_KEPT: Final = "first_kept"
_CLEAN: Final = (Kind.EXACT, Kind.CLEAN)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a message: `put` and `gone` are UIDs; `is_held` where it must be looked at again later.

    `is_marked` where a mail that the user altered, and that stays, holds its mark still.
    """

    is_clean: bool = False
    is_marked: bool = False
    is_held: bool = False
    put: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()


@dataclass(slots=True, kw_only=True)
class Replacement:
    """Replaces one message's tracked copies in a folder that is open for writing.

    `kind` says what a mail in the folder is to the message, None where it is gone; `inability` makes the trouble of a
    server that turns out to be unable to do it, by ALTERED or FIRST_KEPT, and keeps it.
    """

    folder: SentFolder
    original: OriginalRow
    octets: bytes = field(repr=False)
    kind: Callable[[int], Kind | None]
    book: NoteBook
    host: str
    clock: Callable[[], datetime]
    inability: Callable[[str], CannotClean]

    def run(self, uids: Iterable[int]) -> Outcome:
        """Replace what is tracked among these mails, and among all that bear the message's name.

        Raise Refused, CannotClean where it is no use to try again, or what ends a connection.
        """
        kinds, standings = self._read(frozenset(uids) | self.folder.named(self.original.names))
        tracked = [uid for uid in standings if kinds[uid] is Kind.TRACKED]
        alive = [uid for uid in tracked if not standings[uid].is_deleted]
        clean = [uid for uid in standings if kinds[uid] in _CLEAN and not standings[uid].is_deleted]
        self._take_back_altered(kinds, standings, alive)
        put = frozenset[int]()
        if alive and not clean:
            if self._may_still_come():
                return Outcome(is_held=True)
            put = frozenset({self._put(standings, alive)})
        # Where the last tracked copy is marked as deleted and none is clean, the user deletes the message.
        gone, is_clean = self._take_tracked(tracked, [*clean, *put])
        is_marked = Kind.MARKED in kinds.values()
        return Outcome(is_clean=is_clean, is_marked=is_marked, put=put - gone, gone=gone)

    def _read(self, uids: Iterable[int]) -> tuple[dict[int, Kind], dict[int, Standing]]:
        """Return what each mail is, and how it stands; what is gone is left out."""
        standings = self.folder.standings(uids)
        kinds = {uid: kind for uid in standings if (kind := self.kind(uid)) is not None}
        return kinds, {uid: standings[uid] for uid in sorted(kinds)}

    @property
    def _putting(self) -> Putting | None:
        return self.book.notes.puttings.get(self.original.message_id)

    def _is_ours(self, uid: int, standing: Standing) -> bool:
        """Return whether a mail can be the one that we put in."""
        putting = self._putting
        return putting is not None and putting.may_be(
            self.folder.name, self.folder.uid_validity, uid, standing.received
        )

    def _may_still_come(self) -> bool:
        putting = self._putting
        if putting is None or putting.folder != self.folder.name:
            return False
        return timedelta(0) <= self.clock() - putting.at < COMES_WITHIN

    def _put(self, standings: Mapping[int, Standing], alive: list[int]) -> int:
        """Put the message in as the tracked copies stand, and return its UID once it was read back."""
        flags = frozenset[str]().union(*(standings[uid].kept_flags for uid in alive))
        received = standings[alive[0]].received or _spelled(self.original.at)
        putting = Putting(
            folder=self.folder.name,
            uid_validity=self.folder.uid_validity,
            above=self.folder.highest_uid(),
            received=received,
            at=self.clock(),
        )
        self.book.note_putting(self.original.message_id, putting)
        uid = self.folder.append(self.octets, flags, received)
        if uid is not None and uid <= putting.above:
            raise self.inability(FIRST_KEPT)
        new = [uid] if uid is not None else sorted(self._unnamed(putting))
        kinds, found = self._read(new)
        exact = [each for each in found if kinds[each] is Kind.EXACT]
        if exact:
            return exact[0]
        if not found:
            raise not_replaced(self.host)
        if Kind.TRACKED in kinds.values():
            raise self.inability(FIRST_KEPT)
        if len(found) == 1:
            self._take_back(list(found), alive)
        raise self.inability(ALTERED)

    def _unnamed(self, putting: Putting) -> frozenset[int]:
        """Return what came since and may be ours, where the server did not tell which UID it gave (RFC 4315 3)."""
        came = self.folder.standings(uid for uid in self.folder.named(self.original.names) if uid > putting.above)
        return frozenset(uid for uid, standing in came.items() if self._is_ours(uid, standing))

    def _take_back_altered(
        self, kinds: Mapping[int, Kind], standings: Mapping[int, Standing], alive: list[int]
    ) -> None:
        """Take back what was put in before an end in between, and is not what was given."""
        ours = [uid for uid, each in standings.items() if kinds[uid] is Kind.OTHER and self._is_ours(uid, each)]
        if ours and alive:
            self._take_back(ours, alive)
            raise self.inability(ALTERED)

    def _take_back(self, uids: list[int], alive: list[int]) -> None:
        """Take away what was put in, unless all that it was put in for has gone meanwhile."""
        left = self.folder.standings(alive)
        if any(not standing.is_deleted for standing in left.values()):
            self.folder.take_away(uids)

    def _take_tracked(self, tracked: list[int], clean: list[int]) -> tuple[frozenset[int], bool]:
        """Take the tracked copies away as long as a clean one is there now; return what went, and if all is clean.

        Of several copies that we put in, as two desktops or a lost answer can make them, the first stays.
        """
        standings = self.folder.standings([*tracked, *clean])
        there = [uid for uid in clean if uid in standings and not standings[uid].is_deleted]
        if not there:
            return frozenset(), False
        ours = [uid for uid in there if self.kind(uid) is Kind.EXACT and self._is_ours(uid, standings[uid])]
        stays = min([uid for uid in there if uid not in ours] or ours)
        goes = [uid for uid in (*tracked, *ours) if uid in standings and uid != stays]
        if not goes:
            return frozenset(), True
        lost = frozenset[str]().union(*(standings[uid].kept_flags for uid in goes)) - standings[stays].flags
        if lost:
            self.folder.add_flags(stays, lost)
        self.folder.take_away(goes)
        left = self.folder.standings([*goes, stays])
        if stays not in left:
            # A server that takes both for one: the message goes in once more, and is looked at again later.
            self.folder.append(self.octets, standings[stays].kept_flags | lost, standings[stays].received)
        if left.keys() - {stays}:
            raise not_replaced(self.host)
        return frozenset(goes), stays in left


def _spelled(at: datetime) -> str:
    """Return an instant as INTERNALDATE spells it, in UTC; strftime's months depend on the locale."""
    utc = at.astimezone(UTC)
    return f"{utc.day:2}-{_MONTHS[utc.month - 1]}-{utc.year} {utc:%H:%M:%S} +0000"
