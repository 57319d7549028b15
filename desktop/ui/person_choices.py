"""What holds for one person apart from everybody else: their own policy, when to ask, and where they are.

Each choice holds at once.  Telling instead of asking is refused where it is not offered.
"""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from desktop.core.errors import Malformed, Trouble
from desktop.core.grounds import AskWhen, Policy
from desktop.core.tell_countries import NOT_OFFERED
from desktop.store.people import PersonRow
from desktop.ui import consent_words
from desktop.ui.forms import Choice, Message, form_label, has_keyboard, line_up
from desktop.ui.knowing_choice import check_telling, fill_countries
from desktop.ui.labels import Card, Role, plain

_LEAST_SHOWN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChoice:
    """What the user chose for one person; None means as the account says, an empty country that it is not entered."""

    policy: Policy | None
    ask_when: AskWhen | None
    country: str


class PersonChoices(Card):
    """Three choices; `chosen` carries a PersonChoice, `own_country_chosen` where the user is, which telling needs."""

    chosen = Signal(object)
    own_country_chosen = Signal(str)

    def __init__(self) -> None:
        """Blank until `show_person`."""
        super().__init__()
        self.policy, self.ask_when, self.country = Choice(), Choice(), Choice()
        self.own_country = Choice()
        # What was just refused, and what stands in the way as things are.
        self.message, self.hindrance = Message(), Message(is_state=True)
        self._stood: PersonChoice | None = None
        for choice, none, texts in (
            (self.policy, consent_words.AS_ACCOUNT, consent_words.POLICIES),
            (self.ask_when, consent_words.AS_ACCOUNT, consent_words.ASK_WHEN),
        ):
            choice.addItem(none, None)
            for member, text in texts.items():
                choice.addItem(text, member)
        fill_countries(self.country, consent_words.COUNTRY_BY_ADDRESS)
        fill_countries(self.own_country, "Choose…")
        for choice in (self.policy, self.ask_when, self.country, self.own_country):
            # Else the longest name of a country would widen the whole page.
            choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            choice.setMinimumContentsLength(_LEAST_SHOWN)
        for choice in (self.policy, self.ask_when, self.country):
            choice.activated.connect(self._on_chosen)
        self.own_country.activated.connect(self._on_own_country)
        self._lay_out()
        self.show_hindrance(None, lacks_country=False)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addWidget(plain("For this person", Role.HEADING))
        form = QFormLayout()
        form.setHorizontalSpacing(22)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(form_label("Opens and links", self.policy), self.policy)
        form.addRow(form_label("Ask them", self.ask_when), self.ask_when)
        form.addRow(form_label("They are &in", self.country), self.country)
        column.addLayout(form)
        column.addWidget(self.message)
        column.addWidget(self.hindrance)
        self._own = QWidget()
        own = QFormLayout(self._own)
        own.setContentsMargins(0, 0, 0, 0)
        own.setHorizontalSpacing(22)
        own.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        own.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        own.addRow(form_label("You are in", self.own_country), self.own_country)
        column.addWidget(self._own)
        line_up(self)

    def show_person(self, row: PersonRow) -> None:
        """Show what holds for a person."""
        self.message.clear()
        self._stood = PersonChoice(policy=row.policy, ask_when=row.ask_when, country=row.country)
        self._fill(self._stood)

    def show_hindrance(self, trouble: Trouble | None, *, lacks_country: bool) -> None:
        """Say why they are not told though they are to be; the user's own country can be chosen where it lacks."""
        if trouble is None:
            self.hindrance.clear()
        else:
            self.hindrance.show_trouble(trouble)
        self.own_country.setCurrentIndex(0)
        if not lacks_country and has_keyboard(self.own_country):
            self.country.setFocus()
        self._own.setVisible(lacks_country)

    @Slot()
    def _on_own_country(self) -> None:
        country, name = str(self.own_country.currentData()), self.own_country.currentText()
        if not country:
            return
        try:
            check_telling(country, name)
        except Malformed as trouble:
            self.message.show_trouble(trouble)
            self.own_country.setCurrentIndex(0)
            return
        self.message.clear()
        self.own_country_chosen.emit(country)

    def _fill(self, choice: PersonChoice) -> None:
        for box, member in ((self.policy, choice.policy), (self.ask_when, choice.ask_when)):
            box.setCurrentIndex(next((at for at in range(box.count()) if box.itemData(at) == member), 0))
        self.country.setCurrentIndex(max(self.country.findData(choice.country), 0))

    @Slot()
    def _on_chosen(self) -> None:
        policy, when = self.policy.currentData(), self.ask_when.currentData()
        choice = PersonChoice(
            policy=None if policy is None else Policy(policy),
            ask_when=None if when is None else AskWhen(when),
            country=str(self.country.currentData()),
        )
        if choice.policy is Policy.TELL and choice.country in NOT_OFFERED:
            name = self.country.currentText()
            refusal = Malformed(f"Telling is not offered for people in {name}.", "They can be asked.")
            self.message.show_trouble(refusal)
            if self._stood is not None:
                self._fill(self._stood)
            return
        self.message.clear()
        self.chosen.emit(choice)
