"""How the window is laid out: places at the top, one of them in the middle, the foot; beside them the practice dock."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedWidget, QStatusBar, QVBoxLayout, QWidget

from desktop.ui import glyphs
from desktop.ui.head import Banner, DockHead, Head
from desktop.ui.screen_room import resize_within_screen, screen_room
from desktop.ui.tab_order import keep_reading_order
from desktop.ui.undo_bar import UndoBar

_WIDTH, _HEIGHT = 1100, 720
_LEAST: Final = QSize(640, 420)
_LEAST_WIDTH_WITH_DOCK: Final = 800


class Frame(QMainWindow):
    """A window with its parts in place; what they show and do is said elsewhere."""

    head: Head
    banner: Banner
    undo_bar: UndoBar
    places: QStackedWidget
    dock: QDockWidget

    def lay_out(self, places: Sequence[QWidget], foot_line: QWidget, panel: QWidget | None) -> None:
        """Put these places into the middle, a line at the foot, and a panel, if any, into a dock."""
        self.setWindowTitle("Readback" if panel is None else "Readback · practice")
        self.setWindowIcon(glyphs.app_icon())
        self.setMinimumSize(_LEAST.boundedTo(screen_room(self)))
        resize_within_screen(self, _WIDTH, _HEIGHT)
        self.places = QStackedWidget()
        for place in places:
            self.places.addWidget(place)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.head = Head("Toda&y", "&Conversations", "&Follow-ups", "&People", "&Rates")
        self.banner, self.undo_bar = Banner(), UndoBar()
        column.addWidget(self.head)
        column.addWidget(self.banner)
        column.addWidget(self.places, 1)
        column.addWidget(self.undo_bar)
        self.setCentralWidget(middle)
        foot = QStatusBar()
        foot.setSizeGripEnabled(False)
        foot.addWidget(foot_line, 1)
        self.setStatusBar(foot)
        if panel is not None:
            self._add_dock(panel)
            keep_reading_order(self.dock.titleBarWidget(), panel, foot_line)

    def _add_dock(self, panel: QWidget) -> None:
        self.dock = QDockWidget("Practice")
        self.dock.setObjectName("practice")
        self.dock.setWidget(panel)
        self.dock.setMinimumWidth(252)
        self.dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        head = DockHead("Practice")
        head.hide_asked.connect(self.dock.close)
        self.dock.setTitleBarWidget(head)
        self.dock.visibilityChanged.connect(self._on_dock_shown)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.resizeDocks([self.dock], [284], Qt.Orientation.Horizontal)

    @Slot(bool)
    def _on_dock_shown(self, is_shown: bool) -> None:
        least = _LEAST_WIDTH_WITH_DOCK if is_shown else _LEAST.width()
        self.setMinimumWidth(min(least, screen_room(self).width()))
