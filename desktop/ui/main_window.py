"""The window: places at the top, one of them in the middle, how all sides stand at the foot.

It shows and asks; what changed comes in through `on_change`, and every reading runs on a worker.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication

from desktop.core.errors import Trouble
from desktop.core.status import Evidence
from desktop.store import settings
from desktop.store.accounts import AccountRow, accounts
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.figures import report_between
from desktop.store.questions import Question
from desktop.ui import menus
from desktop.ui.actions import Actions, PracticeRecipient, RelayState, Stations
from desktop.ui.acts import Acts
from desktop.ui.correcting import Correcting
from desktop.ui.deeds import Deeds
from desktop.ui.due_feed import DueFeed
from desktop.ui.due_lines import DueReading
from desktop.ui.due_page import DuePage, nothing_due
from desktop.ui.going import CONVERSATIONS, FOLLOW_UPS, TODAY, Going
from desktop.ui.ledger_repair import LedgerRepair
from desktop.ui.legend import Legend
from desktop.ui.mail_asking import MailAsking
from desktop.ui.mail_place import MailPlace
from desktop.ui.ops import Ops
from desktop.ui.people_page import PeoplePage
from desktop.ui.practice_panel import PracticePanel
from desktop.ui.rates_page import RatesPage
from desktop.ui.reading import Reading
from desktop.ui.recipient_view import RecipientView
from desktop.ui.settings_dialog import THEME_KEY, SettingsDialog
from desktop.ui.settings_opening import SettingsOpening
from desktop.ui.setup_dialog import SetUpDialog
from desktop.ui.status_line import StatusLine
from desktop.ui.telling import Telling
from desktop.ui.theme import Theme, Themes
from desktop.ui.toast import Toast
from desktop.ui.today_page import TodayPage
from desktop.ui.tray import Tray
from desktop.ui.troubles import Troubles


class MainWindow(Going):
    """Everything the user sees; closing it leaves the program running where there is a tray."""

    def __init__(self, store: Store, actions: Actions, clock: Callable[[], datetime]) -> None:
        """Make it on the main thread; it reads the store at once."""
        super().__init__()
        self._store, self._actions, self._clock = store, actions, clock
        self._is_quitting = False
        self._shown_on: date | None = None
        self.ops = Ops(self)
        choice = Theme(settings.get(store, THEME_KEY, Theme.SYSTEM.value))
        self._stations = Reading(self.ops, self, lambda: actions.stations, self.on_stations, self._on_failed)
        self.themes = Themes(cast("QApplication", QApplication.instance()), choice, self)
        self.feed = DueFeed(store, self.ops, clock, self)
        self.deeds = Deeds(store, self.ops, clock, self)
        self.acts = Acts(self, store, self.ops, deeds=self.deeds, feed=self.feed, now=clock)
        self.today = TodayPage(self.themes, self.acts)
        self.follow_ups = DuePage(
            "Follow-ups", lambda reading: reading.whole, self.themes, self.acts, nothing_due(self.themes)
        )
        self.asking = MailAsking(self, self.ops, actions)
        self.correcting = Correcting(self, actions.corrections, self.ops)
        self.mail = MailPlace(
            store,
            self.ops,
            self.themes,
            clock,
            place_of=actions.place_of,
            is_practice=actions.practice is not None,
        )
        self.threads, self.view = self.mail.threads, self.mail.view
        self.people = PeoplePage(
            store, self.ops, self.themes, clock, erase=actions.erase_person, grounds_of=actions.grounds_of
        )
        self.rates = RatesPage(partial(report_between, store), self.ops, self.themes, clock)
        self.opening = SettingsOpening(self, self._new_settings)
        self.status_line = StatusLine(self.themes)
        self.practice = PracticePanel(actions.practice, self.ops, self.themes) if actions.practice else None
        self.lay_out((self.today, self.mail, self.follow_ups, self.people, self.rates), self.status_line, self.practice)
        view_menu = menus.fill(self.menuBar(), self, self.opening.open_accounts)
        if self.practice is not None:
            view_menu.addSeparator()
            view_menu.addAction(self.dock.toggleViewAction())
        self.repairing = LedgerRepair(self, store, self.ops, actions.repair_ledger)
        self.troubles = Troubles(self.banner, self.opening.open_account, self.repairing.ask)
        self.toast = Toast(self)
        self.telling = Telling(store, self.ops, self.toast, self)
        self.tray = Tray(self) if Tray.is_possible() else None
        self._connect()
        self.reload()

    # Building

    def _connect(self) -> None:
        self.head.place_asked.connect(self.show_place)
        self.places.currentChanged.connect(self.undo_bar.leave_page)
        self.head.settings_asked.connect(self.opening.open_accounts)
        self.feed.read.connect(self._on_due_read)
        for doing in (self.deeds, self.correcting):
            doing.done.connect(self.offer_undo)
        for goes in (self.undo_bar, self.toast):
            goes.left.connect(self.give_keyboard_back)
        self.deeds.begun.connect(self.feed.take_out)
        self.deeds.kept.connect(self.feed.keep_out)
        self.deeds.dropped.connect(self.feed.put_back)
        for place in (self.today, self.follow_ups, self.rates):
            place.account_asked.connect(self.add_account)
        self.today.cancel_asked.connect(self.asking.cancel)
        self.today.resume_asked.connect(self.asking.resume)
        self.asking.asked.connect(self.refresh_stations)
        self.mail.account_asked.connect(self.add_account)
        self.mail.listener_asked.connect(self.opening.open_mail_program)
        self.view.permission_asked.connect(self._on_permission_asked)
        self.view.acted.connect(self._on_view_acted)
        self.view.answered.connect(self._on_answered)
        self.view.retracted.connect(self._on_retracted)
        self.view.relay_asked.connect(self.opening.open_relay)
        self.view.accounts_asked.connect(self.opening.open_accounts)
        self.view.hit_asked.connect(self._on_hit_asked)
        self.view.hit_taken_back.connect(self._on_hit_taken_back)
        self.threads.chosen.connect(self._on_conversation_chosen)
        for page in (self.today, self.follow_ups):
            page.opened.connect(self.show_line)
            self.feed.failed.connect(page.show_unread)
        self.people.told.connect(self._on_told)
        self.repairing.looked.connect(self.troubles.show_ledger)
        self.repairing.repaired.connect(self.people.reload)
        self.repairing.repaired.connect(self.opening.reload_privacy)
        self.opening.repair_asked.connect(self.repairing.ask)
        self.people.undoable.connect(self._on_undoable)
        for shows in (self.feed, self.mail, self.people, self.rates, self.telling):
            shows.failed.connect(self._on_failed)
        for does in (self.asking, self.deeds, self.correcting, self.repairing):
            does.failed.connect(self._on_failed)
        self.opening.changed.connect(self._on_settings_changed)
        self.opening.add_asked.connect(self.add_account)
        self.opening.test_asked.connect(self._on_sample_asked)
        self.status_line.listener_asked.connect(self.opening.open_mail_program)
        self.status_line.relay_asked.connect(self.opening.open_relay)
        self.status_line.mail_asked.connect(self.opening.open_account)
        self.telling.chosen.connect(self.open_conversation)
        if self.practice is not None and self._actions.practice is not None:
            self.practice.view_asked.connect(self.show_recipient)
            moved = self.ops.on_main(self, self._on_practice_moved)
            self._actions.practice.subscribe(lambda: moved(None))
        if self.tray is not None:
            self.tray.window_asked.connect(self.bring_up)
            self.tray.quit_asked.connect(self.quit)

    # Reading

    @Slot()
    def reload(self) -> None:
        """Read everything that is shown anew."""
        # The first page first: readings share one processor core.
        self.feed.ask()
        self._read_settings()
        self.mail.reload()
        self.people.reload()
        self.rates.reload()
        self.repairing.look()
        self.refresh_stations()

    @Slot()
    def refresh(self) -> None:
        """Look for new mail, and read everything anew."""
        self.asking.check()
        self.reload()

    def _read_settings(self) -> None:
        self.telling.reload()
        self.ops.run(self, lambda: accounts(self._store), self._on_accounts_read, self._on_failed)

    def _on_accounts_read(self, rows: tuple[AccountRow, ...]) -> None:
        has_accounts, reads_mail = bool(rows), any(row.imap_host for row in rows)
        self.mail.set_accounts(has_accounts=has_accounts, reads_mail=reads_mail)
        for page in (self.today, self.follow_ups):
            page.set_accounts(has_accounts=has_accounts, reads_mail=reads_mail)
        self.rates.set_accounts(rows)

    @Slot()
    def refresh_stations(self) -> None:
        """Ask how all sides stand; while mail is read they are asked many times a second."""
        self._stations.ask()

    @Slot(object)
    def on_stations(self, stations: Stations) -> None:
        """Show how all sides stand; the app may call this whenever it knows better."""
        self.status_line.show_stations(stations)
        self.opening.show_stations(stations)
        self.today.show_stations(stations)
        has_relay = stations.relay is not RelayState.NONE
        self.threads.set_relay(has_relay=has_relay)
        self.view.set_relay(has_relay=has_relay)
        self.people.set_relay(has_relay=has_relay)
        if self.tray is not None:
            self.tray.show_stations(stations)
        self.troubles.show_stations(stations)

    @Slot(object)
    def on_change(self, change: Change) -> None:
        """Show what one transaction altered, and tell what it says is worth telling."""
        self.mail.on_change(change)
        if change.conversations or change.copies or change.accounts or change.settings:
            self.feed.ask()
            self.rates.reload()
            self.opening.reload_corrections()
        if change.people or change.settings or change.accounts:
            # The do-not-track list is among the settings, and what mail does is decided by its account too.
            self.people.reload()
        if change.accounts or change.settings:
            self._read_settings()
        for notice in change.notices:
            self.telling.tell_when_settled(notice)

    @Slot(object)
    def _on_due_read(self, reading: DueReading) -> None:
        if reading.now.date() != self._shown_on:
            # Another day: what was said to be of today is of yesterday now.
            self._shown_on = reading.now.date()
            self.mail.reload_current()
        shown = self.places.currentWidget()
        was_there = isinstance(shown, DuePage) and shown.list.isVisible()
        self.today.show_reading(reading)
        self.follow_ups.show_reading(reading)
        if isinstance(shown, DuePage) and not was_there and self._is_keyboard_idle():
            shown.focus_first()
        self._show_due()

    def _is_keyboard_idle(self) -> bool:
        """Say whether the keyboard is nowhere yet, or still on the tabs where it is as the window comes up."""
        focused = self.focusWidget()
        return focused is None or not focused.isVisible() or self.head.isAncestorOf(focused)

    def _show_due(self) -> None:
        current, latest = self.mail.current, self.feed.latest
        self.view.set_due(latest.of_conversation(current) if latest is not None and current is not None else None)

    def _on_practice_moved(self, _: object) -> None:
        """Look at the clock: practice may have moved it on."""
        self.feed.look()
        self.mail.reload_current()
        self.rates.reload()

    @Slot(object)
    def show_trouble(self, trouble: Trouble) -> None:
        """Say what is wrong with a station above whatever is shown, until it is well again or this is dismissed."""
        self.troubles.show_station(trouble)

    @Slot(object)
    def _on_failed(self, trouble: Trouble) -> None:
        self.troubles.show_own(trouble)

    @Slot(object)
    def _on_conversation_chosen(self, _: object) -> None:
        self._show_due()

    # Opening

    @property
    def settings(self) -> SettingsDialog:
        """The dialog of the settings."""
        return self.opening.dialog

    def _new_settings(self) -> SettingsDialog:
        return SettingsDialog(self, self._store, self.ops, self.themes, self._actions, now=self._clock)

    def new_set_up(self) -> SetUpDialog:
        """Return the dialog that adds an account, not shown yet."""
        return SetUpDialog(self, self._store, self.ops, self.themes, self._actions)

    @Slot()
    def add_account(self) -> None:
        """Open the dialog that adds an account by its address."""
        dialog = self.new_set_up()
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.saved.connect(self._on_account_added)
        dialog.open()

    @Slot(object)
    def _on_account_added(self, _: object) -> None:
        self.opening.close()
        self._on_settings_changed()
        self.show_today()

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

    # Doing

    def act_here(self, action: str) -> None:
        """Do something about the line, or the conversation, the keyboard is on."""
        pages = {TODAY: self.today, FOLLOW_UPS: self.follow_ups}
        page = pages.get(self.places.currentIndex())
        if page is not None:
            page.act(action)
        elif self.places.currentIndex() == CONVERSATIONS:
            self._on_view_acted(action)

    @Slot(object)
    def _on_view_acted(self, action: str) -> None:
        detail = self.view.shown
        if detail is not None:
            self.acts.act_on(detail, action, self.view.menu_place())

    @Slot(object, object)
    def _on_answered(self, question: Question, is_yes: bool) -> None:
        self.acts.answer(question, is_yes=is_yes)

    @Slot(object)
    def _on_retracted(self, arrival_id: int) -> None:
        self.deeds.retract(arrival_id)

    @Slot(object, QPoint)
    def _on_hit_asked(self, line: Evidence, place: QPoint) -> None:
        self.correcting.ask(line, place)

    @Slot(object)
    def _on_hit_taken_back(self, line: Evidence) -> None:
        if line.correction is not None:
            self.correcting.take_back(line.correction)

    # Telling

    @Slot(object)
    def _on_told(self, sentence: str) -> None:
        self.toast.show_notice(sentence)

    @Slot(object, object)
    def _on_undoable(self, sentence: str, undo: Callable[[], None]) -> None:
        self.toast.show_notice(sentence, button="Undo", chosen=undo)

    @Slot()
    def _on_settings_changed(self) -> None:
        self._read_settings()
        self.feed.ask()
        self.mail.reload_current()
        self.refresh_stations()

    @Slot()
    def _on_sample_asked(self) -> None:
        self.telling.tell_sample(self._clock())

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
        self.telling.close()

    def pictures(self, folder: Path) -> list[Path]:
        """Save every screen, light and dark, as PNG in `folder`; return the files."""
        from desktop.ui.pictures import take

        return take(self, folder)
