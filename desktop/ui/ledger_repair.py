"""What is done about a ledger that does not hold: said in the banner and among the settings, repaired once asked.

A repair forges nothing: the rows as they are go into a file, refusals hold whatever became of their rows, and what was
agreed after the break has to be agreed, or recorded, again.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from desktop.core.errors import Trouble
from desktop.store.database import Store
from desktop.store.ledger import Repair, ledger_trouble
from desktop.ui import consent_words
from desktop.ui.ops import Ops
from desktop.ui.reading import Reading


class LedgerRepair(QObject):
    """Looks, asks, then repairs; `looked` carries what is wrong, None where nothing is.

    `repaired` says that permissions stand otherwise now.  Where the damaged record is kept is said in a box that stays.
    """

    looked = Signal(object)
    repaired = Signal()
    failed = Signal(object)

    def __init__(self, window: QWidget, store: Store, ops: Ops, repair: Callable[[], Repair]) -> None:
        """Hold what it needs; the box opens over the window."""
        super().__init__(window)
        self._window, self._ops, self._repair = window, ops, repair
        self._reading = Reading(ops, self, lambda: partial(ledger_trouble, store), self.looked.emit, self._on_failed)

    @Slot()
    def look(self) -> None:
        """Look whether the ledger holds."""
        self._reading.ask()

    @Slot()
    def ask(self) -> None:
        """Say what a repair does, and do it where the user says so."""
        box = QMessageBox(self._window.window())
        box.setWindowTitle("Repair")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(consent_words.REPAIR_QUESTION)
        box.setInformativeText(consent_words.REPAIR_MEANS)
        yes = box.addButton("&Repair", QMessageBox.ButtonRole.AcceptRole)
        later = box.addButton("&Not now", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(later)
        box.setEscapeButton(later)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.buttonClicked.connect(_Confirmed(self, yes))
        box.open()

    def repair(self) -> None:
        """Repair it now."""

        def done(repair: Repair) -> None:
            self.look()
            self.repaired.emit()
            self._say(repair)

        self._ops.run(self, self._repair, done, self._on_failed)

    def _say(self, repair: Repair) -> None:
        box = QMessageBox(self._window.window())
        box.setWindowTitle("Repair")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        box.setText(consent_words.repaired_text(repair.dropped))
        box.setInformativeText(f"{consent_words.REPAIRED}\n\n{repair.evidence}")
        copy = box.addButton("&Copy the path", QMessageBox.ButtonRole.ActionRole)
        close = box.addButton("Close", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(close)
        box.setEscapeButton(close)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.buttonClicked.connect(_Copied(copy, str(repair.evidence)))
        box.open()

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)


class _Copied:
    def __init__(self, copy: QPushButton, path: str) -> None:
        self._copy, self._path = copy, path

    def __call__(self, button: QPushButton) -> None:
        if button is self._copy:
            QGuiApplication.clipboard().setText(self._path)


class _Confirmed:
    def __init__(self, doing: LedgerRepair, yes: QPushButton) -> None:
        self._doing, self._yes = doing, yes

    def __call__(self, button: QPushButton) -> None:
        if button is self._yes:
            self._doing.repair()
