"""Thunderbird without Readback: the driver sends, and hears what the provider says."""

import pytest

from tests.real.faults import Fault, Stage
from tests.real.provider import Provider
from tests.real.thunderbird import Draft, SendFailed, Thunderbird

pytestmark = pytest.mark.timeout(180)


def test_it_sends_what_was_written(direct_thunderbird: Thunderbird, provider: Provider) -> None:
    """An HTML draft with a link arrives as one multipart/alternative and stands in Sent with the same Message-ID."""
    draft = Draft(
        to="Bob <bob@example.test>",
        subject="Direct from Thunderbird",
        body="<p>Hello <b>Bob</b>, <a href='https://example.test/p'>prices</a></p>",
    )
    direct_thunderbird.send(draft)
    with provider.mailbox("bob") as bob, provider.mailbox("alice") as alice:
        (arrived,) = bob.wait_for("Subject: Direct from Thunderbird")
        (stored,) = alice.wait_for("Subject: Direct from Thunderbird", folder="Sent")
    assert b"multipart/alternative" in arrived
    assert _message_id(arrived) == _message_id(stored)


def test_it_tells_its_user_what_the_provider_said(direct_thunderbird: Thunderbird, provider: Provider) -> None:
    """A refused recipient raises SendFailed with the provider's words, as the alert shows them."""
    no = Fault(stage=Stage.RCPT, action="550 5.7.1 Not on a Sunday", recipient="bob@")
    with provider.faults.standing(no), pytest.raises(SendFailed, match="Not on a Sunday"):
        direct_thunderbird.send(Draft(to="bob@example.test", subject="Refused", body="<p>x</p>"))


def _message_id(message: bytes) -> bytes:
    (line,) = (line for line in message.split(b"\r\n") if line.lower().startswith(b"message-id:"))
    return line
