"""What the listener lets in, and what reaches the provider of it."""

import smtplib

import pytest

from tests.fakes.provider import USER
from tests.fakes.rawclient import RawClient
from tests.outgoing.conftest import Bench

MAIL = b"From: Alice <alice@example.test>\r\nTo: bob@x.test\r\nSubject: Offer\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n"


def test_a_mail_reaches_the_provider_byte_for_byte(bench: Bench) -> None:
    """Bytes in are bytes out where nobody allowed anything, and the client hears the provider's own 250."""
    bench.start()
    assert bench.send(MAIL + b".\r\n", "bob@x.test") == "250 2.0.0 queued as 4711"
    (received,) = bench.provider.messages
    assert received.content == MAIL
    assert received.rcpts == ("RCPT TO:<bob@x.test>",)


def test_without_signing_in_nothing_is_taken(bench: Bench) -> None:
    """MAIL, RCPT and DATA get 530 before AUTH, and the provider hears nothing of them."""
    bench.start()
    with RawClient(bench.port) as client:
        client.reply()
        client.say("EHLO x")
        replies = [client.say(line)[:3] for line in (f"MAIL FROM:<{USER}>", "RCPT TO:<bob@x.test>", "DATA")]
    assert replies == ["530"] * 3
    assert bench.provider.count("MAIL") == 0
