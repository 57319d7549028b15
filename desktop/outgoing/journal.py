"""What was promised to whom, in a file of its own: the memory that keeps a mail from being sent twice.

Per message and recipient PREPARED → COMMITTING (before the final dot) → ACCEPTED or REJECTED, per message the answer
the client was given and whether it certainly read it.  Not SQLite, because it must work when the store does not, and
because the dot waits for it: one appended line and one fdatasync a state.  A line names nobody: a recipient stands as
a hash of the message's content and the address.
"""

import hashlib
import json
import os
import secrets
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from desktop.core.errors import StoreTrouble

RESEND_WINDOW: Final = timedelta(minutes=30)
COMPACT_ABOVE_BYTES: Final = 1_000_000
_CURE: Final = "Free some disk space or mend the folder's permissions; until then mail goes out untracked."


class State(StrEnum):
    """How far one recipient's copy came."""

    PREPARED = "P"
    COMMITTING = "C"
    ACCEPTED = "A"
    REJECTED = "R"
    UNKNOWN = "U"


class Answer(StrEnum):
    """What the client was told of the whole message; CONFIRMED means a 2xx that it certainly could read."""

    NONE = "n"
    FAILURE = "f"
    CONFIRMED = "k"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One recipient of one message; `copy_id` is the store's, 0 when the store has none."""

    key: str
    copy_id: int
    state: State
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message; `is_live` while its connection is open here, `is_recorded` once the store knows its end."""

    id: str
    prepared_at: datetime
    parts: tuple[Part, ...]
    answer: Answer = Answer.NONE
    is_recorded: bool = False
    is_live: bool = field(default=False, compare=False)


class Twin(StrEnum):
    """What an earlier attempt at the same content to the same recipient means for this one."""

    NONE = "none"
    ACCEPTED = "accepted"  # the provider has it and the client does not know: do not send again
    UNKNOWN = "unknown"  # the provider may have it: nothing is sent by itself
    UNDER_WAY = "under way"  # the client gave up waiting, the provider has not answered yet


def key_of(content_hash: bytes, address: str) -> str:
    """Return the mark of one content for one normalised address."""
    return hashlib.sha256(content_hash + b"\x00" + address.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Journal:
    """The file and what it says; every method is thread-safe, and durable on return unless it says otherwise.

    Each writing method raises StoreTrouble when the line could not be made durable.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime]) -> None:
        """Read what is there; COMMITTING found now is UNKNOWN, since nobody waits for that answer any more."""
        self._path = path
        self._clock = clock
        # Taken for moments only, by the event loop too; the disk is waited for under the other one.
        self._lock = threading.RLock()
        self._sync_lock = threading.RLock()
        self._written = 0
        self._synced = 0
        self._entries: dict[str, Entry] = {}
        self._by_key: dict[str, list[str]] = {}
        self._handle: int | None = None
        self._written_bytes = 0
        self._is_torn = False
        self._load()
        self._settle_unknown()
        self.unrecorded_at_start = tuple(entry for entry in self._entries.values() if not entry.is_recorded)

    def close(self) -> None:
        """Close the file; what was written stays."""
        with self._sync_lock, self._lock:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def prepare(self, keys: Sequence[str]) -> str:
        """Write PREPARED for each key and return the entry's id; durable with the next state only.

        A PREPARED line that a power cut takes with it means the same as none: nothing was sent.
        """
        if self._written_bytes > COMPACT_ABOVE_BYTES:
            self._compact()
        with self._lock:
            entry_id = secrets.token_hex(8)
            at_ms = _ms(self._clock())
            line = {"m": entry_id, "t": at_ms, "k": list(keys)}
            self._append(line)
            self._apply(line)
            self._entries[entry_id] = replace(self._entries[entry_id], is_live=True)
            return entry_id

    def attach(self, entry_id: str, copy_ids: Mapping[int, int]) -> None:
        """Write the store's ids of the copies, by index; durable with the next state only."""
        with self._lock:
            line = {"m": entry_id, "c": list(copy_ids.items())}
            self._append(line)
            self._apply(line)

    def mark_recorded(self, entry_id: str) -> None:
        """Write that the store knows what became of the message; at the next start it need not be told again."""
        with self._lock:
            if entry_id in self._entries:
                line = {"m": entry_id, "r": 1}
                self._apply(line)
                self._append(line)

    def advance(self, entry_id: str, indices: Iterable[int], state: State) -> None:
        """Write that the parts at `indices` reached `state`.

        Only COMMITTING is on disk on return.  An end is written, so that the program's death does not lose it; a power
        cut before the next `sync` makes it UNKNOWN, and the machine's mail programs died with it.
        """
        with self._lock:
            line = {"m": entry_id, "t": _ms(self._clock()), "i": list(indices), "s": state.value}
            if state is not State.COMMITTING:
                self._apply(line)
            self._append(line)
        if state is State.COMMITTING:
            self.sync()
            with self._lock:
                self._apply(line)

    def carry_over(self, entry_id: str, index: int) -> None:
        """Write that this part needs no sending, since its twin was accepted; it inherits the twin's age."""
        with self._lock:
            part = self._entries[entry_id].parts[index]
            twin = self._twin(part.key, besides=entry_id)
            accepted_at = self._clock() if twin is None or twin[1].accepted_at is None else twin[1].accepted_at
            line = {"m": entry_id, "t": _ms(accepted_at), "i": [index], "s": State.ACCEPTED.value}
            self._apply(line)
            self._append(line)
        self.sync()

    def answer(self, entry_id: str, answer: Answer) -> None:
        """Write what the client was told; not waited for on the disk, since an older state only suppresses more."""
        with self._lock:
            if entry_id in self._entries:
                line = {"m": entry_id, "a": answer.value}
                self._apply(line)
                self._append(line)

    def leave(self, entry_ids: Iterable[str]) -> None:
        """Take note that the connection these messages came over is gone."""
        with self._lock:
            for entry_id in entry_ids:
                if entry_id in self._entries:
                    self._entries[entry_id] = replace(self._entries[entry_id], is_live=False)

    def twin_of(self, key: str) -> Twin:
        """Return what the latest attempt at this key within 30 minutes means for a new one.

        ACCEPTED counts only while the client cannot know of it: it was gone before it could read a 2xx, or it was told
        of a failure of the whole.  A client that is still connected, or has read its 2xx, sends again because it means
        to.
        """
        with self._lock:
            found = self._twin(key)
        if found is None:
            return Twin.NONE
        entry, part = found
        if self._clock() - (part.accepted_at or entry.prepared_at) > RESEND_WINDOW:
            return Twin.NONE
        if part.state is State.UNKNOWN:
            return Twin.UNKNOWN
        if part.state is State.COMMITTING and not entry.is_live:
            return Twin.UNDER_WAY
        unread = entry.answer is Answer.FAILURE or (entry.answer is not Answer.CONFIRMED and not entry.is_live)
        return Twin.ACCEPTED if part.state is State.ACCEPTED and unread else Twin.NONE

    def entry(self, entry_id: str) -> Entry:
        """Return an entry as it stands now."""
        with self._lock:
            return self._entries[entry_id]

    def entries(self) -> tuple[Entry, ...]:
        """Return all entries, oldest first."""
        with self._lock:
            return tuple(self._entries.values())

    def _twin(self, key: str, *, besides: str = "") -> tuple[Entry, Part] | None:
        for entry_id in reversed(self._by_key.get(key, [])):
            entry = self._entries[entry_id]
            for part in entry.parts:
                if entry_id != besides and part.key == key and part.state is not State.PREPARED:
                    return entry, part
        return None

    def _load(self) -> None:
        try:
            octets = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreTrouble("The journal of outgoing mail cannot be read.", _CURE) from error
        self._written_bytes = len(octets)
        for octets_of_line in octets.split(b"\n"):
            line = _read_line(octets_of_line)
            if line is not None:
                self._apply(line)
        self._is_torn = bool(octets) and not octets.endswith(b"\n")

    def _settle_unknown(self) -> None:
        for entry in tuple(self._entries.values()):
            indices = [index for index, part in enumerate(entry.parts) if part.state is State.COMMITTING]
            if indices:
                self.advance(entry.id, indices, State.UNKNOWN)

    def _apply(self, line: dict[str, Any]) -> None:
        entry_id: str = line["m"]
        if "k" in line:
            parts = tuple(Part(key=key, copy_id=0, state=State.PREPARED) for key in line["k"])
            self._entries[entry_id] = Entry(id=entry_id, prepared_at=_instant(line["t"]), parts=parts)
            for key in set(line["k"]):
                self._by_key.setdefault(key, []).append(entry_id)
            return
        entry = self._entries.get(entry_id)
        if entry is None:
            return
        if "a" in line:
            self._entries[entry_id] = replace(entry, answer=Answer(line["a"]))
            return
        if "r" in line:
            self._entries[entry_id] = replace(entry, is_recorded=True)
            return
        if "c" in line:
            ids = dict(line["c"])
            parts = tuple(replace(part, copy_id=ids.get(index, 0)) for index, part in enumerate(entry.parts))
            self._entries[entry_id] = replace(entry, parts=parts)
            return
        state = State(line["s"])
        accepted_at = _instant(line["t"]) if state is State.ACCEPTED else None
        moved = list(entry.parts)
        for index in line["i"]:
            moved[index] = replace(moved[index], state=state, accepted_at=accepted_at)
        self._entries[entry_id] = replace(entry, parts=tuple(moved))

    def _append(self, line: dict[str, Any]) -> None:
        octets = _spell(line)
        if self._is_torn:
            # Glued to a torn line, this one would be lost too.
            octets = b"\n" + octets
        try:
            if self._handle is None:
                self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            if os.write(self._handle, octets) != len(octets):
                raise OSError("a short write")  # noqa: TRY301 - told like any other full disk
        except OSError as error:
            self._is_torn = True
            raise StoreTrouble("The journal of outgoing mail cannot be written.", _CURE) from error
        self._is_torn = False
        self._written_bytes += len(octets)
        self._written += 1

    def sync(self) -> None:
        """Return once all that was written before this call is on the disk; several callers share one wait."""
        wanted = self._written
        with self._sync_lock:
            if self._synced >= wanted or self._handle is None:
                return
            written = self._written
            try:
                os.fdatasync(self._handle)
            except OSError as error:
                raise StoreTrouble("The journal of outgoing mail cannot be written.", _CURE) from error
            self._synced = written

    def _compact(self) -> None:
        """Write anew only what can still matter, and put it in place of the old file as a whole."""
        with self._sync_lock, self._lock:
            self._drop_old()
            self._replace_file()

    def _drop_old(self) -> None:
        now = self._clock()
        self._entries = {
            entry.id: entry
            for entry in self._entries.values()
            if entry.is_live or now - entry.prepared_at <= RESEND_WINDOW
        }
        self._by_key = {}
        for entry in self._entries.values():
            for key in {part.key for part in entry.parts}:
                self._by_key.setdefault(key, []).append(entry.id)

    def _replace_file(self) -> None:
        octets = b"".join(_spell(line) for entry in self._entries.values() for line in _lines_of(entry))
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            with fresh.open("wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            self.close()
            fresh.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            raise StoreTrouble("The journal of outgoing mail cannot be written.", _CURE) from error
        # Where thirty minutes alone fill the bound, wait for as much again before the next attempt.
        self._written_bytes = max(0, len(octets) - COMPACT_ABOVE_BYTES // 2)


def _lines_of(entry: Entry) -> list[dict[str, Any]]:
    first = {
        "m": entry.id,
        "t": _ms(entry.prepared_at),
        "k": [part.key for part in entry.parts],
    }
    ids = {"m": entry.id, "c": [[index, part.copy_id] for index, part in enumerate(entry.parts)]}
    states = [
        {"m": entry.id, "t": _ms(part.accepted_at or entry.prepared_at), "i": [index], "s": part.state.value}
        for index, part in enumerate(entry.parts)
        if part.state is not State.PREPARED
    ]
    answer = {"m": entry.id, "a": entry.answer.value}
    return [first, ids, *states, answer, *([{"m": entry.id, "r": 1}] if entry.is_recorded else [])]


def _spell(line: dict[str, Any]) -> bytes:
    text = json.dumps(line, separators=(",", ":")).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _read_line(octets: bytes) -> dict[str, Any] | None:
    """Return what a line says, or None for one that was torn or damaged."""
    head, _, text = octets.partition(b" ")
    if len(head) != 8 or head != b"%08x" % zlib.crc32(text):
        return None
    line: dict[str, Any] = json.loads(text)
    return line


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)
