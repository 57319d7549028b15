"""Since when Sent is known to be clean: what a proxy fetched before may have been for the user's own look at it."""

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from desktop.incoming.sent_clean import KEPT_FOR
from tests.fakes.imap_server import Box, ImapServer
from tests.fakes.provider import Certificates
from tests.incoming.sent_cleaning import FILED_AT, SENT_AT, WITH_ALL, Cleaning, tracked, written

OFFER = written()


@pytest.fixture
def cleaning(context: ssl.SSLContext, certificates: Certificates, tmp_path: Path) -> Iterator[Cleaning]:
    """Give an account whose provider filed a tracked copy of one message."""
    with ImapServer(context, capabilities=WITH_ALL) as server:
        found = Cleaning(server, certificates, tmp_path / "store.sqlite")
        found.sent.add(tracked(OFFER), FILED_AT)
        found.record(OFFER)
        yield found
        found.store.close()


def clean_at(cleaning: Cleaning, after: timedelta) -> datetime:
    """Clean so long after the sending; return when that was."""
    cleaning.now = SENT_AT + after
    with cleaning.mailbox() as mailbox:
        names = [name for name, box in cleaning.server.boxes.items() if "\\Sent" in box.attributes]
        cleaning.cleaner.clean(mailbox, {name: mailbox.status(name) for name in sorted(names)})
    return cleaning.now


def since(cleaning: Cleaning) -> datetime | None:
    """Return since when the message's copies in Sent are known to be clean."""
    with cleaning.store.read() as connection:
        (at_ms,) = connection.execute("SELECT sent_clean_at_ms FROM message").fetchone()
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, SENT_AT.tzinfo)


def test_it_is_clean_since_the_tracked_copy_went(cleaning: Cleaning) -> None:
    """Known an hour later, once no late copy can come any more, and then for all the time since."""
    first = clean_at(cleaning, timedelta(minutes=5))
    assert (cleaning.octets(), since(cleaning)) == ([OFFER], None)
    clean_at(cleaning, timedelta(hours=2))
    assert (cleaning.waits_for(), since(cleaning)) == (0, first)


def test_a_copy_that_came_late_makes_it_later(cleaning: Cleaning) -> None:
    """While the second tracked copy stood there, Sent was not clean."""
    clean_at(cleaning, timedelta(minutes=5))
    cleaning.sent.add(tracked(OFFER), FILED_AT)
    late = clean_at(cleaning, timedelta(minutes=20))
    clean_at(cleaning, timedelta(hours=2))
    assert (cleaning.octets(), since(cleaning)) == ([OFFER], late)


@pytest.mark.parametrize("other", ["Sent Items", "A sent"])
def test_the_folder_that_was_clean_last_decides(cleaning: Cleaning, other: str) -> None:
    """What stands clean in one folder of sent mail says nothing of the other, whichever is looked at first."""
    cleaning.sent.mails[1].octets = OFFER
    clean_at(cleaning, timedelta(minutes=5))
    cleaning.server.boxes[other] = Box(attributes=("\\Sent",))
    cleaning.server.boxes[other].add(tracked(OFFER), FILED_AT)
    late = clean_at(cleaning, timedelta(minutes=20))
    clean_at(cleaning, timedelta(hours=2))
    assert (cleaning.octets(cleaning.server.boxes[other]), since(cleaning)) == ([OFFER], late)


def test_a_message_whose_time_was_up_is_not_known_to_be_clean(cleaning: Cleaning) -> None:
    """Where the tracked copy never went, letting go of the original tells nothing of Sent."""
    cleaning.server.keeps = lambda _box, octets: octets + b" "
    clean_at(cleaning, timedelta(minutes=5))
    clean_at(cleaning, KEPT_FOR + timedelta(hours=2))
    assert (cleaning.octets(), cleaning.waits_for(), since(cleaning)) == ([tracked(OFFER)], 0, None)


@pytest.mark.parametrize("is_tracked_too", [False, True])
def test_a_copy_that_the_user_altered_keeps_it_from_being_clean(cleaning: Cleaning, is_tracked_too: bool) -> None:
    """A copy without its attachment stays and holds the mark, so that it is not clean beside the message either."""
    altered = tracked(written(attachment=b""))
    if not is_tracked_too:
        cleaning.sent.mails[1].octets = OFFER
    cleaning.sent.add(altered, FILED_AT)
    clean_at(cleaning, timedelta(minutes=5))
    clean_at(cleaning, timedelta(hours=2))
    assert (sorted(cleaning.octets()), cleaning.waits_for(), since(cleaning)) == (sorted([OFFER, altered]), 1, None)


def test_a_program_started_anew_knows_it_from_then_on(cleaning: Cleaning) -> None:
    """What was not kept before the end is seen again, and no sooner believed."""
    clean_at(cleaning, timedelta(minutes=5))
    cleaning.anew()
    again = clean_at(cleaning, timedelta(hours=2))
    assert since(cleaning) == again
