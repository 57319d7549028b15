"""People who were asked in a mail, and what they pressed on their page, as store and relay would have it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from desktop.core.address import Mailbox
from desktop.core.parse import MessageFacts
from desktop.core.policy import WhyNot
from desktop.store.asks import NewAsk, apply_consent
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.mail import CopyState, NewCopy, record_message, record_outcome
from relay.wire.answer import Answer, AnswerKind
from relay.wire.claims import Claims
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.wording import asked_text, wording_hash
from tests.ui.sample_data import NOW, octets

CLAIMS = Claims(sender="Kim Larsen", language=Language.ENGLISH, purposes=frozenset(Purpose))
ASKED_AT = NOW - timedelta(days=2, hours=3)
ANSWERED_AT = NOW - timedelta(days=1, hours=1)


def ask(store: Store, address: str, name: str, *, at: datetime = ASKED_AT, claims: Claims = CLAIMS) -> int:
    """Record a mail that asks a person; return its copy's id."""
    key = f"{address}{at.isoformat()}"
    asking = NewAsk(token_id=octets(key, 12), tag=octets(f"tag{address}", 8), generation=0, claims=claims)
    copy = NewCopy(address=address, name=name, tag=asking.tag, why_not=WhyNot.ASKED, ask=asking)
    facts = MessageFacts(
        subject="Samples",
        from_=Mailbox("Kim Larsen", "kim@larsen-office.example"),
        to=(Mailbox(name, address),),
        cc=(),
        message_id=f"<{octets(key, 6).hex()}@larsen-office.example>",
        in_reply_to="",
        references=(),
        date=at,
    )
    _, (copy_id,) = record_message(store, account_id=1, facts=facts, at=at, copies=(copy,))
    record_outcome(store, copy_id, CopyState.SENT, at=at, reply="250 ok")
    return copy_id


def press(store: Store, address: str, purposes: Iterable[Purpose], *, asked_at: datetime = ASKED_AT) -> Change:
    """Let a person answer on their page; no purpose is a no."""
    key = f"{address}{asked_at.isoformat()}"
    answer = Answer(
        id=octets(f"answer{key}", 16),
        kind=AnswerKind.CONSENT,
        token_id=octets(key, 12),
        tag=octets(f"tag{address}", 8),
        at_ms=round(ANSWERED_AT.timestamp() * 1000),
        purposes=frozenset(purposes),
        language=CLAIMS.language,
        wording=wording_hash(asked_text(CLAIMS)),
    )
    return store.write(lambda connection: (apply_consent(connection, answer, now=NOW), None))[0]
