"""Keep my Sent folder clean, within the sync: what it costs, what it is told of, and that nothing else ever writes."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.incoming.state import Link
from desktop.store import mail as store_mail
from tests.fakes.imap_server import ImapServer, Talk
from tests.fakes.provider import Certificates
from tests.incoming.accounts_in import BEFORE, NOW, account_at, mail, sent
from tests.incoming.sent_cleaning import AT_ONCE, FILED_AT, READING, WITH_ALL, record, tracked, written
from tests.incoming.syncing import QUICK, Syncing

OFFER = written()


@pytest.fixture
def server(context: ssl.SSLContext) -> Iterator[ImapServer]:
    """Give a server with some mail."""
    with ImapServer(context, capabilities=WITH_ALL) as running:
        running.boxes["INBOX"].add(mail("came"), BEFORE)
        running.boxes["Sent"].add(sent("older"), BEFORE)
        yield running


@contextmanager
def syncing_at(server: ImapServer, certificates: Certificates, path: Path, *, keeps: bool) -> Iterator[Syncing]:
    """Give a sync that was not started, of an account with the switch on or off."""
    account = replace(account_at(server, certificates), keeps_sent_clean=keeps)
    with Syncing(account, path, rhythm=replace(QUICK, clean=AT_ONCE), starts=False) as syncing:
        yield syncing


def writing(server: ImapServer) -> list[str]:
    """Return the commands sent that may alter a folder."""
    return [each for each in tuple(server.commands) if not each.upper().startswith(READING)]


def await_sent(server: ImapServer, *octets: bytes) -> None:
    """Return once Sent holds exactly these mails."""

    def holds() -> bool:
        return [each.octets for _, each in sorted(server.boxes["Sent"].mails.items())] == list(octets)

    with server.changed:
        assert server.changed.wait_for(holds, 10.0)


def test_only_cleaning_writes_and_only_to_sent(server: ImapServer, certificates: Certificates, tmp_path: Path) -> None:
    """With the switch on, all that may alter a folder is a SELECT of Sent and what follows on the tracked copy."""
    with syncing_at(server, certificates, tmp_path / "store.sqlite", keeps=True) as syncing:
        record(syncing.store, OFFER)
        server.boxes["Sent"].add(tracked(OFFER), FILED_AT, "\\Seen")
        syncing.sync.start()
        await_sent(server, sent("older"), OFFER)
        syncing.wait_synced()
        server.deliver("INBOX", mail("later"), NOW)
        syncing.wait_stored("came", "later", "offer", "older")
        assert [each.partition(" {")[0] for each in writing(server)] == [
            'SELECT "Sent"',
            'APPEND "Sent" (\\Seen) " 1-Jun-2026 13:55:00 +0200" ',
            "UID STORE 2 +FLAGS.SILENT (\\Deleted)",
            "UID EXPUNGE 2",
        ]


def test_with_the_switch_off_nothing_ever_writes(
    server: ImapServer, certificates: Certificates, tmp_path: Path
) -> None:
    """The twin: with the switch off the same mail makes the sync send reading commands and no others."""
    with syncing_at(server, certificates, tmp_path / "store.sqlite", keeps=False) as syncing:
        record(syncing.store, OFFER)
        server.boxes["Sent"].add(tracked(OFFER), FILED_AT, "\\Seen")
        syncing.sync.start()
        syncing.wait_synced()
        server.deliver("INBOX", mail("later"), NOW)
        syncing.wait_stored("came", "later", "offer", "older")
        assert writing(server) == []
        assert server.count("EXAMINE") > 0


def test_the_switch_costs_nothing_where_there_is_nothing_to_do(
    server: ImapServer, certificates: Certificates, tmp_path: Path
) -> None:
    """With the switch on and nothing tracked, exactly the same commands go out as with it off."""
    said: dict[bool, list[str]] = {}
    for keeps in (False, True):
        server.commands.clear()
        with syncing_at(server, certificates, tmp_path / f"{keeps}.sqlite", keeps=keeps) as syncing:
            syncing.sync.start()
            server.await_command("IDLE")
            syncing.sync.check_now()
            server.await_command("IDLE", 2)
            said[keeps] = list(server.commands)
    assert said[True] == said[False]


def test_the_clean_message_is_neither_news_nor_a_conversation(
    server: ImapServer, certificates: Certificates, tmp_path: Path
) -> None:
    """What cleaning puts into Sent is read by the sync and alters nothing: no message, no card and no notice more."""
    with syncing_at(server, certificates, tmp_path / "store.sqlite", keeps=True) as syncing:
        record(syncing.store, OFFER)
        server.boxes["Sent"].add(tracked(OFFER), FILED_AT, "\\Seen")
        syncing.sync.start()
        await_sent(server, sent("older"), OFFER)
        server.await_idling()
        before = store_mail.cards(syncing.store)
        idles = server.count("IDLE")
        syncing.sync.check_now()
        server.await_command("IDLE", idles + 1)
        assert syncing.row("Sent").next_uid == 4
        assert store_mail.cards(syncing.store) == before
        assert syncing.names() == ["came", "offer", "older"]
        assert syncing.notices == []


def test_new_mail_is_heard_of_right_after_cleaning(
    server: ImapServer, certificates: Certificates, tmp_path: Path
) -> None:
    """After Sent was open for writing the inbox is open again, so that the server tells of new mail at once."""
    with syncing_at(server, certificates, tmp_path / "store.sqlite", keeps=True) as syncing:
        record(syncing.store, OFFER)
        server.boxes["Sent"].add(tracked(OFFER), FILED_AT)
        syncing.sync.start()
        await_sent(server, sent("older"), OFFER)
        server.await_idling()
        looks = server.count("STATUS")
        assert [each for each in server.commands if each.startswith(("SELECT", "EXAMINE"))][-1] == 'EXAMINE "INBOX"'
        server.deliver("INBOX", mail("new"), NOW)
        syncing.wait_stored("came", "new", "offer", "older")
        assert server.count("STATUS") >= looks


def test_what_a_server_cannot_do_is_shown_and_counted(
    server: ImapServer, certificates: Certificates, tmp_path: Path
) -> None:
    """A server without UIDPLUS and MOVE makes a trouble in the state that is told, while mail is watched as ever."""
    server.capabilities = WITH_ALL.replace(" UIDPLUS", "")
    with syncing_at(server, certificates, tmp_path / "store.sqlite", keeps=True) as syncing:
        syncing.sync.start()
        state = syncing.wait_for(lambda state: state.sent_trouble is not None)
        assert state.trouble is None
        assert state.sent_trouble is not None
        assert "stay in Sent" in state.sent_trouble.sentence
        assert syncing.wait_for(lambda state: state.link is Link.WATCHING).sent_cleaned == 0


def test_a_cleaned_message_is_counted_in_the_state(
    server: ImapServer, certificates: Certificates, tmp_path: Path
) -> None:
    """The state says how many messages were cleaned, and no trouble."""
    with syncing_at(server, certificates, tmp_path / "store.sqlite", keeps=True) as syncing:
        record(syncing.store, OFFER)
        server.boxes["Sent"].add(tracked(OFFER), FILED_AT)
        syncing.sync.start()
        state = syncing.wait_for(lambda state: state.sent_cleaned == 1)
        assert state.sent_trouble is None


def test_a_server_that_dies_of_it_keeps_mail_coming(
    server: ImapServer, certificates: Certificates, tmp_path: Path
) -> None:
    """Where every APPEND ends the connection, the next one leaves Sent alone and new mail is heard of."""

    def die(talk: Talk, _verb: str, _rest: str) -> bool:
        talk.reset()
        return True

    server.plots["APPEND"] = die
    account = replace(account_at(server, certificates), keeps_sent_clean=True)
    rhythm = replace(QUICK, clean=replace(AT_ONCE, retry_s=600.0))
    with Syncing(account, tmp_path / "store.sqlite", rhythm=rhythm, starts=False) as syncing:
        record(syncing.store, OFFER)
        server.boxes["Sent"].add(tracked(OFFER), FILED_AT)
        syncing.sync.start()
        server.await_idling()
        server.deliver("INBOX", mail("new"), NOW)
        syncing.wait_stored("came", "new", "offer", "older")
        assert server.count("APPEND") == 1
        assert server.connections == 2
