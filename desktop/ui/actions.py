"""What the windows may ask of the rest of the program, as plain callables handed in by the app.

Windows reach for nothing themselves: a network, a password or a process is behind one of these, and `ops` runs it
on a worker.  Whatever can fail raises Trouble; anything else it raises is a bug.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from desktop.core.errors import Trouble
from desktop.core.keep import Keep
from desktop.store.accounts import AccountRow


class ListenerState(StrEnum):
    """How the listener on this machine stands."""

    OFF = "off"
    STARTING = "starting"
    LISTENING = "listening"
    FAILED = "failed"


class RelayState(StrEnum):
    """How the connection to the relay stands; no relay is a normal state."""

    NONE = "none"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"
    FAILED = "failed"
    UNREADABLE = "unreadable"


class CheckState(StrEnum):
    """How one line of an account test ended."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


class StepState(StrEnum):
    """How far one step of the practice story is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDraft:
    """An account as the form holds it; an empty password means: keep the one already stored."""

    row: AccountRow
    password: str
    keep: Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One line of an account test: what was tried, how it ended, and in the provider's words why."""

    what: str
    state: CheckState
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What a mail client must be told to reach the listener."""

    host: str
    port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stations:
    """How the two sides stand; `trouble` is the latest known failure of either."""

    listener: ListenerState
    port: int
    relay: RelayState
    relay_host: str = ""
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the practice story; `detail` is read back from the store or provider, never scripted."""

    title: str
    state: StepState
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeRecipient:
    """A sample recipient who can be made to act; `client` is the mail program they use."""

    address: str
    name: str
    client: str
    has_picture: bool = True
    has_links: bool = True
    has_stop: bool = True


class PracticeControls(Protocol):
    """The sandbox's story and recipients; every method may block and is run on a worker, except the two cheap reads."""

    def steps(self) -> tuple[Step, ...]:
        """Return the story's steps, cheaply."""
        ...

    def is_playing(self) -> bool:
        """Say whether the story goes on by itself, cheaply."""
        ...

    def pause(self) -> None:
        """Hold the story before its next step."""
        ...

    def resume(self) -> None:
        """Let the story play on by itself."""
        ...

    def step(self) -> None:
        """Play exactly the next step."""
        ...

    def take_over(self) -> None:
        """End the story and leave the recipients to the user."""
        ...

    def recipients(self) -> tuple[PracticeRecipient, ...]:
        """Return the recipients who hold a copy so far."""
        ...

    def open(self, address: str) -> None:
        """Let that recipient open their copy."""
        ...

    def click(self, address: str) -> None:
        """Let that recipient follow the links of their copy."""
        ...

    def stop(self, address: str) -> None:
        """Let that recipient press the button on their stop page."""
        ...

    def advance(self, by: timedelta) -> None:
        """Move the sandbox's clock on."""
        ...

    def now(self) -> datetime:
        """Return the sandbox's time."""
        ...

    def mail_html_of(self, address: str) -> str:
        """Return the HTML body of the copy that recipient holds."""
        ...

    def stop_page_html(self, address: str) -> str:
        """Return the stop page behind that copy's link, as the relay serves it."""
        ...

    def subscribe(self, changed: Callable[[], None]) -> None:
        """Have `changed` called, on any thread, whenever steps or recipients changed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """Everything the windows may ask for; `has_password` says whether an account's password is held now."""

    test_account: Callable[[AccountDraft, Callable[[CheckLine], None]], None]
    save_account: Callable[[AccountDraft], int]
    delete_account: Callable[[int], None]
    keyring_works: Callable[[], bool]
    kept_in: Callable[[], Keep]
    listener: Callable[[], Listener]
    restart_listener: Callable[[int], None]
    stations: Callable[[], Stations]
    connect_relay: Callable[[str, str], None]
    disconnect_relay: Callable[[], None]
    quit: Callable[[], None]
    has_password: Callable[[int], bool]
    practice: PracticeControls | None = None
