"""Where a secret is kept: the system's keyring, a file, or this session only; each with what it means."""

from typing import Final

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from desktop.core.keep import Keep
from desktop.ui.labels import Role, plain

_HINTS: Final = {
    Keep.KEYRING: "",
    Keep.FILE: "The file is not encrypted: whoever can act as you on this computer can read it.",
    Keep.SESSION: "You enter it again at each start, and your mail program gets a new password each time.",
}
_NO_KEYRING: Final = "This system has no keyring that answers. Install one, such as gnome-keyring."


class KeepChoice(QWidget):
    """Three choices and a hint below them."""

    def __init__(self) -> None:
        """Propose the keyring until `set_places` knows better."""
        super().__init__()
        self.keyring, self.file = QRadioButton("the system's &keyring"), QRadioButton("a &file only I can read")
        self.session = QRadioButton("th&is session only")
        self._places = {Keep.KEYRING: self.keyring, Keep.FILE: self.file, Keep.SESSION: self.session}
        self.hint = plain("", Role.DIM, wraps=True)
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for button in self._places.values():
            self._group.addButton(button)
            button.toggled.connect(self._show_hint)
            column.addWidget(button)
        column.addWidget(self.hint)
        self.keyring.setChecked(True)

    def chosen(self) -> Keep:
        """Return the place that is chosen."""
        return next(place for place, button in self._places.items() if button.isChecked())

    def set_places(self, *, has_keyring: bool, kept_in: Keep) -> None:
        """Say whether a keyring answers, and where secrets are kept so far."""
        self.keyring.setEnabled(has_keyring)
        self._places[Keep.SESSION if kept_in is Keep.KEYRING and not has_keyring else kept_in].setChecked(True)
        self.keyring.setToolTip("" if has_keyring else _NO_KEYRING)
        self._show_hint()

    @Slot()
    def _show_hint(self) -> None:
        lines = [] if self.keyring.isEnabled() else ["No keyring can be used here."]
        lines.append(_HINTS[self.chosen()])
        self.hint.setText(" ".join(lines).strip())
        self.hint.setVisible(bool(self.hint.text()))
