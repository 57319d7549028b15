"""From one message to its copies: whether one is shared, what is decided for each recipient, and what rows are kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from desktop.core.marker import Marked, find_marker, without_marker
from desktop.core.parse import MessageFacts
from desktop.core.policy import WhyNot, decide
from desktop.outgoing.copies import (
    Copy,
    Drafting,
    Frame,
    blank_rows,
    sender_name,
    untracked_row,
    why_not_left_out,
)
from desktop.outgoing.means import Means
from desktop.outgoing.upstream import Upstream
from desktop.store.mail import NewCopy
from desktop.store.people import is_stopped

MAX_COPIES: Final = 5
MAX_COPIES_BYTES: Final = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A message to be put to some of its recipients: `todo` are their indices, `addresses` theirs in that order.

    `facts` reads the message's headers where they are needed.
    """

    raw: bytes = field(repr=False)
    sender: str
    todo: tuple[int, ...]
    addresses: Sequence[str]
    facts: Callable[[], MessageFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The copies, and their rows once they are asked for."""

    copies: list[Copy]
    rows: Callable[[], Sequence[NewCopy]]


def as_it_came(raw: bytes, todo: tuple[int, ...], *, is_shared: bool) -> list[Copy]:
    """Return copies to which nothing is added."""
    return [Copy(octets=raw, indices=todo)] if is_shared else [Copy(octets=raw, indices=(each,)) for each in todo]


def shares_one_copy(raw: bytes, todo: Sequence[int], upstream: Upstream) -> bool:
    """Return whether several recipients get one copy: the account says so, or their own ones would be too much."""
    is_much = len(todo) > MAX_COPIES or len(todo) * len(raw) > MAX_COPIES_BYTES
    return len(todo) > 1 and (upstream.account.shared_copy_only or is_much)


def make(means: Means, upstream: Upstream, order: Order, *, is_shared: bool) -> Made:
    """Return each recipient's copy as its grounds say; raises whatever fails about them, and then all is untracked."""
    account = upstream.account
    marked = find_marker(order.raw) if account.adds_confirm else None
    if is_shared:
        return _plain(order, marked, [WhyNot.SHARED] * len(order.todo), is_shared=True)
    channel, now = means.channel(), means.clock()
    grounds = [means.grounds(each, account.id) for each in order.addresses]
    decisions = [decide(each, has_relay=channel is not None, now=now) for each in grounds]
    if channel is None or not (marked or any(each.track or each.ask for each in decisions)):
        return _plain(order, marked, [each.why_not or WhyNot.NO_RELAY for each in decisions], is_shared=False)
    frame = Frame(
        channel=channel,
        offer=upstream.offer,
        sender=sender_name(account, order.sender, order.facts()),
        now=now,
        is_stopped=lambda tag: is_stopped(means.store, tag),
        marked=marked,
        wordings=means.wordings(),
        own_bases=means.own_marks().bases,
        convert_flowed=account.convert_flowed,
        sunset_days=account.sunset_days,
    )
    drafting = Drafting(order.raw, frame)
    blank = blank_rows(order.addresses, order.facts())
    drafts = [drafting.draft(*each) for each in zip(blank, grounds, decisions, strict=True)]
    copies = [
        Copy(octets=draft.octets, indices=(index,), has_marks=draft.has_marks)
        for draft, index in zip(drafts, order.todo, strict=True)
    ]
    return Made(copies=copies, rows=lambda: [draft.row for draft in drafts])


def _plain(order: Order, marked: Marked | None, reasons: Sequence[WhyNot], *, is_shared: bool) -> Made:
    octets = order.raw if marked is None else without_marker(marked)
    said = reasons if marked is None else [why_not_left_out(each) for each in reasons]
    return Made(
        copies=as_it_came(octets, order.todo, is_shared=is_shared),
        rows=lambda: untracked_rows(order, said, shared=is_shared),
    )


def untracked_rows(order: Order, reasons: Sequence[WhyNot], *, shared: bool = False) -> list[NewCopy]:
    """Return the rows of copies to which nothing is added, with each one's reason."""
    blank = blank_rows(order.addresses, order.facts())
    return [untracked_row(row, why_not, shared=shared) for row, why_not in zip(blank, reasons, strict=True)]
