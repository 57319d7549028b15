"""The account form: where mail is handed in and as whom; a test says line by line what the provider answered."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from desktop.core.address import Mailbox, check_address
from desktop.core.errors import Malformed, Trouble
from desktop.core.keep import Keep
from desktop.store.accounts import AccountRow, Security, accounts
from desktop.store.database import Store
from desktop.ui import words
from desktop.ui.actions import AccountDraft, Actions, CheckLine, CheckState
from desktop.ui.forms import Message, PortField, filled_address, form_label
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, plain
from desktop.ui.ops import Ops
from desktop.ui.theme import Themes
from desktop.ui.thread_view import GlyphMark

_PORTS: Final = {Security.TLS: 465, Security.STARTTLS: 587}
_SECURITIES: Final = {Security.TLS: "TLS from the start", Security.STARTTLS: "STARTTLS, required"}
_NEW: Final = 0
_PASSWORD_HINT: Final = "Readback asks your provider with it, nobody else"
_REMOVE: Final = "Remove…"
_CHECK_GLYPHS: Final = {
    CheckState.RUNNING: Glyph.DELAYED,
    CheckState.PASSED: Glyph.CONFIRMED,
    CheckState.FAILED: Glyph.NOT_DELIVERED,
}


class CheckLines(QWidget):
    """The lines of a test, growing as it runs; a line with the same name is replaced."""

    def __init__(self, themes: Themes) -> None:
        """Start without lines."""
        super().__init__()
        self._themes = themes
        self._lines: dict[str, CheckLine] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(9)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)

    def lines(self) -> tuple[CheckLine, ...]:
        """Return the lines that stand there."""
        return tuple(self._lines.values())

    def clear(self) -> None:
        """Take all lines away."""
        self._lines = {}
        self._show()

    def put(self, line: CheckLine) -> None:
        """Add a line, or bring an earlier one up to date."""
        self._lines[line.what] = line
        self._show()

    def _show(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, line in enumerate(self._lines.values()):
            text = f"{line.what}: {line.detail}" if line.detail else line.what
            self._grid.addWidget(GlyphMark(_CHECK_GLYPHS[line.state], self._themes), row, 0)
            label = plain(text, Role.BODY, wraps=True, selectable=True)
            label.setAccessibleName(f"{text} ({line.state.value})")
            self._grid.addWidget(label, row, 1)


_PLACE_HINTS = {
    Keep.KEYRING: "",
    Keep.FILE: "The file is not encrypted: whoever can act as you on this computer can read it.",
    Keep.SESSION: "You enter it again at each start, and your mail program gets a new password each time.",
}


class AccountPage(QWidget):
    """One account at a time, chosen above the form; `saved` says that the accounts changed."""

    saved = Signal()

    def __init__(self, store: Store, ops: Ops, themes: Themes, actions: Actions) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._store, self._ops, self._actions = store, ops, actions
        self._rows: tuple[AccountRow, ...] = ()
        self._without_password: frozenset[int] = frozenset()
        self._is_guess = True
        self.which = QComboBox()
        self.which.setAccessibleName("Account")
        self.which.currentIndexChanged.connect(self._on_which)
        self.label, self.name, self.address = QLineEdit(), QLineEdit(), QLineEdit()
        self.host, self.user, self.password = QLineEdit(), QLineEdit(), QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.security, self.port = QComboBox(), PortField(1)
        for security, text in _SECURITIES.items():
            self.security.addItem(text, security)
        self.keyring, self.file = QRadioButton("the system's &keyring"), QRadioButton("a &file only I can read")
        self.session = QRadioButton("th&is session only")
        self._places = {Keep.KEYRING: self.keyring, Keep.FILE: self.file, Keep.SESSION: self.session}
        self.keep_hint = plain("", Role.DIM, wraps=True)
        self.keep = QButtonGroup(self)
        for button in self._places.values():
            self.keep.addButton(button)
            button.toggled.connect(self._show_hint)
        self.keyring.setChecked(True)
        self.checks = CheckLines(themes)
        self.message = Message()
        self.test_button, self.save_button = QPushButton("&Test"), QPushButton("&Save")
        self.remove_button = QPushButton(_REMOVE)
        self._lay_out()
        self._connect()
        self._fill(None)

    def _lay_out(self) -> None:
        self.label.setPlaceholderText("Work")
        self.name.setPlaceholderText("As it stands in From")
        self.address.setPlaceholderText("you@example.com")
        self.host.setPlaceholderText("smtp.example.com")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Your mail account", Role.HEADING))
        column.addWidget(
            plain("Where your mail is handed in. Readback passes it on and keeps no copy.", Role.DIM, wraps=True)
        )
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._which_label = form_label("A&ccount", self.which)
        form.addRow(self._which_label, self.which)
        form.addRow(form_label("&Label", self.label), self.label)
        form.addRow(form_label("Your &name", self.name), self.name)
        form.addRow(form_label("Your &address", self.address), self.address)
        form.addRow(form_label("S&erver", self.host), self.host)
        server = QHBoxLayout()
        server.setSpacing(8)
        server.addWidget(self.security, 1)
        server.addWidget(form_label("P&ort", self.port))
        server.addWidget(self.port)
        form.addRow(form_label("Sec&urity", self.security), server)
        form.addRow(form_label("User na&me", self.user), self.user)
        form.addRow(form_label("&Password", self.password), self.password)
        places = QVBoxLayout()
        places.setSpacing(2)
        for choice in self._places.values():
            places.addWidget(choice)
        places.addWidget(self.keep_hint)
        form.addRow(form_label("Keep it in", self.keyring), places)
        column.addLayout(form)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.remove_button)
        buttons.addStretch(1)
        buttons.addWidget(self.test_button)
        buttons.addWidget(self.save_button)
        self.save_button.setProperty("kind", "primary")
        column.addLayout(buttons)
        column.addWidget(self.checks)
        column.addWidget(self.message)
        column.addStretch(1)

    def _connect(self) -> None:
        self.address.textEdited.connect(self._on_address)
        self.host.textEdited.connect(self._on_own_words)
        self.user.textEdited.connect(self._on_own_words)
        self.security.currentIndexChanged.connect(self._on_security)
        self.test_button.clicked.connect(self._on_test)
        self.save_button.clicked.connect(self._on_save)
        self.remove_button.clicked.connect(self._on_remove)

    @Slot()
    def reload(self) -> None:
        """Read the accounts and whether there is a keyring."""
        self._ops.run(self, lambda: accounts(self._store), self._on_read, self.message.show_trouble)
        self._ops.run(self, self._secrets, self._on_secrets, self.message.show_trouble)

    def forget(self) -> None:
        """Say nothing any more of what was tried."""
        self.checks.clear()
        self.message.clear()
        self.remove_button.setText(_REMOVE)

    def _secrets(self) -> tuple[bool, Keep]:
        return self._actions.keyring_works(), self._actions.kept_in()

    def _on_read(self, rows: tuple[AccountRow, ...]) -> None:
        chosen = self.which.currentData()
        self._rows = rows
        self.which.blockSignals(True)
        self.which.clear()
        for row in rows:
            self.which.addItem(row.label, row.id)
        self.which.addItem("New account", _NEW)
        at = self.which.findData(chosen) if chosen else 0
        self.which.setCurrentIndex(max(at, 0))
        self.which.blockSignals(False)
        self.which.setVisible(bool(rows))
        self._which_label.setVisible(bool(rows))
        self._on_which()
        self._ops.run(self, partial(self._missing, rows), self._on_missing, self.message.show_trouble)

    def _missing(self, rows: tuple[AccountRow, ...]) -> frozenset[int]:
        return frozenset(row.id for row in rows if not self._actions.has_password(row.id))

    def _on_missing(self, without_password: frozenset[int]) -> None:
        self._without_password = without_password
        self._show_password_hint()

    def _show_password_hint(self) -> None:
        chosen = self.which.currentData()
        if not chosen:
            self.password.setPlaceholderText(_PASSWORD_HINT)
        else:
            self.password.setPlaceholderText("enter it again" if chosen in self._without_password else "unchanged")

    def _on_secrets(self, found: tuple[bool, Keep]) -> None:
        has_keyring, kept_in = found
        self.keyring.setEnabled(has_keyring)
        chosen = Keep.SESSION if kept_in is Keep.KEYRING and not has_keyring else kept_in
        self._places[chosen].setChecked(True)
        if not has_keyring:
            self.keyring.setToolTip("This system has no keyring that answers. Install one, such as gnome-keyring.")
        self._show_hint()

    @Slot()
    def _show_hint(self) -> None:
        lines = [] if self.keyring.isEnabled() else ["No keyring can be used here."]
        lines.append(_PLACE_HINTS[next(place for place, button in self._places.items() if button.isChecked())])
        self.keep_hint.setText(" ".join(lines).strip())

    @Slot()
    def _on_which(self) -> None:
        self.forget()
        self._fill(next((row for row in self._rows if row.id == self.which.currentData()), None))

    def _fill(self, row: AccountRow | None) -> None:
        self._is_guess = row is None
        identity = row.identities[0] if row is not None and row.identities else Mailbox("", "")
        texts = (row.label, identity.name, identity.address, row.host, row.user) if row else ("", "", "", "", "")
        fields = (self.label, self.name, self.address, self.host, self.user)
        for field, text in zip(fields, texts, strict=True):
            field.setText(text)
        self.security.setCurrentIndex(self.security.findData(row.security if row else Security.TLS))
        self.port.set_value(row.port if row else _PORTS[Security.TLS])
        self.password.clear()
        self._show_password_hint()
        self.remove_button.setVisible(row is not None)

    @Slot(str)
    def _on_address(self, text: str) -> None:
        """Guess server and user from the address until the user has words of their own for them."""
        if self._is_guess:
            domain = text.rpartition("@")[2] if "@" in text else ""
            self.host.setText(f"smtp.{domain}" if domain else "")
            self.user.setText(text)

    @Slot()
    def _on_own_words(self) -> None:
        self._is_guess = False

    @Slot()
    def _on_security(self) -> None:
        if self.port.text() in {str(port) for port in _PORTS.values()}:
            self.port.set_value(_PORTS[Security(self.security.currentData())])

    def draft(self) -> AccountDraft:
        """Return what the form holds; raise Malformed with the field's name and what helps."""
        known = next((row for row in self._rows if row.id == self.which.currentData()), None)
        address = check_address(filled_address(self.address.text()))
        host = _checked_host(self.host.text().strip())
        if not self.password.text() and known is None:
            raise Malformed("The password is missing.", "Many providers give out an app password for this.")
        if not self.password.text() and known is not None and known.id in self._without_password:
            raise Malformed("The password is missing.", "It is not held any more; enter it again.")
        label = self.label.text().strip() or address.rpartition("@")[2]
        first = Mailbox(self.name.text().strip(), address)
        row = AccountRow(
            id=_NEW,
            label=label,
            host=host,
            port=self.port.value(),
            security=Security(self.security.currentData()),
            user=self.user.text().strip(),
            identities=(first,),
        )
        if known is not None:
            row = replace(
                known,
                label=label,
                host=host,
                port=row.port,
                security=row.security,
                user=row.user,
                identities=(first, *known.identities[1:]),
            )
        keep = next(place for place, button in self._places.items() if button.isChecked())
        return AccountDraft(row=row, password=self.password.text(), keep=keep)

    @Slot()
    def _on_test(self) -> None:
        draft = self._checked_draft()
        if draft is None:
            return
        self.checks.clear()
        self.message.show_busy(f"Asking {draft.row.host}…")
        self._set_busy(True)
        report: Callable[[CheckLine], None] = self._ops.on_main(self, self.checks.put)
        self._ops.run(self, lambda: self._actions.test_account(draft, report), self._on_tested, self._on_test_failed)

    def _on_test_failed(self, trouble: Trouble) -> None:
        said, cure = words.trouble_texts(trouble)
        if not any(line.state is CheckState.FAILED and said in line.detail for line in self.checks.lines()):
            self._on_failed(trouble)
            return
        # The line of the step that failed says it already.
        self._set_busy(False)
        self.message.show_bad(cure or "Not ready yet: see the line above.")

    def _on_tested(self, _: object) -> None:
        self._set_busy(False)
        failed = any(line.state is CheckState.FAILED for line in self.checks.lines())
        if failed:
            self.message.show_bad("Not ready yet: see the line above.")
        else:
            self.message.show_good("The provider will take your mail.")

    @Slot()
    def _on_save(self) -> None:
        draft = self._checked_draft()
        if draft is not None:
            self.checks.clear()
            self.message.show_busy("Saving…")
            self._set_busy(True)
            self._ops.run(self, lambda: self._actions.save_account(draft), self._on_saved, self._on_failed)

    def _on_saved(self, account_id: int) -> None:
        self._set_busy(False)
        self.password.clear()
        self.reload_choosing(account_id)
        self.saved.emit()

    def reload_choosing(self, account_id: int) -> None:
        """Read the accounts anew and show this one."""

        def done(rows: tuple[AccountRow, ...]) -> None:
            self._on_read(rows)
            self.which.setCurrentIndex(max(self.which.findData(account_id), 0))
            self.message.show_good("Saved.")

        self._ops.run(self, lambda: accounts(self._store), done, self._on_failed)

    @Slot()
    def _on_remove(self) -> None:
        account_id = int(self.which.currentData())
        if self.remove_button.text().startswith("Remove"):
            # A second press confirms: the mail already sent stays, so a dialog would be too much.
            self.remove_button.setText("Really remove it")
            return
        self.remove_button.setText(_REMOVE)
        self._ops.run(self, lambda: self._actions.delete_account(account_id), self._on_removed, self._on_failed)

    def _on_removed(self, _: object) -> None:
        self.reload()
        self.saved.emit()

    def _on_failed(self, trouble: Trouble) -> None:
        self._set_busy(False)
        self.message.show_trouble(trouble)

    def _checked_draft(self) -> AccountDraft | None:
        try:
            return self.draft()
        except Malformed as trouble:
            self.message.show_trouble(trouble)
            return None

    def _set_busy(self, is_busy: bool) -> None:
        self.test_button.setEnabled(not is_busy)
        self.save_button.setEnabled(not is_busy)


def _checked_host(text: str) -> str:
    if not text:
        raise Malformed("The server's name is missing.", "Your provider calls it “outgoing server” or “SMTP”.")
    if not all(sign.isalnum() or sign in "-.:[]" for sign in text):
        raise Malformed("This is not a server's name.", "Write it as smtp.example.com.")
    return text
