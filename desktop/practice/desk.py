"""What the story needs of the desktop it plays on, and what it reads back from it.

The story stands below the parts it tries out, so it is handed them: whoever builds a Desk gives the real listener,
store and poller.  Everything that is read is read anew at each call; nothing may be remembered on the way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from desktop.core.correction import Who
from desktop.core.followup import FollowUp
from desktop.core.permission import Method, Permission
from desktop.core.status import CopyStatus
from relay.wire.clock import PracticeClock
from relay.wire.hit import Hit
from relay.wire.purpose import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerAddress:
    """Where a mail client sends to, and with which credential."""

    host: str
    port: int
    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyView:
    """One recipient's copy as the store has it now; `address` as it was named in the envelope, `subject` decoded."""

    copy_id: int
    address: str
    name: str
    subject: str
    status: CopyStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RawHit:
    """One hit as it lies in the store, before any verdict, and the copy whose token it bore."""

    copy_id: int
    hit: Hit


class Desk(Protocol):
    """A desktop at work: a listener, a store, a poller, an account at the practice provider, a channel at its relay.

    All methods may be called from a thread that is neither the listener's, the writer's nor Qt's.
    """

    @property
    def listener(self) -> ListenerAddress:
        """Where the listener listens."""

    @property
    def relay_url(self) -> str:
        """Scheme, host and port of the relay, no slash at the end."""

    @property
    def clock(self) -> PracticeClock:
        """The clock that the listener, the store and the poller go by; the relay's own."""

    @property
    def window_s(self) -> float:
        """Seconds after sending in which a fetch is too early to tell, as set in the store."""

    def record_grant(
        self,
        *,
        address: str,
        name: str,
        purposes: frozenset[Purpose],
        method: Method,
        evidence: str,
    ) -> None:
        """Record what a person agreed to, at the clock's now; return after the commit."""

    def permission_of(self, address: str) -> Permission:
        """Return what stands in the store for one address."""

    def copies(self) -> tuple[CopyView, ...]:
        """Return every copy in the store, oldest first."""

    def raw_hits(self) -> tuple[RawHit, ...]:
        """Return every hit in the store that bore a token of a copy, in the order of `hit.at_ms`."""

    def correct(self, hit_id: bytes, who: Who) -> int:
        """Say at the clock's now whose request a hit really was; return the correction's id after the commit."""

    def undo_correction(self, correction_id: int) -> None:
        """Take a correction back; return after the commit."""

    def follow_ups(self) -> tuple[FollowUp, ...]:
        """Return who to follow up with at the clock's now, in the list's order."""

    def check_mail(self) -> None:
        """Look for new mail in every folder now; return before it is read."""

    def sent_read(self) -> int:
        """Return how many mails of the folder Sent are read and stored."""

    def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Return whether `condition` held within real `timeout_s`; it is tried now and after each Change of the store.

        `condition` runs on the caller's thread.  No polling: a Change sets an event that this waits on.
        """
