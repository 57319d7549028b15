"""What would become of a message, without sending it: each recipient's copy and the rule that decided.

The same decisions as on the way out, with permissions that are only supposed and a channel that nobody listens to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from desktop.accounts.channel import Channel
from desktop.accounts.own_channels import marks_of
from desktop.core.address import normalised
from desktop.core.ownmarks import without_own_marks
from desktop.core.parse import message_facts
from desktop.core.permission import SEEING, Method, Permission, Standing
from desktop.core.policy import WhyNot
from desktop.core.rewrite import Refusal, survey
from desktop.outgoing.copies import blank_rows, draft_copy
from desktop.outgoing.offers import Offer
from desktop.outgoing.transparency import whole_lines
from relay.wire.purpose import Purpose
from relay.wire.token import TokenType


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """One recipient's copy; `links` are the destinations that would be tracked, `detail` the rule's own words."""

    address: str
    octets: bytes = field(repr=False)
    purposes: frozenset[Purpose] = frozenset()
    links: tuple[str, ...] = ()
    why_not: WhyNot | None = None
    detail: str = ""


def sample_channel() -> Channel:
    """Return a channel of example hosts whose tokens no relay takes."""
    return Channel(
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


def permitted(address: str, now: datetime) -> Permission:
    """Return the permission for opens and clicks that `address` is supposed to have given now; raise Malformed."""
    return Permission(
        address=normalised(address),
        standing=Standing.GRANTED,
        purposes=SEEING,
        method=Method.SPOKEN,
        evidence="supposed",
        granted_at=now,
    )


def inspect(
    raw: bytes,
    *,
    recipients: Sequence[str],
    permissions: Mapping[str, Permission],
    channel: Channel | None,
    now: datetime,
    convert_flowed: bool = True,
) -> tuple[Inspected, ...]:
    """Return what each of `recipients` would get; who is not in `permissions` (normalised addresses) gave none.

    An untracked copy is `raw` itself, line ends and all, unless it quotes a mark of the channel's.  Raises Malformed
    for an address that is none.
    """
    facts = message_facts(raw)
    own, whole = marks_of(channel), whole_lines(raw)
    cleaned = without_own_marks(whole, own)
    surveyed = survey(cleaned, own_bases=own.bases, convert_flowed=convert_flowed)
    sender = "" if facts.from_ is None else facts.from_.name or facts.from_.address
    found = []
    for row in blank_rows([normalised(address) for address in recipients], facts):
        nothing = Permission(address=row.address, standing=Standing.UNKNOWN)
        draft = draft_copy(
            surveyed,
            raw if cleaned is whole else cleaned,
            row,
            permission=permissions.get(row.address, nothing),
            channel=channel,
            offer=Offer(),
            sender=sender,
            now=now,
            is_stopped=lambda _tag: False,
        )
        is_message = isinstance(surveyed, Refusal) and draft.row.why_not is surveyed.why
        found.append(
            Inspected(
                address=row.address,
                octets=draft.octets,
                purposes=draft.row.purposes,
                links=tuple(token.destination for token in draft.row.tokens if token.destination is not None),
                why_not=draft.row.why_not,
                detail=surveyed.detail if is_message and isinstance(surveyed, Refusal) else "",
            )
        )
    return tuple(found)
