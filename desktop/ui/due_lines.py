"""What is due as the lines of a list: "Today" by what is to be done, the whole list by when it is due; pure.

A question about a conversation stands for the reason that asks the same; the user answers it once.  What has been
silent for so long that it presses no more is folded into one line at the end, which says how much it is: a first
reading of a mailbox finds months of it.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, overload

from desktop.core.followup import Due, FollowUp, FollowUpKind
from desktop.core.workdays import WorkCalendar
from desktop.store.folders import AccountReading, Incoming
from desktop.store.questions import Question
from desktop.ui import followup_words, glyphs, question_words, words
from desktop.ui.due_model import DueGroup, DueLine, Lines
from desktop.ui.glyphs import Glyph

QUESTIONS: Final = frozenset({FollowUpKind.POSSIBLE_REPLY, FollowUpKind.POSSIBLE_BOUNCE})
_TO_MEND: Final = QUESTIONS | {FollowUpKind.NOT_DELIVERED}
_OPENED: Final = frozenset({FollowUpKind.WARM, FollowUpKind.CLICKED_NO_REPLY, FollowUpKind.OPENED_NO_REPLY})
# Who comes back within so many days is named in "Today" before they are due.
_SOON: Final = timedelta(days=7)
AWAY_GROUP: Final = "Back, or back within a week"
# Silence that has been due for more working days than these is old.  A failed delivery is to be mended at any age.
OLD_AFTER_DAYS: Final = 20
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

    `today` and `whole` are the two lists, made where the reading is made, so that no window waits for them.
    """

    now: datetime
    calendar: WorkCalendar
    follow_ups: tuple[FollowUp, ...]
    questions: tuple[Question, ...] = ()
    readings: tuple[AccountReading, ...] = ()
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

    def unknown_words(self) -> tuple[str, str] | None:
        """Return what an empty list says where silence is not known; None where nobody is really awaited."""
        states = {each.incoming for each in self.readings}
        if Incoming.NOT_READ in states:
            return (
                "Your mail has not been read yet",
                "So nobody is listed. It is read while Readback is open; below stands what is in the way.",
            )
        if Incoming.OLDER_TO_COME in states:
            return "Your older mail is not read yet", "Until it is, nobody is said not to have answered."
        return None

    def of_conversation(self, conversation_id: int) -> FollowUp | None:
        """Return what is due in a conversation, None where nothing is."""
        return next((each for each in self.follow_ups if each.conversation_id == conversation_id), None)


def today_groups(reading: DueReading) -> tuple[DueGroup, ...]:
    """Return what is to be done now, by what it is; who comes back soon; and, folded, what is old."""
    found = _plain(reading)
    old, due = _parted(reading, [each for each in found if each.due is not Due.NEXT])
    soon = (reading.now + _SOON).date()
    away = [each for each in due if each.kind is FollowUpKind.AWAY]
    away += [each for each in found if each.kind is FollowUpKind.AWAY and each.due is Due.NEXT]
    away = sorted((each for each in away if each.due_on <= soon and each.snoozed_until is None), key=_due_on)

    def group(title: str, chosen: Iterable[FollowUp]) -> DueGroup:
        return DueGroup(title=title, lines=_lines(chosen, reading, is_dated=False))

    return (
        _questions(reading),
        group("Not delivered", (each for each in due if each.kind is FollowUpKind.NOT_DELIVERED)),
        group("Opened, and no reply", (each for each in due if each.kind in _OPENED)),
        group("Waiting for an answer", (each for each in due if each.kind is FollowUpKind.NO_ANSWER)),
        group(AWAY_GROUP, away),
        group("Look at it yourself", (each for each in due if each.kind in QUESTIONS)),
        _older(old, reading, is_dated=False),
    )


def due_groups(reading: DueReading) -> tuple[DueGroup, ...]:
    """Return the whole list: overdue, today, next; what was put off stands last of these, and what is old is folded."""
    old, found = _parted(reading, _plain(reading))

    def group(due: Due) -> DueGroup:
        chosen = (each for each in found if each.due is due)
        return DueGroup(title=followup_words.GROUPS[due], lines=_lines(chosen, reading, is_dated=True))

    return (_questions(reading), *(group(due) for due in Due), _older(old, reading, is_dated=True))


def _due_on(follow_up: FollowUp) -> date:
    return follow_up.due_on


def _parted(reading: DueReading, found: Iterable[FollowUp]) -> tuple[list[FollowUp], list[FollowUp]]:
    """Return what is old and what is not."""
    today = reading.now.date()
    # Among ten thousands there are but a few hundred different days.
    ages: dict[date, int] = {}
    old: list[FollowUp] = []
    rest: list[FollowUp] = []
    for each in found:
        is_old = False
        if each.due is Due.OVERDUE and each.kind not in _TO_MEND:
            days = ages.get(each.due_on)
            if days is None:
                days = ages[each.due_on] = reading.calendar.between(each.due_on, today)
            is_old = days > OLD_AFTER_DAYS
        (old if is_old else rest).append(each)
    return old, rest


def _older(old: Iterable[FollowUp], reading: DueReading, *, is_dated: bool) -> DueGroup:
    lines = _lines(old, reading, is_dated=is_dated)
    return DueGroup(title="Older", lines=lines, fold_text=followup_words.older_line(len(lines)))


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


def _lines(found: Iterable[FollowUp], reading: DueReading, *, is_dated: bool) -> "FollowUpLines":
    return FollowUpLines(found=tuple(found), now=reading.now, on=reading.now.date(), is_dated=is_dated)


def _questions(reading: DueReading) -> DueGroup:
    return DueGroup(title="A question", lines=tuple(_question_line(each, reading) for each in reading.questions))


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpLines(Lines):
    """The lines of these follow-ups; in the corner stands when they are due if `is_dated`, else how old the mail is.

    Nothing in a line changes with the hour, so lines made on one day are equal.
    """

    found: tuple[FollowUp, ...]
    now: datetime = field(compare=False)
    on: date
    is_dated: bool

    def __len__(self) -> int:
        return len(self.found)

    @overload
    def __getitem__(self, index: int) -> DueLine: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[DueLine, ...]: ...
    def __getitem__(self, index: int | slice) -> DueLine | tuple[DueLine, ...]:
        """Make a line, or some."""
        if isinstance(index, slice):
            return tuple(self._made(each) for each in self.found[index])
        return self._made(self.found[index])

    def __iter__(self) -> Iterator[DueLine]:
        return map(self._made, self.found)

    def keys(self) -> Iterator[Hashable]:
        """Return the lines' keys in their order."""
        return map(_key_of, self.found)

    def _made(self, each: FollowUp) -> DueLine:
        if self.is_dated:
            return _follow_up_line(each, self.now, words.capital(followup_words.due_line(each, self.now)))
        return _follow_up_line(each, self.now, words.age(each.sent_at, self.now, self.now.tzinfo))


def due_key(conversation_id: int) -> Hashable:
    """Return the key of a conversation's line."""
    return ("due", conversation_id)


def question_key(arrival_id: int) -> Hashable:
    """Return the key of a question's line."""
    return ("ask", arrival_id)


def without(groups: Iterable[DueGroup], keys: Collection[Hashable]) -> tuple[DueGroup, ...]:
    """Return the groups without the lines of these keys; a group that loses none is the same one."""
    return tuple(_without(group, keys) for group in groups)


def _without(group: DueGroup, keys: Collection[Hashable]) -> DueGroup:
    if isinstance(group.lines, FollowUpLines):
        found = tuple(each for each in group.lines.found if _key_of(each) not in keys)
        lines: Sequence[DueLine] = replace(group.lines, found=found)
    else:
        lines = tuple(each for each in group.lines if each.key not in keys)
    if len(lines) == len(group.lines):
        return group
    return replace(group, lines=lines, fold_text=followup_words.older_line(len(lines)) if group.fold_text else "")


def _key_of(follow_up: FollowUp) -> Hashable:
    return due_key(follow_up.conversation_id)


def _follow_up_line(follow_up: FollowUp, now: datetime, corner: str) -> DueLine:
    notes = [followup_words.note_line(follow_up)]
    if follow_up.snoozed_until is not None:
        notes.insert(0, f"Put off until {words.moment_ahead(follow_up.snoozed_until, now)}")
    return DueLine(
        key=_key_of(follow_up),
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
        key=question_key(question.arrival_id),
        conversation_id=question.conversation_id,
        glyph=Glyph.UNCERTAIN,
        person=words.capital(question_words.people_of(question)),
        subject=words.one_line(question.subject) or "No subject",
        reason=question_words.asked(question),
        age=words.age(question.at, reading.now, reading.now.tzinfo),
        question=question,
    )
