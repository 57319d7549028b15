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
        """Start it with its files in `data`."""
        self.data = data
        self.port, public_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.public_host = f"{PUBLIC_HOST}:{public_port}"
        self._log = data.with_suffix(".log")
        command = [sys.executable, "-m", "relay", "serve", "--data", str(data), "--port", str(self.port)]
        options = ["--public-url", f"http://{self.public_host}", "--open-registration", "--trusted-proxy", "127.0.0.1"]
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, *options], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=os.environ
            )
        until_listening("127.0.0.1", self.port, process=self._process, log=str(self._log))

    def files(self) -> tuple[Path, ...]:
        """Return every file that the relay wrote, what it printed included."""
        return (*(path for path in self.data.rglob("*") if path.is_file()), self._log)

    def close(self) -> None:
        """End it."""
        end(self._process)
