"""The relay of a practice round: the real program in a process of its own, told to go by the practice clock.

Its log goes to a file, so that what it writes about a round can be searched with everything else it keeps.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from desktop.core.errors import Unreachable

RELAY_COMMAND: Final = (sys.executable, "-m", "relay")
_READY: Final = "listening on "
_GRACE_S: Final = 5.0


class RelayProcess:
    """A running relay; `url` has no slash at its end.  Close it with `close`."""

    def __init__(self, *, data: Path, log: Path, clock: Path, command: Sequence[str] = RELAY_COMMAND) -> None:
        """Start it and wait until it listens; raises Unreachable when it ends before that."""
        arguments = ["serve", "--data", str(data), "--host", "127.0.0.1", "--port", "0", "--open-registration"]
        arguments += ["--trusted-proxy", "127.0.0.1/32", "--practice-clock", str(clock)]
        with log.open("wb") as log_file:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, arguments of our own
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log_file,
            )
        self.url = self._wait_until_ready(log)

    def _wait_until_ready(self, log: Path) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode("utf-8", "replace").strip()
        if line.startswith(_READY):
            return line.removeprefix(_READY).rstrip("/")
        self.close()
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise Unreachable("The practice relay did not start.", said[-1] if said else "It said nothing on its way out.")

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Ask it to end, and end it when it does not within five seconds; may be called twice."""
        self._process.terminate()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
