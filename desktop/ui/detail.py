"""What the view of one conversation shows, read in one go: its mail, and what the user said about it."""

from dataclasses import dataclass

from desktop.store.database import Store
from desktop.store.mail import ConversationDetail, conversation
from desktop.store.reminders import ReminderRow, reminder


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One conversation."""

    conversation: ConversationDetail
    reminder: ReminderRow


def read_detail(store: Store, conversation_id: int) -> Detail | None:
    """Return a conversation; None where there is none of that id, as after two became one."""
    found = conversation(store, conversation_id)
    if found is None:
        return None
    return Detail(conversation=found, reminder=reminder(store, conversation_id))
