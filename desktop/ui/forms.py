"""The small parts that forms are made of: labels with mnemonics, a row of buttons, a message under a form."""

from PySide6.QtCore import QRectF, Qt, QTimer, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QGuiApplication,
    QIntValidator,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from desktop.core.errors import Malformed, Trouble
from desktop.ui import glyphs, words
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, font_of, plain
from desktop.ui.theme import DARK, LIGHT


def form_label(text: str, buddy: QWidget) -> QLabel:
    """Return a field's label; its mnemonic goes to `buddy`."""
    label = plain(text, Role.BODY)
    label.setBuddy(buddy)
    label.setMinimumHeight(30)
    label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    if not buddy.accessibleName():
        buddy.setAccessibleName(text.replace("&", ""))
    return label


def line_up(page: QWidget) -> None:
    """Let the fields of all forms on a page begin at one edge, as wide as the widest label needs."""
    forms = [form for form in page.findChildren(QFormLayout) if isinstance(form, QFormLayout)]
    items = [form.itemAt(row, QFormLayout.ItemRole.LabelRole) for form in forms for row in range(form.rowCount())]
    labels = [label for item in items if item is not None and isinstance(label := item.widget(), QLabel)]
    widest = max((label.sizeHint().width() for label in labels), default=0)
    for label in labels:
        label.setMinimumWidth(widest)


def filled_address(text: str) -> str:
    """Return what was typed as an address; raise Malformed where nothing was."""
    if not text.strip():
        raise Malformed("The address is missing.", "Write it as name@example.com.")
    return text.strip()


class ButtonRow(QWidget):
    """Buttons at the right, the one that does it last."""

    def __init__(self) -> None:
        """Start without buttons."""
        super().__init__()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 4, 0, 0)
        self._row.setSpacing(8)
        self._row.addStretch(1)
        self._plain_at = 1

    def plain(self, text: str) -> QPushButton:
        """Add a button before the primary one."""
        button = QPushButton(text)
        button.setAutoDefault(False)
        self._row.insertWidget(self._plain_at, button)
        self._plain_at += 1
        return button

    def primary(self, text: str) -> QPushButton:
        """Add the button that Enter presses."""
        button = QPushButton(text)
        button.setProperty("kind", "primary")
        button.setDefault(True)
        self._row.addWidget(button)
        return button

    def left(self, widget: QWidget) -> None:
        """Put a widget at the left edge."""
        self._row.insertWidget(0, widget)
        self._plain_at += 1


class _Mark(QWidget):
    """A glyph in the colours of whichever palette stands."""

    def __init__(self) -> None:
        super().__init__()
        self.glyph = Glyph.QUEUED
        self.setFixedSize(15, max(15, QFontMetrics(font_of(Role.BODY)).height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        is_dark = self.palette().window().color().lightness() < 128
        painter = QPainter(self)
        ink = QColor(glyphs.ink_of(self.glyph, DARK if is_dark else LIGHT))
        glyphs.paint(painter, QRectF(0, (self.height() - 15) / 2, 15, 15), self.glyph, ink)
        painter.end()


class Message(QWidget):
    """A line with a glyph: what went wrong and its cure, or what went well; hidden while there is nothing to say.

    It brings itself into view as it is said, unless it `is_state`: what stands is no news, and pulls at no page.
    """

    def __init__(self, *, is_state: bool = False) -> None:
        """Start hidden."""
        super().__init__()
        self._is_state = is_state
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._mark = _Mark()
        self._text = plain("", Role.BODY, wraps=True, selectable=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._into_view = QTimer(self, singleShot=True, interval=0)
        self._into_view.timeout.connect(self._on_laid_out)
        self.hide()

    def text(self) -> str:
        """Return what stands there."""
        return self._text.text()

    @property
    def is_bad(self) -> bool:
        """Whether something is said to be wrong."""
        return self._mark.glyph is Glyph.NOT_DELIVERED and bool(self.text())

    @Slot()
    def mend(self) -> None:
        """Say no more that something is wrong, as its cause may be gone; what else is said stays."""
        if self.is_bad:
            self.clear()

    def take_keyboard(self) -> None:
        """Put the keyboard on the text, as the outcome of what was pressed."""
        self._text.setFocus()

    @property
    def has_keyboard(self) -> bool:
        """Whether the keyboard is on the text."""
        return has_keyboard(self._text)

    def show_trouble(self, trouble: Trouble) -> None:
        """Say what went wrong and what helps."""
        self.show_bad(" ".join(part for part in words.trouble_texts(trouble) if part))

    def show_bad(self, text: str) -> None:
        """Say what is wrong."""
        self._show(Glyph.NOT_DELIVERED, text)

    def show_good(self, text: str) -> None:
        """Say what went well."""
        self._show(Glyph.CONFIRMED, text)

    def show_busy(self, text: str) -> None:
        """Say what is under way."""
        self._show(Glyph.DELAYED, text)

    def show_note(self, text: str) -> None:
        """Say something that is neither good nor bad."""
        self._show(Glyph.NOT_TRACKED, text)

    def clear(self) -> None:
        """Say nothing."""
        self._text.setText("")
        self.hide()

    def _show(self, glyph: Glyph, text: str) -> None:
        # What is said again and again, as of a station, must not pull at the page.
        if not self._is_state and (self.isHidden() or text != self._text.text()):
            self._into_view.start()
        self._mark.glyph = glyph
        self._mark.update()
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()

    @Slot()
    def _on_laid_out(self) -> None:
        bring_into_view(self)


def has_keyboard(widget: QWidget) -> bool:
    """Return whether the keyboard is on a widget; its window's own memory of it holds while another is in front."""
    return widget.window().focusWidget() is widget


class Shut:
    """Buttons that are shut while something is under way.

    The keyboard waits in what is said meanwhile, and comes back to the button it was on: by itself Qt would move it to
    whatever comes next, which may do something else altogether.
    """

    def __init__(self, message: Message, *buttons: QPushButton) -> None:
        """Leave them open."""
        self._message, self._buttons = message, buttons
        self._held: QPushButton | None = None

    def begin(self) -> None:
        """Shut them; the message says something already."""
        self._held = next(filter(has_keyboard, self._buttons), None)
        if self._held is not None:
            self._message.take_keyboard()
        for button in self._buttons:
            button.setEnabled(False)

    def end(self, *, is_open: bool = True) -> None:
        """Open them again, unless there is nothing more for them to do."""
        for button in self._buttons:
            button.setEnabled(is_open)
        held, self._held = self._held, None
        if held is None or not is_open:
            return
        focused = held.window().focusWidget()
        if self._message.has_keyboard or focused is None:
            held.setFocus()


class Choice(QComboBox):
    """A choice that the wheel turns only where the keyboard is in it: else it scrolls what the choice stands in."""

    def __init__(self) -> None:
        """Take the keyboard by a click or Tab, never by the wheel."""
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page unless the keyboard is here."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def bring_into_view(widget: QWidget, margin: int = 24) -> None:
    """Scroll whatever a widget stands in until it can be seen."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    if isinstance(above, QScrollArea) and widget.isVisible():
        page = above.widget()
        layout = page.layout() if page is not None else None
        if layout is not None:
            layout.activate()
        above.ensureWidgetVisible(widget, 0, margin)


class PortField(QLineEdit):
    """A port number, typed: nobody steps through ports one by one."""

    def __init__(self, least: int) -> None:
        """Take numbers from `least` to 65,535 only."""
        super().__init__()
        self._range = QIntValidator(least, 65_535, self)
        self.setValidator(self._range)
        self.setFixedWidth(80)

    def value(self) -> int:
        """Return the number; raise Malformed where none stands there."""
        if not self.hasAcceptableInput():
            raise Malformed("This is no port.", f"Ports go from {self._range.bottom()} to {self._range.top()}.")
        return int(self.text())

    def set_value(self, port: int) -> None:
        """Let this be the number."""
        self.setText(str(port))


class DaysField(QWidget):
    """A number of days, typed, with its unit behind it; Up and Down are a day more or less."""

    def __init__(self, least: int, most: int, *, unit: str) -> None:
        """Take numbers from `least` to `most` only."""
        super().__init__()
        self._least, self._most = least, most
        self.field = QLineEdit()
        self.field.setValidator(QIntValidator(least, most, self))
        self.field.setFixedWidth(80)
        self.setFocusProxy(self.field)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.field)
        row.addWidget(plain(unit, Role.BODY))
        row.addStretch(1)

    def setAccessibleName(self, name: str) -> None:
        """Name the field, which is what a screen reader comes upon."""
        super().setAccessibleName(name)
        self.field.setAccessibleName(name)

    def value(self) -> int:
        """Return the number; raise Malformed where none stands there that will do."""
        if not self.field.hasAcceptableInput():
            raise Malformed("This is no number of days.", f"Write one from {self._least} to {self._most}.")
        return int(self.field.text())

    def set_value(self, days: int) -> None:
        """Let this be the number."""
        self.field.setText(str(days))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Up and Down, which the field leaves to it."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        if step and self.field.hasAcceptableInput():
            self.set_value(max(self._least, min(int(self.field.text()) + step, self._most)))
        else:
            super().keyPressEvent(event)


class CopyField(QWidget):
    """A value to be copied into another program; a secret one is dots until asked for."""

    def __init__(self, name: str, *, is_secret: bool = False) -> None:
        """`name` is what a screen reader calls it."""
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.field = QLineEdit()
        self.field.setReadOnly(True)
        self.field.setAccessibleName(name)
        row.addWidget(self.field, 1)
        if is_secret:
            self.field.setEchoMode(QLineEdit.EchoMode.Password)
            self._reveal = QPushButton("Show")
            self._reveal.setCheckable(True)
            self._reveal.setAutoDefault(False)
            self._reveal.setAccessibleName(f"Show {name}")
            self._reveal.toggled.connect(self._on_revealed)
            row.addWidget(self._reveal)
        self.button = QPushButton("Copy")
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(f"Copy {name}")
        self.button.clicked.connect(self._on_copied)
        row.addWidget(self.button)
        self._back = QTimer(self, singleShot=True, interval=1_500)
        self._back.timeout.connect(self._on_over)

    def set_value(self, text: str) -> None:
        """Let this be the value."""
        self.field.setText(text)

    @Slot()
    def _on_copied(self) -> None:
        QGuiApplication.clipboard().setText(self.field.text())
        self.button.setText("Copied")
        self._back.start()

    @Slot()
    def _on_over(self) -> None:
        self.button.setText("Copy")

    @Slot(bool)
    def _on_revealed(self, checked: bool) -> None:
        self.field.setEchoMode(QLineEdit.EchoMode.Normal if checked else QLineEdit.EchoMode.Password)
        self._reveal.setText("Hide" if checked else "Show")
