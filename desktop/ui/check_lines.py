"""Lines that say what is being tried and how it went, growing as it runs: an account's test, a search for settings."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtWidgets import QGridLayout, QWidget

from desktop.ui.actions import CheckLine, CheckState, SourceLine, SourceState
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, plain
from desktop.ui.marks import GlyphMark
from desktop.ui.theme import Themes

_CHECK_GLYPHS: Final = {
    CheckState.RUNNING: Glyph.DELAYED,
    CheckState.PASSED: Glyph.CONFIRMED,
    CheckState.FAILED: Glyph.NOT_DELIVERED,
}
_SOURCE_GLYPHS: Final = {
    SourceState.LOOKING: Glyph.DELAYED,
    SourceState.FOUND: Glyph.CONFIRMED,
    SourceState.NOTHING: Glyph.NOT_TRACKED,
    SourceState.FAILED: Glyph.UNCERTAIN,
}
_SOURCE_WORDS: Final = {
    SourceState.LOOKING: "looking…",
    SourceState.FOUND: "found",
    SourceState.NOTHING: "nothing there",
    SourceState.FAILED: "no answer",
}


@dataclass(frozen=True, slots=True)
class _Line:
    glyph: Glyph
    text: str
    spoken: str


class StateLines(QWidget):
    """Named lines, each with a glyph; a line with the same name is replaced."""

    def __init__(self, themes: Themes) -> None:
        """Start without lines."""
        super().__init__()
        self._themes = themes
        self._shown: dict[str, _Line] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(9)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)

    def clear(self) -> None:
        """Take all lines away."""
        self._shown = {}
        self._show()

    def _put(self, name: str, line: _Line) -> None:
        self._shown[name] = line
        self._show()

    def _show(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, line in enumerate(self._shown.values()):
            self._grid.addWidget(GlyphMark(line.glyph, self._themes), row, 0)
            label = plain(line.text, Role.BODY, wraps=True, selectable=True)
            label.setAccessibleName(line.spoken)
            self._grid.addWidget(label, row, 1)


class CheckLines(StateLines):
    """The lines of an account's test."""

    def __init__(self, themes: Themes) -> None:
        """Start without lines."""
        super().__init__(themes)
        self._lines: dict[str, CheckLine] = {}

    def lines(self) -> tuple[CheckLine, ...]:
        """Return the lines that stand there."""
        return tuple(self._lines.values())

    def clear(self) -> None:
        """Take all lines away."""
        self._lines = {}
        super().clear()

    def put(self, line: CheckLine) -> None:
        """Add a line, or bring an earlier one up to date."""
        self._lines[line.what] = line
        text = f"{line.what}: {line.detail}" if line.detail else line.what
        self._put(line.what, _Line(_CHECK_GLYPHS[line.state], text, f"{text} ({line.state.value})"))


class SourceLines(StateLines):
    """The lines of a search for an address' settings."""

    def put(self, line: SourceLine) -> None:
        """Add a source, or say how far it is now."""
        said = line.detail or _SOURCE_WORDS[line.state]
        text = f"{line.name}: {said}"
        self._put(line.name, _Line(_SOURCE_GLYPHS[line.state], text, f"{text} ({line.state.value})"))
