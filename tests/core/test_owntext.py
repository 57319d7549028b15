"""The writer's own words: HTML read as text, quotes left out, letters folded."""

import pytest

from desktop.core.owntext import body_text, folded, own_words, quotes, text_of_html
from desktop.core.skim import Leaf
from desktop.core.stranger import plain


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<p>a<br>b &amp; c</p>", "a b & c"),
        ("a<!-- b -->c", "ac"),
        ("a<!-- b", "a"),
        ("<!DOCTYPE html><?x?></ >a", "a"),
        ("1 < 2 <b>x</b>", "1 < 2 x"),
        ("<style>p{}</style><script>x</script>a", "a"),
        ("a<script>b", "a"),
        ("a<script>b</script", "a"),
        ("a <b c", "a"),
        ("a<blockquote type='cite'>b</blockquote>c", "a"),
        ('a<div class="gmail_quote">b</div>', "a"),
        ("<title>b</title>a", "a"),
    ],
)
def test_a_page_is_read_as_what_it_shows(page: str, expected: str) -> None:
    """Tags, comments, hidden elements and quotes are left out, and a page may be cut anywhere."""
    assert expected == " ".join(text_of_html(page).split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes\n> no\nyes\n", "yes yes"),
        ("yes\n\nOn 4 May, Sam wrote:\n> no\n", "yes"),
        ("yes\n-----Original Message-----\nno\n", "yes"),
        ("yes\n\nFrom: Sam\nSent: today\nSubject: Offer\n\nno\n", "yes"),
        ("From: here to there\nyes\n", "From: here to there yes"),
    ],
)
def test_quoted_mail_is_not_the_writers(text: str, expected: str) -> None:
    """Quoted lines, their introductions and forwarded mail are left out; ordinary lines stay."""
    assert expected == " ".join(own_words(text).split())
    assert quotes(text) == (expected != " ".join(text.split()))


def test_the_plain_part_that_says_something_is_the_text() -> None:
    """An empty plain part gives way to HTML, and an attachment is nobody's text."""

    def leaf(media_type: str, content: bytes, *, is_attachment: bool = False) -> Leaf:
        return Leaf(media_type=media_type, parameters={}, content=content, is_attachment=is_attachment)

    assert body_text([leaf("text/plain", b" "), leaf("text/html", b"<p>b")]).strip() == "b"
    assert body_text([leaf("text/html", b"<p>b"), leaf("text/plain", b"a")]) == "a"
    assert body_text([leaf("text/plain", b"a", is_attachment=True), leaf("image/png", b"a")]) == ""


def test_letters_are_folded() -> None:
    """Accents, ligatures and capitals fold to plain letters, and a paragraph ends a sentence."""
    assert folded("Zurück  Straße\nŁóżko Œ\n\n\nI’m OK") == "zuruck strasse lozko oe . i'm ok"


def test_a_strangers_line_is_plain() -> None:
    """Control characters and marks go, joiners of letters stay, and a long line is cut."""
    assert plain("a\x00\n\u202e b\u200dc\ud800") == "a b\u200dc"
    assert (plain("abcd", 3), plain("abc", 3)) == ("ab…", "abc")
