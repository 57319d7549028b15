"""The practice terminal: 80 columns, and ASCII wherever the terminal knows no more."""

import io

import pytest

from desktop.practice.screen import COLUMNS, Screen, shows_unicode


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "en_GB.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, True),
        ({"LANG": "C.UTF-8", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_ALL": "de_DE.utf8", "LANG": "C"}, True),
        ({"LANG": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),  # Python's own coercion of the C locale
        ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LC_CTYPE": "en_GB.UTF-8", "LANG": "C"}, True),
        ({}, False),
    ],
)
def test_the_locale_decides_on_signs(environment: dict[str, str], expected: bool) -> None:
    """UTF-8 is written only where the user's own locale says so."""
    assert expected == shows_unicode("utf-8", environment)


def test_another_encoding_has_no_signs() -> None:
    """A stream that is not UTF-8 gets ASCII, whatever the locale."""
    assert not shows_unicode("iso8859-1", {"LANG": "en_GB.UTF-8"})


def test_ascii_has_a_letter_for_each_sign() -> None:
    """No sign of the story is lost or shown as a question mark."""
    out = io.StringIO()
    Screen(out, is_unicode=False).say("○ ◔ ◐ ● ✓ ↗ ↩ ✕ ⊘ – “Tomás” · Hafenstraße …")
    assert out.getvalue() == 'o d ~ * v > < x # - "Tomas" | Hafenstrasse ...\n'


def test_signs_stay_where_they_are_known() -> None:
    """With UTF-8 the text is printed as it is."""
    out = io.StringIO()
    Screen(out, is_unicode=True).say("● “Tomás”")
    assert out.getvalue() == "● “Tomás”\n"


@pytest.mark.parametrize("text", ["word " * 60, "x" * 200, "\u201c" * 100])
def test_no_line_is_wider_than_the_terminal(text: str) -> None:
    """Long lines are wrapped, even those without a space."""
    out = io.StringIO()
    Screen(out, is_unicode=False).say(text, indent="  ")
    lines = out.getvalue().splitlines()
    assert len(lines) > 1
    assert max(len(line) for line in lines) <= COLUMNS


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_a_whole_line_stays_whole_in_a_pipe_and_breaks_in_a_terminal() -> None:
    """The line of figures is one line to programs; people in 80 columns read it sentence by sentence."""
    line = (
        "An ordinary tracker: 5 opens, 4 clicks. Readback: 1 opened, 1 probably, 1 clicked, 1 replied, 1 away, "
        "1 not delivered"
    )
    pipe, terminal = io.StringIO(), Terminal()
    Screen(pipe, is_unicode=False).say_whole(line)
    Screen(terminal, is_unicode=False).say_whole(line)
    assert pipe.getvalue() == f"{line}\n"
    assert [len(part) for part in terminal.getvalue().splitlines()] == [39, 77]
