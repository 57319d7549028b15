"""Follow-ups in words, for the window and the terminal alike: why, since when, and what is said quietly beside it.

What an automatic answer or a tracked mail says is hedged as far as its evidence is; all remote text is made one line.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from desktop.core.arrival import FailureReason
from desktop.core.followup import Awaited, Due, FollowUp, FollowUpKind
from desktop.core.snooze import Snooze
from desktop.core.status import Rung
from desktop.ui.words import count, day, names_line

GROUPS: Final = {Due.OVERDUE: "Overdue", Due.TODAY: "Today", Due.NEXT: "Next"}
KINDS: Final = {
    FollowUpKind.NOT_DELIVERED: "Not delivered",
    FollowUpKind.POSSIBLE_BOUNCE: "A bounce?",
    FollowUpKind.POSSIBLE_REPLY: "A reply?",
    FollowUpKind.WARM: "Opened again and again",
    FollowUpKind.CLICKED_NO_REPLY: "Link used, no reply",
    FollowUpKind.OPENED_NO_REPLY: "Opened, no reply",
    FollowUpKind.AWAY: "Away",
    FollowUpKind.NO_ANSWER: "No answer",
}
FAILURES: Final = {
    FailureReason.UNKNOWN_USER: "Not delivered: no such address. Fix the address.",
    FailureReason.NO_SUCH_HOST: "Not delivered: no such mail domain. Fix the address.",
    FailureReason.FULL: "Not delivered: their mailbox is full. Try again later, or another way.",
    FailureReason.BLOCKED: "Not delivered: their server took it for unwanted mail. Reach them another way.",
    FailureReason.POLICY: "Not delivered: their server's rules forbid it. Reach them another way.",
    FailureReason.TOO_LARGE: "Not delivered: it is too large. Send less, or a link.",
    FailureReason.GAVE_UP: "Not delivered: their server cannot be reached. Check the address or try again.",
    FailureReason.OTHER: "Not delivered. The conversation says why.",
}
SNOOZES: Final = {
    Snooze.LATER_TODAY: "Later today",
    Snooze.TOMORROW: "Tomorrow",
    Snooze.NEXT_WEEK: "Next week",
}
INSISTENT: Final = "Your last two messages to them went unanswered"
# Beyond so many working days their number says less than the day.
_LONG_DAYS: Final = 60
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def reason_line(follow_up: FollowUp, now: datetime, tz: tzinfo | None = None) -> str:
    """Return why a conversation is on the list; `now` is aware, days and times are those of `tz` or the system's."""
    kind, people, today = follow_up.kind, follow_up.people, now.astimezone(tz).date()
    if kind is FollowUpKind.NOT_DELIVERED:
        reasons = {person.failure or FailureReason.OTHER for person in people}
        return FAILURES[reasons.pop() if len(reasons) == 1 else FailureReason.OTHER]
    if kind is FollowUpKind.POSSIBLE_BOUNCE:
        return "Something came that looks like a bounce. Is it one?"
    if kind is FollowUpKind.POSSIBLE_REPLY:
        return "A reply came from another address. Is it theirs?"
    reply = "no reply yet" if follow_up.due is Due.NEXT else "no reply"
    if kind is FollowUpKind.AWAY:
        return _away(people, today)
    if kind is FollowUpKind.NO_ANSWER:
        return _silence(follow_up, today, tz)
    if kind is FollowUpKind.CLICKED_NO_REPLY:
        clicked_at = max((person.clicked_at for person in people if person.clicked_at is not None), default=None)
        return ", ".join(filter(None, [f"Used a link{_on(clicked_at, now, tz)}", reply]))
    return f"{_opened(people, now, tz)}, {reply}"


def note_line(follow_up: FollowUp) -> str:
    """Return what is said quietly beside the reason, in one line; often nothing."""
    return " · ".join(notes(follow_up))


def notes(follow_up: FollowUp) -> tuple[str, ...]:
    """Return what is said quietly beside the reason: the warning, and what the cap keeps back."""
    more = count(follow_up.folded, "more conversation", "more conversations") if follow_up.folded else ""
    parts = (INSISTENT if follow_up.is_insistent else "", f"{more} with them" if more else "")
    return tuple(part for part in parts if part)


def older_line(number: int) -> str:
    """Return what a fold of old silences says."""
    return f"Older: {number:,} with no answer"


def people_line(follow_up: FollowUp, room: int = 3) -> str:
    """Return whom it is about, as "Ann, Ben and 2 more"."""
    return names_line([person.name.strip() or person.address for person in follow_up.people], room)


def due_line(follow_up: FollowUp, now: datetime, tz: tzinfo | None = None) -> str:
    """Return when it is due: "today", "tomorrow", "since Thursday 19 Nov", "on Monday 30 Nov"."""
    today = now.astimezone(tz).date()
    if follow_up.due is Due.OVERDUE:
        return f"since {day_name(follow_up.due_on, today)}"
    if follow_up.due is Due.TODAY or follow_up.due_on == today:
        return "today"
    days = (follow_up.due_on - today).days
    return "tomorrow" if days == 1 else f"on {day_name(follow_up.due_on, today)}"


def day_name(when: date, today: date) -> str:
    """Return a day as "Monday 30 Nov", with its year where that is another."""
    name = f"{_DAYS[when.weekday()]} {day(datetime(when.year, when.month, when.day, tzinfo=UTC), UTC)}"
    return name if when.year == today.year else f"{name} {when.year}"


def _on(at: datetime | None, now: datetime, tz: tzinfo | None) -> str:
    """Return " today 11:42", " yesterday 9:05", " on Monday 23 Nov" or nothing."""
    if at is None:
        return ""
    then, today = at.astimezone(tz), now.astimezone(tz).date()
    days = (today - then.date()).days
    if days <= 1:
        return f" {'yesterday' if days == 1 else 'today'} {then:%H:%M}"
    return f" on {day_name(then.date(), today)}"


def _opened(people: Sequence[Awaited], now: datetime, tz: tzinfo | None) -> str:
    credible = [person for person in people if person.last_open_at is not None]
    last_at = max((person.last_open_at for person in people if person.last_open_at is not None), default=None)
    opens = max((person.opens for person in credible), default=0)
    if opens > 1:
        return f"Opened {opens} times, last{_on(last_at, now, tz)}"
    if credible:
        return f"Opened{_on(last_at, now, tz)}"
    if any(person.rung is Rung.CONFIRMED for person in people):
        return "Confirmed as read"
    if any(person.rung > Rung.PROBABLY_OPENED for person in people):
        return "Opened"
    probable_at = max((person.probably_opened_at for person in people if person.probably_opened_at), default=None)
    return f"Probably opened{_on(probable_at, now, tz)}"


def _away(people: Sequence[Awaited], today: date) -> str:
    returns_on = min(person.returns_on for person in people if person.returns_on is not None)
    if returns_on > today:
        return f"Back on {day_name(returns_on, today)}"
    return "Back today" if returns_on == today else f"Back since {day_name(returns_on, today)}, no reply"


def _silence(follow_up: FollowUp, today: date, tz: tzinfo | None) -> str:
    # A date that is stated but does not count is one that is over.
    is_away = any(person.is_away and person.returns_on is None for person in follow_up.people)
    away = ". An automatic answer says they are away" if is_away else ""
    if follow_up.due is Due.NEXT:
        return f"No answer yet{away}"
    days = count(follow_up.waited_days, "working day", "working days")
    if follow_up.waited_days == 0:
        return f"No answer yet{away}"
    if follow_up.waited_days > _LONG_DAYS:
        return f"No answer since {day_name(follow_up.sent_at.astimezone(tz).date(), today)}{away}"
    return f"No answer for {days}{away}"
