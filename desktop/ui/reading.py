"""A reading of the store that many changes ask for: asked ten times while it is under way, it is made once more.

So a first reading of a mailbox, which changes something many times a second, keeps one worker busy and no more.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer

from desktop.core.errors import Trouble
from desktop.ui.ops import Ops

_T = TypeVar("_T")
_QUICK_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 2.0


class Reading(Generic[_T]):
    """Reads on a worker and hands over on the main thread; nothing is handed over once `owner` is gone."""

    def __init__(
        self,
        ops: Ops,
        owner: QObject,
        prepare: Callable[[], Callable[[], _T]],
        done: Callable[[_T], None],
        failed: Callable[[Trouble], None],
    ) -> None:
        """Read nothing until `ask`; `prepare` is called on the main thread and returns the work for a worker."""
        self._ops, self._owner = ops, owner
        self._prepare, self._done, self._failed = prepare, done, failed
        self._is_under_way = self._is_stale = False
        self._begun_s = 0.0

    def ask(self) -> None:
        """Read, or read once more after the reading under way, which may have missed the latest."""
        if self._is_under_way:
            self._is_stale = True
        else:
            self._begin()

    def _begin(self) -> None:
        self._is_under_way, self._is_stale = True, False
        self._begun_s = monotonic()
        self._ops.run(self._owner, self._prepare(), self._on_done, self._on_failed)

    def _on_done(self, result: _T) -> None:
        self._done(result)
        self._go_on()

    def _on_failed(self, trouble: Trouble) -> None:
        self._failed(trouble)
        self._go_on()

    def _go_on(self) -> None:
        if not self._is_stale:
            self._is_under_way = False
            return
        took_s = monotonic() - self._begun_s
        if took_s < _QUICK_S:
            self._begin()
        else:
            # A reading that takes long leaves as much time to everything else.
            QTimer.singleShot(int(1000 * min(took_s, _LONGEST_PAUSE_S)), self._owner, self._begin)
