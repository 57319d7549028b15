"""`lists update` and `lists show`: fetched lists replace older ones, and any doubt keeps what is there.

A list that shrank or grew beyond measure is doubted: its publisher may have changed what it means, or somebody else
may speak for it.  Nothing here is needed to serve; a relay without a way out keeps the lists of its version.

The lists are public, and whoever calls this may be another user than the one who serves: all may read them.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from relay import durable
from relay.download import DownloadError, Web, download
from relay.lists import InForce, check_networks, in_force, path_of
from relay.publishers import PUBLISHERS, BadAnswerError, Publisher, request_of
from relay.wire.labels import LIST_NAMES, BadListError, PublishedList, spell_list
from relay.wire.ranges import Range

SHRUNK_TO: Final = 0.5
GROWN_TO: Final = 4
FUTURE_DAYS: Final = 2  # clocks and zones differ
_FOLDER_MODE: Final = 0o755
_LIST_MODE: Final = 0o644
Say = Callable[[str], None]


def update(folder: Path, names: Iterable[str], web: Web, *, today: dt.date, say: Say, complain: Say) -> bool:
    """Fetch the lists of these names and take the good ones; return whether there was no doubt about any.

    Raises OSError where the folder cannot be written.
    """
    folder.mkdir(exist_ok=True)
    _let_read(folder, _FOLDER_MODE)
    for path in (path_of(folder, name) for name in LIST_NAMES):
        if path.exists():
            _let_read(path, _LIST_MODE)
    now = {each.list.label.name: each.list for each in in_force(folder, complain)}
    is_well = True
    for name in names:
        try:
            fresh = _fetched(PUBLISHERS[name], web, today)
            _check(fresh, now[name], PUBLISHERS[name].widest_bits, today)
        except (DownloadError, BadAnswerError, BadListError) as error:
            complain(f"{name}: kept as it was, of {now[name].label.date}. {error}")
            is_well = False
            continue
        say(f"{name}: {_taken(folder, fresh, now[name])}")
    return is_well


def _let_read(path: Path, mode: int) -> None:
    """Give `path` this mode where it lacks some of it: it is ours then, or there is no helping it."""
    if path.stat().st_mode & mode != mode:
        path.chmod(mode)


def _fetched(publisher: Publisher, web: Web, today: dt.date) -> PublishedList:
    answers = [download(request_of(url), web, max_bytes=publisher.max_bytes) for url in publisher.urls]
    return publisher.list_of(answers, today)


def _taken(folder: Path, fresh: PublishedList, before: PublishedList) -> str:
    """Write the list, unless it is no newer, and return what became of it."""
    if fresh.label.date < before.label.date:
        return f"nothing newer; the publisher's is of {fresh.label.date}, the one in force of {before.label.date}."
    if (fresh.label, fresh.ipv4, fresh.ipv6) == (before.label, before.ipv4, before.ipv6):
        return f"unchanged, of {fresh.label.date}."
    durable.replace(path_of(folder, fresh.label.name), spell_list(fresh).encode("utf-8"), mode=_LIST_MODE)
    return f"taken, of {fresh.label.date}: {_counted(fresh)}; before: {_counted(before)}, of {before.label.date}."


def _check(fresh: PublishedList, before: PublishedList, widest_bits: Mapping[int, int], today: dt.date) -> None:
    """Raise BadListError when the new list is not of the kind the one before is."""
    if not fresh.ipv4 and not fresh.ipv6:
        raise BadListError("The publisher's list is empty.")
    if dt.date.fromisoformat(fresh.label.date) > today + dt.timedelta(days=FUTURE_DAYS):
        raise BadListError(f"The publisher's list is of {fresh.label.date}, which is yet to come.")
    check_networks(fresh, widest_bits)
    for version in (4, 6):
        now, then = fresh.ranges(version), before.ranges(version)
        for what, count, was in (("ranges", len(now), len(then)), ("addresses", _size(now), _size(then))):
            if not was * SHRUNK_TO <= count <= was * GROWN_TO:
                raise BadListError(
                    f"It has {count:,} IPv{version} {what} where there were {was:,}; less than half or more than"
                    f" {GROWN_TO} times as many is doubted."
                )


def _size(ranges: Sequence[Range]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def _counted(of: PublishedList) -> str:
    return f"{len(of.ipv4):,} ranges of IPv4, {len(of.ipv6):,} of IPv6"


def show(folder: Path, *, say: Say, complain: Say) -> None:
    """Say of each list from when it is, how long, where from, and whether it can be updated."""
    lists = in_force(folder, complain)
    width = max(len(name) for name in LIST_NAMES)
    for each in lists:
        say(f"{each.list.label.name:{width}}  {each.list.label.date}  {_counted(each.list)}; {_origin(each)}")


def _origin(of: InForce) -> str:
    if of.is_given:
        return f"from the data folder: {of.list.source}"
    if of.list.label.name in PUBLISHERS:
        return f"came with this version, `lists update` fetches a newer one: {of.list.source}"
    return f"came with this version, as its publisher has none for machines: {of.list.source}"
