"""What the view of one conversation shows, read in one go: its mail, and what the user said about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from desktop.core.where import PlaceOf, Reading, reading_of
from desktop.store.database import Store
from desktop.store.mail import ConversationDetail, conversation
from desktop.store.reminders import ReminderRow, reminder


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One conversation; `readings` are who and where by a hit's id, of copies sent with that permission."""

    conversation: ConversationDetail
    reminder: ReminderRow
    readings: Mapping[bytes, Reading] = field(default_factory=dict)


def read_detail(store: Store, conversation_id: int, place_of: PlaceOf) -> Detail | None:
    """Return a conversation; None where there is none of that id, as after two became one."""
    found = conversation(store, conversation_id)
    if found is None:
        return None
    return Detail(conversation=found, reminder=reminder(store, conversation_id), readings=_readings(found, place_of))


def _readings(shown: ConversationDetail, place_of: PlaceOf) -> dict[bytes, Reading]:
    lines = (
        (line, copy.purposes) for message in shown.messages for copy in message.copies for line in copy.status.evidence
    )
    readings = {
        line.hit.id: reading_of(line.hit, line.judgement, purposes, place_of=place_of)
        for line, purposes in lines
        if line.hit is not None and line.judgement is not None
    }
    return {hit_id: reading for hit_id, reading in readings.items() if reading is not None}
