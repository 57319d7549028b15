"""A mail client that says exactly what it is told to, octet for octet."""

import base64
import socket
import struct
from types import TracebackType
from typing import Self


class RawClient:
    """A connection to the listener; replies are read whole."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close cleanly, unless replies lie unread."""
        self._file.close()
        self.socket.close()

    def abort(self) -> None:
        """Go away with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def send(self, octets: bytes) -> None:
        """Send octets."""
        self.socket.sendall(octets)

    def reply(self) -> str:
        """Return the next reply, its lines joined by a newline; empty when the connection ended."""
        lines = []
        while True:
            line = self._file.readline().decode("ascii")
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    def say(self, line: str) -> str:
        """Send a command and return its reply."""
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def sign_in(self, password: str, user: str = "readback") -> str:
        """Greet and sign in; return the reply to AUTH."""
        assert self.reply().startswith("220")
        assert self.say("EHLO test").startswith("250")
        return self.say("AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode())

    def start(self, sender: str, *recipients: str) -> list[str]:
        """Name a sender and recipients; return the replies."""
        return [self.say(f"MAIL FROM:<{sender}>"), *(self.say(f"RCPT TO:<{each}>") for each in recipients)]

    def content(self, wire: bytes) -> str:
        """Send DATA and `wire`, which holds its own dots; return the last reply."""
        go_on = self.say("DATA")
        if not go_on.startswith("354"):
            return go_on
        self.send(wire)
        return self.reply()
