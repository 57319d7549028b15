"""A real relay in a process of its own, which can be killed and started again on the same port and files."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

READY = "listening on "
ROOT = Path(__file__).resolve().parents[2]


class RelayProcess:
    """`python -m relay serve` on loopback with open registration, trusting loopback to name networks."""

    def __init__(self, data: Path) -> None:
        """Know the folder; nothing runs yet."""
        self.data = data
        self.url = ""
        self._port = "0"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start it and return its URL once it listens; the same URL after a stop."""
        arguments = ["serve", "--data", str(self.data), "--host", "127.0.0.1", "--port", self._port]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "relay", *arguments, "--open-registration", "--trusted-proxy", "127.0.0.0/8"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith(READY), line
        self.url = line.removeprefix(READY).strip()
        self._port = self.url.rpartition(":")[2]
        return self.url

    def stop(self, *, is_kill: bool = False) -> None:
        """End it and wait until it has ended; a second time does nothing."""
        if self._process is None:
            return
        if is_kill:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.communicate(timeout=20)
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(is_kill=True)
