"""Every member of every enum on the screen has words, and the words are those of the product."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum

import pytest

from desktop import set_up
from desktop.accounts.servers import Source
from desktop.core.arrival import ArrivalKind, FailureReason
from desktop.core.correction import Who
from desktop.core.errors import Malformed, NotAuthorised, Refused, StoreTrouble, Trouble, Unreachable
from desktop.core.notice import Notice, NoticeKind
from desktop.core.permission import Method, Permission, Standing
from desktop.core.policy import WhyNot
from desktop.core.status import Aside, Rung
from desktop.core.unknown import Cure, WhyUnknown
from desktop.core.verdict import Confidence, Verdict
from desktop.ui import correction_words, mail_words, notice_words, station_words, unknown_words, words
from desktop.ui.actions import ListenerState, MailState, RelayState
from relay.wire.purpose import Purpose
from tests.ui.sample_data import NOW, STATIONS

TABLES: tuple[tuple[type[Enum], Mapping[Enum, str]], ...] = (
    (Rung, words.RUNGS),
    (Aside, words.ASIDES),
    (Aside, words.ASIDE_SENTENCES),
    (WhyNot, words.WHY_NOT),
    (Standing, words.STANDINGS),
    (Method, words.METHODS),
    (Method, words.METHODS_RECORDED),
    (Purpose, words.PURPOSES),
    (Confidence, words.CONFIDENCES),
    (Verdict, words.VERDICTS),
    (WhyUnknown, unknown_words.REASONS),
    (Cure, unknown_words.CURES),
    (Who, correction_words.CHOICES),
    (Who, correction_words.SAID),
    (NoticeKind, notice_words.NOTICES),
    (ListenerState, station_words.LISTENER_STATES),
    (RelayState, station_words.RELAY_STATES),
    (FailureReason, words.FAILURES),
    (MailState, mail_words.MAIL_STATES),
    (ArrivalKind, mail_words.ARRIVALS),
    (Source, set_up.SOURCE_NAMES),
)  # type: ignore[assignment]  # Mapping is invariant in its key
NOTICE = Notice(
    kind=NoticeKind.OPENED,
    conversation_id=1,
    copy_id=1,
    person="Anna",
    address="anna@fjord.example",
    subject="Offer",
    at=datetime(2026, 5, 6, 11, 42, tzinfo=UTC),
    agent_name="Outlook",
    link="https://www.larsen.example/pricing",
    detail="550 5.1.1 No such address",
)


@pytest.mark.parametrize(("members", "table"), TABLES)
def test_every_member_has_words(members: type[Enum], table: Mapping[Enum, str]) -> None:
    """No member of an enum can reach the screen without words."""
    assert set(members) == set(table)
    assert all(text.strip() for text in table.values())


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_has_two_texts(kind: NoticeKind) -> None:
    """Each kind of notification has a title and a line."""
    title, line = notice_words.notice_texts(replace(NOTICE, kind=kind), UTC)
    assert title
    assert line


def test_notices_say_what_the_product_says() -> None:
    """The notifications carry the product's own words."""
    said = {kind: notice_words.notice_texts(replace(NOTICE, kind=kind), UTC) for kind in NoticeKind}
    assert said[NoticeKind.OPENED] == ("Anna opened “Offer”", "11:42, Outlook, first time")
    assert said[NoticeKind.CLICKED] == ("Anna used a link", "“larsen.example/pricing” in “Offer”")
    assert said[NoticeKind.NOT_DELIVERED] == ("Not delivered to anna@fjord.example", "550 5.1.1 No such address")
    stopped = ("Anna stopped tracking", "Mail to them now goes untracked; links still work")
    assert said[NoticeKind.STOPPED] == stopped


def test_a_hostile_person_cannot_dress_a_notice() -> None:
    """Line breaks and direction marks in a name do not reach a notification."""
    title, _ = notice_words.notice_texts(replace(NOTICE, person="Ann\n\u202eb"), UTC)
    assert title == "Ann b opened “Offer”"


def test_a_probable_open_is_hedged() -> None:
    """A proxy's fetch never says that the person opened it."""
    title, line = notice_words.notice_texts(replace(NOTICE, kind=NoticeKind.PROBABLY_OPENED, agent_name="Gmail"), UTC)
    assert title == "Probably opened: “Offer”"
    assert line == "Gmail fetched Anna's picture, as it usually does on opening"


@pytest.mark.parametrize("rung", Rung)
@pytest.mark.parametrize("aside", Aside)
def test_no_status_says_unread(rung: Rung, aside: Aside) -> None:
    """Silence is "no sign yet" and never "unread"."""
    line = words.status_line(rung, (aside,))
    assert line
    assert "unread" not in line.lower()


def test_silence_is_no_sign_yet() -> None:
    """A sent copy nobody was heard of says so."""
    assert words.status_line(Rung.SENT, (Aside.NO_SIGN_YET,)) == "Sent · No sign yet"


@pytest.mark.parametrize("kind", [Unreachable, Refused, NotAuthorised, Malformed, StoreTrouble, Trouble])
def test_every_trouble_becomes_a_sentence(kind: type[Trouble]) -> None:
    """A known failure keeps its own sentence, and has one of its kind where it came without."""
    assert words.trouble_texts(kind("It broke.", "Mend it.")) == ("It broke.", "Mend it.")
    assert words.trouble_texts(kind(""))[0].endswith(".")


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(minutes=5), "14:15"),
        (timedelta(hours=20), "Yesterday"),
        (timedelta(days=2), "Mon"),
        (timedelta(days=9), "27 Apr"),
        (timedelta(days=400), "1 Apr 2025"),
        (timedelta(minutes=-5), "14:25"),
    ],
)
def test_ages(before: timedelta, said: str) -> None:
    """An instant is shown as shortly as its distance allows."""
    assert said == words.age(NOW - before, NOW, UTC)


@pytest.mark.parametrize("standing", Standing)
def test_permission_lines(standing: Standing) -> None:
    """Each standing is said; a grant names purposes, day and ground."""
    granted = standing is Standing.GRANTED
    permission = Permission(
        address="a@b.example",
        standing=standing,
        purposes=frozenset(Purpose) if granted else frozenset(),
        method=Method.SPOKEN if granted else None,
        granted_at=NOW if granted else None,
    )
    said = words.permission_line(permission, UTC)
    wanted = "May see opens and clicks with reading time, place and device since 6 May · you recorded: they told you"
    assert said == (wanted if granted else words.STANDINGS[standing])


def test_direction_marks_do_not_survive() -> None:
    """A name cannot turn its own letters round, or break a line."""
    assert words.one_line("invoice\u202egnp.exe\nBcc: x") == "invoicegnp.exe Bcc: x"


def test_station_lines_name_port_and_host() -> None:
    """The status line says on which port and with which relay."""
    assert station_words.listener_line(STATIONS) == "Mail program: ready on port 4190"
    assert station_words.relay_line(STATIONS) == "Relay: connected to relay.larsen-office.example"
