"""The door for mail clients: an SMTP listener on loopback, each connection on a thread of its own.

It forwards while the client waits and answers with the provider's own reply.  It runs with the window or without.
"""

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final

from desktop.accounts.channel import Channel
from desktop.accounts.credentials import Credentials
from desktop.accounts.vault import LISTENER_SECRET, Vault
from desktop.core.errors import StoreTrouble, Trouble
from desktop.outgoing.dialogue import IDLE_S, LISTENER_USER, Dialogue, House
from desktop.outgoing.journal import Entry, Journal, State
from desktop.outgoing.means import Means
from desktop.outgoing.replies import ours
from desktop.outgoing.upstream import Timeouts
from desktop.outgoing.wire import Wire
from desktop.store.database import Store
from desktop.store.mail import CopyState, record_outcome

__all__ = ["DEFAULT_PORT", "LISTENER_USER", "Listener"]
# ManageSieve's port: on the browsers' list of blocked ones (WHATWG Fetch 2.9), so no page can speak to it.
DEFAULT_PORT: Final = 4190
_HOST: Final = "127.0.0.1"
MAX_CONNECTIONS: Final = 64
_TOO_MANY: Final = ours("421 4.7.0 Too many connections at a time; try again later.")
_AT_START: Final = {
    State.PREPARED: (CopyState.REFUSED, "Readback ended before this was sent; the mail program still has it."),
    State.ACCEPTED: (CopyState.SENT, ""),
    State.REJECTED: (CopyState.REFUSED, ""),
    State.UNKNOWN: (CopyState.UNCERTAIN, "Readback ended before the provider's answer came."),
}


class Listener:
    """Started once, stopped once; `start` and `stop` block and may be called from any thread but the listener's own."""

    def __init__(
        self,
        *,
        port: int,
        store: Store,
        vault: Vault,
        credentials: Credentials,
        channel: Callable[[], Channel | None],
        journal_path: Path,
        clock: Callable[[], datetime],
        on_trouble: Callable[[Trouble], None],
        timeouts: Timeouts | None = None,
        grace_s: float = 5.0,
    ) -> None:
        """Take what the app built; `on_trouble` is called on any thread, and `port` 0 means any free one."""
        self._port = port
        self._vault = vault
        self._grace_s = grace_s
        self._on_trouble = on_trouble
        self._means = Means(
            store=store,
            vault=vault,
            credentials=credentials,
            channel=channel,
            journal_path=journal_path,
            clock=clock,
            on_trouble=on_trouble,
            look_around=self._look_around,
            timeouts=timeouts or Timeouts(),
        )
        self._workers = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="outgoing")
        self._door: socket.socket | None = None
        self._lock = threading.Lock()
        self._dialogues: dict[threading.Thread, Dialogue] = {}
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self.password = ""

    def start(self) -> int:
        """Listen and return the port; raise StoreTrouble when the port is taken or the vault has no place.

        What the journal knows and the store does not is told to the store first.
        """
        self.password = self._own_password()
        self._settle_journal()
        self._means.recall_offers()
        self._workers.submit(self._means.offer)
        try:
            self._door = socket.create_server((_HOST, self._port), backlog=100)
        except OSError as error:
            self.stop()
            raise StoreTrouble(
                f"Port {self._port} of this machine is taken.",
                "Close the other Readback, or choose another port in the settings and in the mail program.",
            ) from error
        self._thread.start()
        port: int = self._door.getsockname()[1]
        return port

    def _own_password(self) -> str:
        """Return the listener's own password, made once: never the mailbox's."""
        kept = self._vault.get(LISTENER_SECRET)
        if kept is None:
            kept = secrets.token_urlsafe(18)
            self._vault.put(LISTENER_SECRET, kept)
        return kept

    def _settle_journal(self) -> None:
        """Tell the store what an earlier run could not, and the user what nobody can know any more."""
        with self._means.fail_open():
            journal = self._means.journal()
            for entry in journal.unrecorded_at_start:
                self._settle_entry(journal, entry)

    def _settle_entry(self, journal: Journal, entry: Entry) -> None:
        if any(part.state is State.UNKNOWN for part in entry.parts):
            at = entry.prepared_at.astimezone()
            self._on_trouble(
                Trouble(
                    f"A mail of {at:%H:%M} may or may not have been sent: Readback ended before the answer came.",
                    "Look into your Sent folder at the provider, or ask the recipient, before you send it again.",
                )
            )
        for part in entry.parts:
            if part.copy_id and part.state in _AT_START:
                state, reply = _AT_START[part.state]
                # A store restored from a backup may not know this copy.
                with contextlib.suppress(LookupError):
                    record_outcome(self._means.store, part.copy_id, state, at=self._means.clock(), reply=reply)
        journal.mark_recorded(entry.id)

    def _run(self) -> None:
        house = House(means=self._means, password=self.password, workers=self._workers)
        assert self._door is not None
        while True:
            try:
                connection, _ = self._door.accept()
            except ConnectionAbortedError:
                continue
            except OSError:
                # `stop` shut the door.
                return
            self._begin(Wire(connection, IDLE_S), house)

    def _begin(self, wire: Wire, house: House) -> None:
        dialogue = Dialogue(wire, house)
        thread = threading.Thread(target=self._speak, args=(dialogue,), name="outgoing-client", daemon=True)
        with self._lock:
            is_wanted = not self._is_stopping and len(self._dialogues) < MAX_CONNECTIONS
            if is_wanted:
                self._dialogues[thread] = dialogue
        if is_wanted:
            thread.start()
        else:
            wire.write(_TOO_MANY)
            wire.close()

    def _speak(self, dialogue: Dialogue) -> None:
        try:
            dialogue.run()
        finally:
            with self._lock:
                del self._dialogues[threading.current_thread()]

    def _look_around(self) -> None:
        with self._lock:
            dialogues = tuple(self._dialogues.values())
        for each in dialogues:
            each.look()

    def stop(self) -> None:
        """Stop listening; mail that is committed gets a few seconds for its answer, then nothing is waited for."""
        with self._lock:
            if self._is_stopping:
                return
            self._is_stopping = True
            dialogues = dict(self._dialogues)
        if self._door is not None:
            # Closing alone does not end the wait for the next connection.
            self._door.shutdown(socket.SHUT_RDWR)
            self._thread.join()
            self._door.close()
        for dialogue in dialogues.values():
            dialogue.stop()
        late = _joined(dialogues, self._grace_s)
        self._means.wake_all()
        _joined(late, self._grace_s)
        self._workers.shutdown(wait=False)
        self._means.close()


def _joined(threads: Iterable[threading.Thread], wait_s: float) -> list[threading.Thread]:
    """Wait for threads to end, for so long altogether; return those that did not."""
    until = time.monotonic() + wait_s
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [thread for thread in threads if thread.is_alive()]
