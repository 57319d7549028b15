"""The ladder as a table of text: one line a copy, at most 78 columns wide.

The signs are the window's; a terminal that has none of them gets a letter that means the same.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from desktop.core.status import Aside, CopyStatus, Rung
from desktop.practice.desk import CopyView

_NAME, _SUBJECT, _STATUS = 14, 22, 35
_SIGN_OF_ASIDE: Final = {Aside.NOT_DELIVERED: "✕", Aside.STOPPED: "⊘", Aside.AWAY: "‖", Aside.NOT_TRACKED: "–"}
_SIGN_OF_RUNG: Final = {
    Rung.QUEUED: "○",
    Rung.SENT: "○",
    Rung.DELIVERED: "◔",
    Rung.PROBABLY_OPENED: "◐",
    Rung.OPENED: "●",
    Rung.CLICKED: "↗",
    Rung.CONFIRMED: "✓",
    Rung.REPLIED: "↩",
}


def table(views: Sequence[CopyView], describe: Callable[[CopyStatus], str]) -> Iterator[str]:
    """Yield a heading and a line for each copy."""
    yield _row(" ", "Who", "Subject", "Status")
    for view in views:
        yield _row(sign_of(view.status), view.name or view.address, view.subject, describe(view.status))


def sign_of(status: CopyStatus) -> str:
    """Return the one sign that stands for a status, what stands beside the ladder before the rung."""
    if status.rung <= Rung.DELIVERED:
        for aside, sign in _SIGN_OF_ASIDE.items():
            if aside in status.asides:
                return sign
    return _SIGN_OF_RUNG[status.rung]


def _row(sign: str, name: str, subject: str, status: str) -> str:
    cells = (sign, _cell(name, _NAME), _cell(subject, _SUBJECT), _fitted(status))
    return "  ".join(cells).rstrip()


def _fitted(status: str) -> str:
    """Return the status, or as many of its parts as there is room for."""
    if len(status) <= _STATUS:
        return status
    parts = status.split(" · ")
    while len(" · ".join(parts)) > _STATUS - 4 and len(parts) > 1:
        parts.pop()
    return f"{' · '.join(parts)[: _STATUS - 4]} ..."


def _cell(text: str, width: int) -> str:
    shown = text if len(text) <= width else f"{text[: width - 3].rstrip()}..."
    return shown.ljust(width)
