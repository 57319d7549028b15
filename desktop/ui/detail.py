"""What the view of one conversation shows, read in one go: its mail, and what the user said about it.

Place and device, and reading time, are told where the copy was sent with that permission and the person's permission
holds it still: who stopped, withdrew or allows less now is not told of any more, though their earlier mail allowed it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from desktop.core.readingtime import ReadingTime, reading_time
from desktop.core.status import Aside
from desktop.core.where import PlaceOf, Reading, reading_of
from desktop.store.database import Store
from desktop.store.known import Question, questions_of
from desktop.store.mail import ConversationDetail, CopyRow, conversation
from desktop.store.people import permission_of
from desktop.store.reminders import ReminderRow, reminder
from relay.wire.purpose import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One conversation; `readings` are who and where by a hit's id, of each hit of which place may be known.

    A reading is empty where nothing is known of its hit.  `read_for` is how long a copy was read, and
    `questions` what it asked, by the copy's id.
    """

    conversation: ConversationDetail
    reminder: ReminderRow
    readings: Mapping[bytes, Reading] = field(default_factory=dict)
    read_for: Mapping[int, ReadingTime] = field(default_factory=dict)
    questions: Mapping[int, Question] = field(default_factory=dict)


def read_detail(store: Store, conversation_id: int, place_of: PlaceOf) -> Detail | None:
    """Return a conversation; None where there is none of that id, as after two became one."""
    found = conversation(store, conversation_id)
    if found is None:
        return None
    copies = [copy for message in found.messages for copy in message.copies]
    return Detail(
        conversation=found,
        reminder=reminder(store, conversation_id),
        readings=_readings([copy for copy in copies if _allows(store, copy, Purpose.PLACE)], place_of),
        questions=questions_of(store, [(copy.id, copy.address) for copy in copies]),
        read_for=_times([copy for copy in copies if _allows(store, copy, Purpose.READING)]),
    )


def _allows(store: Store, copy: CopyRow, purpose: Purpose) -> bool:
    """Say whether a purpose was allowed when the copy was sent, and is allowed now."""
    if purpose not in copy.purposes or Aside.STOPPED in copy.status.asides:
        return False
    return purpose in permission_of(store, copy.address).purposes


def _times(allowing: Iterable[CopyRow]) -> dict[int, ReadingTime]:
    times = ((copy.id, reading_time(copy.status.evidence, copy.purposes)) for copy in allowing)
    return {copy_id: time for copy_id, time in times if time is not None}


def _readings(placed: Iterable[CopyRow], place_of: PlaceOf) -> dict[bytes, Reading]:
    return {
        line.hit.id: reading_of(line.hit, line.judgement, copy.purposes, place_of=place_of) or Reading()
        for copy in placed
        for line in copy.status.evidence
        if line.hit is not None and line.judgement is not None
    }
