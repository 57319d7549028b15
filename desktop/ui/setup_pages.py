"""The pages of adding an account: who you are; what was found; servers by hand; signing in and the test."""

from dataclasses import replace
from threading import Event

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from desktop.core.address import Mailbox, check_address
from desktop.core.errors import Trouble
from desktop.store.accounts import AccountRow, Security
from desktop.ui import setup_words
from desktop.ui.actions import AccountDraft, Finding, SetUp, SourceLine
from desktop.ui.check_lines import CheckLines, SourceLines
from desktop.ui.forms import Message, filled_address, form_label, line_up
from desktop.ui.keep_choice import KeepChoice
from desktop.ui.labels import Card, Role, plain
from desktop.ui.mail_servers import MailServers
from desktop.ui.ops import Ops
from desktop.ui.sign_in import SignIn
from desktop.ui.theme import Themes


class PersonPage(QWidget):
    """Name and address."""

    submitted = Signal()

    def __init__(self) -> None:
        """Start with empty fields."""
        super().__init__()
        self.name, self.address = QLineEdit(), QLineEdit()
        self.name.setPlaceholderText("As it stands in From")
        self.address.setPlaceholderText("you@example.com")
        self.name.returnPressed.connect(self.address.setFocus)
        self.address.returnPressed.connect(self.submitted)
        self.address.textEdited.connect(self._on_edited)
        self.message = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Which address do you write from?", Role.HEADING))
        column.addWidget(plain(setup_words.WHY, Role.DIM, wraps=True))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow(form_label("Your &name", self.name), self.name)
        form.addRow(form_label("Your &address", self.address), self.address)
        column.addLayout(form)
        column.addWidget(self.message)
        column.addStretch(1)

    @Slot()
    def _on_edited(self) -> None:
        self.message.clear()

    def focus_first(self) -> None:
        """Give the keyboard to the first field that is empty."""
        (self.address if self.name.text().strip() else self.name).setFocus()

    def mailbox(self) -> Mailbox:
        """Return who was entered; raise Malformed."""
        return Mailbox(self.name.text().strip(), check_address(filled_address(self.address.text())))


class FoundPage(QWidget):
    """The search as it goes, and what it found; `changed` says that another finding is chosen, or none."""

    changed = Signal()

    def __init__(self, ops: Ops, themes: Themes, set_up: SetUp) -> None:
        """Nothing until `look`."""
        super().__init__()
        self._ops, self._set_up = ops, set_up
        self._cancelled = Event()
        self._address = ""
        self._findings: tuple[Finding, ...] = ()
        self._title = plain("", Role.HEADING, wraps=True)
        self.sources = SourceLines(themes)
        self.message = Message()
        self.further = QPushButton("Look &further")
        self.further.setAutoDefault(False)
        self.further.setToolTip("Ask the domain itself, Mozilla's list and its records as well")
        self.further.clicked.connect(self._on_further)
        self.again = QPushButton("&Try again")
        self.again.setAutoDefault(False)
        self.again.clicked.connect(self._on_again)
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self._on_clicked)
        self._choices = QVBoxLayout()
        self._choices.setSpacing(10)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._title)
        column.addWidget(self.sources)
        column.addWidget(self.message)
        column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._choices)
        column.addWidget(self.further, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)

    @property
    def chosen(self) -> Finding | None:
        """The finding that is chosen, None while there is none."""
        number = self._group.checkedId()
        return self._findings[number] if 0 <= number < len(self._findings) else None

    def focus_first(self) -> None:
        """Give the keyboard to the chosen finding."""
        button = self._group.checkedButton()
        if button is not None:
            button.setFocus()

    def stop(self) -> None:
        """Look no further."""
        self._cancelled.set()

    def look(self, address: str, *, is_further: bool = False) -> None:
        """Look for an address' settings on a worker; an earlier search is given up."""
        self.stop()
        self._cancelled = cancelled = Event()
        self._address = address
        self.sources.clear()
        self.message.clear()
        self.further.hide()
        self.again.hide()
        self._show_findings(())
        self._title.setText(f"Looking for the servers of {address.rpartition('@')[2]}…")

        def put(line: SourceLine) -> None:
            if not cancelled.is_set():
                self.sources.put(line)

        def done(findings: tuple[Finding, ...]) -> None:
            if not cancelled.is_set():
                self._on_found(findings, is_further=is_further)

        def failed(trouble: Trouble) -> None:
            if not cancelled.is_set():
                self._on_found((), is_further=is_further)
                self._title.setText(f"The servers of {address.rpartition('@')[2]} could not be looked for")
                self.message.show_trouble(trouble)
                self.again.show()
                self.again.setFocus()

        report = self._ops.on_main(self, put)
        self._ops.run(self, lambda: self._set_up.discover(address, is_further, report, cancelled), done, failed)

    @Slot()
    def _on_again(self) -> None:
        self.look(self._address)

    @Slot()
    def _on_further(self) -> None:
        self.look(self._address, is_further=True)

    def _on_found(self, findings: tuple[Finding, ...], *, is_further: bool) -> None:
        domain = self._address.rpartition("@")[2]
        self._show_findings(findings)
        self.further.setVisible(bool(findings) and not is_further)
        if findings:
            self._title.setText(f"Found for {domain}")
            self.focus_first()
        else:
            self._title.setText(f"Nothing found for {domain}")
            self.message.show_note(setup_words.NOTHING_FOUND)

    def _show_findings(self, findings: tuple[Finding, ...]) -> None:
        self._findings = findings
        for button in self._group.buttons():
            self._group.removeButton(button)
        while (item := self._choices.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for number, finding in enumerate(findings):
            self._choices.addWidget(self._choice(number, finding))
        if findings:
            self._group.button(0).setChecked(True)
        self.changed.emit()

    def _choice(self, number: int, finding: Finding) -> QWidget:
        card = Card()
        column = QVBoxLayout(card)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(3)
        lines = setup_words.finding_lines(finding)
        button = QRadioButton(setup_words.finding_title(finding).replace("&", "&&"))
        button.setAccessibleDescription(" ".join(lines))
        self._group.addButton(button, number)
        column.addWidget(button)
        for line in lines:
            text = plain(line, Role.DIM, wraps=True)
            text.setContentsMargins(26, 0, 0, 0)
            column.addWidget(text)
        return card

    @Slot()
    def _on_clicked(self) -> None:
        self.changed.emit()


class ServersPage(QWidget):
    """The servers, by hand."""

    submitted = Signal()

    def __init__(self) -> None:
        """Empty until `show_for`."""
        super().__init__()
        self._started: AccountRow | None = None
        self.servers = MailServers()
        self.message = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Your provider's servers", Role.HEADING))
        column.addWidget(plain(setup_words.BY_HAND, Role.DIM, wraps=True))
        column.addWidget(self.servers)
        column.addWidget(self.message)
        column.addStretch(1)
        for field in self.servers.findChildren(QLineEdit):
            field.textEdited.connect(self.message.mend)

    def focus_first(self) -> None:
        """Give the keyboard to the first field."""
        self.servers.incoming.host.setFocus()

    def show_for(self, address: str, row: AccountRow | None) -> None:
        """Begin with what was found, else with what is usual for the address."""
        self._started = row
        self.message.clear()
        self.servers.fill(row)
        if row is None:
            self.servers.guess(address)

    def row(self, person: Mailbox) -> AccountRow:
        """Return the account as it stands here; raise Malformed."""
        begun = self._started or AccountRow(
            id=0, label=person.address, host="", port=465, security=Security.TLS, user="", identities=(person,)
        )
        return self.servers.applied(replace(begun, label=person.address, identities=(person,)))


class ConnectPage(QWidget):
    """How the user signs in, where the secret is kept, and the test; `submitted` says: go on."""

    submitted = Signal()

    def __init__(self, ops: Ops, themes: Themes, set_up: SetUp) -> None:
        """Blank until `show_finding`."""
        super().__init__()
        self.is_busy = False
        self._address = ""
        self._title = plain("", Role.HEADING, wraps=True)
        self._servers = plain("", Role.DIM, wraps=True)
        self._note = plain("", Role.BODY, wraps=True)
        self.sign_in = SignIn(ops, set_up)
        self.sign_in.submitted.connect(self.submitted)
        self.keep = KeepChoice()
        self.checks = CheckLines(themes)
        self.message = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for widget in (self._title, self._servers, self._note, self.sign_in):
            column.addWidget(widget)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.addRow(form_label("Keep passwords in", self.keep.keyring), self.keep)
        column.addLayout(form)
        column.addWidget(self.checks)
        column.addWidget(self.message)
        column.addStretch(1)
        line_up(self)

    def focus_first(self) -> None:
        """Give the keyboard to the password or the sign-in button."""
        self.sign_in.focus_first()

    def show_finding(self, finding: Finding, address: str) -> None:
        """Ask for what these settings need."""
        self._title.setText(f"Sign in as {address}")
        self._servers.setText("\n".join(setup_words.server_lines(finding.row)))
        self._note.setText(finding.note)
        self._note.setVisible(bool(finding.note))
        self.checks.clear()
        self.message.clear()
        self.set_busy(False)
        # Whoever went back to look at the servers need not type it twice.
        typed = self.sign_in.password.text() if address == self._address else ""
        self._address = address
        self.sign_in.offer(
            finding.row.user or address,
            provider=finding.oauth_provider,
            takes_password=finding.takes_password,
            note=finding.app_password_note,
            page=finding.app_password_page,
            placeholder=setup_words.PASSWORD_HINT,
        )
        self.sign_in.password.setText(typed)

    def set_busy(self, is_busy: bool) -> None:
        """Let nothing be changed while a test or a save runs."""
        self.is_busy = is_busy
        self.sign_in.setEnabled(not is_busy)
        self.keep.setEnabled(not is_busy)

    def draft(self, row: AccountRow) -> AccountDraft:
        """Return the account with what was entered here; raise Malformed where the user has not signed in."""
        self.sign_in.check()
        return AccountDraft(
            row=replace(row, auth=self.sign_in.auth, oauth_provider=self.sign_in.provider),
            password=self.sign_in.password.text(),
            keep=self.keep.chosen(),
            grant=self.sign_in.grant,
        )

    def forget(self) -> None:
        """Keep no password that was typed, and wait for no browser."""
        self.sign_in.cancel()
        self.sign_in.password.clear()
