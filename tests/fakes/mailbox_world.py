"""Mail that Hypothesis makes up, ways to let it arrive, and a picture of a store that says nothing of ids or order."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from desktop.core.address import Mailbox
from desktop.core.arrival import (
    Arrival,
    ArrivalKind,
    DeliveryAction,
    DeliveryReport,
    FailureReason,
    Receipt,
    ReceiptAnswer,
)
from desktop.core.parse import MessageFacts
from desktop.core.status import CopyState, CopyStatus
from desktop.store.arrivals import Batch, Recipient, SentMail, record_batch
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.folders import FolderRole, FolderRow
from desktop.store.mail import cards, conversation, record_outcome
from desktop.store.questions import questions
from tests.fakes.samples import SENT_AT

NOW: Final = SENT_AT + timedelta(days=60)
OWN: Final = "kim@sender.example"
PEOPLE: Final = ("anna@becker.example", "bob@lund.example", "stranger@else.example", OWN)
NAMES: Final = ("", "Anna Becker", "Bob")
SUBJECTS: Final = ("Offer", "Plan", "Re: Offer", "Automatic reply: Offer", "")
MESSAGE_IDS: Final = tuple(f"<{number}@x>" for number in range(6))
INBOX: Final = FolderRow(account_id=1, name="INBOX", role=FolderRole.INBOX, uid_validity=1, next_uid=1)

_moments = st.integers(0, 20).map(lambda hours: SENT_AT + timedelta(hours=hours))
_ids = st.sampled_from(MESSAGE_IDS)
_people = st.sampled_from(PEOPLE)


def mail_facts(
    sender: str = OWN,
    *,
    subject: str = "Offer",
    message_id: str = "",
    refs: Sequence[str] = (),
    to: Iterable[str] = (),
    dated: datetime | None = SENT_AT,
    name: str = "",
) -> MessageFacts:
    """Return what a mail says of itself, the last reference its parent."""
    return MessageFacts(
        subject=subject,
        from_=Mailbox(name, sender),
        to=tuple(Mailbox("", each) for each in to),
        cc=(),
        message_id=message_id,
        in_reply_to=refs[-1] if refs else "",
        references=tuple(refs),
        date=dated,
    )


def arrival(
    message_id: str,
    *refs: str,
    sender: str = PEOPLE[0],
    kind: ArrivalKind = ArrivalKind.MAIL,
    subject: str = "Re: Offer",
    after_h: float = 1,
    name: str = "",
    **more: Any,
) -> Arrival:
    """Return an arrival so many hours after `SENT_AT`; a report is about the last of `refs`."""
    is_mail = kind is ArrivalKind.MAIL
    return Arrival(
        kind=kind,
        facts=mail_facts(sender, subject=subject, message_id=message_id, refs=refs if is_mail else (), name=name),
        at=SENT_AT + timedelta(hours=after_h),
        about_ids=() if is_mail else tuple(reversed(refs)),
        **more,
    )


def sent(
    message_id: str, *refs: str, to: Sequence[str] = (PEOPLE[0],), subject: str = "Offer", after_h: float = 0
) -> SentMail:
    """Return a mail of ours so many hours after `SENT_AT`."""
    at = SENT_AT + timedelta(hours=after_h)
    return SentMail(
        facts=mail_facts(subject=subject, message_id=message_id, refs=refs, to=to, dated=at),
        at=at,
        recipients=tuple(Recipient(address=each, name=each.partition("@")[0].title()) for each in to),
    )


@st.composite
def sent_mails(draw: st.DrawFn, message_id: str) -> SentMail:
    """Return a mail of ours that may follow anything."""
    to = draw(st.lists(_people, min_size=1, max_size=2, unique=True))
    at = draw(_moments)
    return SentMail(
        facts=mail_facts(
            subject=draw(st.sampled_from(SUBJECTS)),
            message_id=message_id,
            refs=draw(st.lists(_ids, max_size=2)),
            to=to,
            dated=at,
        ),
        at=at,
        recipients=tuple(Recipient(address=each, name=draw(st.sampled_from(NAMES))) for each in to),
    )


@st.composite
def arrivals(draw: st.DrawFn, message_id: str) -> Arrival:
    """Return an incoming mail of any kind that may be about anything."""
    kind = draw(st.sampled_from(ArrivalKind))
    action = draw(st.sampled_from(DeliveryAction))
    report = DeliveryReport(
        recipient=draw(st.sampled_from(("", *PEOPLE))),
        action=action,
        reason=FailureReason.FULL if action is DeliveryAction.FAILED else None,
        diagnostic=draw(st.sampled_from(("", "452 full"))),
    )
    is_away = kind is ArrivalKind.AUTO_REPLY and draw(st.booleans())
    receipt = Receipt(
        recipient=draw(_people), answer=draw(st.sampled_from(ReceiptAnswer)), is_automatic=draw(st.booleans())
    )
    return Arrival(
        kind=kind,
        facts=mail_facts(
            draw(_people),
            subject=draw(st.sampled_from(SUBJECTS)),
            message_id=message_id,
            refs=draw(st.lists(_ids, max_size=2)),
            name=draw(st.sampled_from(NAMES)),
        ),
        at=draw(_moments),
        is_away=is_away,
        returns_on=draw(st.sampled_from((None, date(2026, 5, 11), date(2026, 5, 18)))) if is_away else None,
        deliveries=(report,) if kind in (ArrivalKind.BOUNCE, ArrivalKind.SUSPECTED_BOUNCE) else (),
        receipt=receipt if kind is ArrivalKind.RECEIPT else None,
        about_ids=tuple(draw(st.lists(_ids, max_size=2))) if kind is not ArrivalKind.MAIL else (),
    )


@st.composite
def _bare_sent(draw: st.DrawFn, message_id: str) -> SentMail:
    whole = draw(sent_mails(message_id))
    to = draw(st.sampled_from(PEOPLE[:2]))
    facts = mail_facts(subject="Offer", message_id=message_id, to=(to,), dated=whole.at)
    return replace(whole, facts=facts, recipients=(Recipient(address=to, name=draw(st.sampled_from(NAMES))),))


@st.composite
def _bare_arrivals(draw: st.DrawFn, message_id: str) -> Arrival:
    whole = draw(arrivals(message_id))
    facts = mail_facts(
        draw(st.sampled_from(PEOPLE[:2])),
        subject=draw(st.sampled_from(("Re: Offer", "Automatic reply: Offer"))),
        message_id=message_id,
    )
    return replace(whole, facts=facts, about_ids=())


Mail = SentMail | Arrival
Step = Mail | Callable[[Store], object]


@st.composite
def mails(draw: st.DrawFn) -> tuple[Mail, ...]:
    """Return up to eight mails, some with one Message-ID."""
    chosen = draw(st.lists(_ids, min_size=1, max_size=6, unique=True))
    # The same mail in a second folder, later; a mail of ours among those that came.
    more = draw(st.lists(st.sampled_from(chosen), max_size=2))
    return (*draw(_each(chosen)), *(draw(arrivals(each)) for each in more))


@st.composite
def _each(draw: st.DrawFn, chosen: Sequence[str]) -> tuple[Mail, ...]:
    if draw(st.booleans()):
        # Programs that drop References: subjects and people alone tell what belongs together.
        bare = [draw(st.one_of(_bare_sent(each), _bare_arrivals(each))) for each in chosen[:-1]]
        return (*bare, draw(st.one_of(sent_mails(chosen[-1]), arrivals(chosen[-1]))))
    return tuple(draw(st.one_of(sent_mails(each), arrivals(each))) for each in chosen)


@dataclass(frozen=True, slots=True)
class Way:
    """An order of steps, and after which of them a batch ends."""

    order: tuple[int, ...]
    cuts: frozenset[int]


@st.composite
def ways(draw: st.DrawFn, count: int) -> Way:
    """Return one way for so many steps to come."""
    order = draw(st.permutations(range(count)))
    return Way(tuple(order), frozenset(draw(st.sets(st.integers(0, max(count - 1, 0))))))


def batch(*mails_: Mail, is_news: bool = False, account_id: int = 1) -> Batch:
    """Return a batch of these mails, in this order."""
    return Batch(
        account_id=account_id,
        folder=INBOX,
        sent=tuple(each for each in mails_ if isinstance(each, SentMail)),
        arrivals=tuple(each for each in mails_ if isinstance(each, Arrival)),
        is_news=is_news,
    )


def record(store: Store, *mails_: Mail, is_news: bool = False) -> Change:
    """Keep these mails in one batch."""
    return record_batch(store, batch(*mails_, is_news=is_news), now=NOW)


def play(store: Store, steps: Sequence[Step], way: Way) -> None:
    """Let the steps come in this way; mails between two cuts make one batch."""
    waiting: list[Mail] = []
    for place, number in enumerate(way.order):
        step = steps[number]
        if isinstance(step, SentMail | Arrival):
            waiting.append(step)
            if place not in way.cuts:
                continue
        if waiting:
            record(store, *waiting)
            waiting = []
        if not isinstance(step, SentMail | Arrival):
            step(store)
    if waiting:
        record(store, *waiting)


def outcome(store: Store, copy_id: int) -> Change:
    """Say that the provider took a copy."""
    return record_outcome(store, copy_id, CopyState.SENT, at=SENT_AT)


def picture(store: Store) -> list[Any]:
    """Return everything a window can show, ids left out, in an order of its own."""
    copies: dict[int, str] = {}
    details = []
    for card in cards(store):
        detail = conversation(store, card.id)
        assert detail is not None
        details.append((card, detail))
        copies |= {copy.id: f"{each.message_id} {copy.address}" for each in detail.messages for copy in each.copies}
    asked = [
        (each.kind, sorted(copies[one.copy_id] for one in each.candidates), each.sender, each.subject, each.at)
        for each in questions(store)
    ]
    shown = [
        (
            replace(card, id=0),
            detail.subject,
            [
                (
                    each.message_id,
                    each.subject,
                    each.from_,
                    each.at,
                    [(copy.address, copy.name, copy.role, _status(copy.status)) for copy in each.copies],
                )
                for each in detail.messages
            ],
            sorted(
                repr(
                    (
                        each.kind,
                        each.at,
                        each.from_,
                        each.subject,
                        each.is_away,
                        each.returns_on,
                        [copies[one] for one in sorted(each.copy_ids, key=copies.__getitem__)],
                        bool(each.question),
                    )
                )
                for each in detail.arrivals
            ),
        )
        for card, detail in details
    ]
    return [sorted(shown, key=repr), sorted(asked, key=repr)]


def _status(status: CopyStatus) -> tuple[Any, ...]:
    evidence = sorted(
        repr(
            (
                line.at,
                line.kind,
                line.detail,
                line.counted,
                line.judgement,
                line.hit and line.hit.id,
                line.sign and (line.sign.reason, line.sign.returns_on),
            )
        )
        for line in status.evidence
    )
    return replace(status, evidence=()), evidence
