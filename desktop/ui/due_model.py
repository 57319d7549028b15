"""The rows of a due list: headings of groups, and the lines under them; frozen values, made once when they are read.

Rows are replaced whole: a list of what is due is short beside the mail it is made from, and its order says what counts.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from desktop.core.followup import FollowUp
from desktop.store.questions import Question
from desktop.ui.glyphs import Glyph

LINE_ROLE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class DueLine:
    """One line: whom it is about, what was written to them, why it stands here, and how old that is.

    Exactly one of `follow_up` and `question` is set; `note` is said quietly beside the reason.
    """

    key: Hashable
    conversation_id: int
    glyph: Glyph
    person: str
    subject: str
    reason: str
    age: str
    note: str = ""
    follow_up: FollowUp | None = None
    question: Question | None = None

    def spoken(self) -> str:
        """Return the line for a screen reader."""
        return ". ".join(part for part in (self.person, self.subject, self.reason, self.note, self.age) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueGroup:
    """A heading with its lines; an empty group is not shown."""

    title: str
    lines: tuple[DueLine, ...]

    @property
    def heading(self) -> str:
        """The title with the number of lines."""
        return f"{self.title} · {len(self.lines)}"


class DueModel(QAbstractTableModel):
    """One column of headings (text) and lines; a heading can be neither chosen nor reached by the keyboard."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._rows: list[DueLine | str] = []

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many rows there are, headings included."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return one."""
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the row under its own role, its spoken form as text."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == LINE_ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row if isinstance(row, str) else row.spoken()
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Let only lines be chosen."""
        if not index.isValid() or isinstance(self._rows[index.row()], str):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def line_at(self, row: int) -> DueLine | None:
        """Return the line of a row, None for a heading or no row."""
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return None if isinstance(found, str) else found

    def row_of(self, key: Hashable) -> int | None:
        """Return the row of a line's key, None where it is not in the list."""
        return next((at for at, row in enumerate(self._rows) if not isinstance(row, str) and row.key == key), None)

    def nearest_line(self, row: int) -> int | None:
        """Return the row of the line nearest to `row`, the upper one of two; None where there is no line."""
        wanted = max(min(row, len(self._rows) - 1), 0)
        near = (at for distance in range(len(self._rows)) for at in (wanted - distance, wanted + distance))
        return next((at for at in near if self.line_at(at) is not None), None)

    def heading_rows(self) -> tuple[int, ...]:
        """Return the rows that are headings."""
        return tuple(at for at, row in enumerate(self._rows) if isinstance(row, str))

    def lines(self) -> tuple[DueLine, ...]:
        """Return all lines in their order."""
        return tuple(row for row in self._rows if not isinstance(row, str))

    def replace(self, groups: Sequence[DueGroup]) -> bool:
        """Let exactly these groups stand; say whether anything changed."""
        rows: list[DueLine | str] = []
        for group in groups:
            if group.lines:
                rows += [group.heading, *group.lines]
        if rows == self._rows:
            return False
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
        return True
