"""The line that admits one desktop, as it is printed and as it is pasted."""

import pytest

from relay.wire.invite import read_invite, spell_invite

SECRET = "A-_0" * 10


def test_the_line_is_read_as_it_was_spelled() -> None:
    """Address and secret come back whole."""
    line = spell_invite("https://t.example.com:8443", SECRET)
    assert line == f"https://t.example.com:8443#invite={SECRET}"
    assert read_invite(line) == ("https://t.example.com:8443", SECRET)


@pytest.mark.parametrize("around", ["{}\n", "  {}", "<{}>", "“{}”".replace("“", '"').replace("”", '"'), "`{}`"])
def test_what_a_chat_puts_around_the_line_does_no_harm(around: str) -> None:
    """Spaces, brackets, quotes and a slash before the fragment are no part of it."""
    assert read_invite(around.format(f"https://t.example.com/#invite={SECRET}")) == ("https://t.example.com", SECRET)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://t.example.com",
        SECRET,
        "https://t.example.com#invite=",
        f"https://t.example.com#invite={SECRET}!",
        f"ftp://t.example.com#invite={SECRET}",
        f"https://t.example.com#invite={SECRET} and more",
    ],
)
def test_what_is_no_line_is_none(text: str) -> None:
    """An address alone, a secret alone, and a torn or longer line are not taken for one."""
    assert read_invite(text) is None
