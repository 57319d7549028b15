"""Signing in at a real authorization server, for a real Dovecot and Postfix: Readback's engine in between."""

import imaplib
import smtplib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from desktop.accounts.credentials import Bearer, grant_secret
from desktop.accounts.oauth import Grant, GrantEnded, SignInRefused, refresh
from desktop.core.address import Mailbox
from desktop.core.errors import NotAuthorised
from desktop.core.keep import Keep
from desktop.engine import Engine, utc_now
from desktop.places import Places
from desktop.store.accounts import AccountRow, Auth
from tests.real.desktop import Door, account_row
from tests.real.faults import Fault, Stage
from tests.real.idp import CLIENT, Chromium, Person, SignInServer
from tests.real.provider import Provider, address_of, password_of
from tests.real.waiting import free_ports, until

pytestmark = pytest.mark.timeout(120)
ALICE = address_of("alice")
BOB = address_of("bob")
NEVER = threading.Event()


@pytest.fixture(scope="module")
def idp(ground: Path) -> Iterator[SignInServer]:
    """Give the company's sign-in server."""
    folder = ground / "idp"
    folder.mkdir()
    (port,) = free_ports(1)
    running = SignInServer(port, folder, {address_of(name): password_of(name) for name in ("alice", "bob")})
    yield running
    running.close()


@pytest.fixture(scope="module")
def mail_server(ground: Path, idp: SignInServer) -> Iterator[Provider]:
    """Give the company's Postfix and Dovecot, which ask the sign-in server whose a token is."""
    root = ground / "company"
    root.mkdir(mode=0o755)
    running = Provider(root, introspection_url=f"{idp.url}/introspect")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@dataclass
class Work:
    """Readback at work over the company's servers."""

    engine: Engine
    idp: SignInServer
    mail_server: Provider
    row: AccountRow

    def sign_in(self, person: Person, address: str = ALICE) -> Grant:
        """Have somebody sign in at the page; they have seen the last page then."""
        try:
            return self.engine.accounts.sign_in("company", address, person.open, NEVER)
        finally:
            person.done()

    def save(self, grant: Grant) -> None:
        """Keep the account with this sign-in."""
        self.row = replace(self.row, id=self.engine.accounts.save_account(self.row, "", Keep.FILE, grant))

    def token(self) -> str:
        """Return the access token that Readback signs in with now."""
        credential = self.engine.credentials.of(self.row, incoming=True)
        assert isinstance(credential, Bearer)
        return credential.token

    def hand_in(self, subject: str) -> tuple[int, str]:
        """Send a mail from a mail client through the listener; return the last answer."""
        message = f"From: {ALICE}\r\nTo: {BOB}\r\nSubject: {subject}\r\n\r\nHello\r\n".encode()
        with smtplib.SMTP("127.0.0.1", self.engine.port, timeout=30) as client:
            client.login("readback", self.engine.listener_password)
            client.mail(ALICE)
            code, text = client.rcpt(BOB)
            if code == 250:
                code, text = client.data(message)
            return code, text.decode()

    def arrived(self, subject: str) -> bool:
        """Say whether bob has the mail within a few seconds."""
        box = self.mail_server.root / "home/bob/Maildir/new"

        def found() -> bool:
            wanted = f"Subject: {subject}\n".encode()
            return box.exists() and any(wanted in each.read_bytes() for each in box.iterdir())

        return until(found, what=f"“{subject}” at bob's")


@pytest.fixture
def work(tmp_path: Path, idp: SignInServer, mail_server: Provider) -> Iterator[Work]:
    """Give Readback with the company's sign-in in its settings, and nobody signed in."""
    idp.turn(ttl=3600, remembers="")
    engine = Engine(Places.in_folder(tmp_path / "home"), keep=Keep.FILE)
    engine.clients.save_provider(idp.provider)
    engine.clients.save_client(idp.provider, CLIENT)
    row = replace(
        account_row(mail_server, Door(sender="alice", port=mail_server.ports.submission)),
        auth=Auth.OAUTH2,
        oauth_provider="company",
        identities=(Mailbox("Alice", ALICE),),
    )
    engine.start(port=0)
    made = Work(engine, idp, mail_server, row)
    yield made
    made.engine.close()


def imap_answer(provider: Provider, mechanism: str, user: str, token: str) -> str:
    """Sign in at Dovecot as a mail program does; return OK or what it said."""
    context = ssl.create_default_context(cafile=str(provider.certificates.ca_file))
    said = {
        "XOAUTH2": f"user={user}\1auth=Bearer {token}\1\1",
        "OAUTHBEARER": f"n,a={user},\1host=localhost\1port=993\1auth=Bearer {token}\1\1",
    }[mechanism]
    rounds = iter([said.encode()])
    client = imaplib.IMAP4_SSL("localhost", provider.ports.imaps, ssl_context=context)
    try:
        return str(client.authenticate(mechanism, lambda _challenge: next(rounds, b""))[0])
    except imaplib.IMAP4.error as error:
        return str(error)
    finally:
        client.shutdown()


def test_signing_in_once_opens_both_servers(work: Work) -> None:
    """Sign in at the page, test, save, send through the listener and read by IMAP: all with one grant, no password."""
    person = Person(password_of("alice"))
    grant = work.sign_in(person)
    assert "You are signed in at Company." in person.page
    assert work.engine.accounts.test_account(work.row, "", lambda _step: None, grant).dsn
    work.save(grant)
    assert work.hand_in("signed in")[0] == 250
    assert work.arrived("signed in")
    for mechanism in ("XOAUTH2", "OAUTHBEARER"):
        assert imap_answer(work.mail_server, mechanism, ALICE, work.token()) == "OK"
    log = work.mail_server.log()
    assert f"sasl_method=XOAUTH2, sasl_username={ALICE}" in log


def test_a_real_browser_brings_the_answer_back(work: Work, tmp_path: Path) -> None:
    """Chromium follows the redirect to 127.0.0.1 and shows the page we wrote, without a script."""
    work.idp.turn(remembers=ALICE)
    browser = Chromium(tmp_path / "chromium")
    grant = work.engine.accounts.sign_in("company", ALICE, browser.open, NEVER)
    page = browser.done()
    assert work.idp.is_active(grant.tokens.access_token)
    assert "<h1>You are signed in at Company.</h1>" in page
    assert "<script" not in page


def test_oauthbearer_is_taken_by_postfix(work: Work) -> None:
    """A server that offers OAUTHBEARER alone gets it, and Postfix with Dovecot behind it accepts what we say."""
    from desktop.outgoing.auth import with_bearer

    grant = work.sign_in(Person(password_of("alice")))
    bearer = Bearer(user=ALICE, token=grant.tokens.access_token)
    context = ssl.create_default_context(cafile=str(work.mail_server.certificates.ca_file))
    with smtplib.SMTP("localhost", work.mail_server.ports.submission, timeout=10) as client:
        client.starttls(context=context)
        client.ehlo()
        assert "OAUTHBEARER" in client.esmtp_features["auth"]
        assert with_bearer(client, work.row, bearer, ["OAUTHBEARER"])[0] == 235
    with smtplib.SMTP("localhost", work.mail_server.ports.submission, timeout=10) as client:
        client.starttls(context=context)
        client.ehlo()
        assert with_bearer(client, work.row, replace(bearer, token="x"), ["OAUTHBEARER"])[0] == 535


def test_who_says_no_is_told_so(work: Work) -> None:
    """Deny at the page: our words in the browser and to the user, and no account is changed."""
    person = Person(password_of("alice"), answer="deny")
    with pytest.raises(SignInRefused, match="was declined"):
        work.sign_in(person)
    assert "was declined" in person.page


def test_a_token_that_ended_is_renewed_in_mid_session(work: Work) -> None:
    """Tokens of two seconds: in a client's session Postfix ends ours, and the next mail goes out."""
    work.idp.turn(ttl=2)
    work.save(work.sign_in(Person(password_of("alice"))))
    first = work.token()
    before = work.idp.refreshes
    over = Fault(stage=Stage.MAIL, action="421 4.7.0 Your session is over", times=1)
    with smtplib.SMTP("127.0.0.1", work.engine.port, timeout=30) as client:
        client.login("readback", work.engine.listener_password)
        client.sendmail(ALICE, [BOB], b"Subject: first of two\r\n\r\nHello\r\n")
        until(lambda: not work.idp.is_active(first), what="the token to end")
        with work.mail_server.faults.standing(over):
            client.sendmail(ALICE, [BOB], b"Subject: second of two\r\n\r\nHello\r\n")
    assert work.arrived("first of two")
    assert work.arrived("second of two")
    assert work.idp.refreshes == before + 1
    assert work.token() != first


def test_a_token_the_server_refuses_early_is_renewed_once(work: Work) -> None:
    """The company ends all access tokens: Postfix refuses, one renewal follows, and the mail goes out."""
    work.save(work.sign_in(Person(password_of("alice"))))
    before = work.idp.refreshes
    assert work.hand_in("before the end")[0] == 250
    work.idp.end_access()
    # The connection kept from before is still signed in; saving lets go of it.
    work.engine.accounts.save_account(work.row, "", Keep.FILE)
    assert work.hand_in("after the end")[0] == 250
    assert work.arrived("after the end")
    assert work.idp.refreshes == before + 1


def test_a_revoked_sign_in_is_told_and_mended_by_signing_in(work: Work) -> None:
    """Revoked at the provider: mail stays with the client with plain words; sign in again and it goes out."""
    work.save(work.sign_in(Person(password_of("alice"))))
    account_id = work.row.id
    assert work.hand_in("before it was revoked")[0] == 250
    work.idp.revoke(ALICE)
    work.engine.accounts.save_account(work.row, "", Keep.FILE)
    code, text = work.hand_in("while it is revoked")
    assert code == 550
    assert "has ended. Sign in again" in text
    with pytest.raises(GrantEnded):
        work.engine.credentials.of(work.row, incoming=True)
    work.save(work.sign_in(Person(password_of("alice"))))
    assert work.row.id == account_id
    assert work.hand_in("after signing in again")[0] == 250
    assert work.arrived("after signing in again")


def test_a_rotated_refresh_token_outlives_readback(work: Work, tmp_path: Path) -> None:
    """After a renewal the vault has the new token: the next run signs in with it, and the old one is dead."""
    grant = work.sign_in(Person(password_of("alice")))
    work.save(grant)
    work.engine.credentials.forget(work.row.id)
    work.token()
    work.engine.close()
    second = Engine(Places.in_folder(tmp_path / "home"), keep=Keep.FILE)
    try:
        assert second.vault.get(grant_secret(work.row.id)) != grant.tokens.refresh_token
        assert isinstance(second.credentials.of(work.row), Bearer)
    finally:
        second.close()
    work.engine = Engine(Places.in_folder(tmp_path / "home"), keep=Keep.FILE)
    with pytest.raises(GrantEnded):
        refresh(work.idp.provider, CLIENT, grant.tokens.refresh_token, clock=utc_now)


def test_alices_token_does_not_open_bobs_mailbox(work: Work) -> None:
    """Both servers refuse it for bob and take it for alice, and the test of such an account says what to do."""
    grant = work.sign_in(Person(password_of("alice")))
    with pytest.raises(NotAuthorised, match="did not accept the sign-in") as caught:
        work.engine.accounts.test_account(replace(work.row, user=BOB), "", lambda _step: None, grant)
    assert "this very mailbox" in caught.value.cure
    token = grant.tokens.access_token
    assert imap_answer(work.mail_server, "XOAUTH2", BOB, token) != "OK"
    assert imap_answer(work.mail_server, "XOAUTH2", ALICE, token) == "OK"


def test_no_secret_is_left_in_a_file_that_is_no_vault(work: Work, tmp_path: Path) -> None:
    """After a sign-in, a renewal and a mail, the vault's file alone holds a token: the refresh token."""
    grant = work.sign_in(Person(password_of("alice")))
    work.save(grant)
    first = grant.tokens.access_token
    work.engine.credentials.forget(work.row.id)
    second = work.token()
    assert work.hand_in("nothing left behind")[0] == 250
    kept = work.engine.vault.get(grant_secret(work.row.id)) or ""
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    holding = {path.name for path in files for secret in (first, second, kept) if secret.encode() in path.read_bytes()}
    assert holding == {"secrets.json"}
    vault = (tmp_path / "home/secrets.json").read_text()
    assert kept in vault
    assert first not in vault
    assert second not in vault
