"""The strips above what is shown: places and settings, the practice dock's own head, the banner for troubles."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QWidget

from desktop.core.errors import Trouble
from desktop.ui.forms import Message
from desktop.ui.labels import Role, plain


def _flat_button(text: str, *, is_place: bool) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(text.replace("&", ""))
    button.setCheckable(is_place)
    button.setAutoExclusive(is_place)
    button.setProperty("kind", "place")
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    return button


class Head(QWidget):
    """The places at the left, settings at the right; `place_asked` carries a place's number."""

    place_asked = Signal(object)
    settings_asked = Signal()

    def __init__(self, *places: str) -> None:
        """Show the first place."""
        super().__init__()
        self.setObjectName("head")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(3)
        self._buttons = [_flat_button(place, is_place=True) for place in places]
        for number, button in enumerate(self._buttons):
            button.clicked.connect(_Asking(self, number))
            row.addWidget(button)
        self._buttons[0].setChecked(True)
        row.addStretch(1)
        settings = _flat_button("&Settings", is_place=False)
        settings.clicked.connect(self.settings_asked)
        row.addWidget(settings)

    def show_place(self, number: int) -> None:
        """Mark the place that is shown."""
        self._buttons[number].setChecked(True)

    def focus_place(self) -> None:
        """Put the keyboard on the place that is shown."""
        next(button for button in self._buttons if button.isChecked()).setFocus()


class _Asking:
    def __init__(self, head: Head, number: int) -> None:
        self._head, self._number = head, number

    def __call__(self) -> None:
        self._head.place_asked.emit(self._number)


class DockHead(QWidget):
    """A dock's title with a button that hides it."""

    hide_asked = Signal()

    def __init__(self, title: str) -> None:
        """In place of the platform's small sign."""
        super().__init__()
        self.setObjectName("dockhead")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 8, 6)
        row.addWidget(plain(title, Role.STRONG), 1)
        hide = _flat_button("Hide", is_place=False)
        hide.setAccessibleName(f"Hide {title}")
        hide.clicked.connect(self.hide_asked)
        row.addWidget(hide)


class Banner(QWidget):
    """A trouble with its cure, above whatever is shown, until it is dismissed."""

    def __init__(self) -> None:
        """Start hidden."""
        super().__init__()
        self.setObjectName("banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 10, 8)
        self._message = Message()
        row.addWidget(self._message, 1, Qt.AlignmentFlag.AlignVCenter)
        self.button = QPushButton()
        self.button.clicked.connect(self._on_pressed)
        self._on_chosen: Callable[[], None] | None = None
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        dismiss = QPushButton("Dismiss")
        dismiss.setProperty("kind", "quiet")
        dismiss.clicked.connect(self.hide)
        row.addWidget(dismiss, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def text(self) -> str:
        """Return what stands there."""
        return self._message.text()

    def show_trouble(self, trouble: Trouble, *, button: str = "", chosen: Callable[[], None] | None = None) -> None:
        """Say what went wrong and what helps; a button does what helps, where the window can."""
        self._message.show_trouble(trouble)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self._on_chosen = chosen
        self.show()

    @Slot()
    def _on_pressed(self) -> None:
        if self._on_chosen is not None:
            self._on_chosen()
