"""How this desktop is seen over each address family: asked beside the poll, which knows one family alone.

A mail client may load a picture over IPv6 while the poll goes over IPv4, and the relay would take it for somebody
else's.  A thread of its own asks, so that no hit waits for it; where a family is missing nothing is said.
"""

import contextlib
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from desktop.accounts.channel import Channel
from desktop.core.errors import Trouble
from desktop.store.database import Store
from desktop.store.own_views import record_own_source
from desktop.tracking.client import Family, ask_source

# A mark changes with the day, and a network may change unseen.
EVERY_S: Final = 3_600.0
_ANSWER_S: Final = 10.0


class Sources:
    """The thread; it asks when told to, and every hour."""

    def __init__(
        self,
        *,
        store: Store,
        channel: Channel,
        clock: Callable[[], datetime],
        ca_file: Path | None = None,
        every_s: float = EVERY_S,
    ) -> None:
        """Ask nothing yet."""
        self._store = store
        self._channel = channel
        self._clock = clock
        self._ca_file = ca_file
        self._every_s = every_s
        self._is_wanted = threading.Event()
        self._is_stopping = False
        self._keeping = threading.Lock()
        # A daemon, because quitting must not wait for a connection that is still being made.
        self._thread = threading.Thread(target=self._run, name="sources", daemon=True)

    def start(self) -> None:
        """Begin to wait; once."""
        self._thread.start()

    def ask(self) -> None:
        """Have it asked soon; from any thread, never waits."""
        self._is_wanted.set()

    def stop(self) -> None:
        """Ask and keep no more; never waits for the network."""
        with self._keeping:
            self._is_stopping = True
        self._is_wanted.set()

    def _run(self) -> None:
        # The first time it is told to: before the relay is known to answer there is no use.
        self._is_wanted.wait()
        while not self._is_stopping:
            self._is_wanted.clear()
            for family in Family:
                # A family that is missing, a relay that does not tell, a store in trouble: the poll says what matters.
                with contextlib.suppress(Trouble):
                    self._learn(family)
            self._is_wanted.wait(self._every_s)

    def _learn(self, family: Family) -> None:
        source = ask_source(
            relay_url=self._channel.relay_url,
            bearer=self._channel.bearer,
            family=family,
            ca_file=self._ca_file,
            answer_s=_ANSWER_S,
        )
        with self._keeping:
            if not self._is_stopping:
                record_own_source(self._store, mark=source.same_source, network=source.network, now=self._clock())
