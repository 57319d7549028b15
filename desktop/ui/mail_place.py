"""The conversations: the list at the left, the chosen one at the right; or what to do where there are none yet."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from desktop.core.errors import Trouble
from desktop.core.where import PlaceOf
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.ui.detail import Detail, read_detail
from desktop.ui.empty import EmptyState
from desktop.ui.glyphs import Glyph
from desktop.ui.ops import Ops
from desktop.ui.reading import Reading
from desktop.ui.theme import Themes
from desktop.ui.thread_list import ThreadList
from desktop.ui.thread_view import ThreadView

_LEAST_VIEW: Final = 320
_LIST_WIDTH: Final = 330


class MailPlace(QStackedWidget):
    """Follows the store through `on_change`; `failed` carries a Trouble of reading."""

    account_asked = Signal()
    listener_asked = Signal()
    failed = Signal(object)

    def __init__(
        self,
        store: Store,
        ops: Ops,
        themes: Themes,
        now: Callable[[], datetime],
        *,
        place_of: PlaceOf,
        is_practice: bool,
    ) -> None:
        """Empty until `reload`."""
        super().__init__()
        self._store, self._themes, self._is_practice = store, themes, is_practice
        self._place_of = place_of
        self._current: int | None = None
        self._has_accounts = self._reads_mail = self._is_empty = False
        self.threads = ThreadList(store, ops, themes, now)
        self.view = ThreadView(themes, now)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.threads.setMinimumWidth(220)
        self.view.setMinimumWidth(_LEAST_VIEW)
        self.splitter.addWidget(self.threads)
        self.splitter.addWidget(self.view)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([_LIST_WIDTH, 1100 - _LIST_WIDTH])
        self.no_account, self.no_mail, self.no_history = self._empty_states()
        for page in (self.splitter, self.no_account, self.no_mail, self.no_history):
            self.addWidget(page)
        self._reading = Reading(ops, self, self._prepare, self._on_read, self._on_failed)
        self.threads.chosen.connect(self._on_chosen)
        self.threads.opened.connect(self.view.setFocus)
        self.threads.emptied.connect(self._on_emptied)
        self.threads.failed.connect(self.failed)

    def _empty_states(self) -> tuple[EmptyState, EmptyState, EmptyState]:
        themes = self._themes
        no_account = EmptyState(
            themes,
            Glyph.SENT,
            "Start with your mail account",
            "Readback reads who answered, who is away and what was not delivered, and stands between your mail "
            "program and your provider. Nothing is added to your mail until somebody gives you permission.",
            button="Add your &account…",
            pressed=self.account_asked.emit,
        )
        if self._is_practice:
            title, text = "The story is about to begin", "Kim writes the first mail in a moment. Watch it arrive here."
            begun = EmptyState(themes, Glyph.SENT, title, text), EmptyState(themes, Glyph.SENT, title, text)
            return no_account, *begun
        no_mail = EmptyState(
            themes,
            Glyph.SENT,
            "No mail yet",
            "Point your mail program at Readback and send as always. Each mail you send appears here, with what became "
            "of it.",
            button="How to point &it here…",
            pressed=self.listener_asked.emit,
        )
        no_history = EmptyState(
            themes,
            Glyph.SENT,
            "No mail yet",
            "Your Sent mail of the last weeks appears here as it is read, and each mail that you send from now on, "
            "from whichever device.",
        )
        return no_account, no_mail, no_history

    # Reading

    def reload(self) -> None:
        """Read list and conversation anew."""
        self.threads.reload()
        self.reload_current()

    def on_change(self, change: Change) -> None:
        """Read anew what a transaction altered."""
        if change.conversations or change.copies:
            self.threads.reload()
            if self._current in change.conversations or (change.copies and not change.conversations):
                self.reload_current()
        elif change.people:
            # What somebody answered, or may be seen of them, stands beside their copies.
            self.reload_current()

    def reload_current(self) -> None:
        """Read the chosen conversation anew, if there is one."""
        if self._current is not None:
            self._reading.ask()

    def _prepare(self) -> Callable[[], Detail | None]:
        wanted = self._current or 0
        return lambda: read_detail(self._store, wanted, self._place_of)

    def _on_read(self, detail: Detail | None) -> None:
        if detail is not None and detail.conversation.id == self._current:
            self.view.show_detail(detail)

    def _on_failed(self, trouble: Trouble) -> None:
        self.failed.emit(trouble)

    # Showing

    @Slot(object)
    def _on_chosen(self, key: int) -> None:
        self._current = key
        self.reload_current()

    @Slot(object)
    def _on_emptied(self, is_empty: bool) -> None:
        self._is_empty = is_empty
        self.show_page()

    @property
    def current(self) -> int | None:
        """The id of the chosen conversation."""
        return self._current

    def set_accounts(self, *, has_accounts: bool, reads_mail: bool) -> None:
        """Say what is set up: it decides what an empty list asks for."""
        self._has_accounts, self._reads_mail = has_accounts, reads_mail
        self.show_page()

    def show_page(self, page: QWidget | None = None) -> None:
        """Show the conversations, or what to do where there are none; `page` names one of these for a picture."""
        fitting: QWidget = self.splitter
        if self._is_empty and not self._has_accounts:
            fitting = self.no_account
        elif self._is_empty:
            fitting = self.no_history if self._reads_mail else self.no_mail
        self.setCurrentWidget(page or fitting)

    def show_conversation(self, key: int) -> None:
        """Show a conversation by its id, though the list may not hold it."""
        self.threads.search.clear()
        if not self.threads.list.select_key(key):
            self._on_chosen(key)
