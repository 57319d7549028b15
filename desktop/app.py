"""The window program: builds engine and window, connects them, and takes both down again.

What happens on other threads crosses to Qt in one QObject made here on the main thread, whose signals go to methods of
QObjects; nothing else of the program knows both sides.
"""

import hashlib
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QObject, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication, QMessageBox

from desktop import logs
from desktop.accounts.suppression import is_let_alone
from desktop.core.correction import Who
from desktop.core.errors import NotAuthorised, StoreTrouble, Trouble
from desktop.core.grounds import Grounds
from desktop.engine import Engine
from desktop.engine import Stations as EngineStations
from desktop.incoming.state import Link as MailLink
from desktop.incoming.state import SyncState
from desktop.outgoing.listener import LISTENER_USER
from desktop.places import Places
from desktop.set_up import grant_of, set_up_of, test_account
from desktop.settings import place_database_of
from desktop.store.accounts import accounts
from desktop.store.corrections import CorrectionRow, correct_hit, corrections, undo_correction
from desktop.store.database import Store
from desktop.store.folders import folders
from desktop.store.policies import grounds
from desktop.tracking.held import Held
from desktop.tracking.held import HeldRow as RelayRow
from desktop.tracking.poller import Link
from desktop.ui import words
from desktop.ui.actions import (
    Actions,
    Corrections,
    Listener,
    ListenerState,
    MailState,
    MailStation,
    PracticeControls,
    RelayState,
    Stations,
)
from desktop.ui.collecting import Collecting, destroy
from desktop.ui.holding import HeldAtRelay, HeldRow, Trust
from desktop.ui.main_window import MainWindow
from desktop.where import PlaceLookup, examined

_T = TypeVar("_T")
ANSWER_WAIT_MS = 500
SIGNAL_LOOK_MS = 200
_RELAY_STATES = {
    None: RelayState.NONE,
    Link.CONNECTING: RelayState.CONNECTING,
    Link.LISTENING: RelayState.CONNECTED,
    Link.AWAY: RelayState.WAITING,
    Link.STOPPED: RelayState.NONE,
}
_MAIL_STATES = {
    MailLink.CONNECTING: MailState.CONNECTING,
    MailLink.SYNCING: MailState.READING,
    MailLink.WATCHING: MailState.WATCHING,
    MailLink.POLLING: MailState.POLLING,
    MailLink.AWAY: MailState.AWAY,
    MailLink.NOT_AUTHORISED: MailState.SIGN_IN,
    MailLink.CANCELLED: MailState.CANCELLED,
    MailLink.STOPPED: MailState.STOPPED,
}


class Crossing(QObject):
    """Where other threads hand over what happened; emitted anywhere, received on the main thread.

    It also holds what was opened for a window alone, until the window is gone.
    """

    changed = Signal(object)
    stations_changed = Signal()
    trouble = Signal(object)

    def __init__(self) -> None:
        """Make one that is not told of a store yet."""
        super().__init__()
        self._ends: list[Callable[[], None]] = []
        self._opened = ExitStack()

    def follow(self, store: Store) -> None:
        """Emit every change of a store from now on."""
        self._ends.append(store.subscribe(self.changed.emit))

    def part(self) -> None:
        """Follow no store any more; a signal emitted after its QObject is gone would be a bug on the writer thread."""
        while self._ends:
            self._ends.pop()()

    def hold(self, close: Callable[[], None]) -> None:
        """Have something closed once the window is gone."""
        self._opened.callback(close)

    def let_go(self) -> None:
        """Close what was held."""
        self._opened.close()


def application() -> QApplication:
    """Return the program's QApplication, made at the first call."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    made = QApplication(sys.argv[:1])
    Collecting(made)
    made.setApplicationName("Readback")
    made.setDesktopFileName("readback")
    # With a tray icon the program outlives its window; without one the window's closing quits by itself.
    made.setQuitOnLastWindowClosed(False)
    return made


def run_window(places: Places) -> int:
    """Open the user's window, or bring up the one that is open already; return the exit status."""
    app = application()
    if bring_up_running(places):
        return 0
    logs.start(places.log)
    crossing = Crossing()
    with ExitStack() as opened:
        try:
            engine = Engine(places, on_changed=crossing.stations_changed.emit, on_trouble=crossing.trouble.emit)
        except StoreTrouble as trouble:
            tell_at_start(trouble)
            return 75  # EX_TEMPFAIL
        opened.callback(engine.close)
        engine.start()
        window = build_window(engine, crossing, practice=None)
        opened.callback(dismiss, window, crossing)
        door = Door(places, window)
        opened.callback(door.close)
        window.show()
        for known in engine.stations().troubles.values():
            window.show_trouble(known)
        return execute(app)


def execute(app: QApplication) -> int:
    """Run Qt's loop until the program quits; Ctrl+C and SIGTERM quit it too."""
    # Python runs signal handlers only between its own steps, so Qt has to let it have one now and then.
    look = QTimer()
    look.timeout.connect(_Nothing())
    look.start(SIGNAL_LOOK_MS)
    before = {number: signal.signal(number, _Quitting(app)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return app.exec()
    finally:
        look.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


class _Nothing:
    def __call__(self) -> None:
        """Let Python look at its signals."""


class _Quitting:
    def __init__(self, app: QApplication) -> None:
        self._app = app

    def __call__(self, _number: int, _frame: object) -> None:
        self._app.quit()


def build_window(engine: Engine, crossing: Crossing, *, practice: PracticeControls | None) -> MainWindow:
    """Return a window on an engine, told of every change from now on."""
    lookup = PlaceLookup(lambda: place_database_of(engine.store))
    crossing.hold(lookup.close)
    window = MainWindow(engine.store, actions_of(engine, lookup, practice), engine.clock)
    crossing.changed.connect(window.on_change)
    crossing.stations_changed.connect(window.refresh_stations)
    crossing.trouble.connect(window.show_trouble)
    crossing.follow(engine.store)
    return window


def dismiss(window: MainWindow, crossing: Crossing) -> None:
    """Take a window down whole, while what it reads from is still open."""
    crossing.part()
    window.leave()
    window.hide()
    destroy(window)
    crossing.let_go()


def tell_at_start(trouble: Trouble) -> None:
    """Say why the program cannot start, in a box of its own."""
    sentence, cure = words.trouble_texts(trouble)
    box = QMessageBox(QMessageBox.Icon.Warning, "Readback", sentence)
    box.setInformativeText(cure)
    box.exec()


# What the window may ask for.


def actions_of(engine: Engine, lookup: PlaceLookup, practice: PracticeControls | None) -> Actions:
    """Return an engine's abilities as the window knows them."""
    return Actions(
        test_account=lambda draft, tell: test_account(engine, draft, tell),
        save_account=lambda draft: engine.accounts.save_account(draft.row, draft.password, draft.keep, grant_of(draft)),
        delete_account=engine.accounts.delete_account,
        # A practice round is a sandbox: it must not make the system ask for its keyring.
        keyring_works=engine.accounts.keyring_works if practice is None else lambda: False,
        kept_in=lambda: engine.accounts.kept_in,
        keep_in=engine.accounts.keep_in,
        listener=lambda: Listener(
            host="127.0.0.1", port=engine.port, user=LISTENER_USER, password=engine.listener_password
        ),
        restart_listener=engine.restart_listener,
        stations=lambda: stations_of(standing := engine.stations(), mail_of(engine.store, standing.mail)),
        connect_relay=lambda url, invite: engine.connect_relay(url, invite or None),
        disconnect_relay=engine.disconnect_relay,
        quit=QApplication.quit,
        has_password=engine.accounts.has_password,
        set_up=set_up_of(engine, open_url),
        cancel_reading=engine.mailroom.cancel_first_sync,
        resume_reading=engine.mailroom.resume_first_sync,
        check_mail=engine.mailroom.check_now,
        corrections=Corrections(
            say=lambda hit_id, who: say(engine, hit_id, who),
            take_back=lambda correction_id: take_back(engine, correction_id),
            standing=lambda: corrections(engine.store),
        ),
        place_of=lookup.place_of,
        examine_places=examined,
        trust=Trust(held=lambda: held_at_relay(engine.held()), delete_channel=engine.delete_channel),
        repair_ledger=engine.repair_ledger,
        erase_person=engine.erase_person,
        grounds_of=lambda address, account_id: grounds_of(engine, address, account_id),
        practice=practice,
    )


def grounds_of(engine: Engine, address: str, account_id: int) -> Grounds:
    """Return all that mail to an address, from an account, is decided from, as it is for mail itself; raise Trouble."""
    is_suppressed = is_let_alone(engine.store, engine.vault, address)
    return grounds(engine.store, address, account_id, is_suppressed=is_suppressed)


def held_at_relay(held: Held) -> HeldAtRelay:
    """Return what the relay holds, as the window shows it."""
    return HeldAtRelay(
        host=urlsplit(held.relay_url).hostname or "",
        channel_id=held.channel_id,
        public_key=held.public_key,
        hits=tuple(_held_row(row) for row in held.hits),
        hits_count=held.hits_count,
        answers=tuple(_held_row(row) for row in held.answers),
        answers_count=held.answers_count,
        stops=held.stops,
        questions=held.used_questions,
    )


def _held_row(row: RelayRow[_T]) -> HeldRow[_T]:
    return HeldRow(key=row.key, day=row.day, sealed=row.sealed, opened=row.opened)


def take_back(engine: Engine, correction_id: int) -> None:
    """Let what the user said of a hit no longer hold."""
    undo_correction(engine.store, correction_id)


def say(engine: Engine, hit_id: bytes, who: Who) -> CorrectionRow | None:
    """Keep what the user says of a hit; return it with what it decides, None where something newer decides already."""
    try:
        _, correction_id = correct_hit(engine.store, hit_id, who, now=engine.clock())
    except LookupError as gone:
        raise Trouble("This line is no longer kept, so nothing was changed.") from gone
    return next((row for row in corrections(engine.store) if row.correction.id == correction_id), None)


def open_url(url: str) -> bool:
    """Show a page in the user's browser; say whether there is one."""
    return QDesktopServices.openUrl(QUrl(url))


def mail_of(store: Store, states: Mapping[int, SyncState]) -> tuple[MailStation, ...]:
    """Return how each account's incoming mail stands, as the window shows it; raise StoreTrouble."""
    found = []
    for row in accounts(store):
        state = states.get(row.id)
        if state is not None:
            roles = {each.name: each.role.value for each in folders(store, row.id)} if state.folder else {}
            found.append(
                MailStation(
                    account_id=row.id,
                    address=row.identities[0].address if row.identities else row.user,
                    state=_MAIL_STATES[state.link],
                    folder=roles.get(state.folder, ""),
                    done=state.done,
                    total=state.total,
                    trouble=state.trouble,
                    sent_trouble=state.sent_trouble,
                    sent_cleaned=state.sent_cleaned,
                )
            )
    return tuple(found)


def stations_of(stations: EngineStations, mail: tuple[MailStation, ...] = ()) -> Stations:
    """Return how the stations stand, as the window shows it."""
    poller = stations.relay
    troubles = stations.troubles
    listener = ListenerState.LISTENING if stations.port else ListenerState.FAILED
    relay = _RELAY_STATES[poller.link if poller else None]
    if "relay" in troubles:
        relay = RelayState.UNREADABLE
    elif poller is not None and isinstance(poller.trouble, NotAuthorised):
        relay = RelayState.FAILED
    first = troubles.get("store") or troubles.get("listener") or troubles.get("mail") or troubles.get("relay")
    return Stations(
        listener=listener,
        port=stations.port,
        relay=relay,
        relay_host=urlsplit(stations.relay_url).hostname or "",
        trouble=first or (poller.trouble if poller else None),
        mail=mail,
    )


# One window a user.


def _door_name(places: Places) -> str:
    return "readback-" + hashlib.sha256(str(places.home.resolve()).encode()).hexdigest()[:16]


def bring_up_running(places: Places) -> bool:
    """Ask a window that is open already to come to the front; return whether there is one."""
    knock = QLocalSocket()
    knock.connectToServer(_door_name(places))
    return knock.waitForConnected(ANSWER_WAIT_MS)


class Door(QObject):
    """Lets a second start bring up the first one's window."""

    def __init__(self, places: Places, window: MainWindow) -> None:
        """Listen for knocks; a socket left over by a crash is removed."""
        super().__init__()
        self._window = window
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        name = _door_name(places)
        if not self._server.listen(name):
            QLocalServer.removeServer(name)
            self._server.listen(name)
        self._server.newConnection.connect(self._on_knocked)

    @Slot()
    def _on_knocked(self) -> None:
        self._server.nextPendingConnection().close()
        self._window.bring_up()

    def close(self) -> None:
        """Stop listening."""
        self._server.close()


def wait_in_loop(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Run Qt's loop until `condition` holds, looking ten times a second; return whether it did in time."""
    loop = QEventLoop()
    deadline = QDeadlineTimer(int(timeout_s * 1000))
    look = QTimer()
    look.timeout.connect(lambda: loop.quit() if condition() or deadline.hasExpired() else None)
    look.start(SIGNAL_LOOK_MS // 2)
    loop.exec()
    look.stop()
    return condition()


def save_pictures(window: MainWindow, folder: Path) -> None:
    """Save a picture of every screen, each path printed as it is there."""
    for path in window.pictures(folder):
        print(path, flush=True)  # noqa: T201 - the command's output is the terminal
