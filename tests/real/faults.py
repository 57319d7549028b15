"""The provider's bad days: a Postfix policy service (SMTPD_POLICY_README) that answers what a test asks for.

It lives in the test process, so a fault is a value in a list and ends with its `with` block.
"""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where in the SMTP dialogue Postfix asks; the words are Postfix's own."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    END = "END-OF-MESSAGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """At `stage` Postfix answers `action`, for one recipient or all, `times` times or always."""

    stage: Stage
    action: str
    recipient: str = ""
    times: int | None = None


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Faults:
    """The policy service; with no fault set it says DUNNO to everything."""

    def __init__(self) -> None:
        """Listen on a free port of 127.0.0.1 at once."""
        self._lock = threading.Lock()
        self._standing: dict[Fault, int] = {}
        self.asked: list[dict[str, str]] = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                while question := _question(self.rfile.readline):
                    self.wfile.write(f"action={outer.decide(question)}\n\n".encode())

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="faults", daemon=True)
        self._thread.start()

    def decide(self, question: dict[str, str]) -> str:
        """Return the action for one question, and count it against the fault that gave it."""
        with self._lock:
            self.asked.append(question)
            for fault, given in self._standing.items():
                fits = question.get("protocol_state") == fault.stage and fault.recipient in question.get(
                    "recipient", ""
                )
                if fits and (fault.times is None or given < fault.times):
                    self._standing[fault] = given + 1
                    return fault.action
        return "DUNNO"

    @contextmanager
    def standing(self, *faults: Fault) -> Iterator[None]:
        """Let these faults hold inside the block."""
        with self._lock:
            self._standing = dict.fromkeys(faults, 0)
        try:
            yield
        finally:
            with self._lock:
                self._standing = {}

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _question(readline: Callable[[], bytes]) -> dict[str, str]:
    """Read `name=value` lines up to the empty one; an empty answer is the end of the connection."""
    fields: dict[str, str] = {}
    while line := readline().decode("utf-8", "replace").rstrip("\n"):
        name, _, value = line.partition("=")
        fields[name] = value
    return fields
