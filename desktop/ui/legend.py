"""What the shapes mean, in a small window of its own."""

from typing import Final

from PySide6.QtWidgets import QDialog, QGridLayout, QLayout, QVBoxLayout, QWidget

from desktop.ui.forms import ButtonRow
from desktop.ui.glyphs import Glyph
from desktop.ui.labels import Role, plain
from desktop.ui.marks import GlyphMark
from desktop.ui.theme import Themes

MEANINGS: Final = {
    Glyph.SENT: "Sent: the provider took it. Silence is no sign yet, never “unread”",
    Glyph.DELIVERED: "Delivered: a delivery notification says so",
    Glyph.PROBABLY: "Probably opened: a provider's image proxy fetched the picture, as it usually does on opening",
    Glyph.OPENED: "Opened: by a person, as program and network show, or as you said",
    Glyph.CLICKED: "Clicked: a person used a link",
    Glyph.CONFIRMED: "Confirmed: they said that they read it",
    Glyph.REPLIED: "Replied",
    Glyph.NOT_DELIVERED: "Not delivered: the provider's words stand beside it",
    Glyph.UNCERTAIN: "Not known: the provider's answer was lost, or it is not clear who did it",
    Glyph.STOPPED: "Stopped: they do not want tracking any more",
    Glyph.NOT_TRACKED: "Not tracked: Readback added nothing to it",
    Glyph.MACHINE: "A machine: scanner, preview or prefetch. Never counted, never rings",
    Glyph.OWN: "You, or a colleague of yours. Never counted, never rings",
    Glyph.QUEUED: "On its way to the provider",
    Glyph.DELAYED: "Delayed, or still under way",
    Glyph.AWAY: "Away: an automatic answer says so",
}


ON_THE_LADDER: Final = (
    "On the ladder a filled step with a sign is proven, a half one is possible, and an empty ring is still open. A "
    "small grey disc without a time follows from a later step: who uses a link has read the mail."
)


class Legend(QDialog):
    """The shapes with their meanings."""

    def __init__(self, parent: QWidget, themes: Themes) -> None:
        """Show every shape there is."""
        super().__init__(parent)
        self.setWindowTitle("What the shapes mean")
        self.setMinimumWidth(460)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(14)
        column.addWidget(plain("One shape for each thing that may have happened", Role.HEADING))
        column.addWidget(plain(ON_THE_LADDER, Role.DIM, wraps=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, (glyph, meaning) in enumerate(MEANINGS.items()):
            grid.addWidget(GlyphMark(glyph, themes, 17), row, 0)
            grid.addWidget(plain(meaning, Role.BODY, wraps=True), row, 1)
        column.addLayout(grid)
        column.addStretch(1)
        buttons = ButtonRow()
        buttons.primary("Close").clicked.connect(self.accept)
        column.addWidget(buttons)
        # The layout's own smallest height counts wrapped lines at a narrow width, and would stretch the dialog.
        column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.resize(500, column.heightForWidth(500))
