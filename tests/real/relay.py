"""The relay as its operator runs it: a process of its own, behind proxies that it trusts.

Mails carry another address than every other service here has (127.0.0.2): cookies know no ports.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.real.waiting import end, free_ports, until_listening

PUBLIC_HOST: Final = "127.0.0.2"


class RelayProcess:
    """A running relay with open registration; nobody listens at `public_host`, which the proxies alone know."""

    def __init__(self, data: Path) -> None:
        """Start it with its files in `data`; it can be stopped and started again, and keeps its addresses."""
        self.data = data
        self.port, public_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.public_host = f"{PUBLIC_HOST}:{public_port}"
        self._log = data.with_suffix(".log")
        self.start()

    def start(self) -> None:
        """Serve; return when it listens."""
        command = [sys.executable, "-m", "relay", "serve", "--data", str(self.data), "--port", str(self.port)]
        options = ["--public-url", f"http://{self.public_host}", "--open-registration", "--trusted-proxy", "127.0.0.1"]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [*command, *options], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=os.environ
            )
        until_listening("127.0.0.1", self.port, process=self._process, log=str(self._log))

    def run(self, *words: str) -> str:
        """Run a command of the operator's on its files and return what it printed."""
        command = [sys.executable, "-m", "relay", *words, "--data", str(self.data)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, check=True, capture_output=True, timeout=30)
        return done.stdout.decode("utf-8")

    def files(self) -> tuple[Path, ...]:
        """Return every file that the relay wrote, what it printed included."""
        return (*(path for path in self.data.rglob("*") if path.is_file()), self._log)

    def close(self) -> None:
        """End it."""
        end(self._process)
