"""What is due as the lines of a list: "Today" by what is to be done, the whole list by when it is due; pure.

A question about a conversation stands for the reason that asks the same; the user answers it once.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from desktop.core.followup import Due, FollowUp, FollowUpKind
from desktop.core.workdays import WorkCalendar
from desktop.store.questions import Question
from desktop.ui import followup_words, glyphs, question_words, words
from desktop.ui.due_model import DueGroup, DueLine
from desktop.ui.glyphs import Glyph

QUESTIONS: Final = frozenset({FollowUpKind.POSSIBLE_REPLY, FollowUpKind.POSSIBLE_BOUNCE})
_OPENED: Final = frozenset({FollowUpKind.WARM, FollowUpKind.CLICKED_NO_REPLY, FollowUpKind.OPENED_NO_REPLY})
# Who comes back within so many days is named in "Today" before they are due.
_SOON: Final = timedelta(days=7)
_GLYPHS: Final = {
    FollowUpKind.NOT_DELIVERED: Glyph.NOT_DELIVERED,
    FollowUpKind.POSSIBLE_BOUNCE: Glyph.UNCERTAIN,
    FollowUpKind.POSSIBLE_REPLY: Glyph.UNCERTAIN,
    FollowUpKind.WARM: Glyph.OPENED,
    FollowUpKind.CLICKED_NO_REPLY: Glyph.CLICKED,
    FollowUpKind.AWAY: Glyph.AWAY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReading:
    """What one reading found; `now` is its moment in the user's zone, and `calendar` their working days.

    `today` and `whole` are the two lists, made where the reading is made, so that no window waits for thousands of
    lines.
    """

    now: datetime
    calendar: WorkCalendar
    follow_ups: tuple[FollowUp, ...]
    questions: tuple[Question, ...] = ()
    today: tuple[DueGroup, ...] = ()
    whole: tuple[DueGroup, ...] = ()

    def with_lists(self) -> "DueReading":
        """Return the reading with both lists made."""
        return replace(self, today=today_groups(self), whole=due_groups(self))

    def next_at(self) -> datetime:
        """Return when this is out of date by itself: as the day ends, or as something put off comes back."""
        midnight = (self.now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        ends = (each.snoozed_until for each in self.follow_ups if each.snoozed_until is not None)
        return min([midnight, *(end for end in ends if end > self.now)])

    def of_conversation(self, conversation_id: int) -> FollowUp | None:
        """Return what is due in a conversation, None where nothing is."""
        return next((each for each in self.follow_ups if each.conversation_id == conversation_id), None)


def today_groups(reading: DueReading) -> tuple[DueGroup, ...]:
    """Return what is to be done now, by what it is; and who comes back soon."""
    due = [each for each in _plain(reading) if each.due is not Due.NEXT]
    by_kind = _grouping(reading, lambda each: words.age(each.sent_at, reading.now, reading.now.tzinfo))
    soon = (reading.now + _SOON).date()
    away = [each for each in _plain(reading) if each.kind is FollowUpKind.AWAY and each.snoozed_until is None]
    away = sorted((each for each in away if each.due_on <= soon), key=lambda each: each.due_on)
    return (
        DueGroup(title="A question", lines=tuple(_question_line(each, reading) for each in reading.questions)),
        by_kind("Not delivered", (each for each in due if each.kind is FollowUpKind.NOT_DELIVERED)),
        by_kind("Opened, and no reply", (each for each in due if each.kind in _OPENED)),
        by_kind("Waiting for an answer", (each for each in due if each.kind is FollowUpKind.NO_ANSWER)),
        by_kind("Away and back", away),
        by_kind("Look at it yourself", (each for each in due if each.kind in QUESTIONS)),
    )


def due_groups(reading: DueReading) -> tuple[DueGroup, ...]:
    """Return the whole list: overdue, today, next; what was put off stands last."""
    by_due = _grouping(reading, lambda each: words.capital(followup_words.due_line(each, reading.now)))
    asked = DueGroup(title="A question", lines=tuple(_question_line(each, reading) for each in reading.questions))
    found = _plain(reading)
    return (
        asked,
        *(by_due(followup_words.GROUPS[due], (each for each in found if each.due is due)) for due in Due),
    )


def is_nothing(groups: Iterable[DueGroup]) -> bool:
    """Say whether no group has a line."""
    return not any(group.lines for group in groups)


def next_sentence(reading: DueReading) -> str:
    """Return what comes next, as "Next: Anna Berg on Tuesday."; empty where nothing is awaited."""
    coming = [each for each in _plain(reading) if each.due is Due.NEXT and each.snoozed_until is None]
    if not coming:
        return ""
    first = min(coming, key=lambda each: each.due_on)
    return f"Next: {followup_words.people_line(first)} {followup_words.due_line(first, reading.now)}."


def _plain(reading: DueReading) -> list[FollowUp]:
    """Return the follow-ups but for those that a question asks already."""
    asked = {question.conversation_id for question in reading.questions}
    return [each for each in reading.follow_ups if each.kind not in QUESTIONS or each.conversation_id not in asked]


def _grouping(reading: DueReading, corner: Callable[[FollowUp], str]) -> Callable[[str, Iterable[FollowUp]], DueGroup]:
    def group(title: str, found: Iterable[FollowUp]) -> DueGroup:
        return DueGroup(title=title, lines=tuple(_follow_up_line(each, reading.now, corner(each)) for each in found))

    return group


def _follow_up_line(follow_up: FollowUp, now: datetime, corner: str) -> DueLine:
    notes = [followup_words.note_line(follow_up)]
    if follow_up.snoozed_until is not None:
        notes.insert(0, f"Put off until {words.moment_ahead(follow_up.snoozed_until, now)}")
    return DueLine(
        key=("due", follow_up.conversation_id),
        conversation_id=follow_up.conversation_id,
        glyph=glyph_of(follow_up),
        person=followup_words.people_line(follow_up) or "Nobody",
        subject=words.one_line(follow_up.subject) or "No subject",
        reason=followup_words.reason_line(follow_up, now, now.tzinfo),
        note=" · ".join(note for note in notes if note),
        age=corner,
        follow_up=follow_up,
    )


def glyph_of(follow_up: FollowUp) -> Glyph:
    """Return the shape of a reason."""
    known = _GLYPHS.get(follow_up.kind)
    if known is not None:
        return known
    return glyphs.glyph_of_rung(max(person.rung for person in follow_up.people))


def _question_line(question: Question, reading: DueReading) -> DueLine:
    return DueLine(
        key=("ask", question.arrival_id),
        conversation_id=question.conversation_id,
        glyph=Glyph.UNCERTAIN,
        person=words.capital(question_words.people_of(question)),
        subject=words.one_line(question.subject) or "No subject",
        reason=question_words.asked(question),
        age=words.age(question.at, reading.now, reading.now.tzinfo),
        question=question,
    )
