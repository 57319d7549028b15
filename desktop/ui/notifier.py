"""Desktop notifications over D-Bus, and the fall to the in-app toast where no daemon answers.

jeepney and a socket notifier rather than QtDBus, which cannot spell the uint32 that `Notify` wants.  Nothing waits for
the daemon: answers and clicks come in as the socket becomes readable.  One conversation has one bubble, replaced in
place.  The body is escaped for daemons that render markup: what stands in it was written by strangers.
"""

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

# jeepney ships no types.
from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, message_bus, new_method_call  # type: ignore[import-untyped]
from jeepney.io.blocking import DBusConnection, open_dbus_connection  # type: ignore[import-untyped]
from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal, Slot

_DAEMON: Final = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.freedesktop.Notifications",
)
_ANSWER_WAIT_MS: Final = 3_000
_APP_NAME: Final = "Readback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One notification: bubbles with equal `key` replace each other; `key` is handed back when it is chosen."""

    key: object
    title: str
    line: str


class Notifier(QObject):
    """Shows bubbles; emits `chosen` with the key of one the user clicked and `fell` with one nobody could show."""

    chosen = Signal(object)
    fell = Signal(object)

    def __init__(self, parent: QObject | None = None, *, bus: str = "SESSION", wait_ms: int = _ANSWER_WAIT_MS) -> None:
        """Connect to the bus; where there is none, every bubble falls to the toast."""
        super().__init__(parent)
        self._wait_ms = wait_ms
        self._connection: DBusConnection | None = None
        self._readable: QSocketNotifier | None = None
        self._capabilities: frozenset[str] | None = None
        self._waiting: list[Bubble] = []
        self._asked: dict[int, Callable[[Message | None], None]] = {}
        self._id_of: dict[object, int] = {}
        self._key_of: dict[int, object] = {}
        self._showing: set[object] = set()
        self._later: dict[object, Bubble] = {}
        self._connect(bus)

    @property
    def is_connected(self) -> bool:
        """Whether there is a bus to speak to."""
        return self._connection is not None

    def show(self, bubble: Bubble) -> None:
        """Show the bubble, or emit `fell` with it."""
        if self._connection is None:
            self.fell.emit(bubble)
        elif self._capabilities is None:
            self._waiting.append(bubble)
            if len(self._waiting) == 1:
                # Asked at each attempt until answered: a daemon may start after us, or on demand.
                self._ask(new_method_call(_DAEMON, "GetCapabilities"), self._on_capabilities)
        elif bubble.key in self._showing:
            # Its number is not known yet, so it cannot be replaced: only the newest is shown after the answer.
            self._later[bubble.key] = bubble
        else:
            self._notify(bubble)

    @property
    def is_asking(self) -> bool:
        """Whether the daemon still owes an answer."""
        return bool(self._asked or self._waiting)

    def has_bubble(self, key: object) -> bool:
        """Whether a bubble with this key stands on the screen."""
        return key in self._id_of

    def close(self) -> None:
        """Leave the bus."""
        self._drop()

    def _connect(self, bus: str) -> None:
        try:
            self._connection = open_dbus_connection(bus=bus)
        except (OSError, KeyError, RuntimeError, StopIteration, ValueError):
            # No bus, no address, an address jeepney cannot use: a normal machine without a desktop.
            return
        self._readable = QSocketNotifier(self._connection.sock.fileno(), QSocketNotifier.Type.Read, self)
        self._readable.activated.connect(self._on_readable)
        rule = MatchRule(type="signal", interface=_DAEMON.interface, path=_DAEMON.object_path)
        self._ask(message_bus.AddMatch(rule), _ignored)

    def _ask(self, call: Message, answered: Callable[[Message | None], None]) -> None:
        assert self._connection is not None
        serial = next(self._connection.outgoing_serial)
        self._asked[serial] = answered
        try:
            self._connection.send(call, serial=serial)
        except OSError:
            self._drop()
            return
        QTimer.singleShot(self._wait_ms, self, _Overdue(self, serial))

    def overdue(self, serial: int) -> None:
        """Treat a question that is still open as answered by nobody."""
        answered = self._asked.pop(serial, None)
        if answered is not None:
            answered(None)

    def _notify(self, bubble: Bubble) -> None:
        capabilities = self._capabilities or frozenset()
        line = html.escape(bubble.line, quote=False) if "body-markup" in capabilities else bubble.line
        actions = ["default", "Show"] if "actions" in capabilities else []
        hints = {"urgency": ("y", 1), "desktop-entry": ("s", "readback"), "category": ("s", "email")}
        replaces = self._id_of.get(bubble.key, 0)
        body = (_APP_NAME, replaces, "mail-read", bubble.title, line, actions, hints, -1)

        def answered(reply: Message | None) -> None:
            self._showing.discard(bubble.key)
            later = self._later.pop(bubble.key, None)
            if reply is None or reply.header.message_type is not MessageType.method_return:
                self.fell.emit(later or bubble)
                return
            self._key_of.pop(self._id_of.get(bubble.key, 0), None)
            self._id_of[bubble.key] = reply.body[0]
            self._key_of[reply.body[0]] = bubble.key
            if later is not None:
                self.show(later)

        self._showing.add(bubble.key)
        self._ask(new_method_call(_DAEMON, "Notify", "susssasa{sv}i", body), answered)

    def _on_capabilities(self, reply: Message | None) -> None:
        if reply is None or reply.header.message_type is not MessageType.method_return:
            self._let_fall()
            return
        self._capabilities = frozenset(reply.body[0])
        waiting, self._waiting = self._waiting, []
        for bubble in waiting:
            self.show(bubble)

    @Slot()
    def _on_readable(self) -> None:
        while self._connection is not None:
            try:
                message = self._connection.receive(timeout=0)
            except TimeoutError:
                return
            except OSError:
                self._drop()
                return
            self._take(message)

    def _take(self, message: Message) -> None:
        fields = message.header.fields
        if message.header.message_type in (MessageType.method_return, MessageType.error):
            answered = self._asked.pop(fields.get(HeaderFields.reply_serial, -1), None)
            if answered is not None:
                answered(message)
        elif fields.get(HeaderFields.member) == "ActionInvoked":
            key = self._key_of.get(message.body[0])
            if key is not None and message.body[1] == "default":
                self.chosen.emit(key)
        elif fields.get(HeaderFields.member) == "NotificationClosed":
            key = self._key_of.pop(message.body[0], None)
            self._id_of.pop(key, None)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if self._readable is not None:
            self._readable.setEnabled(False)
        if connection is not None:
            connection.close()
        asked, self._asked = self._asked, {}
        for answered in asked.values():
            answered(None)
        self._let_fall()

    def _let_fall(self) -> None:
        waiting, self._waiting = self._waiting, []
        for bubble in waiting:
            self.fell.emit(bubble)


class _Overdue:
    """A question's time limit, as a callable that keeps its serial."""

    def __init__(self, notifier: Notifier, serial: int) -> None:
        self._notifier, self._serial = notifier, serial

    def __call__(self) -> None:
        self._notifier.overdue(self._serial)


def _ignored(reply: Any) -> None:
    del reply
