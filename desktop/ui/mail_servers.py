"""The servers of an account as a form: where mail is handed in, and where it is fetched, if it is."""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.store.accounts import AccountRow, Security
from desktop.ui.forms import form_label
from desktop.ui.labels import Role, plain
from desktop.ui.server_fields import ServerFields

_OUTGOING_PORTS: Final = {Security.TLS: 465, Security.STARTTLS: 587}
_INCOMING_PORTS: Final = {Security.TLS: 993, Security.STARTTLS: 143}


class AuthorityField(QWidget):
    """The file of a certificate authority besides the system's: a company's own, or that of Proton Mail Bridge."""

    def __init__(self) -> None:
        """Start empty: only the system's authorities are trusted."""
        super().__init__()
        self.path = QLineEdit()
        self.path.setPlaceholderText("The system's alone; else a PEM file")
        self.choose_button, self.clear_button = QPushButton("Choose…"), QPushButton("Clear")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.path, 1)
        for button, slot in ((self.choose_button, self._on_choose), (self.clear_button, self.path.clear)):
            button.setAutoDefault(False)
            button.setAccessibleName(f"{button.text().rstrip('…')} certificate authority")
            button.clicked.connect(slot)
            row.addWidget(button)
        self.path.textChanged.connect(self._on_changed)
        self.clear_button.hide()

    @Slot()
    def _on_choose(self) -> None:
        kinds = "Certificates (*.pem *.crt *.cer);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Certificate authority", "", kinds)
        if path:
            self.path.setText(path)

    @Slot(str)
    def _on_changed(self, text: str) -> None:
        self.clear_button.setVisible(bool(text))


class MailServers(QWidget):
    """Two groups of fields; the address fills them until the user wrote words of their own."""

    edited = Signal()

    def __init__(self) -> None:
        """Propose reading incoming mail: most of what Readback tells comes from there."""
        super().__init__()
        self._is_guess = True
        self.reads = QCheckBox("Read incoming mail here: replies, automatic answers, bounces")
        self.incoming = ServerFields(
            "incoming",
            _INCOMING_PORTS,
            self,
            example="imap.example.com",
            user_hint="As for outgoing mail",
            keys=("Incoming server", "Encryption", "Port", "User name"),
        )
        self.outgoing = ServerFields(
            "outgoing",
            _OUTGOING_PORTS,
            self,
            example="smtp.example.com",
            user_hint="Often your address",
            keys=("Outgoing server", "Encryption", "Port", "User name"),
        )
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(plain("Mail that comes in (IMAP)", Role.STRONG))
        form.addRow(self.reads)
        self.incoming.add_to(form)
        form.addRow(plain("Mail that goes out (SMTP)", Role.STRONG))
        self.outgoing.add_to(form)
        self.authority = AuthorityField()
        form.addRow(form_label("Certificate authority", self.authority.path), self.authority)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(form)
        self.reads.toggled.connect(self._on_reads)
        self.reads.setChecked(True)
        for fields in (self.incoming, self.outgoing):
            fields.edited.connect(self._on_own_words)

    @Slot(bool)
    def _on_reads(self, is_on: bool) -> None:
        self.incoming.set_shown(is_on)

    @Slot()
    def _on_own_words(self) -> None:
        self._is_guess = False
        self.edited.emit()

    def guess(self, address: str) -> None:
        """Fill in what is usual for an address, unless the user has words of their own."""
        if not self._is_guess:
            return
        domain = address.rpartition("@")[2] if "@" in address else ""
        self.incoming.host.setText(f"imap.{domain}" if domain else "")
        self.outgoing.host.setText(f"smtp.{domain}" if domain else "")
        self.outgoing.user.setText(address)

    def fill(self, row: AccountRow | None) -> None:
        """Show an account's servers, or none."""
        self._is_guess = row is None
        self.reads.setChecked(row is None or bool(row.imap_host))
        self.incoming.fill(
            host=row.imap_host if row else "",
            security=row.imap_security if row else Security.TLS,
            port=row.imap_port if row else _INCOMING_PORTS[Security.TLS],
            user=row.imap_user if row else "",
        )
        self.authority.path.setText(row.ca_file or "" if row else "")
        self.outgoing.fill(
            host=row.host if row else "",
            security=row.security if row else Security.TLS,
            port=row.port if row else _OUTGOING_PORTS[Security.TLS],
            user=row.user if row else "",
        )

    def applied(self, row: AccountRow) -> AccountRow:
        """Return `row` with the servers as they stand here; raise Malformed."""
        host, security, port, user = self.outgoing.value()
        ca_file = self.authority.path.text().strip() or None
        row = replace(row, host=host, security=security, port=port, user=user, ca_file=ca_file)
        if not self.reads.isChecked():
            return replace(row, imap_host="", imap_user="")
        host, security, port, user = self.incoming.value()
        same = "" if user == row.user else user
        return replace(row, imap_host=host, imap_security=security, imap_port=port, imap_user=same)
