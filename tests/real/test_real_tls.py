"""Bad certificates and missing TLS at a real provider: refused in plain words, and nothing is said in the clear."""

import socket
import ssl

import pytest

from desktop.accounts.credentials import Password
from desktop.accounts.tls import client_context
from desktop.core.errors import NotAuthorised, Trouble, Unreachable
from desktop.outgoing.probe import probe
from desktop.store.accounts import Security
from tests.real.certificates import EXPIRED_IMAP_HOST
from tests.real.client import hand_in, signed_in
from tests.real.desktop import Desktop, Door, account_row
from tests.real.provider import Provider, address_of, password_of
from tests.real.provider_config import WRONG_IMAP_HOST

pytestmark = pytest.mark.timeout(120)
SECRET = Password(user=address_of("alice"), secret=password_of("alice"))


@pytest.mark.parametrize(
    ("sender", "word"), [("expired", "expired"), ("wronghost", "another"), ("stripped", "no encryption")]
)
def test_a_provider_that_cannot_be_trusted_gets_no_mail(listening: Desktop, sender: str, word: str) -> None:
    """The client hears, in a temporary refusal with words of our own, what is wrong with the provider's TLS."""
    message = f"From: {sender}@example.test\r\nSubject: {sender}\r\n\r\nx\r\n".encode()
    with signed_in(listening) as client:
        code, text = hand_in(client, message, sender=f"{sender}@example.test", recipients=(address_of("bob"),))
    assert code in range(400, 600)
    assert word in text


def test_no_password_was_given_to_any_of_them(listening: Desktop, provider: Provider) -> None:
    """Postfix saw connections at the three bad doors and no sign-in there, while the good door saw one."""
    with signed_in(listening) as client:
        message = b"From: alice@example.test\r\nSubject: signed in\r\n\r\nx\r\n"
        assert hand_in(client, message, sender=address_of("alice"), recipients=(address_of("bob"),))[0] == 250
        for sender in ("expired", "wronghost", "stripped"):
            client.mail(f"{sender}@example.test")
    log = provider.log()
    for door in ("expired", "wrong-host", "without-tls"):
        assert f"postfix/{door}/smtpd" in log
        assert not [line for line in log.splitlines() if f"postfix/{door}/" in line and "sasl_username" in line]
    assert [line for line in log.splitlines() if "postfix/submission/" in line and "sasl_username" in line]


@pytest.mark.parametrize(
    ("door", "kind", "words"),
    [
        ("submission_expired", Unreachable, "expired"),
        ("submission_wrong_host", Unreachable, "another"),
        ("submission_without_tls", Unreachable, "offers no encryption"),
    ],
)
def test_the_test_button_says_what_is_wrong(provider: Provider, door: str, kind: type[Trouble], words: str) -> None:
    """“Test” fails at each bad door with a sentence of our own and a cure, and says nothing in OpenSSL's words."""
    row = account_row(provider, Door(sender="alice", port=getattr(provider.ports, door)))
    with pytest.raises(kind) as caught:
        probe(row, SECRET)
    assert words in caught.value.sentence
    assert caught.value.cure
    assert "_ssl.c" not in str(caught.value)


def test_the_test_button_tells_a_wrong_password_from_a_right_one(provider: Provider) -> None:
    """At the good doors a wrong password is NotAuthorised, and with the right one the provider's offers come back."""
    row = account_row(provider, Door(sender="alice", port=provider.ports.submission))
    with pytest.raises(NotAuthorised):
        probe(row, Password(user=row.user, secret="wrong"))
    for good in (row, account_row(provider, Door(sender="a", port=provider.ports.submissions, security=Security.TLS))):
        assert probe(good, SECRET).fits(1_000)


@pytest.mark.parametrize(
    ("address", "words"), [(EXPIRED_IMAP_HOST, "certificate has expired"), (WRONG_IMAP_HOST, "Hostname mismatch")]
)
def test_dovecots_bad_certificates_are_refused(provider: Provider, address: str, words: str) -> None:
    """Our TLS context refuses Dovecot's expired and wrong-host certificates and accepts its good one."""
    context = client_context(provider.certificates.ca_file)
    with (
        socket.create_connection((address, provider.ports.imaps), 10) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match=words),
    ):
        context.wrap_socket(plain, server_hostname="localhost")
    with (
        socket.create_connection(("127.0.0.1", provider.ports.imaps), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as good,
    ):
        assert good.recv(100).startswith(b"* OK ")
