"""Keep my Sent folder clean, cut off: whatever fails at whichever command, no mail is lost and none is there twice."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from desktop.core.errors import Trouble
from desktop.incoming.sent_clean import Pace, SentCleaner
from tests.fakes.imap_server import Box, ImapServer, Talk
from tests.fakes.provider import Certificates
from tests.incoming.accounts_in import BEFORE, sent
from tests.incoming.sent_cleaning import FILED_AT, FLAGS, GMAIL, READING, WITH_ALL, Cleaning, tracked, written

OFFER = written()
COPIES = (tracked(OFFER, b"random id 01"), tracked(OFFER, b"random id 02"))
OTHERS = (sent("older"), sent("marked"), sent("newer"), written("another"))
# Said of a connection before anything is asked of a folder.
BEGINNING = ("CAPABILITY", "AUTHENTICATE", "STATUS", "LOGOUT")


def dropped_before(talk: Talk, _verb: str, _rest: str) -> None:
    """End the connection before the command is done."""
    talk.reset()


def dropping(talk: Talk, verb: str, rest: str) -> bool:
    """End the connection before the command is done, as a plot does."""
    dropped_before(talk, verb, rest)
    return True


def dropped_after(talk: Talk, verb: str, rest: str) -> None:
    """Do the command, and end the connection before its answer is out."""
    talk.perform_unheard(verb, rest)


def refused(talk: Talk, _verb: str, _rest: str) -> None:
    """Refuse the command."""
    talk.say(f"{talk.tag} NO not now")


def not_understood(talk: Talk, _verb: str, _rest: str) -> None:
    """Do not understand the command."""
    talk.say(f"{talk.tag} BAD what")


def refused_after(talk: Talk, verb: str, rest: str) -> None:
    """Do the command and say that it was refused."""
    talk.is_mute = True
    talk.perform(verb, rest)
    talk.is_mute = False
    talk.say(f"{talk.tag} NO not now")


@pytest.fixture
def server(context: ssl.SSLContext) -> Iterator[ImapServer]:
    """Give a server."""
    with ImapServer(context) as running:
        yield running


class Watch:
    """Counts commands, makes the one that is due fail, and sees before each that the message is there."""

    def __init__(self, fails_at: int, fault: Callable[[Talk, str, str], None]) -> None:
        """Let the command of that number fail; a negative one lets all pass."""
        self.fails_at = fails_at
        self.fault = fault
        self.count = 0
        self.ever_missing = False

    def __call__(self, talk: Talk, verb: str, rest: str) -> bool:
        """Let the command pass, or fail."""
        if verb in (*BEGINNING, "CONNECT"):
            return False
        self.see(talk.server)
        self.count += 1
        if self.count - 1 == self.fails_at:
            self.fault(talk, verb, rest)
            return True
        return False

    def see(self, server: ImapServer) -> None:
        """See whether a tracked or a clean copy is in Sent."""
        there = {mail.octets for mail in server.boxes["Sent"].mails.values()}
        self.ever_missing |= not there & {OFFER, *COPIES}


@pytest.fixture
def case(server: ImapServer, certificates: Certificates, tmp_path: Path) -> Iterator[Callable[[], Cleaning]]:
    """Give what makes an account with two tracked copies of a message, among other mail, at a server as new."""
    made: list[Cleaning] = []

    def make() -> Cleaning:
        server.boxes = {"INBOX": Box(), "Sent": Box(attributes=("\\Sent",)), "Trash": Box(attributes=("\\Trash",))}
        server.commands.clear()
        cleaning = Cleaning(server, certificates, tmp_path / f"{len(made)}.sqlite")
        made.append(cleaning)
        cleaning.sent.add(OTHERS[0], BEFORE, "\\Seen")
        cleaning.sent.add(COPIES[0], FILED_AT, *FLAGS)
        cleaning.sent.add(OTHERS[1], FILED_AT, "\\Deleted")
        cleaning.sent.add(COPIES[1], FILED_AT, *FLAGS)
        cleaning.sent.add(OTHERS[2], FILED_AT)
        cleaning.sent.add(OTHERS[3], FILED_AT)
        cleaning.record(OFFER, b"random id 01", b"random id 02")
        return cleaning

    yield make
    for each in made:
        each.store.close()


@pytest.fixture
def cleaning(server: ImapServer, case: Callable[[], Cleaning]) -> Cleaning:
    """Give such an account at a server like Dovecot."""
    server.capabilities = WITH_ALL
    return case()


def standing(cleaning: Cleaning) -> list[tuple[int, bytes, tuple[str, ...]]]:
    """Return the other mails as they stand."""
    mails = cleaning.sent.mails.items()
    return [(uid, mail.octets, mail.flags) for uid, mail in sorted(mails) if mail.octets in OTHERS]


@dataclass(frozen=True, kw_only=True)
class Failing:
    """A kind of server that fails in one way, at each command from the `first` on; the sixth is SELECT."""

    fault: Callable[[Talk, str, str], None]
    capabilities: str = WITH_ALL
    tells_uids: bool = True
    first: int = 6


# Every fault at a server like Dovecot, and at other kinds of server those that end in the middle of a step.
CASES = [
    Failing(fault=dropped_after, first=0),
    *(Failing(fault=fault) for fault in (dropped_before, refused, not_understood, refused_after)),
    *(Failing(fault=fault, tells_uids=False) for fault in (dropped_after, refused)),
    *(Failing(fault=fault, capabilities=GMAIL) for fault in (dropped_after, refused_after)),
]


@pytest.mark.parametrize("failing", CASES)
def test_a_failure_at_any_command_loses_and_doubles_nothing(
    server: ImapServer, case: Callable[[], Cleaning], failing: Failing
) -> None:
    """At every moment a copy is there, all other mail stays as it was, and in the end there is one clean message."""
    server.capabilities, server.tells_uids = failing.capabilities, failing.tells_uids
    number, was_last = failing.first, False
    while not was_last:
        cleaning = case()
        before = standing(cleaning)
        server.plots["*"] = watch = Watch(number, failing.fault)
        try:
            cleaning.clean()
        except Trouble:
            assert failing.fault in (dropped_before, dropped_after)
        watch.see(server)
        server.plots.clear()
        cleaning.begin_anew(times=2)
        was_last = watch.count <= number
        assert not watch.ever_missing, number
        assert standing(cleaning) == before, number
        ours = [mail for mail in cleaning.sent.mails.values() if mail.octets not in OTHERS]
        assert [mail.octets for mail in ours] == [OFFER], number
        assert (set(ours[0].flags), ours[0].received_at) == (set(FLAGS), FILED_AT), number
        in_trash = {mail.octets for mail in server.boxes["Trash"].mails.values()}
        assert in_trash <= set(COPIES), number
        number += 1
    assert number > 9


def test_without_a_failure_every_step_is_taken_once(cleaning: Cleaning) -> None:
    """The twin: with no fault the same case ends clean in one go, with these commands and no others."""
    cleaning.server.plots["*"] = watch = Watch(-1, refused)
    cleaning.clean()
    assert cleaning.octets() == [*OTHERS, OFFER]
    assert not watch.ever_missing
    verbs = [" ".join(each.split(" ")[: 2 if each.startswith("UID") else 1]) for each in cleaning.server.commands]
    assert [each for each in verbs if each not in BEGINNING] == [
        *("EXAMINE", "UID SEARCH", "UID FETCH", "UID FETCH", "UID FETCH", "UID FETCH"),
        *("SELECT", "UID SEARCH", "UID FETCH", "UID FETCH", "APPEND", "UID FETCH", "UID FETCH"),
        *("UID FETCH", "UID STORE", "UID EXPUNGE", "UID FETCH"),
    ]


def test_a_message_that_the_server_keeps_late_is_not_put_in_twice(cleaning: Cleaning) -> None:
    """After an APPEND without an answer nothing is put in again until the server has had time to keep it."""
    cleaning.server.plots["APPEND"] = dropping
    assert cleaning.try_to_clean() is not None
    cleaning.server.plots.clear()
    cleaning.anew()
    cleaning.clean()
    assert cleaning.server.count("APPEND") == 1
    cleaning.sent.add(OFFER, FILED_AT, *FLAGS)
    cleaning.clean()
    assert cleaning.octets() == [*OTHERS, OFFER]
    assert cleaning.server.count("APPEND") == 1


def test_a_message_kept_even_later_ends_as_one(cleaning: Cleaning) -> None:
    """Where the server keeps what it got after all was done, the second of the two goes."""
    cleaning.clean()
    cleaning.sent.add(OFFER, FILED_AT, "\\Seen")
    cleaning.clean()
    assert cleaning.octets() == [*OTHERS, OFFER]
    assert min(uid for uid, mail in cleaning.sent.mails.items() if mail.octets == OFFER) == 7


def test_a_mail_programs_own_copy_that_comes_later_stays_instead_of_ours(cleaning: Cleaning) -> None:
    """Where the mail program files its own after we put ours in, theirs stays, flags and all, and ours goes."""
    cleaning.clean()
    own = cleaning.sent.add(OFFER, FILED_AT + timedelta(minutes=1), "\\Seen")
    cleaning.clean()
    assert cleaning.octets() == [*OTHERS, OFFER]
    assert own in cleaning.sent.mails
    assert set(cleaning.sent.mails[own].flags) == set(FLAGS)


def test_what_ends_a_connection_is_left_alone_for_a_while(cleaning: Cleaning) -> None:
    """A message at which a server drops the connection does not end the next one too."""
    cleaning.server.plots["APPEND"] = dropping
    clock, pace = (lambda: cleaning.now), Pace(patience=timedelta(0))
    cleaning.cleaner = SentCleaner(cleaning.account, store=cleaning.store, clock=clock, pace=pace)
    assert cleaning.try_to_clean() is not None
    assert cleaning.try_to_clean() is None
    assert cleaning.server.count("APPEND") == 1


def test_every_word_sent_is_a_reading_one_but_these(cleaning: Cleaning) -> None:
    """Of all that may alter a folder, cleaning sends SELECT, APPEND, UID STORE and UID EXPUNGE, and only of Sent."""
    cleaning.clean()
    writing = cleaning.written_commands()
    assert len(READING) > 5
    assert {each.split(" ")[0] if not each.startswith("UID") else each[:12] for each in writing} == {
        *("SELECT", "APPEND", "UID STORE 2,", "UID EXPUNGE ")
    }
    assert all('"Sent"' in each for each in writing if each.startswith(("SELECT", "APPEND")))
