"""What the user says of a hit: asked by a menu at its line, kept by the app, told with its undo."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from desktop.core.correction import Correction, Who, shape_of
from desktop.core.errors import Trouble
from desktop.core.status import Evidence
from desktop.store.corrections import CorrectionRow
from desktop.ui import correction_words
from desktop.ui.actions import Corrections
from desktop.ui.ops import Ops


class Correcting(QObject):
    """`done` carries a sentence on what was said and a callable that takes it back; `failed` a Trouble."""

    done = Signal(object, object)
    failed = Signal(object)

    def __init__(self, window: QWidget, actions: Corrections, ops: Ops) -> None:
        """Menus open over `window`: the line may be made anew while one is open."""
        super().__init__(window)
        self._window, self._actions, self._ops = window, actions, ops

    def ask(self, line: Evidence, place: QPoint) -> QMenu:
        """Open the menu of who it may have been."""
        menu = QMenu(self._window)
        menu.setAccessibleName("Who it was")
        for who, text in correction_words.CHOICES.items():
            menu.addAction(text).triggered.connect(_Saying(self, line, who))
        if line.correction is not None:
            menu.addSeparator()
            menu.addAction(correction_words.UNDO_ALL).triggered.connect(_TakingBack(self, line.correction))
        if line.hit is not None:
            menu.addSeparator()
            follow = shape_of(line.hit, Who.ME, "") is not None
            menu.addAction(correction_words.FOLLOW if follow else correction_words.FOLLOW_NOT).setEnabled(False)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)
        # With the keyboard there is no pointer to choose the first entry.
        menu.setActiveAction(menu.actions()[0])
        return menu

    def say(self, hit_id: bytes, who: Who) -> None:
        """Keep whose request a hit was."""

        def done(row: CorrectionRow | None) -> None:
            if row is not None:
                others = max(row.decides - 1, 0)
                follow = row.correction.shape is not None
                self.done.emit(correction_words.noted(who, others, follow=follow), self._undo_of(row.correction.id))

        self._ops.run(self, lambda: self._actions.say(hit_id, who), done, self._on_failed)

    def take_back(self, correction: Correction) -> None:
        """Let what was said no longer hold; saying it again is the undo."""

        def say_again() -> None:
            self.say(correction.hit_id, correction.who)

        def done(_: None) -> None:
            self.done.emit(correction_words.taken_back(correction.who), say_again)

        self._ops.run(self, lambda: self._actions.take_back(correction.id), done, self._on_failed)

    def _undo_of(self, correction_id: int) -> Callable[[], None]:
        return lambda: self._ops.run(self, lambda: self._actions.take_back(correction_id), None, self._on_failed)

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)


class _Saying:
    def __init__(self, correcting: Correcting, line: Evidence, who: Who) -> None:
        self._correcting, self._line, self._who = correcting, line, who

    def __call__(self) -> None:
        if self._line.hit is not None:
            self._correcting.say(self._line.hit.id, self._who)


class _TakingBack:
    def __init__(self, correcting: Correcting, correction: Correction) -> None:
        self._correcting, self._correction = correcting, correction

    def __call__(self) -> None:
        self._correcting.take_back(self._correction)
