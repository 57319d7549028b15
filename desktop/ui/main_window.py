"""The window: places at the top, conversations or people in the middle, the two sides' state at the foot.

It shows and asks; what changed comes in through `on_change`, and every reading runs on a worker.
"""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QStatusBar,
    QVBoxLayout,
    QWidget,
)

from desktop.core.errors import Trouble
from desktop.core.notice import Notice, NoticeKind
from desktop.store import settings
from desktop.store.accounts import accounts
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.hits import still_stands
from desktop.store.mail import ConversationDetail, conversation
from desktop.ui import glyphs, words
from desktop.ui.actions import Actions, ListenerState, PracticeRecipient, Stations
from desktop.ui.empty import EmptyState
from desktop.ui.glyphs import Glyph
from desktop.ui.head import Banner, DockHead, Head
from desktop.ui.legend import Legend
from desktop.ui.notifier import Bubble, Notifier
from desktop.ui.ops import Ops
from desktop.ui.people_page import PeoplePage
from desktop.ui.practice_panel import PracticePanel
from desktop.ui.recipient_view import RecipientView
from desktop.ui.settings_dialog import THEME_KEY, SettingsDialog, notice_key
from desktop.ui.status_line import StatusLine
from desktop.ui.theme import Theme, Themes
from desktop.ui.thread_list import ThreadList
from desktop.ui.thread_view import ThreadView
from desktop.ui.toast import Toast
from desktop.ui.tray import Tray

_CONVERSATIONS: Final = 0
_PEOPLE: Final = 1
_LEAST_WIDTH: Final = 640
_LEAST_WIDTH_WITH_DOCK: Final = 790


class MainWindow(QMainWindow):
    """Everything the user sees; closing it leaves the program running where there is a tray."""

    def __init__(self, store: Store, actions: Actions, clock: Callable[[], datetime]) -> None:
        """Make it on the main thread; it reads the store at once."""
        super().__init__()
        self._store, self._actions, self._clock = store, actions, clock
        self._current: int | None = None
        self._has_accounts = self._is_empty = False
        self._switched_off: frozenset[NoticeKind] = frozenset()
        self._is_quitting = self._is_station_in_banner = False
        self._told_trouble: tuple[str, str] | None = None
        self.ops = Ops(self)
        choice = Theme(settings.get(store, THEME_KEY, Theme.SYSTEM.value))
        self.themes = Themes(cast("QApplication", QApplication.instance()), choice, self)
        self.notifier = Notifier(self)
        self.threads = ThreadList(store, self.ops, self.themes, clock)
        self.view = ThreadView(self.themes, clock)
        self.people = PeoplePage(store, self.ops, self.themes, clock)
        self.settings = SettingsDialog(self, store, self.ops, self.themes, actions)
        self.status_line = StatusLine(self.themes)
        self.practice = PracticePanel(actions.practice, self.ops, self.themes) if actions.practice else None
        self._lay_out()
        self._make_menus()
        self.toast = Toast(self)
        self.tray = Tray(self) if Tray.is_possible() else None
        self._connect()
        self.reload()

    # Building

    def _lay_out(self) -> None:
        self.setWindowTitle("Readback" if self.practice is None else "Readback · practice")
        self.setWindowIcon(glyphs.app_icon())
        self.resize(1100, 720)
        self.setMinimumSize(_LEAST_WIDTH, 420)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self.threads.setMinimumWidth(220)
        self.view.setMinimumWidth(280)
        self._splitter.addWidget(self.threads)
        self._splitter.addWidget(self.view)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([330, 770])
        self.no_account, self.no_mail = self._empty_states()
        self._mail_place = QStackedWidget()
        for page in (self._splitter, self.no_account, self.no_mail):
            self._mail_place.addWidget(page)
        self.places = QStackedWidget()
        self.places.addWidget(self._mail_place)
        self.places.addWidget(self.people)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.head = Head("&Conversations", "&People")
        column.addWidget(self.head)
        self.banner = Banner()
        column.addWidget(self.banner)
        column.addWidget(self.places, 1)
        self.setCentralWidget(middle)
        foot = QStatusBar()
        foot.setSizeGripEnabled(False)
        foot.addWidget(self.status_line, 1)
        self.setStatusBar(foot)
        if self.practice is not None:
            self.dock = QDockWidget("Practice")
            self.dock.setObjectName("practice")
            self.dock.setWidget(self.practice)
            self.dock.setMinimumWidth(252)
            self.dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
            head = DockHead("Practice")
            head.hide_asked.connect(self.dock.close)
            self.dock.setTitleBarWidget(head)
            self.dock.visibilityChanged.connect(self._on_dock_shown)
            self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
            self.resizeDocks([self.dock], [284], Qt.Orientation.Horizontal)

    @Slot(bool)
    def _on_dock_shown(self, is_shown: bool) -> None:
        self.setMinimumWidth(_LEAST_WIDTH_WITH_DOCK if is_shown else _LEAST_WIDTH)

    def _empty_states(self) -> tuple[EmptyState, EmptyState]:
        no_account = EmptyState(
            self.themes,
            Glyph.SENT,
            "Start with your mail account",
            "Readback stands between the mail program you already use and your provider. Tell it where your mail is "
            "handed in; nothing is changed until somebody gives you permission.",
            button="Add your &account…",
            pressed=self.open_account_settings,
        )
        if self.practice is not None:
            title, text = "The story is about to begin", "Kim writes the first mail in a moment. Watch it arrive here."
            return no_account, EmptyState(self.themes, Glyph.SENT, title, text)
        no_mail = EmptyState(
            self.themes,
            Glyph.SENT,
            "No mail yet",
            "Point your mail program at Readback and send as always. Each mail you send appears here, with what became "
            "of it.",
            button="How to point &it here…",
            pressed=self.open_listener_settings,
        )
        return no_account, no_mail

    def _make_menus(self) -> None:
        bar = self.menuBar()
        readback = bar.addMenu("&Readback")
        self._act(readback.addAction("&Settings…"), self.open_account_settings, "Ctrl+,")
        readback.addSeparator()
        self._act(readback.addAction("&Quit"), self.quit, QKeySequence.StandardKey.Quit)
        view = bar.addMenu("&View")
        self._act(view.addAction("&Conversations"), self.show_conversations, "Ctrl+1")
        self._act(view.addAction("&People"), self.show_people, "Ctrl+2")
        self._act(view.addAction("&Find"), self.start_search, QKeySequence.StandardKey.Find)
        self._act(view.addAction("&Refresh"), self.reload, QKeySequence.StandardKey.Refresh)
        if self.practice is not None:
            view.addSeparator()
            view.addAction(self.dock.toggleViewAction())
        people = bar.addMenu("P&ermission")
        self._act(people.addAction("&Record a permission…"), self.ask_permission, "Ctrl+Shift+P")
        help_menu = bar.addMenu("&Help")
        self._act(help_menu.addAction("What the &shapes mean"), self.show_legend, QKeySequence.StandardKey.HelpContents)

    def _act(self, action: QAction, slot: Callable[[], None], keys: str | QKeySequence.StandardKey) -> None:
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(slot)

    def _connect(self) -> None:
        self.head.place_asked.connect(self.go)
        self.head.settings_asked.connect(self.open_account_settings)
        self.threads.chosen.connect(self._on_chosen)
        self.threads.opened.connect(self.view.setFocus)
        self.threads.emptied.connect(self._on_emptied)
        self.threads.failed.connect(self._on_failed)
        self.view.permission_asked.connect(self._on_permission_asked)
        self.people.told.connect(self._on_told)
        self.people.recorded.connect(self._on_recorded)
        self.people.failed.connect(self._on_failed)
        self.settings.changed.connect(self._on_settings_changed)
        self.settings.test_asked.connect(self._on_sample_asked)
        self.status_line.listener_asked.connect(self.open_listener_settings)
        self.status_line.relay_asked.connect(self.open_relay_settings)
        self.notifier.chosen.connect(self.open_conversation)
        self.notifier.fell.connect(self._on_fell)
        if self.practice is not None:
            self.practice.view_asked.connect(self.show_recipient)
        if self.tray is not None:
            self.tray.window_asked.connect(self.bring_up)
            self.tray.quit_asked.connect(self.quit)

    # Reading

    @Slot()
    def reload(self) -> None:
        """Read everything that is shown anew."""
        self.threads.reload()
        self.people.reload()
        self._read_settings()
        self.refresh_stations()
        self._read_current()

    def _read_settings(self) -> None:
        def work() -> tuple[bool, frozenset[NoticeKind]]:
            off = frozenset(kind for kind in NoticeKind if not settings.get(self._store, notice_key(kind), True))
            return bool(accounts(self._store)), off

        self.ops.run(self, work, self._on_settings_read, self._on_failed)

    def _on_settings_read(self, read: tuple[bool, frozenset[NoticeKind]]) -> None:
        self._has_accounts, self._switched_off = read
        self.show_mail_place()

    @Slot()
    def refresh_stations(self) -> None:
        """Ask how listener and relay stand."""
        self.ops.run(self, self._actions.stations, self.on_stations, self._on_failed)

    @Slot(object)
    def on_stations(self, stations: Stations) -> None:
        """Show how listener and relay stand; the app may call this whenever it knows better."""
        self.status_line.show_stations(stations)
        self.settings.show_stations(stations)
        if self.tray is not None:
            self.tray.show_stations(stations)
        if stations.trouble is None:
            self._told_trouble = None
            if self._is_station_in_banner:
                self.banner.hide()
        elif stations.listener is ListenerState.FAILED and self._told_trouble != words.trouble_texts(stations.trouble):
            self.show_trouble(stations.trouble)

    @Slot(object)
    def on_change(self, change: Change) -> None:
        """Show what one transaction altered, and tell what it says is worth telling."""
        if change.conversations or change.copies:
            self.threads.reload()
            if self._current in change.conversations or (change.copies and not change.conversations):
                self._read_current()
        if change.people:
            self.people.reload()
        if change.accounts or change.settings:
            self._read_settings()
        for notice in change.notices:
            self._tell_when_settled(notice)

    def _tell_when_settled(self, notice: Notice) -> None:
        """Tell a notice; one that the next seconds may belie waits for them, and is then told only if it stands."""
        if not notice.settles_after_s:
            self.tell(notice)
            return

        def told(stands: bool) -> None:
            if stands:
                self.tell(notice)

        def look() -> None:
            self.ops.run(self, lambda: still_stands(self._store, notice), told, self._on_failed)

        QTimer.singleShot(int(notice.settles_after_s * 1000), self, look)

    def tell(self, notice: Notice) -> None:
        """Show a notification unless its kind is switched off."""
        if notice.kind not in self._switched_off:
            title, line = words.notice_texts(notice)
            key = notice.conversation_id if notice.conversation_id is not None else notice.address
            self.notifier.show(Bubble(key=key, title=title, line=line))

    @Slot(object)
    def show_trouble(self, trouble: Trouble) -> None:
        """Say what is wrong with a station above whatever is shown, until it is well again or this is dismissed."""
        self._told_trouble = words.trouble_texts(trouble)
        self._is_station_in_banner = True
        self.banner.show_trouble(trouble)

    @Slot(object)
    def _on_failed(self, trouble: Trouble) -> None:
        """Say what of the user's own doing or looking went wrong, until it is dismissed."""
        self._is_station_in_banner = False
        self.banner.show_trouble(trouble)

    def _read_current(self) -> None:
        wanted = self._current
        if wanted is None:
            return

        def done(detail: ConversationDetail | None) -> None:
            if detail is not None and detail.id == self._current:
                self.view.show_detail(detail)

        self.ops.run(self, lambda: conversation(self._store, wanted), done, self._on_failed)

    # Going places

    @Slot(object)
    def _on_chosen(self, key: int) -> None:
        self._current = key
        self._read_current()

    @Slot(object)
    def _on_emptied(self, is_empty: bool) -> None:
        self._is_empty = is_empty
        self.show_mail_place()

    def show_mail_place(self, page: QWidget | None = None) -> None:
        """Show the conversations, or what to do where there are none; `page` names one of the two for a picture."""
        fitting: QWidget = self._splitter
        if self._is_empty:
            fitting = self.no_mail if self._has_accounts else self.no_account
        self._mail_place.setCurrentWidget(page or fitting)

    @Slot(object)
    def go(self, place: int) -> None:
        """Show conversations (0) or people (1)."""
        self.head.show_place(place)
        self.places.setCurrentIndex(place)

    @Slot()
    def show_conversations(self) -> None:
        """Go to the conversations, keyboard on the list."""
        self.go(_CONVERSATIONS)
        self.threads.list.setFocus()

    @Slot()
    def show_people(self) -> None:
        """Go to the people, keyboard on the list."""
        self.go(_PEOPLE)
        self.people.list.setFocus()

    @Slot()
    def start_search(self) -> None:
        """Put the keyboard into the search of the place that is shown."""
        search = self.people.search if self.places.currentIndex() == _PEOPLE else self.threads.search
        search.setFocus()
        search.selectAll()

    @Slot(object)
    def open_conversation(self, key: Hashable) -> None:
        """Bring up the window: on a conversation by its id, on a person by address, else as it stands."""
        self.bring_up()
        if isinstance(key, int):
            self.go(_CONVERSATIONS)
            self.threads.search.clear()
            if not self.threads.list.select_key(key):
                self._on_chosen(key)
        elif isinstance(key, str):
            self.go(_PEOPLE)
            self.people.list.select_key(key)

    @Slot()
    def bring_up(self) -> None:
        """Show the window in front."""
        self.showNormal() if self.isMinimized() else self.show()
        self.raise_()
        self.activateWindow()

    @Slot()
    def open_account_settings(self) -> None:
        """Open the settings on the account."""
        self.settings.open_page(0)

    @Slot()
    def open_listener_settings(self) -> None:
        """Open the settings on the mail program."""
        self.settings.open_page(1)

    @Slot()
    def open_relay_settings(self) -> None:
        """Open the settings on the relay."""
        self.settings.open_page(2)

    @Slot()
    def ask_permission(self) -> None:
        """Open the form for a permission of somebody new."""
        self.people.ask_permission("")

    @Slot(object)
    def _on_permission_asked(self, address: str) -> None:
        self.people.ask_permission(address)

    @Slot()
    def show_legend(self) -> None:
        """Say what the shapes mean."""
        legend = Legend(self, self.themes)
        legend.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        legend.open()

    @Slot(object)
    def show_recipient(self, recipient: PracticeRecipient) -> RecipientView | None:
        """Show what a practice recipient sees."""
        if self._actions.practice is None:
            return None
        view = RecipientView(self, self._actions.practice, self.ops, recipient)
        view.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        view.show()
        return view

    # Telling

    @Slot(object)
    def _on_told(self, sentence: str) -> None:
        self.toast.show_notice(sentence)

    @Slot(object, object)
    def _on_recorded(self, sentence: str, address: str) -> None:
        self.toast.show_notice(sentence, button="Undo", chosen=lambda: self.people.retract(address))

    @Slot(object)
    def _on_fell(self, bubble: Bubble) -> None:
        self.toast.show_notice(bubble.title, bubble.line, button="Show", chosen=_Opening(self, bubble.key))

    @Slot()
    def _on_settings_changed(self) -> None:
        self._read_settings()
        self.refresh_stations()

    @Slot()
    def _on_sample_asked(self) -> None:
        sample = Notice(
            kind=NoticeKind.OPENED,
            conversation_id=None,
            copy_id=None,
            person="Somebody",
            address="",
            subject="A sample",
            at=self._clock().astimezone(UTC),
            agent_name="Outlook",
        )
        title, line = words.notice_texts(sample)
        self.notifier.show(Bubble(key=None, title=title, line=line))

    # Leaving

    @Slot()
    def quit(self) -> None:
        """End the program."""
        self._is_quitting = True
        self._actions.quit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave the program running behind the tray's icon; without a tray this ends it."""
        if self.tray is not None and not self._is_quitting:
            event.ignore()
            self.hide()
            return
        if not self._is_quitting:
            self.quit()
        super().closeEvent(event)

    def leave(self) -> None:
        """Let go of workers and the bus; called once by the app before the store closes."""
        self._is_quitting = True
        self.ops.close()
        self.notifier.close()

    def pictures(self, folder: Path) -> list[Path]:
        """Save every screen, light and dark, as PNG in `folder`; return the files."""
        from desktop.ui.pictures import take

        return take(self, folder)


class _Opening:
    def __init__(self, window: MainWindow, key: Hashable) -> None:
        self._window, self._key = window, key

    def __call__(self) -> None:
        self._window.open_conversation(self._key)
