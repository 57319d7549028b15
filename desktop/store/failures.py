"""What SQLite's failures mean to the user: each becomes a StoreTrouble with a sentence and a cure.

A broken constraint or a wrong statement is a bug of ours and is passed on as it is.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from desktop.core.errors import StoreTrouble

_PRIMARY_CODE = 0xFF
_TEXTS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: (
        "Readback's data is locked by another program.",
        "Close other windows of Readback, and backup programs that read its folder, then try again.",
    ),
    sqlite3.SQLITE_FULL: ("The disk is full; Readback could not save.", "Free some space, then try again."),
    sqlite3.SQLITE_CORRUPT: (
        "Readback's data file is damaged.",
        (
            "Close Readback, move store.sqlite3 out of its folder (or put a backup of yours in its place) and start it "
            "again: your accounts come back from their copy, recent conversations are read anew from your mailbox; "
            "permissions, opens and clicks recorded here are lost."
        ),
    ),
    sqlite3.SQLITE_READONLY: (
        "Readback may not write its data file.",
        "Give your user the right to write the file and the folder it is in.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "Readback's data file cannot be opened.",
        "Check that its folder exists and that your user may write there.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk failed while Readback read or saved its data.",
        "Check the disk, then start Readback again.",
    ),
}
_TEXTS[sqlite3.SQLITE_LOCKED] = _TEXTS[sqlite3.SQLITE_BUSY]
_TEXTS[sqlite3.SQLITE_NOTADB] = _TEXTS[sqlite3.SQLITE_CORRUPT]
_TEXTS[sqlite3.SQLITE_PERM] = _TEXTS[sqlite3.SQLITE_READONLY]


@contextmanager
def told_as_trouble() -> Iterator[None]:
    """Raise StoreTrouble for a failure of the file, the disk or a lock; let bugs through."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        # Python 3.11: absent on the errors that the module itself raises, which are misuse, so bugs.
        code = getattr(error, "sqlite_errorcode", None)
        texts = None if code is None else _TEXTS.get(code & _PRIMARY_CODE)
        if texts is None:
            raise
        raise StoreTrouble(*texts) from error


def newer_schema() -> StoreTrouble:
    """Return the trouble that the file was written by a later Readback."""
    return StoreTrouble(
        "Readback's data was written by a newer version.",
        "Install the newest Readback; this version leaves the file as it is.",
    )
