"""What would become of a message, without sending it: each recipient's copy and the rule that decided.

The same decisions as on the way out, with grounds that are only supposed and a channel that nobody listens to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from desktop.accounts.channel import Channel
from desktop.accounts.own_channels import marks_of
from desktop.core.address import normalised
from desktop.core.grounds import AskWhen, Grounds
from desktop.core.marker import find_marker
from desktop.core.ownmarks import without_own_marks
from desktop.core.parse import message_facts
from desktop.core.permission import SEEING, Method, Permission, Standing
from desktop.core.policy import WhyNot, decide
from desktop.core.rewrite import Refusal, Survey, survey
from desktop.outgoing.copies import Drafting, Frame, blank_rows
from desktop.outgoing.offers import Offer
from desktop.outgoing.transparency import whole_lines
from desktop.store.mail import NewCopy
from relay.wire.claims import fit_name
from relay.wire.language import Language
from relay.wire.purpose import Purpose
from relay.wire.token import TokenType


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """One recipient's copy; `links` are the destinations that would be tracked, `detail` the rule's own words.

    `asked` are the purposes that it asks for, `not_asked` is why a question that was wanted could not be put in, and
    `confirms` says that the "got it" marker became a link; `language` is that of the lines added.
    """

    address: str
    octets: bytes = field(repr=False)
    purposes: frozenset[Purpose] = frozenset()
    links: tuple[str, ...] = ()
    why_not: WhyNot | None = None
    detail: str = ""
    asked: frozenset[Purpose] = frozenset()
    not_asked: WhyNot | None = None
    confirms: bool = False
    language: Language | None = None


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


def permitted(address: str, now: datetime) -> Grounds:
    """Return the grounds of somebody who is supposed to have allowed opens and clicks now; raise Malformed."""
    permission = Permission(
        address=normalised(address),
        standing=Standing.GRANTED,
        purposes=SEEING,
        method=Method.SPOKEN,
        evidence="supposed",
        granted_at=now,
    )
    return Grounds(permission=permission)


def to_be_asked(address: str) -> Grounds:
    """Return the grounds of somebody who is to be asked in this mail; raise Malformed."""
    permission = Permission(address=normalised(address), standing=Standing.UNKNOWN)
    return Grounds(permission=permission, ask_when=AskWhen.FIRST)


def inspect(
    raw: bytes,
    *,
    recipients: Sequence[str],
    grounds: Mapping[str, Grounds],
    channel: Channel,
    now: datetime,
    convert_flowed: bool = True,
    adds_confirm: bool = False,
) -> tuple[Inspected, ...]:
    """Return what each of `recipients` would get; who is not in `grounds` (by normalised address) allowed nothing.

    A copy to which nothing is added is `raw` itself, line ends and all, unless it quotes a mark of the channel's or
    holds the "got it" marker.  Raises Malformed for an address that is none.
    """
    facts = message_facts(raw)
    own, whole = marks_of(channel), whole_lines(raw)
    cleaned = without_own_marks(whole, own)
    frame = Frame(
        channel=channel,
        offer=Offer(),
        sender=fit_name("" if facts.from_ is None else facts.from_.name or facts.from_.address) or "the sender",
        now=now,
        is_stopped=lambda _tag: False,
        marked=find_marker(cleaned) if adds_confirm else None,
        own_bases=own.bases,
        convert_flowed=convert_flowed,
    )
    drafting = Drafting(cleaned, frame)
    surveyed = survey(cleaned, own_bases=own.bases, convert_flowed=convert_flowed)
    found = []
    for row in blank_rows([normalised(address) for address in recipients], facts):
        nothing = Grounds(permission=Permission(address=row.address, standing=Standing.UNKNOWN), ask_when=AskWhen.NEVER)
        theirs = grounds.get(row.address, nothing)
        decision = decide(theirs, has_relay=True, now=now)
        draft = drafting.draft(row, theirs, decision)
        octets = raw if draft.octets is cleaned and cleaned is whole else draft.octets
        language = drafting.language(theirs) if draft.has_marks else None
        not_asked = _not_asked(surveyed) if decision.ask and draft.row.ask is None else None
        found.append(_inspected(draft.row, octets, surveyed, language, not_asked))
    return tuple(found)


def _not_asked(surveyed: Survey | Refusal) -> WhyNot:
    """Return why the message took no question: for want of a place, or of letters for its line."""
    return surveyed.why if isinstance(surveyed, Refusal) else WhyNot.LINE_NOT_WRITABLE


def _inspected(
    row: NewCopy, octets: bytes, surveyed: Survey | Refusal, language: Language | None, not_asked: WhyNot | None
) -> Inspected:
    is_refused = isinstance(surveyed, Refusal) and surveyed.why in {row.why_not, not_asked}
    detail = surveyed.detail if isinstance(surveyed, Refusal) and is_refused else ""
    return Inspected(
        address=row.address,
        octets=octets,
        purposes=row.purposes,
        links=tuple(token.destination for token in row.tokens if token.destination is not None),
        why_not=row.why_not,
        detail=detail,
        asked=frozenset() if row.ask is None else row.ask.claims.purposes,
        not_asked=not_asked,
        confirms=any(token.type is TokenType.CONFIRM for token in row.tokens),
        language=language,
    )
