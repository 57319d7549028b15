"""`readback ledger`: whether the record of who agreed holds, all of it as lines of JSON, and its repair.

Each works while the window is open and while it is not.  `verify` exits with 1 where the chain breaks, so that a script
can watch it.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from desktop.core.ledger import Break, Flaw
from desktop.engine import utc_now
from desktop.places import Places
from desktop.store.database import Store
from desktop.store.ledger import evidence_file, export_ledger, repair_ledger, verify_ledger
from desktop.ui import words

_BROKEN: Final = 1
_WHY: Final = {
    Flaw.ALTERED: "its fields are not what they were when it was written",
    Flaw.UNLINKED: "it does not follow from the row before it",
    Flaw.GAP: "it is missing",
    Flaw.DETAIL_ALTERED: "whom it concerns, or how that is known, was altered",
    Flaw.DETAIL_GONE: "whom it concerns is gone, and no row says that it was erased",
    Flaw.WORDING: "the text that was shown is gone, or altered",
    Flaw.HEAD: "rows are missing at the end, or were added there by something else",
}
_EXPORT: Final = """\
Print the ledger as it stands in the file, one JSON object a line: the texts
that were shown, then every row, then the head.

A row's hash is the SHA-256 of the compact ASCII JSON of [1, row, event,
purposes, generation, method, language, wording, at_ms, detail_hash, previous,
whose], purposes being the text that stands there, and whose left out where it
is empty. Its detail_hash is the SHA-256 of the salt's octets and the compact
ASCII JSON of [address, evidence]; the first row's previous is 32 zero octets."""
_VERIFY: Final = """\
Say whether every row follows from the one before, and is as it was written;
exit with 1 if not.

This shows damage, and changes that somebody made to single rows. There is no
key in it: whoever can write Readback's data file, as any program of yours can,
can also write a whole record anew that holds. To notice that, keep what
`readback ledger export` prints where such a program cannot write, and compare:
each row's hash that stood there stands there still, unless you repaired it."""


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Offer the command and what belongs to it."""
    ledger = commands.add_parser("ledger", help="check, print or repair the record of who agreed to tracking")
    kinds = ledger.add_subparsers(title="commands", metavar="COMMAND", required=True)
    verify = kinds.add_parser(
        "verify",
        help="say whether every row follows from the one before; exit with 1 if not",
        description=_VERIFY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verify.set_defaults(command=_on_store(_verify))
    export = kinds.add_parser(
        "export",
        help="print every row as JSON",
        description=_EXPORT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.set_defaults(command=_on_store(_export))
    repair = kinds.add_parser("repair", help="keep a broken record in a file, and go on with one that holds")
    repair.add_argument("--evidence", type=Path, metavar="FILE", help="that file (default: beside Readback's data)")
    repair.set_defaults(command=_on_store(_repair))


def _on_store(work: Callable[[Store, argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    def command(options: argparse.Namespace) -> int:
        places = Places.of_user()
        if not places.store.exists():
            sys.stderr.write("Nothing was recorded here yet.\n")
            return 0
        store = Store(places.store, clock=utc_now)
        try:
            return work(store, options)
        finally:
            store.close()

    return command


def _verify(store: Store, _options: argparse.Namespace) -> int:
    found = verify_ledger(store)
    if found is None:
        _say("The record holds: each of its rows follows from the one before.")
        return 0
    _say(_broken_text(found))
    _say("Mail goes out untracked and nobody is asked until it is repaired: `readback ledger repair`.")
    return _BROKEN


def _broken_text(found: Break) -> str:
    return f"The record breaks at row {found.where}: {_WHY[found.why]}."


def _export(store: Store, _options: argparse.Namespace) -> int:
    for line in export_ledger(store):
        _say(json.dumps(line))
    return 0


def _repair(store: Store, options: argparse.Namespace) -> int:
    now = utc_now()
    done = repair_ledger(store, now=now, evidence=options.evidence or evidence_file(store.path.parent, now))
    _say(_broken_text(done.broken))
    _say(f"The record as it was is kept in {done.evidence}.")
    carried = words.count(done.carried, "row", "rows")
    _say(
        f"Before the break {words.count(done.kept, 'row stands', 'rows stand')} as before; {carried} went on after it."
    )
    if done.dropped:
        _say(f"{words.count(done.dropped, 'permission does', 'permissions do')} not hold any more.")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
