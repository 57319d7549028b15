"""Stops given and taken, whole, so that either side may have been restored from an older backup.

A channel that was deleted brings its recipients' wishes to delete as well: each is carried out, and then said to be.
"""

from datetime import datetime

from desktop.store.answers import record_answers
from desktop.store.database import Store
from desktop.store.people import all_stop_tags, record_stops
from desktop.tracking.client import Exchanged, RelayClient, Wish
from relay.wire.answer import Answer, AnswerKind
from relay.wire.token import RANDOM_ID_BYTES


def exchange_stops(client: RelayClient, store: Store, now: datetime) -> Exchanged:
    """Make both sides know every stop, and carry out what is wished; raises Unreachable, NotAuthorised, StoreTrouble.

    A wish bears no time: what was recorded until it is heard of is deleted.
    """
    known = all_stop_tags(store)
    found = client.exchange_stops(known)
    record_stops(store, found.tags - known, now)
    if found.wishes:
        record_answers(store, [_answer_of(wish, now) for wish in found.wishes], now=now)
        client.exchange_stops(known | found.tags, done=[wish.key for wish in found.wishes])
    return found


def _answer_of(wish: Wish, now: datetime) -> Answer:
    return Answer(
        id=wish.key,
        kind=AnswerKind.DELETE,
        token_id=bytes(RANDOM_ID_BYTES),
        tag=wish.tag,
        at_ms=round(now.timestamp() * 1_000),
    )
