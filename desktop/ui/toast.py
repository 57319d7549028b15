"""The in-app notice: the floor under desktop notifications, and where an action offers its undo.

One at a time, bottom right of the window, plain text only; it stays while the pointer or the keyboard is on it.
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsDropShadowEffect,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.ui.clamped import ClampedLabel
from desktop.ui.labels import Role

_STAYS_MS: Final = 9_000
_MARGIN: Final = 18
_WIDTH: Final = 340
_TITLE_LINES: Final = 2
_LINES: Final = 3


class Toast(QFrame):
    """A title, a line and at most one button over the corner of `parent`; `left` says that the keyboard was on it."""

    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        """Start hidden; `show_notice` brings it up."""
        super().__init__(parent)
        self._host = parent
        self.setObjectName("toast")
        self.setAccessibleName("Notice")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._title = ClampedLabel("", Role.STRONG, lines=_TITLE_LINES)
        self._line = ClampedLabel("", Role.DIM, lines=_LINES)
        self._button = QPushButton()
        self._button.setProperty("kind", "quiet")
        self._button.clicked.connect(self._on_pressed)
        texts = QVBoxLayout()
        texts.setSpacing(3)
        texts.addStretch(1)
        texts.addWidget(self._title)
        texts.addWidget(self._line)
        texts.addStretch(1)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(16, 13, 12, 13)
        row.addLayout(texts, 1)
        row.addWidget(self._button, 0, Qt.AlignmentFlag.AlignVCenter)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(26)
        shadow.setOffset(0, 5)
        self.setGraphicsEffect(shadow)
        self._on_chosen: Callable[[], None] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_STAYS_MS)
        self._timer.timeout.connect(self._on_time_over)
        for watched in (parent, self._ground()):
            watched.installEventFilter(self)
        self.hide()

    def show_notice(
        self, title: str, line: str = "", *, button: str = "", chosen: Callable[[], None] | None = None
    ) -> None:
        """Show a notice; `chosen` is called once when the user takes it, by mouse or by keyboard."""
        self._title.setText(title)
        self._line.setText(line)
        self._line.setVisible(bool(line))
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self._on_chosen = chosen
        self.setAccessibleDescription(f"{title}. {line}")
        self.setCursor(Qt.CursorShape.PointingHandCursor if chosen else Qt.CursorShape.ArrowCursor)
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def texts(self) -> tuple[str, str]:
        """Return the title and the line that stand there now."""
        return self._title.whole_text(), self._line.whole_text()

    def choose(self) -> None:
        """Do what the notice offers, as a click on it does."""
        self._on_pressed()

    def _ground(self) -> QWidget:
        """Return what the notice may cover: a window's middle, never the buttons of its docks."""
        middle = self._host.centralWidget() if isinstance(self._host, QMainWindow) else None
        return middle or self._host

    def _place(self) -> None:
        host, ground = self._host, self._ground().geometry()
        right = ground.right() + 1 if self._ground() is not host else host.width()
        self.setFixedWidth(min(_WIDTH, right - 2 * _MARGIN))
        self._row.invalidate()
        self.setFixedHeight(self._row.heightForWidth(self.width()))
        self.move(right - self.width() - _MARGIN, host.height() - self.height() - _MARGIN - 26)

    def _on_pressed(self) -> None:
        chosen, self._on_chosen = self._on_chosen, None
        self._put_away()
        if chosen is not None:
            chosen()

    def _put_away(self) -> None:
        had_keyboard = self._has_keyboard()
        self.hide()
        if had_keyboard:
            self.left.emit()

    def _has_keyboard(self) -> bool:
        return self.hasFocus() or self._button.hasFocus()

    def _on_time_over(self) -> None:
        # A hidden window shows nothing to anyone: the notice waits there until the window is back.
        if self.underMouse() or self._has_keyboard() or not self.window().isVisible():
            self._timer.start()
        else:
            self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the corner when the window is resized."""
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take the notice."""
        event.accept()
        if not self._button.isVisible():
            self._on_pressed()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the notice with Enter or Space, put it away with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self._put_away()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._on_pressed()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the raised card."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        painter.setPen(palette.highlight().color() if self.hasFocus() else palette.mid().color())
        painter.setBrush(palette.button())
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 9, 9)
        painter.end()
