"""SMTP replies: the provider's, as they came, and our own, in plain words.

A reply is ASCII in lines of at most 510 octets (RFC 5321 4.5.3.1.5); what a provider wrote beyond that is escaped, so
that nothing it says can end our line or move the user's terminal.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from desktop.core.errors import NotAuthorised, Refused, Trouble

_LINE_CHARS: Final = 400
_PLAIN: Final = str.maketrans({"“": '"', "”": '"', "’": "'", "‘": "'", "…": "...", "–": "-", "—": "-"})


@dataclass(frozen=True, slots=True)
class Reply:
    """A code and its text; `text` has one line or several, each with the enhanced code it came with."""

    code: int
    text: str

    @property
    def is_ok(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.code <= 299

    @property
    def is_permanent(self) -> bool:
        """Whether it is a 5xx."""
        return 500 <= self.code <= 599

    def spell(self) -> bytes:
        """Return the octets that go to the client."""
        lines = [
            part
            for line in self.text.splitlines() or [""]
            for part in textwrap.wrap(_ascii(line), _LINE_CHARS, break_on_hyphens=False) or [""]
        ]
        last = len(lines) - 1
        return "".join(
            f"{self.code}{' ' if index == last else '-'}{line}\r\n" for index, line in enumerate(lines)
        ).encode("ascii")


def _ascii(text: str) -> str:
    plain = text.translate(_PLAIN).encode("ascii", "backslashreplace").decode("ascii")
    return "".join(letter if letter.isprintable() else "?" for letter in plain)


def told(trouble: Trouble) -> Reply:
    """Return a known failure as a reply: 550 where waiting will not help, else 451 so that nothing is given up."""
    head = "550 5.7.8" if isinstance(trouble, NotAuthorised) else "451 4.4.1"
    return ours(f"{head} {trouble.sentence} {trouble.cure}")


def ours(text: str) -> Reply:
    """Return the reply spelled as `code text`."""
    code, _, words = text.partition(" ")
    return Reply(int(code), words.strip())


def reply_of(code: int, text: bytes) -> Reply:
    """Return what a server said; a greeting or an answer that is no SMTP has code -1."""
    return Reply(code if 200 <= code <= 599 else 451, text.decode("utf-8", "replace"))


class RefusedByProvider(Refused):
    """The provider's server answered, and its `reply` was no."""

    def __init__(self, sentence: str, cure: str, reply: Reply) -> None:
        """Keep the provider's own words apart from ours."""
        super().__init__(sentence, cure)
        self.reply = reply


class Fate(Enum):
    """What became of one recipient's copy."""

    SENT = "sent"
    SENT_BEFORE = "sent before"  # an earlier attempt reached the provider and the client did not know
    REFUSED = "refused"
    UNKNOWN = "unknown"  # the provider's answer was lost
    WITHHELD = "withheld"  # not sent now, since an earlier attempt may have arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One recipient's fate and the reply that tells of it."""

    address: str
    fate: Fate
    reply: Reply

    @property
    def is_there(self) -> bool:
        """Whether the provider certainly has this copy."""
        return self.fate in (Fate.SENT, Fate.SENT_BEFORE)


def answer_to(outcomes: Sequence[Outcome]) -> Reply:
    """Return the one reply for a whole message: a 2xx only when the provider has every copy (I1).

    After a partial failure it is 5xx when all that is missing was refused for good, else 451; both groups are named.
    """
    missing = [outcome for outcome in outcomes if not outcome.is_there]
    there = [outcome.address for outcome in outcomes if outcome.is_there]
    if len(outcomes) == 1 or (not there and len({outcome.reply for outcome in missing}) == 1):
        return outcomes[0].reply
    if not missing:
        return Reply(250, f"2.0.0 Sent to {len(there)} recipients. {outcomes[-1].reply.text}")
    code = "554 5.0.0" if all(outcome.reply.is_permanent for outcome in missing) else "451 4.0.0"
    lines = [f"Not sent to {outcome.address}: {outcome.reply.code} {outcome.reply.text}" for outcome in missing]
    if there:
        lines.append(f"Sent already to {', '.join(there)}.")
        lines.append("Sending again within 30 minutes reaches only those still missing.")
    return ours(code + " " + "\n".join(lines))
