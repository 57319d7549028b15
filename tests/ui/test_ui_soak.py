"""The binding holds out: some PySide6 releases lose a reference to None or True with every call, and abort."""

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

TIMES = 100_000


class Counter(QObject):
    """Emits booleans to itself."""

    told = Signal(bool)
    told_object = Signal(object)

    def __init__(self) -> None:
        """Count from nothing."""
        super().__init__()
        self.heard = 0
        self.told.connect(self.on_told)
        self.told_object.connect(self.on_told)

    @Slot(object)
    def on_told(self, value: object) -> None:
        """Count what is true."""
        self.heard += value is True


def test_a_hundred_thousand_emits(qtbot: QtBot) -> None:
    """Every one of 100,000 emits arrives and the process lives."""
    counter = Counter()
    for number in range(TIMES):
        (counter.told if number % 2 else counter.told_object).emit(True)
    assert counter.heard == TIMES


def test_a_hundred_thousand_texts(qtbot: QtBot) -> None:
    """A label takes 100,000 texts and the process lives."""
    label = QLabel()
    qtbot.addWidget(label)
    for number in range(TIMES):
        label.setText(str(number))
    assert label.text() == str(TIMES - 1)
