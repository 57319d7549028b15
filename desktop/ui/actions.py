"""What the windows may ask of the rest of the program, as plain callables handed in by the app.

Windows reach for nothing themselves: a network, a password or a process is behind one of these, and `ops` runs it
on a worker.  Whatever can fail raises Trouble; anything else it raises is a bug.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Event
from typing import Protocol

from desktop.core.correction import Who
from desktop.core.errors import Trouble
from desktop.core.grounds import Grounds
from desktop.core.keep import Keep
from desktop.core.where import PlaceDatabase, PlaceOf
from desktop.store.accounts import AccountRow
from desktop.store.corrections import CorrectionRow
from desktop.store.ledger import Repair
from desktop.ui.holding import Trust


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


class MailState(StrEnum):
    """How reading an account's incoming mail stands."""

    CONNECTING = "connecting"
    READING = "reading"
    WATCHING = "watching"
    POLLING = "polling"
    AWAY = "away"
    SIGN_IN = "sign_in"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


class SourceState(StrEnum):
    """How far one source of an account's settings was asked."""

    LOOKING = "looking"
    FOUND = "found"
    NOTHING = "nothing"
    FAILED = "failed"


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
    """An account as the form holds it; an empty password means: keep the one already stored.

    `grant` is what `sign_in` returned, where the user signed in at the provider's own page just now; the windows hand
    it on unread.
    """

    row: AccountRow
    password: str
    keep: Keep
    grant: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One place where an account's settings are looked for, as "Mozilla's list of providers", and what it said."""

    name: str
    state: SourceState
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Settings that were found: `row` as it would be saved, `label`, whose they are, and `source`, who says so.

    `sign_in_with` names the provider whose own page signs the user in ("Google") and `oauth_provider` its key; both are
    empty where there is none; `takes_password` says whether a password may be used instead.  `app_password_page` and
    `app_password_note` tell of passwords for programs.  With `must_confirm` the servers are shown and agreed to before
    any password goes there: they may be forged or a guess.
    """

    row: AccountRow
    label: str
    source: str
    oauth_provider: str = ""
    sign_in_with: str = ""
    app_password_page: str = ""
    app_password_note: str = ""
    note: str = ""
    takes_password: bool = True
    must_confirm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """The program's own name at a provider, which the user or the packager supplies.

    `missing` says what is still needed before anybody can sign in there, and where it comes from; empty when all is.
    """

    client_id: str = ""
    client_secret: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailStation:
    """How one account's incoming mail stands.

    While READING, `done` of `total` older messages are read, just now those of `folder`; the user may cancel that, and
    take it up again once it is CANCELLED.  `sent_cleaned` counts the messages whose tracked copies were replaced in
    Sent, where the user allowed that, and `sent_trouble` says why they stay.
    """

    account_id: int
    address: str
    state: MailState
    folder: str = ""
    done: int = 0
    total: int = 0
    trouble: Trouble | None = None
    sent_trouble: Trouble | None = None
    sent_cleaned: int = 0


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
    """How all sides stand; `trouble` is the latest known failure of any, `mail` has one entry an account read."""

    listener: ListenerState
    port: int
    relay: RelayState
    relay_host: str = ""
    trouble: Trouble | None = None
    mail: tuple[MailStation, ...] = ()


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

    def reply(self, address: str) -> None:
        """Let that recipient reply to their copy."""
        ...

    def go_away(self, address: str) -> None:
        """Let that recipient's out-of-office answer their copy."""
        ...

    def bounce(self, address: str) -> None:
        """Let that recipient's mail server report that it has no such mailbox."""
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
class SetUp:
    """What setting up an account needs from outside.

    `discover` looks for an address' settings, best first, telling each source as it is asked; its second argument asks
    further where the program's own table knows an answer.  `sign_in` is told the provider's key and the address, opens
    the provider's page with the callable it is given, and returns a grant for `AccountDraft`.  Both end soon after the
    event they were given is set.  `client` and `save_client` know the program's own name at an OAuth provider.
    `open_url` shows a page in the user's browser and says whether there is one.
    """

    discover: Callable[[str, bool, Callable[[SourceLine], None], Event], tuple[Finding, ...]]
    sign_in: Callable[[str, str, Callable[[str], None], Event], object]
    client: Callable[[str], OAuthClient]
    save_client: Callable[[str, OAuthClient], None]
    open_url: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What the user says hits really were.

    `say` keeps it and returns it with how many hits it decides now, None where something newer decides already;
    `take_back` is told a correction's id, and nothing happens where it is taken back already.
    """

    say: Callable[[bytes, Who], CorrectionRow | None]
    take_back: Callable[[int], None]
    standing: Callable[[], tuple[CorrectionRow, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """Everything the windows may ask for; `has_password` says whether an account's secret is held now.

    `keep_in` moves every secret to another place.

    `cancel_reading` leaves an account's older mail unread, `resume_reading` takes it up again, and `check_mail` looks
    for new mail at once; each is told the account.  `place_of` looks a truncated network up in the database of places,
    where the user has one, and `examine_places` tells what the file at a path is.  `erase_person` deletes all that is
    held of an address, and lets it alone from then on; `repair_ledger` begins a new chain, the broken one in a file.
    `grounds_of` is all that mail to an address, from an account, is decided from.
    """

    test_account: Callable[[AccountDraft, Callable[[CheckLine], None]], None]
    save_account: Callable[[AccountDraft], int]
    delete_account: Callable[[int], None]
    keyring_works: Callable[[], bool]
    kept_in: Callable[[], Keep]
    keep_in: Callable[[Keep], None]
    listener: Callable[[], Listener]
    restart_listener: Callable[[int], None]
    stations: Callable[[], Stations]
    connect_relay: Callable[[str, str], None]
    disconnect_relay: Callable[[], None]
    quit: Callable[[], None]
    has_password: Callable[[int], bool]
    set_up: SetUp
    cancel_reading: Callable[[int], None]
    resume_reading: Callable[[int], None]
    check_mail: Callable[[], None]
    corrections: Corrections
    place_of: PlaceOf
    examine_places: Callable[[str], PlaceDatabase]
    trust: Trust
    repair_ledger: Callable[[], Repair]
    erase_person: Callable[[str], None]
    grounds_of: Callable[[str, int], Grounds]
    practice: PracticeControls | None = None
