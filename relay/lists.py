"""The lists in force: those that came with this version, each replaced by a newer one out of the data folder.

The folder is looked at again while the relay serves, as the block file is; new lists are laid in a thread of their
own, so that no request waits for them.  A file that cannot be used is logged, and what was in force stays so.  A list
never keeps the relay from starting: the built-in one is there.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from relay.wire.labels import LIST_NAMES, Address, BadListError, Label, Labels, PublishedList, built_in, parse_list
from relay.wire.ranges import Range, is_public

LOOK_AGAIN_S: Final = 1.0
# The widest seen, neighbours joined, are Amazon's /9 and Google's IPv6 /28.
WIDEST_BITS: Final = {4: 8, 6: 20}
_SIZE_BITS: Final = {4: 32, 6: 128}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A list in force; `is_given` says that it is from the data folder and did not come with this version."""

    list: PublishedList
    is_given: bool


def path_of(folder: Path, name: str) -> Path:
    """Return the file that a list is looked for in."""
    return folder / f"{name}.txt"


def in_force(
    folder: Path, note: Callable[[str], None], before: Mapping[str, PublishedList] | None = None
) -> tuple[InForce, ...]:
    """Return every list in the labels' order, the newer one of file and built-in.

    `note` gets a sentence on each file that cannot be used; the list of that name in `before`, if any, stands for it.
    """
    found = []
    for each in built_in():
        name = each.label.name
        try:
            given = _read(path_of(folder, name), name)
        except BadListError as error:
            note(f"{path_of(folder, name)} is not used: {error}")
            given = (before or {}).get(name)
        is_given = given is not None and given.label.date >= each.label.date
        found.append(InForce(list=given if given is not None and is_given else each, is_given=is_given))
    return tuple(found)


def _read(path: Path, name: str) -> PublishedList | None:
    try:
        given = parse_list(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadListError(f"It cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadListError("It is no text.") from error
    if given.label.name != name:
        raise BadListError("It says that it is another list.")
    check_networks(given, WIDEST_BITS)
    return given


def check_networks(checked: PublishedList, widest_bits: Mapping[int, int]) -> None:
    """Raise BadListError when the list has a network that is not public, or one wider than `widest_bits` by version."""
    for version, bits in widest_bits.items():
        for each in checked.ranges(version):
            if not is_public(version, each):
                raise BadListError("It names networks that are private or kept for special use.")
            if _holds_network(each, _SIZE_BITS[version] - bits + 1):
                raise BadListError(f"It names a network wider than an IPv{version} /{bits}.")


def _holds_network(within: Range, free_bits: int) -> bool:
    """Return whether a network with so many free bits lies in a range, be it whole or made of neighbours."""
    first, last = within
    span = 1 << free_bits
    return -(-first // span) * span + span - 1 <= last


def _in_a_thread(work: Callable[[], None]) -> None:
    # A daemon: a relay that goes down need not wait for lists.
    threading.Thread(target=work, name="lists", daemon=True).start()


class Lists:
    """What labels an address, from the lists in force; asked by one thread."""

    def __init__(
        self,
        folder: Path,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        aside: Callable[[Callable[[], None]], None] = _in_a_thread,
    ) -> None:
        """Lay the lists; `folder` need not be there.  `aside` runs what takes a while, once at a time."""
        self._folder = folder
        self._monotonic = monotonic
        self._aside = aside
        self._is_laying = False
        self._given: dict[str, PublishedList] = {}
        self._looked_at = monotonic()
        self._stamps = self._stamps_now()
        self._labels = self._laid()

    def labels_of(self, address: Address) -> tuple[Label, ...]:
        """Return the labels of the lists that the full address is on; newer lists hold once they are laid."""
        now_s = self._monotonic()
        if now_s - self._looked_at >= LOOK_AGAIN_S and not self._is_laying:
            self._looked_at = now_s
            stamps = self._stamps_now()  # Before reading: what changes meanwhile is seen the next time.
            if stamps != self._stamps:
                self._stamps = stamps
                self._is_laying = True
                self._aside(self._lay_anew)
        return self._labels.of(address)

    def _lay_anew(self) -> None:
        try:
            self._labels = self._laid()
        finally:
            self._is_laying = False

    def _laid(self) -> Labels:
        lists = in_force(self._folder, _log.error, self._given)
        self._given = {each.list.label.name: each.list for each in lists if each.is_given}
        return Labels([each.list for each in lists])

    def _stamps_now(self) -> list[tuple[int, ...] | None]:
        return [_stamp(path_of(self._folder, name)) for name in LIST_NAMES]


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode
