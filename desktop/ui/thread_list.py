"""The conversations, newest first, with a search above them.

The store sorts and filters on a worker; the list asks again when a change names a conversation, and once a minute
makes the ages anew.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from desktop.core.errors import Trouble
from desktop.core.status import Aside
from desktop.store.database import Store
from desktop.store.mail import ConversationCard, cards
from desktop.ui import glyphs, words
from desktop.ui.card_list import CardList
from desktop.ui.card_model import CardModel, CardText
from desktop.ui.empty import EmptyState
from desktop.ui.glyphs import Glyph
from desktop.ui.ops import Ops
from desktop.ui.reading import Reading
from desktop.ui.theme import Themes

_SEARCH_PAUSE_MS: Final = 150
_MINUTE_MS: Final = 60_000
_PAGE: Final = 500


def card_text(card: ConversationCard, now: datetime, *, has_relay: bool = True) -> CardText:
    """Return a conversation as its card shows it; without a relay no card says that its mail was not tracked."""
    asides = tuple(aside for aside in card.asides if has_relay or aside is not Aside.NOT_TRACKED)
    glyph = Glyph.UNCERTAIN if card.has_question else glyphs.glyph_of(card.rung, asides)
    status = words.status_line(card.rung, asides, returns_on=card.returns_on)
    return CardText(
        key=card.id,
        glyph=glyph,
        title=words.names_line(card.names) or "No recipient",
        corner=words.age(card.at, now),
        middle=words.one_line(card.subject) or "No subject",
        status=f"{status} · A question for you" if card.has_question else status,
    )


class ThreadList(QWidget):
    """Search field and cards; `chosen` carries a conversation's id, `emptied` whether there is none at all."""

    chosen = Signal(object)
    opened = Signal()
    emptied = Signal(object)
    failed = Signal(object)

    def __init__(self, store: Store, ops: Ops, themes: Themes, now: Callable[[], datetime]) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._store, self._ops, self._now = store, ops, now
        self._rows: tuple[ConversationCard, ...] = ()
        self._has_relay = True
        self._limit = _PAGE
        self._reading = Reading(ops, self, self._prepare, self._on_read, self._on_failed)
        self.model = CardModel(self)
        self.list = CardList(self.model, themes)
        self.list.setAccessibleName("Conversations")
        self.list.chosen.connect(self.chosen)
        self.list.opened.connect(self.opened)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search names, addresses and subjects")
        self.search.setAccessibleName("Search conversations")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_typed)
        clear = QAction(self.search)
        clear.setShortcut(Qt.Key.Key_Escape)
        clear.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        clear.triggered.connect(self.search.clear)
        self.search.addAction(clear)
        self.search.returnPressed.connect(self.list.setFocus)
        self.list.end_reached.connect(self._on_end_reached)
        self._pause = QTimer(self, singleShot=True, interval=_SEARCH_PAUSE_MS)
        self._pause.timeout.connect(self._search)
        self._minute = QTimer(self, interval=_MINUTE_MS)
        self._minute.timeout.connect(self._show)
        self._minute.start()
        self._nothing_found = EmptyState(
            themes, Glyph.SENT, "Nothing found", "No name, address or subject holds all of these words."
        )
        self._lay_out()

    def _lay_out(self) -> None:
        bar = QVBoxLayout()
        bar.setContentsMargins(12, 10, 12, 10)
        bar.addWidget(self.search)
        stack = QWidget()
        self._stack = QStackedLayout(stack)
        for page in (self.list, self._nothing_found):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(stack, 1)

    @Slot()
    def reload(self) -> None:
        """Read the cards anew; of several readings asked for only the last one's are shown in the end."""
        self._reading.ask()

    def _prepare(self) -> Callable[[], tuple[str, int, tuple[ConversationCard, ...]]]:
        store, search, limit = self._store, self.search.text(), self._limit
        return lambda: (search, limit, cards(store, search=search, limit=limit))

    def _on_read(self, read: tuple[str, int, tuple[ConversationCard, ...]]) -> None:
        search, limit, rows = read
        if (search, limit) == (self.search.text(), self._limit):
            self._rows = rows
            self._show()

    @Slot()
    def _search(self) -> None:
        self._limit = _PAGE
        self.reload()

    @Slot()
    def _on_end_reached(self) -> None:
        # Scrolled to the last card while there may be older ones: they are read as they are wanted.
        if len(self._rows) == self._limit:
            self._limit += _PAGE
            self.reload()

    def set_relay(self, *, has_relay: bool) -> None:
        """Say whether a relay is connected."""
        if has_relay is not self._has_relay:
            self._has_relay = has_relay
            self._show()

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)

    @Slot()
    def _on_typed(self) -> None:
        self._pause.start()

    @Slot()
    def _show(self) -> None:
        now = self._now()
        self.model.replace([card_text(card, now, has_relay=self._has_relay) for card in self._rows])
        is_searching = bool(self.search.text().strip())
        self._stack.setCurrentWidget(self._nothing_found if is_searching and not self._rows else self.list)
        if self._rows and self.list.current_key() is None:
            self.list.select_key(self._rows[0].id)
        self.emptied.emit(not self._rows and not is_searching)
