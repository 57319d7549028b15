"""Who to follow up with, when and why."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from desktop.core.arrival import FailureReason
from desktop.core.followup import Awaited, Case, Due, FollowUp, FollowUpKind, follow_ups, mends_first, sittings
from desktop.core.status import Rung
from desktop.core.workdays import WorkCalendar

BERLIN = ZoneInfo("Europe/Berlin")
GERMANY = WorkCalendar("DE")
# A Monday.
SENT_AT = datetime(2026, 11, 16, 10, 0, tzinfo=BERLIN)
ANNA = Awaited(address="anna@becker.example", name="Anna Becker", rung=Rung.SENT)
BEN = Awaited(address="ben@becker.example", name="Ben", rung=Rung.SENT)


def on(day: int, hour: int = 12, month: int = 11, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def case(*awaited: Awaited, **named: Any) -> Case:
    """Return a mail to Anna, or to others, sent on Monday the 16th; each field can be replaced."""
    values: dict[str, Any] = {"conversation_id": 1, "account_id": 1, "subject": "Offer", "sent_at": SENT_AT}
    return Case(awaited=awaited or (ANNA,), **(values | named))


def listed(cases: Sequence[Case], now: datetime, *, cap: int = 1, with_snoozed: bool = False) -> tuple[FollowUp, ...]:
    return follow_ups(cases, now=now, calendar=GERMANY, cap=cap, with_snoozed=with_snoozed)


def only(case_: Case, now: datetime) -> FollowUp:
    (found,) = listed([case_], now)
    return found


def person(**named: Any) -> Awaited:
    return replace(ANNA, **named)


def opened(*at: datetime, rung: Rung = Rung.OPENED, **named: Any) -> Awaited:
    """Return Anna who credibly opened the mail at these instants."""
    named = {"opens": len(at), "opened_at": at[0], "last_open_at": at[-1]} | named
    return person(rung=rung, **named)


def standing(found: FollowUp) -> tuple[FollowUpKind, Due, date]:
    return found.kind, found.due, found.due_on


@pytest.mark.parametrize(
    ("now", "due", "waited"),
    [
        (on(16), Due.NEXT, 0),
        (on(18, 23), Due.NEXT, 2),
        (on(19, 0), Due.TODAY, 3),
        (on(19, 23), Due.TODAY, 3),
        (on(20, 0), Due.OVERDUE, 4),
        (on(22), Due.OVERDUE, 4),
        (on(23), Due.OVERDUE, 5),
    ],
)
def test_silence_is_due_after_three_working_days(now: datetime, due: Due, waited: int) -> None:
    """A mail of Monday is due on Thursday, and overdue once another working day has begun."""
    expected = FollowUp(
        conversation_id=1,
        account_id=1,
        kind=FollowUpKind.NO_ANSWER,
        due=due,
        due_on=date(2026, 11, 19),
        subject="Offer",
        sent_at=SENT_AT,
        people=(ANNA,),
        waited_days=waited,
    )
    assert only(case(), now) == expected


@pytest.mark.parametrize(
    ("wait_days", "due_on"),
    [(1, date(2026, 11, 17)), (5, date(2026, 11, 23)), (0, date(2026, 11, 17)), (10_000, date(2028, 5, 1))],
)
def test_the_wait_is_the_users(wait_days: int, due_on: date) -> None:
    """Another number of working days is another day, at least one and never more than a number a calendar can hold."""
    calendar = WorkCalendar()
    (found,) = follow_ups([case(wait_days=wait_days)], now=on(16), calendar=calendar)
    assert found.due_on == (due_on if wait_days < 10_000 else calendar.add(date(2026, 11, 16), 366))


def test_a_weekend_makes_nothing_overdue() -> None:
    """What was due on Friday is still today's on Saturday and Sunday, and overdue on Monday."""
    friday = case(sent_at=on(17, 10))
    assert [only(friday, on(day)).due for day in (20, 21, 22, 23)] == [Due.TODAY, Due.TODAY, Due.TODAY, Due.OVERDUE]


def test_holidays_make_nothing_due() -> None:
    """A mail of 22 December waits over Christmas; without a country only the weekend counts."""
    before = case(sent_at=on(22, 10, month=12))
    assert only(before, on(23, month=12)).due_on == date(2026, 12, 28)
    (elsewhere,) = follow_ups([before], now=on(23, month=12), calendar=WorkCalendar())
    assert elsewhere.due_on == date(2026, 12, 25)


def test_a_mail_sent_on_a_sunday_waits_from_monday() -> None:
    """Monday is the first of the three days."""
    assert only(case(sent_at=on(15)), on(16)).due_on == date(2026, 11, 18)


@pytest.mark.parametrize(
    ("zone", "due_on"),
    [("Pacific/Auckland", date(2026, 11, 20)), ("Europe/Berlin", date(2026, 11, 19)), ("UTC", date(2026, 11, 19))],
)
def test_days_are_those_of_the_users_zone(zone: str, due_on: date) -> None:
    """The same instant is Monday in Berlin and Tuesday in Auckland."""
    sent_at = datetime(2026, 11, 16, 20, 0, tzinfo=UTC)
    now = datetime(2026, 11, 17, 1, 0, tzinfo=UTC).astimezone(ZoneInfo(zone))
    assert only(case(sent_at=sent_at), now).due_on == due_on


def test_a_zone_west_is_a_day_behind() -> None:
    """Two in the morning in UTC is still the evening before in Los Angeles, for sending and for today."""
    now = datetime(2026, 11, 20, 2, 0, tzinfo=UTC).astimezone(ZoneInfo("America/Los_Angeles"))
    found = only(case(sent_at=datetime(2026, 11, 17, 2, 0, tzinfo=UTC)), now)
    assert (found.due, found.due_on) == (Due.TODAY, date(2026, 11, 19))


def test_the_change_of_the_clocks_changes_no_day() -> None:
    """A mail of half past midnight before the clocks go back is of that day, though its offset is another."""
    sent_at = datetime(2026, 10, 22, 22, 30, tzinfo=UTC)
    assert only(case(sent_at=sent_at), on(27)).due_on == date(2026, 10, 28)


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    """A snooze until the second half past two of an autumn night holds in the first one."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    snoozed = case(snoozed_until=first.replace(fold=1), done_at=on(24, month=10), sent_at=on(12, month=10))
    assert listed([snoozed], first) == ()
    assert len(listed([snoozed], first.replace(fold=1))) == 1


def test_a_leap_day_is_a_day() -> None:
    """From 28 February 2028 it is one working day to the 29th."""
    now = datetime(2028, 2, 29, 12, tzinfo=BERLIN)
    found = only(case(sent_at=datetime(2028, 2, 28, 12, tzinfo=BERLIN), wait_days=1), now)
    assert (found.due, found.waited_days) == (Due.TODAY, 1)


@pytest.mark.parametrize("sent_at", [datetime(2099, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)])
def test_a_mail_from_the_future_is_taken_as_todays(sent_at: datetime) -> None:
    """A forged date or a clock that runs ahead waits from today; no date overflows."""
    found = only(case(sent_at=sent_at), on(16))
    assert (found.due, found.due_on, found.waited_days) == (Due.NEXT, date(2026, 11, 19), 0)


def test_a_mail_from_1970_is_overdue() -> None:
    """An ancient mail is answered or done like any other, and its working days can be counted."""
    found = only(case(sent_at=datetime(1970, 1, 1, tzinfo=UTC)), on(16))
    assert (found.due, found.due_on, found.waited_days > 14_000) == (Due.OVERDUE, date(1970, 1, 6), True)


def test_an_instant_without_a_zone_is_refused() -> None:
    """Without a zone nobody knows what day it is."""
    with pytest.raises(ValueError, match="without a time zone"):
        listed([], datetime(2026, 11, 16))  # noqa: DTZ001 - the point of it


@pytest.mark.parametrize(
    ("answered", "listed_"),
    [
        (case(replied_at=on(17)), 0),
        (case(replied_at=SENT_AT), 0),
        (case(person(rung=Rung.REPLIED)), 0),
        (case(person(rung=Rung.REPLIED), replace(BEN, is_copied=True)), 0),
        (case(ANNA, replace(BEN, is_copied=True, rung=Rung.REPLIED), replied_at=on(17)), 0),
        (case(ANNA, replace(BEN, is_copied=True), replied_at=on(15)), 1),
        (case(replied_at=on(15)), 1),
        (case(person(rung=Rung.CONFIRMED)), 1),
        (case(person(is_away=True)), 1),
    ],
)
def test_only_a_reply_to_our_last_word_ends_it(answered: Case, listed_: int) -> None:
    """A reply after our newest message ends it, also of who was copied; an older or automatic one does not."""
    assert len(listed([answered], on(20))) == listed_


@pytest.mark.parametrize(
    ("ben", "waited_for"),
    [
        (BEN, ["Anna Becker", "Ben"]),
        (replace(BEN, rung=Rung.REPLIED), ["Anna Becker"]),
        (replace(BEN, replied_at=on(17)), ["Anna Becker"]),
        (replace(BEN, replied_at=SENT_AT), ["Anna Becker"]),
        (replace(BEN, replied_at=on(15)), ["Anna Becker", "Ben"]),
    ],
)
def test_of_several_who_are_asked_each_answers_for_themselves(ben: Awaited, waited_for: list[str]) -> None:
    """Whoever of them answered since is waited for no more, and the others are, in one line that names them."""
    group = case(ANNA, ben, replace(BEN, address="carl@x.example", is_copied=True), replied_at=on(17))
    assert [each.name for each in only(group, on(20)).people] == waited_for
    everybody = case(person(replied_at=on(18)), replace(BEN, replied_at=on(17)), replied_at=on(18))
    assert listed([everybody], on(20)) == ()


def test_a_failure_stands_whoever_else_answers() -> None:
    """Hans never got what Ida answered: he is named alone until he is done with or heard of, and then Jon's silence."""
    hans = person(is_undelivered=True, undelivered_at=on(16))
    ida, jon = replace(BEN, name="Ida", rung=Rung.REPLIED), replace(BEN, address="jon@x.example", name="Jon")
    group = case(hans, ida, jon, replied_at=on(17))
    assert standing(only(group, on(20))) == (FollowUpKind.NOT_DELIVERED, Due.OVERDUE, date(2026, 11, 16))
    assert only(group, on(20)).people == (hans,)
    assert only(case(hans, replace(ida, is_copied=True), replied_at=on(17)), on(20)).people == (hans,)
    for over in (
        replace(group, mended_at=on(18)),
        replace(group, awaited=(replace(hans, replied_at=on(17)), ida, jon)),
    ):
        assert standing(only(over, on(20))) == (FollowUpKind.NO_ANSWER, Due.OVERDUE, date(2026, 11, 19))
        assert only(over, on(20)).people == (jon,)


def test_being_done_with_a_failure_leaves_silence_and_later_failures() -> None:
    """It ends what was known to have failed by then; a failure that comes later is told, and a snooze ends none."""
    failed = person(is_undelivered=True, undelivered_at=on(18))
    assert listed([case(failed, mended_at=on(18))], on(20)) == ()
    assert only(case(failed, mended_at=on(17)), on(20)).kind is FollowUpKind.NOT_DELIVERED
    assert standing(only(case(failed, BEN, mended_at=on(18)), on(18))) == (
        FollowUpKind.NO_ANSWER,
        Due.NEXT,
        date(2026, 11, 19),
    )
    assert listed([case(failed, BEN, mended_at=on(18), done_at=on(19))], on(20)) == ()
    earlier = replace(failed, is_copied=True, undelivered_at=on(13))
    assert only(case(earlier, BEN), on(20)).people == (earlier,)
    assert only(case(earlier, BEN, done_at=on(14)), on(20)).people == (BEN,)
    assert only(case(earlier, BEN, done_at=on(14), snoozed_until=on(15)), on(20)).people == (earlier,)


@pytest.mark.parametrize(
    ("named", "mends"),
    [
        ({}, True),
        ({"mended_at": on(18)}, False),
        ({"replied_at": on(19), "awaited": (replace(BEN, is_undelivered=True, is_copied=True), ANNA)}, False),
        ({"awaited": (person(is_undelivered=True), replace(BEN, is_copied=True))}, False),
        ({"awaited": (person(is_undelivered=True), replace(BEN, rung=Rung.REPLIED))}, False),
        ({"awaited": (person(is_undelivered=True), BEN)}, True),
        ({"awaited": (ANNA, BEN)}, False),
    ],
)
def test_done_is_about_a_failure_first_where_others_are_awaited(named: dict[str, Any], mends: bool) -> None:
    """Where a failure stands and somebody else is waited for, done ends that alone; else it ends the whole."""
    failed = case(person(is_undelivered=True, undelivered_at=on(17)), BEN)
    assert mends_first(replace(failed, **named)) is mends


def test_silence_is_not_spoken_of_where_nobody_listens() -> None:
    """Where incoming mail is not read nobody knows of an answer; what failed, and what is asked, is told."""
    deaf: dict[str, Any] = {"hears": False}
    for silent in (ANNA, person(is_away=True, returns_on=date(2026, 11, 18)), opened(on(16), rung=Rung.CONFIRMED)):
        assert listed([case(silent, **deaf)], on(20)) == ()
        assert len(listed([case(silent)], on(20))) == 1
    assert only(case(person(is_undelivered=True), **deaf), on(20)).kind is FollowUpKind.NOT_DELIVERED
    assert only(case(person(has_possible_reply=True), **deaf), on(20)).kind is FollowUpKind.POSSIBLE_REPLY


def test_nobody_awaited_is_nothing_to_follow_up() -> None:
    """Without a recipient who may answer, and for those who were only copied, nothing is listed; a copied bounce is."""
    assert listed([replace(case(), awaited=())], on(20)) == ()
    assert listed([case(person(is_copied=True))], on(20)) == ()
    bounced = case(BEN, person(is_copied=True, is_undelivered=True))
    assert [each.name for each in only(bounced, on(16)).people] == ["Anna Becker"]


def test_what_was_not_delivered_is_due_at_once() -> None:
    """It is today's on the day the failure came, a Saturday too, and overdue after the working day that follows."""
    bounced = person(is_undelivered=True, undelivered_at=on(21), failure=FailureReason.UNKNOWN_USER)
    lost = case(bounced, sent_at=on(20))
    assert standing(only(lost, on(21))) == (FollowUpKind.NOT_DELIVERED, Due.TODAY, date(2026, 11, 21))
    assert [only(lost, on(day)).due for day in (22, 23, 24)] == [Due.TODAY, Due.TODAY, Due.OVERDUE]
    assert only(lost, on(21)).people == (bounced,)
    undated = case(person(is_undelivered=True))
    assert standing(only(undated, on(16))) == (FollowUpKind.NOT_DELIVERED, Due.TODAY, date(2026, 11, 16))


@pytest.mark.parametrize(
    ("named", "kind"),
    [
        ({"has_possible_reply": True}, FollowUpKind.POSSIBLE_REPLY),
        ({"has_possible_bounce": True}, FollowUpKind.POSSIBLE_BOUNCE),
        ({"has_possible_bounce": True, "has_possible_reply": True}, FollowUpKind.POSSIBLE_BOUNCE),
    ],
)
def test_a_question_is_asked_at_once(named: dict[str, bool], kind: FollowUpKind) -> None:
    """A mail that may be the reply or a bounce is asked about on the day it came, before silence is spoken of."""
    assert standing(only(case(person(asked_at=on(17), **named)), on(17))) == (kind, Due.TODAY, date(2026, 11, 17))
    assert standing(only(case(person(**named)), on(16))) == (kind, Due.TODAY, date(2026, 11, 16))
    assert only(case(person(asked_at=on(17), **named)), on(25)).kind is kind


@pytest.mark.parametrize(
    ("returns_on", "kind", "due_on"),
    [
        (date(2026, 11, 24), FollowUpKind.AWAY, date(2026, 11, 24)),
        (date(2026, 11, 28), FollowUpKind.AWAY, date(2026, 11, 30)),
        (date(2026, 12, 25), FollowUpKind.AWAY, date(2026, 12, 28)),
        (date(2026, 11, 16), FollowUpKind.AWAY, date(2026, 11, 16)),
        (date(2027, 11, 17), FollowUpKind.AWAY, date(2027, 11, 17)),
        (date(2027, 11, 18), FollowUpKind.NO_ANSWER, date(2026, 11, 19)),
        (date(2099, 1, 1), FollowUpKind.NO_ANSWER, date(2026, 11, 19)),
        (date(2026, 11, 15), FollowUpKind.NO_ANSWER, date(2026, 11, 19)),
        (None, FollowUpKind.NO_ANSWER, date(2026, 11, 19)),
    ],
)
def test_who_is_away_is_due_on_their_return(returns_on: date | None, kind: FollowUpKind, due_on: date) -> None:
    """It is the first working day from their return; no date, one before the mail or one years off is silence."""
    found = only(case(person(is_away=True, returns_on=returns_on)), on(16))
    assert (found.kind, found.due_on) == (kind, due_on)


def test_a_date_of_return_alone_is_no_absence() -> None:
    """Once the absence no longer stands, its date says nothing."""
    assert only(case(person(returns_on=date(2026, 11, 24))), on(16)).kind is FollowUpKind.NO_ANSWER


@pytest.mark.parametrize(
    ("who", "kind", "due_on"),
    [
        (opened(on(16, 11)), FollowUpKind.OPENED_NO_REPLY, date(2026, 11, 18)),
        (opened(on(17, 11)), FollowUpKind.OPENED_NO_REPLY, date(2026, 11, 19)),
        (opened(on(25, 11)), FollowUpKind.OPENED_NO_REPLY, date(2026, 11, 25)),
        (opened(on(17), rung=Rung.CLICKED, clicked_at=on(17)), FollowUpKind.CLICKED_NO_REPLY, date(2026, 11, 18)),
        (opened(on(25), rung=Rung.CLICKED, clicked_at=on(25)), FollowUpKind.CLICKED_NO_REPLY, date(2026, 11, 25)),
        (opened(on(16), rung=Rung.CLICKED, clicked_at=on(18)), FollowUpKind.CLICKED_NO_REPLY, date(2026, 11, 18)),
        (person(rung=Rung.CONFIRMED, confirmed_at=on(17)), FollowUpKind.OPENED_NO_REPLY, date(2026, 11, 19)),
        (person(rung=Rung.CONFIRMED, confirmed_at=on(26)), FollowUpKind.OPENED_NO_REPLY, date(2026, 11, 26)),
        (opened(on(16), on(25, 23), on(26)), FollowUpKind.WARM, date(2026, 11, 26)),
        (
            person(rung=Rung.PROBABLY_OPENED, probably_opened_at=on(16, 11)),
            FollowUpKind.OPENED_NO_REPLY,
            date(2026, 11, 18),
        ),
        (person(rung=Rung.CONFIRMED), FollowUpKind.OPENED_NO_REPLY, date(2026, 11, 18)),
        (person(rung=Rung.DELIVERED), FollowUpKind.NO_ANSWER, date(2026, 11, 19)),
    ],
)
def test_an_open_or_a_used_link_is_a_reason_sooner_than_silence(who: Awaited, kind: FollowUpKind, due_on: date) -> None:
    """Two working days after an open, one after a click; not later than silence, nor before it was seen."""
    found = only(case(who), on(26))
    assert (found.kind, found.due_on) == (kind, due_on)


def test_one_day_of_waiting_is_not_lengthened_by_an_open() -> None:
    """Where silence is due tomorrow, an open is too."""
    assert only(case(opened(on(16, 11)), wait_days=1), on(16)).due_on == date(2026, 11, 17)


HOUR = timedelta(hours=1)
FIRST = on(17, 9)


@pytest.mark.parametrize(
    ("who", "is_warm"),
    [
        (opened(FIRST, FIRST + HOUR, FIRST + 2 * HOUR), True),
        (opened(FIRST, FIRST + HOUR), False),
        (opened(FIRST, FIRST + 8 * HOUR), True),
        (opened(FIRST, FIRST + 8 * HOUR - timedelta(minutes=1)), False),
        (opened(FIRST, FIRST + 9 * HOUR, opens=1), False),
        (opened(FIRST, opens=3, opened_at=None), True),
        (opened(FIRST, opens=2, opened_at=None), False),
        (opened(FIRST, opens=2, last_open_at=None), False),
        (opened(FIRST, opens=3, last_open_at=None), False),
    ],
)
def test_again_and_again_is_warm(who: Awaited, is_warm: bool) -> None:
    """Three sittings, or two with eight hours between them, are warm; twice in one go is an open."""
    assert (only(case(who), on(18)).kind is FollowUpKind.WARM) is is_warm


def test_warm_is_due_at_once_on_a_working_day_and_cools() -> None:
    """It is due on the day of the last open, on Monday after a Saturday; a week later it is an open like another."""
    who = opened(on(21, 9), on(21, 20))
    fresh = case(who, wait_days=9)
    assert standing(only(fresh, on(21, 21))) == (FollowUpKind.WARM, Due.NEXT, date(2026, 11, 23))
    assert standing(only(fresh, on(28, 20))) == (FollowUpKind.WARM, Due.OVERDUE, date(2026, 11, 23))
    cooled = only(fresh, on(28, 20, minute=1))
    assert standing(cooled) == (FollowUpKind.OPENED_NO_REPLY, Due.OVERDUE, date(2026, 11, 23))
    assert cooled.people == (who,)


def test_sittings_lie_half_an_hour_apart() -> None:
    """A mail scrolled up and down in one go is one sitting, in whatever order its requests came."""
    minutes = [0, 10, 20, 49, 80, 110]
    instants = [FIRST + timedelta(minutes=each) for each in minutes]
    assert (sittings(instants), sittings(reversed(instants)), sittings([])) == (3, 3, 0)
    assert sittings([FIRST, FIRST + timedelta(minutes=29, seconds=59)]) == 1
    assert sittings([FIRST, FIRST + timedelta(minutes=30)]) == 2


def test_the_most_pressing_of_what_is_due_is_the_reason() -> None:
    """A bounce comes before silence; while only silence is due, a return still to come is not the reason."""
    away = replace(BEN, is_away=True, returns_on=date(2026, 11, 30))
    found = only(case(ANNA, away), on(20))
    assert (found.kind, found.people, found.due_on) == (FollowUpKind.NO_ANSWER, (ANNA,), date(2026, 11, 19))
    bounced = replace(BEN, is_undelivered=True, undelivered_at=on(20))
    found = only(case(ANNA, bounced), on(20))
    assert (found.kind, found.people) == (FollowUpKind.NOT_DELIVERED, (bounced,))
    # Anna's silence was due on Thursday, but the bounce came today.
    assert (found.due, found.due_on) == (Due.TODAY, date(2026, 11, 20))


def test_what_arises_today_takes_no_day_before_and_hides_nothing_late() -> None:
    """While another's silence is overdue it is named, and not an open of today as if that were overdue."""
    ben = replace(BEN, rung=Rung.OPENED, opens=1, opened_at=on(20), last_open_at=on(20))
    found = only(case(ANNA, ben), on(20))
    assert (standing(found), found.people) == ((FollowUpKind.NO_ANSWER, Due.OVERDUE, date(2026, 11, 19)), (ANNA,))
    later = only(case(ANNA, ben), on(23))
    assert (standing(later), later.people) == ((FollowUpKind.OPENED_NO_REPLY, Due.OVERDUE, date(2026, 11, 20)), (ben,))


def test_what_comes_next_is_named_by_what_comes_first() -> None:
    """Before anything is due, the soonest is the reason, and of two on one day the more pressing."""
    away = replace(BEN, is_away=True, returns_on=date(2026, 11, 18))
    assert standing(only(case(ANNA, away), on(16))) == (FollowUpKind.AWAY, Due.NEXT, date(2026, 11, 18))
    late = replace(BEN, is_away=True, returns_on=date(2026, 11, 19))
    assert standing(only(case(ANNA, late), on(16))) == (FollowUpKind.AWAY, Due.NEXT, date(2026, 11, 19))


def test_all_of_one_reason_are_named() -> None:
    """Two who do not answer are one line with both, in their order."""
    assert only(case(BEN, ANNA), on(20)).people == (BEN, ANNA)


@pytest.mark.parametrize(
    ("named", "kind"),
    [
        ({"has_possible_reply": True}, FollowUpKind.POSSIBLE_REPLY),
        ({"rung": Rung.CLICKED, "clicked_at": on(16)}, FollowUpKind.CLICKED_NO_REPLY),
        ({"rung": Rung.OPENED, "opened_at": on(16)}, FollowUpKind.OPENED_NO_REPLY),
        ({"is_away": True, "returns_on": date(2026, 11, 17)}, FollowUpKind.AWAY),
    ],
)
def test_those_the_reason_is_about_are_named(named: dict[str, Any], kind: FollowUpKind) -> None:
    """Of a group only who gave the reason is named, whatever the reason."""
    anna = person(**named)
    found = only(case(BEN, anna), on(18))
    assert (found.kind, found.people) == (kind, (anna,))


def test_done_ends_it_until_we_write_again() -> None:
    """What was sent until then is done with; a later message begins anew."""
    assert listed([case(done_at=on(17))], on(20)) == ()
    assert listed([case(done_at=SENT_AT)], on(20)) == ()
    assert len(listed([case(done_at=on(15))], on(20))) == 1


def test_a_snooze_hides_until_then_and_comes_back_that_day() -> None:
    """Out of the list before, due on that very day then, a Sunday too, though silence was due long before."""
    until = on(29, 9)
    snoozed = case(done_at=on(20), snoozed_until=until)
    assert listed([snoozed], until - timedelta(seconds=1)) == ()
    assert standing(only(snoozed, until)) == (FollowUpKind.NO_ANSWER, Due.TODAY, date(2026, 11, 29))
    assert only(snoozed, on(1, month=12)).due is Due.OVERDUE
    assert only(snoozed, until).snoozed_until is None


def test_a_snooze_ends_on_a_day_of_the_users_zone() -> None:
    """Half past eleven at night in UTC is the next day in Berlin."""
    until = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    snoozed = case(done_at=on(20), snoozed_until=until)
    assert only(snoozed, until.astimezone(BERLIN)).due_on == date(2026, 11, 24)


def test_a_snooze_may_come_back_before_silence_is_due() -> None:
    """The user's own date counts, not the wait."""
    snoozed = case(done_at=on(16), snoozed_until=on(17, 9))
    assert standing(only(snoozed, on(17))) == (FollowUpKind.NO_ANSWER, Due.TODAY, date(2026, 11, 17))


def test_what_is_snoozed_can_be_shown_last() -> None:
    """Asked for, it stands at the end of what comes next with its date, folds nothing and is not folded."""
    snoozed = case(done_at=on(20), snoozed_until=on(21, 9))
    other = case(conversation_id=2, sent_at=on(20))
    found = listed([snoozed, other], on(20), with_snoozed=True)
    assert [(each.conversation_id, each.due, each.snoozed_until, each.folded) for each in found] == [
        (2, Due.NEXT, None, 0),
        (1, Due.NEXT, on(21, 9), 0),
    ]
    assert [each.conversation_id for each in listed([snoozed, other], on(20))] == [2]


@pytest.mark.parametrize(
    "ended",
    [
        case(done_at=on(17), snoozed_until=on(25), replied_at=on(18)),
        case(person(rung=Rung.REPLIED), done_at=on(17), snoozed_until=on(25)),
    ],
)
def test_a_reply_during_a_snooze_ends_it(ended: Case) -> None:
    """Answered meanwhile, it comes back neither then nor when we write once more."""
    assert listed([ended], on(26), with_snoozed=True) == ()
    again = replace(case(), done_at=on(15), snoozed_until=on(25), replied_at=on(15, 13))
    assert standing(only(again, on(19))) == (FollowUpKind.NO_ANSWER, Due.TODAY, date(2026, 11, 19))


def test_a_snooze_of_unknown_age_holds_for_what_was_sent_before_its_end() -> None:
    """Where only its end is known, it hides older messages and not newer ones."""
    assert listed([case(snoozed_until=on(25))], on(20)) == ()
    assert len(listed([case(snoozed_until=on(15))], on(20))) == 1


def test_a_failure_that_comes_after_done_is_told_all_the_same() -> None:
    """What was put aside comes back when the mail turns out not to have arrived; an old failure or an open does not."""
    bounced = person(is_undelivered=True, undelivered_at=on(18))
    for aside in ({"done_at": on(17)}, {"done_at": on(17), "snoozed_until": on(25)}):
        found = only(case(BEN, bounced, **aside), on(20))
        assert (found.kind, found.people, found.snoozed_until) == (FollowUpKind.NOT_DELIVERED, (bounced,), None)
    assert listed([case(bounced, done_at=on(18))], on(20)) == ()
    assert listed([case(person(is_undelivered=True), done_at=on(17))], on(20)) == ()
    assert listed([case(opened(on(18), on(18, 23)), done_at=on(17))], on(20)) == ()
    assert listed([case(bounced, snoozed_until=on(25))], on(20)) == ()


def test_at_most_one_line_urges_the_same_person() -> None:
    """Of three conversations with Anna one is shown and stands for the two others; Ben's is his own."""
    cases = [case(conversation_id=number, sent_at=on(number)) for number in (10, 11, 12)]
    ben = case(BEN, conversation_id=4)
    found = listed([*cases, ben], on(20))
    assert [(each.conversation_id, each.folded) for each in found] == [(4, 0), (12, 2)]
    assert [(each.conversation_id, each.folded) for each in listed(cases, on(20), cap=2)] == [(12, 1), (11, 0)]
    assert [each.folded for each in listed(cases, on(20), cap=3)] == [0, 0, 0]
    assert listed(cases, on(20), cap=0) == listed(cases, on(20))


def test_what_is_meant_without_a_word() -> None:
    """Where nothing else is said the cap is one line a person, and what is snoozed is hidden."""
    asleep = case(BEN, conversation_id=3, done_at=on(20), snoozed_until=on(25))
    cases = [case(conversation_id=1), case(conversation_id=2), asleep]
    assert [each.folded for each in follow_ups(cases, now=on(20), calendar=GERMANY)] == [1]


def test_a_group_is_shown_while_one_of_them_has_room() -> None:
    """A line to both is shown for Ben's sake, and later ones to either are folded."""
    anna = case(conversation_id=1, sent_at=on(13))
    both = case(ANNA, BEN, conversation_id=2, sent_at=on(12))
    ben = case(BEN, conversation_id=3, sent_at=on(11))
    assert [(each.conversation_id, each.folded) for each in listed([anna, both, ben], on(20))] == [(1, 0), (2, 1)]


def test_the_cap_keeps_no_failure_and_no_question_back() -> None:
    """What must be mended or answered stands beside what urges the same person, one line of each sort."""
    cases = [
        case(conversation_id=1),
        case(person(is_undelivered=True), conversation_id=2),
        case(person(is_undelivered=True), conversation_id=3),
        case(person(has_possible_reply=True), conversation_id=4),
        case(person(has_possible_bounce=True), conversation_id=5),
    ]
    found = [(each.kind, each.folded) for each in listed(cases, on(20))]
    assert found == [
        (FollowUpKind.NOT_DELIVERED, 1),
        (FollowUpKind.POSSIBLE_BOUNCE, 1),
        (FollowUpKind.NO_ANSWER, 0),
    ]


def test_the_last_two_without_an_answer_are_a_quiet_warning() -> None:
    """It is said once something is due, of what urges, and not of a first mail."""
    twice = person(unanswered_twice_at=case(person()).sent_at)
    assert only(case(twice), on(19)).is_insistent is True
    assert only(case(person(unanswered_twice_at=on(18))), on(19)).is_insistent is False
    assert only(case(BEN, twice), on(19)).is_insistent is True
    assert only(case(twice), on(16)).is_insistent is False
    assert only(case(person()), on(19)).is_insistent is False
    assert only(case(replace(twice, is_undelivered=True)), on(19)).is_insistent is False
    assert only(case(replace(twice, has_possible_reply=True)), on(19)).is_insistent is False


def test_the_list_goes_by_group_then_kind_then_date() -> None:
    """Overdue and today the most pressing kind first, then the newest; what comes next by its day, then by kind."""
    said: list[dict[str, Any]] = [
        {"sent_at": on(20), "wait_days": 4},
        {"sent_at": on(20)},
        {"sent_at": on(17)},
        {"sent_at": on(10)},
        {"sent_at": on(12)},
    ]
    cases = [
        case(replace(BEN, address=f"{number}@x.example"), conversation_id=number, **named)
        for number, named in enumerate(said, start=1)
    ]
    away = case(
        replace(BEN, address="6@x.example", is_away=True, returns_on=date(2026, 11, 30)),
        conversation_id=6,
        sent_at=on(20),
    )
    warm = case(opened(on(10), on(12), on(19), opens=3), conversation_id=7, sent_at=on(10))
    twin = case(replace(BEN, address="8@x.example"), conversation_id=8, sent_at=on(12))
    found = listed([twin, away, *cases, warm], on(20))
    assert [each.conversation_id for each in found] == [7, 5, 8, 4, 3, 2, 1, 6]
