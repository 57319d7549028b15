"""The rows of a due list: headings of groups, and the lines under them.

Groups are replaced whole, and a line is made when it is looked at, so that ten thousands of them cost nothing until
somebody scrolls there.  A group may be folded: it is then one row that says how many lines it holds.
"""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from desktop.core.followup import FollowUp, FollowUpKind
from desktop.store.questions import Question
from desktop.ui.glyphs import Glyph

LINE_ROLE = Qt.ItemDataRole.UserRole
_ROLES: Final = (LINE_ROLE, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
# Nobody answers what has not arrived.
UNDELIVERED: Final = frozenset({FollowUpKind.NOT_DELIVERED, FollowUpKind.POSSIBLE_BOUNCE})
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

    @property
    def can_wait(self) -> bool:
        """Whether an answer is awaited at all: not to a question, nor to what did not arrive."""
        return self.follow_up is not None and self.follow_up.kind not in UNDELIVERED


class Lines(Sequence[DueLine]):
    """Lines that are made when they are looked at; their keys are known without."""

    @abstractmethod
    def keys(self) -> Iterable[Hashable]:
        """Return the lines' keys in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueGroup:
    """A heading with its lines; an empty group is not shown.

    With `fold_text` it has a row of these words instead of a heading, under which the lines are shown when asked for.
    """

    title: str
    lines: Sequence[DueLine]
    fold_text: str = ""

    @property
    def heading(self) -> str:
        """The title with the number of lines."""
        return f"{self.title} · {len(self.lines)}"

    def position_of(self, key: Hashable) -> int | None:
        """Return where a line stands in the group, None where it does not."""
        keys = self.lines.keys() if isinstance(self.lines, Lines) else (line.key for line in self.lines)
        return next((at for at, each in enumerate(keys) if each == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """The row of a folded group: what it says, and whether its lines are shown below it."""

    text: str
    is_open: bool

    def spoken(self) -> str:
        """Return the row for a screen reader."""
        return f"{self.text}. {'Shown below; Enter hides them' if self.is_open else 'Enter shows them'}"


Row = DueLine | Fold | str


class DueModel(QAbstractTableModel):
    """One column of headings (text), folds and lines; a heading can be neither chosen nor reached by the keyboard."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Start empty."""
        super().__init__(parent)
        self._groups: tuple[DueGroup, ...] = ()
        self._starts: list[int] = []
        self._count = 0
        self._is_open = False

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many rows there are, headings included."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return one."""
        return 0 if parent.isValid() else 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the row under its own role, its spoken form as text."""
        if role not in _ROLES or not index.isValid() or index.row() >= self._count:
            return None
        row = self.row_at(index.row())
        return row if role == LINE_ROLE or isinstance(row, str) else row.spoken()

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Let only lines and folds be chosen."""
        if not index.isValid() or self.is_heading(index.row()):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def row_at(self, row: int) -> Row:
        """Return what stands in a row, which must be there."""
        group, start = self._group_at(row)
        if row > start:
            return group.lines[row - start - 1]
        return Fold(text=group.fold_text, is_open=self._is_open) if group.fold_text else group.heading

    def _group_at(self, row: int) -> tuple[DueGroup, int]:
        position = bisect_right(self._starts, row) - 1
        return self._groups[position], self._starts[position]

    def _is_there(self, row: int) -> bool:
        return 0 <= row < self._count

    def is_heading(self, row: int) -> bool:
        """Say whether a row, which must be there, is a heading that cannot be chosen."""
        group, start = self._group_at(row)
        return row == start and not group.fold_text

    def is_fold(self, row: int) -> bool:
        """Say whether a row shows and hides lines."""
        if not self._is_there(row):
            return False
        group, start = self._group_at(row)
        return row == start and bool(group.fold_text)

    def line_at(self, row: int) -> DueLine | None:
        """Return the line of a row, None for any other row and for no row."""
        found = self.row_at(row) if self._is_there(row) else None
        return found if isinstance(found, DueLine) else None

    def row_of(self, key: Hashable) -> int | None:
        """Return the row of a line's key, None where it is not shown."""
        for group, start in zip(self._groups, self._starts, strict=True):
            position = group.position_of(key) if self._shows(group) else None
            if position is not None:
                return start + 1 + position
        return None

    def nearest_row(self, row: int) -> int | None:
        """Return the row nearest to `row` that can be chosen, the upper one of two; None where there is none."""
        wanted = max(min(row, self._count - 1), 0)
        near = (at for distance in range(self._count) for at in (wanted - distance, wanted + distance))
        return next((at for at in near if self._is_there(at) and not self.is_heading(at)), None)

    def low_rows(self) -> tuple[int, ...]:
        """Return the rows that are lower than a line: headings and folds."""
        return tuple(self._starts)

    def lines(self) -> tuple[DueLine, ...]:
        """Return all lines that are shown, in their order."""
        return tuple(line for group in self._groups if self._shows(group) for line in group.lines)

    def _shows(self, group: DueGroup) -> bool:
        return self._is_open or not group.fold_text

    def replace(self, groups: Sequence[DueGroup]) -> bool:
        """Let exactly these groups stand; say whether anything changed."""
        found = tuple(group for group in groups if group.lines)
        if found == self._groups:
            return False
        self.beginResetModel()
        self._groups = found
        self._lay()
        self.endResetModel()
        return True

    def _lay(self) -> None:
        self._starts, self._count = [], 0
        for group in self._groups:
            self._starts.append(self._count)
            self._count += 1 + (len(group.lines) if self._shows(group) else 0)

    def toggle(self, row: int) -> None:
        """Show the lines of a fold, or hide them again; of several folds all."""
        if self.is_fold(row):
            self.beginResetModel()
            self._is_open = not self._is_open
            self._lay()
            self.endResetModel()
