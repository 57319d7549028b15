"""What of a folder's mail matters: what the user sent, and what others did; who a mail is from decides.

Mail of one's own in the inbox (a copy to oneself) is neither; all mail holds both.  Of a mail only header fields are
read, and the head of its body where `core.triage` cannot tell without.
"""

import email.utils
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from desktop.core import triage
from desktop.core.address import Mailbox, check_address, normalised
from desktop.core.arrival import Arrival
from desktop.core.errors import Malformed
from desktop.core.parse import MessageFacts, headers_of
from desktop.incoming.mailbox import Fetched
from desktop.store.arrivals import Recipient, SentMail
from desktop.store.folders import FolderRole

# A Date further from when the server got the mail is a wrong clock, or somebody's invention.
_DATE_TOLERANCE: Final = timedelta(days=2)
HEAD_FIELDS: Final = (*triage.HEADER_FIELDS, "Bcc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """What matters of some mails; `in_need` are the UIDs of those by others whose body is needed to be sure."""

    sent: tuple[SentMail, ...]
    arrivals: tuple[tuple[Fetched, Arrival], ...]
    in_need: frozenset[int]


def sift(fetched: Sequence[Fetched], role: FolderRole, *, own: frozenset[str], now: datetime) -> Sifted:
    """Return what matters of the mails of a folder, from their header fields alone."""
    sent: list[SentMail] = []
    arrivals: list[tuple[Fetched, Arrival]] = []
    in_need: set[int] = set()
    for each in fetched:
        arrival, needs_body = triage.read_header(each.octets, received_at=_received_at(each, now))
        is_own = _is_own(arrival.facts, own)
        if is_own and role in (FolderRole.SENT, FolderRole.ALL):
            if not triage.is_own_automatic(each.octets):
                sent.append(_sent_mail(each.octets, arrival.facts, arrival.at, now))
        elif not is_own and role is not FolderRole.SENT:
            arrivals.append((each, arrival))
            if needs_body:
                in_need.add(each.uid)
    return Sifted(sent=tuple(sent), arrivals=tuple(arrivals), in_need=frozenset(in_need))


def arrival_of(fetched: Fetched, *, now: datetime) -> Arrival:
    """Return the mail as it reads; a server's date that is in the future, or none, is now."""
    return triage.read_arrival(fetched.octets, received_at=_received_at(fetched, now))


def _received_at(fetched: Fetched, now: datetime) -> datetime:
    return now if fetched.received_at is None else min(fetched.received_at, now)


def _is_own(facts: MessageFacts, own: frozenset[str]) -> bool:
    if facts.from_ is None:
        return False
    try:
        return normalised(facts.from_.address) in own
    except Malformed:
        return False


def _sent_mail(header: bytes, facts: MessageFacts, received_at: datetime, now: datetime) -> SentMail:
    date = facts.date
    is_true = date is not None and abs(date - received_at) <= _DATE_TOLERANCE
    at = min(date if date is not None and is_true else received_at, now)
    return SentMail(facts=facts, at=at, recipients=_recipients(header, facts), asks_receipt=triage.asks_receipt(header))


def _recipients(header: bytes, facts: MessageFacts) -> tuple[Recipient, ...]:
    """Return everyone a mail was sent to, each once, in the role that is named first."""
    named = [("to", each) for each in facts.to] + [("cc", each) for each in facts.cc]
    named += [("bcc", each) for each in _bcc(header)]
    found: dict[str, Recipient] = {}
    for role, mailbox in named:
        try:
            address = normalised(mailbox.address)
        except Malformed:
            continue
        found.setdefault(address, Recipient(address=address, name=mailbox.name, role=role))
    return tuple(found.values())


def _bcc(header: bytes) -> list[Mailbox]:
    """Return the blind recipients, whom the sender's own copy may name."""
    if b"bcc:" not in header[: triage.MAX_HEAD_BYTES].lower():
        return []
    values = [field.value for field in headers_of(header) if field.name.lower() == "bcc"]
    found = []
    for name, address in email.utils.getaddresses(values):
        try:
            found.append(Mailbox(name=name, address=check_address(address)))
        except Malformed:
            continue
    return found
