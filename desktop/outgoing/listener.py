"""The door for mail clients: an SMTP listener on loopback, on a thread and an event loop of its own.

It forwards while the client waits and answers with the provider's own reply.  It runs with the window or without.
"""

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final

from desktop.accounts.channel import Channel
from desktop.accounts.credentials import Credentials
from desktop.accounts.vault import LISTENER_SECRET, Vault
from desktop.core.errors import StoreTrouble, Trouble
from desktop.outgoing.dialogue import LISTENER_USER, Dialogue, House
from desktop.outgoing.journal import Entry, Journal, State
from desktop.outgoing.means import Means
from desktop.outgoing.upstream import Timeouts
from desktop.outgoing.wire import Wire
from desktop.store.database import Store
from desktop.store.mail import CopyState, record_outcome

__all__ = ["DEFAULT_PORT", "LISTENER_USER", "Listener"]
# ManageSieve's port: on the browsers' list of blocked ones (WHATWG Fetch 2.9), so no page can speak to it.
DEFAULT_PORT: Final = 4190
_HOST: Final = "127.0.0.1"
_MAX_WORKERS: Final = 64
_AT_START: Final = {
    State.PREPARED: (CopyState.REFUSED, "Readback ended before this was sent; the mail program still has it."),
    State.ACCEPTED: (CopyState.SENT, ""),
    State.REJECTED: (CopyState.REFUSED, ""),
    State.UNKNOWN: (CopyState.UNCERTAIN, "Readback ended before the provider's answer came."),
}


class Listener:
    """Started once, stopped once; `start` and `stop` block and may be called from any thread but the listener's."""

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
            credentials=credentials,
            channel=channel,
            journal_path=journal_path,
            clock=clock,
            on_trouble=on_trouble,
            timeouts=timeouts or Timeouts(),
        )
        self._workers = ThreadPoolExecutor(_MAX_WORKERS, thread_name_prefix="outgoing")
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._dialogues: dict[asyncio.Task[None], Dialogue] = {}
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
        self._thread.start()
        try:
            return asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        except OSError as error:
            self.stop()
            raise StoreTrouble(
                f"Port {self._port} of this machine is taken.",
                "Close the other Readback, or choose another port in the settings and in the mail program.",
            ) from error

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
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self) -> int:
        house = House(means=self._means, password=self.password, workers=self._workers, on_bug=_to_crash_handler)

        def begin(wire: Wire) -> None:
            dialogue = Dialogue(wire, house)
            task = self._loop.create_task(dialogue.run())
            self._dialogues[task] = dialogue
            task.add_done_callback(self._dialogues.pop)

        self._server = await self._loop.create_server(lambda: Wire(begin), _HOST, self._port)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def stop(self) -> None:
        """Stop listening; mail that is committed gets a few seconds for its answer, then the thread ends."""
        if self._thread.is_alive():
            stopping: Future[None] = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
            stopping.result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        if not self._loop.is_closed():
            self._loop.close()
            self._workers.shutdown(wait=False)
            self._means.close()

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        for dialogue in self._dialogues.values():
            dialogue.stop()
        if self._dialogues:
            _, late = await asyncio.wait(set(self._dialogues), timeout=self._grace_s)
            self._means.wake_all()
            if late:
                await asyncio.wait(late, timeout=self._grace_s)
        # Closed transports are let go in the loop's next round.
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def _to_crash_handler(error: BaseException) -> None:
    threading.excepthook(
        threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
    )
