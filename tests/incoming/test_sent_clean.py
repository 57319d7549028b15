"""Keep my Sent folder clean: what is replaced, by what, and what is left alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from desktop.incoming.sent_clean import KEPT_FOR, Pace, SentCleaner
from desktop.incoming.sent_clean_notes import NoteBook
from desktop.incoming.troubles import CannotClean
from desktop.store import accounts
from tests.fakes.imap_server import Box, ImapServer, Plot, Talk
from tests.fakes.provider import Certificates
from tests.incoming.accounts_in import BEFORE, sent
from tests.incoming.sent_cleaning import (
    FILED_AT,
    FLAGS,
    GMAIL,
    SENT_AT,
    WITH_ALL,
    Cleaning,
    Making,
    picture,
    tracked,
    written,
)

OFFER = written()


def saying(words: str) -> Plot:
    """Return a plot that answers a command with these words."""

    def say(talk: Talk, _verb: str, _rest: str) -> bool:
        talk.say(f"{talk.tag} {words}")
        return True

    return say


def unheard(talk: Talk, verb: str, rest: str) -> bool:
    """Do what a command asks, and drop the connection."""
    talk.perform_unheard(verb, rest)
    return True


def examined(talk: Talk, _verb: str, rest: str) -> bool:
    """Open a folder for reading only, whatever was asked."""
    talk.perform("EXAMINE", rest)
    return True


@pytest.fixture
def making(context: object, certificates: Certificates, tmp_path: Path) -> Iterator[Making]:
    """Give what makes an account at a server that can do these things."""
    made: list[Cleaning] = []
    servers: list[ImapServer] = []

    def make(capabilities: str = WITH_ALL) -> Cleaning:
        server = ImapServer(context, capabilities=capabilities)  # type: ignore[arg-type]
        servers.append(server.__enter__())
        made.append(Cleaning(server, certificates, tmp_path / "store.sqlite"))
        return made[-1]

    yield make
    for each in made:
        each.store.close()
    for server in servers:
        server.__exit__(None, None, None)


@pytest.fixture
def cleaning(making: Making) -> Cleaning:
    """Give an account whose provider filed a tracked copy of one message among other mail."""
    found = making()
    found.sent.add(sent("older"), BEFORE, "\\Seen")
    found.sent.add(tracked(OFFER), FILED_AT, *FLAGS)
    found.sent.add(sent("newer"), FILED_AT)
    found.record(OFFER)
    return found


def test_the_message_stands_where_its_tracked_copy_stood(cleaning: Cleaning) -> None:
    """The untouched message replaces the tracked copy to the octet, with its flags and its date, zone included."""
    assert cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer"), OFFER]
    mail = cleaning.sent.mails[4]
    assert set(mail.flags) == set(FLAGS)
    assert (mail.received_at, mail.received_at.utcoffset()) == (FILED_AT, FILED_AT.utcoffset())
    assert cleaning.cleaner.cleaned == 1
    assert cleaning.cleaner.trouble is None


def test_only_sent_is_written_to_and_only_what_is_named(cleaning: Cleaning) -> None:
    """One SELECT of Sent, one APPEND, and the tracked copy's UID alone is marked and expunged."""
    cleaning.clean()
    assert cleaning.written_commands() == [
        'SELECT "Sent"',
        f'APPEND "Sent" ($label1 \\Answered \\Seen) " 1-Jun-2026 13:55:00 +0200" {{{len(OFFER)}}}'.partition(" {")[0]
        + " ",
        "UID STORE 2 +FLAGS.SILENT (\\Deleted)",
        "UID EXPUNGE 2",
    ]


def test_mail_marked_as_deleted_by_others_stays(cleaning: Cleaning) -> None:
    """A mail that another program marked as deleted is not expunged with the tracked copy."""
    marked = cleaning.sent.add(sent("marked"), FILED_AT, "\\Deleted")
    cleaning.clean()
    assert cleaning.sent.mails[marked].flags == ("\\Deleted",)


def test_without_anything_to_wait_for_nothing_is_asked(making: Making) -> None:
    """With the switch on and no original kept, no command goes out; its twin above shows that else some do."""
    cleaning = making()
    cleaning.sent.add(tracked(OFFER), FILED_AT)
    with cleaning.mailbox() as mailbox:
        looks = {"Sent": mailbox.status("Sent")}
        before = tuple(cleaning.server.commands)
        assert not cleaning.cleaner.clean(mailbox, looks)
        assert tuple(cleaning.server.commands) == before


def test_while_sent_is_unchanged_nothing_is_asked(making: Making) -> None:
    """An original whose copy has not come costs nothing while the server says that Sent is as it was."""
    cleaning = making()
    cleaning.sent.add(sent("older"), BEFORE)
    cleaning.record(OFFER)
    with cleaning.mailbox() as mailbox:
        assert cleaning.cleaner.clean(mailbox, {"Sent": mailbox.status("Sent")})
        looks = {"Sent": mailbox.status("Sent")}
        before = tuple(cleaning.server.commands)
        assert not cleaning.cleaner.clean(mailbox, looks)
        assert tuple(cleaning.server.commands) == before
        cleaning.sent.add(tracked(OFFER), FILED_AT)
        assert cleaning.cleaner.clean(mailbox, {"Sent": mailbox.status("Sent")})
    assert OFFER in cleaning.octets()


def test_what_the_mail_program_filed_itself_stays_and_is_enough(cleaning: Cleaning) -> None:
    """Where the mail program's own copy is there, spelled its own way, nothing is put in and the tracked copy goes."""
    own = b"X-Mozilla-Status: 0001\r\nBcc: carol@people.example\r\n" + OFFER.replace(b'"b"', b'"c"').replace(
        b"--b", b"--c"
    )
    cleaning.sent.add(own, FILED_AT, "\\Seen")
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer"), own]
    assert cleaning.server.count("APPEND") == 0


def test_a_star_on_the_tracked_copy_is_not_lost(cleaning: Cleaning) -> None:
    """Flags of a copy that goes are given to the copy that stays."""
    own = cleaning.sent.add(OFFER, FILED_AT, "\\Seen")
    cleaning.sent.mails[2].flags = ("\\Flagged", "\\Seen")
    cleaning.clean()
    assert set(cleaning.sent.mails[own].flags) == {"\\Seen", "\\Flagged"}


def test_a_copy_of_each_recipient_becomes_one_message(making: Making) -> None:
    """Where the provider filed each recipient's copy, one clean message replaces all of them."""
    cleaning = making()
    for number in range(3):
        cleaning.sent.add(tracked(OFFER, b"random id %02d" % number), FILED_AT, "\\Seen")
    cleaning.record(OFFER, *(b"random id %02d" % number for number in range(3)))
    cleaning.clean()
    assert cleaning.octets() == [OFFER]


def test_tokens_of_another_message_do_not_condemn(cleaning: Cleaning) -> None:
    """The mail program's own copy quotes a mark of an earlier message: it is no tracked copy, and enough as it is."""
    quoting = OFFER.replace(b"</body>", picture(b"an older id.") + b"</body>")
    cleaning.sent.mails[2].octets = quoting
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), quoting, sent("newer")]
    assert cleaning.written_commands() == []
    cleaning.sent.add(tracked(OFFER), FILED_AT)
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), quoting, sent("newer")]
    assert cleaning.server.count("APPEND") == 0


def test_a_copy_whose_attachment_was_taken_out_stays(cleaning: Cleaning) -> None:
    """A tracked copy that the user altered since is not the message any more, and is left alone."""
    altered = tracked(written(attachment=b""))
    cleaning.sent.mails[2].octets = altered
    cleaning.clean()
    assert altered in cleaning.octets()
    assert cleaning.written_commands() == []


def test_another_mail_of_that_name_stays(cleaning: Cleaning) -> None:
    """A mail that bears the message's name and holds other words is neither taken for clean nor taken away."""
    other = written(words="Another offer altogether.")
    cleaning.sent.add(other, FILED_AT)
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer"), other, OFFER]


def test_a_message_that_the_user_deleted_or_moved_is_not_put_back(cleaning: Cleaning) -> None:
    """Where no tracked copy is in Sent any more, or it is marked as deleted, nothing is put in."""
    cleaning.sent.mails[2].flags = ("\\Deleted",)
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), tracked(OFFER), sent("newer")]
    del cleaning.sent.mails[2]
    cleaning.anew()
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer")]
    assert cleaning.server.count("APPEND") == 0


def test_a_copy_that_goes_while_it_is_looked_at_is_no_hindrance(cleaning: Cleaning) -> None:
    """A tracked copy that vanishes between finding and replacing it is not put back."""

    def deleted_meanwhile(talk: Talk, _verb: str, _rest: str) -> bool:
        talk.server.boxes["Sent"].mails.pop(2, None)
        return False

    cleaning.server.plots["SELECT"] = deleted_meanwhile
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer")]
    assert cleaning.cleaner.trouble is None


def test_flags_that_alter_meanwhile_are_kept(cleaning: Cleaning) -> None:
    """A flag the user gives the tracked copy while the message is put in is on the message at the end."""

    def flagged_meanwhile(talk: Talk, _verb: str, _rest: str) -> bool:
        talk.server.boxes["Sent"].mails[2].flags += ("\\Flagged",)
        return False

    cleaning.server.plots["APPEND"] = flagged_meanwhile
    cleaning.clean()
    assert set(cleaning.sent.mails[4].flags) == {*FLAGS, "\\Flagged"}


def test_the_clean_copy_going_meanwhile_keeps_the_tracked_one(cleaning: Cleaning) -> None:
    """Where the user deletes the clean copy in that moment, the tracked one is not taken away."""

    def deleted_meanwhile(talk: Talk, _verb: str, rest: str) -> bool:
        if "FLAGS" in rest:
            talk.server.boxes["Sent"].mails.pop(4, None)
        return False

    cleaning.server.plots["UID FETCH"] = deleted_meanwhile
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), tracked(OFFER), sent("newer")]


def test_a_mail_is_given_time_to_be_filed_by_its_program(cleaning: Cleaning) -> None:
    """Within the patience nothing is looked at, so that a mail program's own copy comes first; after it, it is."""
    cleaning.cleaner = SentCleaner(
        cleaning.account, store=cleaning.store, clock=lambda: cleaning.now, pace=Pace(patience=timedelta(minutes=10))
    )
    cleaning.clean()
    assert cleaning.server.count("UID FETCH") == 1
    assert tracked(OFFER) in cleaning.octets()
    cleaning.now += timedelta(minutes=10)
    cleaning.clean()
    assert OFFER in cleaning.octets()


def test_an_original_is_kept_until_sent_is_clean_for_a_while(cleaning: Cleaning) -> None:
    """The original is forgotten once Sent is clean and a late copy had its time, and not a moment before."""
    cleaning.cleaner = SentCleaner(
        cleaning.account,
        store=cleaning.store,
        clock=lambda: cleaning.now,
        pace=Pace(patience=timedelta(0), settle=timedelta(hours=1), quiet_s=0.0),
    )
    cleaning.clean()
    assert cleaning.waits_for() == 1
    late = tracked(OFFER)
    cleaning.sent.add(late, FILED_AT)
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer"), OFFER]
    cleaning.now = SENT_AT + timedelta(hours=1)
    cleaning.clean()
    assert cleaning.waits_for() == 0


def test_an_original_whose_copy_never_comes_is_kept_for_two_weeks(making: Making) -> None:
    """Without any copy in Sent the original stays, and goes after fourteen days."""
    cleaning = making()
    cleaning.record(OFFER)
    cleaning.clean()
    assert cleaning.waits_for() == 1
    cleaning.now = SENT_AT + KEPT_FOR + timedelta(minutes=1)
    cleaning.clean()
    assert cleaning.waits_for() == 0


def test_a_tracked_copy_with_no_clean_one_is_never_forgotten_early(cleaning: Cleaning) -> None:
    """Where a tracked copy could not be replaced, the original stays."""
    cleaning.server.plots["APPEND"] = saying("NO not now")
    cleaning.now = SENT_AT + timedelta(days=1)
    cleaning.clean()
    assert cleaning.waits_for() == 1


def test_a_long_message_is_cleaned_too(making: Making) -> None:
    """A message of several megabytes goes up and is read back in pieces."""
    cleaning = making()
    long = written(attachment=b"\r\n".join([b"QUJD" * 19] * 40_000))
    cleaning.sent.add(tracked(long), FILED_AT)
    cleaning.record(long)
    cleaning.clean()
    assert cleaning.octets() == [long]


def test_at_gmail_the_tracked_copy_goes_to_trash(making: Making) -> None:
    """At Gmail the tracked copy is moved to Trash, for what is expunged in Sent would stay in All Mail."""
    cleaning = making(GMAIL)
    boxes = cleaning.server.boxes
    del boxes["Sent"]
    boxes["[Gmail]/Sent Mail"] = Box(attributes=("\\Sent",))
    boxes["[Gmail]/Trash"] = Box(attributes=("\\Trash",))
    cleaning.sent.add(tracked(OFFER), FILED_AT, "\\Seen")
    cleaning.record(OFFER)
    cleaning.clean()
    assert cleaning.octets() == [OFFER]
    assert cleaning.octets(boxes["[Gmail]/Trash"]) == [tracked(OFFER)]
    assert cleaning.server.count("UID EXPUNGE") == cleaning.server.count("UID STORE") == 0


def test_a_gmail_that_keeps_the_first_copy_loses_nothing(making: Making) -> None:
    """Where APPEND answers with the tracked copy's own UID, that copy is not taken for a failed one and stays."""
    cleaning = making(GMAIL)
    cleaning.server.boxes["Trash"] = Box(attributes=("\\Trash",))
    cleaning.sent.add(tracked(OFFER), FILED_AT)
    cleaning.record(OFFER)
    cleaning.server.keeps = lambda box, _octets: min(box.mails)
    cleaning.clean()
    assert cleaning.octets() == [tracked(OFFER)]
    assert cleaning.server.count("UID MOVE") == 0
    assert isinstance(cleaning.cleaner.trouble, CannotClean)
    assert "keeps the first copy" in cleaning.cleaner.trouble.sentence


def test_a_gmail_that_gives_the_first_copy_another_uid_loses_nothing(making: Making) -> None:
    """Where the tracked copy comes back under a new UID and its old one is gone, it stays."""
    cleaning = making(GMAIL)
    cleaning.server.boxes["Trash"] = Box(attributes=("\\Trash",))
    cleaning.sent.add(tracked(OFFER), FILED_AT)
    cleaning.record(OFFER)

    def renumber(box: Box, _octets: bytes) -> bytes:
        return box.mails.pop(1).octets

    cleaning.server.keeps = renumber
    cleaning.clean()
    assert cleaning.octets() == [tracked(OFFER)]
    assert cleaning.server.count("UID MOVE") == 0


def test_a_gmail_that_replaces_the_first_copy_itself_is_clean(making: Making) -> None:
    """Where the server drops the tracked copy as the message comes, that is all there is to do."""
    cleaning = making(GMAIL)
    cleaning.server.boxes["Trash"] = Box(attributes=("\\Trash",))
    cleaning.sent.add(tracked(OFFER), FILED_AT)
    cleaning.record(OFFER)

    def replace_it(box: Box, octets: bytes) -> bytes:
        box.mails.clear()
        return octets

    cleaning.server.keeps = replace_it
    cleaning.clean()
    assert cleaning.octets() == [OFFER]
    assert cleaning.cleaner.trouble is None


def test_a_server_that_takes_both_copies_for_one_gets_the_message_again(making: Making) -> None:
    """Where the clean copy vanishes with the tracked one, the message is put in once more, and its original kept."""
    cleaning = making(GMAIL)
    cleaning.server.boxes["Trash"] = Box(attributes=("\\Trash",))
    cleaning.sent.add(tracked(OFFER), FILED_AT, "\\Seen")
    cleaning.record(OFFER)

    def move_both(talk: Talk, verb: str, _rest: str) -> bool:
        talk.perform(verb, 'UID MOVE 1:2 "Trash"')
        return True

    cleaning.server.plots["UID MOVE"] = move_both
    cleaning.clean()
    assert cleaning.octets() == [OFFER]
    assert (cleaning.sent.mails[3].flags, cleaning.sent.mails[3].received_at) == (("\\Seen",), FILED_AT)
    assert cleaning.waits_for() == 1


def test_a_copy_that_stays_though_it_was_expunged_is_no_clean_sent(cleaning: Cleaning) -> None:
    """Where a server says that it expunged and did not, the original is kept, and it is tried again."""
    cleaning.server.plots["UID EXPUNGE"] = saying("OK done")
    cleaning.now = SENT_AT + timedelta(hours=2)
    cleaning.clean()
    assert (cleaning.waits_for(), cleaning.cleaner.cleaned) == (1, 0)
    del cleaning.server.plots["UID EXPUNGE"]
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer"), OFFER]
    assert (cleaning.waits_for(), cleaning.cleaner.cleaned) == (0, 1)


def test_two_folders_of_sent_mail_are_each_cleaned(cleaning: Cleaning) -> None:
    """A message with a tracked copy in a second folder is not done when the first is clean."""
    other = cleaning.server.boxes["Sent Items"] = Box(attributes=("\\Sent",))
    other.add(tracked(OFFER), FILED_AT)
    cleaning.server.plots["APPEND"] = lambda talk, _verb, rest: (
        '"Sent Items"' in rest and saying("NO not now")(talk, "", "")
    )
    cleaning.now = SENT_AT + timedelta(hours=2)
    for _ in range(2):
        with cleaning.mailbox() as mailbox:
            cleaning.cleaner.clean(mailbox, {name: mailbox.status(name) for name in ("Sent Items", "Sent")})
    assert cleaning.octets() == [sent("older"), sent("newer"), OFFER]
    assert (cleaning.octets(other), cleaning.waits_for()) == ([tracked(OFFER)], 1)
    cleaning.server.plots.clear()
    cleaning.now += timedelta(minutes=3)
    with cleaning.mailbox() as mailbox:
        cleaning.cleaner.clean(mailbox, {name: mailbox.status(name) for name in ("Sent Items", "Sent")})
    assert (cleaning.octets(other), cleaning.waits_for()) == ([OFFER], 0)


def test_a_gmail_without_trash_is_told_of(making: Making) -> None:
    """Where Gmail hides Trash from mail programs nothing is written, and the trouble says what to do."""
    cleaning = making(GMAIL)
    cleaning.sent.add(tracked(OFFER), FILED_AT)
    cleaning.record(OFFER)
    cleaning.clean()
    assert cleaning.octets() == [tracked(OFFER)]
    assert cleaning.written_commands() == []
    assert cleaning.cleaner.trouble is not None
    assert "Trash" in cleaning.cleaner.trouble.cure


def test_with_move_alone_the_tracked_copy_goes_to_trash(making: Making) -> None:
    """A server with MOVE and without UIDPLUS, which tells no UIDs, has its tracked copies moved to Trash."""
    cleaning = making(WITH_ALL.replace("UIDPLUS", "MOVE"))
    cleaning.server.tells_uids = False
    cleaning.server.boxes["Trash"] = Box(attributes=("\\Trash",))
    cleaning.sent.add(tracked(OFFER), FILED_AT)
    cleaning.record(OFFER)
    cleaning.clean()
    assert cleaning.octets() == [OFFER]
    assert cleaning.octets(cleaning.server.boxes["Trash"]) == [tracked(OFFER)]


def test_a_server_that_cannot_name_mails_is_left_alone_and_told_of_once(making: Making) -> None:
    """Without UIDPLUS and MOVE nothing is asked or written, and the trouble stays the same object."""
    cleaning = making(WITH_ALL.replace(" UIDPLUS", ""))
    cleaning.sent.add(tracked(OFFER), FILED_AT)
    cleaning.record(OFFER)
    assert not cleaning.clean()
    first = cleaning.cleaner.trouble
    assert isinstance(first, CannotClean)
    assert first.cure
    assert not cleaning.clean()
    assert cleaning.cleaner.trouble is first
    assert cleaning.octets() == [tracked(OFFER)]


def test_a_server_that_does_not_tell_the_uid_is_searched(cleaning: Cleaning) -> None:
    """Without APPENDUID the message is found by its name, and read back all the same."""
    cleaning.server.tells_uids = False
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer"), OFFER]


@pytest.mark.parametrize("tells_uids", [True, False])
def test_a_server_that_alters_mail_is_left_as_it_was(cleaning: Cleaning, tells_uids: bool) -> None:
    """What is not read back to the octet is taken away again, the tracked copy stays, and it is not tried again."""
    cleaning.server.tells_uids = tells_uids
    before = cleaning.octets()
    cleaning.server.keeps = lambda _box, octets: octets.replace(b"An offer.", b"An offer.  Scanned.")
    cleaning.clean()
    assert cleaning.octets() == before
    assert cleaning.sent.mails[2].flags == FLAGS
    assert cleaning.cleaner.trouble is not None
    assert "alters" in cleaning.cleaner.trouble.sentence
    cleaning.anew()
    cleaning.clean()
    assert cleaning.server.count("APPEND") == 1
    assert cleaning.cleaner.trouble is not None


@pytest.mark.parametrize("is_marked", [False, True])
def test_an_altered_mail_stays_where_the_tracked_copy_went_meanwhile(cleaning: Cleaning, is_marked: bool) -> None:
    """Where another program takes the tracked copy in that moment, the altered mail is all there is, and stays.

    That it is taken back while a tracked copy is there is shown above.
    """
    altered = OFFER.replace(b"An offer.", b"An offer.  Scanned.")

    def keep_altered(box: Box, _octets: bytes) -> bytes:
        if is_marked:
            box.mails[2].flags = ("\\Deleted",)
        else:
            del box.mails[2]
        return altered

    cleaning.server.keeps = keep_altered
    cleaning.clean()
    assert altered in cleaning.octets()
    assert cleaning.server.count("UID EXPUNGE") == 0
    assert isinstance(cleaning.cleaner.trouble, CannotClean)


def test_an_altered_mail_whose_making_was_cut_short_is_taken_back_later(cleaning: Cleaning) -> None:
    """Killed after the server kept something else, the next start takes that away, and the tracked copy stays."""
    before = cleaning.octets()
    cleaning.server.keeps = lambda _box, octets: octets.replace(b"An offer.", b"An offer.  Scanned.")
    cleaning.server.plots["APPEND"] = unheard
    assert cleaning.try_to_clean() is not None
    assert len(cleaning.octets()) == 4
    cleaning.anew()
    cleaning.clean()
    assert cleaning.octets() == before
    assert cleaning.server.count("APPEND") == 1


def test_switching_off_and_on_tries_again_what_a_server_could_not_do(cleaning: Cleaning) -> None:
    """What was noted of a server is forgotten as the user switches the cleaning off."""
    cleaning.server.keeps = lambda _box, octets: octets + b" "
    cleaning.clean()
    assert cleaning.cleaner.trouble is not None
    NoteBook(cleaning.store, 1).begin_anew()
    cleaning.server.keeps = lambda _box, octets: octets
    cleaning.anew()
    cleaning.clean()
    assert OFFER in cleaning.octets()


def test_a_full_mailbox_is_told_of_and_tried_again(cleaning: Cleaning) -> None:
    """A mailbox over its quota keeps the tracked copy, says so, and is cleaned once there is room."""
    cleaning.server.plots["APPEND"] = saying("NO [OVERQUOTA] full")
    before = cleaning.octets()
    cleaning.clean()
    assert cleaning.octets() == before
    assert cleaning.cleaner.trouble is not None
    assert "full" in cleaning.cleaner.trouble.sentence
    del cleaning.server.plots["APPEND"]
    cleaning.now += timedelta(minutes=3)
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer"), OFFER]
    assert cleaning.cleaner.trouble is None


def test_a_folder_that_opens_for_reading_only_is_left_alone(cleaning: Cleaning) -> None:
    """Where SELECT gives no right to write, nothing is tried and the trouble says so."""
    cleaning.server.plots["SELECT"] = examined
    cleaning.clean()
    assert [each.split(" ")[0] for each in cleaning.written_commands()] == ["SELECT"]
    assert cleaning.cleaner.trouble is not None
    assert cleaning.cleaner.trouble.cure == "Ask the provider."


def test_another_uidvalidity_between_looking_and_writing_touches_nothing(cleaning: Cleaning) -> None:
    """Where the numbers mean other mails once the folder is opened for writing, all is found anew before anything."""

    def renumber(talk: Talk, _verb: str, _rest: str) -> bool:
        box = talk.server.boxes["Sent"]
        box.uid_validity += 1
        box.mails = {uid + 1: mail for uid, mail in box.mails.items()}
        box.next_uid += 1
        del talk.server.plots["SELECT"]
        return False

    cleaning.server.plots["SELECT"] = renumber
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), tracked(OFFER), sent("newer")]
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer"), OFFER]


def test_an_appenduid_of_another_uidvalidity_names_nothing(cleaning: Cleaning) -> None:
    """A UID told for another numbering is not believed: the message is searched for and read back."""

    def lie(talk: Talk, verb: str, rest: str) -> bool:
        talk.is_mute = True
        talk.perform(verb, rest)
        talk.is_mute = False
        talk.say(f"{talk.tag} OK [APPENDUID 99 1] taken")
        return True

    cleaning.server.plots["APPEND"] = lie
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer"), OFFER]


def test_a_folder_without_uidvalidity_is_left_alone(cleaning: Cleaning) -> None:
    """Without a UIDVALIDITY no UID is sure to name the same mail twice, and nothing is written."""
    cleaning.sent.uid_validity = 0
    cleaning.clean()
    assert cleaning.written_commands() == []
    assert cleaning.cleaner.trouble is not None


def test_two_desktops_at_once_end_with_one_message(
    cleaning: Cleaning, certificates: Certificates, tmp_path: Path
) -> None:
    """Two desktops with the same original that both put it in leave exactly one clean message."""
    other = Cleaning(cleaning.server, certificates, tmp_path / "other.sqlite")
    other.record(OFFER)

    def both(talk: Talk, _verb: str, _rest: str) -> bool:
        del talk.server.plots["APPEND"]
        other.clean()
        return False

    cleaning.server.plots["APPEND"] = both
    cleaning.clean()
    for _ in range(2):
        cleaning.clean()
        other.clean()
    other.store.close()
    assert cleaning.octets() == [sent("older"), sent("newer"), OFFER]


def test_another_program_that_expunges_at_the_same_time_is_no_hindrance(cleaning: Cleaning) -> None:
    """Another program's EXPUNGE that takes the copy we marked leaves the clean one, and no trouble."""

    def expunged_meanwhile(talk: Talk, _verb: str, _rest: str) -> bool:
        box = talk.server.boxes["Sent"]
        box.mails = {uid: mail for uid, mail in box.mails.items() if "\\Deleted" not in mail.flags}
        return False

    cleaning.server.plots["UID EXPUNGE"] = expunged_meanwhile
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), sent("newer"), OFFER]
    assert cleaning.cleaner.trouble is None


def test_ending_it_in_between_stops_without_a_crash(cleaning: Cleaning) -> None:
    """Where the user switches it off while Sent is read, the original is gone and nothing more is done."""

    def switch_off(_talk: Talk, _verb: str, _rest: str) -> bool:
        accounts.save_account(cleaning.store, replace(cleaning.account, keeps_sent_clean=False))
        return False

    cleaning.server.plots["UID SEARCH"] = switch_off
    cleaning.clean()
    assert cleaning.octets() == [sent("older"), tracked(OFFER), sent("newer")]
