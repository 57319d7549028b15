"""The listener in front of a real Postfix: what the provider says the client hears; what it takes arrives once."""

import smtplib
import ssl
from email.parser import BytesHeaderParser

import pytest

from tests.real.client import hand_in, signed_in
from tests.real.desktop import Desktop
from tests.real.faults import Fault, Stage
from tests.real.provider import Provider, address_of
from tests.real.waiting import until

pytestmark = pytest.mark.timeout(120)

ALICE = address_of("alice")
BOB = address_of("bob")
CAROL = address_of("carol")


def _mail(subject: str, *, to: str = BOB, body: str = "Hello\r\n.a line with a dot\r\n") -> bytes:
    return f"From: {ALICE}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@test>\r\n\r\n{body}".encode()


def _count(provider: Provider, name: str, subject: str) -> int:
    with provider.mailbox(name) as mailbox:
        return sum(f"Subject: {subject}\r\n".encode() in message for message in mailbox.messages())


def _arrived(provider: Provider, name: str, subject: str) -> bytes:
    """Return the one message with that subject, once it is there."""
    with provider.mailbox(name) as mailbox:
        (message,) = mailbox.wait_for(f"Subject: {subject}\r\n")
    return message


def test_a_mail_goes_through_byte_for_byte(listening: Desktop, provider: Provider) -> None:
    """Without permission the body that arrives is the one that was handed in, dots at line starts included."""
    with signed_in(listening) as client:
        code, text = hand_in(client, _mail("through"), sender=ALICE, recipients=(BOB,))
    assert code == 250, text
    message = _arrived(provider, "bob", "through")
    assert message.endswith(b"\r\n\r\nHello\r\n.a line with a dot\r\n")
    assert b"Message-ID: <through@test>\r\n" in message


def test_tls_from_the_first_octet_works_too(listening: Desktop, provider: Provider) -> None:
    """An account with implicit TLS hands mail in at Postfix's other door."""
    with signed_in(listening) as client:
        answer = hand_in(client, _mail("wrapped"), sender="wrapped@example.test", recipients=(BOB,))
    assert answer[0] == 250, answer
    assert _arrived(provider, "bob", "wrapped")


def test_the_client_hears_why_a_recipient_is_refused(listening: Desktop, provider: Provider) -> None:
    """The listener answers RCPT with Postfix's own code and words."""
    with smtplib.SMTP("localhost", provider.ports.submission, timeout=10) as direct:
        direct.starttls(context=ssl.create_default_context(cafile=str(provider.certificates.ca_file)))
        direct.login(ALICE, "alice-secret")
        direct.mail(ALICE)
        said = direct.rcpt("nobody@example.test")
    with signed_in(listening) as client:
        client.mail(ALICE)
        heard = client.rcpt("nobody@example.test")
        still = client.rcpt(BOB)
    assert said[0] == 550
    assert heard == said
    assert still[0] == 250


def test_a_greylisted_recipient_can_be_tried_again(listening: Desktop, provider: Provider) -> None:
    """Postfix's 450 reaches the client, nothing is delivered, and the next try is delivered once."""
    grey = Fault(stage=Stage.RCPT, action="450 4.2.0 Greylisted, come back", times=1)
    with provider.faults.standing(grey), signed_in(listening) as client:
        first = hand_in(client, _mail("grey"), sender=ALICE, recipients=(BOB,))
        assert _count(provider, "bob", "grey") == 0
        second = hand_in(client, _mail("grey"), sender=ALICE, recipients=(BOB,))
    assert first[0] == 450
    assert "Greylisted, come back" in first[1]
    assert second[0] == 250
    _arrived(provider, "bob", "grey")
    assert _count(provider, "bob", "grey") == 1


def test_a_mail_refused_after_the_dot_is_told_as_refused(listening: Desktop, provider: Provider) -> None:
    """Postfix's 550 after the final dot is the client's answer, and nothing is delivered."""
    spam = Fault(stage=Stage.END, action="550 5.7.1 This looks like spam")
    with provider.faults.standing(spam), signed_in(listening) as client:
        code, text = hand_in(client, _mail("spam"), sender=ALICE, recipients=(BOB,))
    assert code == 550
    assert "This looks like spam" in text
    with signed_in(listening) as client:
        hand_in(client, _mail("after-spam"), sender=ALICE, recipients=(BOB,))
    _arrived(provider, "bob", "after-spam")
    assert _count(provider, "bob", "spam") == 0


def test_after_a_partial_failure_only_the_missing_get_it(listening: Desktop, provider: Provider) -> None:
    """With carol put off after the dot the client hears 451 and both names; a second try reaches only carol."""
    both = _mail("partial", to=f"{BOB}, {CAROL}")
    busy = Fault(stage=Stage.END, action="451 4.3.0 Come back later", recipient="carol@", times=1)
    with provider.faults.standing(busy), signed_in(listening) as client:
        first = hand_in(client, both, sender=ALICE, recipients=(BOB, CAROL))
        second = hand_in(client, both, sender=ALICE, recipients=(BOB, CAROL))
    assert first[0] == 451
    assert BOB in first[1]
    assert CAROL in first[1]
    assert second[0] == 250, second
    _arrived(provider, "carol", "partial")
    with signed_in(listening) as client:
        hand_in(client, _mail("after-partial"), sender=ALICE, recipients=(BOB,))
    _arrived(provider, "bob", "after-partial")
    assert [_count(provider, name, "partial") for name in ("bob", "carol")] == [1, 1]


def test_delivery_notices_are_asked_for_as_the_client_asked(listening: Desktop, provider: Provider) -> None:
    """RET, ENVID, NOTIFY and ORCPT reach Postfix: its notice of delivery bears the client's envelope id."""
    _offers(listening, "dsn")
    with signed_in(listening) as client:
        assert client.mail(ALICE, ["RET=HDRS", "ENVID=QQ314159"])[0] == 250
        assert client.rcpt(BOB, ["NOTIFY=SUCCESS", f"ORCPT=rfc822;{BOB}"])[0] == 250
        assert client.data(_mail("notice"))[0] == 250
    with provider.mailbox("alice") as mailbox:
        (notice,) = mailbox.wait_for("Original-Envelope-Id: QQ314159")
    assert b"Action: delivered\r\n" in notice
    assert f"Original-Recipient: rfc822;{BOB}".encode() in notice


def test_addresses_and_headers_in_utf_8_go_through(listening: Desktop, provider: Provider) -> None:
    """With SMTPUTF8 and 8BITMIME a mail to jürgen arrives with its raw UTF-8 header and body."""
    _offers(listening, "smtputf8")
    message = _mail("Grüße", to="jürgen@example.test", body="Schöne Grüße, 日本語\r\n")
    with signed_in(listening) as client:
        assert client.docmd("MAIL", f"FROM:<{ALICE}> SMTPUTF8 BODY=8BITMIME")[0] == 250
        client.command_encoding = "utf-8"
        assert client.docmd("RCPT", "TO:<jürgen@example.test>")[0] == 250
        assert client.data(message)[0] == 250
    arrived = _arrived(provider, "juergen", "Grüße")
    assert arrived.endswith("\r\n\r\nSchöne Grüße, 日本語\r\n".encode())


def test_a_body_of_eight_bits_goes_through(listening: Desktop, provider: Provider) -> None:
    """Octets that are no UTF-8 arrive as they were sent under BODY=8BITMIME."""
    message = _mail("eight").replace(b"Hello", b"caf\xe9")
    with signed_in(listening) as client:
        assert client.mail(ALICE, ["BODY=8BITMIME"])[0] == 250
        assert client.rcpt(BOB)[0] == 250
        assert client.data(message)[0] == 250
    assert b"\r\n\r\ncaf\xe9\r\n" in _arrived(provider, "bob", "eight")


def test_nobody_sends_without_the_listeners_password(listening: Desktop) -> None:
    """Before AUTH a sender is refused with 530; the mailbox's own password is no password here."""
    with smtplib.SMTP("127.0.0.1", listening.port, timeout=30) as client:
        client.ehlo()
        assert client.mail(ALICE)[0] == 530
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(ALICE, "alice-secret")


def test_a_mail_to_several_stays_one_mail(listening: Desktop, provider: Provider) -> None:
    """Each recipient holds one copy with one Message-ID, and a Bcc recipient stands in nobody's header."""
    message = _mail("several", to=f"{BOB}, {CAROL}")
    with signed_in(listening) as client:
        assert hand_in(client, message, sender=ALICE, recipients=(BOB, CAROL, address_of("dave")))[0] == 250
    for name in ("bob", "carol", "dave"):
        arrived = _arrived(provider, name, "several")
        headers = BytesHeaderParser().parsebytes(arrived)
        assert headers["Message-ID"] == "<several@test>"
        assert headers["To"] == f"{BOB}, {CAROL}"
        assert name == "dave" or b"dave" not in arrived


def _offers(desktop: Desktop, extension: str) -> None:
    """Wait until the listener has learnt that its providers offer `extension`."""

    def offered() -> bool:
        with smtplib.SMTP("127.0.0.1", desktop.port, timeout=30) as client:
            client.ehlo()
            return client.has_extn(extension)

    until(offered, what=f"the listener to offer {extension}")
