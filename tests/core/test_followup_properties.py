"""What holds of every list of follow-ups, whatever the cases, the moment and the zone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from desktop.core.followup import Awaited, Case, Due, FollowUp, follow_ups
from desktop.core.status import Rung
from desktop.core.workdays import WorkCalendar

# Half a year with Christmas, Easter, a leap day and both changes of the clocks (of another year's autumn by zone).
BEGIN = datetime(2027, 10, 1, tzinfo=UTC)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles", "Pacific/Kiritimati"])
CALENDARS = {code: WorkCalendar(code) for code in ("", "DE", "IL", "CN")}
INSTANTS = st.integers(min_value=0, max_value=180 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
DAYS = st.integers(min_value=-30, max_value=400).map(lambda days: date(2027, 10, 1) + timedelta(days=days))
LATER = st.integers(min_value=0, max_value=60 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
NOW = BEGIN + timedelta(days=180)
UNCAPPED = 10**6


@st.composite
def people(draw: st.DrawFn) -> Awaited:
    """Return one of a few people with whatever may be known of them; what happened lies in the past."""
    opens = draw(st.integers(min_value=0, max_value=4))
    first, last = sorted((draw(INSTANTS), draw(INSTANTS)))
    return Awaited(
        address=f"{draw(st.sampled_from('abcd'))}@x.example",
        name="",
        rung=draw(st.sampled_from([Rung.SENT, Rung.PROBABLY_OPENED, Rung.OPENED, Rung.CLICKED, Rung.CONFIRMED])),
        is_copied=draw(st.booleans()),
        is_undelivered=draw(st.integers(0, 9)) == 0,
        undelivered_at=draw(st.none() | INSTANTS),
        is_away=draw(st.booleans()),
        returns_on=draw(st.none() | DAYS),
        opens=opens,
        opened_at=first if opens else None,
        last_open_at=last if opens else None,
        probably_opened_at=draw(st.none() | INSTANTS),
        clicked_at=draw(st.none() | INSTANTS),
        has_possible_reply=draw(st.integers(0, 9)) == 0,
        asked_at=draw(st.none() | INSTANTS),
        confirmed_at=draw(st.none() | INSTANTS),
        replied_at=draw(st.none() | INSTANTS),
        unanswered_twice_at=draw(st.none() | INSTANTS),
    )


@st.composite
def cases(draw: st.DrawFn) -> list[Case]:
    """Return several conversations, each with its own id."""
    return [
        Case(
            conversation_id=number,
            account_id=1,
            subject="",
            sent_at=draw(INSTANTS),
            awaited=tuple(draw(st.lists(people(), max_size=2))),
            replied_at=draw(st.none() | INSTANTS),
            wait_days=draw(st.integers(1, 10)),
            snoozed_until=draw(st.none() | INSTANTS),
            done_at=draw(st.none() | INSTANTS),
            mended_at=draw(st.none() | INSTANTS),
            hears=draw(st.integers(0, 9)) > 0,
        )
        for number in range(draw(st.integers(0, 5)))
    ]


def listed(cases: list[Case], now: datetime, zone: str, country: str = "DE", cap: int = 1) -> tuple[FollowUp, ...]:
    return follow_ups(cases, now=now.astimezone(ZoneInfo(zone)), calendar=CALENDARS[country], cap=cap)


@settings(max_examples=40)
@given(cases=cases(), zone=ZONES, random=st.randoms(use_true_random=False), cap=st.integers(1, 3))
def test_the_order_of_the_cases_is_nothing(cases: list[Case], zone: str, random: Random, cap: int) -> None:
    """The same cases in another order are the same list."""
    before = listed(cases, NOW, zone, cap=cap)
    random.shuffle(cases)
    assert listed(cases, NOW, zone, cap=cap) == before


@settings(max_examples=40)
@given(cases=cases(), zone=ZONES, country=st.sampled_from(sorted(CALENDARS)), later=LATER)
def test_time_alone_takes_nothing_off_the_list(cases: list[Case], zone: str, country: str, later: timedelta) -> None:
    """What is due stays due while nothing happens, and only ever becomes more pressing."""
    before = {each.conversation_id: each for each in listed(cases, NOW, zone, country, UNCAPPED)}
    after = {each.conversation_id: each for each in listed(cases, NOW + later, zone, country, UNCAPPED)}
    assert before.keys() <= after.keys()
    assert [key for key, each in before.items() if after[key].due > each.due] == []
    assert [key for key, each in before.items() if after[key].waited_days < each.waited_days] == []


@settings(max_examples=40)
@given(cases=cases(), zone=ZONES, cap=st.integers(1, 3))
def test_folding_loses_no_conversation(cases: list[Case], zone: str, cap: int) -> None:
    """Whatever the cap, shown and folded together are as many as without it, and in the same order."""
    everything = listed(cases, NOW, zone, cap=UNCAPPED)
    shown = listed(cases, NOW, zone, cap=cap)
    assert len(shown) + sum(each.folded for each in shown) == len(everything)
    ids = [each.conversation_id for each in everything]
    places = [ids.index(each.conversation_id) for each in shown]
    assert places == sorted(places)
    assert sum(each.folded for each in everything) == 0


@settings(max_examples=40)
@given(cases=cases(), zone=ZONES, country=st.sampled_from(sorted(CALENDARS)))
def test_a_day_and_its_group_agree(cases: list[Case], zone: str, country: str) -> None:
    """Next lies ahead, today and overdue do not; on a day off nothing is overdue that was not before."""
    calendar, today = CALENDARS[country], NOW.astimezone(ZoneInfo(zone)).date()
    for each in listed(cases, NOW, zone, country, UNCAPPED):
        passed = calendar.between(calendar.from_(each.due_on), today)
        assert (each.due is Due.NEXT, each.due is Due.OVERDUE) == (each.due_on > today, passed > 0)
        assert each.people


@settings(max_examples=40)
@given(cases=cases(), zone=ZONES)
def test_an_answer_takes_a_conversation_off_and_touches_no_other(cases: list[Case], zone: str) -> None:
    """Once all answered a conversation is gone; the others are decided as before."""
    answered = [
        replace(each, replied_at=NOW, awaited=tuple(replace(person, replied_at=NOW) for person in each.awaited))
        for each in cases[:1]
    ] + cases[1:]
    before = [each for each in listed(cases, NOW, zone, cap=UNCAPPED) if each.conversation_id != 0]
    assert list(listed(answered, NOW, zone, cap=UNCAPPED)) == before


@settings(max_examples=40)
@given(cases=cases(), zone=ZONES)
def test_one_persons_answer_takes_nobody_else_off(cases: list[Case], zone: str) -> None:
    """Where several were asked, an answer of one leaves every other who is named on some line."""
    asked = [each for each in cases if sum(not person.is_copied for person in each.awaited) > 1]
    before = {each.conversation_id: each for each in listed(asked, NOW, zone, cap=UNCAPPED)}
    answered = [
        replace(
            each,
            replied_at=NOW,
            awaited=(replace(each.awaited[0], replied_at=NOW), *each.awaited[1:]),
        )
        for each in asked
    ]
    after = {each.conversation_id for each in listed(answered, NOW, zone, cap=UNCAPPED)}
    named = {key for key, each in before.items() if {*each.people} - {cases[key].awaited[0]}}
    assert named <= after


@settings(max_examples=40)
@given(cases=cases(), zone=ZONES)
def test_no_person_is_urged_twice(cases: list[Case], zone: str) -> None:
    """With a cap of one no line about one person alone comes after another of its sort that names them."""
    seen: set[tuple[bool, bool, str]] = set()
    for each in listed(cases, NOW, zone):
        kind = each.kind.value
        sort = (kind == "not_delivered", kind.startswith("possible"))
        names = {(*sort, person.address) for person in each.people}
        assert not names <= seen
        seen |= names
