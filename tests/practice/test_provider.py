"""The practice provider, reached as any client reaches a provider."""

import smtplib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop.practice.provider import HOST, Provider

NOW = datetime(2026, 5, 3, 9, 0, tzinfo=UTC)
MAIL = b"Subject: caf\xc3\xa9\r\n\r\n.dot\r\nlong " + b"x" * 5_000 + b"\r\n"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(user="kim@office.example", refused=frozenset({"no@one.example"}), clock=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def trust(provider: Provider, tmp_path: Path) -> ssl.SSLContext:
    provider.write_ca(tmp_path / "ca.pem")
    return ssl.create_default_context(cafile=tmp_path / "ca.pem")


def test_starttls_takes_a_mail_byte_for_byte(provider: Provider, trust: ssl.SSLContext) -> None:
    """What lies in the mailbox is what was sent, raw 8-bit, leading dots and overlong lines included."""
    with smtplib.SMTP(HOST, provider.starttls_port) as client:
        client.starttls(context=trust)
        client.login(provider.user, provider.password)
        client.sendmail("kim@office.example", ["a@x.example", "B@x.example"], MAIL, ["BODY=8BITMIME"])
    assert [delivery.raw for delivery in provider.mailbox("a@x.example")] == [MAIL]
    assert [delivery.raw for delivery in provider.mailbox("b@x.example")] == [MAIL]
    assert provider.mailbox("a@x.example")[0].arrived_at == NOW


def test_tls_takes_a_mail(provider: Provider, trust: ssl.SSLContext) -> None:
    """The TLS port works the same, with TLS from the first octet."""
    with smtplib.SMTP_SSL(HOST, provider.tls_port, context=trust) as client:
        client.login(provider.user, provider.password)
        client.sendmail("kim@office.example", ["a@x.example"], MAIL)
    assert [delivery.raw for delivery in provider.mailbox("a@x.example")] == [MAIL]


def test_plain_text_gets_no_password_prompt(provider: Provider) -> None:
    """Before STARTTLS no AUTH is offered and no mail is taken."""
    with smtplib.SMTP(HOST, provider.starttls_port) as client:
        client.ehlo()
        assert "auth" not in client.esmtp_features
        assert client.docmd("MAIL", "FROM:<kim@office.example>")[0] == 530


@pytest.mark.parametrize("is_tls", [False, True])
def test_no_mail_without_the_password(provider: Provider, trust: ssl.SSLContext, is_tls: bool) -> None:
    """A wrong password is refused, and without one MAIL is."""
    with (
        smtplib.SMTP_SSL(HOST, provider.tls_port, context=trust)
        if is_tls
        else smtplib.SMTP(HOST, provider.starttls_port)
    ) as client:
        if not is_tls:
            client.starttls(context=trust)
        client.ehlo()
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(provider.user, provider.password + "x")
        assert client.docmd("MAIL", "FROM:<kim@office.example>")[0] == 530


def test_a_stranger_to_its_authority_does_not_trust_it(provider: Provider) -> None:
    """Without the practice authority the certificate is refused, as any self-made one is."""
    with pytest.raises(ssl.SSLCertVerificationError):
        smtplib.SMTP_SSL(HOST, provider.tls_port, context=ssl.create_default_context())


def test_one_address_is_refused_at_rcpt_and_the_other_gets_the_mail(provider: Provider, trust: ssl.SSLContext) -> None:
    """The unknown address gets 550 5.1.1 in Postfix's words; its neighbour's mail is not held up by it."""
    with smtplib.SMTP_SSL(HOST, provider.tls_port, context=trust) as client:
        client.login(provider.user, provider.password)
        refused = client.sendmail("kim@office.example", ["No@one.example", "a@x.example"], MAIL)
    words = b"5.1.1 <No@one.example>: Recipient address rejected: User unknown in virtual mailbox table"
    assert {"No@one.example": (550, words)} == refused
    assert provider.refusals() == ("No@one.example",)
    assert len(provider.mailbox("a@x.example")) == 1
    assert provider.mailbox("no@one.example") == ()
