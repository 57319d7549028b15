"""The settings of what mail says about itself: one sentence at a time, shown as it will read while it is typed.

What cannot be saved is said in words as soon as it is typed, and the button stays shut.  What is typed and not saved
waits while another sentence is shown.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from desktop.core.errors import Malformed, Trouble
from desktop.core.wordings import Wording, WordingKind, default_wording, parse_wording, setting_of
from desktop.settings import local_now
from desktop.store import settings
from desktop.store.accounts import accounts
from desktop.store.database import Store
from desktop.ui import consent_words, privacy_words
from desktop.ui.forms import Choice, Message, form_label, has_keyboard, line_up
from desktop.ui.labels import Card, Role, plain
from desktop.ui.ops import Ops
from desktop.ui.wording_preview import WordingPreview, preview_line
from relay.wire.language import Language

_NOBODY: Final = "Your name"


def _can_be_said(kind: WordingKind, text: str) -> bool:
    """Return whether mail says it so: words from before a rule there is now give way to the product's."""
    try:
        parse_wording(kind, text)
    except Malformed:
        return False
    return True


class WordingPage(QWidget):
    """Which sentence, in which language, and its text."""

    def __init__(self, store: Store, ops: Ops, now: Callable[[], datetime]) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._store, self._ops, self._now = store, ops, now
        self._sender, self._own = _NOBODY, ""
        self._drafts: dict[tuple[WordingKind, Language], str] = {}
        self._shown_as: tuple[WordingKind, Language] | None = None
        self.kind, self.language = Choice(), Choice()
        for kind, text in privacy_words.WORDING_KINDS.items():
            self.kind.addItem(text, kind)
        for language, name in consent_words.LANGUAGES.items():
            self.language.addItem(name, language)
        self.text = QPlainTextEdit()
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(86)
        self.preview = WordingPreview()
        self.whose = plain("", Role.SMALL, wraps=True)
        self.wrong, self.message = Message(), Message()
        self.save_button, self.own_button = QPushButton("&Save"), QPushButton("Use &Readback's own words")
        self._lay_out()
        for choice in (self.kind, self.language):
            choice.activated.connect(self._on_which)
        self.text.textChanged.connect(self._on_typed)
        self.save_button.clicked.connect(self._on_save)
        self.own_button.clicked.connect(self._on_own)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain("Wording", Role.HEADING))
        column.addWidget(plain(privacy_words.WORDING_ABOUT, Role.DIM, wraps=True))
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(form_label("&Which", self.kind), self.kind)
        form.addRow(form_label("&Language", self.language), self.language)
        form.addRow(form_label("&Text", self.text), self.text)
        column.addLayout(form)
        column.addWidget(self.wrong)
        column.addWidget(self._preview_card())
        column.addWidget(self.whose)
        column.addWidget(self.message)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.own_button)
        buttons.addStretch(1)
        buttons.addWidget(self.save_button)
        self.save_button.setProperty("kind", "primary")
        for button in (self.own_button, self.save_button):
            button.setAutoDefault(False)
        column.addLayout(buttons)
        column.addStretch(1)
        line_up(self)

    def _preview_card(self) -> Card:
        card = Card()
        inside = QVBoxLayout(card)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(4)
        inside.addWidget(plain(privacy_words.PREVIEW, Role.SMALL))
        inside.addWidget(self.preview)
        self.preview.setAccessibleName(privacy_words.PREVIEW)
        return card

    @Slot()
    def reload(self) -> None:
        """Read whose name a mail would bear, and the sentence that is chosen."""
        self._read()

    def forget(self) -> None:
        """Say nothing any more of what was saved."""
        self.message.clear()

    @property
    def chosen(self) -> tuple[WordingKind, Language]:
        """Which sentence is shown."""
        return WordingKind(self.kind.currentData()), Language(self.language.currentData())

    def _read(self, said: str = "") -> None:
        kind, language = self.chosen

        def work() -> tuple[str, str]:
            rows = accounts(self._store)
            names = [each.identities[0].name or each.address for each in rows if each.identities]
            own = str(settings.get(self._store, setting_of(kind, language), ""))
            return names[0] if names else _NOBODY, own if _can_be_said(kind, own) else ""

        def done(read: tuple[str, str]) -> None:
            if (kind, language) == self.chosen:
                self._sender, self._own = read
                self._shown_as = self.chosen
                self._fill(said)

        self._ops.run(self, work, done, self.message.show_trouble)

    def _fill(self, said: str) -> None:
        self.text.setPlainText(self._drafts.get(self.chosen, self._stands()))
        self._on_typed()
        if said:
            self.message.show_good(said)

    def _stands(self) -> str:
        """Return what mail says now."""
        return self._own or default_wording(*self.chosen).text

    @Slot()
    def _on_which(self) -> None:
        self.forget()
        # What is typed from here until the other one is read belongs to neither.
        self._shown_as = None
        self._read()

    def _keep_draft(self) -> None:
        if self._shown_as != self.chosen:
            return
        typed = self.text.toPlainText()
        if typed == self._stands():
            self._drafts.pop(self.chosen, None)
        else:
            self._drafts[self.chosen] = typed

    def _say_whose(self) -> None:
        is_edited = self.chosen in self._drafts
        stands = privacy_words.READS_AS_OWN if self._own else privacy_words.READS_AS_BUILT_IN
        self.whose.setText(privacy_words.READS_AS_TYPED if is_edited else stands)
        can_leave = is_edited or bool(self._own)
        if not can_leave and has_keyboard(self.own_button):
            self.text.setFocus()
        self.own_button.setEnabled(can_leave)

    def _typed(self) -> Wording | None:
        try:
            wording = parse_wording(self.chosen[0], self.text.toPlainText())
        except Malformed as trouble:
            self.wrong.show_trouble(trouble)
            return None
        self.wrong.clear()
        return wording

    @Slot()
    def _on_typed(self) -> None:
        self._keep_draft()
        self._say_whose()
        wording, today = self._typed(), local_now(self._now()).date()
        self.save_button.setEnabled(wording is not None)
        line = None
        if wording is not None:
            line = preview_line(wording, self.chosen[1], sender=self._sender, today=today)
        self.preview.show_line(line)

    @Slot()
    def _on_save(self) -> None:
        wording = self._typed()
        if wording is not None:
            self._put(wording.text, "Saved. Mail from now on says it so.")

    @Slot()
    def _on_own(self) -> None:
        self._put("", "Readback's own words stand.")

    def _put(self, text: str, said: str) -> None:
        which = self.chosen

        def done(_: object) -> None:
            self._drafts.pop(which, None)
            self._read(said)

        self._ops.run(self, lambda: settings.put(self._store, setting_of(*which), text), done, self._on_failed)

    def _on_failed(self, trouble: Trouble) -> None:
        self.message.show_trouble(trouble)
