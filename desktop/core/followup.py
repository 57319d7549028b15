"""Who to follow up with, when, and why: decided anew from what is known of each conversation.

Nothing here is remembered but what the user said (put aside, another wait).  A day off moves what falls on it to the
next working day, and nothing is overdue before a working day has passed; only what needs mending at once (a mail that
was not delivered, a question) stands there on a Sunday too.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum, StrEnum
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
INSISTENT: Final = 2


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
    """One recipient of the newest message.

    `opens` counts the sittings in which a person credibly opened it or used its links, `opened_at` and `last_open_at`
    are the first and newest of these; `probably_opened_at` is the first fetch by an image proxy.  `asked_at` is when
    the mail came that may be a reply or a bounce.  `unanswered` counts our messages to them, in all conversations,
    since they last answered.  Who is copied (Cc, Bcc) is not asked for an answer.
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
    clicked_at: datetime | None = None
    has_possible_reply: bool = False
    has_possible_bounce: bool = False
    asked_at: datetime | None = None
    unanswered: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is known of one conversation; instants are aware.

    `sent_at` is the newest message of ours and `replied_at` the newest reply.  `wait_days` is already the message's,
    else the conversation's, else the account's.  `done_at` is when the user put it aside: for good, or until
    `snoozed_until` where that is set.  Either holds for what was sent until then; a later message begins anew.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """One line of the list; `people` are those the reason is about, `waited_days` working days since `sent_at`.

    `is_insistent` is the quiet warning: the last two messages to them went unanswered.  `folded` counts further
    conversations with the same person that the cap keeps back.  `snoozed_until` is set while it is snoozed.
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


class _Reason(NamedTuple):
    """One person's reason; the soonest sorts first, and of those of one day the most pressing."""

    due_on: date
    place: int
    kind: FollowUpKind
    person: Awaited


class _Line(NamedTuple):
    """A line before it is known which lines are shown; the first four settle the order."""

    due: Due
    place: int
    date_order: int
    conversation_id: int
    case: Case
    kind: FollowUpKind
    due_on: date
    people: tuple[Awaited, ...]
    snoozed_until: datetime | None


def follow_ups(
    cases: Iterable[Case], *, now: datetime, calendar: WorkCalendar, cap: int = 1, with_snoozed: bool = False
) -> tuple[FollowUp, ...]:
    """Return the list: overdue, today, next; within a group by kind; then the soonest, among the overdue the newest.

    `now` is aware and in the user's zone, which decides what day it is.  At most `cap` lines that urge the same person
    are shown, the others counted in the first of them.  What is snoozed is left out, or stands last in NEXT.
    """
    frame = _Frame(now, calendar)
    lines = [line for case in cases if (line := frame.line(case)) is not None]
    lines.sort(key=lambda line: line[:4])
    shown, folded = _fold([line for line in lines if line.snoozed_until is None], max(cap, 1))
    found = [frame.follow_up(line, folded.get(place, 0)) for place, line in enumerate(shown)]
    if with_snoozed:
        found += [frame.follow_up(line, 0) for line in lines if line.snoozed_until is not None]
    return tuple(found)


def sittings(instants: Iterable[datetime]) -> int:
    """Return in how many sittings these requests, in any order, were made."""
    count, last = 0, None
    for at in sorted(instants):
        if last is None or at - last >= SITTING:
            count += 1
        last = at
    return count


def _fold(lines: list[_Line], cap: int) -> tuple[list[_Line], dict[int, int]]:
    """Return the lines to show, and by their places how many further lines each stands for."""
    shown: list[_Line] = []
    folded: dict[int, int] = {}
    places: dict[tuple[int, str], list[int]] = {}
    for line in lines:
        sort = _SORT_OF[line.kind]
        taken = [places.setdefault((sort, person.address), []) for person in line.people]
        if all(len(each) >= cap for each in taken):
            folded[taken[0][0]] = folded.get(taken[0][0], 0) + 1
            continue
        for each in taken:
            each.append(len(shown))
        shown.append(line)
    return shown, folded


class _Frame:
    """One moment in the user's zone, and the days that count there."""

    def __init__(self, now: datetime, calendar: WorkCalendar) -> None:
        if now.tzinfo is None:
            raise ValueError("an instant without a time zone")
        # In UTC, for instants of one zone are compared by the wall clock, which an autumn night shows twice.
        self._now = now.astimezone(UTC)
        self._tz = now.tzinfo
        self._today = now.date()
        self._calendar = calendar

    def _day(self, at: datetime) -> date:
        """Return an instant's day here; a clock that runs ahead, or a forged date, is taken as today."""
        return self._today if at >= self._now else at.astimezone(self._tz).date()

    def line(self, case: Case) -> _Line | None:
        """Return the case's line; None where it is answered, done or snoozed out of sight, or nobody is awaited."""
        if _is_answered(case):
            return None
        sent_on = self._day(case.sent_at)
        reasons = [reason for person in case.awaited for reason in self._reasons(person, sent_on, case)]
        snoozed_until, woken_on = None, None
        if _is_put_aside(case):
            news = [reason for reason in reasons if _is_news(case, reason)]
            if news:
                reasons = news
            elif case.snoozed_until is None:
                return None
            elif case.snoozed_until > self._now:
                snoozed_until = case.snoozed_until
                woken_on = snoozed_until.astimezone(self._tz).date()
            else:
                woken_on = self._day(case.snoozed_until)
        if not reasons:
            return None
        return self._line_of(case, reasons, woken_on, snoozed_until)

    def _line_of(
        self, case: Case, reasons: list[_Reason], woken_on: date | None, snoozed_until: datetime | None
    ) -> _Line:
        first = min(reasons, key=lambda reason: reason[:2])
        due_on, chosen = first.due_on, first
        if due_on <= self._today:
            chosen = min((each for each in reasons if each.due_on <= self._today), key=lambda reason: reason.place)
        if woken_on is not None:
            due_on = woken_on
        due = Due.NEXT if snoozed_until is not None else self._due(due_on)
        ordinal = due_on.toordinal()
        return _Line(
            due,
            chosen.place,
            -ordinal if due is Due.OVERDUE else ordinal,
            case.conversation_id,
            case,
            chosen.kind,
            due_on,
            tuple(dict.fromkeys(each.person for each in reasons if each.kind is chosen.kind)),
            snoozed_until,
        )

    def _due(self, due_on: date) -> Due:
        if due_on > self._today:
            return Due.NEXT
        calendar = self._calendar
        is_overdue = self._today >= calendar.add(calendar.from_(due_on), 1)
        return Due.OVERDUE if is_overdue else Due.TODAY

    def _reasons(self, person: Awaited, sent_on: date, case: Case) -> Iterator[_Reason]:
        if person.is_undelivered:
            at = person.undelivered_at
            yield _reason(sent_on if at is None else self._day(at), FollowUpKind.NOT_DELIVERED, person)
            return
        if person.has_possible_bounce or person.has_possible_reply:
            asked_on = sent_on if person.asked_at is None else self._day(person.asked_at)
            bounced = person.has_possible_bounce
            yield _reason(asked_on, FollowUpKind.POSSIBLE_BOUNCE if bounced else FollowUpKind.POSSIBLE_REPLY, person)
            return
        if person.is_copied:
            return
        back_on = person.returns_on if person.is_away else None
        if back_on is not None and sent_on <= back_on <= sent_on + LONGEST_AWAY:
            yield _reason(self._calendar.from_(back_on), FollowUpKind.AWAY, person)
            return
        silent_on = self._calendar.add(sent_on, min(case.wait_days, LONGEST_WAIT_DAYS))
        yield _reason(silent_on, FollowUpKind.NO_ANSWER, person)
        if person.rung >= Rung.PROBABLY_OPENED:
            yield from self._signs(person, sent_on, silent_on)

    def _signs(self, person: Awaited, sent_on: date, silent_on: date) -> Iterator[_Reason]:
        """Yield what tracking adds: none is due later than silence."""
        calendar = self._calendar
        opened_at = person.opened_at or person.probably_opened_at
        opened_on = sent_on if opened_at is None else self._day(opened_at)
        yield _reason(min(silent_on, calendar.add(opened_on, OPENED_DAYS)), FollowUpKind.OPENED_NO_REPLY, person)
        if person.clicked_at is not None:
            clicked_on = calendar.add(self._day(person.clicked_at), CLICKED_DAYS)
            yield _reason(min(silent_on, clicked_on), FollowUpKind.CLICKED_NO_REPLY, person)
        last = person.last_open_at
        if last is not None and _came_back(person):
            kind = FollowUpKind.WARM if self._now - last <= WARM_FOR else FollowUpKind.OPENED_NO_REPLY
            yield _reason(min(silent_on, calendar.from_(self._day(last))), kind, person)

    def follow_up(self, line: _Line, folded: int) -> FollowUp:
        """Return a line as it is shown."""
        case = line.case
        urges = _SORT_OF[line.kind] == _URGES and line.due is not Due.NEXT
        return FollowUp(
            conversation_id=case.conversation_id,
            account_id=case.account_id,
            kind=line.kind,
            due=line.due,
            due_on=line.due_on,
            subject=case.subject,
            sent_at=case.sent_at,
            people=line.people,
            waited_days=self._calendar.between(self._day(case.sent_at), self._today),
            is_insistent=urges and any(person.unanswered >= INSISTENT for person in line.people),
            folded=folded,
            snoozed_until=line.snoozed_until,
        )


def _reason(due_on: date, kind: FollowUpKind, person: Awaited) -> _Reason:
    return _Reason(due_on, _ORDER[kind], kind, person)


def _is_answered(case: Case) -> bool:
    """Return whether our word is not the last; a copy's own reply says so even where two clocks disagree."""
    if case.replied_at is not None and case.replied_at >= case.sent_at:
        return True
    return any(person.rung is Rung.REPLIED for person in case.awaited)


def _came_back(person: Awaited) -> bool:
    """Return whether the person opened it again and again, and not just twice in one go."""
    if person.opens >= WARM_SITTINGS:
        return True
    first, last = person.opened_at, person.last_open_at
    return person.opens > 1 and first is not None and last is not None and last - first >= WARM_RETURN


def _is_put_aside(case: Case) -> bool:
    said_at = case.done_at or case.snoozed_until
    return said_at is not None and case.sent_at <= said_at


def _is_news(case: Case, reason: _Reason) -> bool:
    """Return whether a failed delivery became known only after the user put the conversation aside."""
    said_at, failed_at = case.done_at, reason.person.undelivered_at
    is_failure = reason.kind is FollowUpKind.NOT_DELIVERED
    return is_failure and said_at is not None and failed_at is not None and failed_at > said_at


# Spelled without dots, dashes and underscores; what follows may be a number or a tag.
_NO_REPLY: Final = re.compile(
    r"(?:noreply|noreplies|donotreply|dontreply|noanswer|unattended|mailerdaemon|nobody|bounces?|notifications?"
    r"|keineantwort|nichtantworten|bittenichtantworten|nepasrepondre|noresponder|norespondas?|nonrispondere"
    r"|naoresponda|naoresponder|nietbeantwoorden|nieodpowiadac|svarainte|ingensvar)(?![a-z])"
)
_LIST_LOCAL: Final = re.compile(r"(?:listserv|majordomo|(?:.+-)?(?:un)?subscribe|.+-request)\Z")
_LIST_HOST: Final = re.compile(r"(?:lists?\.|googlegroups\.com\Z|groups\.io\Z|(?:.+\.)groups\.io\Z)")


def expects_answer(address: str, own: frozenset[str]) -> bool:
    """Return whether a person may answer there: not oneself, a list, or an address that says nobody reads it."""
    local, _, host = address.lower().rpartition("@")
    if address.lower() in own or _LIST_HOST.match(host) or _LIST_LOCAL.match(local):
        return False
    return _NO_REPLY.match(re.sub(r"[._-]", "", local)) is None
