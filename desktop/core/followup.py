"""Who to follow up with, when, and why: decided anew from what is known of each conversation.

Nothing here is remembered but what the user said (put aside, another wait).  A day off moves what falls on it to the
next working day, and nothing is overdue before a working day has passed; only what needs mending at once (a mail that
was not delivered, a question) stands there on a Sunday too.

Each recipient is waited for by themselves: of three customers who got one offer, the two who are silent are waited for
though the third answered.  Where one alone was asked, whoever of the conversation answers does so for them.  What did
not arrive is nobody's to answer for: it stands until the user says done or the person is reached.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum, StrEnum
from operator import itemgetter
from typing import Final, NamedTuple

from desktop.core.arrival import FailureReason
from desktop.core.status import Rung
from desktop.core.workdays import WorkCalendar

# Working days until an open, or a used link, without a reply is a reason; never later than silence would be.
OPENED_DAYS: Final = 2
CLICKED_DAYS: Final = 1
# Requests closer together than this are one sitting: scrolling back to a mail fetches its picture again.
SITTING: Final = timedelta(minutes=30)
# Warm: so many sittings, or two with a night or a working day between them; and the last not longer ago than a week.
WARM_SITTINGS: Final = 3
WARM_RETURN: Final = timedelta(hours=8)
WARM_FOR: Final = timedelta(days=7)
# A date of return further off than this, or before the mail, is a mistake or a left-over of an earlier absence.
LONGEST_AWAY: Final = timedelta(days=366)
LONGEST_WAIT_DAYS: Final = 366


class FollowUpKind(StrEnum):
    """Why a conversation is on the list, the most pressing first."""

    NOT_DELIVERED = "not_delivered"
    POSSIBLE_BOUNCE = "possible_bounce"
    POSSIBLE_REPLY = "possible_reply"
    WARM = "warm"
    CLICKED_NO_REPLY = "clicked_no_reply"
    OPENED_NO_REPLY = "opened_no_reply"
    AWAY = "away"
    NO_ANSWER = "no_answer"


class Due(IntEnum):
    """The list's groups."""

    OVERDUE = 0
    TODAY = 1
    NEXT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """One recipient of the newest message, or of an earlier one that did not reach them.

    `opens` counts the sittings in which a person credibly opened it or used its links, `opened_at` and `last_open_at`
    are the first and newest of these; `probably_opened_at` is the first fetch by an image proxy, `confirmed_at` is when
    the first receipt came, `asked_at` the mail that may be a reply or a bounce, `replied_at` their last answer in this
    conversation.  `unanswered_twice_at` is when the second of our messages to them left, in all
    conversations, that they have not answered.  Who is copied (Cc, Bcc) is not asked for an answer, nor whom only an
    earlier message went to.
    """

    address: str
    name: str
    rung: Rung
    is_copied: bool = False
    is_undelivered: bool = False
    undelivered_at: datetime | None = None
    failure: FailureReason | None = None
    is_away: bool = False
    returns_on: date | None = None
    opens: int = 0
    opened_at: datetime | None = None
    last_open_at: datetime | None = None
    probably_opened_at: datetime | None = None
    confirmed_at: datetime | None = None
    clicked_at: datetime | None = None
    has_possible_reply: bool = False
    has_possible_bounce: bool = False
    asked_at: datetime | None = None
    replied_at: datetime | None = None
    unanswered_twice_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of one conversation; instants are aware.

    `sent_at` is the newest message of ours and `replied_at` the newest reply of anybody.  `wait_days` is already the
    message's, else the conversation's, else the account's.  `done_at` is when the user put it aside: for good, or until
    `snoozed_until` where that is set.  Either holds for what was sent until then; a later message begins anew.
    `mended_at` is when they were done with what had not arrived until then, and with that alone.  Unless `hears`,
    nobody knows whether an answer came, so that no silence is spoken of.
    """

    conversation_id: int
    account_id: int
    subject: str
    sent_at: datetime
    awaited: tuple[Awaited, ...]
    replied_at: datetime | None = None
    wait_days: int = 3
    snoozed_until: datetime | None = None
    done_at: datetime | None = None
    mended_at: datetime | None = None
    hears: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """One line of the list; `people` are those the reason is about, `waited_days` working days since `sent_at`.

    `is_insistent` is the quiet warning: two messages to them went unanswered for as long as one waits here.  `folded`
    counts further conversations with the same person that the cap keeps back.  `snoozed_until` is set while it is
    snoozed.
    """

    conversation_id: int
    account_id: int
    kind: FollowUpKind
    due: Due
    due_on: date
    subject: str
    sent_at: datetime
    people: tuple[Awaited, ...]
    waited_days: int
    is_insistent: bool = False
    folded: int = 0
    snoozed_until: datetime | None = None


# What must be mended or answered is never kept back behind what merely urges, nor the other way round.
_SORT_OF: Final = dict.fromkeys(FollowUpKind, 2) | {
    FollowUpKind.NOT_DELIVERED: 0,
    FollowUpKind.POSSIBLE_BOUNCE: 1,
    FollowUpKind.POSSIBLE_REPLY: 1,
}
_ORDER: Final = {kind: place for place, kind in enumerate(FollowUpKind)}
_URGES: Final = 2
_SOONEST: Final = itemgetter(0, 1)
# By kind, then the soonest.
_MOST_PRESSING: Final = itemgetter(1, 0)
# From so many who are asked on, nobody answers for another.
_SEVERAL: Final = 2


class _Reason(NamedTuple):
    """One person's reason; the soonest sorts first, and of those of one day the most pressing."""

    due_on: date
    kind_order: int
    kind: FollowUpKind
    person: Awaited


class _Place(NamedTuple):
    """Where a line stands: of 100,000 most share theirs with others, so that few places need to be sorted.

    Of what is due the kind comes before the date, of what comes next the date; what is asleep comes after all else.
    """

    due: int
    major: int
    minor: int

    @classmethod
    def of(cls, due: int, kind_order: int, ordinal: int) -> "_Place":
        """Return the place of a kind and a day."""
        if due == Due.OVERDUE:
            return cls(due, kind_order, -ordinal)
        return cls(due, kind_order, ordinal) if due == Due.TODAY else cls(due, ordinal, kind_order)

    @property
    def kind_order(self) -> int:
        """The kind."""
        return self.major if self.due <= Due.TODAY else self.minor

    @property
    def due_on(self) -> date:
        """The day."""
        return date.fromordinal(abs(self.minor) if self.due <= Due.TODAY else self.major)


# A place and the position of a case.
_Line = tuple[_Place, int]
_ASLEEP: Final = max(Due) + 1
_KINDS: Final = tuple(FollowUpKind)
_DUES: Final = tuple(Due)
_SORTS: Final = tuple(_SORT_OF[kind] for kind in FollowUpKind)


def follow_ups(
    cases: Iterable[Case], *, now: datetime, calendar: WorkCalendar, cap: int = 1, with_snoozed: bool = False
) -> tuple[FollowUp, ...]:
    """Return the list: overdue and today by kind, then the soonest, of the overdue the newest; next by day.

    `now` is aware and in the user's zone, which decides what day it is.  At most `cap` lines that urge the same person
    are shown, the others counted in the first of them.  What is snoozed is left out, or stands last in NEXT.
    """
    frame = _Frame(tuple(cases), now, calendar)
    places = frame.places()
    shown, folded = frame.fold(frame.lines(places, are_asleep=False), max(cap, 1))
    found = [frame.follow_up(line, folded.get(number, 0)) for number, line in enumerate(shown)]
    if with_snoozed:
        found += [frame.follow_up(line, 0) for line in frame.lines(places, are_asleep=True)]
    return tuple(found)


def sittings(instants: Iterable[datetime]) -> int:
    """Return in how many sittings these requests, in any order, were made."""
    count, last = 0, None
    for at in sorted(instants):
        if last is None or at - last >= SITTING:
            count += 1
        last = at
    return count


def mends_first(case: Case) -> bool:
    """Return whether "done", said now, is about what did not arrive alone: others are waited for besides."""
    if _is_heard(case):
        return False
    failed = [person for person in case.awaited if person.is_undelivered]
    others = [person for person in case.awaited if not person.is_undelivered and not person.is_copied]
    stands = any(not _is_mended(case, person.undelivered_at or case.sent_at) for person in failed)
    return stands and not all(_has_answered(person, case) for person in others)


class _Frame:
    """The cases at one moment in the user's zone, and the days that count there."""

    def __init__(self, cases: Sequence[Case], now: datetime, calendar: WorkCalendar) -> None:
        if now.tzinfo is None:
            raise ValueError("an instant without a time zone")
        self._cases = cases
        # In UTC, for instants of one zone are compared by the wall clock, which an autumn night shows twice.
        self._now = now.astimezone(UTC)
        self._tz = now.tzinfo
        self._today = now.date()
        self._calendar = calendar
        # Among 100,000 mails there are but a few hundred different days.
        self._waits: dict[tuple[date, int], date] = {}
        self._dues: dict[date, Due] = {}
        self._passed: dict[date, int] = {}

    def _day(self, at: datetime) -> date:
        """Return an instant's day here; a clock that runs ahead, or a forged date, is taken as today."""
        return self._today if at >= self._now else at.astimezone(self._tz).date()

    def _after(self, day: date, number: int) -> date:
        """Return the so-manieth working day after a day."""
        key = (day, number)
        found = self._waits.get(key)
        if found is None:
            found = self._waits[key] = self._calendar.add(day, number)
        return found

    def _due(self, due_on: date) -> Due:
        found = self._dues.get(due_on)
        if found is None:
            found = self._dues[due_on] = self._due_anew(due_on)
        return found

    def _due_anew(self, due_on: date) -> Due:
        if due_on > self._today:
            return Due.NEXT
        calendar = self._calendar
        is_overdue = self._today >= calendar.add(calendar.from_(due_on), 1)
        return Due.OVERDUE if is_overdue else Due.TODAY

    def places(self) -> dict[_Place, list[int]]:
        """Return the positions, by place, of all cases that are not answered nor done, in which somebody is awaited."""
        places: dict[_Place, list[int]] = {}
        for position, case in enumerate(self._cases):
            reasons, woken_at = self._standing(case)
            if reasons:
                places.setdefault(self._place(reasons, woken_at), []).append(position)
        return places

    def lines(self, places: Mapping[_Place, Iterable[int]], *, are_asleep: bool) -> Iterator[_Line]:
        """Yield lines in their order, either those awake or those asleep."""
        for place in sorted(places):
            if (place.due == _ASLEEP) is are_asleep:
                for position in sorted(places[place], key=lambda each: self._cases[each].conversation_id):
                    yield place, position

    def _standing(self, case: Case) -> tuple[list[_Reason], datetime | None]:
        """Return what there is to follow up, and when its snooze ends or ended."""
        reasons: list[_Reason] = []
        sent_on = self._day(case.sent_at)
        is_heard = _is_heard(case)
        for person in case.awaited:
            if person.is_undelivered:
                self._add_failure(reasons, person, sent_on, case)
            elif not is_heard and not _has_answered(person, case):
                self._add_reason(reasons, person, sent_on, case)
        if not _is_put_aside(case):
            return reasons, None
        news = [reason for reason in reasons if _is_news(case, reason)]
        if news or case.snoozed_until is None:
            return news, None
        return reasons, case.snoozed_until

    def _place(self, reasons: list[_Reason], woken_at: datetime | None) -> _Place:
        """Return where a case stands; one that was snoozed is due on the day that the user said, whatever else is."""
        chosen = reasons[0] if len(reasons) == 1 else self._chosen(reasons)
        due_on = chosen.due_on if woken_at is None else woken_at.astimezone(self._tz).date()
        due = _ASLEEP if woken_at is not None and woken_at > self._now else self._due(due_on)
        return _Place.of(due, chosen.kind_order, due_on.toordinal())

    def _chosen(self, reasons: list[_Reason]) -> _Reason:
        """Return the reason that a line names: what is to be mended or answered, else the most pressing of its group.

        Its day is its own: what is late with one person makes nothing late that arose today with another.
        """
        soonest = min(reasons, key=_SOONEST)
        if soonest.due_on > self._today:
            return soonest
        urgent = [each for each in reasons if _SORTS[each.kind_order] != _URGES]
        due = self._due(soonest.due_on)
        among = urgent or [each for each in reasons if each.due_on <= self._today and self._due(each.due_on) is due]
        return min(among, key=_MOST_PRESSING)

    def fold(self, lines: Iterable[_Line], cap: int) -> tuple[list[_Line], dict[int, int]]:
        """Return the lines to show, and by their number among these how many further lines each stands for."""
        shown: list[_Line] = []
        folded: dict[int, int] = {}
        counts: dict[tuple[int, str], int] = {}
        first: dict[tuple[int, str], int] = {}
        for line in lines:
            sort = _SORTS[line[0].kind_order]
            keys = [(sort, person.address) for person in self._people(line)]
            if not _has_room(keys, counts, cap):
                folded[first[keys[0]]] = folded.get(first[keys[0]], 0) + 1
                continue
            for key in keys:
                counts[key] = counts.get(key, 0) + 1
                first.setdefault(key, len(shown))
            shown.append(line)
        return shown, folded

    def _people(self, line: _Line) -> tuple[Awaited, ...]:
        """Return those whom the line is about, in the order of its case."""
        place, position = line
        case = self._cases[position]
        if len(case.awaited) == 1:
            return case.awaited
        reasons, _ = self._standing(case)
        return tuple(reason.person for reason in reasons if reason.kind_order == place.kind_order)

    def _add_failure(self, reasons: list[_Reason], person: Awaited, sent_on: date, case: Case) -> None:
        """Add what did not reach a person, unless the user is done with it or the person answered afterwards."""
        at = person.undelivered_at
        failed_at = at or case.sent_at
        is_reached = person.replied_at is not None and person.replied_at > failed_at
        if not is_reached and not _is_mended(case, failed_at):
            reasons.append(_reason(sent_on if at is None else self._day(at), FollowUpKind.NOT_DELIVERED, person))

    def _add_reason(self, reasons: list[_Reason], person: Awaited, sent_on: date, case: Case) -> None:
        """Add what there is to follow up about a person who has not answered what reached them."""
        if person.has_possible_bounce or person.has_possible_reply:
            kind = FollowUpKind.POSSIBLE_BOUNCE if person.has_possible_bounce else FollowUpKind.POSSIBLE_REPLY
            reasons.append(_reason(sent_on if person.asked_at is None else self._day(person.asked_at), kind, person))
        elif not person.is_copied and case.hears:
            back_on = person.returns_on if person.is_away else None
            if back_on is not None and sent_on <= back_on <= sent_on + LONGEST_AWAY:
                reasons.append(_reason(self._calendar.from_(back_on), FollowUpKind.AWAY, person))
                return
            silent_on = self._after(sent_on, min(case.wait_days, LONGEST_WAIT_DAYS))
            if person.rung >= Rung.PROBABLY_OPENED:
                reasons.append(self._sign(person, sent_on, silent_on))
            else:
                reasons.append(_reason(silent_on, FollowUpKind.NO_ANSWER, person))

    def _sign(self, person: Awaited, sent_on: date, silent_on: date) -> _Reason:
        """Return what tracking says: due no later than silence or a lesser sign, yet not before it was seen."""
        seen = (person.opened_at, person.probably_opened_at, person.confirmed_at)
        opened_at = min((at for at in seen if at is not None), default=None)
        seen_on = sent_on if opened_at is None else self._day(opened_at)
        kind, due_on = FollowUpKind.OPENED_NO_REPLY, max(seen_on, min(silent_on, self._after(seen_on, OPENED_DAYS)))
        if person.clicked_at is not None:
            seen_on = self._day(person.clicked_at)
            kind, due_on = (
                FollowUpKind.CLICKED_NO_REPLY,
                max(seen_on, min(due_on, self._after(seen_on, CLICKED_DAYS))),
            )
        last = person.last_open_at
        if last is None or not _came_back(person):
            return _reason(due_on, kind, person)
        seen_on = self._day(last)
        warm_on = max(seen_on, min(due_on, self._calendar.from_(seen_on)))
        if self._now - last <= WARM_FOR:
            return _reason(warm_on, FollowUpKind.WARM, person)
        return _reason(min(due_on, warm_on), kind, person)

    def follow_up(self, line: _Line, folded: int) -> FollowUp:
        """Return a line as it is shown."""
        place, position = line
        case, people = self._cases[position], self._people(line)
        is_asleep = place.due == _ASLEEP
        due = Due.NEXT if is_asleep else _DUES[place.due]
        urges = _SORTS[place.kind_order] == _URGES and due is not Due.NEXT
        return FollowUp(
            conversation_id=case.conversation_id,
            account_id=case.account_id,
            kind=_KINDS[place.kind_order],
            due=due,
            due_on=place.due_on,
            subject=case.subject,
            sent_at=case.sent_at,
            people=people,
            waited_days=self._waited(self._day(case.sent_at)),
            is_insistent=urges and any(self._is_over(case, person.unanswered_twice_at) for person in people),
            folded=folded,
            snoozed_until=case.snoozed_until if is_asleep else None,
        )

    def _is_over(self, case: Case, sent_at: datetime | None) -> bool:
        """Return whether a message was waited for as long as one of the conversation is."""
        return sent_at is not None and self._waited(self._day(sent_at)) >= case.wait_days

    def _waited(self, sent_on: date) -> int:
        found = self._passed.get(sent_on)
        if found is None:
            found = self._passed[sent_on] = self._calendar.between(sent_on, self._today)
        return found


def _has_room(keys: Iterable[tuple[int, str]], counts: Mapping[tuple[int, str], int], cap: int) -> bool:
    # Written out, since it is asked of every line.
    for key in keys:  # noqa: SIM110
        if counts.get(key, 0) < cap:
            return True
    return False


def _reason(due_on: date, kind: FollowUpKind, person: Awaited) -> _Reason:
    return _Reason(due_on, _ORDER[kind], kind, person)


def _is_heard(case: Case) -> bool:
    """Return whether anybody's answer to our last word is the answer: where one alone was asked."""
    if case.replied_at is None or case.replied_at < case.sent_at:
        return False
    return len(case.awaited) == 1 or sum(not person.is_copied for person in case.awaited) < _SEVERAL


def _has_answered(person: Awaited, case: Case) -> bool:
    """Return whether a person answered our last word; their copy's rung says so even where two clocks disagree."""
    return person.rung is Rung.REPLIED or (person.replied_at is not None and person.replied_at >= case.sent_at)


def _came_back(person: Awaited) -> bool:
    """Return whether the person opened it again and again, and not just twice in one go."""
    if person.opens >= WARM_SITTINGS:
        return True
    first, last = person.opened_at, person.last_open_at
    return person.opens > 1 and first is not None and last is not None and last - first >= WARM_RETURN


def _is_put_aside(case: Case) -> bool:
    said_at = case.done_at or case.snoozed_until
    return said_at is not None and case.sent_at <= said_at


def _is_mended(case: Case, failed_at: datetime) -> bool:
    """Return whether the user was done with a failure once it was known; a snooze is no end."""
    ends = (case.mended_at, case.done_at if case.snoozed_until is None else None)
    return any(end is not None and failed_at <= end for end in ends)


def _is_news(case: Case, reason: _Reason) -> bool:
    """Return whether a failed delivery became known only after the user put the conversation aside."""
    said_at, failed_at = case.done_at, reason.person.undelivered_at
    is_failure = reason.kind is FollowUpKind.NOT_DELIVERED
    return is_failure and said_at is not None and failed_at is not None and failed_at > said_at
