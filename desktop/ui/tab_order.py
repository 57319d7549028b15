"""The order that Tab goes in: as one reads, also where a part was made anew.

Qt puts whatever is made later behind everything else, so that the buttons of a conversation that was just read would
come after the foot of the window.  A part says its order anew once it has been filled.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QWidget


def stops(root: QWidget) -> Iterator[QWidget]:
    """Yield what Tab can stop at, as it is laid out: a part itself, then what stands in it, hidden ones too."""
    if root.focusPolicy() & Qt.FocusPolicy.TabFocus and root.focusProxy() is None:
        yield root
    layout = root.layout()
    page: QWidget | None = root.widget() if isinstance(root, QScrollArea) else None
    if page is not None:
        yield from stops(page)
    elif layout is not None:
        yield from _laid_out(layout)


def _laid_out(layout: QLayout) -> Iterator[QWidget]:
    for item in filter(None, map(layout.itemAt, range(layout.count()))):
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            yield from stops(widget)
        elif inner is not None:
            yield from _laid_out(inner)


def keep_reading_order(*parts: QWidget) -> None:
    """Let Tab go through these parts one after the other; the first stop stays where it was in the window."""
    for one, following in pairwise(stop for part in parts for stop in stops(part)):
        QWidget.setTabOrder(one, following)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the keyboard is on in a part: its name, and its number among the stops that can be seen."""

    name: str
    number: int


def held_in(part: QWidget) -> Held | None:
    """Return what the keyboard is on in a part that is to be filled anew; None where it is elsewhere."""
    # The window's own memory of it holds while a menu or another window is in front.
    focused = part.window().focusWidget()
    shown = _shown(part)
    return Held(name=name_of(focused), number=shown.index(focused)) if focused in shown else None


def take_up(part: QWidget, held: Held) -> bool:
    """Put the keyboard on what has the held name now, else on what stands in its place; say whether there was any."""
    shown = _shown(part)
    named = next((stop for stop in shown if held.name and name_of(stop) == held.name), None)
    if named is None and not shown:
        return False
    (named or shown[min(held.number, len(shown) - 1)]).setFocus()
    return True


def name_of(stop: QWidget) -> str:
    """Return what a stop is known by when its part is made anew."""
    return stop.objectName() or stop.accessibleName()


def _shown(part: QWidget) -> list[QWidget]:
    return [stop for stop in stops(part) if stop is not part and stop.isVisibleTo(part) and stop.isEnabled()]
