"""What the arrivals of one conversation prove of which copies.

An arrival speaks of the messages it refers to, and of their recipients alone: a reply is its sender's, a report names
the addresses it is about.  Whatever cannot be tied to one recipient beyond doubt is a possible reply or bounce, which
the user is asked about and which moves nothing until answered.  The order in which mail came makes no difference.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from desktop.core.arrival import ArrivalKind, DeliveryAction, DeliveryReport, FailureReason, Receipt, ReceiptAnswer
from desktop.core.status import EvidenceKind, MailSign

# RFC 3464 2.3.3: "expanded" passed it on to several addresses and says nothing of a mailbox, as "relayed" does not.
_ACTIONS: Final = {
    DeliveryAction.FAILED: EvidenceKind.NOT_DELIVERED,
    DeliveryAction.DELAYED: EvidenceKind.DELAYED,
    DeliveryAction.DELIVERED: EvidenceKind.DELIVERED,
    DeliveryAction.RELAYED: EvidenceKind.RELAYED,
    DeliveryAction.EXPANDED: EvidenceKind.RELAYED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OurCopy:
    """A copy and whom it went to, normalised."""

    id: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OurMessage:
    """A message of ours, the keys of its own names, and its copies."""

    id: int
    own: frozenset[int]
    copies: tuple[OurCopy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the user said when asked about an arrival: the copy it concerns, or None for "no"."""

    copy_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An arrival of the conversation; `mentions` are keys, nearest first, `follows` as in `core.thread`."""

    id: int
    kind: ArrivalKind
    key: int
    mentions: tuple[int, ...]
    sender: str
    at: datetime
    follows: int | None = None
    is_away: bool = False
    returns_on: date | None = None
    deliveries: tuple[DeliveryReport, ...] = ()
    receipt: Receipt | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Who is who: by a confirmed other address the addresses of that person, and the user's own addresses."""

    aliases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()

    def people(self, address: str) -> frozenset[str]:
        """Return the addresses a person may have been written to who uses this one."""
        return self.aliases.get(address, frozenset()) | {address}


Found = tuple[int, MailSign]


def mail_signs(
    messages: Sequence[OurMessage], arrivals: Sequence[Heard], known: Known
) -> dict[int, tuple[MailSign, ...]]:
    """Return each copy's signs, for the copies that have any; the order of the signs means nothing."""
    reading = _Reading(messages, arrivals, known)
    found = [each for arrival in arrivals for each in reading.proven(arrival)]
    replied = {copy_id for copy_id, sign in found if sign.kind is EvidenceKind.REPLY}
    found += [each for arrival in arrivals for each in reading.possible(arrival, replied)]
    signs: dict[int, dict[tuple[int, EvidenceKind], MailSign]] = {}
    for copy_id, sign in found:
        signs.setdefault(copy_id, {}).setdefault((sign.arrival_id, sign.kind), sign)
    return {copy_id: tuple(each.values()) for copy_id, each in signs.items()}


def last_heard(messages: Sequence[OurMessage], arrivals: Iterable[Heard], known: Known) -> datetime | None:
    """Return when one of the people written to last wrote something themselves, be it in answer or not."""
    recipients = {copy.address for message in messages for copy in message.copies}
    return max(
        (each.at for each in arrivals if each.kind is ArrivalKind.MAIL and known.people(each.sender) & recipients),
        default=None,
    )


class _Reading:
    """One conversation, indexed by keys."""

    def __init__(self, messages: Sequence[OurMessage], arrivals: Sequence[Heard], known: Known) -> None:
        self._known = known
        self._messages = {message.id: message for message in messages}
        # A mail that was handed in twice, for those whom the first attempt missed, is two messages of one name.
        self._by_key: dict[int, list[OurMessage]] = {}
        for message in messages:
            for key in message.own:
                self._by_key.setdefault(key, []).append(message)
        self._mails = {each.key: each for each in arrivals if each.kind is ArrivalKind.MAIL}
        self._recipients = {copy.address for message in messages for copy in message.copies}
        self._strangers = {each.sender for each in self._mails.values() if each.answer == Answer(copy_id=None)}

    def _referred(self, arrival: Heard) -> list[OurMessage]:
        """Return the messages an arrival follows, nearest first, also through mails between that follow them.

        A program that names the parent alone still answers what the parent answered (Outlook cuts References short).
        """
        found: dict[int, OurMessage] = {}
        seen = {arrival.key}
        pending = [arrival]
        for each in pending:
            for key in each.mentions:
                found |= {one.id: one for one in self._by_key.get(key, ()) if one.id not in found}
                if key in self._mails and key not in seen:
                    seen.add(key)
                    pending.append(self._mails[key])
            if each.follows in self._messages:
                found.setdefault(each.follows, self._messages[each.follows])
        return list(found.values())

    def _nearest(self, arrival: Heard) -> list[OurMessage]:
        """Return the message a report is about: the nearest it follows, with others of the same name."""
        referred = self._referred(arrival)
        return [each for each in referred if each is referred[0] or each.own & referred[0].own]

    def _copies_of(self, messages: Iterable[OurMessage], *addresses: str) -> list[OurCopy]:
        people = frozenset[str]().union(*(self._known.people(each) for each in addresses if each))
        return [copy for message in messages for copy in message.copies if copy.address in people]

    def proven(self, arrival: Heard) -> Iterator[Found]:
        """Yield what an arrival proves beyond doubt."""
        if arrival.kind is ArrivalKind.MAIL:
            for copy in self._copies_of(self._referred(arrival), arrival.sender):
                yield copy.id, _sign(arrival, EvidenceKind.REPLY)
        elif arrival.kind is ArrivalKind.AUTO_REPLY:
            yield from self._automatic(arrival, self._nearest(arrival))
        elif arrival.kind is ArrivalKind.RECEIPT and arrival.receipt is not None:
            is_shown = arrival.receipt.answer is ReceiptAnswer.DISPLAYED
            kind = EvidenceKind.RECEIPT if is_shown else EvidenceKind.RECEIPT_DENIED
            for copy in self._copies_of(self._nearest(arrival), arrival.receipt.recipient or arrival.sender):
                yield copy.id, _sign(arrival, kind)
        elif arrival.kind is ArrivalKind.BOUNCE:
            for report in arrival.deliveries:
                for copy in self._copies_reported(self._nearest(arrival), report):
                    yield copy.id, _report_sign(arrival, report)
        if arrival.kind is not ArrivalKind.MAIL and arrival.answer is not None and arrival.answer.copy_id is not None:
            yield arrival.answer.copy_id, _bounce_sign(arrival)

    def _automatic(self, arrival: Heard, messages: list[OurMessage]) -> Iterator[Found]:
        """Yield an automatic answer's signs; one from a third address says nothing of who is away.

        A mailbox that passes mail on to a colleague brings the colleague's answer, a shared one that of its tickets.
        """
        kind = EvidenceKind.AWAY if arrival.is_away else EvidenceKind.AUTO_REPLY
        for copy in self._copies_of(messages, arrival.sender):
            yield copy.id, _sign(arrival, kind, returns_on=arrival.returns_on)
        if not self._copies_of(messages, arrival.sender):
            for copy in _only(messages):
                yield copy.id, _sign(arrival, EvidenceKind.AUTO_REPLY, detail=arrival.sender)

    def _copies_reported(self, messages: list[OurMessage], report: DeliveryReport) -> list[OurCopy]:
        """Return the copies a report is about: by the address it was sent to, then by the one it ended at.

        One that names no address is about the only copy there is.
        """
        for address in (report.original, report.recipient):
            copies = self._copies_of(messages, address)
            if copies:
                return copies
        return [] if report.original or report.recipient else _only(messages)

    def possible(self, arrival: Heard, replied: set[int]) -> Iterator[Found]:
        """Yield what the user is to be asked about: what may concern any copy nobody has answered yet."""
        if arrival.answer is not None:
            return
        if arrival.kind is ArrivalKind.MAIL:
            is_known = self._known.people(arrival.sender) & (self._recipients | self._known.own)
            is_open = bool(arrival.sender) and not is_known and arrival.sender not in self._strangers
            copies = [copy for message in self._referred(arrival) for copy in message.copies] if is_open else []
            kind, detail = EvidenceKind.POSSIBLE_REPLY, arrival.sender
        else:
            copies = self._possibly_bounced(arrival, self._nearest(arrival))
            kind, detail = EvidenceKind.POSSIBLE_BOUNCE, _diagnostic(arrival.deliveries)
        for copy in copies:
            if copy.id not in replied:
                yield copy.id, _sign(arrival, kind, detail=detail)

    def _possibly_bounced(self, arrival: Heard, messages: list[OurMessage]) -> list[OurCopy]:
        """Return the copies a report might be about that is no certain one, or that names an address nobody wrote to.

        The mailbox of a recipient may pass mail on to one that refuses it: their own copy is there all the same.
        """
        copies = [copy for message in messages for copy in message.copies]
        if arrival.kind is ArrivalKind.SUSPECTED_BOUNCE:
            named = [each for report in arrival.deliveries for each in self._copies_reported(messages, report)]
            return named or copies
        failed = [report for report in arrival.deliveries if report.action is DeliveryAction.FAILED]
        if arrival.kind is ArrivalKind.BOUNCE and any(not self._copies_reported(messages, each) for each in failed):
            reported = {each.id for report in failed for each in self._copies_reported(messages, report)}
            return [copy for copy in copies if copy.id not in reported]
        return []


def _only(messages: Iterable[OurMessage]) -> list[OurCopy]:
    copies = [copy for message in messages for copy in message.copies]
    return copies if len({copy.address for copy in copies}) == 1 else []


def _sign(arrival: Heard, kind: EvidenceKind, *, detail: str = "", returns_on: date | None = None) -> MailSign:
    return MailSign(kind=kind, at=arrival.at, arrival_id=arrival.id, detail=detail, returns_on=returns_on)


def _report_sign(arrival: Heard, report: DeliveryReport) -> MailSign:
    kind = _ACTIONS[report.action]
    is_failure = kind is EvidenceKind.NOT_DELIVERED
    return MailSign(
        kind=kind,
        at=arrival.at,
        arrival_id=arrival.id,
        detail=report.diagnostic,
        reason=(report.reason or FailureReason.OTHER) if is_failure else None,
    )


def _bounce_sign(arrival: Heard) -> MailSign:
    """Return what a bounce proves that the user recognised as one."""
    reasons = [each.reason for each in arrival.deliveries if each.reason is not None]
    return MailSign(
        kind=EvidenceKind.NOT_DELIVERED,
        at=arrival.at,
        arrival_id=arrival.id,
        detail=_diagnostic(arrival.deliveries),
        reason=reasons[0] if reasons else FailureReason.OTHER,
    )


def _diagnostic(reports: Iterable[DeliveryReport]) -> str:
    return next((report.diagnostic for report in reports if report.diagnostic), "")
