"""The settings of the accounts: a list to choose from, and the form of the chosen one; a test says each line.

An account is added by its address, in a dialog of its own; here it is looked after.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.core.address import Mailbox, check_address
from desktop.core.errors import Malformed, Trouble
from desktop.core.keep import Keep
from desktop.store.accounts import AccountRow, Auth, accounts
from desktop.store.database import Store
from desktop.store.policies import is_anybody_told
from desktop.ui import identities, words
from desktop.ui.actions import AccountDraft, Actions, CheckLine, CheckState, MailStation, Stations
from desktop.ui.check_lines import CheckLines
from desktop.ui.forms import Choice, DaysField, Message, Shut, bring_into_view, filled_address, form_label, line_up
from desktop.ui.keep_choice import KeepChoice
from desktop.ui.knowing_choice import KnowingChoice
from desktop.ui.labels import Role, plain
from desktop.ui.mail_servers import MailServers
from desktop.ui.ops import Ops
from desktop.ui.sent_choice import SentChoice
from desktop.ui.sign_in import SignIn
from desktop.ui.theme import Themes

_REMOVE: Final = "Remove…"
_LONGEST_WAIT: Final = 90
_LONGEST_HISTORY: Final = 3_650


class AccountPage(QWidget):
    """One account at a time, chosen above the form; `saved` says that the accounts changed, `add_asked` asks for one.

    Without any account there is the button that adds the first, and the choice of where passwords are kept.
    """

    saved = Signal()
    add_asked = Signal()

    def __init__(self, store: Store, ops: Ops, themes: Themes, actions: Actions) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._store, self._ops, self._actions = store, ops, actions
        self._rows: tuple[AccountRow, ...] = ()
        self._without_password: frozenset[int] = frozenset()
        self.which = Choice()
        self.which.setAccessibleName("Account")
        self.which.currentIndexChanged.connect(self._on_which)
        self.label, self.name, self.address = QLineEdit(), QLineEdit(), QLineEdit()
        self.others = QPlainTextEdit()
        self.others.setTabChangesFocus(True)
        self.others.setFixedHeight(54)
        self.others.setPlaceholderText("One a line: Name <name@example.com>")
        self.wait_days = DaysField(1, _LONGEST_WAIT, unit="working days")
        self.history_days = DaysField(0, _LONGEST_HISTORY, unit="days")
        self.servers = MailServers()
        self.sign_in = SignIn(ops, actions.set_up)
        self.keep = KeepChoice()
        self.knowing = KnowingChoice(is_first=False)
        self.sent = SentChoice()
        self._stations: tuple[MailStation, ...] = ()
        self.checks = CheckLines(themes)
        self.message = Message()
        self.add_button = QPushButton("A&dd an account…")
        self.test_button, self.save_button = QPushButton("&Test"), QPushButton("&Save")
        self.remove_button = QPushButton(_REMOVE)
        self.keep_button = QPushButton("Keep them t&here")
        self._shut = Shut(self.message, self.test_button, self.save_button)
        self._form, self._foot = QWidget(), QWidget()
        self._lay_out()
        self._connect()
        self._show_parts(has_account=False)

    def _lay_out(self) -> None:
        self.label.setPlaceholderText("Work")
        self.name.setPlaceholderText("As it stands in From")
        self.address.setPlaceholderText("you@example.com")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(plain("Your mail accounts", Role.HEADING), 1)
        head.addWidget(self.add_button)
        column.addLayout(head)
        about = (
            "Where your mail is read and handed in. Readback passes mail on and keeps no copy of its text, unless you "
            "let it keep your Sent folder clean."
        )
        column.addWidget(plain(about, Role.DIM, wraps=True))
        column.addWidget(self._form)
        # Without an account too: the listener's own password waits for a place.
        places = QFormLayout()
        places.setHorizontalSpacing(16)
        places.addRow(form_label("Keep passwords in", self.keep.keyring), self.keep)
        column.addLayout(places)
        column.addWidget(self.keep_button, 0, Qt.AlignmentFlag.AlignRight)
        column.addWidget(self._foot)
        column.addWidget(self.message)
        column.addStretch(1)
        self._lay_out_form()
        self._lay_out_foot()
        line_up(self)

    def _lay_out_form(self) -> None:
        inside = QVBoxLayout(self._form)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        inside.addLayout(self._person_rows())
        inside.addWidget(self.servers)
        inside.addWidget(plain("Signing in", Role.STRONG))
        inside.addWidget(self.sign_in)
        inside.addWidget(self.knowing)
        inside.addWidget(self.sent)

    def _lay_out_foot(self) -> None:
        inside = QVBoxLayout(self._foot)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.remove_button)
        buttons.addStretch(1)
        buttons.addWidget(self.test_button)
        buttons.addWidget(self.save_button)
        self.save_button.setProperty("kind", "primary")
        inside.addLayout(buttons)
        inside.addWidget(self.checks)

    def _show_parts(self, *, has_account: bool) -> None:
        self._form.setVisible(has_account)
        self._foot.setVisible(has_account)
        self.keep_button.setVisible(not has_account)

    def _person_rows(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(form_label("A&ccount", self.which), self.which)
        form.addRow(form_label("&Label", self.label), self.label)
        form.addRow(form_label("Your &name", self.name), self.name)
        form.addRow(form_label("Your &address", self.address), self.address)
        form.addRow(form_label("&More addresses", self.others), self.others)
        form.addRow(form_label("Wait f&or an answer", self.wait_days), self.wait_days)
        form.addRow(form_label("Read Sent mail of t&he last", self.history_days), self.history_days)
        return form

    def _connect(self) -> None:
        self.address.textEdited.connect(self.servers.guess)
        self.test_button.clicked.connect(self._on_test)
        self.save_button.clicked.connect(self._on_save)
        self.remove_button.clicked.connect(self._on_remove)
        self.add_button.clicked.connect(self.add_asked)
        self.keep_button.clicked.connect(self._on_keep)
        # What was wrong may be right now.
        for field in self.findChildren(QLineEdit):
            field.textEdited.connect(self.message.mend)
        self.others.textChanged.connect(self.message.mend)
        self.knowing.changed.connect(self.message.mend)

    @property
    def password(self) -> QLineEdit:
        """The field that a password is typed into."""
        return self.sign_in.password

    @Slot()
    def reload(self) -> None:
        """Read the accounts and whether there is a keyring."""
        self._ops.run(self, lambda: accounts(self._store), self._on_read, self.message.show_trouble)
        self._ops.run(self, lambda: is_anybody_told(self._store), self._on_told, self.message.show_trouble)
        self._ops.run(self, self._secrets, self._on_secrets, self.message.show_trouble)

    def forget(self) -> None:
        """Say nothing any more of what was tried."""
        self.checks.clear()
        self.message.clear()
        self.remove_button.setText(_REMOVE)

    def _secrets(self) -> tuple[bool, Keep]:
        return self._actions.keyring_works(), self._actions.kept_in()

    def _on_told(self, is_told: bool) -> None:
        self.knowing.show_telling(is_anybody_told=is_told)

    def _on_secrets(self, found: tuple[bool, Keep]) -> None:
        self.keep.set_places(has_keyring=found[0], kept_in=found[1])

    def _on_read(self, rows: tuple[AccountRow, ...]) -> None:
        chosen = self.which.currentData()
        self._rows = rows
        self.which.blockSignals(True)
        self.which.clear()
        for row in rows:
            self.which.addItem(row.label, row.id)
        at = self.which.findData(chosen) if chosen else 0
        self.which.setCurrentIndex(max(at, 0) if rows else -1)
        self.which.blockSignals(False)
        self._show_parts(has_account=bool(rows))
        self._on_which()
        self._ops.run(self, partial(self._missing, rows), self._on_missing, self.message.show_trouble)

    def _missing(self, rows: tuple[AccountRow, ...]) -> frozenset[int]:
        return frozenset(row.id for row in rows if not self._actions.has_password(row.id))

    def _on_missing(self, without_password: frozenset[int]) -> None:
        self._without_password = without_password
        self._offer_sign_in()

    @property
    def chosen(self) -> AccountRow | None:
        """The account whose form is shown, as it is stored."""
        return next((row for row in self._rows if row.id == self.which.currentData()), None)

    def _offer_sign_in(self) -> None:
        row = self.chosen
        if row is None:
            return
        is_missing = row.id in self._without_password
        self.sign_in.offer(
            row.user,
            provider=row.oauth_provider,
            takes_password=row.auth is not Auth.OAUTH2,
            prefers_page=row.auth is Auth.OAUTH2,
            must_type=is_missing,
            placeholder="enter it again" if is_missing else "unchanged",
        )

    @Slot()
    def _on_which(self) -> None:
        self.forget()
        row = self.chosen
        if row is None:
            return
        identity = row.identities[0] if row.identities else Mailbox("", "")
        self.label.setText(row.label)
        self.name.setText(identity.name)
        self.address.setText(identity.address)
        self.others.setPlainText(identities.as_text(row.identities[1:]))
        self.wait_days.set_value(row.wait_days)
        self.history_days.set_value(row.history_days)
        self.servers.fill(row)
        self.knowing.fill(row)
        self.sent.fill(is_on=row.keeps_sent_clean, has_imap=bool(row.imap_host))
        self._show_sent()
        self._offer_sign_in()

    def show_stations(self, stations: Stations) -> None:
        """Say how keeping Sent clean goes."""
        self._stations = stations.mail
        self._show_sent()

    def _show_sent(self) -> None:
        row = self.chosen
        station = next((each for each in self._stations if row is not None and each.account_id == row.id), None)
        if row is not None and row.imap_host and station is not None:
            self.sent.show_station(station)

    def choose(self, account_id: int) -> None:
        """Show this account's form."""
        self.which.setCurrentIndex(max(self.which.findData(account_id), 0))

    def draft(self) -> AccountDraft:
        """Return what the form holds; raise Malformed with the field's name and what helps."""
        known = self.chosen
        if known is None:
            raise Malformed("There is no account yet.", "Add one first.")
        address = check_address(filled_address(self.address.text()))
        first = Mailbox(self.name.text().strip(), address)
        row = self.servers.applied(
            replace(
                self.knowing.applied(known),
                label=self.label.text().strip() or address.rpartition("@")[2],
                identities=(first, *identities.from_text(self.others.toPlainText())),
                wait_days=self.wait_days.value(),
                history_days=self.history_days.value(),
                keeps_sent_clean=self.sent.box.isChecked(),
            )
        )
        self.sign_in.check()
        row = replace(row, auth=self.sign_in.auth, oauth_provider=self.sign_in.provider)
        return AccountDraft(row=row, password=self.password.text(), keep=self.keep.chosen(), grant=self.sign_in.grant)

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
        self._set_busy(False)
        self.message.show_bad(unsaid(trouble, self.checks))

    def _on_tested(self, _: object) -> None:
        self._set_busy(False)
        self.message.show_good("All of it works.")

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
        self.reload_choosing(account_id, "Saved.")
        self.saved.emit()

    def _bring_sign_in(self) -> None:
        """Show where to sign in, or, without an account, where passwords are kept, with the keyboard there."""
        if self.chosen is not None:
            self.sign_in.focus_first()
        else:
            self.keep.file.setFocus()
        QTimer.singleShot(0, self, self._on_brought)

    @Slot()
    def _on_brought(self) -> None:
        bring_into_view(self.sign_in if self.chosen is not None else self.keep, 60)

    def reload_choosing(self, account_id: int, said: str = "") -> None:
        """Read the accounts anew and show this one, saying something below it, else where to sign in to it."""

        def done(rows: tuple[AccountRow, ...]) -> None:
            self._on_read(rows)
            self.choose(account_id)
            if said:
                self.message.show_good(said)
            else:
                self._bring_sign_in()

        self._ops.run(self, lambda: accounts(self._store), done, self._on_failed)

    @Slot()
    def _on_keep(self) -> None:
        keep = self.keep.chosen()
        self._ops.run(self, lambda: self._actions.keep_in(keep), self._on_kept, self._on_failed)

    def _on_kept(self, _: object) -> None:
        self.reload_choosing(0, "Passwords are kept there from now on.")
        self.saved.emit()

    @Slot()
    def _on_remove(self) -> None:
        account_id = int(self.which.currentData())
        if self.remove_button.text().startswith("Remove"):
            # A second press confirms: the conversations stay, so a dialog would be too much.
            self.remove_button.setText("Really remove it")
            self.message.show_note("Its conversations stay. Readback reads and sends nothing through it any more.")
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
        self.message.clear()
        try:
            return self.draft()
        except Malformed as trouble:
            self.message.show_trouble(trouble)
            return None

    def _set_busy(self, is_busy: bool) -> None:
        if is_busy:
            self._shut.begin()
        else:
            self._shut.end()


def unsaid(trouble: Trouble, checks: CheckLines) -> str:
    """Return what of a failure the line of the step that failed does not say already."""
    said, cure = words.trouble_texts(trouble)
    if any(line.state is CheckState.FAILED and said in line.detail for line in checks.lines()):
        return cure or "Not ready yet: see the line above."
    return " ".join(part for part in (said, cure) if part)
