"""What a mail program reads from a copy, and what a browser reads from a page."""

import pytest

from desktop.practice.reading import Anchor, Form, anchors_in, bodies_of, forms_in, pictures_in

HTML = """
<p>one <img src="https://a.example/1.gif"> <img src="cid:inline"></p>
<a href="https://a.example/x?y=1&amp;z=2">See <b>or</b>
 stop</a> <a href="mailto:a@a.example">mail</a> <a name="top">no link</a>
"""
FORM = '<form method="post"><button name="wish" value="{}"></button></form>'


def test_remote_pictures_are_loaded_and_attached_ones_are_not() -> None:
    """A picture within the mail asks nobody."""
    assert pictures_in(HTML) == ("https://a.example/1.gif",)


def test_links_to_the_web_are_read_as_shown() -> None:
    """Entities are resolved, words joined, other schemes left out."""
    assert anchors_in(HTML) == (Anchor(reads="See or stop", leads_to="https://a.example/x?y=1&z=2"),)


def test_bodies_are_decoded_inside_nested_parts() -> None:
    """Text and HTML are found where a mail program finds them; an attached mail's are not taken for them."""
    raw = (
        b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
        b"Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\nplain\r\n"
        b"--i\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"<p>gr=FCn</p>\r\n--i--\r\n--o\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: text/html\r\n\r\nother\r\n"
        b"--o--\r\n"
    )
    bodies = bodies_of(raw)
    assert (bodies.text.strip(), bodies.html.strip()) == ("plain", "<p>grün</p>")


def test_a_mail_without_html_has_none() -> None:
    """A plain mail has no pictures to load."""
    assert bodies_of(b"Subject: x\r\n\r\nplain\r\n").html == ""


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            '<form method="post"><button type="submit">Stop</button></form>',
            (Form(action="http://r/stop/t/me"),),
        ),
        (
            '<form method="POST" action="/now"><input type="hidden" name="a" value="1"></form>',
            (Form(action="http://r/now", fields=(("a", "1"),)),),
        ),
        (
            f"{FORM.format('delete')}<button name='x'></button>{FORM.format('stop')}",
            (
                Form(action="http://r/stop/t/me", buttons=(("wish", "delete"),)),
                Form(action="http://r/stop/t/me", buttons=(("wish", "stop"),)),
            ),
        ),
        ('<form action="/search"><input name="q"></form>', ()),
        ("<p>nothing to press</p>", ()),
    ],
)
def test_only_a_form_that_posts_is_a_button_to_press(page: str, expected: tuple[Form, ...]) -> None:
    """A form without POST changes nothing and is not pressed; an empty action means the page itself."""
    assert expected == forms_in(page, "http://r/stop/t/me")


def test_what_is_pressed_and_ticked_is_sent_and_nothing_else() -> None:
    """Of the boxes those that are ticked, of the buttons the one that is pressed, and what is hidden always."""
    (form,) = forms_in(
        '<form method="post"><input type="hidden" name="h" value="1"><input type="checkbox" name="p" value="opens">'
        '<input type="checkbox" name="p" value="clicks"><button name="a" value="yes"></button>'
        '<button name="a" value="no"></button></form>',
        "http://r/x",
    )
    assert form.pressed("yes", ["opens"]) == (("h", "1"), ("p", "opens"), ("a", "yes"))
    assert form.pressed() == (("h", "1"),)


def test_the_links_of_a_page_lead_from_where_it_is() -> None:
    """A page may link to its own server without naming it; in a mail such a link leads nowhere."""
    page = '<a href="/page/t/me">What is recorded</a>'
    assert [anchor.leads_to for anchor in anchors_in(page, "http://r/stop/t/me")] == ["http://r/page/t/me"]
    assert anchors_in(page) == ()
