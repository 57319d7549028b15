"""The operator's block file: channels and destination hosts whose links show the destination instead of redirecting.

One entry a line, `channel <24 hex digits>` or `host <name>` (its subdomains included), `#` begins a comment.  The file
is looked at again when it changes; a mistake in it is logged and the last good entries stay in force.
"""

import logging
import re
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from relay.settings import BadSettingError

LOOK_AGAIN_S: Final = 1.0
_ENTRY: Final = re.compile(r"channel ([0-9a-f]{24})|host ([a-z0-9_.-]+)")
_log = logging.getLogger(__name__)


class Blocks:
    """What is blocked now."""

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Read the file if there is one; raise BadSettingError when a line is no entry."""
        self._path = path
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self._stamp = self._current_stamp()
        self._channels, self._hosts = _read(path)

    def blocks_channel(self, channel_id: bytes) -> bool:
        """Return True when nothing of this channel is served."""
        self._look_again()
        return channel_id in self._channels

    def blocks_destination(self, destination: bytes) -> bool:
        """Return True when a browser would take `destination` to a blocked host."""
        self._look_again()
        if not self._hosts:
            return False
        labels = host_of(destination).split(".")
        return any(".".join(labels[start:]) in self._hosts for start in range(len(labels)))

    def _look_again(self) -> None:
        now_s = self._monotonic()
        if now_s - self._looked_at < LOOK_AGAIN_S:
            return
        self._looked_at = now_s
        stamp = self._current_stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._channels, self._hosts = _read(self._path)
        except BadSettingError as error:
            _log.error("%s The entries read before stay in force.", error)

    def _current_stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_size


def host_of(destination: bytes) -> str:
    """Return the host a browser would go to, as WHATWG URL reads it: slashes of either kind, escapes, user info."""
    text = destination.decode("ascii").replace("\\", "/")
    authority = re.split(r"[/?#]", text.partition(":")[2].lstrip("/"), maxsplit=1)[0]
    host = re.sub(r":[0-9]*\Z", "", authority.rpartition("@")[2])
    return unicodedata.normalize("NFKC", unquote(host)).casefold().rstrip(".")


def _read(path: Path) -> tuple[frozenset[bytes], frozenset[str]]:
    if not path.exists():
        return frozenset(), frozenset()
    channels, hosts = set(), set()
    for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
        entry = " ".join(line.partition("#")[0].split()).lower()
        if not entry:
            continue
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise BadSettingError(
                f"{path} line {number} is no entry: write `channel <24 hex digits>` or `host <name>`."
            )
        if match[1]:
            channels.add(bytes.fromhex(match[1]))
        else:
            hosts.add(match[2].rstrip("."))
    return frozenset(channels), frozenset(hosts)
