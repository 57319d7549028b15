"""The program's own log: what it did, never whom it concerned.

One small rotating file in the user's folder; a record may hold counts, codes and durations: no address, no subject.
"""

import logging
import logging.handlers
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Final

SIZE_BYTES: Final = 262_144
KEPT_FILES: Final = 2
_log = logging.getLogger(__name__)


def start(path: Path) -> None:
    """Write records at INFO and above to `path`; bugs on any thread are written there too; raises OSError."""
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=SIZE_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # Libraries log what passes through them: addresses, paths, URLs with tokens.
    for library in ("mail.log", "mail.debug", "urllib3", "requests", "aiosmtpd", "keyring", "asyncio"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    sys.excepthook = _on_bug
    threading.excepthook = _on_thread_bug


def _record(error: BaseException) -> None:
    """Write where a bug happened and of which kind; its text may hold a stranger's words and stays out."""
    steps = []
    trace = error.__traceback__
    while trace is not None:
        steps.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    _log.critical("bug: %s at %s", type(error).__name__, " < ".join(reversed(steps)))


def _on_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _record(error)
    sys.__excepthook__(kind, error, trace)


def _on_thread_bug(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        _record(arguments.exc_value)
        sys.__excepthook__(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
