"""How large a window may be on its screen: what stands beyond the edge can be neither read nor pressed.

A screen counts in the units that it is scaled to: 1280 × 800 at 150 % leaves 853 × 533.
"""

from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

# The title bar; how high it is is known only once the window is shown.
_AROUND: Final = QSize(0, 40)


def screen_room(window: QWidget) -> QSize:
    """Return the room inside a window's frame where it takes the whole screen."""
    return window.screen().availableGeometry().size() - _AROUND


def resize_within_screen(window: QWidget, width: int, height: int) -> None:
    """Give a window this size, as far as its screen has it."""
    window.resize(QSize(width, height).boundedTo(screen_room(window)))
