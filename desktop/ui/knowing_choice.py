"""What the user would like to know, as a form: whom to ask and when, or to tell, or nothing; and the "Got it" link.

The same form stands in the set-up and on an account's page.  Telling needs the sender's country, and is refused where
it is not offered.
"""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from desktop.core.errors import Malformed
from desktop.core.grounds import AskWhen, Policy
from desktop.core.tell_countries import is_offered
from desktop.core.workdays import countries
from desktop.store.accounts import AccountRow
from desktop.ui import consent_words
from desktop.ui.forms import Choice, DaysField, Message, form_label
from desktop.ui.labels import Role, plain
from relay.wire.language import Language

# Where the text of a box begins.
UNDER_BOX: Final = 27
# The relay takes a sign for so many days from the day in its token.
_LONGEST_SUNSET: Final = 90


class KnowingChoice(QWidget):
    """One account's answer; `changed` says that something of it was changed by hand."""

    changed = Signal()

    def __init__(self, *, is_first: bool) -> None:
        """Propose what is asked for most often: once, after they have answered; first, no number is asked for."""
        super().__init__()
        self.is_touched = False
        self.asking = {when: QRadioButton(text) for when, text in consent_words.ASKING.items()}
        self.telling, self.nothing = QRadioButton(consent_words.TELLING), QRadioButton(consent_words.NOTHING)
        self.country = Choice()
        self.language = Choice()
        self.confirms = QCheckBox(consent_words.CONFIRM)
        self.sunset_days = DaysField(1, _LONGEST_SUNSET, unit="days after sending")
        self.unanswered, self.unheard = Message(is_state=True), Message(is_state=True)
        self._is_first, self._is_country_needed = is_first, False
        self._country_row, self._telling_hint = QWidget(), hinted(consent_words.TELLING_HINT)
        self._fill_choices()
        self._lay_out(is_first=is_first)
        self._connect()
        self.asking[AskWhen.ANSWERED].setChecked(True)
        self.setFocusProxy(self.asking[AskWhen.ANSWERED])

    def _fill_choices(self) -> None:
        fill_countries(self.country, "Choose…")
        for language in Language:
            self.language.addItem(consent_words.LANGUAGES[language], language)

    def _lay_out(self, *, is_first: bool) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(plain(consent_words.WOULD_LIKE, Role.HEADING if is_first else Role.STRONG))
        column.addWidget(self.unanswered)
        column.addWidget(plain(consent_words.ALWAYS, Role.DIM, wraps=True))
        column.addSpacing(6)
        column.addWidget(plain(consent_words.IF_YES, Role.STRONG))
        for button in self.asking.values():
            column.addWidget(button)
        column.addWidget(self.unheard)
        column.addSpacing(4)
        column.addWidget(plain(consent_words.OTHERWISE, Role.STRONG))
        column.addWidget(self.telling)
        column.addWidget(self._telling_hint)
        column.addWidget(self._country_row)
        column.addWidget(self.nothing)
        column.addSpacing(6)
        column.addWidget(self.confirms)
        column.addWidget(hinted(consent_words.CONFIRM_HINT))
        column.addSpacing(6)
        column.addLayout(self._rows(is_first=is_first))
        own = QFormLayout(self._country_row)
        own.setContentsMargins(UNDER_BOX, 0, 0, 4)
        own.setHorizontalSpacing(16)
        own.addRow(form_label("Your country", self.country), self.country)

    def _rows(self, *, is_first: bool) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(form_label("Lang&uage", self.language), self.language)
        self.language.setToolTip(consent_words.LANGUAGE_HINT)
        self.language.setAccessibleDescription(consent_words.LANGUAGE_HINT)
        if not is_first:
            form.addRow(form_label("Signs count for", self.sunset_days), self.sunset_days)
        self.sunset_days.setToolTip(consent_words.SUNSET_HINT)
        return form

    def _connect(self) -> None:
        self._group = QButtonGroup(self)
        for button in (*self.asking.values(), self.telling, self.nothing):
            self._group.addButton(button)
            button.clicked.connect(self.changed)
        self.telling.toggled.connect(self._on_telling)
        self.changed.connect(self._on_changed)
        self.confirms.clicked.connect(self.changed)
        for choice in (self.country, self.language):
            choice.activated.connect(self.changed)
        self._on_telling()

    @Slot()
    def _on_changed(self) -> None:
        self.is_touched = True

    @Slot()
    def _on_telling(self) -> None:
        self._country_row.setVisible(self.telling.isChecked() or self._is_country_needed)

    def show_telling(self, *, is_anybody_told: bool) -> None:
        """Ask for the sender's country wherever somebody is to be told, be it one person alone."""
        self._is_country_needed = is_anybody_told
        self._on_telling()

    def _show_incoming(self, row: AccountRow) -> None:
        """Say where nobody is known to have answered; first, what cannot work is not offered."""
        has_incoming = bool(row.imap_host)
        after_answer = self.asking[AskWhen.ANSWERED]
        if has_incoming:
            self.unheard.clear()
        else:
            self.unheard.show_note(consent_words.NO_INCOMING)
        if self._is_first:
            after_answer.setEnabled(has_incoming)
            if not has_incoming and after_answer.isChecked():
                self.asking[AskWhen.NEVER].setChecked(True)

    def fill(self, row: AccountRow) -> None:
        """Show what holds for an account, and whether the user ever chose it."""
        chosen = {Policy.TELL: self.telling, Policy.OFF: self.nothing}.get(row.policy, self.asking[row.ask_when])
        chosen.setChecked(True)
        self.country.setCurrentIndex(max(self.country.findData(row.country), 0))
        self.language.setCurrentIndex(max(self.language.findData(row.language), 0))
        self.confirms.setChecked(row.adds_confirm)
        self.sunset_days.set_value(row.sunset_days)
        self.is_touched = False
        self._show_incoming(row)
        if row.is_policy_chosen:
            self.unanswered.clear()
        else:
            self.unanswered.show_note(consent_words.UNANSWERED)

    def applied(self, row: AccountRow) -> AccountRow:
        """Return the account with what is chosen here; raise Malformed where telling is not possible.

        A form that was only looked at is no answer.
        """
        asking = next((when for when, button in self.asking.items() if button.isChecked()), None)
        policy = Policy.ASK if asking is not None else Policy.TELL if self.telling.isChecked() else Policy.OFF
        country = str(self.country.currentData() or "")
        if policy is Policy.TELL:
            check_telling(country, self.country.currentText())
        return replace(
            row,
            policy=policy,
            ask_when=asking or row.ask_when,
            country=country,
            language=Language(self.language.currentData()),
            adds_confirm=self.confirms.isChecked(),
            sunset_days=self.sunset_days.value(),
            is_policy_chosen=row.is_policy_chosen or self.is_touched,
        )


def check_telling(country: str, name: str) -> None:
    """Raise Malformed where somebody in this country cannot tell instead of asking."""
    if not country:
        raise Malformed("Telling needs your country.", "Choose it, or ask people first.")
    if not is_offered(country):
        raise Malformed(f"Telling is not offered for senders in {name}.", "Ask people first, or choose nothing.")


def fill_countries(choice: Choice, none: str) -> None:
    """Offer every country by name, after a first line that stands for none."""
    choice.addItem(none, "")
    for code, name in countries():
        choice.addItem(name, code)


def hinted(text: str) -> QWidget:
    """Return a hint that stands below a box, where the box's text begins."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(UNDER_BOX, 0, 0, 0)
    row.addWidget(plain(text, Role.SMALL, wraps=True), 1, Qt.AlignmentFlag.AlignTop)
    return holder
