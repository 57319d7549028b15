"""A desktop at work, with a window or without: store, secrets and stations, opened and closed together.

Listener and mailboxes run whether a relay is connected or not, and the poller only once one is; each trouble is handed
up as it happens and stops none of them.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from desktop import spare
from desktop.account_keeping import SECRETS_SETTING, AccountKeeping
from desktop.accounts import channel as channels
from desktop.accounts.channel import Channel
from desktop.accounts.clients import OWN_PROVIDERS, Clients, client_id_setting
from desktop.accounts.credentials import Credentials
from desktop.accounts.oauth_providers import PROVIDERS
from desktop.accounts.own_channels import OWN_CHANNELS, remember
from desktop.accounts.suppression import new_mark
from desktop.accounts.vault import open_vault
from desktop.core.errors import NoKeyring, Refused, StoreTrouble, Trouble
from desktop.core.keep import Keep
from desktop.duties import Duties
from desktop.incoming.mailroom import Mailroom
from desktop.incoming.state import SyncState
from desktop.layered_vault import LayeredVault
from desktop.outgoing.listener import DEFAULT_PORT, Listener
from desktop.places import Places
from desktop.running import RunningLock
from desktop.spare import SpareStore
from desktop.store import settings
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.erase import erase_person
from desktop.store.hits import age_hits
from desktop.store.ledger import Repair, evidence_file, ledger_trouble, repair_ledger
from desktop.store.retention import expire_hits
from desktop.tracking.held import Held, held
from desktop.tracking.poller import Link, Poller, PollerState
from desktop.tracking.register import register
from desktop.tracking.retired import RetiredChannels

PORT_SETTING = "listener.port"
# Whose channel the secrets hold: known even where they cannot be read; empty where there is none.
RELAY_SETTING = "relay.url"


_COPIED_SETTINGS = (
    SECRETS_SETTING,
    PORT_SETTING,
    RELAY_SETTING,
    OWN_CHANNELS,
    OWN_PROVIDERS,
    *(client_id_setting(key) for key in PROVIDERS),
)


def utc_now() -> datetime:
    """Return the real time, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stations:
    """How the stations stand: the listener's port, 0 while it is not listening, each account's mail, the poller."""

    port: int
    relay: PollerState | None
    relay_url: str
    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    mail: Mapping[int, SyncState] = field(default_factory=dict)


class Engine:
    """Everything that runs without a window; methods may block; any thread but the writer's may call."""

    def __init__(
        self,
        places: Places,
        *,
        clock: Callable[[], datetime] = utc_now,
        keep: Keep | None = None,
        on_changed: Callable[[], None] = lambda: None,
        on_trouble: Callable[[Trouble], None] = lambda _trouble: None,
    ) -> None:
        """Open the store and the secrets; `keep` overrules where the user keeps them.

        A store that cannot be opened becomes a trouble, and a spare one stands in.  Raise StoreTrouble when another
        Readback works here.  On any thread, `on_changed` is called when a station's state or a trouble changed, and
        `on_trouble` with each trouble as it happens.
        """
        self.places = places
        self.clock = clock
        self._on_changed = on_changed
        self._on_trouble = on_trouble
        self._gate = threading.RLock()
        self._troubles: dict[str, Trouble] = {}
        self._listener: Listener | None = None
        self._poller: Poller | None = None
        self._channel: Channel | None = None
        self._relay_state: PollerState | None = None
        self._lock = RunningLock(places.lock)
        self.store = self._open_store()
        chosen = keep or Keep(settings.get(self.store, SECRETS_SETTING, Keep.KEYRING.value))
        self.vault = LayeredVault(open_vault(chosen, path=places.secrets))
        self.clients = Clients(self.store, self.vault, environment=os.environ)
        self.credentials = Credentials(
            self.vault, clock=clock, clients=self.clients, on_trouble=lambda trouble: self._note("secrets", trouble)
        )
        self.mailroom = Mailroom(store=self.store, credentials=self.credentials, clock=clock, on_changed=on_changed)
        self.accounts = AccountKeeping(
            store=self.store,
            vault=self.vault,
            clients=self.clients,
            credentials=self.credentials,
            mailroom=self.mailroom,
            clock=clock,
            secrets_path=places.secrets,
            on_moved=self._start_missing,
        )
        self._retired = RetiredChannels(store=self.store, vault=self.vault, clock=clock)
        self._duties = Duties(clock=clock, age=self._age, look=self.ask_earlier_relays)

    def _open_store(self) -> Store:
        """Return the store, or a spare one where it cannot be opened and read: mail must leave all the same."""
        store: Store | None = None
        # One that was damaged and moved away leaves the copy behind.
        is_new = not self.places.store.exists()
        try:
            store = Store(self.places.store, clock=self.clock)
            if is_new:
                spare.take_up(self.places.spare, store)
            self._copy(store)
        except StoreTrouble as trouble:
            if store is not None:
                store.close()
            self._note("store", spare.told(trouble, self.places.home))
            return SpareStore(self.places.spare, clock=self.clock)
        except BaseException:
            self._lock.release()
            raise
        store.subscribe(self._keep_copy)
        return store

    def _copy(self, store: Store) -> None:
        """Copy what a spare store would need; a disk that takes no copy is told of and stops nothing."""
        try:
            spare.keep_copy(self.places.spare, store, _COPIED_SETTINGS)
        except OSError:
            self._note("copy", StoreTrouble("A copy of your accounts could not be saved.", "Free some disk space."))
        else:
            self._note("copy", None)

    def _keep_copy(self, change: Change) -> None:
        if change.accounts or change.settings:
            self._copy(self.store)

    @property
    def is_makeshift(self) -> bool:
        """Whether a spare store stands in for one that could not be opened."""
        return isinstance(self.store, SpareStore)

    def start(self, port: int | None = None) -> None:
        """Start the listener, the mailboxes, and the poller where a relay is connected; what fails becomes a trouble.

        A `port` given here is for this run alone.  On a spare store nothing is fetched: a hit acknowledged now would be
        lost with it, and mail would be read for nothing.
        """
        self._listen_on(settings.get(self.store, PORT_SETTING, DEFAULT_PORT) if port is None else port)
        if not self.is_makeshift:
            self._age()
            self._look_at_ledger()
            self.mailroom.open()
            self._load_channel()
            self._duties.start()

    def _age(self) -> None:
        """Keep of what was recorded as much as its age allows."""
        now = self.clock()
        try:
            age_hits(self.store, now)
            expire_hits(self.store, now)
        except StoreTrouble as trouble:
            self._note("store", trouble)
        else:
            self._note("store", None)

    def _look_at_ledger(self) -> None:
        """Say so where nobody's permission can be relied on."""
        try:
            self._note("ledger", ledger_trouble(self.store))
        except StoreTrouble as trouble:
            self._note("store", trouble)

    def ask_earlier_relays(self) -> None:
        """Learn who stopped by mail of earlier channels; what fails is tried again, and no trouble of today's mail."""
        with contextlib.suppress(StoreTrouble):
            self._retired.look(lambda: self._channel)

    def _load_channel(self) -> None:
        """Take up the channel that is kept, if there is one."""
        try:
            self._channel = channels.load(self.vault)
        except Trouble as trouble:
            # Where no relay was ever connected, a keyring that is gone hides none.
            if not isinstance(trouble, NoKeyring) or settings.get(self.store, RELAY_SETTING, ""):
                self._note("relay", trouble)
            return
        self._note("relay", None)
        if self._channel is not None:
            self._remember_relay(self._channel.relay_url)
            self._remember_marks(self._channel)
            # One of a version that kept it with the channel alone; else it is kept, or tried again at the next start.
            with contextlib.suppress(StoreTrouble):
                channels.keep_tag_key(self.vault, self._channel.tag_key)
            self._start_poller(self._channel)

    def _remember_marks(self, channel: Channel) -> None:
        # While the channel is at work its marks are known anyway; it is tried again at the next start.
        with contextlib.suppress(StoreTrouble):
            remember(self.store, channel)

    def _remember_relay(self, url: str) -> None:
        if settings.get(self.store, RELAY_SETTING, "") != url:
            settings.put(self.store, RELAY_SETTING, url)

    def close(self) -> None:
        """Stop all stations and close the store; never waits for the network."""
        self.mailroom.close()
        self.credentials.close()
        self._duties.stop()
        with self._gate:
            poller, self._poller = self._poller, None
            listener, self._listener = self._listener, None
        if poller is not None:
            poller.stop()
        if listener is not None:
            listener.stop()
        self.store.close()
        self._lock.release()

    def _start_missing(self) -> None:
        """Start what could not start for want of its secrets."""
        if self._listener is None:
            self.restart_listener()
        if self._channel is None:
            self._load_channel()

    # The listener.

    def restart_listener(self, port: int | None = None) -> None:
        """Listen anew on `port`, which is remembered, or on the one in the settings; a taken one becomes a trouble."""
        if port is not None:
            settings.put(self.store, PORT_SETTING, port)
        self._listen_on(settings.get(self.store, PORT_SETTING, DEFAULT_PORT))

    def _listen_on(self, port: int) -> None:
        with self._gate:
            listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop()
        listener = Listener(
            port=port,
            store=self.store,
            vault=self.vault,
            credentials=self.credentials,
            channel=lambda: self._channel,
            journal_path=self.places.journal,
            clock=self.clock,
            on_trouble=lambda trouble: self._note("mail", trouble),
        )
        try:
            self._port = listener.start()
        except Trouble as trouble:
            listener.stop()
            self._note("listener", trouble)
            return
        with self._gate:
            self._listener = listener
        self._note("listener", None)

    @property
    def port(self) -> int:
        """The port the listener listens on, 0 while it does not."""
        return self._port if self._listener is not None else 0

    @property
    def listener_password(self) -> str:
        """The listener's own password; raise StoreTrouble when the listener is not running."""
        listener = self._listener
        if listener is None:
            known = self._troubles.get("listener")
            cure = known.cure if known is not None else "Start Readback again."
            raise StoreTrouble("The listener is not running.", cure)
        return listener.password

    # The relay.

    @property
    def channel(self) -> Channel | None:
        """This desktop's channel at its relay, None where none is connected."""
        return self._channel

    def connect_relay(self, url: str, invite: str | None) -> None:
        """Register a channel and begin to poll; an earlier channel is retired only once that worked; raise Trouble.

        Tags are made with the key they were always made with, so that whoever was stopped is known again.
        """
        if self.is_makeshift:
            raise StoreTrouble("Readback's data cannot be opened, so no relay can be connected.", "Mend it first.")
        before = self._kept_channel()
        tag_key = channels.kept_tag_key(self.vault) or (before.tag_key if before is not None else None)
        channel = register(url, invite, tag_key=tag_key)
        if before is not None:
            self._retired.add(before, self._lease)
        channels.save(self.vault, channel)
        self._remember_relay(channel.relay_url)
        self._remember_marks(channel)
        self._stop_poller()
        self._channel = channel
        self._start_poller(channel)
        self._duties.ask()

    def disconnect_relay(self) -> None:
        """Retire the channel: mail goes untracked from now on, and its relay deletes it once what waits was fetched.

        Its stops go on being learnt.  Raise StoreTrouble.
        """
        before = self._kept_channel()
        if before is not None:
            self._retired.add(before, self._lease)
        self.vault.delete(channels.CHANNEL_SECRET)
        self._stop_poller()
        self._channel = None
        self._remember_relay("")
        self._note("relay", None)
        self._duties.ask()

    def _kept_channel(self) -> Channel | None:
        """Return the channel at work, or that is kept; None where there is none, or its secrets are of no use."""
        if self._channel is not None:
            return self._channel
        try:
            return channels.load(self.vault)
        except StoreTrouble:
            return None

    def held(self) -> Held:
        """Return all that the relay holds for this desktop, fetched and opened now; raise Trouble."""
        return held(self._connected())

    def delete_channel(self) -> None:
        """Take in what waits, have the relay delete the channel, and retire it; raise Trouble.

        While the relay does not answer the channel stays, so that it can be tried again; one it forgot is forgotten.
        """
        channel, lease = self._connected(), self._lease
        self._stop_poller()
        try:
            self._retired.end(channel, lease)
        except Trouble:
            self._start_poller(channel, lease)
            raise
        self.disconnect_relay()

    def _connected(self) -> Channel:
        if self._channel is None:
            raise Refused("No relay is connected, so there is none to ask.")
        return self._channel

    def _start_poller(self, channel: Channel, lease: bytes | None = None) -> None:
        poller = Poller(
            channel=channel,
            store=self.store,
            clock=self.clock,
            on_state=self._on_poller_state,
            lease=lease,
        )
        with self._gate:
            self._poller = poller
        poller.start()

    @property
    def _lease(self) -> bytes | None:
        """What the relay knows the poller by, None while none is at work."""
        with self._gate:
            return None if self._poller is None else self._poller.lease

    def _stop_poller(self) -> None:
        with self._gate:
            poller, self._poller = self._poller, None
        if poller is not None:
            poller.stop()

    def _on_poller_state(self, state: PollerState) -> None:
        before, self._relay_state = self._relay_state, state
        if before is not None and _is_elsewhere(before, state):
            self._duties.ask()
        self._on_changed()

    # Duties towards the people written to.

    def erase_person(self, address: str) -> None:
        """Delete all that is held of a person, and let them alone from now on; raise Trouble.

        The relay learns at once that they are stopped; where it does not answer, when it next exchanges stops.
        """
        erase_person(self.store, address, suppression_mark=new_mark(self.vault, address), now=self.clock())
        channel = self._channel
        if channel is not None:
            with contextlib.suppress(Trouble):
                self._retired.tell(channel)
        self._duties.ask()

    def repair_ledger(self) -> Repair:
        """Go on with a ledger that holds, the broken one kept in a file beside the store; raise Trouble."""
        now = self.clock()
        repair = repair_ledger(self.store, now=now, evidence=evidence_file(self.places.home, now))
        self._note("ledger", ledger_trouble(self.store))
        return repair

    # How it stands.

    def stations(self) -> Stations:
        """Return how the stations stand."""
        with self._gate:
            return Stations(
                port=self.port,
                relay=self._poller.state if self._poller is not None else None,
                relay_url=self._channel.relay_url if self._channel is not None else "",
                troubles=dict(self._troubles),
                mail=self.mailroom.states(),
            )

    def _note(self, station: str, trouble: Trouble | None) -> None:
        with self._gate:
            if trouble is None:
                self._troubles.pop(station, None)
            else:
                self._troubles[station] = trouble
        if trouble is not None:
            self._on_trouble(trouble)
        self._on_changed()


def _is_elsewhere(before: PollerState, now: PollerState) -> bool:
    """Return whether the computer's network changed, or came back."""
    is_back = before.link is Link.AWAY and now.link is Link.LISTENING
    return is_back or before.network not in {"", now.network}
