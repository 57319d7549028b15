"""The line at the foot of the window: how incoming mail, the mail program's side and the relay stand.

Each leads to its settings.  Several accounts are said in one line each, as long as there is room for them.
"""

from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from desktop.ui import glyphs, mail_words, station_words
from desktop.ui.actions import ListenerState, MailState, RelayState, Stations
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, as_plain_tooltip, font_of
from desktop.ui.tab_order import keep_reading_order
from desktop.ui.theme import Themes

_LEAST_WIDTH: Final = 120
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
_MAIL: Final = {
    MailState.CONNECTING: Glyph.DELAYED,
    MailState.READING: Glyph.DELAYED,
    MailState.WATCHING: Glyph.CONFIRMED,
    MailState.POLLING: Glyph.CONFIRMED,
    MailState.AWAY: Glyph.DELAYED,
    MailState.SIGN_IN: Glyph.NOT_DELIVERED,
    MailState.CANCELLED: Glyph.CONFIRMED,
    MailState.STOPPED: Glyph.NOT_TRACKED,
}


class FootButton(QPushButton):
    """A quiet button with a glyph."""

    def __init__(self, description: str) -> None:
        """Say nothing until `say`."""
        super().__init__()
        self.setProperty("kind", "foot")
        self.setFont(font_of(Role.SMALL))
        self.setIconSize(QSize(13, 13))
        self.setAccessibleDescription(description)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def say(self, text: str, icon: QIcon) -> None:
        """Say how it stands."""
        # Mnemonics are not meant here, and a host name is a stranger's text.
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.setIcon(icon)

    def minimumSizeHint(self) -> QSize:
        """Let it be cut where several accounts want room."""
        return QSize(min(_LEAST_WIDTH, super().minimumSizeHint().width()), super().minimumSizeHint().height())

    def shown_text(self) -> str:
        """Return what there is room for, ending in an ellipsis where that is not all."""
        room = max(self.width() - (self.sizeHint().width() - self._text_width()), 0)
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)

    def _text_width(self) -> int:
        return self.fontMetrics().size(int(Qt.TextFlag.TextShowMnemonic), self.text()).width()

    def event(self, event: QEvent) -> bool:
        """Offer the whole as a tooltip where it is cut."""
        if event.type() is QEvent.Type.ToolTip:
            cut = self.shown_text() != self.text()
            self.setToolTip(as_plain_tooltip(self.accessibleName()) if cut else "")
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button with what there is room for: a button by itself would cut a letter in two."""
        del event
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.shown_text()
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()


class StatusLine(QWidget):
    """Quiet buttons; they do what they say also from the keyboard. `mail_asked` carries the account."""

    listener_asked = Signal()
    relay_asked = Signal()
    mail_asked = Signal(object)

    def __init__(self, themes: Themes) -> None:
        """Say nothing until `show_stations`."""
        super().__init__()
        self._themes = themes
        self._stations: Stations | None = None
        self.mail: dict[int, FootButton] = {}
        self.listener, self.relay = FootButton("Mail program settings"), FootButton("Relay settings")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(6, 1, 6, 1)
        self._row.setSpacing(4)
        self._row.addWidget(self.listener)
        self._row.addWidget(self.relay)
        self._row.addStretch(1)
        self.listener.clicked.connect(self.listener_asked)
        self.relay.clicked.connect(self.relay_asked)
        themes.changed.connect(self._show)

    def show_stations(self, stations: Stations) -> None:
        """Say how all stand."""
        self._stations = stations
        self._show()

    @Slot()
    def _show(self) -> None:
        stations = self._stations
        if stations is None:
            return
        self._make_mail_buttons({each.account_id for each in stations.mail})
        self._say(self.listener, _LISTENER[stations.listener], station_words.listener_line(stations))
        self._say(self.relay, _RELAY[stations.relay], station_words.relay_line(stations))
        for each in stations.mail:
            self._say(self.mail[each.account_id], _MAIL[each.state], mail_words.mail_line(each))

    def _say(self, button: FootButton, glyph: Glyph, text: str) -> None:
        button.say(text, QIcon(glyphs.pixmap(glyph, self._themes.colours, 13, self.devicePixelRatioF())))

    def _make_mail_buttons(self, wanted: set[int]) -> None:
        for account_id in [known for known in self.mail if known not in wanted]:
            button = self.mail.pop(account_id)
            button.hide()
            button.deleteLater()
        for account_id in sorted(wanted - set(self.mail)):
            button = FootButton("Account settings")
            button.clicked.connect(_Asking(self, account_id))
            self._row.insertWidget(len(self.mail), button)
            self.mail[account_id] = button
            keep_reading_order(self)


class _Asking:
    def __init__(self, line: StatusLine, account_id: int) -> None:
        self._line, self._account_id = line, account_id

    def __call__(self) -> None:
        self._line.mail_asked.emit(self._account_id)
