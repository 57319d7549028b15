"""Waiting on a condition of another process, with a limit and a name.

Programs that are not ours raise no event here, so the condition is asked again every few hundredths of a second.
"""

import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

Answer = TypeVar("Answer")
_ASK_AGAIN_S: Final = 0.05
_LOG_CHARS: Final = 2_000


def until(condition: Callable[[], Answer | None], *, what: str, within_s: float = 20) -> Answer:
    """Return the first answer of `condition` that is neither None nor false; raise TimeoutError naming `what`."""
    pause = threading.Event()
    ends_at = time.monotonic() + within_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > ends_at:
            raise TimeoutError(f"after {within_s:g} s still waiting for {what}; last answer: {answer!r}")
        pause.wait(_ASK_AGAIN_S)


def until_listening(
    host: str, port: int, *, log: str, process: subprocess.Popen[bytes] | None = None, within_s: float = 20
) -> None:
    """Return once `port` accepts connections; raise RuntimeError with the end of `log` when `process` ends before."""

    def accepts() -> bool:
        if process is not None and process.poll() is not None:
            said = Path(log).read_text("utf-8", "replace")[-_LOG_CHARS:]
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}: {said}")
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex((host, port)) == 0

    until(accepts, what=f"{host}:{port} to listen, see {log}", within_s=within_s)


def free_ports(count: int, host: str = "127.0.0.1") -> tuple[int, ...]:
    """Return `count` different ports that nothing listened on a moment ago."""
    held = [socket.create_server((host, 0)) for _ in range(count)]
    ports = tuple(one.getsockname()[1] for one in held)
    for one in held:
        one.close()
    return ports


def end(process: subprocess.Popen[bytes], *, within_s: float = 10) -> None:
    """Ask a process that was started here to end, and kill it when it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(within_s)
