"""Log lines that can hold nothing a stranger sent.

Our own records are sentences written in this package.  Everything else (uvicorn, asyncio) is reduced to who spoke,
from which line of code, and an exception's type and place: messages and arguments may quote a request.
"""

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Final

_OWN: Final = ("relay", "__main__")


class Discreet(logging.Formatter):
    """Spells a record without what it may quote."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        is_own = record.name.split(".")[0] in _OWN
        said = record.getMessage() if is_own else f"from {record.filename}:{record.lineno}"
        place = _place(*record.exc_info[::2]) if record.exc_info else ""
        return f"{record.levelname} {record.name}: {said}{place}"


def _place(kind: type[BaseException] | None, trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    where = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
    return f" ({kind.__name__ if kind else 'no exception'} at {where})"


def set_up() -> None:
    """Send warnings and worse of everyone to standard error, discreetly."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    threading.excepthook = _note_death


def _note_death(died: threading.ExceptHookArgs) -> None:
    name = died.thread.name if died.thread else "unknown"
    trouble = (died.exc_type, died.exc_value, died.exc_traceback)
    logging.getLogger(__name__).error("thread %s ended by a bug", name, exc_info=trouble)  # type: ignore[arg-type]
