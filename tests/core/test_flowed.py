"""Flowed text (RFC 3676): its paragraphs and the HTML that shows the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.flowed import Paragraph, paragraphs, rendered
from tests.core.copies import seen_in


def read(text: str, *, delete_space: bool = False) -> list[tuple[int, str]]:
    """Return depth and words of each paragraph."""
    return [(each.depth, each.text) for each in paragraphs(text, delete_space=delete_space)]


def body_of(text: str, line_index: int = 99) -> str:
    """Return what stands between the body's tags, with a bar where the visible line is to stand."""
    rendering = rendered(text, delete_space=False, line_index=line_index)
    marked = rendering.page[: rendering.line_at] + b"|" + rendering.page[rendering.line_at :]
    return marked.decode().split("<body>\n")[1].split("</body>")[0]


@pytest.mark.parametrize(
    ("text", "paragraphs_read"),
    [
        ("", [(0, "")]),
        ("a\n", [(0, "a")]),
        ("a\r\nb", [(0, "a"), (0, "b")]),
        ("a \nb \nc\nd\n", [(0, "a b c"), (0, "d")]),
        ("a \n", [(0, "a ")]),
        ("a\n\nb\n\n", [(0, "a"), (0, ""), (0, "b"), (0, "")]),
        (" >a\n  b\n From c\n", [(0, ">a"), (0, " b"), (0, "From c")]),
        ("> a \n> b\n>> c\n>\n", [(1, "a b"), (2, "c"), (1, "")]),
        (">a \n>b\n", [(1, "a b")]),
        ("> > a\n", [(1, "> a")]),
        ("a \n> b \nc\n", [(0, "a "), (1, "b "), (0, "c")]),
        ("a \n-- \nAlice\n", [(0, "a "), (0, "-- "), (0, "Alice")]),
        ("> -- \n> b\n", [(1, "-- "), (1, "b")]),
    ],
)
def test_soft_breaks_are_joined(text: str, paragraphs_read: list[tuple[int, str]]) -> None:
    """Lines that end in a space flow on, except over another depth and around a signature mark."""
    assert paragraphs_read == read(text)


def test_space_of_a_soft_break_goes_with_delsp() -> None:
    """With DelSp the space was only the mark of the break; a fixed line and a signature mark keep theirs."""
    assert read("日 \n本  \nx\n-- \n", delete_space=True) == [(0, "日本 x"), (0, "-- ")]


def test_paragraphs_know_their_first_line() -> None:
    """A flowed paragraph counts from its first line."""
    assert list(paragraphs("a \nb\nc\n", delete_space=False)) == [Paragraph(0, 0, "a b"), Paragraph(2, 0, "c")]


def test_quotes_become_blockquotes_of_their_depth() -> None:
    """Each level opens and closes once, and the page ends at depth 0."""
    page = body_of("a\n> b\n>>> c\n> d\ne\n> f\n")
    levels = [piece.split("</div>")[0] for piece in page.split("<div>")[1:]]
    assert levels == ["a", "b", "c", "d", "e", "f"]
    quote = '<blockquote type="cite"'
    assert page.count(quote) == page.count("</blockquote>") == 4
    assert page.index(quote) < page.index("b</div>")
    assert page.index("d</div>\n</blockquote>\n<div>e") > 0
    assert page.endswith("</blockquote>\n|")


def test_line_stands_before_the_paragraph_of_its_line_at_depth_0() -> None:
    """Open quotes are closed before it and opened again behind it."""
    page = body_of("> a\n> b\n", 1)
    before, after = page.split("|")
    assert before.endswith("<div>a</div>\n</blockquote>\n")
    assert after.startswith('<blockquote type="cite"')


def test_line_stands_at_the_end_when_no_paragraph_begins_there() -> None:
    """Beyond the last line it is the last thing on the page."""
    assert body_of("a\nb\n", 2) == "<div>a</div>\n<div>b</div>\n|"
    assert body_of("a \nb\n", 1) == "<div>a b</div>\n|"
    assert body_of("a\nb\n", 0) == "|<div>a</div>\n<div>b</div>\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "<br>"),
        ('a < b & c > d "e"', 'a &lt; b &amp; c &gt; d "e"'),
        ("a  b   c", "a&nbsp; b&nbsp;&nbsp; c"),
        ("  a ", "&nbsp; a&nbsp;"),
        ("a\tb", "a&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp;&nbsp; b"),
    ],
)
def test_signs_and_spaces_are_kept(text: str, shown: str) -> None:
    """Markup in the text is shown, not obeyed; runs of spaces do not fall together; a blank line has its height."""
    stuffed = f" {text}" if text.startswith(" ") else text
    assert f"<div>{shown}</div>\n|" == body_of(f"{stuffed}")


@pytest.mark.parametrize(
    ("text", "address", "rest"),
    [
        ("see https://example.test/a?x=1&y=2.", "https://example.test/a?x=1&y=2", "."),
        ("<https://example.test/>", "https://example.test/", ">"),
        ("(https://example.test/a), b", "https://example.test/a", "), b"),
        ("https://example.test/a_(b) c", "https://example.test/a_(b)", " c"),
        ("*https://example.test*", "https://example.test", "*"),
        ("HTTP://example.test/-", "HTTP://example.test/-", ""),
        ("https://example.test/?!", "https://example.test/", "?!"),
    ],
)
def test_addresses_become_links_without_what_follows_them(text: str, address: str, rest: str) -> None:
    """The sentence's and the bracket's end are no part of the address."""
    seen = seen_in(body_of(text))
    assert [(address, address)] == seen.links
    assert seen.words.split("\n")[0].endswith(address + rest)


def test_text_without_an_address_has_no_link() -> None:
    """Other schemes, and a scheme alone, are words."""
    assert seen_in(body_of("ftp://example.test mailto:a@b.test https:// www.example.test")).links == []


LINES = st.lists(st.text(alphabet="ab<>&\"' \thttps://x.y", max_size=12), min_size=1, max_size=6)


@given(LINES, st.booleans(), st.integers(0, 7))
def test_rendering_shows_every_word_and_nothing_else(lines: list[str], delete_space: bool, line_index: int) -> None:
    """Read by the standard library, the page says what the paragraphs say, in their order."""
    text = "\n".join(lines)
    shown = rendered(text, delete_space=delete_space, line_index=line_index)
    words = "".join(each.text for each in paragraphs(text, delete_space=delete_space))
    assert "".join(words.split()) == "".join(seen_in(shown.page.decode()).words.split())
    assert shown.page[: shown.line_at].endswith(b">\n")
