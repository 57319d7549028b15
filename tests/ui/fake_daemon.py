"""A notification daemon on a private bus, speaking the real protocol: org.freedesktop.Notifications 1.2."""

import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from jeepney import (  # type: ignore[import-untyped]  # ships no types
    DBusAddress,
    HeaderFields,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]  # ships no types

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"


@contextmanager
def private_bus() -> Iterator[str]:
    """Start a session bus of its own and yield its address."""
    command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"]
    bus = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert bus.stdout is not None
    try:
        yield bus.stdout.readline().strip()
    finally:
        bus.terminate()
        bus.wait(10)
        bus.stdout.close()


@dataclass
class FakeDaemon:
    """Takes notifications and keeps them; `fails` answers Notify with an error, `is_mute` not at all."""

    bus: str
    capabilities: tuple[str, ...] = ("actions", "body", "body-markup")
    fails: bool = False
    is_mute: bool = False
    shown: "queue.Queue[tuple[int, tuple[Any, ...]]]" = field(default_factory=queue.Queue)
    _last: int = 0

    def __enter__(self) -> Self:
        """Own the name before anybody asks for it."""
        self._connection = open_dbus_connection(bus=self.bus)
        self._connection.send_and_get_reply(message_bus.RequestName(NAME))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bus."""
        self._connection.sock.shutdown(2)
        self._thread.join(10)
        self._connection.close()

    def press(self, number: int, action: str = "default") -> None:
        """Let the user press a bubble."""
        self._signal("ActionInvoked", "us", (number, action))

    def close(self, number: int) -> None:
        """Let the user put a bubble away."""
        self._signal("NotificationClosed", "uu", (number, 2))

    def _signal(self, member: str, signature: str, body: tuple[Any, ...]) -> None:
        self._connection.send(new_signal(DBusAddress(PATH, interface=NAME), member, signature, body))

    def _serve(self) -> None:
        while True:
            try:
                message = self._connection.receive()
            except OSError:
                return
            if message.header.message_type is MessageType.method_call:
                self._answer(message)

    def _answer(self, call: Any) -> None:
        if call.header.fields[HeaderFields.member] == "GetCapabilities":
            self._connection.send(new_method_return(call, "as", (list(self.capabilities),)))
        elif self.fails:
            self._connection.send(new_error(call, f"{NAME}.Error.Full", "s", ("too many",)))
        elif not self.is_mute:
            replaced = call.body[1]
            self._last += 0 if replaced else 1
            number = replaced or self._last
            self._connection.send(new_method_return(call, "u", (number,)))
            self.shown.put((number, call.body))
