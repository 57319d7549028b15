"""The sign in the system's tray: brings the window back, and quits.

Where there is no tray the window stays in charge.
"""

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from desktop.ui import glyphs, station_words
from desktop.ui.actions import Stations


class Tray(QObject):
    """A tray icon where the system has a place for it."""

    window_asked = Signal()
    quit_asked = Signal()

    def __init__(self, parent: QObject) -> None:
        """Show the icon at once."""
        super().__init__(parent)
        self._menu = QMenu()
        self._menu.addAction("&Show Readback").triggered.connect(self.window_asked)
        self._menu.addSeparator()
        self._menu.addAction("&Quit").triggered.connect(self.quit_asked)
        self._icon = QSystemTrayIcon(glyphs.app_icon(), self)
        self._icon.setToolTip("Readback")
        self._icon.setContextMenu(self._menu)
        self._icon.activated.connect(self._on_activated)
        self._icon.show()

    @staticmethod
    def is_possible() -> bool:
        """Say whether this system has a tray."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show_stations(self, stations: Stations) -> None:
        """Say on the icon how listener and relay stand."""
        lines = (station_words.listener_line(stations), station_words.relay_line(stations))
        self._icon.setToolTip("\n".join(("Readback", *lines)))

    @Slot(object)
    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.window_asked.emit()
