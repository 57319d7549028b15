"""Follow-ups in words: every kind has its sentence, and none says more than is known."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from desktop.core.arrival import FailureReason
from desktop.core.followup import Awaited, Due, FollowUp, FollowUpKind
from desktop.core.snooze import Snooze
from desktop.core.status import Rung
from desktop.ui import followup_words as words

# A Monday.
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
ANNA = Awaited(address="anna@becker.example", name="Anna Becker", rung=Rung.SENT)
BEN = Awaited(address="ben@becker.example", name="  ", rung=Rung.SENT)


def at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def line(kind: FollowUpKind, *people: Awaited, **named: Any) -> FollowUp:
    values: dict[str, Any] = {
        "conversation_id": 1,
        "account_id": 1,
        "kind": kind,
        "due": Due.TODAY,
        "due_on": date(2026, 11, 23),
        "subject": "Offer",
        "sent_at": at(17, 9, 0),
        "people": people or (ANNA,),
        "waited_days": 4,
    }
    return FollowUp(**(values | named))


def anna(**named: Any) -> Awaited:
    return replace(ANNA, **named)


@pytest.mark.parametrize(
    ("members", "table"),
    [
        (Due, words.GROUPS),
        (FollowUpKind, words.KINDS),
        (FailureReason, words.FAILURES),
        (Snooze, words.SNOOZES),
    ],
)
def test_every_member_has_words(members: type[Enum], table: Mapping[Enum, str]) -> None:
    """No group, kind, reason or choice can be shown without words."""
    assert [each for each in members if not table.get(each)] == []


OPENED = FollowUpKind.OPENED_NO_REPLY
CLICKED = FollowUpKind.CLICKED_NO_REPLY
SILENT = FollowUpKind.NO_ANSWER


@pytest.mark.parametrize(
    ("follow_up", "expected"),
    [
        (line(SILENT), "No answer for 4 working days"),
        (line(SILENT, waited_days=1), "No answer for 1 working day"),
        (line(SILENT, waited_days=0), "No answer yet"),
        (line(SILENT, due=Due.NEXT), "No answer yet"),
        (line(SILENT, waited_days=60), "No answer for 60 working days"),
        (
            line(SILENT, waited_days=61, sent_at=datetime(2025, 8, 1, tzinfo=UTC)),
            "No answer since Friday 1 Aug 2025",
        ),
        (line(SILENT, anna(is_away=True)), "No answer for 4 working days. An automatic answer says they are away"),
        (line(SILENT, anna(is_away=True, returns_on=date(2026, 5, 1))), "No answer for 4 working days"),
        (
            line(FollowUpKind.NOT_DELIVERED, anna(failure=FailureReason.UNKNOWN_USER)),
            "Not delivered: no such address. Fix the address.",
        ),
        (line(FollowUpKind.NOT_DELIVERED), "Not delivered. The conversation says why."),
        (
            line(
                FollowUpKind.NOT_DELIVERED,
                anna(failure=FailureReason.UNKNOWN_USER),
                replace(BEN, failure=FailureReason.FULL),
            ),
            "Not delivered. The conversation says why.",
        ),
        (line(FollowUpKind.POSSIBLE_BOUNCE), "Something came that looks like a bounce. Is it one?"),
        (line(FollowUpKind.POSSIBLE_REPLY), "A reply came from another address. Is it theirs?"),
        (
            line(FollowUpKind.WARM, anna(opens=4, last_open_at=at(23, 11, 42))),
            "Opened 4 times, last today 11:42, no reply",
        ),
        (line(OPENED, anna(opens=1, last_open_at=at(22, 9, 5))), "Opened yesterday 09:05, no reply"),
        (line(OPENED, anna(opens=1, last_open_at=at(19, 9, 5))), "Opened on Thursday 19 Nov, no reply"),
        (
            line(OPENED, anna(opens=1, last_open_at=at(22, 9, 5)), due=Due.NEXT),
            "Opened yesterday 09:05, no reply yet",
        ),
        (
            line(OPENED, anna(rung=Rung.PROBABLY_OPENED, probably_opened_at=at(23, 8, 0))),
            "Probably opened today 08:00, no reply",
        ),
        (line(OPENED, anna(rung=Rung.CONFIRMED)), "Confirmed as read, no reply"),
        (line(OPENED, anna(rung=Rung.OPENED)), "Opened, no reply"),
        (line(OPENED, anna(rung=Rung.PROBABLY_OPENED)), "Probably opened, no reply"),
        (line(CLICKED, anna(clicked_at=at(23, 11, 42))), "Used a link today 11:42, no reply"),
        (line(CLICKED), "Used a link, no reply"),
        (line(FollowUpKind.AWAY, anna(returns_on=date(2026, 11, 30)), due=Due.NEXT), "Back on Monday 30 Nov"),
        (line(FollowUpKind.AWAY, anna(returns_on=date(2027, 1, 4)), due=Due.NEXT), "Back on Monday 4 Jan 2027"),
        (line(FollowUpKind.AWAY, anna(returns_on=date(2026, 11, 23))), "Back today"),
        (line(FollowUpKind.AWAY, anna(returns_on=date(2026, 11, 20))), "Back since Friday 20 Nov, no reply"),
    ],
)
def test_the_reason_says_what_is_known(follow_up: FollowUp, expected: str) -> None:
    """Each kind, with its days and times, hedged where the evidence is."""
    assert words.reason_line(follow_up, NOW, UTC) == expected


def test_times_are_those_of_the_zone() -> None:
    """An open of 23:30 in UTC is of the next day in Tokyo."""
    follow_up = line(OPENED, anna(opens=1, last_open_at=at(22, 23, 30)))
    tokyo = ZoneInfo("Asia/Tokyo")
    assert words.reason_line(follow_up, NOW, tokyo) == "Opened today 08:30, no reply"
    assert words.reason_line(follow_up, NOW, UTC) == "Opened yesterday 23:30, no reply"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, ""),
        ({"is_insistent": True}, "Your last two messages to them went unanswered"),
        ({"folded": 1}, "1 more conversation with them"),
        (
            {"is_insistent": True, "folded": 2},
            "Your last two messages to them went unanswered · 2 more conversations with them",
        ),
    ],
)
def test_the_warning_is_quiet(named: dict[str, Any], expected: str) -> None:
    """It stands beside the reason, and mostly nothing does."""
    assert words.note_line(line(SILENT, **named)) == expected


@pytest.mark.parametrize(
    ("due", "due_on", "expected"),
    [
        (Due.OVERDUE, date(2026, 11, 19), "since Thursday 19 Nov"),
        (Due.TODAY, date(2026, 11, 23), "today"),
        (Due.TODAY, date(2026, 11, 21), "today"),
        (Due.NEXT, date(2026, 11, 23), "today"),
        (Due.NEXT, date(2026, 11, 24), "tomorrow"),
        (Due.NEXT, date(2026, 11, 30), "on Monday 30 Nov"),
        (Due.NEXT, date(2027, 1, 4), "on Monday 4 Jan 2027"),
    ],
)
def test_when_it_is_due_is_said_as_people_say_it(due: Due, due_on: date, expected: str) -> None:
    """A weekend's rest is still today; what sleeps until this evening is today too."""
    assert words.due_line(line(SILENT, due=due, due_on=due_on), NOW, UTC) == expected


def test_people_are_named_on_one_line() -> None:
    """By name, else by address; what a stranger put into a name makes no second line."""
    hostile = anna(name="Anna\r\nBcc: all\u202e")
    assert words.people_line(line(SILENT, hostile, BEN)) == "Anna Bcc: all, ben@becker.example"
    assert words.people_line(line(SILENT, ANNA, BEN, ANNA), 2) == "Anna Becker, ben@becker.example and 1 more"


def test_reasons_fit_a_terminal() -> None:
    """No sentence on a failure needs more than 80 columns, and each is a whole one."""
    assert [each for each in words.FAILURES.values() if len(each) > 80 or not each.endswith(".")] == []
