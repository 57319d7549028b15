"""The copies of one message: what is in each, and the rows that are on disk before it leaves.

A copy to which nothing is added is the message as it came, byte for byte but for the marks of earlier copies that it
quotes, which are out before anything here begins, and for a "got it" marker.  A shared copy is always untracked and
asks nobody: a link in it could not say who among the recipients pressed it, and a stop must hold for exactly that
person.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from desktop.accounts.channel import Channel
from desktop.core.address import normalised
from desktop.core.asking import generation_of_yes
from desktop.core.disclosure import confirm_line, question_line, tracked_line
from desktop.core.grounds import Grounds
from desktop.core.marker import Marked, language_in_marked, with_line, without_marker
from desktop.core.parse import MessageFacts
from desktop.core.permission import usable
from desktop.core.policy import Decision, Ground, WhyNot, is_let_alone
from desktop.core.rewrite import Additions, Refusal, Survey, can_carry, language_in, splice, survey
from desktop.core.sunset import LONGEST_DAYS
from desktop.core.wordings import WordingKind, Wordings
from desktop.outgoing.minting import mint_confirm, mint_marks, mint_question, tag_of
from desktop.outgoing.offers import Offer
from desktop.store.accounts import AccountRow
from desktop.store.mail import NewCopy
from relay.wire.claims import Claims, fit_name
from relay.wire.language import Language
from relay.wire.purpose import Purpose

_KINDS: Final = {Ground.AGREED: WordingKind.AGREED, Ground.TOLD: WordingKind.TELL}
# Reasons that say by themselves why there is no link either.
_LET_ALONE: Final = frozenset({WhyNot.STOPPED, WhyNot.WITHDRAWN, WhyNot.DENIED, WhyNot.LISTED, WhyNot.LEDGER_BROKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What goes out in one transaction, and to whom, as indices of the recipients.

    `has_marks`: there is something in it to be hit or pressed, so that its row has to be on disk before it leaves.
    """

    octets: bytes = field(repr=False)
    indices: tuple[int, ...]
    has_marks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One recipient's copy before its row is on disk."""

    octets: bytes = field(repr=False)
    row: NewCopy

    @property
    def has_marks(self) -> bool:
        """Whether there is anything in it that can be hit or pressed."""
        return bool(self.row.tokens) or self.row.ask is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all copies of one message have in common.

    `sender` is how its lines name the sender, `own_bases` the hosts whose links are left alone, `marked` the message's
    "got it" marker.  `is_stopped` says of a tag whether it was stopped; it may know of stops that no permission shows.
    """

    channel: Channel
    offer: Offer
    sender: str
    now: datetime
    is_stopped: Callable[[bytes], bool]
    marked: Marked | None = None
    wordings: Wordings = field(default_factory=Wordings)
    own_bases: frozenset[str] = frozenset()
    convert_flowed: bool = True
    sunset_days: int = LONGEST_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One recipient's copy in the making: `octets` to which lines are added, and what was decided."""

    octets: bytes = field(repr=False)
    surveyed: Survey
    row: NewCopy
    tag: bytes
    language: Language
    grounds: Grounds
    decision: Decision


class Drafting:
    """Makes the copies of one message, one after the other."""

    def __init__(self, raw: bytes, frame: Frame) -> None:
        """Take the message and what its copies have in common; it is surveyed where a copy needs that."""
        self._raw = raw
        self._frame = frame
        self._surveys: dict[bytes, Survey | Refusal] = {}

    def draft(self, row: NewCopy, grounds: Grounds, decision: Decision) -> Draft:
        """Return one recipient's copy: tracked or asking where all allows it, else untracked, with the reason."""
        confirming = self._confirming(row, grounds, decision)
        if confirming is not None:
            return confirming
        marked = self._frame.marked
        if marked is None:
            return self._drafted(self._raw, row, grounds, decision)
        return _left_out(self._drafted(without_marker(marked), row, grounds, decision))

    def _confirming(self, row: NewCopy, grounds: Grounds, decision: Decision) -> Draft | None:
        """Return the copy with a link in its marker's place; None where there is no marker, or may be no link."""
        frame = self._frame
        if frame.marked is None or is_let_alone(grounds):
            return None
        generation = grounds.permission.generation
        tag = tag_of(frame.channel, grounds.permission.address, generation)
        if frame.is_stopped(tag):
            return None
        url, token = mint_confirm(frame.channel, tag=tag, now=frame.now)
        wording = frame.wordings.of(WordingKind.CONFIRM, self.language(grounds))
        octets = with_line(frame.marked, confirm_line(wording, sender=frame.sender, url=url))
        if octets is None or not frame.offer.fits(len(octets)):
            return None
        draft = self._drafted(octets, row, grounds, decision)
        tokens = (*draft.row.tokens, token)
        return replace(draft, row=replace(draft.row, tag=tag, generation=generation, tokens=tokens))

    def _drafted(self, octets: bytes, row: NewCopy, grounds: Grounds, decision: Decision) -> Draft:
        """Return the copy with what was decided added to `octets`."""
        if not (decision.track or decision.ask):
            return _untracked(octets, row, decision.why_not or WhyNot.NO_PERMISSION)
        surveyed = self._survey(octets)
        if isinstance(surveyed, Refusal):
            return _untracked(octets, row, decision.why_not or surveyed.why)
        generation = grounds.permission.generation if decision.track else generation_of_yes(grounds.permission)
        tag = tag_of(self._frame.channel, grounds.permission.address, generation)
        if self._frame.is_stopped(tag):
            # The row names the tag, so that the stop takes hold of the person now.
            stopped = untracked_row(row, WhyNot.STOPPED)
            return Draft(octets=octets, row=replace(stopped, tag=tag, generation=generation))
        case = _Case(
            octets=octets,
            surveyed=surveyed,
            row=replace(row, generation=generation),
            tag=tag,
            language=self.language(grounds),
            grounds=grounds,
            decision=decision,
        )
        return self._asking(case) if decision.ground is None else self._tracked(case, decision.ground)

    def _tracked(self, case: _Case, ground: Ground) -> Draft:
        frame, links, track = self._frame, case.surveyed.links, case.decision.track
        purposes = usable(track if links else track - {Purpose.CLICKS})
        if not purposes:
            return _untracked(case.octets, case.row, WhyNot.NOTHING_TO_TRACK)
        marks = mint_marks(
            frame.channel, tag=case.tag, purposes=purposes, links=links, now=frame.now, sunset_days=frame.sunset_days
        )
        agreed_at = case.grounds.permission.granted_at if ground is Ground.AGREED else None
        line = tracked_line(
            frame.wordings.of(_KINDS[ground], case.language),
            language=case.language,
            sender=frame.sender,
            purposes=purposes,
            stop_url=marks.stop_url,
            agreed_on=None if agreed_at is None else agreed_at.date(),
            today=frame.now.date(),
        )
        if not can_carry(case.surveyed, line):
            return _untracked(case.octets, case.row, WhyNot.LINE_NOT_WRITABLE)
        additions = Additions(line=line, picture_url=marks.picture_url, link_urls=marks.link_urls, purposes=purposes)
        octets = splice(case.surveyed, additions)
        if not frame.offer.fits(len(octets)):
            return _untracked(case.octets, case.row, WhyNot.TOO_LARGE)
        row = replace(case.row, purposes=purposes, tag=case.tag, tokens=marks.tokens, sunset_days=frame.sunset_days)
        return Draft(octets=octets, row=row)

    def _asking(self, case: _Case) -> Draft:
        frame = self._frame
        claims = Claims(sender=frame.sender, language=case.language, purposes=case.decision.ask)
        url, ask = mint_question(
            frame.channel, tag=case.tag, generation=case.row.generation, claims=claims, now=frame.now
        )
        line = question_line(
            frame.wordings.of(WordingKind.ASK, case.language),
            language=case.language,
            sender=frame.sender,
            purposes=case.decision.ask,
            url=url,
        )
        octets = splice(case.surveyed, Additions(line=line))
        if not can_carry(case.surveyed, line) or not frame.offer.fits(len(octets)):
            return _untracked(case.octets, case.row, case.decision.why_not or WhyNot.NO_PERMISSION)
        return Draft(octets=octets, row=replace(case.row, why_not=WhyNot.ASKED, ask=ask))

    def _survey(self, octets: bytes) -> Survey | Refusal:
        if octets not in self._surveys:
            frame = self._frame
            self._surveys[octets] = survey(octets, own_bases=frame.own_bases, convert_flowed=frame.convert_flowed)
        return self._surveys[octets]

    def language(self, grounds: Grounds) -> Language:
        """Return the language that a copy's lines are written in: the message's own where it is clear."""
        surveyed = self._survey(self._raw)
        if isinstance(surveyed, Survey):
            return language_in(surveyed) or grounds.language
        return (self._frame.marked and language_in_marked(self._frame.marked)) or grounds.language


def _left_out(draft: Draft) -> Draft:
    row = draft.row
    if row.why_not is None or row.ask is not None:
        return draft
    return replace(draft, row=replace(row, why_not=why_not_left_out(row.why_not)))


def why_not_left_out(why_not: WhyNot) -> WhyNot:
    """Return the reason of an untracked copy whose marker was taken out: that, unless the person's no says it all."""
    return why_not if why_not in _LET_ALONE else WhyNot.NO_GOT_IT


def _untracked(octets: bytes, row: NewCopy, why_not: WhyNot) -> Draft:
    return Draft(octets=octets, row=untracked_row(row, why_not))


def untracked_row(row: NewCopy, why_not: WhyNot, *, shared: bool = False) -> NewCopy:
    """Return the row of a copy to which nothing is added."""
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
    """Return how lines name the sender, as a question's claims can: the From name, the identity's, or the address."""
    named = "" if facts.from_ is None else fit_name(facts.from_.name)
    names = (fit_name(each.name) for each in account.identities if each.address.lower() == sender.lower())
    return named or next(filter(None, names), "") or fit_name(sender)
