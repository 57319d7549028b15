"""Colours: as style sheets spell them, and how they stand out."""

import pytest

from desktop.core.colours import BLACK, NONE, WHITE, Colour, colour, contrast


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("white", WHITE),
        ("#fff", WHITE),
        ("#ffff", WHITE),
        ("#ff0000", Colour(1, 0, 0)),
        ("#00ff0000", Colour(0, 1, 0, 0)),
        ("red", Colour(1, 0, 0)),
        ("rebeccapurple", Colour(0.4, 0.2, 0.6)),
        ("rgb(255, 0, 0)", Colour(1, 0, 0)),
        ("rgb(100% 0% 0% / 50%)", Colour(1, 0, 0, 0.5)),
        ("rgba(300,0,0,.5)", Colour(1, 0, 0, 0.5)),
        ("hsl(120deg, 100%, 50%)", Colour(0, 1, 0)),
        ("transparent", NONE),
    ],
)
def test_colours_are_read(value: str, expected: Colour) -> None:
    """Names, hexadecimal in four lengths, and the functions that mails use."""
    found = colour(value)
    assert found is not None
    assert [round(each, 3) for each in expected] == [round(each, 3) for each in found]


@pytest.mark.parametrize(
    "value", ["", "windowtext", "#ff", "#gggggg", "rgb(1,2)", "rgb(1.2.3,0,0)", "rgb(1.2.3 0 0)", "var(--x)", "whit"]
)
def test_what_names_no_colour_is_none(value: str) -> None:
    """A colour of the system, or nothing that a browser would take, is not guessed at."""
    assert colour(value) is None


def test_contrast_is_wcags() -> None:
    """Black on white is 21; the grey that just passes is #767676."""
    assert round(contrast(BLACK, WHITE), 3) == 21
    assert contrast(Colour(*(0x76 / 255,) * 3), WHITE) >= 4.5 > contrast(Colour(*(0x78 / 255,) * 3), WHITE)
    assert contrast(WHITE, WHITE) == 1


def test_what_lets_through_is_mixed_with_what_is_behind() -> None:
    """Half black on white is grey; none of it is white."""
    assert Colour(0, 0, 0, 0.5).over(WHITE) == Colour(0.5, 0.5, 0.5)
    assert NONE.over(WHITE) == WHITE
