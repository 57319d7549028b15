"""The sync: what is read and when, and that no lie, fault or change of a mailbox loses mail or keeps it twice."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest

from desktop.core.errors import NotAuthorised
from desktop.incoming.state import Link
from desktop.incoming.sync import back_off_s
from desktop.incoming.wire import Timeouts
from desktop.store.accounts import AccountRow
from desktop.store.folders import FolderRole
from tests.fakes.imap_server import Box, ImapServer, Mail, Talk
from tests.fakes.provider import Certificates
from tests.incoming.accounts_in import BEFORE, NOW, TOKEN, account_at, mail, sent
from tests.incoming.syncing import QUICK, Known, Syncing

VACATION = "Auto-Submitted: auto-replied\r\n"


@pytest.fixture
def server(context: ssl.SSLContext) -> Iterator[ImapServer]:
    """Lend a good server with an inbox and a folder of sent mail."""
    with ImapServer(context) as running:
        yield running


@pytest.fixture
def account(server: ImapServer, certificates: Certificates) -> AccountRow:
    """Lend the account at that server."""
    return account_at(server, certificates)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Lend the place of a store."""
    return tmp_path / "readback.sqlite"


def say_no(talk: Talk, _verb: str, _rest: str) -> bool:
    talk.say(f"{talk.tag} NO no")
    return True


def hang_up(talk: Talk, _verb: str, _rest: str) -> bool:
    talk.reset()
    return True


def fill(server: ImapServer, name: str, *mails: bytes, at: datetime = BEFORE) -> None:
    for each in mails:
        server.boxes[name].add(each, at)


def arrived(server: ImapServer, *names: str) -> None:
    fill(server, "INBOX", *(mail(name) for name in names))


# What is read.


def test_a_first_sync_reads_sent_mail_first_and_then_waits(server: ImapServer, account: AccountRow, path: Path) -> None:
    """Sent mail and the inbox within the history are stored, older mail is not, and nothing of it is news."""
    fill(server, "Sent", sent("offer"))
    arrived(server, "hello")
    fill(server, "INBOX", mail("old"), at=NOW - timedelta(days=200))
    reply = mail("reply", fields="In-Reply-To: <offer@example.test>\r\n")
    fill(server, "INBOX", reply)
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        assert syncing.names() == ["hello", "offer", "reply"]
        assert syncing.notices == []
        examined = [command for command in server.commands if command.startswith("UID FETCH") and "BODY" in command]
        assert len(examined) == 2
        first = next(state for state in syncing.states if state.link is Link.SYNCING)
        assert (first.folder, first.done, first.total) == ("Sent", 0, 3)
        assert syncing.row("INBOX").role is FolderRole.INBOX
        assert (syncing.row("INBOX").next_uid, syncing.row("INBOX").backlog_uid) == (4, None)
    assert syncing.states[-1].link is Link.STOPPED
    assert server.count("SELECT") + server.count("UID STORE") + server.count("STORE") == 0


def test_new_mail_is_stored_as_soon_as_the_server_tells(server: ImapServer, account: AccountRow, path: Path) -> None:
    """Under IDLE a new mail is stored within 300 ms of the server's notice, and a reply is news."""
    fill(server, "Sent", sent("offer"))
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        server.await_idling()
        begun_s = monotonic()
        reply = mail("reply", date=NOW, fields="In-Reply-To: <offer@example.test>\r\n")
        server.deliver("INBOX", reply, NOW)
        syncing.wait_stored("offer", "reply")
        assert monotonic() - begun_s < 0.3
        assert syncing.notices == ["replied"]


def test_without_idle_the_server_is_asked_again_and_again(server: ImapServer, account: AccountRow, path: Path) -> None:
    """A server without IDLE is polled, inbox and sent mail both."""
    server.capabilities = "AUTH=PLAIN"
    with Syncing(account, path) as syncing:
        syncing.wait_for(lambda state: state.link is Link.POLLING)
        server.deliver("INBOX", mail("in"), NOW)
        server.deliver("Sent", sent("out"), NOW)
        syncing.wait_stored("in", "out")


def test_mail_sent_elsewhere_is_found_when_asked_to_look(server: ImapServer, account: AccountRow, path: Path) -> None:
    """A look ordered by the program finds what a phone sent; an unchanged folder is not opened for it."""
    server.boxes["Spam"] = Box(attributes=("\\Junk",))
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        server.await_idling()
        server.deliver("Sent", sent("phone"), NOW)
        spam = server.count('EXAMINE "Spam"')
        syncing.sync.check_now()
        syncing.wait_stored("phone")
        assert server.count('EXAMINE "Spam"') == spam


def test_who_a_mail_is_from_decides(server: ImapServer, account: AccountRow, path: Path) -> None:
    """Own mail in the inbox is no arrival, others' in Sent no sent mail; all mail holds both; drafts are neither."""
    server.boxes["All"] = Box(attributes=("\\All",))
    fill(server, "Sent", sent("offer"), mail("strange"), sent("automatic", fields=VACATION))
    fill(server, "INBOX", sent("copy-to-me"), mail("hello"))
    fill(server, "All", sent("offer"), sent("archived"), mail("hello"), mail("archived-reply"))
    server.boxes["All"].add(sent("draft"), BEFORE, "\\Draft")
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        assert syncing.names() == ["archived", "archived-reply", "hello", "offer"]
        # Of all mail the names come first, and only of unknown mail the heads.
        heads = [line for line in server.commands if line.startswith("UID FETCH") and "SUBJECT" in line]
        assert heads[-1].startswith("UID FETCH 2,4 ")


def test_recipients_come_from_to_cc_and_bcc(server: ImapServer, account: AccountRow, path: Path) -> None:
    """Everyone the header names gets a copy, once; the user's own address and nonsense do not."""
    fields = "Cc: carol@people.example, BOB@people.example\r\nBcc: Dave <dave@people.example>, nonsense\r\n"
    fill(server, "Sent", sent("offer", fields=fields, to="Bob <bob@people.example>, undisclosed"))
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        with syncing.store.read() as connection:
            rows = connection.execute("SELECT address, role FROM copy ORDER BY address").fetchall()
        assert rows == [("bob@people.example", "to"), ("carol@people.example", "cc"), ("dave@people.example", "bcc")]


@pytest.mark.parametrize(
    ("date", "received", "expected"),
    [
        (BEFORE - timedelta(hours=1), BEFORE, BEFORE - timedelta(hours=1)),
        (datetime(1970, 1, 1, tzinfo=UTC), BEFORE, BEFORE),
        (datetime(2099, 1, 1, tzinfo=UTC), BEFORE, BEFORE),
        (NOW + timedelta(hours=1), NOW + timedelta(hours=2), NOW),
    ],
)
def test_when_a_mail_was_sent(
    *, server: ImapServer, account: AccountRow, path: Path, date: datetime, received: datetime, expected: datetime
) -> None:
    """The Date counts where it is near the server's; else the server's does, and nothing is of the future."""
    fill(server, "Sent", sent("offer", date=date), at=received)
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        with syncing.store.read() as connection:
            ((at_ms,),) = connection.execute("SELECT at_ms FROM message").fetchall()
        assert datetime.fromtimestamp(at_ms / 1000, UTC) == expected


def test_bodies_are_fetched_only_where_they_decide(server: ImapServer, account: AccountRow, path: Path) -> None:
    """Of an automatic answer the head of the body is read, of a person's mail never; a known one is not read again."""
    arrived(server, "hello")
    away = mail("away", subject="Abwesenheit", fields=VACATION, body="Ich bin ab dem 15.06.2026 wieder da.\r\n")
    fill(server, "INBOX", away)
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        assert syncing.kinds() == {"hello": "mail", "Abwesenheit": "auto_reply"}
        bodies = [command for command in server.commands if "BODY.PEEK[]" in command]
        assert [command.split(" ")[2] for command in bodies] == ["2"]
    server.boxes["INBOX"].uid_validity = 8
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        assert server.count("UID FETCH 2 (UID INTERNALDATE BODY.PEEK[]") == 1


# The first sync, told, cancelled and taken up again.


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have three mails read at a time."""
    monkeypatch.setattr("desktop.incoming.reader._CHUNKS", (3, 2, 1, 1, 1, 1))


@pytest.mark.usefixtures("small_chunks")
def test_a_cancelled_first_sync_reads_new_mail_and_can_go_on(
    server: ImapServer, account: AccountRow, path: Path
) -> None:
    """After a cancel the newest mail is there, new mail still comes, and resuming reads the rest, across a restart."""
    arrived(server, *(f"m{number}" for number in range(9)))
    reached, go = threading.Event(), threading.Event()

    def hold(talk: Talk, _verb: str, rest: str) -> bool:
        if rest.startswith("UID FETCH 4:6"):
            reached.set()
            assert go.wait(10)
        return False

    server.plots["UID FETCH"] = hold
    with Syncing(account, path) as syncing:
        assert reached.wait(10)
        syncing.sync.cancel_first_sync()
        go.set()
        syncing.wait_for(lambda state: state.link is Link.CANCELLED)
        newest = [f"m{number}" for number in range(3, 9)]
        assert (syncing.names(), syncing.row("INBOX").backlog_uid) == (newest, 4)
        server.await_idling()
        server.deliver("INBOX", mail("new"), NOW)
        syncing.wait_stored("new", *newest)
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        assert len(syncing.names()) == 10
        syncing.sync.cancel_first_sync()
        syncing.sync.resume_first_sync()
    assert [state.done for state in syncing.states if state.link is Link.SYNCING] == [0, 3]


@pytest.mark.usefixtures("small_chunks")
def test_a_cancelled_first_sync_goes_on_when_resumed(server: ImapServer, account: AccountRow, path: Path) -> None:
    """Resuming takes up older mail in the same run, and a cancel with nothing left to read shows nothing."""
    arrived(server, *(f"m{number}" for number in range(5)))
    with Syncing(account, path, starts=False) as syncing:
        syncing.sync.cancel_first_sync()
        syncing.sync.start()
        syncing.wait_for(lambda state: state.link is Link.CANCELLED)
        assert syncing.names() == []
        syncing.sync.resume_first_sync()
        syncing.wait_synced()
        assert len(syncing.names()) == 5


@pytest.mark.usefixtures("small_chunks")
def test_new_mail_is_read_while_older_mail_is(server: ImapServer, account: AccountRow, path: Path) -> None:
    """In the midst of a long first sync a new mail is stored before the rest."""
    arrived(server, *(f"m{number}" for number in range(6)))
    seen: list[list[str]] = []
    syncing = Syncing(account, path, rhythm=replace(QUICK, meanwhile_s=0.0))

    def interfere(_talk: Talk, _verb: str, rest: str) -> bool:
        if rest.startswith("UID FETCH 4:6"):
            server.boxes["INBOX"].add(mail("new"), NOW)
        if rest.startswith("UID FETCH 1:3"):
            seen.append(syncing.names())
        return False

    server.plots["UID FETCH"] = interfere
    with syncing:
        syncing.wait_synced()
        assert (len(syncing.names()), seen) == (7, [["m3", "m4", "m5", "new"]])


def test_progress_is_told_a_few_times_a_second(server: ImapServer, account: AccountRow, path: Path) -> None:
    """However fast it goes, mere progress is told once a while, the state at hand being exact."""
    arrived(server, *(f"m{number}" for number in range(600)))
    with Syncing(account, path, rhythm=replace(QUICK, tell_s=60.0)) as syncing:
        syncing.wait_synced()
    told = [(state.done, state.total) for state in syncing.states if state.link is Link.SYNCING]
    assert told == [(0, 600), (600, 600)]


def test_a_longer_history_reads_older_mail(server: ImapServer, account: AccountRow, path: Path) -> None:
    """With more days in the settings older mail comes in, and what is known is passed over by name."""
    arrived(server, "new")
    fill(server, "INBOX", mail("old"), at=NOW - timedelta(days=100))
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        assert syncing.names() == ["new"]
    commands = len(server.commands)
    with Syncing(replace(account, history_days=120), path) as syncing:
        syncing.wait_synced()
        assert syncing.names() == ["new", "old"]
    heads = [line for line in server.commands[commands:] if line.startswith("UID FETCH") and "SUBJECT" in line]
    assert [line.split(" ")[2] for line in heads] == ["2"]
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
    assert all(state.link is not Link.SYNCING for state in syncing.states)


def test_a_new_address_of_ones_own_has_its_mail_read(server: ImapServer, account: AccountRow, path: Path) -> None:
    """Mail sent from an alias is passed over until the alias is known, and then read."""
    fill(server, "Sent", mail("alias", sender="sales@example.test", to="bob@people.example"))
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        assert syncing.names() == []
    own = frozenset({"alice@example.test", "sales@example.test"})
    with Syncing(account, path, own=own) as syncing:
        syncing.wait_synced()
        assert syncing.names() == ["alias"]


# Mailboxes that change, break and lie.


def test_after_another_uidvalidity_nothing_is_lost_nor_twice(
    server: ImapServer, account: AccountRow, path: Path
) -> None:
    """A folder whose UIDs were given anew is read again; what is known stays once, what is new comes in."""
    arrived(server, "a", "b")
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        server.await_idling()
        box = Box(uid_validity=99)
        for each in (mail("b"), mail("a"), mail("c")):
            box.add(each, BEFORE)
        server.boxes["INBOX"] = box
        server.kick()
        syncing.wait_stored("a", "b", "c")
        assert (syncing.row("INBOX").uid_validity, syncing.row("INBOX").next_uid) == (99, 4)


def test_without_any_uidvalidity_each_connection_reads_again(
    server: ImapServer, account: AccountRow, path: Path
) -> None:
    """A server that gives none may give yesterday's UIDs to other mail: nothing is lost by it."""
    server.boxes["INBOX"].uid_validity = 0
    arrived(server, "a", "b")
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        server.await_idling()
        server.boxes["INBOX"].mails[1] = Mail(octets=mail("c"), received_at=BEFORE)
        server.kick()
        syncing.wait_stored("a", "b", "c")


def test_uids_that_go_back_lose_nothing(server: ImapServer, account: AccountRow, path: Path) -> None:
    """When a server forgets its last mails and gives their UIDs to new ones, these are read all the same."""
    arrived(server, "a", "b", "c")
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        server.await_idling()
        box = server.boxes["INBOX"]
        del box.mails[2], box.mails[3]
        box.next_uid = 2
        box.add(mail("d"), BEFORE)
        server.kick()
        syncing.wait_stored("a", "b", "c", "d")
        assert syncing.row("INBOX").next_uid == 3


@pytest.mark.parametrize("claimed", [0, 1, 4_000_000_000])
def test_a_lie_about_the_next_uid_costs_nothing(
    server: ImapServer, account: AccountRow, path: Path, claimed: int
) -> None:
    """UIDNEXT too small, absent or far too large: mail before and after comes in once."""
    arrived(server, "a", "b")
    server.boxes["INBOX"].claims_next_uid = server.boxes["Sent"].claims_next_uid = claimed
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        server.await_idling()
        server.deliver("INBOX", mail("c"), NOW)
        server.deliver("Sent", sent("d"), NOW)
        syncing.sync.check_now()
        syncing.wait_stored("a", "b", "c", "d")
        server.kick()
        server.await_command("AUTHENTICATE", 2)
        server.await_idling()
        server.deliver("INBOX", mail("e"), NOW)
        syncing.wait_stored("a", "b", "c", "d", "e")


def test_answers_that_nobody_asked_for_change_nothing(server: ImapServer, account: AccountRow, path: Path) -> None:
    """UIDs found that do not exist, mails sent unasked and twice: what is there is stored once."""
    arrived(server, "a", "b")

    def invent(talk: Talk, _verb: str, _rest: str) -> bool:
        if talk.selected == "INBOX":
            talk.say("* SEARCH 2 7 1 1 900 0")
            talk.done()
        return talk.selected == "INBOX"

    def repeat(talk: Talk, _verb: str, rest: str) -> bool:
        if "BODY" in rest:
            for uid in (2, 1, 2):
                talk.say(talk.fetched(uid, rest))
            talk.say("* 77 FETCH (UID 5 FLAGS (\\Seen))")
            talk.say("* 1 EXISTS")
            talk.say("* 3 EXPUNGE")
            talk.done()
        return "BODY" in rest

    server.plots |= {"UID SEARCH": invent, "UID FETCH": repeat}
    with Syncing(account, path) as syncing:
        syncing.wait_stored("a", "b")


def test_a_mail_left_out_of_an_answer_is_asked_for_again(server: ImapServer, account: AccountRow, path: Path) -> None:
    """What a first answer leaves out comes by a second question; what is gone by then is no hindrance."""
    arrived(server, "a", "b", "c")
    asked: list[str] = []

    def forget(talk: Talk, _verb: str, rest: str) -> bool:
        asked.append(rest.split(" ")[2])
        if asked[-1] == "1:3":
            talk.say(talk.fetched(2, rest))
            talk.done()
            del server.boxes["INBOX"].mails[3]
            return True
        return False

    server.plots["UID FETCH"] = forget
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        assert (syncing.names(), "1,3" in asked) == (["a", "b"], True)


def test_expunged_mail_stays_stored(server: ImapServer, account: AccountRow, path: Path) -> None:
    """What the user deletes at the provider stays known here."""
    arrived(server, "a", "b")
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        server.await_idling()
        server.boxes["INBOX"].mails.clear()
        server.kick()
        server.await_command("AUTHENTICATE", 2)
        server.await_idling()
        assert syncing.names() == ["a", "b"]


def breaking(uid: int, how: Callable[[Talk], None], *, part: str = "BODY") -> Callable[[Talk, str, str], bool]:
    """Return a plot for FETCH that strikes where such a part of this mail is asked for."""

    def plot(talk: Talk, _verb: str, rest: str) -> bool:
        numbers = rest.split(" ")[2]
        low, _, high = numbers.partition(":")
        is_named = numbers != "*" and int(low) <= uid <= int(high or low) and talk.selected == "INBOX"
        if not is_named or part not in rest:
            return False
        how(talk)
        return True

    return plot


@pytest.mark.parametrize(
    "how",
    [
        lambda talk: talk.reset(),
        lambda talk: talk.say("* BYE internal error"),
        lambda talk: talk.say("* 2 FETCH (UID 2 BODY[]<0> {31457280}"),
        lambda talk: talk.say(f"{talk.tag} NO [SERVERBUG] no"),
        lambda talk: talk.say(f"{talk.tag} BAD no"),
        lambda talk: talk.say("\0\0\0"),
    ],
)
@pytest.mark.usefixtures("small_chunks")
def test_one_mail_that_ends_every_connection_is_passed_over(
    server: ImapServer, account: AccountRow, path: Path, how: Callable[[Talk], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Its neighbours are read, it is counted as unreadable, and new mail comes in after it."""
    arrived(server, "a", "poison", "c", "d")
    server.plots["UID FETCH"] = breaking(2, how)
    with Syncing(account, path) as syncing:
        state = syncing.wait_synced()
        assert (syncing.names(), state.unreadable) == (["a", "c", "d"], 1)
        away = next(state for state in syncing.states if state.link is Link.AWAY)
        assert away.trouble is not None
        server.await_idling()
        server.deliver("INBOX", mail("e"), NOW)
        syncing.wait_stored("a", "c", "d", "e")
    assert [record.getMessage() for record in caplog.records] == [
        "a mail of account 1 ends every connection and is passed over"
    ]
    caplog.clear()


@pytest.mark.usefixtures("small_chunks")
def test_a_body_that_ends_every_connection_leaves_the_header(
    server: ImapServer, account: AccountRow, path: Path
) -> None:
    """A mail whose body cannot be had is stored as its header reads, and nothing is unreadable."""
    fill(server, "INBOX", mail("a"), mail("away", fields=VACATION), mail("c"))
    server.plots["UID FETCH"] = breaking(2, Talk.reset, part="BODY.PEEK[]")
    with Syncing(account, path) as syncing:
        state = syncing.wait_synced()
        assert (syncing.names(), state.unreadable) == (["a", "away", "c"], 0)
        assert syncing.kinds()["away"] == "auto_reply"


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("breaks", [True, False])
def test_a_header_that_no_field_can_be_picked_from_is_read_as_it_is(
    server: ImapServer, account: AccountRow, path: Path, *, breaks: bool
) -> None:
    """Where picking fields ends the connection, the mail's beginning tells the same, and nothing is unreadable."""
    fill(server, "INBOX", mail("a"), mail("away", fields=VACATION), mail("c"))
    if breaks:
        server.plots["UID FETCH"] = breaking(2, Talk.reset, part="HEADER.FIELDS")
    with Syncing(account, path) as syncing:
        state = syncing.wait_synced()
        assert (syncing.names(), state.unreadable) == (["a", "away", "c"], 0)
        assert syncing.kinds() == {"a": "mail", "away": "auto_reply", "c": "mail"}
        assert any(told.link is Link.AWAY for told in syncing.states) is breaks


@pytest.mark.usefixtures("small_chunks")
def test_connections_kicked_at_any_point_lose_nothing(server: ImapServer, account: AccountRow, path: Path) -> None:
    """Cut after each command in turn, the sync comes to the same end, each mail once."""
    names = [f"m{number}" for number in range(8)]
    arrived(server, *names)
    fill(server, "Sent", sent("offer"))
    cuts = iter(range(1, 30))
    left = [next(cuts)]

    def cut(talk: Talk, _verb: str, _rest: str) -> bool:
        left[0] -= 1
        if left[0] == 0 and (after := next(cuts, 0)):
            left[0] = after
            talk.reset()
        return False

    for verb in ("AUTHENTICATE", "LIST", "NAMESPACE", "EXAMINE", "UID SEARCH", "UID FETCH", "STATUS", "IDLE"):
        server.plots[verb] = cut
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        syncing.wait_stored("offer", *names)
        assert syncing.sync.state.unreadable == 0


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\0\0\0\xff\xfe",
        b"no header at all",
        b"From: \0bob@people.example\r\nSubject: =?utf-8?B?////?=\r\n\r\n",
        b"Subject: " + b"x" * 3_000_000 + b"\r\n\r\n",
        b"From: bob@people.example\r\nContent-Type: multipart/report; boundary=" + b"b" * 500 + b"\r\n\r\n--b",
        b"From: \xed\xa0\x80 <bob@people.example>\r\nSubject: \xed\xa0\x80 \xff\r\nMessage-ID: <\xed\xa0\x80>\r\n\r\n",
    ],
)
def test_a_broken_mail_hinders_nothing(server: ImapServer, account: AccountRow, path: Path, octets: bytes) -> None:
    """Whatever a mail is made of, the one behind it is read."""
    fill(server, "INBOX", octets, mail("good"))
    with Syncing(account, path) as syncing:
        state = syncing.wait_synced()
        assert "good" in syncing.names()
        assert state.unreadable == 0


def test_a_folder_that_cannot_be_opened_is_left_out(server: ImapServer, account: AccountRow, path: Path) -> None:
    """A listed folder that the server refuses to open hinders no other; the inbox is needed."""
    arrived(server, "a")

    def refuse(talk: Talk, _verb: str, rest: str) -> bool:
        if "Sent" in rest:
            talk.say(f"{talk.tag} NO [NOPERM] no")
        return "Sent" in rest

    server.plots["EXAMINE"] = server.plots["STATUS"] = refuse
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        assert syncing.names() == ["a"]
    server.plots["EXAMINE"] = say_no
    with Syncing(account, path) as syncing:
        state = syncing.wait_for(lambda state: state.link is Link.AWAY)
        assert "does not open a folder" in str(state.trouble)


def test_an_unchanged_folder_is_not_opened_on_the_next_connection(
    server: ImapServer, account: AccountRow, path: Path
) -> None:
    """Where the server counts changes (CONDSTORE) and none happened, sent mail is not even opened."""
    fill(server, "Sent", sent("offer"))
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
    opened = server.count("EXAMINE Sent") + server.count('EXAMINE "Sent"')
    with Syncing(account, path) as syncing:
        syncing.wait_synced()
        assert server.count("EXAMINE Sent") + server.count('EXAMINE "Sent"') == opened
        server.await_idling()
        server.deliver("Sent", sent("more"), NOW)
        syncing.sync.check_now()
        syncing.wait_stored("offer", "more")


# Signing in, again and again.


def test_a_token_refused_in_mid_session_is_fetched_anew(server: ImapServer, account: AccountRow, path: Path) -> None:
    """When the server cuts a session and refuses its token, a fresh one goes on where it was left."""
    server.capabilities = "SASL-IR AUTH=XOAUTH2 IDLE"
    fresh = replace(TOKEN, token="fresh token")
    credentials = Known(TOKEN, fresh)
    with Syncing(account, path, credentials=credentials) as syncing:
        syncing.wait_synced()
        server.await_idling()
        server.tokens = {"fresh token"}
        arrived(server, "a")
        server.kick()
        syncing.wait_stored("a")
        assert credentials.refusals == [TOKEN]


@pytest.mark.parametrize("credentials", [Known(), Known(TOKEN)])
def test_a_sign_in_that_ended_is_told_and_not_tried_again_soon(
    server: ImapServer, account: AccountRow, path: Path, credentials: Known
) -> None:
    """A refused password or token is said, nothing locks the account by trying on, and a look now tries once more."""
    server.capabilities = "SASL-IR AUTH=PLAIN AUTH=XOAUTH2 IDLE"
    server.tokens.clear()
    server.plots["AUTHENTICATE"] = say_no
    with Syncing(account, path, credentials=credentials) as syncing:
        state = syncing.wait_for(lambda state: state.link is Link.NOT_AUTHORISED)
        assert isinstance(state.trouble, NotAuthorised)
        assert server.count("AUTHENTICATE") == 1
        server.plots.clear()
        server.tokens.add("good token")
        syncing.sync.check_now()
        syncing.wait_synced()


def test_back_off_doubles_up_to_five_minutes() -> None:
    """The waits grow from a second to five minutes, give or take a quarter."""
    waits = [back_off_s(failures) for failures in (1, 2, 5, 9, 1000)]
    for wait_s, middle_s in zip(waits, (1, 2, 16, 256, 300), strict=True):
        assert 0.75 * middle_s <= wait_s <= 1.25 * middle_s


def test_a_look_now_ends_a_wait_for_the_next_attempt(server: ImapServer, account: AccountRow, path: Path) -> None:
    """While a lost server is waited for, an order to look connects at once."""
    server.plots["CONNECT"] = hang_up
    with Syncing(account, path, rhythm=replace(QUICK, back_off=lambda _failures: 60.0)) as syncing:
        syncing.wait_for(lambda state: state.link is Link.AWAY)
        server.plots.clear()
        syncing.sync.check_now()
        syncing.wait_synced()


@pytest.mark.parametrize("verb", ["UID FETCH", "IDLE"])
def test_a_half_open_connection_is_found_out(server: ImapServer, account: AccountRow, path: Path, verb: str) -> None:
    """A server that falls silent in mid-fetch, or after an IDLE, is left after the time-out and asked anew."""
    arrived(server, "a")
    over = threading.Event()

    def fall_silent(talk: Talk, _verb: str, _rest: str) -> bool:
        if talk.number > 1:
            return False
        if verb == "IDLE":
            talk.say("+ idling")
        over.wait(10)
        talk.reset()
        return True

    server.plots[verb] = fall_silent
    rhythm = replace(QUICK, look_s=0.1)
    with Syncing(account, path, rhythm=rhythm, timeouts=Timeouts(command_s=0.3)) as syncing:
        state = syncing.wait_for(lambda state: state.link is Link.AWAY)
        assert "in time" in str(state.trouble)
        over.set()
        syncing.wait_stored("a")


# Quitting.


@pytest.mark.parametrize("verb", ["CONNECT", "AUTHENTICATE", "UID FETCH", "IDLE"])
def test_a_stop_waits_for_nothing(server: ImapServer, account: AccountRow, path: Path, verb: str) -> None:
    """In the midst of a handshake, sign-in, fetch or IDLE a stop returns at once and the thread ends soon after."""
    arrived(server, "a")
    reached, over = threading.Event(), threading.Event()

    def silence(talk: Talk, _verb: str, _rest: str) -> bool:
        if verb == "IDLE":
            talk.say("+ idling")
        reached.set()
        over.wait(10)
        talk.reset()
        return True

    server.plots[verb] = silence
    with Syncing(account, path) as syncing:
        assert reached.wait(10)
        begun_s = monotonic()
        syncing.sync.stop()
        took_s = monotonic() - begun_s
        assert syncing.sync.wait_ended(5)
        assert took_s < 0.1
        assert syncing.states[-1].link is Link.STOPPED
        over.set()


def test_a_stop_while_connecting_is_no_trouble(account: AccountRow, path: Path) -> None:
    """A stop during a connect that is never answered returns at once; nothing but the end is told after it."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        lost = replace(account, imap_port=door.getsockname()[1])
        with Syncing(lost, path, timeouts=Timeouts(connect_s=0.5)) as syncing:
            syncing.wait_for(lambda state: state.link is Link.CONNECTING)
            begun_s = monotonic()
            syncing.sync.stop()
            assert monotonic() - begun_s < 0.1
            assert syncing.sync.wait_ended(5)
        assert [state.link for state in syncing.states] == [Link.CONNECTING, Link.STOPPED]


def test_a_store_closed_under_a_sync_is_no_bug(server: ImapServer, account: AccountRow, path: Path) -> None:
    """At the end of the program the store closes while a sync may still write: the thread ends quietly."""
    arrived(server, "a")
    go = threading.Event()
    reached = threading.Event()

    def hold(_talk: Talk, _verb: str, _rest: str) -> bool:
        reached.set()
        assert go.wait(10)
        return False

    server.plots["UID FETCH"] = hold
    with Syncing(account, path) as syncing:
        assert reached.wait(10)
        syncing.sync.stop()
        syncing.store.close()
        go.set()
        assert syncing.sync.wait_ended(5)
