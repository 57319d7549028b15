"""Whether a person is asked to allow tracking, and for what: once by itself, and again by hand after a long silence.

A question is asked for every purpose there is, each with a box of its own: what is not offered cannot be chosen.
"""

from datetime import datetime, timedelta
from typing import Final

from desktop.core.grounds import AskWhen, Grounds
from desktop.core.permission import REFUSING, Permission, Standing
from relay.wire.purpose import Purpose

# Silence means no: for so long nobody is asked a second time, whoever wishes it.
SILENCE: Final = timedelta(days=180)
OFFERED: Final = frozenset(Purpose)


def is_to_be_asked(grounds: Grounds, now: datetime) -> bool:
    """Return whether the next mail to this person asks; nobody asks who has a permission already.

    The user's own word, that the person wants to be asked, counts even after a no; it does not shorten the silence.
    """
    if grounds.permission.standing is Standing.GRANTED or not grounds.can_answer:
        return False
    if grounds.is_asking_wanted:
        return can_ask_by_hand(grounds.asked_at, now)
    if not is_never_asked(grounds.permission) or grounds.asked_at is not None:
        return False
    return grounds.ask_when is AskWhen.FIRST or (grounds.ask_when is AskWhen.ANSWERED and grounds.has_answered)


def is_never_asked(permission: Permission) -> bool:
    """Return whether a person was never asked and never said anything, as far as is certain."""
    is_unknown = permission.standing is Standing.UNKNOWN and permission.asked_at is None
    return is_unknown and not permission.is_uncertain


def can_ask_by_hand(asked_at: datetime | None, now: datetime) -> bool:
    """Return whether the user may have a question put into the next mail."""
    return asked_at is None or now - asked_at >= SILENCE


def generation_of_yes(permission: Permission) -> int:
    """Return the generation that a yes would begin: a new one after a no, as what was stopped stays stopped."""
    return permission.generation + (permission.standing in REFUSING)
