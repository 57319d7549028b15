"""Text and glyphs can be read in both themes, and every glyph has a shape of its own."""

import itertools

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from desktop.core.status import Aside, Rung
from desktop.ui import glyphs
from desktop.ui.glyphs import Glyph
from desktop.ui.legend import MEANINGS
from desktop.ui.theme import DARK, LIGHT, Colours, Theme, Themes, contrast, style_sheet

BOTH = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])


def drawn(glyph: Glyph) -> QImage:
    """Return the glyph in black on white, 64 pixels square."""
    image = QImage(64, 64, QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    glyphs.paint(painter, QRectF(0, 0, 64, 64), glyph, QColor("#000000"))
    painter.end()
    return image


def test_the_measure_is_the_standard_s() -> None:
    """Black on white is 21:1, and #767676 is the lightest grey that just passes 4.5:1 on white."""
    assert round(contrast("#000000", "#ffffff"), 3) == 21.0
    assert contrast("#767676", "#ffffff") >= 4.5 > contrast("#777777", "#ffffff")


@BOTH
def test_every_ink_reads_on_every_ground(colours: Colours) -> None:
    """Each ink of a theme keeps 4.5:1 on each ground it may stand on."""
    poor = {
        (ink, ground): round(contrast(ink, ground), 2)
        for ink, ground in itertools.product(colours.inks(), colours.grounds())
        if contrast(ink, ground) < 4.5
    }
    assert poor == {}


@BOTH
def test_a_button_s_text_reads(colours: Colours) -> None:
    """The primary button's text keeps 4.5:1 on its ground."""
    assert contrast(colours.on_accent, colours.accent) >= 4.5


@BOTH
def test_every_glyph_has_a_readable_ink(colours: Colours) -> None:
    """No glyph is painted in a colour outside the checked inks."""
    assert {glyphs.ink_of(glyph, colours) for glyph in Glyph} <= set(colours.inks())


def test_the_colours_are_the_product_s() -> None:
    """The glyph colours are those that the product names."""
    assert (LIGHT.grey, LIGHT.amber, LIGHT.green) == ("#5f6672", "#8a5a00", "#1a7f37")
    assert (LIGHT.blue, LIGHT.violet, LIGHT.red) == ("#0b5cad", "#6f42c1", "#b42318")
    assert (DARK.grey, DARK.amber, DARK.green) == ("#a3abb8", "#e3b341", "#56d364")
    assert (DARK.blue, DARK.violet, DARK.red) == ("#79b8ff", "#c4a7f5", "#ff8a80")


@BOTH
def test_the_style_sheet_has_no_hole(colours: Colours) -> None:
    """Every placeholder of the style sheet is filled in."""
    assert "@" not in style_sheet(colours)


def test_shapes_differ_without_colour(qapp: QApplication) -> None:
    """No two glyphs look alike in black and white."""
    pictures = {glyph: drawn(glyph) for glyph in Glyph}
    alike = [(a, b) for a, b in itertools.combinations(Glyph, 2) if pictures[a] == pictures[b]]
    assert alike == []


def test_no_glyph_is_empty(qapp: QApplication) -> None:
    """Every glyph paints something."""
    blank = QImage(64, 64, QImage.Format.Format_Grayscale8)
    blank.fill(Qt.GlobalColor.white)
    assert [glyph for glyph in Glyph if drawn(glyph) == blank] == []


def test_filled_is_proven(qapp: QApplication) -> None:
    """The middle of "opened" is filled, of "sent" hollow, of "probably" half and half."""

    def halves(glyph: Glyph) -> tuple[bool, bool]:
        image = drawn(glyph)
        return image.pixelColor(24, 32).lightness() < 128, image.pixelColor(40, 32).lightness() < 128

    assert halves(Glyph.OPENED) == (True, True)
    assert halves(Glyph.SENT) == (False, False)
    assert halves(Glyph.PROBABLY) == (True, False)


def test_every_status_has_a_glyph() -> None:
    """No rung and no remark is left without a shape; silence keeps the rung's."""
    for rung, aside in itertools.product(Rung, Aside):
        assert glyphs.glyph_of(rung, (aside,)) in Glyph
    assert glyphs.glyph_of(Rung.SENT, (Aside.NO_SIGN_YET,)) is Glyph.SENT


def test_what_was_proven_outweighs_a_later_stop() -> None:
    """A copy that was opened before its person stopped is still shown as opened."""
    assert glyphs.glyph_of(Rung.OPENED, (Aside.STOPPED,)) is Glyph.OPENED
    assert glyphs.glyph_of(Rung.SENT, (Aside.STOPPED,)) is Glyph.STOPPED


def test_the_legend_explains_every_glyph() -> None:
    """No shape goes unexplained."""
    assert set(MEANINGS) == set(Glyph)


def test_choosing_a_theme_dresses_the_application(themes: Themes, qapp: QApplication) -> None:
    """Dark and light change the palette at once."""
    themes.choose(Theme.DARK)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    themes.choose(Theme.LIGHT)
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == LIGHT.window
