"""Readback's picture is deliberately easy to recognise: the known blockers flag every mail that carries it.

A copy that is followed by its links alone has no picture; there the line and the header say so.
"""

import email.policy

import pytest

from tests.core.copies import PICTURE, client_message, copy_of, expected, flowed_message, html_message
from tests.data.blockers import BLOCKERS

PAGE = b'<p>Hello, see <a href="https://example.test/a">this</a>.</p>\r\n'
LOGO = b'<p>Hello <img src="https://shop.test/logo.png" width="120" height="40" alt="Shop"></p>\r\n'
MAILS = {
    "a page": html_message(PAGE),
    "a page with a logo": html_message(LOGO),
    "a page in base64": html_message(b"PHA+SGVsbG88L3A+\r\n", encoding=b"base64"),
    "flowed text": flowed_message(b"Hello, \r\nsee you.\r\n"),
    "a long page": html_message(b"<p>" + b"<p>line of text</p>\r\n" * 6_000),
}


def page_of(raw: bytes) -> str:
    """Return the HTML of a message."""
    body = email.message_from_bytes(raw, policy=email.policy.default).get_body(("html",))
    assert body is not None
    text = body.get_content()
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("blocker", BLOCKERS)
@pytest.mark.parametrize("mail", MAILS)
def test_every_blocker_flags_a_tracked_mail(mail: str, blocker: str) -> None:
    """'Every tracked message must be flagged by the rules of the known blockers'."""
    assert BLOCKERS[blocker](page_of(copy_of(MAILS[mail]))) is True


@pytest.mark.parametrize("blocker", BLOCKERS)
def test_every_blocker_flags_what_real_programs_wrote(blocker: str) -> None:
    """Mails of real programs, tracked, are flagged too."""
    tracked = [row["message"] for row in expected() if row["tracked"] == "yes"]
    pages = [page_of(copy_of(client_message(name))) for name in tracked]
    assert len(pages) > 10
    assert [BLOCKERS[blocker](page) for page in pages] == [True] * len(pages)


@pytest.mark.parametrize("blocker", BLOCKERS)
def test_no_blocker_flags_an_ordinary_logo(blocker: str) -> None:
    """A mail with a logo is not flagged before it is tracked, nor when it carries the line and links alone."""
    assert BLOCKERS[blocker](page_of(MAILS["a page with a logo"])) is False
    assert BLOCKERS[blocker](page_of(copy_of(MAILS["a page with a logo"], picture=False))) is False


def test_each_rule_finds_the_picture_and_nothing_else() -> None:
    """Without its size and its path the same picture is no tracker's to the three that look at pictures."""
    tag = f'<img src="{PICTURE}" width="1" height="1" alt="">'
    large = '<img src="https://shop.test/a.gif" width="300" height="200" alt="">'
    for name in ("Trocker", "PixelBlock", "MailTrackerBlocker"):
        assert (BLOCKERS[name](tag), BLOCKERS[name](large)) == (True, False)
