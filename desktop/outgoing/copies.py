"""The copies of one message: who gets a tracked one, what is in it, and the rows that are on disk before it leaves.

An untracked copy is the message as it came, byte for byte but for the marks of earlier copies that it quotes, which are
out before anything here begins.  A shared copy is always untracked: a stop link in it could not say who among the
recipients pressed it, and a stop must hold for exactly that person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from desktop.accounts.channel import Channel
from desktop.core.address import normalised
from desktop.core.grounds import Grounds
from desktop.core.parse import MessageFacts
from desktop.core.permission import Permission, usable
from desktop.core.policy import WhyNot, decide
from desktop.core.rewrite import Refusal, Survey, can_carry, splice
from desktop.outgoing.minting import mint_marks, tag_of
from desktop.outgoing.offers import Offer
from desktop.store.accounts import AccountRow
from desktop.store.mail import NewCopy
from relay.wire.purpose import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What goes out in one transaction, and to whom, as indices of the recipients."""

    octets: bytes = field(repr=False)
    indices: tuple[int, ...]
    is_tracked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One recipient's copy before its row is on disk."""

    octets: bytes = field(repr=False)
    row: NewCopy

    @property
    def is_tracked(self) -> bool:
        """Whether there is anything in it that can be hit."""
        return bool(self.row.tokens)


def draft_copy(
    surveyed: Survey | Refusal,
    raw: bytes,
    row: NewCopy,
    *,
    permission: Permission,
    channel: Channel | None,
    offer: Offer,
    sender: str,
    now: datetime,
    is_stopped: Callable[[bytes], bool],
) -> Draft:
    """Return one recipient's copy: tracked where everything allows it, else `raw` with the reason why not.

    `is_stopped` says of a tag whether it was stopped; it may know of stops that the permission does not show.
    """
    decision = decide(Grounds(permission=permission), has_relay=channel is not None, now=now)
    if decision.why_not is not None or channel is None:
        return _untracked(raw, row, decision.why_not or WhyNot.NO_RELAY)
    if isinstance(surveyed, Refusal):
        return _untracked(raw, row, surveyed.why)
    links = surveyed.links
    purposes = usable(decision.track if links else decision.track - {Purpose.CLICKS})
    if not purposes:
        return _untracked(raw, row, WhyNot.NOTHING_TO_TRACK)
    tag = tag_of(channel, permission)
    if is_stopped(tag):
        # The row names the tag, so that the stop takes hold of the person now.
        stopped = untracked_row(row, WhyNot.STOPPED)
        return Draft(octets=raw, row=replace(stopped, tag=tag, generation=permission.generation))
    marks = mint_marks(channel, permission, tag=tag, purposes=purposes, links=links, sender=sender, now=now)
    if not can_carry(surveyed, marks.additions.line):
        return _untracked(raw, row, WhyNot.LINE_NOT_WRITABLE)
    octets = splice(surveyed, marks.additions)
    if not offer.fits(len(octets)):
        return _untracked(raw, row, WhyNot.TOO_LARGE)
    tracked = NewCopy(
        address=row.address,
        name=row.name,
        role=row.role,
        purposes=purposes,
        tag=tag,
        generation=permission.generation,
        tokens=marks.tokens,
    )
    return Draft(octets=octets, row=tracked)


def _untracked(raw: bytes, row: NewCopy, why_not: WhyNot) -> Draft:
    return Draft(octets=raw, row=untracked_row(row, why_not))


def untracked_row(row: NewCopy, why_not: WhyNot, *, shared: bool = False) -> NewCopy:
    """Return the row of a copy that goes out as it came."""
    return NewCopy(address=row.address, name=row.name, role=row.role, why_not=why_not, shared=shared)


def blank_rows(recipients: Sequence[str], facts: MessageFacts) -> tuple[NewCopy, ...]:
    """Return each recipient with the name and role the headers give them; who stands in none of them is Bcc."""
    named = {normalised(each.address): (each.name, "cc") for each in facts.cc}
    named |= {normalised(each.address): (each.name, "to") for each in facts.to}
    return tuple(
        NewCopy(address=address, name=name, role=role)
        for address in recipients
        for name, role in [named.get(normalised(address), ("", "bcc"))]
    )


def sender_name(account: AccountRow, sender: str, facts: MessageFacts) -> str:
    """Return how the visible line names the sender: the From name, the identity's, or else the address."""
    if facts.from_ is not None and facts.from_.name:
        return facts.from_.name
    for identity in account.identities:
        if identity.address.lower() == sender.lower() and identity.name:
            return identity.name
    return sender
