"""The fields of one server: name, encryption, port and the name to sign in with."""

from typing import Final

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit

from desktop.core.errors import Malformed
from desktop.store.accounts import Security
from desktop.ui.forms import Choice, PortField, form_label

_SECURITIES: Final = {Security.TLS: "TLS from the start", Security.STARTTLS: "STARTTLS, required"}


class ServerFields(QObject):
    """Rows for a form; `edited` says that the user wrote words of their own into one."""

    edited = Signal()

    def __init__(
        self,
        kind: str,
        ports: dict[Security, int],
        parent: QObject,
        *,
        example: str,
        user_hint: str,
        keys: tuple[str, ...],
    ) -> None:
        """`kind` is "outgoing" or "incoming"; `keys` are the four labels, each with its mnemonic, if any."""
        super().__init__(parent)
        self._ports, self._kind = ports, kind
        self.host, self.user = QLineEdit(), QLineEdit()
        self.host.setPlaceholderText(example)
        self.user.setPlaceholderText(user_hint)
        self.security, self.port = Choice(), PortField(1)
        for security, text in _SECURITIES.items():
            self.security.addItem(text, security)
        for field, name in (
            (self.host, "server"),
            (self.user, "user name"),
            (self.security, "encryption"),
            (self.port, "port"),
        ):
            field.setAccessibleName(f"{kind.capitalize()} {name}")
        self._labels = [
            form_label(keys[0], self.host),
            form_label(keys[1], self.security),
            form_label(keys[2], self.port),
            form_label(keys[3], self.user),
        ]
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.security, 1)
        row.addWidget(self._labels[2])
        row.addWidget(self.port)
        self._row = row
        self.port.set_value(ports[Security.TLS])
        self.host.textEdited.connect(self.edited)
        self.user.textEdited.connect(self.edited)
        self.security.currentIndexChanged.connect(self._on_security)

    def add_to(self, form: QFormLayout) -> None:
        """Put the rows into a form."""
        form.addRow(self._labels[0], self.host)
        form.addRow(self._labels[1], self._row)
        form.addRow(self._labels[3], self.user)

    def set_shown(self, is_shown: bool) -> None:
        """Show or hide all rows."""
        for widget in (*self._labels, self.host, self.security, self.port, self.user):
            widget.setVisible(is_shown)

    def fill(self, *, host: str, security: Security, port: int, user: str) -> None:
        """Let these be the values."""
        self.host.setText(host)
        self.user.setText(user)
        self.security.setCurrentIndex(self.security.findData(security))
        self.port.set_value(port)

    def usual_port(self, security: Security) -> int:
        """Return the port that goes with an encryption."""
        return self._ports[security]

    def value(self) -> tuple[str, Security, int, str]:
        """Return host, encryption, port and user; raise Malformed with the field's name and what helps."""
        return (
            checked_host(self.host.text().strip(), self._kind),
            Security(self.security.currentData()),
            self.port.value(),
            self.user.text().strip(),
        )

    @Slot()
    def _on_security(self) -> None:
        if self.port.text() in {str(port) for port in self._ports.values()}:
            self.port.set_value(self._ports[Security(self.security.currentData())])


_CALLED: Final = {"outgoing": "“outgoing server” or “SMTP”", "incoming": "“incoming server” or “IMAP”"}


def checked_host(text: str, kind: str) -> str:
    """Return a server's name; raise Malformed where it is none."""
    if not text:
        raise Malformed(f"The {kind} server's name is missing.", f"Your provider calls it {_CALLED[kind]}.")
    if not all(sign.isalnum() or sign in "-.:[]" for sign in text):
        raise Malformed("This is not a server's name.", "Write it as mail.example.com.")
    return text
