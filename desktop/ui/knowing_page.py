"""The last step of adding an account: what the user would like to know; unanswered, nobody is asked."""

from dataclasses import replace

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.store.accounts import AccountRow
from desktop.ui import consent_words
from desktop.ui.forms import Message, line_up
from desktop.ui.knowing_choice import KnowingChoice
from desktop.ui.labels import Role, plain


class KnowingPage(QWidget):
    """The question about an account that was just saved."""

    def __init__(self) -> None:
        """Blank until `show_account`."""
        super().__init__()
        self._row: AccountRow | None = None
        self.choice = KnowingChoice(is_first=True)
        self.message = Message()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.choice)
        column.addWidget(plain(consent_words.LATER, Role.SMALL, wraps=True))
        column.addWidget(self.message)
        column.addStretch(1)
        self.choice.changed.connect(self.message.mend)
        line_up(self)

    def focus_first(self) -> None:
        """Give the keyboard to the answer that is chosen."""
        next(button for button in self.choice.asking.values() if button.isChecked()).setFocus()

    def show_account(self, row: AccountRow) -> None:
        """Ask for this account; nothing is said of an answer that is only being asked for."""
        self._row = row
        self.choice.fill(row)
        self.choice.unanswered.clear()

    def answer(self) -> AccountRow | None:
        """Return the account with the answer, None before there is one; raise Malformed."""
        return None if self._row is None else replace(self.choice.applied(self._row), is_policy_chosen=True)
