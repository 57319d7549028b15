"""What is done for one person from their card: each deed is asked for where it cannot be taken back.

Listing and asking can be taken back; a withdrawal and an erasing cannot, so they are asked about first.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton, QWidget

from desktop.core.donottrack import Kind, parse_line
from desktop.core.errors import Refused, StoreTrouble, Trouble
from desktop.core.permission import REFUSING
from desktop.store import asks, do_not_track
from desktop.store.accounts import AccountRow, save_account
from desktop.store.database import Store
from desktop.store.export import export_person
from desktop.store.people import PersonRow, withdraw
from desktop.store.policies import set_person_policy
from desktop.ui import consent_words, person_words
from desktop.ui.ops import Ops
from desktop.ui.person_choices import PersonChoice
from desktop.ui.person_view import Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked before a deed, what the deed means, and the word on its button."""

    title: str
    text: str
    means: str
    verb: str


class PersonDeeds(QObject):
    """Does what was asked; `done` says that people stand otherwise now, `told` what to say.

    `undoable` carries a sentence and what takes it back, `failed` a Trouble, `record_asked` an address.
    """

    done = Signal()
    told = Signal(object)
    undoable = Signal(object, object)
    failed = Signal(object)
    record_asked = Signal(object)

    def __init__(
        self,
        window: QWidget,
        store: Store,
        ops: Ops,
        erase: Callable[[str], None],
        now: Callable[[], datetime],
    ) -> None:
        """Hold what it needs; boxes open over the window that `window` stands in."""
        super().__init__(window)
        self._window, self._store, self._ops, self._erase, self._now = window, store, ops, erase, now

    @Slot(object, object)
    def do(self, deed: Deed, row: PersonRow) -> None:
        """Do, or ask about, a deed for a person."""
        if deed is Deed.RECORD:
            self.record_asked.emit(row.address)
        elif deed is Deed.WITHDRAW:
            self._confirm(_withdrawing(row), self.withdraw, row)
        elif deed is Deed.ASK:
            self._ask(row)
        elif deed is Deed.EXPORT:
            self._export(row)
        elif deed is Deed.ERASE:
            self._confirm(_erasing(row), self.erase, row)
        elif deed is Deed.DO_NOT_ASK:
            self.forget_asking(row)
        elif deed is Deed.LIST:
            self.list_person(row)
        else:
            self.unlist(row)

    def _confirm(self, question: _Question, act: Callable[[PersonRow], None], row: PersonRow) -> None:
        box = QMessageBox(self._window.window())
        box.setWindowTitle(question.title)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(question.text)
        box.setInformativeText(question.means)
        yes = box.addButton(question.verb, QMessageBox.ButtonRole.AcceptRole)
        keep = box.addButton("&Keep", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.buttonClicked.connect(_Confirmed(act, row, yes))
        box.open()

    def _run(self, work: Callable[[], object], said: str, undo: Callable[[], None] | None = None) -> None:
        def done(_: object) -> None:
            self.done.emit()
            if undo is None:
                self.told.emit(said)
            else:
                self.undoable.emit(said, undo)

        self._ops.run(self, work, done, self._on_failed)

    def withdraw(self, row: PersonRow) -> None:
        """Write the withdrawal to the ledger."""
        at = self._now()
        said = f"Withdrawn: nothing more is recorded of {person_words.who(row)}"
        self._run(lambda: withdraw(self._store, row.address, at), said)

    def _ask(self, row: PersonRow) -> None:
        if row.permission.standing in REFUSING:
            self._confirm(_asking_again(row), self.want_asking, row)
        else:
            self.want_asking(row)

    def want_asking(self, row: PersonRow) -> None:
        """Let the next mail to a person ask; the store refuses within 180 days of the last time."""
        at = self._now()
        said = f"Your next mail asks {person_words.who(row)}"
        self._run(lambda: asks.want_asking(self._store, row.address, at), said, _Later(self.forget_asking, row))

    def forget_asking(self, row: PersonRow) -> None:
        """Let the next mail not ask after all."""
        said = f"{person_words.who(row)} is not asked by your next mail"
        self._run(lambda: asks.forget_asking(self._store, row.address), said)

    def list_person(self, row: PersonRow) -> None:
        """Put a person on the do-not-track list, by their address."""
        at, entry = self._now(), parse_line(row.address)
        said = f"{person_words.who(row)} is never tracked or asked from now on"
        self._run(lambda: do_not_track.add(self._store, entry, "", at), said, _Later(self.unlist, row))

    def unlist(self, row: PersonRow) -> None:
        """Take a person's own entry off the list; one that names more than them is changed where the list stands."""
        said = f"{person_words.who(row)} is off the do-not-track list"
        self._run(lambda: _unlist(self._store, row.address), said)

    @Slot(object, object)
    def choose(self, row: PersonRow, choice: PersonChoice) -> None:
        """Keep what holds for a person alone."""

        def work() -> None:
            set_person_policy(self._store, row.address, choice.policy, choice.ask_when, choice.country)

        def done(_: None) -> None:
            self.done.emit()

        self._ops.run(self, work, done, self._on_failed)

    @Slot(str, object)
    def keep_own_country(self, country: str, lacking: tuple[AccountRow, ...]) -> None:
        """Keep where the user is for the accounts that lack it."""

        def work() -> None:
            for account in lacking:
                save_account(self._store, replace(account, country=country))

        def done(_: None) -> None:
            self.done.emit()

        self._ops.run(self, work, done, self._on_failed)

    def _export(self, row: PersonRow) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self._window.window(), "Export", f"{row.address}.json", "JSON (*.json);;All files (*)"
        )
        if path:
            self.export_to(row, Path(path))

    def export_to(self, row: PersonRow, path: Path) -> None:
        """Write everything that is held of a person to a file that only the user can read."""
        said = f"Everything that is held of {person_words.who(row)} is in {path.name}"
        self._run(lambda: write_private(path, export_person(self._store, row.address)), said)

    def erase(self, row: PersonRow) -> None:
        """Erase a person; they are let alone from then on."""
        said = f"Erased. {person_words.who(row)} is let alone from now on"
        self._run(lambda: self._erase(row.address), said)

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)


class _Confirmed:
    def __init__(self, act: Callable[[PersonRow], None], row: PersonRow, yes: QPushButton) -> None:
        self._act, self._row, self._yes = act, row, yes

    def __call__(self, button: QPushButton) -> None:
        if button is self._yes:
            self._act(self._row)


class _Later:
    def __init__(self, act: Callable[[PersonRow], None], row: PersonRow) -> None:
        self._act, self._row = act, row

    def __call__(self) -> None:
        self._act(self._row)


def _withdrawing(row: PersonRow) -> _Question:
    text = f"{person_words.who(row)} told you they no longer want it?"
    return _Question(title="Withdraw permission", text=text, means=person_words.WITHDRAWING, verb="&Withdraw")


def _asking_again(row: PersonRow) -> _Question:
    text = f"Did {person_words.who(row)} ask you to?"
    return _Question(title="Ask again", text=text, means=person_words.ASKING_AGAIN, verb="&Ask them")


def _erasing(row: PersonRow) -> _Question:
    text = f"Erase everything about {person_words.who(row)}?"
    return _Question(title="Erase", text=text, means=consent_words.ERASED_HINT, verb="&Erase")


def _unlist(store: Store, address: str) -> None:
    own = [row for row in do_not_track.entries(store) if (row.entry.kind, row.entry.value) == (Kind.ADDRESS, address)]
    if not own:
        raise Refused("An entry for more than this person names them.", "Change it under Settings, Do not track.")
    for row in own:
        do_not_track.remove(store, row.id)


def write_private(path: Path, held: object) -> None:
    """Write JSON to a file with mode 0600; raise StoreTrouble where it cannot be written."""
    text = json.dumps(held, indent=2, ensure_ascii=False, sort_keys=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise StoreTrouble("The file could not be written.", "Choose another place.") from error
