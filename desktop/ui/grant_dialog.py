"""The form in which the user records what a person allowed, and how that is known.

Reading time and place have boxes of their own, off until they are ticked, and stand beside what they are known from:
place beside opens or links, reading time beside both.  A permission that stands is shown as it stands, so that changing
one thing of it keeps the rest; what a person ticked on their page can be narrowed here, and never widened.
"""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from desktop.core.address import normalised
from desktop.core.errors import Malformed, Trouble
from desktop.core.permission import Method, Permission, Standing
from desktop.ui import consent_words, words
from desktop.ui.forms import ButtonRow, Message, filled_address, form_label
from desktop.ui.labels import PlainLabel, Role, plain
from desktop.ui.where_words import PLACE_ALLOWED, PLACE_NEEDS
from relay.wire.purpose import Purpose

# Where the text of a box begins.
_UNDER_BOX: Final = 27


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A permission as the form holds it."""

    address: str
    name: str
    purposes: frozenset[Purpose]
    method: Method
    evidence: str


class GrantDialog(QDialog):
    """Asks for a Grant; `submitted` carries it, and the dialog stays until it is accepted from outside."""

    submitted = Signal(object)

    def __init__(
        self, parent: QWidget, *, address: str = "", name: str = "", standing: Permission | None = None
    ) -> None:
        """Prefill what is known, and what stands; a known address is not to be edited."""
        super().__init__(parent)
        self._is_change = standing is not None and standing.standing is Standing.GRANTED
        self._stood = standing if self._is_change else None
        self.setWindowTitle("Change permission" if self._is_change else "Record permission")
        self.setMinimumWidth(440)
        self._address = QLineEdit(address)
        self._address.setReadOnly(bool(address))
        self._address.setPlaceholderText("name@example.com")
        self._name = QLineEdit(name)
        self._opens, self._clicks = QCheckBox("see when they &open my mail"), QCheckBox("see when they use its &links")
        self._reading = QCheckBox("see about how long they rea&d")
        self._reading_hint = plain(consent_words.READING_NEEDS, Role.SMALL, wraps=True)
        self._place = QCheckBox("see roughly &where, and on what device")
        self._place_hint = plain(PLACE_NEEDS, Role.SMALL, wraps=True)
        self._method = QComboBox()
        for method in Method:
            # What was pressed on the page comes from there alone: the user cannot record it.
            if method is not Method.PAGE:
                self._method.addItem(words.METHODS[method], method)
        self._evidence = QPlainTextEdit()
        self._evidence.setPlaceholderText("When and where, in your own words: “On the phone, 3 May, after the demo”")
        self._evidence.setTabChangesFocus(True)
        self._evidence.setMaximumHeight(76)
        self._message = Message()
        self._lay_out()
        if self._stood is not None:
            self._fill(self._stood)
        for box in self._boxes().values():
            box.clicked.connect(self._on_purpose)
            box.clicked.connect(self._message.mend)
        self._address.textEdited.connect(self._message.mend)
        self._evidence.textChanged.connect(self._message.mend)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(14)
        heading = "Change what is recorded of them" if self._is_change else "Record what they allowed"
        column.addWidget(plain(heading, Role.HEADING))
        note = (
            "Only what a person really agreed to. Each mail to them says so openly, with your date and a link to stop."
        )
        column.addWidget(plain(note, Role.DIM, wraps=True))
        if self._is_of_page:
            column.addWidget(plain(consent_words.ONLY_NARROWER, Role.DIM, wraps=True))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(9)
        form.addRow(form_label("&Address", self._address), self._address)
        form.addRow(form_label("&Name", self._name), self._name)
        boxes = QVBoxLayout()
        boxes.addWidget(self._opens)
        boxes.addWidget(self._clicks)
        for beside, under in ((self._reading, self._reading_hint), (self._place, self._place_hint)):
            boxes.addWidget(beside)
            hint = QHBoxLayout()
            hint.setContentsMargins(_UNDER_BOX, 0, 0, 0)
            hint.addWidget(under)
            boxes.addLayout(hint)
        for box in (self._opens, self._clicks):
            box.toggled.connect(self._on_seen)
        self._on_seen()
        form.addRow(form_label("I may", self._opens), boxes)
        form.addRow(form_label("&How", self._method), self._method)
        form.addRow(form_label("&Evidence", self._evidence), self._evidence)
        column.addLayout(form)
        column.addWidget(self._message)
        buttons = ButtonRow()
        self._record = buttons.primary("&Record")
        self._record.clicked.connect(self._on_record)
        buttons.plain("Cancel").clicked.connect(self.reject)
        column.addWidget(buttons)
        for field, name in ((self._address, "Address"), (self._name, "Name"), (self._evidence, "Evidence")):
            field.setAccessibleName(name)
        self._method.setAccessibleName("How they allowed it")
        (self._name if self._address.isReadOnly() else self._address).setFocus()

    def _fill(self, standing: Permission) -> None:
        """Show what stands; opens and links first, for place stands beside them."""
        for purpose, box in self._boxes().items():
            box.setChecked(purpose in standing.purposes)
        self._method.setCurrentIndex(max(self._method.findData(standing.method), 0))
        # What the page gave is its own evidence; what the user records now is known to them in another way.
        self._evidence.setPlainText("" if standing.method is Method.PAGE else standing.evidence)

    @property
    def _is_of_page(self) -> bool:
        """Whether what stands is what the person themselves ticked."""
        return self._stood is not None and self._stood.method is Method.PAGE

    def _may_tick(self, purpose: Purpose) -> bool:
        return self._stood is None or not self._is_of_page or purpose in self._stood.purposes

    @Slot()
    def _on_purpose(self) -> None:
        """Let go of the evidence of what stood: it is of other purposes."""
        stood = self._stood
        if stood is not None and self._evidence.toPlainText() == stood.evidence and self._purposes() != stood.purposes:
            self._evidence.clear()

    def _purposes(self) -> frozenset[Purpose]:
        return frozenset(purpose for purpose, box in self._boxes().items() if box.isChecked())

    def _boxes(self) -> dict[Purpose, QCheckBox]:
        return {
            Purpose.OPENS: self._opens,
            Purpose.CLICKS: self._clicks,
            Purpose.READING: self._reading,
            Purpose.PLACE: self._place,
        }

    @Slot()
    def _on_seen(self) -> None:
        """Offer what stands beside opens and links, and take it back with them: by itself it would be nothing."""
        opens, links = self._opens.isChecked(), self._clicks.isChecked()
        for box, purpose in ((self._opens, Purpose.OPENS), (self._clicks, Purpose.CLICKS)):
            box.setEnabled(self._may_tick(purpose))
        place, reading = opens or links, opens and links
        for box, hint, text, purpose, is_on in (
            (self._place, self._place_hint, PLACE_ALLOWED if place else PLACE_NEEDS, Purpose.PLACE, place),
            (
                self._reading,
                self._reading_hint,
                consent_words.READING_ALLOWED if reading else consent_words.READING_NEEDS,
                Purpose.READING,
                reading,
            ),
        ):
            may = self._may_tick(purpose)
            _offer(box, hint, text if may else consent_words.NOT_TICKED, is_on=is_on and may)

    @Slot()
    def _on_record(self) -> None:
        purposes = self._purposes()
        evidence = self._evidence.toPlainText().strip()
        try:
            address = normalised(filled_address(self._address.text()))
        except Malformed as trouble:
            self._message.show_trouble(trouble)
            self._address.setFocus()
            return
        if not purposes:
            self._message.show_bad("Choose at least one thing they allowed.")
            self._opens.setFocus()
        elif not evidence:
            self._message.show_bad("Say in a few words how you know.")
            self._evidence.setFocus()
        else:
            name, method = self._name.text().strip(), Method(self._method.currentData())
            self._message.clear()
            self._record.setEnabled(False)
            grant = Grant(address=address, name=name, purposes=purposes, method=method, evidence=evidence)
            self.submitted.emit(grant)

    def refuse(self, trouble: Trouble) -> None:
        """Say why it could not be recorded, with everything typed still there."""
        self._record.setEnabled(True)
        self._message.show_trouble(trouble)


def _offer(box: QCheckBox, hint: PlainLabel, text: str, *, is_on: bool) -> None:
    box.setEnabled(is_on)
    if not is_on:
        box.setChecked(False)
    hint.setText(text)
    box.setAccessibleDescription(text)
