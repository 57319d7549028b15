"""The list of what is due: a table of one column, painted by a delegate, with the actions on the line under the hand.

The buttons are real ones that stand in the line the pointer is on, else in the current line, so that mouse, Tab and a
screen reader find the same; every one of them has a key as well.
"""

from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from desktop.ui.due_delegate import RIGHT, DueDelegate
from desktop.ui.due_model import DueLine, DueModel
from desktop.ui.line_actions import LineActions
from desktop.ui.theme import Themes

_GLIMPSE: Final = 3
_ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_PRESSES: Final = (*_ENTER, Qt.Key.Key_Space)
_KEYS: Final = {
    Qt.Key.Key_D: "done",
    Qt.Key.Key_Delete: "done",
    Qt.Key.Key_S: "snooze",
    Qt.Key.Key_W: "wait",
    Qt.Key.Key_Y: "yes",
    Qt.Key.Key_N: "no",
}


class DueList(QTableView):
    """Shows a DueModel; `opened` carries a line to be opened, `acted` a line and the name of an action.

    The names are done, snooze, wait, yes and no.
    """

    opened = Signal(object)
    acted = Signal(object, object)

    def __init__(self, model: DueModel, themes: Themes) -> None:
        """Keyboard first: arrows move over the lines, Enter opens, letters act."""
        super().__init__()
        self._due, self._themes = model, themes
        self._hovered: int | None = None
        self._low: tuple[int, ...] = ()
        # Whether a key or a press chose or did something here: until then no line is the user's choice.
        self.is_used = False
        self.setModel(model)
        self._delegate = DueDelegate(themes, self)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(24)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(10)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self._delegate.line_height)
        self.actions_bar = LineActions(self.viewport())
        self.actions_bar.acted.connect(self._on_bar_acted)
        self.actions_bar.hide()
        model.modelReset.connect(self._on_reset)
        self.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.verticalScrollBar().valueChanged.connect(self._place_actions)
        self.verticalScrollBar().rangeChanged.connect(self._place_later)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._place_actions)
        self.clicked.connect(self._on_clicked)
        self.doubleClicked.connect(self._on_double_clicked)
        themes.changed.connect(self._on_theme_changed)
        self._on_reset()

    def current_line(self) -> DueLine | None:
        """Return the line the keyboard is on."""
        return self._due.line_at(self.currentIndex().row())

    def select_row(self, row: int) -> None:
        """Let the keyboard stand on the line or fold nearest to `row`."""
        found = self._due.nearest_row(row)
        if found is not None:
            self.selectRow(found)
            self.setCurrentIndex(self._due.index(found, 0))
        self._place_actions()

    def room_for_actions(self, row: int) -> int:
        """Return the width that the buttons take of a row, 0 where they stand in another."""
        return self.actions_bar.width() + 8 if row == self._acting_row() and self.actions_bar.isVisible() else 0

    def menu_place(self) -> QPoint:
        """Return where a menu of the line with the buttons opens, on the screen."""
        row = self._acting_row()
        box = self.visualRect(self._due.index(row if row is not None else 0, 0))
        return self.viewport().mapToGlobal(box.bottomRight() - QPoint(260, 4))

    def _acting_row(self) -> int | None:
        for row in (self._hovered, self.currentIndex().row()):
            if row is not None and self._due.line_at(row) is not None:
                return row
        return None

    @Slot()
    def _place_later(self) -> None:
        # A bar that comes or goes changes the width only after this.
        self._later.start()

    @Slot()
    def _place_actions(self) -> None:
        row = self._acting_row()
        line = self._due.line_at(row) if row is not None else None
        if row is None or line is None:
            self.actions_bar.hide()
            return
        self.actions_bar.show_for(line)
        box = self.visualRect(self._due.index(row, 0))
        bar = self.actions_bar
        bar.move(box.right() - RIGHT - bar.width() + 10, box.top() + (box.height() - bar.height()) // 2)
        bar.show()
        self.viewport().update()

    @Slot(object)
    def _on_bar_acted(self, action: str) -> None:
        self.is_used = True
        row = self._acting_row()
        self._act(self._due.line_at(row) if row is not None else None, action)

    def _act(self, line: DueLine | None, action: str) -> None:
        if line is None:
            return
        if action == "open":
            self.opened.emit(line)
        elif (action in ("yes", "no")) == (line.question is not None) and (action != "wait" or line.can_wait):
            self.acted.emit(line, action)

    @Slot()
    def _on_reset(self) -> None:
        self._hovered = None
        low = self._due.low_rows()
        # A row keeps its height through a reset, also where a line now stands in a heading's place.
        for row in set(self._low).difference(low):
            self.setRowHeight(row, self._delegate.line_height)
        for row in low:
            self.setRowHeight(row, self._delegate.heading_height)
        self._low = low

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        del current, previous
        self._place_actions()

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self._toggle(index.row())

    def _toggle(self, row: int) -> None:
        """Show what is folded, or fold it again; hand and eye stay where they are."""
        if self._due.is_fold(row):
            at = self.verticalScrollBar().value()
            self._due.toggle(row)
            self.select_row(row)
            self.verticalScrollBar().setValue(at)
            # At the foot of the window what was asked for would stand out of sight.
            for shown in (min(row + _GLIMPSE, self._due.rowCount() - 1), row):
                self.scrollTo(self._due.index(shown, 0))

    @Slot(QModelIndex)
    def _on_double_clicked(self, index: QModelIndex) -> None:
        self._act(self._due.line_at(index.row()), "open")

    @Slot()
    def _on_theme_changed(self) -> None:
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, letters act on the current line; a fold is opened and closed; all else is the table's."""
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        self._hovered = None
        self.is_used = True
        row = self.currentIndex().row()
        if plain and event.key() in _PRESSES and self._due.is_fold(row):
            self._toggle(row)
        elif plain and event.key() in _ENTER:
            self._act(self.current_line(), "open")
        elif plain and event.key() in _KEYS:
            self._place_actions()
            self._act(self.current_line(), _KEYS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the line that is pressed for the user's choice."""
        self.is_used = True
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Let the buttons follow the pointer."""
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(int(event.position().y())))

    def viewportEvent(self, event: QEvent) -> bool:
        """Let the buttons go back to the current line once the pointer has left."""
        left = event.type() is QEvent.Type.Leave
        if left and not self.viewport().rect().contains(self.viewport().mapFromGlobal(self.cursor().pos())):
            self._hover(None)
        return super().viewportEvent(event)

    def _hover(self, row: int | None) -> None:
        if row != self._hovered:
            self._hovered = row
            self._place_actions()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the buttons at the right edge."""
        super().resizeEvent(event)
        self._place_actions()

    def showEvent(self, event: QShowEvent) -> None:
        """Put the buttons where the rows stand now."""
        super().showEvent(event)
        self._place_later()

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """Let Tab leave the list for the buttons of the current line."""
        self._hover(None)
        return super().focusNextPrevChild(is_next)
