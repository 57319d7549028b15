"""The difference between a mail as sent and a copy as received, as a person reads it."""

from desktop.practice.difference import WIDTH, difference

SENT = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Gr\xc3\xbc\xc3\x9fe</p>\r\n<p>Kim</p>\r\n"
TOKEN = b"A" * 30 + b"B" * 42


def test_equal_mails_differ_in_nothing() -> None:
    """Two spellings of one body are no difference."""
    again = b"Content-Type: text/html; charset=latin-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    assert list(difference(SENT, again + b"<p>Gr=FC=DFe</p>\r\n<p>Kim</p>\r\n")) == []


def test_an_added_picture_is_shown_and_shortened() -> None:
    """The added line stands after a plus sign, its token cut in the middle, the line before it for orientation."""
    received = SENT + b'<img src="http://127.0.0.1:80/open/' + TOKEN + b'.gif">\r\n'
    assert list(difference(SENT, received)) == [
        "--- HTML as sent",
        "+++ HTML as received",
        "@@ -2 +2,2 @@",
        " <p>Kim</p>",
        '+<img src="http://127.0.0.1:80/open/AAAA..BB.gif">',
    ]


def test_no_line_is_too_wide() -> None:
    """Long lines go on under their sign."""
    lines = list(difference(SENT, SENT + b"<p>" + b"word " * 60 + b"</p>\r\n"))
    assert max(len(line) for line in lines) <= WIDTH
    assert sum(line.startswith("+") for line in lines) > 3
