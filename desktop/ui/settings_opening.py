"""The settings, made when first asked for: they are half of a window, and most days nobody opens them."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from desktop.ui.actions import Stations
from desktop.ui.settings_dialog import ACCOUNTS, MAIL_PROGRAM, RELAY, SettingsDialog


class SettingsOpening(QObject):
    """Opens the dialog on a page; its signals are the dialog's own."""

    changed = Signal()
    add_asked = Signal()
    test_asked = Signal()
    repair_asked = Signal()

    def __init__(self, parent: QObject, make: Callable[[], SettingsDialog]) -> None:
        """Make nothing yet."""
        super().__init__(parent)
        self._make = make
        self._made: SettingsDialog | None = None
        self._stations: Stations | None = None

    @property
    def dialog(self) -> SettingsDialog:
        """The dialog, which knows how the stations stand from its first moment."""
        if self._made is None:
            made = self._made = self._make()
            made.changed.connect(self.changed)
            made.add_asked.connect(self.add_asked)
            made.test_asked.connect(self.test_asked)
            made.repair_asked.connect(self.repair_asked)
            if self._stations is not None:
                made.show_stations(self._stations)
        return self._made

    def show_stations(self, stations: Stations) -> None:
        """Say how all sides stand."""
        self._stations = stations
        if self._made is not None:
            self._made.show_stations(stations)

    def reload_privacy(self) -> None:
        """Read what is kept, and whether the ledger holds, where it is shown."""
        if self._made is not None and self._made.isVisible():
            self._made.privacy.reload()

    def reload_corrections(self) -> None:
        """Read the corrections anew where they are shown."""
        if self._made is not None:
            self._made.reload_corrections()

    def close(self) -> None:
        """Close the dialog where it is open."""
        if self._made is not None:
            self._made.close()

    @Slot()
    def open_accounts(self) -> None:
        """Bring up the accounts."""
        self.dialog.open_page(ACCOUNTS)

    @Slot(object)
    def open_account(self, account_id: int) -> None:
        """Bring up one account, as to sign in again."""
        self.dialog.open_page(ACCOUNTS)
        self.dialog.account.reload_choosing(account_id)

    @Slot()
    def open_mail_program(self) -> None:
        """Bring up what a mail program is told."""
        self.dialog.open_page(MAIL_PROGRAM)

    @Slot()
    def open_relay(self) -> None:
        """Bring up the relay."""
        self.dialog.open_page(RELAY)
