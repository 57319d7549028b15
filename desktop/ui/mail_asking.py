"""What the user asks of the reading of mail: look now, leave the older mail unread, take it up again."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from desktop.core.errors import Trouble
from desktop.ui.actions import Actions
from desktop.ui.ops import Ops


class MailAsking(QObject):
    """Asks on a worker; `asked` says that stations may stand otherwise now, `failed` carries a Trouble."""

    asked = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject, ops: Ops, actions: Actions) -> None:
        """Ask nothing yet."""
        super().__init__(parent)
        self._ops, self._actions = ops, actions

    @Slot()
    def check(self) -> None:
        """Look for new mail at once."""
        self._run(self._actions.check_mail)

    @Slot(object)
    def cancel(self, account_id: int) -> None:
        """Leave an account's older mail unread."""
        self._run(lambda: self._actions.cancel_reading(account_id))

    @Slot(object)
    def resume(self, account_id: int) -> None:
        """Take an account's older mail up again."""
        self._run(lambda: self._actions.resume_reading(account_id))

    def _run(self, work: Callable[[], None]) -> None:
        self._ops.run(self, work, self._on_asked, self._on_failed)

    def _on_asked(self, _: object) -> None:
        self.asked.emit()

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)
