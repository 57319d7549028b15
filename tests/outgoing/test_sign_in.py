"""Signing in at a provider with an access token, and what a mail client hears when that does not work."""

import base64
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from desktop.accounts.clients import Clients
from desktop.accounts.credentials import Bearer, Credentials, grant_secret
from desktop.accounts.oauth import Grant, Tokens
from desktop.accounts.oauth_providers import Client
from desktop.core.errors import NotAuthorised, Refused
from desktop.outgoing import offers
from desktop.outgoing.offers import Offer
from desktop.outgoing.probe import probe
from desktop.outgoing.upstream import RefusedByProvider
from desktop.store.accounts import Auth, Security, save_account
from tests.fakes.idp import CLIENT_ID, IdentityProvider
from tests.fakes.provider import USER, Provider
from tests.outgoing.conftest import Bench

MAIL = b"From: Alice <alice@example.test>\r\nTo: bob@x.test\r\nSubject: Offer %d\r\n\r\nHello\r\n.\r\n"
OTHER = "other@example.test"


@pytest.fixture
def idp() -> Iterator[IdentityProvider]:
    with IdentityProvider() as running:
        yield running


@pytest.fixture
def signed_in(bench: Bench, idp: IdentityProvider) -> Bench:
    """Return the bench with an account that signs in at the identity provider's page."""
    clients = Clients(bench.store, bench.vault, environment={})
    clients.save_provider(idp.provider())
    clients.save_client(idp.provider(), Client(client_id=CLIENT_ID))
    bench.provider.auth = "PLAIN LOGIN XOAUTH2 OAUTHBEARER"
    bench.provider.owner_of = idp.owner_of
    bench.account = replace(bench.account, auth=Auth.OAUTH2, oauth_provider="company")
    save_account(bench.store, bench.account)
    bench.vault.delete(f"account:{bench.account.id}")
    bench.vault.put(grant_secret(bench.account.id), idp.grant(USER))
    # What the server offers is known, so that nothing connects but for a mail.
    offers.remember(bench.store, {bench.account.id: Offer(size_bytes=26_214_400, eight_bit=True, dsn=True)})
    bench.shared_credentials = Credentials(bench.vault, clock=bench.clock, clients=clients)
    return bench


def token_of(bench: Bench) -> str:
    credential = bench.credentials.of(bench.account)
    assert isinstance(credential, Bearer)
    return credential.token


def decoded(line: str) -> str:
    return base64.b64decode(line.rsplit(" ", maxsplit=1)[-1]).decode("utf-8", "replace")


def auth_lines(bench: Bench) -> list[str]:
    return [line for line in bench.provider.commands if line.startswith("AUTH")]


def test_mail_goes_out_with_a_token(signed_in: Bench, idp: IdentityProvider) -> None:
    """The client signs in as ever and gets the provider's answer; the provider got XOAUTH2 and no password."""
    signed_in.start()
    assert signed_in.send(MAIL % 1, "bob@x.test") == "250 2.0.0 queued as 4711"
    token = token_of(signed_in)
    assert [f"user={USER}\1auth=Bearer {token}\1\1"] == [decoded(line) for line in auth_lines(signed_in)]
    assert len(signed_in.provider.messages) == 1


def test_oauthbearer_where_nothing_else_takes_a_token(signed_in: Bench) -> None:
    """RFC 7628: host and port stand in it, and commas and equals signs in the name are spelled out."""
    signed_in.provider.auth = "PLAIN OAUTHBEARER"
    account = replace(signed_in.account, user="a,b=c@example.test")
    signed_in.provider.owner_of = lambda token: "a,b=c@example.test" if token == "tok" else None
    assert probe(account, Bearer(user=account.user, token="tok")).dsn
    (line,) = auth_lines(signed_in)
    assert line.startswith("AUTH OAUTHBEARER ")
    assert decoded(line) == (f"n,a=a=2Cb=3Dc@example.test,\1host=127.0.0.1\1port={account.port}\1auth=Bearer tok\1\1")


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_long_token_is_sent_after_the_servers_go_on(signed_in: Bench, mechanism: str) -> None:
    """A response that does not fit a command line of 512 octets follows the 334; a short one goes with the command."""
    signed_in.provider.auth = mechanism
    long, short = "t" * 2500, "t" * 200
    signed_in.provider.owner_of = lambda token: USER if token in (long, short) else None
    probe(signed_in.account, Bearer(user=USER, token=long))
    probe(signed_in.account, Bearer(user=USER, token=short))
    first, second = auth_lines(signed_in)
    assert first == f"AUTH {mechanism}"
    assert second.startswith(f"AUTH {mechanism} ")
    assert all(len(line) <= 510 for line in auth_lines(signed_in))


def test_a_server_that_takes_a_token_only_with_the_command(signed_in: Bench) -> None:
    """Where AUTH alone is not understood, a long token goes along with it after all."""
    signed_in.provider.auth = "XOAUTH2"
    signed_in.provider.needs_initial_response = True
    long = "t" * 2500
    signed_in.provider.owner_of = lambda token: USER if token == long else None
    assert probe(signed_in.account, Bearer(user=USER, token=long)).dsn
    assert [len(line) > 512 for line in auth_lines(signed_in)] == [False, True]


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_refused_token_is_told_after_the_whole_exchange(signed_in: Bench, mechanism: str) -> None:
    """The error's JSON is answered as each mechanism asks, and the refusal that follows is told in our words."""
    signed_in.provider.auth = mechanism
    with pytest.raises(NotAuthorised, match="did not accept the sign-in for alice@") as caught:
        probe(signed_in.account, Bearer(user=USER, token="nobody's"))
    assert "Sign in again" in caught.value.cure
    assert "401" not in str(caught.value)


@pytest.mark.parametrize("offered", ["PLAIN LOGIN", "", "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256"])
def test_a_token_is_never_given_as_a_password(signed_in: Bench, offered: str) -> None:
    """A server without a mechanism for tokens gets none: no AUTH at all, and words that say what to do."""
    signed_in.provider.auth = offered
    with pytest.raises(Refused, match="takes no sign-in from the browser"):
        probe(signed_in.account, Bearer(user=USER, token="tok"))
    assert auth_lines(signed_in) == []


@pytest.mark.parametrize("security", list(Security))
def test_a_token_never_goes_unencrypted(signed_in: Bench, security: Security) -> None:
    """Without STARTTLS, or with plain text where TLS should be, nothing of the token is sent."""
    with Provider(signed_in.certificates.context(), offers_starttls=False, auth="XOAUTH2") as plain:
        account = replace(signed_in.account, port=plain.port, security=security)
        with pytest.raises(Exception, match=r"offers no encryption|does not speak TLS"):
            probe(account, Bearer(user=USER, token="tok"))
        assert not [line for line in plain.commands if "AUTH" in line]


def test_an_expired_token_is_renewed_in_mid_session(signed_in: Bench, idp: IdentityProvider) -> None:
    """The provider ends the token early: the next mail fetches a new one, once, and the client notices nothing."""
    signed_in.start()
    with signed_in.client() as client:
        for number in range(2):
            assert client.start(USER, "bob@x.test")[-1].startswith("250")
            assert client.content(MAIL % number).startswith("250")
            idp.end_access()
            signed_in.provider.faults.replies[f"mail #{number + 1}"] = "421 4.7.0 your session is over"
    assert len(signed_in.provider.messages) == 2
    assert idp.refreshes == 2


def test_a_token_near_its_end_is_renewed_before_it_is_used(signed_in: Bench, idp: IdentityProvider) -> None:
    """An hour later the next mail goes out with a new token and no refusal in between."""
    signed_in.start()
    assert signed_in.send(MAIL % 1, "bob@x.test").startswith("250")
    signed_in.clock.advance(timedelta(hours=1))
    assert signed_in.send(MAIL % 2, "bob@x.test").startswith("250")
    assert idp.refreshes == 2
    assert len(auth_lines(signed_in)) == 2


def test_a_revoked_sign_in_leaves_the_mail_with_the_client(signed_in: Bench, idp: IdentityProvider) -> None:
    """The client hears to sign in again and keeps its mail; after a new sign-in the same mail goes out."""
    signed_in.start()
    assert signed_in.send(MAIL % 1, "bob@x.test").startswith("250")
    idp.revoke(USER)
    signed_in.clock.advance(timedelta(hours=1))
    answer = signed_in.send(MAIL % 2, "bob@x.test")
    assert answer.startswith("550 5.7.8 The sign-in for Work has ended. Sign in again")
    assert len(signed_in.provider.messages) == 1
    tokens = Tokens(
        access_token="x",
        refresh_token=idp.grant(USER),
        obtained_at=signed_in.clock() - timedelta(hours=2),
        ends_at=signed_in.clock() - timedelta(hours=1),
    )
    signed_in.credentials.adopt(signed_in.account.id, Grant(provider="company", address=USER, tokens=tokens))
    assert signed_in.send(MAIL % 2, "bob@x.test").startswith("250")
    assert len(signed_in.provider.messages) == 2


def test_a_token_server_that_is_down_is_a_matter_of_time(signed_in: Bench, idp: IdentityProvider) -> None:
    """The client gets a 451 and keeps its mail, and the next attempt after it is up again goes out."""
    signed_in.start()
    idp.knobs.answer = (503, "")
    answer = signed_in.send(MAIL % 1, "bob@x.test")
    assert answer.startswith("451 4.4.1 The sign-in server of Example gave no sensible answer")
    idp.knobs.answer = None
    assert signed_in.send(MAIL % 1, "bob@x.test").startswith("250")


def test_a_token_of_another_mailbox_is_refused_after_one_more_try(signed_in: Bench, idp: IdentityProvider) -> None:
    """A grant of somebody else's mailbox: one new token is tried, and no third; the client keeps the mail."""
    signed_in.vault.put(grant_secret(signed_in.account.id), idp.grant(OTHER))
    signed_in.start()
    answer = signed_in.send(MAIL % 1, "bob@x.test")
    assert answer.startswith("550 5.7.8 127.0.0.1 did not accept the sign-in for alice@example.test")
    assert signed_in.provider.messages == []
    assert (len(auth_lines(signed_in)), idp.refreshes) == (2, 2)


def test_many_clients_at_once_are_one_refresh(signed_in: Bench, idp: IdentityProvider) -> None:
    """Six sessions that begin while no token is there: one request to the token server, six mails."""
    gate = idp.knobs.gate = threading.Event()
    signed_in.start()
    answers: list[str] = []

    def send(number: int) -> None:
        answers.append(signed_in.send(MAIL % number, "bob@x.test"))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    assert idp.asked.wait(10)
    gate.set()
    for thread in threads:
        thread.join(20)
    assert answers == ["250 2.0.0 queued as 4711"] * 6
    assert idp.refreshes == 1


def test_no_client_hears_of_a_token(signed_in: Bench, idp: IdentityProvider) -> None:
    """Neither token is in anything that a client reads, whatever goes wrong."""
    signed_in.start()
    heard = [signed_in.send(MAIL % 1, "bob@x.test")]
    secrets = [token_of(signed_in), signed_in.vault.get(grant_secret(signed_in.account.id)) or ""]
    signed_in.provider.faults.replies["auth"] = f"535 5.7.8 {secrets[0][:5]} no"
    heard.append(signed_in.send(MAIL % 2, "bob@x.test"))
    idp.revoke(USER)
    signed_in.clock.advance(timedelta(hours=1))
    heard.append(signed_in.send(MAIL % 3, "bob@x.test"))
    assert [answer[:3] for answer in heard] == ["250", "550", "550"]
    assert not [secret for secret in secrets for answer in heard if secret in answer]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        ("454 4.7.0 later", RefusedByProvider, "refused to sign in"),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
            RefusedByProvider,
            "SMTP AUTH is switched off",
        ),
        ("535 5.7.139 Authentication unsuccessful, the request did not meet the criteria", NotAuthorised, "sign-in"),
    ],
)
def test_what_no_new_token_cures_is_told_as_it_is(
    signed_in: Bench, idp: IdentityProvider, reply: str, kind: type[Refused], words: str
) -> None:
    """A busy server and a mailbox whose SMTP AUTH is switched off are told as such, and cost no further token."""
    signed_in.provider.faults.replies["auth"] = reply
    with pytest.raises(kind, match=words) as caught:
        probe(signed_in.account, signed_in.credentials)
    assert type(caught.value) is kind
    assert idp.refreshes == (2 if kind is NotAuthorised else 1)


Ask = Callable[[str], str]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("RCPT TO:<bob@x.test>", "RCPT TO:<bob@x.test> NOTIFY=FAILURE,DELAY"),
        ("RCPT TO:<bob@x.test> NOTIFY=NEVER", "RCPT TO:<bob@x.test> NOTIFY=NEVER"),
        ("RCPT TO:<bob@x.test> NOTIFY=SUCCESS", "RCPT TO:<bob@x.test> NOTIFY=SUCCESS"),
        (
            "RCPT TO:<bob@x.test> ORCPT=rfc822;b@x.test",
            "RCPT TO:<bob@x.test> ORCPT=rfc822;b@x.test NOTIFY=FAILURE,DELAY",
        ),
    ],
)
def test_reports_of_failure_and_delay_are_asked_for(bench: Bench, said: str, expected: str) -> None:
    """Where the client does not say what it wants; what it says stands, NEVER included, and SUCCESS is never ours."""
    bench.start()
    with bench.client() as client:
        client.say(f"MAIL FROM:<{USER}>")
        assert client.say(said).startswith("250")
        assert client.content(MAIL % 1).startswith("250")
    assert bench.provider.messages[0].rcpts == (expected,)


def test_every_recipients_copy_asks(bench: Bench) -> None:
    """Each transaction of a mail to several carries it."""
    bench.start()
    assert bench.send(MAIL % 1, "bob@x.test", "carol@x.test").startswith("250")
    assert [message.rcpts for message in bench.provider.messages] == [
        ("RCPT TO:<bob@x.test> NOTIFY=FAILURE,DELAY",),
        ("RCPT TO:<carol@x.test> NOTIFY=FAILURE,DELAY",),
    ]


def test_a_receipt_asks_for_no_report(bench: Bench) -> None:
    """Mail without a sender has nobody a report could go to."""
    bench.start()
    with bench.client() as client:
        assert client.start("", "bob@x.test")[-1].startswith("250")
        assert client.content(MAIL % 1).startswith("250")
    assert bench.provider.messages[0].rcpts == ("RCPT TO:<bob@x.test>",)


def test_a_provider_without_dsn_is_asked_nothing(bench: Bench) -> None:
    """A parameter it does not know would be an error."""
    bench.provider.extensions = ("SIZE 5000000",)
    bench.start()
    assert bench.send(MAIL % 1, "bob@x.test").startswith("250")
    assert bench.provider.messages[0].rcpts == ("RCPT TO:<bob@x.test>",)


def test_asking_can_be_switched_off_and_on(bench: Bench) -> None:
    """The setting holds for the next mail, over a connection that is kept as well."""
    from desktop.outgoing.means import ASK_REPORTS
    from desktop.store import settings

    bench.timeouts = replace(bench.timeouts, parked_s=60.0)
    bench.start()
    for number, asks in enumerate([True, False, True]):
        settings.put(bench.store, ASK_REPORTS, asks)
        assert bench.send(MAIL % number, "bob@x.test").startswith("250")
    asked = ["NOTIFY" in message.rcpts[0] for message in bench.provider.messages]
    assert asked == [True, False, True]


def test_without_the_store_reports_are_asked_for_all_the_same(bench: Bench) -> None:
    """A setting that cannot be read is no reason to hold mail up: what was known last goes on."""
    bench.start()
    means = bench.listener._means if bench.listener is not None else None
    assert means is not None
    assert means.asks_reports()
    means._settings_changes += 1
    bench.store.close()
    assert means.asks_reports()
    assert bench.troubles
