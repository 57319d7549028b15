"""A practice round as the program holds it: its folder, its clock, its processes, closed together.

Everything lies in one folder, which is removed at the end unless the caller chose it.
"""

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from desktop.practice.control import Control
from desktop.practice.delivery import ProviderAccess
from desktop.practice.relay_process import RELAY_COMMAND
from relay.wire.clock import PracticeClock


class Session:
    """An open round: `root` is its folder, in which the desktop may keep its own files under another name."""

    def __init__(self, root: Path | None = None, *, relay_command: Sequence[str] = RELAY_COMMAND) -> None:
        """Start provider, relay and recipients; raises Unreachable when one of them does not start.

        Without `root` a temporary folder is made, and removed by `close`.
        """
        with ExitStack() as opened:
            if root is None:
                root = Path(tempfile.mkdtemp(prefix="readback-practice-"))
                opened.callback(shutil.rmtree, root, ignore_errors=True)
            self.root = root
            self.clock = PracticeClock(root / "clock")
            opened.callback(self.clock.close)
            self.control = Control(root, relay_command=relay_command)
            opened.callback(self.control.close)
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        """Return the session, open since it was made."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the session."""
        self.close()

    @property
    def relay_url(self) -> str:
        """Scheme, host and port of the relay."""
        return self.control.access.relay_url

    @property
    def provider(self) -> ProviderAccess:
        """How to reach the provider."""
        return self.control.access.provider

    @property
    def relay_data(self) -> Path:
        """The relay's data directory."""
        return self.root / "relay"

    @property
    def relay_log(self) -> Path:
        """What the relay wrote on its standard error."""
        return self.root / "relay.log"

    def now(self) -> datetime:
        """Return the practice clock's instant, aware UTC; the clock to hand to listener, store and poller."""
        return datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC)

    def close(self) -> None:
        """End every process of the round, then remove its folder if it was made for it; may be called twice."""
        self._opened.close()
