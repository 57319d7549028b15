"""Root's commands act as the owner of the relay's folder, so that no file in it comes to belong to root.

A file of root's would stop the relay at its next start, long after the command that made it.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def acting_as_owner(folder: Path) -> Iterator[None]:
    """Have what follows be done as the folder's owner; anyone but root acts as before."""
    if sys.platform == "win32" or os.geteuid() != 0 or not folder.exists():
        yield
        return
    status, groups, group = folder.stat(), os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(status.st_gid)
    os.seteuid(status.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)
