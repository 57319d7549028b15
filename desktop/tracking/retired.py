"""What becomes of a channel that is used no more: fetched from, deleted at its relay, and asked for stops ever after.

Mail that bears its stop links lies with recipients for years.  A stop pressed on one must reach this desktop whatever
became of the channel, so each retired one is asked now and then; a relay that does not answer is asked again next time.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from desktop.accounts.channel import Channel
from desktop.accounts.retired import Retired, load_retired, retired_of, save_retired
from desktop.accounts.vault import Vault
from desktop.core.errors import NotAuthorised, Trouble
from desktop.store.database import Store
from desktop.store.people import all_stop_tags
from desktop.tracking.client import RelayClient
from desktop.tracking.exchange import exchange_stops
from desktop.tracking.held import delete_channel
from desktop.tracking.poller import Poller, PollerState

# So long what waits at a relay is fetched before it is deleted: 256 hits take a tenth of a second or two.
LEAVE_S: Final = 20.0
_ANSWER_S: Final = 10.0


class RetiredChannels:
    """Every channel this desktop had before; any thread may call."""

    def __init__(
        self, *, store: Store, vault: Vault, clock: Callable[[], datetime], ca_file: Path | None = None
    ) -> None:
        """Read nothing yet: a keyring may have to be unlocked for it."""
        self._store = store
        self._vault = vault
        self._clock = clock
        self._ca_file = ca_file
        self._gate = threading.Lock()
        self._known: tuple[Retired, ...] | None = None
        self._leases: dict[bytes, bytes] = {}

    def add(self, channel: Channel, lease: bytes | None) -> None:
        """Keep a channel as a retired one, with the lease of its last poller; raise StoreTrouble."""
        with self._gate:
            others = [each for each in self._all() if each.channel_id != channel.channel_id]
            self._keep((*others, retired_of(channel)))
            if lease is not None:
                self._leases[channel.channel_id] = lease

    def look(self, present: Callable[[], Channel | None]) -> None:
        """Ask each for stops, tell the channel that is `present` then of new ones, and end those not ended yet.

        Raises StoreTrouble where the secrets cannot be read; relays that do not answer are passed over.
        """
        with self._gate:
            waiting = self._all()
        before = all_stop_tags(self._store)
        for each in waiting:
            # One that is in use again was put aside for a change that did not come about.
            at_work = present()
            if at_work is None or each.channel_id != at_work.channel_id:
                with contextlib.suppress(Trouble):
                    self._look_at(each)
        at_work = present()
        if at_work is not None and all_stop_tags(self._store) != before:
            with contextlib.suppress(Trouble):
                self.tell(at_work)

    def tell(self, channel: Channel | Retired) -> bool:
        """Exchange stops with a channel now; return whether its relay has deleted it; raise Trouble."""
        client = RelayClient(
            relay_url=channel.relay_url, bearer=channel.bearer, ca_file=self._ca_file, answer_s=_ANSWER_S
        )
        with contextlib.closing(client):
            return exchange_stops(client, self._store, self._clock()).is_retired

    def _look_at(self, retired: Retired) -> None:
        is_deleted = self.tell(retired)
        if not is_deleted:
            if retired.channel is None:  # A relay that was restored from a backup has it again.
                delete_channel(retired, ca_file=self._ca_file, timeout_s=_ANSWER_S)
            else:
                self.end(retired.channel, self._leases.get(retired.channel_id))
        if retired.channel is not None:
            with self._gate:
                self._keep(tuple(replace(each, channel=None) if each == retired else each for each in self._all()))

    def end(self, channel: Channel, lease: bytes | None) -> None:
        """Take in what waits at a channel, and have its relay delete it; raise Trouble.

        What recipients pressed must not be lost, so nothing is deleted where nothing could be fetched.  A channel that
        its relay does not know any more has ended.
        """
        poller = Poller(
            store=self._store,
            channel=channel,
            clock=self._clock,
            on_state=_ignore,
            wait_s=0,
            ca_file=self._ca_file,
            lease=lease,
        )
        with contextlib.suppress(NotAuthorised):
            poller.take_leave(LEAVE_S)
            delete_channel(channel, ca_file=self._ca_file)

    def _all(self) -> tuple[Retired, ...]:
        if self._known is None:
            self._known = load_retired(self._vault)
        return self._known

    def _keep(self, retired: tuple[Retired, ...]) -> None:
        save_retired(self._vault, retired)
        self._known = retired


def _ignore(_state: PollerState) -> None:
    """Hear of a poller that nobody watches."""
