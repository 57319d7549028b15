"""Adding an account by its address: who you are, what was found, how you sign in; then a test, and only then a save.

The steps stand one after the other and each leads back.  The form to be filled in by hand is one press away at any
time, also while the search still runs.  Once the account is saved, one question follows: what the user would like to
know; it may be left unanswered.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QFrame, QPushButton, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from desktop.core.address import Mailbox
from desktop.core.errors import Malformed, Trouble
from desktop.core.keep import Keep
from desktop.store.accounts import AccountRow, accounts, save_account
from desktop.store.database import Store
from desktop.ui.account_page import unsaid
from desktop.ui.actions import AccountDraft, Actions, CheckLine, Finding
from desktop.ui.forms import ButtonRow
from desktop.ui.knowing_page import KnowingPage
from desktop.ui.labels import Page
from desktop.ui.ops import Ops
from desktop.ui.screen_room import resize_within_screen
from desktop.ui.setup_pages import ConnectPage, FoundPage, PersonPage, ServersPage
from desktop.ui.theme import Themes

_PERSON: Final = 0
_FOUND: Final = 1
_SERVERS: Final = 2
_CONNECT: Final = 3
_KNOWING: Final = 4


class SetUpDialog(QDialog):
    """`saved` carries the id of the account that was added, while the last question is still open."""

    saved = Signal(object)

    def __init__(self, parent: QWidget, store: Store, ops: Ops, themes: Themes, actions: Actions) -> None:
        """Begin with name and address."""
        super().__init__(parent)
        self.setWindowTitle("Add your account")
        resize_within_screen(self, 580, 560)
        self._store, self._ops, self._actions = store, ops, actions
        self._row: AccountRow | None = None
        self._finding: Finding | None = None
        self._came_from = _FOUND
        self._attempt = 0
        self.person = PersonPage()
        self.found = FoundPage(ops, themes, actions.set_up)
        self.servers = ServersPage()
        self.connect_page = ConnectPage(ops, themes, actions.set_up)
        self.knowing = KnowingPage()
        self.pages = QStackedWidget()
        for page in (self.person, self.found, self.servers, self.connect_page, self.knowing):
            self.pages.addWidget(_scrolled(page))
        self._lay_out()
        self.person.submitted.connect(self._on_next)
        self.found.changed.connect(self._show_buttons)
        self.servers.submitted.connect(self._on_next)
        self.connect_page.submitted.connect(self._on_next)
        self._ops.run(self, self._secrets, self._on_secrets, self._on_failed)
        self._go(_PERSON)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.pages, 1)
        foot = QWidget()
        inside = QVBoxLayout(foot)
        inside.setContentsMargins(20, 8, 20, 14)
        buttons = ButtonRow()
        self.by_hand = QPushButton("Enter the settings by &hand…")
        self.by_hand.setAutoDefault(False)
        buttons.left(self.by_hand)
        self.back_button = buttons.plain("&Back")
        self.save_anyway = buttons.plain("Save an&yway")
        self.next_button = buttons.primary("")
        inside.addWidget(buttons)
        column.addWidget(foot)
        self.by_hand.clicked.connect(self._on_by_hand)
        self.back_button.clicked.connect(self._on_back)
        self.save_anyway.clicked.connect(self._on_save)
        self.next_button.clicked.connect(self._on_next)

    def _secrets(self) -> tuple[bool, Keep]:
        return self._actions.keyring_works(), self._actions.kept_in()

    def _on_secrets(self, found: tuple[bool, Keep]) -> None:
        self.connect_page.keep.set_places(has_keyring=found[0], kept_in=found[1])

    # Going on and back

    @property
    def step(self) -> int:
        """Which page is shown."""
        return self.pages.currentIndex()

    def _go(self, step: int) -> None:
        self.pages.setCurrentIndex(step)
        self.save_anyway.hide()
        self._show_buttons()
        page = (self.person, self.found, self.servers, self.connect_page, self.knowing)[step]
        page.focus_first()

    @Slot()
    def _show_buttons(self) -> None:
        step = self.step
        self.by_hand.setVisible(step not in (_SERVERS, _KNOWING))
        self.by_hand.setText("Change ser&vers or certificate…" if step == _CONNECT else "Enter the settings by &hand…")
        # What was saved is not taken back by going back: it is changed in the settings.
        self.back_button.setVisible(step not in (_PERSON, _KNOWING))
        self.next_button.setText({_CONNECT: "&Test and save", _KNOWING: "&Done"}.get(step, "&Continue"))
        self.next_button.setEnabled(step != _FOUND or self.found.chosen is not None)

    @Slot()
    def _on_next(self) -> None:
        if self.step == _PERSON:
            self._look()
        elif self.step == _FOUND and self.found.chosen is not None:
            self._take(self.found.chosen)
        elif self.step == _SERVERS:
            self._take_by_hand()
        elif self.step == _CONNECT:
            self._test()
        else:
            self._answer()

    @Slot()
    def _on_back(self) -> None:
        self._attempt += 1
        self.connect_page.set_busy(False)
        self.connect_page.sign_in.cancel()
        self.found.stop()
        if self.step == _CONNECT:
            self._go(self._came_from)
        else:
            self._go(_PERSON)
        if self.step == _FOUND:
            self._show_buttons()

    def _person(self) -> Mailbox | None:
        try:
            return self.person.mailbox()
        except Malformed as trouble:
            self.person.message.show_trouble(trouble)
            return None

    def _look(self) -> None:
        person = self._person()
        if person is not None:
            self._go(_FOUND)
            self.found.look(person.address)

    @Slot()
    def _on_by_hand(self) -> None:
        person = self._person()
        if person is None:
            self._go(_PERSON)
            return
        self.found.stop()
        self._attempt += 1
        self.connect_page.set_busy(False)
        self.connect_page.sign_in.cancel()
        if self.step == _CONNECT:
            row = self._row
        else:
            self._finding = self.found.chosen if self.step == _FOUND else None
            row = self._finding.row if self._finding is not None else None
        self.servers.show_for(person.address, row)
        self._go(_SERVERS)

    def _take(self, finding: Finding) -> None:
        person = self.person.mailbox()
        self._row, self._finding = replace(finding.row, identities=(person,)), finding
        self._came_from = _FOUND
        self.connect_page.show_finding(finding, person.address)
        self._go(_CONNECT)

    def _take_by_hand(self) -> None:
        person = self.person.mailbox()
        try:
            self._row = self.servers.row(person)
        except Malformed as trouble:
            self.servers.message.show_trouble(trouble)
            return
        self._came_from = _SERVERS
        self.connect_page.show_finding(_by_hand(self._row, self._finding), person.address)
        self._go(_CONNECT)

    # Testing and saving

    def _draft(self) -> AccountDraft | None:
        if self._row is None:
            return None
        try:
            return self.connect_page.draft(self._row)
        except Malformed as trouble:
            self.connect_page.message.show_trouble(trouble)
            return None

    def _test(self) -> None:
        draft = self._draft()
        if draft is None or self.connect_page.is_busy:
            return
        page = self.connect_page
        self._attempt += 1
        attempt = self._attempt
        page.checks.clear()
        self.save_anyway.hide()
        page.message.show_busy("Trying it out…")
        page.set_busy(True)
        self.next_button.setEnabled(False)

        def put(line: CheckLine) -> None:
            if attempt == self._attempt:
                page.checks.put(line)

        def done(_: object) -> None:
            if attempt == self._attempt:
                self._save(draft)

        def failed(trouble: Trouble) -> None:
            if attempt == self._attempt:
                self._on_test_failed(trouble)

        report: Callable[[CheckLine], None] = self._ops.on_main(self, put)
        self._ops.run(self, lambda: self._actions.test_account(draft, report), done, failed)

    def _on_test_failed(self, trouble: Trouble) -> None:
        page = self.connect_page
        page.set_busy(False)
        self.next_button.setEnabled(True)
        page.message.show_bad(unsaid(trouble, page.checks))
        # As on a train: what is known to be right need not wait for the provider to be in reach.
        self.save_anyway.show()
        page.focus_first()

    @Slot()
    def _on_save(self) -> None:
        draft = self._draft()
        if draft is not None:
            self._save(draft)

    def _save(self, draft: AccountDraft) -> None:
        self.connect_page.set_busy(True)
        self.connect_page.message.show_busy("Saving…")
        self._ops.run(self, lambda: self._actions.save_account(draft), self._on_saved, self._on_failed)

    def _on_saved(self, account_id: int) -> None:
        self.connect_page.forget()
        self.saved.emit(account_id)

        def done(rows: tuple[AccountRow, ...]) -> None:
            row = next((each for each in rows if each.id == account_id), None)
            if row is None:
                self.accept()
                return
            self.setWindowTitle("Your account is added")
            self.knowing.show_account(row)
            self._go(_KNOWING)
            self.next_button.setEnabled(True)

        self._ops.run(self, lambda: accounts(self._store), done, self._on_failed)

    def show_last(self) -> None:
        """Show the last question without an account: for a picture."""
        self._go(_KNOWING)

    def _answer(self) -> None:
        try:
            row = self.knowing.answer()
        except Malformed as trouble:
            self.knowing.message.show_trouble(trouble)
            return
        if row is not None:
            self.next_button.setEnabled(False)
            self._ops.run(self, lambda: save_account(self._store, row), self._on_answered, self._on_not_answered)

    def _on_answered(self, _: object) -> None:
        self.accept()

    def _on_not_answered(self, trouble: Trouble) -> None:
        self.next_button.setEnabled(True)
        self.knowing.message.show_trouble(trouble)

    def _on_failed(self, trouble: Trouble) -> None:
        self.connect_page.set_busy(False)
        self.next_button.setEnabled(True)
        self.connect_page.message.show_trouble(trouble)

    def reject(self) -> None:
        """Leave: stop whatever still runs."""
        self._stop()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop whatever still runs, and forget what was typed."""
        self._stop()
        super().closeEvent(event)

    def _stop(self) -> None:
        self._attempt += 1
        self.found.stop()
        self.connect_page.forget()


def _by_hand(row: AccountRow, begun: Finding | None) -> Finding:
    """Return settings entered by hand; what is known of a finding holds as long as the servers are its own."""
    if begun is not None and (row.host, row.imap_host) == (begun.row.host, begun.row.imap_host):
        return replace(begun, row=row)
    return Finding(row=row, label="", source="")


def _scrolled(page: QWidget) -> QScrollArea:
    holder = Page()
    column = QVBoxLayout(holder)
    column.setContentsMargins(28, 24, 28, 12)
    column.addWidget(page)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(holder)
    return area
