"""HTML as mail programs write it: links, and where the visible line stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.core.markup import CLIPPED_ABOVE_BYTES, read_page
from desktop.core.tags import UnclosedError, attributes_of, tags, unescaped


def place(page: str) -> str:
    """Return the page with a bar where the visible line is to stand."""
    content = page.encode()
    at = read_page(content).line_at
    return (content[:at] + b"|" + content[at:]).decode()


def test_tags_are_cut_as_browsers_cut_them() -> None:
    """Quotes count after an equals sign alone; a bracket inside a value ends no tag; an apostrophe opens nothing."""
    page = b"<p don't><a title='>' href = \"x>y\">t</a ><br/><!-- <b> --><!doctype html><? php ?></ 1><1>"
    names = [(tag.name, tag.is_end) for tag in tags(page)]
    assert names[:5] == [(b"p", False), (b"a", False), (b"a", True), (b"br", False), (b"", False)]
    assert names[5:] == [(b"", False), (b"", False), (b"", False)]


def test_places_of_tags_are_theirs() -> None:
    """A tag's place begins at its bracket and ends behind the closing one."""
    page = b"x<P CLASS=a>y</P>"
    assert [page[tag.start : tag.end] for tag in tags(page)] == [b"<P CLASS=a>", b"</P>"]


def test_raw_text_holds_no_tags() -> None:
    """What looks like a link inside a style, script or title is none."""
    page = b"<STYLE><a href='x'></STYLE ><title></titles><a></title><script>'</scrip>'</script><b>"
    assert [tag.name for tag in tags(page) if tag.name] == [b"style", b"title", b"script", b"b"]


UNCLOSED = [
    "x<!-- never>",
    "x<p class='",
    "x<p",
    "<style>a{}",
    "<title>x</titl",
    "<!doctype",
    "</ x",
    '<a href="x>y</a>',
]


@pytest.mark.parametrize("page", [*UNCLOSED, '<a href="x>y</a>', "<a href= 'x>"])
def test_pages_that_end_inside_a_tag_are_refused(page: str) -> None:
    """Nothing that is added after an open comment, tag or script would be seen."""
    with pytest.raises(UnclosedError):
        read_page(page.encode())


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (b"<a href=x>", b"x"),
        (b"<a\n HREF = 'x y'>", b"x y"),
        (b'<a class="b" href="x>y" target=_blank>', b"x>y"),
        (b"<a href=x href=y>", b"x"),
        (b"<a href>", b""),
        (b'<a href="">', b""),
        (b"<a title='href=y' href=x/>", b"x/"),
    ],
)
def test_attributes_are_read(tag: bytes, value: bytes) -> None:
    """Whatever the quotes, the first href holds, and its place is that of its whole spelling."""
    found = attributes_of(next(tags(tag)))[b"href"]
    assert value == found.value
    assert tag[found.start : found.end].lower().startswith(b"href")
    assert tag[found.end : found.end + 1] in {b">", b" "}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"a?x=1&amp;y=2", b"a?x=1&y=2"),
        (b"a?x=1&y=2", b"a?x=1&y=2"),
        (b"a?x=1&copy=2&lt=3", b"a?x=1&copy=2&lt=3"),
        (b"&#104;&#x74;tp", b"http"),
        (b"  x\n", b"x"),
        (b"&nonsense;&", b"&nonsense;&"),
        (b"a&copyright", b"a&copyright"),
        (b"\xff", b"\xff"),
        (b"a&copy", None),
        (b"a&#38b", None),
    ],
)
def test_references_are_read_as_browsers_read_attributes(value: bytes, read: bytes | None) -> None:
    """`&lt=3` is a query, not a bracket; what programs read differently is not read."""
    assert read == unescaped(value)


def test_links_have_their_place_address_and_text() -> None:
    """Text inside further tags belongs to the link; a new link ends an open one; the last may stay open."""
    page = b"<a href='x'>a<b>b</b></a> c <a name=y>d</a><a href=z>e<a href=w>f"
    found = read_page(page).anchors
    assert [(each.href, each.shown) for each in found] == [(b"x", b"ab"), (b"z", b"e"), (b"w", b"f")]
    assert page[found[0].start : found[0].end] == b"href='x'"


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><p>a</p>|</body></html>\n",
        "<p>a</p>|\n\n",
        "<html><p>a</p>|</html>",
        "plain words|",
        "|",
        "<body>a</body><body>b|</body> ",
    ],
)
def test_line_stands_at_the_end_of_the_body(page: str) -> None:
    """Without a quote it is the last thing that is shown."""
    assert page == place(page.replace("|", ""))


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="moz-cite-prefix">On Friday, Bob wrote:<br></div><blockquote type="cite" cite="x">q</blockquote>',
        '<blockquote type="CITE">q<blockquote>r</blockquote>s</blockquote>',
        '<div class="gmail_quote gmail_quote_container"><div>On Friday wrote:</div><div>q</div></div>',
        '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Bob</div><div>q</div>',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3pt"><p><b>From:</b></p></div><p>q</p>',
        '<div class="moz-forward-container">-------- Forwarded Message --------<table></table>q</div>',
        '<p id="reply-intro">On Friday, Bob wrote:</p><blockquote type="cite">q</blockquote>',
        "<div>On Friday, Bob wrote:</div><blockquote type='cite'>q</blockquote>",
        '<p>Am Freitag schrieb <a href="mailto:b@example.test">Bob</a> :</p> <blockquote type=cite>q</blockquote>',
        '<div class="protonmail_quote">q</div>',
        '<div id="x_divRplyFwdMsg">q</div>',
        '<div class="ydp123yahoo_quoted">q</div>',
        "<div class='-x-evo-cite'>q</div>",
        "<blockquote type=cite><p>q<img src=cid:x></p></blockquote><blockquote type=cite>r</blockquote>",
    ],
)
@pytest.mark.parametrize("after", ["", "<br>", "<p>&nbsp;</p>\n", "</div>"])
def test_line_stands_after_own_words_and_before_the_quote(quote: str, after: str) -> None:
    """Whichever program quoted, its introduction included; blank space after the quote says nothing."""
    page = f"<html><body><div>Hello<div class=moz-signature>-- <br>Alice</div></div>|{quote}{after}</body></html>"
    assert page == place(page.replace("|", ""))


@pytest.mark.parametrize(
    "page",
    [
        "<blockquote type=cite>q</blockquote><p>answer</p>|",
        "<p>a</p><blockquote type=cite>q</blockquote><p>b</p><blockquote type=cite>r</blockquote><p>c</p>|",
        "<div class=gmail_quote>q</div><img src=cid:logo>|",
        "<blockquote>own words, indented</blockquote>|",
        "<blockquote type=note>x</blockquote>|",
        "<div class=gmail_quoted>x</div>|",
    ],
)
def test_line_stands_at_the_end_when_own_words_follow_the_quote(page: str) -> None:
    """Answers below the quote, a logo below it, and an indented paragraph are the user's own."""
    assert page == place(page.replace("|", ""))


@pytest.mark.parametrize(
    "page",
    [
        "<div>Hello,<br>|On Friday, Bob wrote:</div><blockquote type=cite>q</blockquote>",
        "Hello. On Friday, Bob wrote:|<blockquote type=cite>q</blockquote>",
        "<div>Here is what I think</div>|<blockquote type=cite>q</blockquote>",
        "<ul><li>He said:</li></ul>|<blockquote type=cite>q</blockquote>",
        "<div>" + "long " * 90 + ":</div>|<blockquote type=cite>q</blockquote>",
        "<div>He said:</div>and more|<blockquote type=cite>q</blockquote>",
    ],
)
def test_line_stands_right_before_a_quote_without_an_introduction_of_its_own(page: str) -> None:
    """Own words are never separated from each other, even where they end in a colon."""
    expected = page.replace(
        "<div>Hello,<br>On Friday, Bob wrote:</div>|", "<div>Hello,<br>|On Friday, Bob wrote:</div>"
    )
    assert expected == place(page.replace("|", ""))


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        ("<!DOCTYPE html><html><head><title>t</title></head><body class=x>", "words"),
        ("<html>", "words<body>"),
        ("<html><head><meta></head>", "<p>words</p>"),
        ("", "words"),
        ("", "<blockquote type=cite>words<html><body></blockquote>"),
        ("<!-- x -->\n<body>", "<div><blockquote type=cite>words</blockquote></div>"),
    ],
)
def test_line_stands_at_the_top_of_a_part_that_would_be_clipped(head: str, rest: str) -> None:
    """Above 90,000 octets it comes first; at 90,000 it does not."""
    filling = "x" * (CLIPPED_ABOVE_BYTES - len(head) - len(rest))
    assert f"{head}|{rest}{filling}y" == place(f"{head}{rest}{filling}y")
    assert f"{head}|{rest}{filling}" != place(f"{head}{rest}{filling}")


@given(st.text(alphabet="<>/!-=\"' abpdivqoute:\n", max_size=120))
def test_any_page_has_a_place_or_is_refused(page: str) -> None:
    """The line never stands inside a tag: what was a tag before is one after."""
    content = page.encode()
    try:
        at = read_page(content).line_at
    except UnclosedError:
        return
    before = [content[tag.start : tag.end] for tag in tags(content)]
    marked = content[:at] + b"<hr>" + content[at:]
    after = [marked[tag.start : tag.end] for tag in tags(marked)]
    after.remove(b"<hr>")
    assert before == after
