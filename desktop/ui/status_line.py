"""The line at the foot of the window: how the mail program's side and the relay stand; each leads to its settings."""

from typing import Final

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from desktop.ui import glyphs, station_words
from desktop.ui.actions import ListenerState, RelayState, Stations
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, font_of
from desktop.ui.theme import Themes

_LISTENER: Final = {
    ListenerState.OFF: Glyph.NOT_TRACKED,
    ListenerState.STARTING: Glyph.DELAYED,
    ListenerState.LISTENING: Glyph.CONFIRMED,
    ListenerState.FAILED: Glyph.NOT_DELIVERED,
}
_RELAY: Final = {
    RelayState.NONE: Glyph.NOT_TRACKED,
    RelayState.CONNECTING: Glyph.DELAYED,
    RelayState.CONNECTED: Glyph.CONFIRMED,
    RelayState.WAITING: Glyph.DELAYED,
    RelayState.FAILED: Glyph.NOT_DELIVERED,
    RelayState.UNREADABLE: Glyph.NOT_DELIVERED,
}


class StatusLine(QWidget):
    """Two quiet buttons; they do what they say also from the keyboard."""

    listener_asked = Signal()
    relay_asked = Signal()

    def __init__(self, themes: Themes) -> None:
        """Say nothing until `show_stations`."""
        super().__init__()
        self._themes = themes
        self._stations: Stations | None = None
        self.listener, self.relay = QPushButton(), QPushButton()
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 1, 6, 1)
        row.setSpacing(4)
        for button, name in ((self.listener, "Mail program settings"), (self.relay, "Relay settings")):
            button.setProperty("kind", "foot")
            button.setFont(font_of(Role.SMALL))
            button.setIconSize(QSize(13, 13))
            button.setAccessibleDescription(name)
            button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            row.addWidget(button)
        row.addStretch(1)
        self.listener.clicked.connect(self.listener_asked)
        self.relay.clicked.connect(self.relay_asked)
        themes.changed.connect(self._show)

    def show_stations(self, stations: Stations) -> None:
        """Say how both stand."""
        self._stations = stations
        self._show()

    @Slot()
    def _show(self) -> None:
        if self._stations is None:
            return
        ratio = self.devicePixelRatioF()
        for button, glyph, text in (
            (self.listener, _LISTENER[self._stations.listener], station_words.listener_line(self._stations)),
            (self.relay, _RELAY[self._stations.relay], station_words.relay_line(self._stations)),
        ):
            # Mnemonics are not meant here, and a host name is a stranger's text.
            button.setText(text.replace("&", "&&"))
            button.setAccessibleName(text)
            button.setIcon(QIcon(glyphs.pixmap(glyph, self._themes.colours, 13, ratio)))
