"""One mail client's connection, seen from the provider's side: each command is put to the provider as it is named.

MAIL is answered here and sent on; its refusal answers the first RCPT.  RCPT waits for the provider, so that every
refusal reaches the client where it expects it.  With one recipient the transaction that is open then carries the mail;
with several it was only asked, and each copy gets one of its own.
"""

from collections.abc import Callable
from threading import Event
from typing import Final

from desktop.core.address import normalised
from desktop.core.errors import Trouble, Unreachable
from desktop.outgoing.delivery import Delivery, Submission
from desktop.outgoing.means import Means
from desktop.outgoing.replies import Reply, ours, told
from desktop.outgoing.syntax import Path
from desktop.outgoing.transparency import has_forbidden, unstuffed, whole_lines
from desktop.outgoing.upstream import Upstream
from desktop.store.accounts import AccountRow

MAX_RECIPIENTS: Final = 100
# What a picture, a line and some links add; declared in advance because one recipient's transaction is opened before
# the content is known (RFC 1870 6.1 lets the declared size be an estimate).
GROWTH_BYTES: Final = 32_768
_NO_ACCOUNT: Final = ours("550 5.7.1 Readback has no account yet. Add one in its settings.")
_FORBIDDEN: Final = ours(
    "550 5.6.0 This mail holds a NUL or a lone carriage return, which servers read in different ways; it was not sent."
)
_TOO_MANY: Final = ours(f"452 4.5.3 Readback takes {MAX_RECIPIENTS} recipients at a time.")
_OK: Final = ours("250 2.0.0 OK")


class Session:
    """The state between a client and its provider; one thread at a time may use it, except `leave`."""

    def __init__(self, means: Means, user: str, *, look: Callable[[], None]) -> None:
        """Begin for a client that signed in as `user`: an identity, or the listener's own name.

        `look` takes note of a client that left by now, which then calls `leave`.
        """
        self._means = means
        self._user = user
        self._look = look
        self._upstream: Upstream | None = None
        self._failed: tuple[int, Trouble] | None = None
        self._sender: Path | None = None
        self._account: AccountRow | None = None
        self._is_open = False
        self._recipients: list[Path] = []
        self._refused: list[tuple[Path, Reply]] = []
        self._open_size_bytes: int | None = None
        self._delivered: Delivery | None = None
        self._has_left = Event()
        self.entry_ids: list[str] = []
        self.last_entry_id: str | None = None

    def warm_up(self) -> None:
        """Connect to the provider while the client still talks, when it is clear to which."""
        accounts = self._means.accounts()
        account = self._means.account_of(self._user) or (accounts[0] if len(accounts) == 1 else None)
        if account is not None:
            try:
                self._upstream = self._means.take_parked(account) or self._means.connect(account)
            except Trouble as trouble:
                # Told when the client names its sender: it could not be told sooner, and once is enough.
                self._failed = (account.id, trouble)

    def mail(self, path: Path) -> Reply:
        """Begin a transaction for a sender that is one of the user's own, or for `<>`."""
        if self._sender is not None:
            return ours("503 5.5.1 One sender at a time; send RSET first.")
        account = self._account_for(path.address)
        if account is None:
            if not self._means.accounts():
                return _NO_ACCOUNT
            return ours(
                f"550 5.7.1 Readback does not know the sender {path.address}. Add it to an account in its settings."
            )
        self._sender, self._account = path, account
        return ours("250 2.1.0 OK")

    def announce(self) -> None:
        """Send the sender on to a provider that is connected; never blocks; its answer comes with the first RCPT."""
        sender, upstream = self._sender, self._upstream
        if sender is not None and upstream is not None and upstream.is_usable and upstream.account == self._account:
            upstream.announce(sender, _size_to_declare(upstream, sender))

    def _account_for(self, address: str) -> AccountRow | None:
        if address:
            return self._means.account_of(address)
        # A receipt names no sender: it goes where this client signed in for, or last sent to.
        if self._upstream is not None:
            return self._upstream.account
        return self._means.account_of(self._user) or next(iter(self._means.accounts()), None)

    def _open(self, account: AccountRow, sender: Path, recipient: Path) -> Reply:
        """Put sender and first recipient to the provider; an idle connection that it closed is opened anew."""
        upstream = self._idle(account)
        if upstream is not None:
            try:
                reply = self._open_over(upstream, sender, recipient)
                if reply.code != 421:
                    return reply
            except Unreachable:
                # Dropped by itself.
                self._upstream = None
        return self._open_over(self._connected(account), sender, recipient)

    def _idle(self, account: AccountRow) -> Upstream | None:
        """Return a connection that is there already: this session's own, or one that an earlier session left."""
        upstream = self._upstream
        if upstream is not None and (upstream.account != account or not upstream.is_usable):
            upstream.quit()
            upstream = None
        self._upstream = upstream or self._means.take_parked(account)
        return self._upstream

    def _open_over(self, upstream: Upstream, sender: Path, recipient: Path) -> Reply:
        self._open_size_bytes = _size_to_declare(upstream, sender)
        begun, named = upstream.open(sender, self._open_size_bytes, recipient)
        self._is_open = begun.is_ok
        return named if begun.is_ok else begun

    def _connected(self, account: AccountRow) -> Upstream:
        """Return a new connection; raise the trouble that warming up met, once, where it was this account's."""
        if self._upstream is not None:
            self._upstream.quit()
        self._upstream = None
        failed, self._failed = self._failed, None
        if failed is not None and failed[0] == account.id:
            raise failed[1]
        self._upstream = self._means.connect(account)
        return self._upstream

    def rcpt(self, path: Path) -> Reply:
        """Name a recipient to the provider and return its answer; the same one twice is one."""
        if self._sender is None or self._account is None:
            return ours("503 5.5.1 Name the sender first.")
        if any(_is_same(path, each) for each in self._recipients):
            return ours("250 2.1.5 Named already.")
        if len(self._recipients) >= MAX_RECIPIENTS:
            return _TOO_MANY
        try:
            if self._is_open and self._upstream is not None:
                reply = self._upstream.rcpt(path)
            else:
                reply = self._open(self._account, self._sender, path)
        except Trouble as trouble:
            return told(trouble)
        if reply.is_ok:
            self._recipients.append(path)
        elif reply.is_permanent:
            self._refused.append((path, reply))
        return reply

    def refuse_data(self) -> Reply | None:
        """Return why content cannot be taken now, or None."""
        return None if self._recipients else ours("503 5.5.1 Name a recipient first.")

    def ask_data(self) -> None:
        """Ask the provider for the content while the client still sends it; never blocks.

        Only where the transaction that is open can carry it: with one recipient.
        """
        if self._is_open and len(self._recipients) == 1 and self._upstream is not None and self._upstream.is_usable:
            self._upstream.ask_data()

    def data(self, wire_octets: bytes) -> Reply:
        """Deliver the content as it came over the wire; the answer is the provider's."""
        sender, upstream = self._sender, self._upstream
        if sender is None or upstream is None:
            return ours("503 5.5.1 Name the sender first.")
        content = unstuffed(wire_octets)
        if has_forbidden(content):
            self.reset()
            return _FORBIDDEN
        delivery = Delivery(
            self._means,
            upstream,
            Submission(
                raw=whole_lines(content),
                sender=sender,
                recipients=tuple(self._recipients),
                open_size_bytes=self._open_size_bytes,
                is_gone=self._is_gone,
                refused=tuple(self._refused),
            ),
            self.entry_ids,
        )
        self._forget()
        self._delivered = delivery
        reply = delivery.run()
        self.last_entry_id = delivery.entry_id if reply.is_ok else None
        self._upstream = delivery.upstream
        if delivery.leaves_open:
            self._reset_upstream()
        return reply

    def record_outcomes(self) -> None:
        """Have the store told what became of the last mail and which program sent it, off the path of its answer."""
        delivered, self._delivered = self._delivered, None
        if delivered is not None:
            self._means.record_later(delivered.record_outcomes)
            self._means.learn_program_later(delivered.raw)

    def reset(self) -> Reply:
        """End the transaction at both sides."""
        if self._is_open or (self._upstream is not None and self._upstream.is_announced):
            self._reset_upstream()
        self._forget()
        return _OK

    def _reset_upstream(self) -> None:
        if self._upstream is not None and self._upstream.is_usable:
            try:
                self._upstream.reset()
            except Unreachable:
                # Dropped by itself; the next sender gets a new connection.
                self._upstream = None

    def _forget(self) -> None:
        self._sender = None
        self._account = None
        self._is_open = False
        self._recipients = []
        self._refused = []

    def close(self) -> None:
        """Leave the provider; a connection with nothing under way is kept a while for the next session."""
        upstream, self._upstream = self._upstream, None
        if upstream is not None and self._is_open:
            upstream.quit()
        elif upstream is not None:
            self._means.park(upstream)

    def leave(self) -> None:
        """Take note, from any thread, that the client is gone: what is not committed yet is not sent."""
        self._has_left.set()

    def _is_gone(self) -> bool:
        self._look()
        return self._has_left.is_set()


def _size_to_declare(upstream: Upstream, sender: Path) -> int | None:
    declared = sender.parameters.get("SIZE")
    if declared is None:
        return None
    grown = int(declared) + GROWTH_BYTES
    return grown if upstream.offer.fits(grown) else int(declared)


def _is_same(one: Path, other: Path) -> bool:
    return normalised(one.address) == normalised(other.address)
