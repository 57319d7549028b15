"""Python's collector of cycles runs on the main thread alone while there is a window.

Left to itself it runs on whichever thread makes the next object, and a QObject that lies in a cycle is destroyed there,
its timers with it; Qt allows that on the object's own thread only, and crashes.  So it is switched off, and a timer of
the main thread does its work by the collector's own counts.
"""

import gc
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Slot

_LOOK_MS: Final = 1_000


class Collecting(QObject):
    """Lives as long as its parent; `stop` gives the work back to Python."""

    def __init__(self, parent: QObject) -> None:
        """Take the work over at once; from the main thread."""
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    @Slot()
    def look(self) -> None:
        """Collect the oldest generation that is due, as Python would have."""
        due = (age for age in (2, 1, 0) if gc.get_count()[age] > gc.get_threshold()[age])
        generation = next(due, None)
        if generation is not None:
            gc.collect(generation)

    def stop(self) -> None:
        """Let Python collect by itself again, where no window is left."""
        self._timer.stop()
        gc.enable()


def destroy(owner: QObject) -> None:
    """Destroy an object and all that it owns, here and now: nothing of it is left to a collector."""
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(owner, QEvent.Type.DeferredDelete.value)
