"""Which messages belong to one conversation.

References and In-Reply-To decide, as RFC 5322 3.6.4 means them: mails that name one another, or a third, belong
together in whatever order they become known, for each is an edge between all the names it bears (as in JWZ threading).
A subject joins only an arrival that names no mail at all, and only to somebody it was written to.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from desktop.core.parse import MessageFacts

MAX_REFERENCES: Final = 50
# "Re:", "Fwd:" and what mail clients write instead in German, Dutch, the Nordic languages, French, Spanish, Italian,
# Portuguese and Polish, also numbered as in "Re[2]:".
_PREFIX: Final = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|ref|rv|res|odp|r|fwd?|wg|doorst|vb|tr|enc|pd)(?:\s*\[\d+\])?\s*[:：]\s*",
    re.IGNORECASE,
)
_KEY_BYTES: Final = 8
# How far apart the Date fields of a mail and of its twin may be.
TWIN_MS: Final = 2_000
# Two clocks, the sender's and the receiving provider's, may differ by this much.
SKEW_MS: Final = 300_000
# A subject says less the longer ago it was written: a bare answer may take a quarter, a report comes within days.
LOOSE_ANSWER_MS: Final = 90 * 86_400_000
LOOSE_REPORT_MS: Final = 14 * 86_400_000


def subject_base(subject: str) -> str:
    """Return the subject without reply and forward prefixes and with single spaces; may be empty."""
    text = " ".join(subject.split())
    while (match := _PREFIX.match(text)) is not None:
        text = text[match.end() :]
    return text


def subject_key(subject: str) -> str:
    """Return the spelling under which subjects are compared: the base, its letters folded."""
    return subject_base(subject).casefold()


def has_prefix(subject: str) -> bool:
    """Return whether the subject begins as an answer's or a forward's does."""
    return _PREFIX.match(subject) is not None


def ancestor_ids(facts: MessageFacts) -> tuple[str, ...]:
    """Return the Message-IDs of the mails it follows, its parent first, then its other ancestors from the nearest.

    Its own is none of them; at most the 50 nearest in References count.
    """
    named = dict.fromkeys((facts.in_reply_to, *reversed(facts.references[-MAX_REFERENCES:])))
    return tuple(each for each in named if each and each != facts.message_id)


def name_key(name: str) -> int:
    """Return 63 bits that stand for a Message-ID, as a number that SQLite keeps in eight octets."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
    return int.from_bytes(digest, "big") >> 1


def made_name(facts: MessageFacts, at: datetime) -> str:
    """Return the name of a mail that has no Message-ID: the same for the same mail, in whatever folder it is met."""
    when = at if facts.date is None else facts.date
    return f"made:{_digest(facts, when.isoformat(), facts.in_reply_to, *facts.references).hex()}"


def twin_of(facts: MessageFacts) -> bytes | None:
    """Return what stays the same where a provider gives a mail another Message-ID, as Exchange and SES do.

    The Date field belongs to it and is compared apart, since it may be rounded; without one nothing is recognised.
    """
    return None if facts.date is None or facts.from_ is None else _digest(facts)


def _digest(facts: MessageFacts, *more: str) -> bytes:
    recipients = sorted({each.address.lower() for each in (*facts.to, *facts.cc)})
    sender = facts.from_.address.lower() if facts.from_ is not None else ""
    text = "\0".join((sender, " ".join(facts.subject.split()), *recipients, *more))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message of ours as a node: the keys of its own names and of those it mentions."""

    id: int
    own: frozenset[int]
    mentions: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """An arrival as a node; `follows` is the message of ours that only its subject joins it to.

    What is not `joining` (a report, an automatic answer, bulk mail) belongs to a conversation and never unites two.
    """

    id: int
    key: int
    mentions: tuple[int, ...]
    joining: bool
    follows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One conversation: ids of its messages, ids of its arrivals, and every name's key that leads to it."""

    sent: frozenset[int]
    came: frozenset[int]
    keys: frozenset[int]


def groups(sent: Sequence[Sent], came: Sequence[Came]) -> tuple[Group, ...]:
    """Return the conversations among these mails; arrivals that belong to none are left out.

    An arrival under the name of a message of ours is that message, met elsewhere, or claims to be: it counts for
    nothing.  The order of the mails makes no difference to the groups, only to the order they are returned in.
    """
    ours_by_name = frozenset[int]().union(*(message.own for message in sent))
    came = [arrival for arrival in came if arrival.key not in ours_by_name]
    forest = _Forest()
    for message in sent:
        forest.unite((_node(message.id), *message.own, *message.mentions))
    for arrival in came:
        if arrival.joining:
            follows = () if arrival.follows is None else (_node(arrival.follows),)
            forest.unite((arrival.key, *arrival.mentions, *follows))
    members: dict[int, tuple[set[int], set[int]]] = {}
    for message in sent:
        members.setdefault(forest.root(_node(message.id)), (set(), set()))[0].add(message.id)
    keys: dict[int, set[int]] = {root: set() for root in members}
    for arrival in came:
        root = _root_of(forest, arrival, members)
        if root is not None:
            members[root][1].add(arrival.id)
            keys[root].add(arrival.key)
    for key in forest.parents:
        root = forest.root(key)
        if key >= 0 and root in keys:
            keys[root].add(key)
    return tuple(
        Group(sent=frozenset(ours), came=frozenset(theirs), keys=frozenset(keys[root]))
        for root, (ours, theirs) in members.items()
    )


def _node(message_id: int) -> int:
    """Return the name that every message of ours has, though it may lack a Message-ID; keys are never negative."""
    return -message_id


def _root_of(forest: "_Forest", arrival: Came, known: Mapping[int, object]) -> int | None:
    follows = () if arrival.follows is None else (_node(arrival.follows),)
    names = (arrival.key, *arrival.mentions, *follows)
    return next((root for name in names if (root := forest.root(name)) in known), None)


@dataclass(slots=True)
class _Forest:
    """Disjoint sets of names."""

    parents: dict[int, int] = field(default_factory=dict)

    def root(self, name: int) -> int:
        parent = self.parents.get(name, name)
        while parent != name:
            # Each look halves the path to the root.
            above = self.parents.get(parent, parent)
            self.parents[name] = above
            name, parent = parent, above
        return name

    def unite(self, names: Iterable[int]) -> None:
        first, *others = names
        self.parents.setdefault(first, first)
        root = self.root(first)
        for name in others:
            self.parents[self.root(name)] = root
            self.parents.setdefault(name, root)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """An arrival that names no mail: its folded subject, and whom it may come from or speak of.

    Of a person's mail (`is_report` False) the subject is the base of one with a prefix; of anything else the whole.
    """

    subject: str
    parties: frozenset[str]
    at_ms: int
    is_report: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A message of ours to one address that a loose arrival might belong to; `name` only breaks ties."""

    id: int
    base: str
    address: str
    at_ms: int
    name: str


def loose_subject(subject: str, *, is_report: bool) -> str | None:
    """Return by what subject an arrival that names no mail may be joined; None where it may not at all."""
    if is_report:
        return " ".join(subject.split()).casefold() or None
    return subject_key(subject) or None if has_prefix(subject) else None


def followed(loose: Loose, candidates: Iterable[Candidate]) -> int | None:
    """Return the id of the newest message before the arrival that went to one of its parties under its subject."""
    found = [each for each in candidates if _fits(loose, each)]
    return max(found, key=lambda each: (each.at_ms, each.name, each.id)).id if found else None


def _fits(loose: Loose, candidate: Candidate) -> bool:
    within = LOOSE_REPORT_MS if loose.is_report else LOOSE_ANSWER_MS
    if candidate.address not in loose.parties or not -SKEW_MS <= loose.at_ms - candidate.at_ms <= within:
        return False
    if not loose.is_report:
        return loose.subject == candidate.base
    # "Automatic reply: Offer" holds "Offer"; "Officer away" does not hold "Office".
    return bool(candidate.base) and re.search(rf"(?<!\w){re.escape(candidate.base)}(?!\w)", loose.subject) is not None
