"""The Trust page: what the relay holds for this user, fetched and opened there and then, and the end of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QMessageBox, QPushButton, QVBoxLayout, QWidget

from desktop.core.errors import Trouble
from desktop.store.database import Store
from desktop.store.known import KnownToken, known_tags, known_tokens
from desktop.ui import trust_words
from desktop.ui.actions import RelayState, Stations
from desktop.ui.evidence_list import hairline
from desktop.ui.forms import Message, Shut
from desktop.ui.holding import HeldAtRelay, Trust
from desktop.ui.labels import Card, Role, plain
from desktop.ui.ops import Ops

# So many rows of a kind are listed; the number says how many there are.
_MOST_SHOWN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Rows of two columns under a title; `count` is how many there are, listed or not."""

    title: str
    rows: tuple[tuple[str, str], ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What one look shows."""

    summary: str
    tables: tuple[_Table, ...]
    is_empty: bool


def shown_of(held: HeldAtRelay, known: Mapping[bytes, KnownToken], people: Mapping[bytes, str]) -> _Shown:
    """Return what was fetched as tables, those without rows left out."""
    own = (
        (f"Channel {trust_words.spaced(held.channel_id)}", "What your links are counted under"),
        (f"Key {held.public_key}", "Whatever comes is sealed with it; only this computer can open it"),
        ("A hash of this program's password", "By which the relay knows who asks for what is held"),
        (f"Marks of {held.questions:,} used questions", "So that an answer counts once"),
    )
    hits = tuple((trust_words.row_seen(row), trust_words.hit_means(row, known)) for row in held.hits)
    answers = tuple((trust_words.row_seen(row), trust_words.answer_means(row, known, people)) for row in held.answers)
    stops = tuple((f"Mark {trust_words.spaced(tag)}", trust_words.stop_means(tag, people)) for tag in held.stops)
    tables = (
        _Table(title=trust_words.YOU, rows=own, count=len(own)),
        _Table(title=trust_words.HITS, rows=hits, count=held.hits_count),
        _Table(title=trust_words.ANSWERS, rows=answers, count=held.answers_count),
        _Table(title=trust_words.STOPS, rows=stops, count=len(stops)),
    )
    return _Shown(
        summary=trust_words.summary(held.host, held.hits_count, held.answers_count, len(stops)),
        tables=tuple(table for table in tables if table.rows),
        is_empty=not hits and not answers,
    )


class TrustPage(QWidget):
    """A look at the relay, and a button that ends the channel; `changed` says that there is no relay any more."""

    changed = Signal()

    def __init__(self, store: Store, ops: Ops, trust: Trust) -> None:
        """Nothing is fetched until it is asked for."""
        super().__init__()
        self._store, self._ops, self._trust = store, ops, trust
        self._relay, self._is_busy = RelayState.NONE, False
        self.look_button, self.delete_button = QPushButton(trust_words.LOOK), QPushButton(trust_words.DELETE)
        self.look_button.setProperty("kind", "primary")
        self.summary = plain("", Role.STRONG, wraps=True)
        self.message = Message()
        self._shut = Shut(self.message, self.look_button, self.delete_button)
        self._tables = QWidget()
        self._inside = QVBoxLayout(self._tables)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._inside.setSpacing(12)
        self.rows: list[tuple[str, str]] = []
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(plain(trust_words.TITLE, Role.HEADING))
        column.addWidget(plain(trust_words.ABOUT, Role.DIM, wraps=True))
        column.addWidget(self.look_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.message)
        column.addWidget(self.summary)
        column.addWidget(self._tables)
        column.addWidget(plain(trust_words.NEVER, Role.DIM, wraps=True))
        column.addSpacing(8)
        column.addWidget(self.delete_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        for button, slot in ((self.look_button, self.look), (self.delete_button, self._on_delete)):
            button.setAutoDefault(False)
            button.clicked.connect(slot)
        self.delete_button.setAccessibleDescription(trust_words.DELETE_MEANS)
        self.forget()

    def show_stations(self, stations: Stations) -> None:
        """Say whether there is a relay to look at."""
        self._relay = stations.relay
        if not self._is_busy:
            self._show_buttons()

    def _begin(self, said: str) -> None:
        self._is_busy = True
        self.message.show_busy(said)
        self._shut.begin()

    def _show_buttons(self) -> None:
        self._is_busy = False
        has_relay = self._relay is not RelayState.NONE
        self._shut.end(is_open=has_relay)
        if not has_relay and self.message.isHidden():
            self.message.show_note(trust_words.NO_RELAY)

    def reload(self) -> None:
        """Fetch nothing: that is done when it is asked for."""
        self.forget()

    def forget(self) -> None:
        """Keep nothing of what was fetched."""
        self.message.clear()
        self.summary.hide()
        self._empty()
        self._show_buttons()

    def _empty(self) -> None:
        self.rows = []
        while (item := self._inside.takeAt(0)) is not None:
            shown = item.widget()
            if shown is not None:
                shown.hide()
                shown.deleteLater()

    @Slot()
    def look(self) -> None:
        """Fetch what is held now."""
        self.forget()
        self._begin("Asking the relay…")
        self._ops.run(self, self._look, self._on_held, self._on_failed)

    def _look(self) -> _Shown:
        held = self._trust.held()
        opened = [row.opened.token_id for row in held.hits if row.opened is not None]
        opened += [row.opened.token_id for row in held.answers if row.opened is not None]
        tags = [*held.stops, *(row.opened.tag for row in held.answers if row.opened is not None)]
        return shown_of(held, known_tokens(self._store, opened), known_tags(self._store, tags))

    def _on_held(self, shown: _Shown) -> None:
        self._show_buttons()
        self.message.clear()
        self._empty()
        self.summary.setText(shown.summary)
        self.summary.show()
        first, *others = (self._table(table) for table in shown.tables)
        self._inside.addWidget(first)
        if shown.is_empty:
            self._inside.addWidget(plain(trust_words.NOTHING, Role.DIM, wraps=True))
        for other in others:
            self._inside.addWidget(other)

    def _table(self, table: _Table) -> Card:
        card = Card()
        column = QVBoxLayout(card)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(plain(table.title, Role.STRONG, wraps=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(plain(trust_words.AS_SEEN, Role.SMALL), 0, 0)
        grid.addWidget(plain(trust_words.AS_MEANT, Role.SMALL), 0, 1)
        grid.addWidget(hairline(), 1, 0, 1, 2)
        top = Qt.AlignmentFlag.AlignTop
        for at, (seen, means) in enumerate(table.rows[:_MOST_SHOWN], start=2):
            grid.addWidget(plain(seen, Role.DIM, wraps=True, selectable=True), at, 0, top)
            grid.addWidget(plain(means, Role.BODY, wraps=True, selectable=True), at, 1, top)
            self.rows.append((seen, means))
        column.addLayout(grid)
        more = trust_words.more_text(min(len(table.rows), _MOST_SHOWN), table.count)
        if more:
            column.addWidget(plain(more, Role.SMALL))
        return card

    @Slot()
    def _on_delete(self) -> None:
        box = QMessageBox(self.window())
        box.setWindowTitle("Delete channel")
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(trust_words.DELETE_QUESTION)
        box.setInformativeText(trust_words.DELETE_MEANS)
        yes = box.addButton("&Delete", QMessageBox.ButtonRole.AcceptRole)
        keep = box.addButton("&Keep", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.buttonClicked.connect(_Confirmed(self, yes))
        box.open()

    def delete(self) -> None:
        """End the channel at the relay."""
        self.forget()
        self._begin("Deleting…")
        self._ops.run(self, self._trust.delete_channel, self._on_deleted, self._on_failed)

    def _on_deleted(self, _: object) -> None:
        self._relay = RelayState.NONE
        self.message.show_good(trust_words.DELETED)
        self._show_buttons()
        self.changed.emit()

    def _on_failed(self, trouble: Trouble) -> None:
        self.message.show_trouble(trouble)
        self._show_buttons()


class _Confirmed:
    def __init__(self, page: TrustPage, yes: QPushButton) -> None:
        self._page, self._yes = page, yes

    def __call__(self, button: QPushButton) -> None:
        if button is self._yes:
            self._page.delete()
