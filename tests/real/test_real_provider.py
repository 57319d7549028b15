"""The provider itself, without Readback: what is blamed on Readback elsewhere must not come from here."""

import smtplib
import ssl

import pytest

from tests.real.faults import Fault, Stage
from tests.real.provider import Provider, address_of, password_of


def _submission(provider: Provider) -> smtplib.SMTP:
    client = smtplib.SMTP("localhost", provider.ports.submission, timeout=10)
    client.starttls(context=ssl.create_default_context(cafile=str(provider.certificates.ca_file)))
    client.login(address_of("alice"), password_of("alice"))
    return client


def test_a_direct_submission_reaches_the_mailbox(provider: Provider) -> None:
    """Postfix takes a mail after STARTTLS and AUTH, and Dovecot gives it back with its body unchanged."""
    body = b"Subject: direct\r\nFrom: <alice@example.test>\r\n\r\nbody of the direct mail\r\n"
    with _submission(provider) as client:
        client.sendmail(address_of("alice"), [address_of("bob")], body)
    with provider.mailbox("bob") as mailbox:
        (message,) = mailbox.wait_for("Subject: direct\r\n")
    assert message.endswith(b"\r\n\r\nbody of the direct mail\r\n")


def test_an_unknown_recipient_is_refused_at_rcpt(provider: Provider) -> None:
    """A name without a mailbox gets Postfix's 550 5.1.1 while the client names it."""
    with _submission(provider) as client:
        client.mail(address_of("alice"))
        code, text = client.rcpt("nobody@example.test")
    assert (code, b"5.1.1 <nobody@example.test>" in text) == (550, True)


def test_a_fault_holds_as_often_as_it_says(provider: Provider) -> None:
    """A greylisting fault for one answer refuses the first RCPT with its own words and lets the second pass."""
    grey = Fault(stage=Stage.RCPT, action="450 4.2.0 Greylisted, come back", times=1)
    with provider.faults.standing(grey), _submission(provider) as client:
        client.mail(address_of("alice"))
        answers = [client.rcpt(address_of("bob")), client.rcpt(address_of("bob"))]
    assert [code for code, _ in answers] == [450, 250]
    assert b"Greylisted, come back" in answers[0][1]


def test_no_password_no_mail(provider: Provider) -> None:
    """Without AUTH Postfix refuses the recipient."""
    with smtplib.SMTP("localhost", provider.ports.submission, timeout=10) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(provider.certificates.ca_file)))
        client.mail(address_of("alice"))
        code, _ = client.rcpt(address_of("bob"))
    assert code == 554
    with smtplib.SMTP("localhost", provider.ports.submission, timeout=10) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(provider.certificates.ca_file)))
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(address_of("alice"), "wrong")
