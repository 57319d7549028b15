"""The two sides in the settings: how a mail program reaches the listener, and which relay keeps the hits."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from desktop.core.errors import Malformed, Trouble
from desktop.store.database import Store
from desktop.store.hits import gaps
from desktop.ui import station_words
from desktop.ui.actions import Actions, Listener, ListenerState, RelayState, Stations
from desktop.ui.forms import CopyField, Message, PortField, Shut, form_label, has_keyboard
from desktop.ui.labels import Role, plain
from desktop.ui.ops import Ops


def _show_standing(message: Message, trouble: Trouble | None) -> None:
    if trouble is None:
        message.clear()
    else:
        message.show_trouble(trouble)


class ListenerPage(QWidget):
    """What to enter in a mail program, each value with a Copy button, and the port."""

    changed = Signal()

    def __init__(self, ops: Ops, actions: Actions) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._ops, self._actions = ops, actions
        self.host, self.port, self.user = CopyField("Server"), CopyField("Port"), CopyField("User name")
        self.password = CopyField("Password", is_secret=True)
        self.own_port = PortField(1024)
        self.own_port.setAccessibleName("Listen on port")
        self.apply = QPushButton("&Use this port")
        self.apply.setAutoDefault(False)
        self.apply.clicked.connect(self._on_apply)
        self.trouble, self.message = Message(is_state=True), Message()
        self._shut = Shut(self.message, self.apply)
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Your mail program", Role.HEADING))
        steps = (
            "Keep writing where you always write. In your mail program's account settings, add an outgoing server "
            "(SMTP) with these values and make it the one your account uses. Connection security: none, since it never "
            "leaves this machine. Authentication: normal password."
        )
        column.addWidget(plain(steps, Role.DIM, wraps=True))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        for name, field in (
            ("Server", self.host),
            ("Port", self.port),
            ("User name", self.user),
            ("Password", self.password),
        ):
            form.addRow(form_label(name, field.field), field)
        column.addLayout(form)
        column.addWidget(
            plain(
                "This password opens only the door on this machine. It is not your mailbox's.", Role.SMALL, wraps=True
            )
        )
        column.addSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(form_label("&Listen on port", self.own_port))
        row.addWidget(self.own_port)
        row.addWidget(self.apply)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.trouble)
        column.addWidget(self.message)
        column.addStretch(1)

    @Slot()
    def reload(self) -> None:
        """Read what stands now."""
        self._ops.run(self, self._actions.listener, self._on_read, self.message.show_trouble)

    def _on_read(self, listener: Listener) -> None:
        self.host.set_value(listener.host)
        self.port.set_value(str(listener.port))
        self.user.set_value(listener.user)
        self.password.set_value(listener.password)
        self.own_port.set_value(listener.port)

    @Slot()
    def _on_apply(self) -> None:
        try:
            port = self.own_port.value()
        except Malformed as trouble:
            self.message.show_trouble(trouble)
            return
        self.message.show_busy(f"Opening port {port}…")
        self._shut.begin()
        self._ops.run(self, lambda: self._actions.restart_listener(port), self._on_applied, self._on_failed)

    def _on_applied(self, _: object) -> None:
        self.message.show_good("Listening there now. Enter the new port in your mail program too.")
        self._shut.end()
        self.reload()
        self.changed.emit()

    def _on_failed(self, trouble: Trouble) -> None:
        self.message.show_trouble(trouble)
        self._shut.end()

    def show_stations(self, stations: Stations) -> None:
        """Say what is wrong with the listener, if anything is."""
        _show_standing(self.trouble, stations.trouble if stations.listener is ListenerState.FAILED else None)

    def forget(self) -> None:
        """Say nothing any more of what was tried."""
        self.message.clear()


class RelayPage(QWidget):
    """Connect to a relay by address and invite; no relay is a normal state."""

    changed = Signal()

    def __init__(self, store: Store, ops: Ops, actions: Actions) -> None:
        """Show what is connected once `show_stations` was called."""
        super().__init__()
        self._store, self._ops, self._actions = store, ops, actions
        self.gaps = plain("", Role.SMALL, wraps=True)
        self.url, self.invite = QLineEdit(), QLineEdit()
        self.url.setPlaceholderText("https://relay.example.com, or the whole line you were given")
        self.invite.setPlaceholderText("From whoever runs it")
        self.connect_button, self.disconnect_button = QPushButton("&Connect"), QPushButton("&Disconnect")
        self.connect_button.setProperty("kind", "primary")
        self.connect_button.clicked.connect(self._on_connect)
        self.disconnect_button.clicked.connect(self._on_disconnect)
        self.url.returnPressed.connect(self._on_connect)
        self.invite.returnPressed.connect(self._on_connect)
        self.state = plain("", Role.STRONG, wraps=True)
        self.trouble, self.message = Message(is_state=True), Message()
        self._shut = Shut(self.message, self.connect_button)
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Relay", Role.HEADING))
        about = (
            "A relay takes note when a picture is fetched or a link is used, sealed so that only this program can "
            "read it. It learns no address and no subject. Without one your mail goes out as always; opens and links "
            "stay unknown."
        )
        column.addWidget(plain(about, Role.DIM, wraps=True))
        column.addWidget(self.state)
        column.addWidget(self.trouble)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow(form_label("&Address", self.url), self.url)
        form.addRow(form_label("&Invite", self.invite), self.invite)
        column.addLayout(form)
        column.addWidget(self.message)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.disconnect_button)
        row.addStretch(1)
        row.addWidget(self.connect_button)
        column.addLayout(row)
        column.addWidget(self.gaps)
        column.addStretch(1)

    def reload(self) -> None:
        """Read which days the relay dropped hits of because nobody fetched them."""
        self._ops.run(self, lambda: gaps(self._store), self._on_gaps, self.message.show_trouble)

    def _on_gaps(self, rows: tuple[tuple[str, int], ...]) -> None:
        self.gaps.setText("\n".join(station_words.gap_lines(rows)))

    def show_stations(self, stations: Stations) -> None:
        """Say which relay is connected."""
        self.state.setText(station_words.relay_line(stations))
        has_relay = stations.relay is not RelayState.NONE
        if not has_relay and has_keyboard(self.disconnect_button):
            # The button goes: the keyboard belongs to what came of it, not to the button that connects.
            self.message.take_keyboard()
        self.disconnect_button.setVisible(has_relay)
        is_bad = stations.relay in (RelayState.FAILED, RelayState.UNREADABLE)
        _show_standing(self.trouble, stations.trouble if is_bad else None)

    def forget(self) -> None:
        """Say nothing any more of what was tried."""
        self.message.clear()

    @Slot()
    def _on_connect(self) -> None:
        url, invite = self.url.text().strip(), self.invite.text().strip()
        if not url:
            self.message.show_bad("Enter the relay's address, such as https://relay.example.com.")
            self.url.setFocus()
            return
        self.message.show_busy("Connecting…")
        self._shut.begin()
        self._ops.run(self, lambda: self._actions.connect_relay(url, invite), self._on_connected, self._on_failed)

    def _on_connected(self, _: object) -> None:
        self.invite.clear()
        self.url.setText(self.url.text().partition("#")[0])  # An invite works once, and is a secret until then.
        self.message.show_good("Connected. New mail to people who gave permission is tracked from now on.")
        self._shut.end()
        self.changed.emit()

    @Slot()
    def _on_disconnect(self) -> None:
        self.message.show_busy("Disconnecting…")
        self._ops.run(self, self._actions.disconnect_relay, self._on_disconnected, self._on_failed)

    def _on_disconnected(self, _: object) -> None:
        self.message.show_good(
            "Disconnected. Mail goes out untracked. Readback fetches what waits at the relay, has your channel there "
            "deleted, and still learns who stops by older mail."
        )
        self.changed.emit()

    def _on_failed(self, trouble: Trouble) -> None:
        self.message.show_trouble(trouble)
        self._shut.end()
