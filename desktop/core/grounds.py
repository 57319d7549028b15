"""All that is decided from when a copy is to be tracked, or a question asked: one value, read in one go."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from desktop.core.permission import Permission
from relay.wire.language import Language


class Policy(StrEnum):
    """How the user goes about tracking; there is no hidden one."""

    ASK = "ask"
    TELL = "tell"
    OFF = "off"


class AskWhen(StrEnum):
    """When a person is asked: once they have answered, in the first mail, or never, as agreements are recorded."""

    ANSWERED = "answered"
    FIRST = "first"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What holds for one recipient of mail from one account.

    `policy` and `ask_when` are in force for this person: their own where the user chose one, else the account's.
    `country` is where the person is and `own_country` where the sender is, as ISO 3166-1 alpha-2, empty where that is
    not known; `is_listed` says that a do-not-track list names the person, or that they were erased and are to be let
    alone; `has_answered` that a mail of theirs ever came, and `can_answer` that somebody may read there who is not
    the user.  `is_asking_wanted` is the user's word to ask in the next mail whatever else would wait, `language` the
    account's.
    """

    permission: Permission
    policy: Policy = Policy.ASK
    ask_when: AskWhen = AskWhen.ANSWERED
    country: str = ""
    own_country: str = ""
    is_listed: bool = False
    is_ledger_sound: bool = True
    has_answered: bool = False
    can_answer: bool = True
    is_asking_wanted: bool = False
    asked_at: datetime | None = None
    language: Language = Language.ENGLISH
