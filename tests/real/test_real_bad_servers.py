"""An incoming side that is not as it should be, at the real Dovecot and Postfix: a clear sentence, and nothing lost."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.accounts.credentials import Password
from desktop.core.errors import NotAuthorised, Trouble, Unreachable
from desktop.incoming.probe import probe
from desktop.incoming.state import Link
from desktop.store.accounts import AccountRow, Security
from tests.incoming.syncing import Known, Syncing
from tests.real.certificates import EXPIRED_IMAP_HOST
from tests.real.desktop import Door, account_row, now
from tests.real.provider import Provider, address_of, password_of
from tests.real.provider_config import PLAIN_IMAP_HOST, WRONG_IMAP_HOST
from tests.real.waiting import free_ports

pytestmark = pytest.mark.timeout(120)
NAME = "newcomer"
RIGHT = Password(user=address_of(NAME), secret=password_of(NAME))
WRONG = Password(user=address_of(NAME), secret="wrong")


def account(provider: Provider, **changes: object) -> AccountRow:
    """Return an account at Dovecot, as it should be but for the changes."""
    row = account_row(provider, Door(sender=NAME, port=provider.ports.submission, login=NAME, reads_mail=True))
    return dataclasses.replace(row, id=1, **changes)  # type: ignore[arg-type]


def expired(provider: Provider) -> AccountRow:
    return account(provider, imap_host=EXPIRED_IMAP_HOST)


def another_host(provider: Provider) -> AccountRow:
    return account(provider, imap_host=WRONG_IMAP_HOST)


def nothing(provider: Provider) -> AccountRow:
    return account(provider, imap_port=free_ports(1)[0])


def smtp(provider: Provider) -> AccountRow:
    return account(provider, imap_port=provider.ports.submissions)


def smtp_without_tls(provider: Provider) -> AccountRow:
    return account(provider, imap_port=provider.ports.submission)


def no_starttls(provider: Provider) -> AccountRow:
    return account(
        provider,
        imap_host=PLAIN_IMAP_HOST,
        imap_port=provider.ports.imap,
        imap_security=Security.STARTTLS,
    )


BAD: dict[Callable[[Provider], AccountRow], str] = {
    expired: "The certificate of 127.0.0.5 is not good: it has expired.",
    another_host: "The certificate of 127.0.0.6 is not good: it is for another address.",
    nothing: "Nothing answers on this computer at port {port}.",
    smtp: "localhost on port {port} is a server for sending (SMTP), not for reading.",
    smtp_without_tls: "localhost does not speak TLS on port {port}.",
    no_starttls: "127.0.0.7 offers no encryption on port {port}.",
}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_a_mailbox_that_cannot_be_trusted_is_told_in_a_sentence(
    provider: Provider, tmp_path: Path, make: Callable[[Provider], AccountRow]
) -> None:
    """The set-up's test and the running sync both say what is wrong; the same account as it should be is then read."""
    bad = make(provider)
    sentence = BAD[make].format(port=bad.imap_port)
    with pytest.raises(Unreachable) as caught:
        probe(bad, RIGHT)
    assert (caught.value.sentence, bool(caught.value.cure)) == (sentence, True)
    with syncing(bad, tmp_path) as at_it:
        state = at_it.wait_for(lambda state: state.link is Link.AWAY)
        assert isinstance(state.trouble, Trouble)
        assert state.trouble.sentence == sentence
    assert any(role == "inbox" for _, role in probe(account(provider), RIGHT).folders)


def test_encryption_asked_for_where_it_is_offered_is_taken(provider: Provider) -> None:
    """On the very port where 127.0.0.7 offers no STARTTLS, localhost does, and the mailbox is shown."""
    good = account(provider, imap_port=provider.ports.imap, imap_security=Security.STARTTLS)
    assert any(role == "inbox" for _, role in probe(good, RIGHT).folders)


def test_no_password_was_said_to_a_server_that_cannot_be_trusted(provider: Provider) -> None:
    """After a try at each bad server Dovecot has seen no new sign-in, and after one at the good one it has."""
    log = provider.root / "log/dovecot.log"
    before = log.read_text("utf-8").count("Login: user=")
    for make in BAD:
        with pytest.raises(Unreachable):
            probe(make(provider), RIGHT)
    assert log.read_text("utf-8").count("Login: user=") == before
    probe(account(provider), RIGHT)
    assert log.read_text("utf-8").count("Login: user=") == before + 1


def test_a_wrong_password_is_said_and_nothing_is_lost(provider: Provider, tmp_path: Path) -> None:
    """Dovecot's refusal is told with what to do; mail that came meanwhile is read with the right password."""
    with pytest.raises(NotAuthorised) as caught:
        probe(account(provider), WRONG)
    assert (
        caught.value.sentence == f"localhost did not accept the user name and password of {account(provider).address}."
    )
    with syncing(account(provider), tmp_path, WRONG) as refused:
        refused.wait_for(lambda state: state.link is Link.NOT_AUTHORISED)
        provider.deliver(b"From: bob@example.test\r\nSubject: meanwhile\r\n\r\nx\r\n", to=NAME)
        assert refused.sync.state.link is Link.NOT_AUTHORISED
    with syncing(account(provider), tmp_path) as let_in:
        let_in.wait_synced()
        assert "meanwhile" in let_in.names()


def syncing(row: AccountRow, folder: Path, credential: Password = RIGHT) -> Syncing:
    """Return a sync with a store in a folder, which may be there already."""
    own = frozenset({address_of(NAME)})
    return Syncing(row, folder / "store.sqlite", credentials=Known(credential), clock=now, own=own)
