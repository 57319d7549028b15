"""How the user signs in to an account: with a password, or at the provider's own page in the browser.

The page opens in the user's own browser, never in here, so that the password is typed where its owner can see whose
page it is.  Where no browser opens, the page's address can be copied.
"""

from threading import Event
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QRadioButton, QVBoxLayout, QWidget

from desktop.core.errors import Malformed, Trouble
from desktop.store.accounts import Auth
from desktop.ui.actions import OAuthClient, SetUp
from desktop.ui.forms import CopyField, Message, form_label
from desktop.ui.labels import Role, plain
from desktop.ui.ops import Ops
from desktop.ui.setup_words import is_app_password

PROVIDER_NAMES: Final = {"google": "Google", "microsoft": "Microsoft"}


class SignIn(QWidget):
    """Password field and sign-in button, of which one counts; `submitted` says that Enter was pressed in the field."""

    submitted = Signal()

    def __init__(self, ops: Ops, set_up: SetUp) -> None:
        """Ask for a password alone until `offer`."""
        super().__init__()
        self._ops, self._set_up = ops, set_up
        self._provider = self._address = self._page = ""
        self._missing = ""
        self._must_type, self._has_choice = True, False
        self._cancelled = Event()
        self.grant: object | None = None
        self.by_page, self.by_password = QRadioButton(), QRadioButton("With a passwo&rd")
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.returnPressed.connect(self.submitted)
        self.hint = plain("", Role.DIM, wraps=True)
        self.page_button = QPushButton()
        self.sign_in_button, self.cancel_button = QPushButton(), QPushButton("Sto&p waiting")
        self.url = CopyField("Address of the sign-in page")
        self.client_id, self.client_secret = QLineEdit(), QLineEdit()
        self.client_button = QPushButton("Use this id")
        self.own_client_button = QPushButton("Use a client id of my own…")
        self._shows_client = False
        self.message = Message()
        self._lay_out()
        for button, slot in (
            (self.page_button, self._on_page),
            (self.sign_in_button, self._on_sign_in),
            (self.cancel_button, self.cancel),
            (self.client_button, self._on_client),
            (self.own_client_button, self._on_own_client),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(slot)
        self.by_page.toggled.connect(self._show)
        self.offer("")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.by_page)
        column.addWidget(self.by_password)
        self._password_label = form_label("&Password", self.password)
        row = QFormLayout()
        row.setHorizontalSpacing(16)
        row.addRow(self._password_label, self.password)
        column.addLayout(row)
        column.addWidget(self.hint)
        self.page_button.setProperty("kind", "link")
        column.addWidget(self.page_button)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.sign_in_button)
        buttons.addWidget(self.cancel_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self._client = QWidget()
        form = QFormLayout(self._client)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        self._no_client = plain("", Role.DIM, wraps=True)
        self.client_secret.setPlaceholderText("Where the provider gives one with it")
        form.addRow(self._no_client)
        form.addRow(form_label("Client id", self.client_id), self.client_id)
        form.addRow(form_label("Client secret", self.client_secret), self.client_secret)
        kept = QHBoxLayout()
        kept.addWidget(self.client_button)
        kept.addStretch(1)
        form.addRow("", kept)
        self.own_client_button.setProperty("kind", "link")
        column.addWidget(self.own_client_button)
        column.addWidget(self._client)
        column.addWidget(self.url)
        column.addWidget(self.message)

    def offer(
        self,
        address: str,
        *,
        provider: str = "",
        takes_password: bool = True,
        prefers_page: bool = True,
        note: str = "",
        page: str = "",
        must_type: bool = True,
        placeholder: str = "",
    ) -> None:
        """Say what the account takes; `must_type` is false where a secret is held already and may stay."""
        self.cancel()
        self._address, self._provider, self._page = address, provider, page
        self._must_type = must_type
        self.grant = None
        self.password.clear()
        self.password.setPlaceholderText(placeholder)
        self.hint.setText(note)
        is_app = is_app_password(note)
        self.page_button.setText("Open the page for app passwords…" if is_app else "Open the page that tells more…")
        name = PROVIDER_NAMES.get(provider, provider)
        self.by_page.setText(f"In the bro&wser, at {name}")
        self.sign_in_button.setText(f"Si&gn in with {name}…" if must_type else f"Si&gn in again with {name}…")
        self._has_choice = bool(provider) and takes_password
        self.by_page.setChecked(bool(provider) and (prefers_page or not takes_password))
        self.by_password.setChecked(not self.by_page.isChecked())
        self._missing = ""
        self._shows_client = False
        self.message.clear()
        self._show()
        if provider:
            self._ops.run(self, lambda: self._set_up.client(provider), self._on_client_read, self._on_failed)

    @property
    def auth(self) -> Auth:
        """How the user signs in."""
        return Auth.OAUTH2 if self._provider and self.by_page.isChecked() else Auth.PASSWORD

    @property
    def provider(self) -> str:
        """The key of the provider whose page signs in, empty for a password."""
        return self._provider if self.auth is Auth.OAUTH2 else ""

    def check(self) -> None:
        """Raise Malformed where nothing was given that could sign in."""
        if not self._must_type or self.grant is not None:
            return
        if self.auth is Auth.OAUTH2:
            name = PROVIDER_NAMES.get(self._provider, self._provider)
            raise Malformed("You have not signed in yet.", f"Press “Sign in with {name}”.")
        if not self.password.text():
            raise Malformed("The password is missing.", "Many providers give out an app password for this.")

    def focus_first(self) -> None:
        """Give the keyboard to what is to be done."""
        (self.sign_in_button if self.auth is Auth.OAUTH2 else self.password).setFocus()

    @Slot()
    def _show(self) -> None:
        by_page = self.auth is Auth.OAUTH2
        for choice in (self.by_page, self.by_password):
            choice.setVisible(self._has_choice)
        self._password_label.setVisible(not by_page)
        self.password.setVisible(not by_page)
        self.hint.setVisible(not by_page and bool(self.hint.text()))
        self.page_button.setVisible(not by_page and bool(self._page))
        self.sign_in_button.setVisible(by_page)
        self.cancel_button.hide()
        self.url.hide()
        self._show_client()

    # The browser

    def _on_client_read(self, client: OAuthClient) -> None:
        self._missing = client.missing
        self.client_id.setText(client.client_id)
        self.client_secret.setText(client.client_secret)
        self._no_client.setText(client.missing)
        self._show_client()

    def _show_client(self) -> None:
        by_page = self.auth is Auth.OAUTH2
        self._client.setVisible(by_page and (bool(self._missing) or self._shows_client))
        self._no_client.setVisible(bool(self._missing))
        self.own_client_button.setVisible(by_page and not self._missing and not self._shows_client)
        self.sign_in_button.setEnabled(not self._missing)

    @Slot()
    def _on_own_client(self) -> None:
        self._shows_client = True
        self._show_client()
        self.client_id.setFocus()

    @Slot()
    def _on_client(self) -> None:
        client = OAuthClient(client_id=self.client_id.text().strip(), client_secret=self.client_secret.text().strip())
        if not client.client_id:
            self.message.show_bad("The client id is missing. The provider shows it where you created it.")
            return
        provider = self._provider
        self.message.clear()

        def work() -> OAuthClient:
            self._set_up.save_client(provider, client)
            return self._set_up.client(provider)

        def done(kept: OAuthClient) -> None:
            self._shows_client = False
            self._on_client_read(kept)
            self.focus_first()

        self._ops.run(self, work, done, self._on_failed)

    @Slot()
    def _on_sign_in(self) -> None:
        self.grant = None
        self._cancelled = cancelled = Event()
        provider, address = self._provider, self._address
        show_url = self._ops.on_main(self, self._on_url)
        self.message.show_busy("Opening your browser…")
        self.sign_in_button.setEnabled(False)
        self.cancel_button.show()

        def done(grant: object) -> None:
            if not cancelled.is_set():
                self._on_signed_in(grant)

        def failed(trouble: Trouble) -> None:
            if not cancelled.is_set():
                self._end_waiting()
                self.message.show_trouble(trouble)

        def work() -> object:
            return self._set_up.sign_in(provider, address, show_url, cancelled)

        self._ops.run(self, work, done, failed)

    def _on_url(self, url: str) -> None:
        if self._cancelled.is_set():
            return
        self.url.set_value(url)
        self.url.show()
        if self._set_up.open_url(url):
            self.message.show_busy("Sign in on the page in your browser, then come back here.")
        else:
            self.message.show_busy("No browser opened. Copy the address above into one, and sign in there.")

    def _on_signed_in(self, grant: object) -> None:
        self._end_waiting()
        self.grant = grant
        self.message.show_good("Signed in. Readback never saw your password.")
        self.submitted.emit()

    def _end_waiting(self) -> None:
        self.sign_in_button.setEnabled(True)
        self.cancel_button.hide()
        self.url.hide()

    @Slot()
    def cancel(self) -> None:
        """Wait for the browser no longer."""
        was_waiting = self.cancel_button.isVisibleTo(self)
        self._cancelled.set()
        self._end_waiting()
        if was_waiting:
            self.message.show_note("Not signed in.")

    @Slot()
    def _on_page(self) -> None:
        if not self._set_up.open_url(self._page):
            self.message.show_note(f"No browser opened. The page is {self._page}")

    def _on_failed(self, trouble: Trouble) -> None:
        self.message.show_trouble(trouble)
