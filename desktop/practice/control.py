"""The program's end of the line to the practice process.

One request at a time, from any thread: an answer comes within the time the relay is given to answer a recipient.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from desktop.core import errors
from desktop.core.errors import Malformed, Refused, Trouble, Unreachable
from desktop.practice.delivery import Answer, Delivery, InboxMail, ProviderAccess, RoundAccess
from desktop.practice.relay_process import RELAY_COMMAND
from relay.wire.purpose import Purpose

_NEWEST: Final = -1
_GRACE_S: Final = 10.0


class Control:
    """A practice process of our own; `close` ends it, and so does the death of this one."""

    def __init__(self, root: Path, *, relay_command: Sequence[str] = RELAY_COMMAND) -> None:
        """Start it with its files in `root`; raises Unreachable when provider or relay did not start."""
        self._lock = threading.Lock()
        # A session of its own: Ctrl-C in a terminal is for the program, which then closes the round in order.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "desktop.practice"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            opened = self._put({"root": str(root), "relay_command": list(relay_command)})
        except Trouble:
            self.close()
            raise
        self.access = RoundAccess(relay_url=opened["relay_url"], provider=ProviderAccess(**opened["provider"]))

    def mailbox(self, address: str) -> tuple[Delivery, ...]:
        """Return what the provider holds for one address, oldest first."""
        return tuple(Delivery.of(fields) for fields in self._put({"do": "mailbox", "address": address}))

    def refusals(self) -> tuple[str, ...]:
        """Return the addresses the provider refused so far."""
        return tuple(self._put({"do": "refusals"}))

    def load_pictures(self, address: str, copy: int = _NEWEST) -> tuple[Answer, ...]:
        """Let a recipient's mail program load the pictures of a copy, the newest unless `copy` names another."""
        return self._act("load_pictures", address, copy)

    def load_own(self, address: str, copy: int = _NEWEST) -> tuple[Answer, ...]:
        """Let the sender's own mail program load the pictures of a copy, as it does of one in Sent or in a quote."""
        return self._act("load_own", address, copy)

    def follow_link(self, address: str, copy: int = _NEWEST, *, link: int = 0) -> Answer:
        """Let a recipient use a tracked link, counted from the top of the mail."""
        return self._act("follow_link", address, copy, link=link)[0]

    def scan(self, address: str, copy: int = _NEWEST) -> tuple[Answer, ...]:
        """Let the scanner before a mailbox take all links of a copy at once."""
        return self._act("scan", address, copy)

    def stop_page(self, address: str, copy: int = _NEWEST) -> Answer:
        """Open the stop page of a copy; nothing is stopped by it."""
        return self._act("stop_page", address, copy)[0]

    def press_stop(self, address: str, copy: int = _NEWEST) -> Answer:
        """Let a recipient open the stop page and press its button."""
        return self._act("press_stop", address, copy)[0]

    def choose(self, address: str, copy: int = _NEWEST, *, purposes: Collection[Purpose]) -> Answer:
        """Let a recipient open the page that asks, tick these purposes and press yes; without any press no."""
        return self._act("choose", address, copy, purposes=sorted(purposes))[0]

    def confirm(self, address: str, copy: int = _NEWEST) -> Answer:
        """Let a recipient open the page behind "tell me you've read this" and press its button."""
        return self._act("confirm", address, copy)[0]

    def ask_deletion(self, address: str, copy: int = _NEWEST) -> Answer:
        """Let a recipient go from the stop page to their own and have what was recorded deleted."""
        return self._act("ask_deletion", address, copy)[0]

    def reply(self, address: str, copy: int = _NEWEST) -> str:
        """Let a recipient reply to a copy; return the reply's Message-ID."""
        return self._write("reply", address, copy)

    def go_away(self, address: str, copy: int = _NEWEST, *, back_on: date) -> str:
        """Let a recipient's server answer a copy that they are away; return the answer's Message-ID."""
        return self._write("go_away", address, copy, back_on=back_on.isoformat())

    def bounce(self, address: str, copy: int = _NEWEST) -> str:
        """Let a recipient's server report that there is no such mailbox; return the report's Message-ID."""
        return self._write("bounce", address, copy)

    def inbox(self) -> tuple[InboxMail, ...]:
        """Return what lies in the user's INBOX, oldest first."""
        return tuple(InboxMail.of(fields) for fields in self._put({"do": "inbox"}))

    def stop_imap(self) -> None:
        """End the provider's IMAP server and every connection to it."""
        self._put({"do": "stop_imap"})

    def kill_relay(self) -> None:
        """End the relay as a power cut would."""
        self._put({"do": "kill_relay"})

    def close(self) -> None:
        """End the process and all that it started; may be called twice."""
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            if not self._process.stdin.closed:
                self._process.stdin.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _act(self, act: str, address: str, copy: int, **more: int | list[Purpose]) -> tuple[Answer, ...]:
        answers = self._put({"do": act, "address": address, "copy": copy, **more})
        return tuple(Answer.of(fields) for fields in answers)

    def _write(self, act: str, address: str, copy: int, **more: str) -> str:
        return str(self._put({"do": act, "address": address, "copy": copy, **more}))

    def _put(self, request: dict[str, Any]) -> Any:
        line = self._exchange(json.dumps(request) + "\n")
        if not line:
            raise Unreachable("The practice round has ended.", "Start it anew.")
        answer = json.loads(line)
        if "trouble" in answer:
            raise _TROUBLES[answer["trouble"]](answer["sentence"], answer["cure"])
        return answer["value"]

    def _exchange(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            try:
                self._process.stdin.write(line)
                self._process.stdin.flush()
                return self._process.stdout.readline()
            except (OSError, ValueError):  # a broken pipe; a pipe that `close` has closed
                return ""


_TROUBLES: Final[dict[str, type[Trouble]]] = {
    kind.__name__: kind for kind in (Unreachable, Refused, errors.NotAuthorised, Malformed, errors.StoreTrouble)
}
