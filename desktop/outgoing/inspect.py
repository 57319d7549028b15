"""What would become of a message, without sending it: each recipient's copy and the rule that decided.

The same decisions as on the way out, with permissions that are only supposed and a channel that nobody listens to.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from desktop.accounts.channel import Channel
from desktop.core.address import normalised
from desktop.core.parse import message_facts
from desktop.core.permission import Method, Permission, Purpose, Standing
from desktop.core.policy import WhyNot
from desktop.core.rewrite import Refusal, survey
from desktop.outgoing.copies import blank_rows, draft_copy, own_bases
from desktop.outgoing.offers import Offer
from desktop.outgoing.transparency import has_forbidden, whole_lines
from relay.wire.token import TokenType

SAMPLE_CHANNEL: Final = Channel(
    picture_base="https://picture.example",
    link_base="https://link.example",
    relay_url="https://relay.example",
    channel_id=bytes(12),
    bearer="",
    private_key=bytes(32),
    tag_key=bytes(32),
    key_id=0,
    minting_keys={kind: bytes(32) for kind in TokenType},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedCopy:
    """One recipient's copy; `why_not` is None for a tracked one, `detail` says more where the message is the reason."""

    address: str
    role: str
    octets: bytes = field(repr=False)
    purposes: frozenset[Purpose]
    links: int
    why_not: WhyNot | None
    detail: str

    @property
    def sha256(self) -> str:
        """The copy's hash, equal to the message's where nothing was changed."""
        return hashlib.sha256(self.octets).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The message as it would go upstream, whether the listener would take it at all, and its copies."""

    raw: bytes = field(repr=False)
    is_accepted: bool
    copies: tuple[InspectedCopy, ...]

    @property
    def sha256(self) -> str:
        """The message's own hash."""
        return hashlib.sha256(self.raw).hexdigest()


def inspect(
    raw: bytes,
    recipients: Sequence[str],
    permitted: Collection[str],
    *,
    now: datetime,
    channel: Channel | None = SAMPLE_CHANNEL,
    convert_flowed: bool = True,
) -> Inspection:
    """Return what each of `recipients` would get if those in `permitted` allowed opens and clicks.

    Raises Malformed for an address that is none.
    """
    message = whole_lines(raw)
    allowed = {normalised(address) for address in permitted}
    facts = message_facts(message)
    surveyed = survey(message, own_bases=own_bases(channel), convert_flowed=convert_flowed)
    copies = []
    for row in blank_rows([normalised(address) for address in recipients], facts):
        draft = draft_copy(
            surveyed,
            message,
            row,
            permission=_supposed(row.address, is_allowed=row.address in allowed, now=now),
            channel=channel,
            offer=Offer(),
            sender=facts.from_.name or facts.from_.address if facts.from_ is not None else "",
            now=now,
        )
        is_message = isinstance(surveyed, Refusal) and draft.row.why_not is surveyed.why
        copies.append(
            InspectedCopy(
                address=row.address,
                role=row.role,
                octets=draft.octets,
                purposes=draft.row.purposes,
                links=sum(token.type is TokenType.CLICK for token in draft.row.tokens),
                why_not=draft.row.why_not,
                detail=surveyed.detail if is_message and isinstance(surveyed, Refusal) else "",
            )
        )
    return Inspection(raw=message, is_accepted=not has_forbidden(raw), copies=tuple(copies))


def _supposed(address: str, *, is_allowed: bool, now: datetime) -> Permission:
    if not is_allowed:
        return Permission(address=address, standing=Standing.UNKNOWN)
    return Permission(
        address=address,
        standing=Standing.GRANTED,
        purposes=frozenset(Purpose),
        method=Method.SPOKEN,
        evidence="supposed",
        granted_at=now,
    )
