"""The header that names the tracker, the purposes and the stop link, as a filter reads it."""

import email
import re

import pytest

from desktop.core.permission import SEEING
from desktop.core.rewrite import splice
from desktop.core.trackingheader import NAME, tracking_field
from relay.wire.purpose import Purpose
from tests.core.copies import PICTURE, STOP, copy_of, everything, html_message, surveyed

PAGE = html_message(b'<p>Hello <a href="https://example.test/a">offer</a></p>\r\n')


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_a_header_names_the_tracker_and_the_stop_link(newline: bytes) -> None:
    """Item 18: first in the header, readable by a filter: a field of ours, the purposes that are on, `stop=<URL>`."""
    raw = PAGE.replace(b"\r\n", newline)
    copy = copy_of(raw)
    assert copy.startswith(NAME.encode() + b": opens, clicks;" + newline + b" stop=<")
    value = email.message_from_bytes(copy)[NAME]
    assert re.fullmatch(r"([a-z]+(?:, [a-z]+)*);\s+stop=<(https://\S+)>", value)
    assert value.endswith(f"stop=<{STOP}>")
    assert copy.count(NAME.encode()) == 1


def test_purposes_stand_in_a_fixed_order() -> None:
    """Those that are on and no others."""
    on = frozenset({Purpose.PLACE, Purpose.OPENS})
    assert tracking_field(on, "https://x.test/", b"\r\n") == (
        b"Readback-Tracking: opens, place;\r\n stop=<https://x.test/>\r\n"
    )


def test_no_line_is_too_long() -> None:
    """RFC 5322 2.1.1: 78 characters are wished for and 998 demanded, with a host as long as a name can be."""
    lines = tracking_field(frozenset(Purpose), f"https://{'h' * 253}/stop/{'t' * 72}/me", b"\r\n").split(b"\r\n")
    assert max(map(len, lines)) < 400


def test_untracked_mail_has_no_such_header() -> None:
    """A question, and mail to which nothing is added, say nothing of tracking."""
    found = surveyed(PAGE)
    question = everything(found, picture=False, links=False)
    asking = splice(found, type(question)(line=question.line))
    assert NAME.encode() not in asking
    assert PICTURE.encode() not in asking
    assert STOP.encode() in asking
    assert splice(found, question) == PAGE
    assert question.purposes == SEEING
