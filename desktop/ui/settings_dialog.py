"""The settings, from accounts to appearance; each page saves by itself.

Accounts, listener and relay have buttons since they talk to others; a tick or a theme holds at once.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QFontMetrics
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop.core.notice import NoticeKind
from desktop.store import settings
from desktop.store.database import Store
from desktop.ui import notice_words
from desktop.ui.account_page import AccountPage
from desktop.ui.actions import Actions, Stations
from desktop.ui.corrections_page import CorrectionsPage
from desktop.ui.do_not_track_page import DoNotTrackPage
from desktop.ui.follow_ups_settings import FollowUpsSettings
from desktop.ui.forms import Message
from desktop.ui.labels import Page, Role, plain
from desktop.ui.ops import Ops
from desktop.ui.place_settings import PlaceSettings
from desktop.ui.privacy_page import PrivacyPage
from desktop.ui.screen_room import resize_within_screen
from desktop.ui.station_pages import ListenerPage, RelayPage
from desktop.ui.telling import is_switched_on, notice_key
from desktop.ui.theme import Theme, Themes
from desktop.ui.trust_page import TrustPage
from desktop.ui.wording_page import WordingPage

THEME_KEY = "theme"
ACCOUNTS, MAIL_PROGRAM, RELAY, TRUST, PRIVACY, DO_NOT_TRACK, WORDING = range(7)
FOLLOW_UPS, NOTIFICATIONS, CORRECTIONS, PLACES, APPEARANCE = range(7, 12)
_NAME_PADDING = 18
_THEMES = {Theme.SYSTEM: "As the &system", Theme.LIGHT: "&Light", Theme.DARK: "&Dark"}


class NotificationsPage(QWidget):
    """A tick for each kind; `test_asked` asks for a sample."""

    test_asked = Signal()

    def __init__(self, store: Store, ops: Ops) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._store, self._ops = store, ops
        self.boxes = {kind: QCheckBox(text) for kind, text in notice_words.NOTICES.items()}
        self.message = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Tell me", Role.HEADING))
        column.addWidget(
            plain(
                "Machines never ring: scanners, previews and prefetches only stand in the timeline.",
                Role.DIM,
                wraps=True,
            )
        )
        for kind, box in self.boxes.items():
            box.setChecked(kind.is_on_by_default)
            box.clicked.connect(_Ticked(self, kind))
            column.addWidget(box)
        test = QPushButton("Show a &sample")
        test.setAutoDefault(False)
        test.clicked.connect(self.test_asked)
        column.addSpacing(4)
        column.addWidget(test, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.message)
        column.addStretch(1)

    @Slot()
    def reload(self) -> None:
        """Read what is switched on."""

        def work() -> dict[NoticeKind, bool]:
            return {kind: is_switched_on(self._store, kind) for kind in NoticeKind}

        self._ops.run(self, work, self._on_read, self.message.show_trouble)

    def _on_read(self, switched: dict[NoticeKind, bool]) -> None:
        for kind, is_on in switched.items():
            self.boxes[kind].setChecked(is_on)

    def tick(self, kind: NoticeKind, is_on: bool) -> None:
        """Keep one tick."""
        self._ops.run(self, lambda: settings.put(self._store, notice_key(kind), is_on), None, self.message.show_trouble)


class _Ticked:
    def __init__(self, page: NotificationsPage, kind: NoticeKind) -> None:
        self._page, self._kind = page, kind

    def __call__(self) -> None:
        # `clicked` hands its argument to functions only, not to objects that can be called.
        self._page.tick(self._kind, self._page.boxes[self._kind].isChecked())


class AppearancePage(QWidget):
    """Light, dark, or as the system."""

    def __init__(self, store: Store, ops: Ops, themes: Themes) -> None:
        """Show what stands now."""
        super().__init__()
        self._store, self._ops, self._themes = store, ops, themes
        self.message = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Appearance", Role.HEADING))
        self._group = QButtonGroup(self)
        self.buttons = {theme: QRadioButton(text) for theme, text in _THEMES.items()}
        for theme, button in self.buttons.items():
            self._group.addButton(button)
            button.setChecked(theme is themes.choice)
            column.addWidget(button)
        self._group.buttonClicked.connect(self._on_chosen)
        column.addWidget(self.message)
        column.addStretch(1)

    @Slot()
    def _on_chosen(self) -> None:
        theme = next(theme for theme, button in self.buttons.items() if button.isChecked())
        self._themes.choose(theme)
        self._ops.run(self, lambda: settings.put(self._store, THEME_KEY, theme.value), None, self.message.show_trouble)

    def reload(self) -> None:
        """Show what stands now."""
        self.buttons[self._themes.choice].setChecked(True)


class PageNames(QListWidget):
    """The pages' names, each row of one stated height.

    A list view lays its rows out before a style sheet's padding counts, and paints them with it: rows would overlap.
    """

    def __init__(self) -> None:
        """Start without names."""
        super().__init__()
        self.setProperty("kind", "pages")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFixedWidth(176)
        self.setAccessibleName("Settings pages")

    def add(self, name: str) -> None:
        """Add a name below the others."""
        item = QListWidgetItem(name)
        item.setSizeHint(QSize(100, QFontMetrics(self.font()).height() + _NAME_PADDING))
        self.addItem(item)


class _Page(Protocol):
    def reload(self) -> None:
        """Read anew what stands."""
        ...


class SettingsDialog(QDialog):
    """The pages beside their names; `changed` says that accounts or stations may stand differently now.

    `add_asked` says that another account is wanted, `repair_asked` that the ledger be repaired.
    """

    changed = Signal()
    add_asked = Signal()
    test_asked = Signal()
    repair_asked = Signal()

    def __init__(
        self,
        parent: QWidget,
        store: Store,
        ops: Ops,
        themes: Themes,
        actions: Actions,
        *,
        now: Callable[[], datetime],
    ) -> None:
        """One dialog for the life of the window; `open_page` brings it up."""
        super().__init__(parent)
        self.setWindowTitle("Settings")
        resize_within_screen(self, 760, 660)
        self.account = AccountPage(store, ops, themes, actions)
        self.listener = ListenerPage(ops, actions)
        self.relay = RelayPage(store, ops, actions)
        self.notifications = NotificationsPage(store, ops)
        self.corrections = CorrectionsPage(ops, actions.corrections, now)
        self.places = PlaceSettings(store, ops, actions.examine_places)
        self.appearance = AppearancePage(store, ops, themes)
        self.trust = TrustPage(store, ops, actions.trust)
        self.privacy = PrivacyPage(store, ops)
        self.do_not_track = DoNotTrackPage(store, ops, now)
        self.wording = WordingPage(store, ops, now)
        self.names = PageNames()
        self.pages = QStackedWidget()
        self.follow_ups = FollowUpsSettings(store, ops)
        self._pages: list[_Page] = []
        for name, page in (
            ("Accounts", self.account),
            ("Mail program", self.listener),
            ("Relay", self.relay),
            ("Trust", self.trust),
            ("Privacy", self.privacy),
            ("Do not track", self.do_not_track),
            ("Wording", self.wording),
            ("Follow-ups", self.follow_ups),
            ("Notifications", self.notifications),
            ("Corrections", self.corrections),
            ("Places", self.places),
            ("Appearance", self.appearance),
        ):
            self.names.add(name)
            self.pages.addWidget(_scrolled(page))
            self._pages.append(page)
        self.names.currentRowChanged.connect(self._on_page)
        self.account.saved.connect(self.changed)
        self.account.add_asked.connect(self.add_asked)
        for page in (self.listener, self.relay, self.trust, self.privacy, self.follow_ups, self.places):
            page.changed.connect(self.changed)
        self.notifications.test_asked.connect(self.test_asked)
        self.privacy.repair_asked.connect(self.repair_asked)
        self._lay_out()
        self.names.setCurrentRow(0)

    def _lay_out(self) -> None:
        close = QPushButton("Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 10, 16, 12)
        foot.addStretch(1)
        foot.addWidget(close)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.names)
        row.addWidget(self.pages, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row, 1)
        column.addLayout(foot)

    def open_page(self, number: int = 0) -> None:
        """Read everything anew and bring up a page, counted from 0 in the order of their names."""
        self.forget()
        self.reload()
        self.names.setCurrentRow(number)
        self._to_top(number)
        self.show()
        self.raise_()
        self.activateWindow()

    def reload(self) -> None:
        """Read all pages anew."""
        for page in self._pages:
            page.reload()

    def reload_corrections(self) -> None:
        """Read the corrections anew while they can be seen."""
        if self.isVisible():
            self.corrections.reload()

    @Slot(int)
    def _on_page(self, number: int) -> None:
        self.pages.setCurrentIndex(number)
        self._to_top(number)
        self.forget()

    def _to_top(self, number: int) -> None:
        area = self.pages.widget(number)
        if isinstance(area, QScrollArea):
            area.verticalScrollBar().setValue(0)

    def forget(self) -> None:
        """Let no page say any more what was tried on it."""
        for page in (self.account, self.listener, self.relay, self.trust, self.do_not_track, self.wording):
            page.forget()
        for message in (each.message for each in (self.privacy, self.follow_ups, self.notifications, self.corrections)):
            message.clear()
        self.appearance.message.clear()

    def show_stations(self, stations: Stations) -> None:
        """Say how all sides stand."""
        self.account.show_stations(stations)
        self.listener.show_stations(stations)
        self.relay.show_stations(stations)
        self.trust.show_stations(stations)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Forget a typed password, and wait for no browser."""
        self.account.password.clear()
        self.account.sign_in.cancel()
        super().closeEvent(event)


def _scrolled(page: QWidget) -> QScrollArea:
    holder = Page()
    column = QVBoxLayout(holder)
    column.setContentsMargins(28, 24, 28, 16)
    column.addWidget(page)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(holder)
    return area
