"""What recipients press on their pages: only what a browser would send, and nothing that a page does not offer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

import pytest

from desktop.core.errors import Malformed, Refused
from desktop.practice import cast
from desktop.practice.delivery import Answer
from desktop.practice.recipients import Recipients
from relay.wire.urls import confirm_url, consent_url, page_url, stop_url
from tests.fakes.http_answers import HttpAnswers

TOKEN = "A" * 72
QUESTION = (
    b'<form method="post"><input type="checkbox" name="purpose" value="opens">'
    b'<input type="checkbox" name="purpose" value="clicks"><button name="answer" value="yes"></button>'
    b'<button name="answer" value="no"></button></form>'
)
BUTTON = b'<form method="post"><button></button></form>'
STOP_PAGE = BUTTON + f'<a href="{page_url("", TOKEN)}">What is recorded</a>'.encode()
OWN_PAGE = (
    b'<form method="post"><button name="wish" value="stop"></button></form>'
    b'<form method="post"><button name="wish" value="delete"></button></form>'
)
THANKS = b"<p>Thank you.</p>"
Act = Callable[[Recipients, bytes], Answer]


@contextmanager
def relay(*pages: bytes) -> Iterator[HttpAnswers]:
    """Serve these pages, one after the other."""
    with HttpAnswers(*((200, page) for page in pages)) as answers:
        yield answers


def copy(base: str) -> bytes:
    """Return a copy with a link of each kind that leads to a page."""
    urls = (consent_url(base, TOKEN, b"claims"), confirm_url(base, TOKEN), stop_url(base, TOKEN))
    links = "".join(f'<a href="{url}">x</a>' for url in urls)
    return f"Content-Type: text/html\r\n\r\n{links}\r\n".encode()


def choosing(*purposes: str) -> Act:
    return lambda recipients, raw: recipients.choose(raw, cast.ERIK, purposes)


def confirming(recipients: Recipients, raw: bytes) -> Answer:
    return recipients.confirm(raw, cast.ERIK)


def deleting(recipients: Recipients, raw: bytes) -> Answer:
    return recipients.ask_deletion(raw, cast.ERIK)


@pytest.mark.parametrize(
    ("pages", "act", "path", "sent"),
    [
        ((QUESTION,), choosing("opens"), "/consent/", {"purpose": ["opens"], "answer": ["yes"]}),
        ((QUESTION,), choosing("opens", "clicks"), "/consent/", {"purpose": ["opens", "clicks"], "answer": ["yes"]}),
        ((QUESTION,), choosing(), "/consent/", {"answer": ["no"]}),
        ((BUTTON,), confirming, "/confirm/", {}),
        ((STOP_PAGE, OWN_PAGE), deleting, "/page/", {"wish": ["delete"]}),
    ],
)
def test_a_page_is_looked_at_and_one_button_pressed(
    pages: tuple[bytes, ...], act: Act, path: str, sent: dict[str, list[str]]
) -> None:
    """Each page is fetched first; the form goes to its own address, from its own site, with what was ticked."""
    with relay(*pages, THANKS) as answers:
        assert act(Recipients(answers.url), copy(answers.url)).body == THANKS
    *looked, (method, pressed, headers, body) = answers.requests
    assert [each[0] for each in looked] == ["GET"] * len(pages)
    assert (method, pressed) == ("POST", looked[-1][1])
    assert pressed.startswith(path)
    assert (headers["Sec-Fetch-Site"], looked[0][2]["Sec-Fetch-Site"]) == ("same-origin", "cross-site")
    assert parse_qs(body.decode("ascii")) == sent


@pytest.mark.parametrize(
    ("pages", "act"),
    [
        ((THANKS,), choosing("opens")),
        ((BUTTON,), choosing("opens")),
        ((THANKS,), confirming),
        ((BUTTON,), deleting),
        ((STOP_PAGE, THANKS), deleting),
    ],
)
def test_nothing_is_pressed_that_a_page_does_not_offer(pages: tuple[bytes, ...], act: Act) -> None:
    """A page without the button, or a stop page that leads to no other, is refused in words; nothing is sent."""
    with relay(*pages) as answers, pytest.raises(Refused):
        act(Recipients(answers.url), copy(answers.url))
    assert {method for method, *_ in answers.requests} == {"GET"}


@pytest.mark.parametrize("act", [choosing("opens"), confirming, deleting])
def test_a_copy_without_the_link_has_no_page(act: Act) -> None:
    """In a mail to which nothing was added there is nothing to go to."""
    with relay(THANKS) as answers, pytest.raises(Malformed):
        act(Recipients(answers.url), b"Content-Type: text/html\r\n\r\n<p>x</p>\r\n")
    assert answers.requests == []
