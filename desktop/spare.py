"""What mail needs when the store cannot be opened: a spare store, filled with the accounts as they last were.

Promise 1: mail fails open.  A small copy of the accounts stands beside the store; where that is damaged, locked or too
new, the program runs on a spare one for the time, with nobody's permission in it, so nothing is tracked, and the real
file is left as it is.
"""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from desktop.core.address import Mailbox
from desktop.core.errors import StoreTrouble
from desktop.core.grounds import AskWhen, Policy
from desktop.store import accounts, settings
from desktop.store.accounts import AccountRow, Auth, Security
from desktop.store.database import Store
from relay.wire.language import Language

CURE: Final = "Until then mail goes out untracked, and what was recorded before is not shown."


def keep_copy(path: Path, store: Store, setting_keys: tuple[str, ...]) -> None:
    """Write the accounts and the named settings to `path`, whole or not at all; no secret is among them."""
    nothing = object()
    found = {key: settings.get(store, key, nothing) for key in setting_keys}
    kept = {
        "accounts": [asdict(row) for row in accounts.accounts(store)],
        "settings": {key: value for key, value in found.items() if value is not nothing},
    }
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(kept), encoding="utf-8")
    draft.replace(path)


class SpareStore(Store):
    """A store in a temporary folder, filled from the copy; closing it removes it."""

    def __init__(self, copy: Path, *, clock: Callable[[], datetime]) -> None:
        """Fill it; without a copy, or with one that cannot be read, it holds no account; raise StoreTrouble."""
        self._folder = Path(tempfile.mkdtemp(prefix="readback-spare-"))
        super().__init__(self._folder / "store.sqlite3", clock=clock)
        take_up(copy, self)

    def close(self) -> None:
        """Close and remove it."""
        super().close()
        shutil.rmtree(self._folder, ignore_errors=True)


def take_up(copy: Path, store: Store) -> None:
    """Fill a new store from the copy, if there is one; ids stay, so that secrets are found; raise StoreTrouble."""
    kept = _read(copy)
    for row in kept["accounts"]:
        accounts.save_account(store, _account(row))
    for key, value in kept["settings"].items():
        settings.put(store, key, value)


def _read(copy: Path) -> dict[str, Any]:
    nothing: dict[str, Any] = {"accounts": [], "settings": {}}
    try:
        kept = json.loads(copy.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return nothing
    return kept if isinstance(kept, dict) and kept.keys() == nothing.keys() else nothing


def _account(fields: dict[str, Any]) -> AccountRow:
    identities = tuple(Mailbox(each["name"], each["address"]) for each in fields.pop("identities"))
    security, imap_security = Security(fields.pop("security")), Security(fields.pop("imap_security", Security.TLS))
    return AccountRow(
        identities=identities,
        security=security,
        imap_security=imap_security,
        auth=Auth(fields.pop("auth", Auth.PASSWORD)),
        policy=Policy(fields.pop("policy", Policy.ASK)),
        ask_when=AskWhen(fields.pop("ask_when", AskWhen.ANSWERED)),
        language=Language(fields.pop("language", Language.ENGLISH)),
        **fields,
    )


def told(trouble: StoreTrouble, home: Path) -> StoreTrouble:
    """Return the trouble with what it means for mail, and the folder that its cure may speak of."""
    where = f"The folder is {home}." if "folder" in trouble.cure else ""
    return StoreTrouble(trouble.sentence, " ".join(part for part in (trouble.cure, where, CURE) if part))
