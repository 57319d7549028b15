"""What every step of the story has at hand: the desk, the round, what the mail client sent, and how to be sure of it.

A step that finds anything but what it expects raises StepFailed with both; it never goes on with a guess.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from desktop.core.followup import FollowUp
from desktop.core.policy import WhyNot
from desktop.core.status import CopyStatus, Evidence, EvidenceKind
from desktop.practice.control import Control
from desktop.practice.delivery import Delivery
from desktop.practice.desk import CopyView, Desk
from desktop.practice.mails import SampleMail
from desktop.practice.reading import message_id_of
from desktop.practice.session import Session

PATIENCE_S: Final = 10.0


class MismatchError(Exception):
    """Something is not as it must be; the story turns it into StepFailed with the step's name."""

    def __init__(self, expected: object, found: object) -> None:
        """Keep both as they are to be shown."""
        super().__init__(f"expected {expected}, found {found}")
        self.expected = str(expected)
        self.found = str(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A mail as the client handed it to the listener, and what the client heard per refused address."""

    raw: bytes
    message_id: str
    refused: dict[str, tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the story plays; `describe`, `tell`, `why` and `urge` put what was read back into words.

    These are a status, a line of evidence, why a copy is untracked, and a line of the follow-up list.
    """

    desk: Desk
    control: Control
    relay_data: Path
    relay_log: Path
    scratch: Path
    describe: Callable[[CopyStatus], str]
    tell: Callable[[Evidence], str]
    why: Callable[[WhyNot], str]
    urge: Callable[[FollowUp], str]
    patience_s: float = PATIENCE_S
    # Written by the sending step alone, as a mail client's Sent folder; by the recipients' steps, as their own memory.
    sent: dict[str, Sent] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        desk: Desk,
        session: Session,
        describe: Callable[[CopyStatus], str],
        *,
        tell: Callable[[Evidence], str] | None = None,
        why: Callable[[WhyNot], str] | None = None,
        urge: Callable[[FollowUp], str] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> "Stage":
        """Return the stage of an open session."""
        return cls(
            desk=desk,
            control=session.control,
            relay_data=session.relay_data,
            relay_log=session.relay_log,
            scratch=session.root / "scratch",
            describe=describe,
            tell=tell or plainly,
            why=why or (lambda code: code.replace("_", " ")),
            urge=urge or (lambda line: f"“{line.subject}”: {line.kind.replace('_', ' ')}"),
            patience_s=patience_s,
        )

    def delivered(self, address: str, mail: SampleMail) -> tuple[int, Delivery]:
        """Return where in a mailbox the one copy of a mail lies, and the copy; anything but one copy is a mismatch."""
        message_id = self.sent[mail.subject].message_id
        held = [
            (place, delivery)
            for place, delivery in enumerate(self.control.mailbox(address))
            if message_id_of(delivery.raw) == message_id
        ]
        must_equal(1, len(held), f"copies of “{mail.subject}” in the mailbox of {address}")
        return held[0]

    def copy(self, address: str, mail: SampleMail) -> CopyView:
        """Return the store's one row on a copy; anything but one is a mismatch."""
        rows = self._rows(address, mail)
        must_equal(1, len(rows), f"rows in the store on “{mail.subject}” to {address}")
        return rows[0]

    def _rows(self, address: str, mail: SampleMail) -> list[CopyView]:
        wanted = address.lower()
        return [view for view in self.desk.copies() if view.address.lower() == wanted and view.subject == mail.subject]

    def hits(self, address: str, mail: SampleMail) -> tuple[Evidence, ...]:
        """Return the judged hits of a copy, oldest first."""
        evidence = self.copy(address, mail).status.evidence
        return tuple(line for line in reversed(evidence) if line.kind is EvidenceKind.HIT)

    def await_copy(self, address: str, mail: SampleMail, expected: str, holds: Callable[[CopyView], bool]) -> CopyView:
        """Wait until what the store has on a copy is as `expected` says; return it."""

        def condition() -> bool:
            rows = self._rows(address, mail)
            return len(rows) == 1 and holds(rows[0])

        if not self.desk.wait_until(condition, self.patience_s):
            raise MismatchError(f"{expected} for {address}", found_of(self._rows(address, mail), self.describe))
        return self.copy(address, mail)

    def advance_to(self, since_sent_s: float, mail: SampleMail, address: str) -> None:
        """Move the clock on until that long after the copy was sent; no move when it is later already."""
        sent_at = self.sent_at(self.copy(address, mail))
        passed_s = self.desk.clock.now_ms() / 1000 - sent_at.timestamp()
        self.desk.clock.advance(max(0.0, since_sent_s - passed_s))

    def sent_at(self, view: CopyView) -> datetime:
        """Return when the provider took a copy; a copy that it did not take is a mismatch."""
        for line in view.status.evidence:
            if line.kind is EvidenceKind.SENT:
                return line.at
        raise MismatchError(f"a copy sent to {view.address}", self.describe(view.status))


def plainly(line: Evidence) -> str:
    """Return a hit's verdict, whether it counted, and why, as they are stored."""
    if line.hit is None or line.judgement is None:
        return line.kind
    verdict = line.judgement.verdict.replace("_", " ")
    return f"{line.hit.kind}, {verdict}, {'' if line.counted else 'not '}counted: {line.judgement.reason}"


def must_equal(expected: object, found: object, what: str) -> None:
    """Raise MismatchError unless both are equal."""
    if expected != found:
        raise MismatchError(f"{expected} {what}", found)


def found_of(rows: list[CopyView], describe: Callable[[CopyStatus], str]) -> str:
    """Return what the store has, for the message of a failure."""
    return "; ".join(", ".join((describe(row.status), *verdicts_of(row.status))) for row in rows) or "no such copy"


def verdicts_of(status: CopyStatus) -> Iterator[str]:
    """Yield what each hit was taken for, oldest first."""
    for line in reversed(status.evidence):
        if line.judgement is not None and line.hit is not None:
            yield f"{line.hit.kind} by {line.judgement.verdict} ({line.judgement.rule})"
