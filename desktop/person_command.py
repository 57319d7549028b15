"""`readback person` and `readback do-not-track`: what is held of somebody, erasing them, and whom never to track.

Both work on the store by themselves.  An erasure alone needs that no other Readback is at work on it: the file is
written anew, and a window would go on showing what is gone.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from desktop.account_keeping import SECRETS_SETTING
from desktop.accounts.suppression import new_mark
from desktop.accounts.vault import open_vault
from desktop.core.donottrack import parse_line, read_list
from desktop.core.keep import Keep
from desktop.places import Places
from desktop.running import RunningLock
from desktop.store import do_not_track, settings
from desktop.store.database import Store
from desktop.store.erase import erase_person, files_naming
from desktop.store.export import export_person, is_empty
from desktop.ui import words

T = TypeVar("T")
NOTHING_HELD: Final = "Nothing is held of this person."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to print, and beside it on the other stream; `is_clean` is False where something given was no good."""

    lines: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    is_clean: bool = True


Answering = Callable[[argparse.Namespace, Places, datetime], Reply]


def add_to(commands: Any, command: Callable[[argparse.Namespace], int]) -> None:
    """Add both commands; each parser sets `answering`, and `command`, which prints the Reply of that."""
    person = commands.add_parser("person", help="tell everything held of a person, or erase them")
    of_person = person.add_subparsers(title="commands", metavar="COMMAND", required=True)
    export = of_person.add_parser("export", help="tell everything held of a person, as JSON")
    export.add_argument("address", metavar="ADDR")
    export.add_argument("--out", type=Path, metavar="FILE", help="write it to a new file that only you may read")
    export.set_defaults(command=command, answering=_export)
    erase = of_person.add_parser(
        "erase",
        help="erase everything held of a person",
        description="Erase everything held of a person. A keyed hash of the address stays, so that they are never "
        "tracked or asked again. Mail in your mailbox is not touched.",
    )
    erase.add_argument("address", metavar="ADDR")
    erase.add_argument("--yes", action="store_true", help="erase; without it only what is held is counted")
    erase.set_defaults(command=command, answering=_erase)
    listed = commands.add_parser("do-not-track", help="the list of whom mail is never tracked to")
    of_list = listed.add_subparsers(title="commands", metavar="COMMAND", required=True)
    importing = of_list.add_parser(
        "import", help="add a file's lines: addresses, domains, patterns such as *@*.example"
    )
    importing.add_argument("file", metavar="FILE", help="one entry a line, # begins a note; - for standard input")
    importing.set_defaults(command=command, answering=_import)
    for name, answering, said in (("add", _add, "add an entry"), ("remove", _remove, "take an entry off")):
        changing = of_list.add_parser(name, help=said)
        changing.add_argument("entry", metavar="ENTRY", help="an address, a domain or a pattern")
        changing.set_defaults(command=command, answering=answering)
    listing = of_list.add_parser("list", help="print the list; what is printed can be imported")
    listing.set_defaults(command=command, answering=_list)


def _export(options: argparse.Namespace, places: Places, now: datetime) -> Reply:
    exported = _with_store(places, now, lambda store: export_person(store, options.address))
    text = json.dumps(exported, ensure_ascii=False, indent=2)
    aside = (NOTHING_HELD,) if is_empty(exported) else ()
    if options.out is None:
        return Reply(lines=(text,), aside=aside)
    # Made anew and never overwritten: it is about somebody else, and only the user may read it.
    with os.fdopen(os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
    return Reply(aside=(*aside, f"Written to {options.out}."))


def _erase(options: argparse.Namespace, places: Places, now: datetime) -> Reply:
    if not options.yes:
        return _count(_with_store(places, now, lambda store: export_person(store, options.address)))
    lock = RunningLock(places.lock)
    try:
        _with_store(places, now, lambda store: _erase_from(store, places, options.address, now))
    finally:
        lock.release()
    left = files_naming(places.home, options.address)
    return Reply(
        lines=("Erased. The relay learns at the next start that nothing of theirs is to be stored.",),
        aside=(_LEFT, *(f"  {path}" for path in left)) if left else (),
    )


_LEFT: Final = "These files, which Readback does not keep itself, still name them; erase them yourself:"


def _erase_from(store: Store, places: Places, address: str, now: datetime) -> None:
    keep = Keep(settings.get(store, SECRETS_SETTING, Keep.KEYRING.value))
    mark = new_mark(open_vault(keep, path=places.secrets), address)
    erase_person(store, address, suppression_mark=mark, now=now)


def _count(exported: dict[str, Any]) -> Reply:
    counts = {name: len(part["rows"]) for name, part in exported["held"].items() if part["rows"]}
    lines = tuple(f"{count:>6}  {exported['held'][name]['what']}" for name, count in counts.items())
    return Reply(
        lines=lines or (NOTHING_HELD,),
        aside=("Nothing was erased. With --yes all of this is, and they are never tracked or asked again.",),
    )


def _import(options: argparse.Namespace, places: Places, now: datetime) -> Reply:
    octets = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
    found = _with_store(places, now, lambda store: do_not_track.import_lines(store, read_list(octets), now))
    known = f", {found.known} known already" if found.known else ""
    return Reply(
        lines=(f"{words.count(found.added, 'entry', 'entries')} added{known}.",),
        aside=tuple(f"Line {number}: {words.one_line(text)}: {said}" for number, text, said in found.bad),
        is_clean=not found.bad,
    )


def _add(options: argparse.Namespace, places: Places, now: datetime) -> Reply:
    entry = parse_line(options.entry)
    change, _ = _with_store(places, now, lambda store: do_not_track.add(store, entry, "", now))
    return Reply(lines=(f"{entry.value} {'is on the list' if change else 'was on the list already'}.",))


def _remove(options: argparse.Namespace, places: Places, now: datetime) -> Reply:
    entry = parse_line(options.entry)

    def work(store: Store) -> bool:
        found = next((row.id for row in do_not_track.entries(store) if row.entry == entry), None)
        return found is not None and bool(do_not_track.remove(store, found))

    if _with_store(places, now, work):
        return Reply(lines=(f"{entry.value} is not on the list any more.",))
    return Reply(aside=(f"{entry.value} is not on the list.",), is_clean=False)


def _list(_options: argparse.Namespace, places: Places, now: datetime) -> Reply:
    rows = _with_store(places, now, do_not_track.entries)
    lines = (f"{row.entry.value} # {row.note}" if row.note else row.entry.value for row in rows)
    return Reply(lines=tuple(map(words.one_line, lines)), aside=() if rows else ("The list is empty.",))


def _with_store(places: Places, now: datetime, work: Callable[[Store], T]) -> T:
    """Return what is made of the store, which is opened for it; raise StoreTrouble."""
    store = Store(places.store, clock=lambda: now)
    try:
        return work(store)
    finally:
        store.close()
