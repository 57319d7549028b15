"""One message on its way: what was sent before is left out, each copy is made, recorded and put to the provider.

The order is the point: the store's row and the journal's COMMITTING are on disk before the final dot (I6), the answer
goes to the client after the provider's.  Where tracking or the store fails the message goes out as it came; where the
journal fails it goes out once, in one transaction, and nothing is suppressed.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from desktop.core.address import normalised
from desktop.core.errors import StoreTrouble, Trouble
from desktop.core.ownmarks import without_own_marks
from desktop.core.parse import MessageFacts, content_hash, message_facts
from desktop.core.policy import WhyNot
from desktop.outgoing.copies import Copy, blank_rows
from desktop.outgoing.journal import Answer, State, Twin, key_of
from desktop.outgoing.making import Order, as_it_came, make, shares_one_copy, untracked_rows
from desktop.outgoing.means import Means
from desktop.outgoing.replies import Fate, Outcome, Reply, answer_to, ours, told
from desktop.outgoing.syntax import Path
from desktop.outgoing.upstream import AnswerLost, Upstream
from desktop.store.asks import AskedMeanwhile
from desktop.store.mail import CopyState, NewCopy, record_message, record_outcome, record_untouched

_SENT_BEFORE: Final = ours("250 2.0.0 The provider took this mail a moment ago; it was not sent a second time.")
_MAY_HAVE_ARRIVED: Final = ours(
    "554 5.4.0 The provider's answer to the first attempt was lost, so this mail may have arrived; it was not sent "
    "again. Ask the recipient. To send it all the same, change a word or wait 30 minutes."
)
_UNDER_WAY: Final = ours(
    "451 4.4.0 The first attempt still waits for the provider's answer; nothing was sent a second time. "
    "Try again later."
)
_CLIENT_GONE: Final = ours("451 4.4.2 The mail program went away before the mail was handed over.")
_STATES: Final = {
    Fate.SENT: CopyState.SENT,
    Fate.REFUSED: CopyState.REFUSED,
    Fate.UNKNOWN: CopyState.UNCERTAIN,
}


class ClientGoneError(Exception):
    """The client left before the final dot; it still holds the mail, so nothing may be sent."""


class RowsMissingError(Exception):
    """The store did not keep the rows of a copy with marks; nothing of it was sent, so it can go out as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What the client handed in, and the transaction that is open for it at the provider.

    `open_size_bytes` is the SIZE declared there, None where none was; `is_gone` says whether the client left by now.
    `refused` are those the provider refused for good when they were named: the client heard it, the window shows it.
    """

    raw: bytes = field(repr=False)
    sender: Path
    recipients: tuple[Path, ...]
    open_size_bytes: int | None
    is_gone: Callable[[], bool]
    refused: tuple[tuple[Path, Reply], ...] = ()


class Delivery:
    """Delivers one submission over one connection; used once, by one thread."""

    def __init__(self, means: Means, upstream: Upstream, submission: Submission, entry_ids: list[str]) -> None:
        """Take the connection with its open transaction; the journal's entry is added to `entry_ids`."""
        self._means = means
        self.upstream = upstream
        self._mail = submission
        # What goes out where nothing is added.
        self._raw = submission.raw
        self._entry_ids = entry_ids
        self._outcomes: dict[int, Outcome] = {}
        self._copy_ids: dict[int, int] = {}
        self._recording: Future[None] | None = None
        self._known_facts: MessageFacts | None = None
        self._was_asked_meanwhile = False
        self._is_open = True
        self.entry_id: str | None = None

    @property
    def raw(self) -> bytes:
        """The message as the client handed it in."""
        return self._mail.raw

    @property
    def leaves_open(self) -> bool:
        """Whether a transaction is still open at the provider."""
        return self._is_open and self.upstream.is_usable

    def run(self) -> Reply:
        """Send what is to be sent and return the answer to the client."""
        todo: tuple[int, ...] = tuple(range(len(self._mail.recipients)))
        with self._means.fail_open():
            # Whoever gets the mail, and with a relay or without: a quoted mark speaks for another copy's recipient.
            self._raw = without_own_marks(self._mail.raw, self._means.own_marks())
        try:
            todo = self._begin()
            self._send_made(todo, is_first=True)
        except StoreTrouble as trouble:
            # Only the journal's trouble comes this far.
            self._means.on_trouble(trouble)
            self._pass_through([index for index in todo if index not in self._outcomes])
        # The answer promises that the mail will be in the list.
        self._finish_recording()
        reply = answer_to([self._outcomes[index] for index in range(len(self._mail.recipients))])
        if self.entry_id is not None and not reply.is_ok:
            with self._means.fail_open():
                self._means.journal().answer(self.entry_id, Answer.FAILURE)
        return reply

    def _begin(self) -> tuple[int, ...]:
        """Open the journal's entry and return who is to be sent to; raise StoreTrouble without a journal."""
        journal = self._means.journal()
        digest = hashlib.sha256(self._mail.raw).digest()
        with self._means.fail_open():
            digest = content_hash(self._mail.raw)
        # The first attempt's client may have left a moment ago.
        self._means.look_around()
        keys = [key_of(digest, normalised(path.address)) for path in self._mail.recipients]
        twins = [journal.twin_of(key) for key in keys]
        self.entry_id = journal.prepare(keys)
        self._entry_ids.append(self.entry_id)
        for index, twin in enumerate(twins):
            if twin is Twin.ACCEPTED:
                journal.carry_over(self.entry_id, index)
                self._note(index, Fate.SENT_BEFORE, _SENT_BEFORE)
            elif twin is not Twin.NONE:
                self._note(index, Fate.WITHHELD, _MAY_HAVE_ARRIVED if twin is Twin.UNKNOWN else _UNDER_WAY)
        return tuple(index for index in range(len(keys)) if index not in self._outcomes)

    def _make_copies(self, todo: tuple[int, ...]) -> list[Copy]:
        """Return what goes out, and begin to make its rows durable; all of it goes as it came where that fails."""
        is_shared = shares_one_copy(self._raw, todo, self.upstream)
        copies = as_it_came(self._raw, todo, is_shared=is_shared)
        with self._means.fail_open():
            made = make(self._means, self.upstream, self._order(todo), is_shared=is_shared)
            self._begin_recording(made.rows, todo)
            return made.copies
        return copies

    def _send_made(self, todo: tuple[int, ...], *, is_first: bool) -> None:
        """Send the copies as they are made; once more where another mail asked meanwhile, else as they came."""
        try:
            self._send_all(self._make_copies(todo))
        except RowsMissingError:
            if not (is_first and self._was_asked_meanwhile):
                self._send_untracked(todo)
            elif self._has_reconnected(todo):
                self._send_made(todo, is_first=False)

    def _order(self, indices: Sequence[int]) -> Order:
        return Order(
            raw=self._raw,
            sender=self._mail.sender.address,
            todo=tuple(indices),
            addresses=[self._mail.recipients[index].address for index in indices],
            facts=self._facts,
        )

    def _begin_recording(self, rows: Callable[[], Sequence[NewCopy]], todo: tuple[int, ...]) -> None:
        """Have rows made durable beside the way of the mail; a failure is told and leaves no ids."""

        def record() -> None:
            with self._means.fail_open():
                try:
                    self._record_message(rows(), todo)
                except AskedMeanwhile:
                    self._was_asked_meanwhile = True

        self._recording = self._means.start(record)

    def _finish_recording(self) -> None:
        if self._recording is not None:
            self._recording.result()

    def _send_untracked(self, todo: tuple[int, ...]) -> None:
        """Begin again on a new connection, with nothing added."""
        if self._has_reconnected(todo):
            self._send_all([Copy(octets=self._raw, indices=(index,)) for index in todo if index not in self._outcomes])

    def _has_reconnected(self, todo: tuple[int, ...]) -> bool:
        """Connect anew and return that; where that fails nobody is left to be sent to."""
        try:
            self.upstream = self._means.connect(self.upstream.account)
        except Trouble as trouble:
            self._give_up([Copy(octets=self._raw, indices=todo)], told(trouble))
            return False
        self._is_open = False
        return True

    def _record_message(self, rows: Sequence[NewCopy], todo: Iterable[int]) -> None:
        means, facts = self._means, self._facts()
        refused = blank_rows([path.address for path, _ in self._mail.refused], facts)
        if not rows and not refused:
            return
        _, copy_ids = record_message(
            means.store,
            account_id=self.upstream.account.id,
            facts=facts,
            at=means.clock(),
            copies=(*rows, *refused),
            is_in_step=False,
            original=self._original(rows),
        )
        self._copy_ids = dict(zip(todo, copy_ids, strict=False))
        means.record_later(lambda: self._show(copy_ids[0]))
        if self.entry_id is not None:
            means.journal().attach(self.entry_id, self._copy_ids)
        for copy_id, (_, reply) in zip(copy_ids[len(rows) :], self._mail.refused, strict=True):
            record_outcome(
                means.store, copy_id, CopyState.REFUSED, at=means.clock(), reply=f"{reply.code} {reply.text}"
            )

    def _original(self, rows: Iterable[NewCopy]) -> bytes | None:
        """Return what Sent is to hold instead of a copy with marks, where the user wants that.

        A question or "I have read this" that the user presses in Sent would answer for the recipient.
        """
        has_marks = any(row.tokens or row.ask is not None for row in rows)
        is_wanted = self.upstream.account.keeps_sent_clean and has_marks
        return self._raw if is_wanted else None

    def _facts(self) -> MessageFacts:
        if self._known_facts is None:
            self._known_facts = message_facts(self._mail.raw)
        return self._known_facts

    def _send_all(self, copies: Sequence[Copy]) -> None:
        """Send one copy after the other; what cannot be sent any more is noted as not sent, never lost."""
        for position, copy in enumerate(copies):
            if copy.indices[0] in self._outcomes:
                continue
            try:
                self._send(copy)
            except ClientGoneError:
                self._give_up(copies[position:], _CLIENT_GONE)
                return
            except StoreTrouble:
                raise
            except Trouble as trouble:
                self._give_up(copies[position:], told(trouble))
                return

    def _give_up(self, copies: Iterable[Copy], reply: Reply) -> None:
        for copy in copies:
            for index in copy.indices:
                if index not in self._outcomes:
                    self._note(index, Fate.REFUSED, reply)

    def _send(self, copy: Copy, *, is_journaled: bool = True) -> None:
        """Put one copy to the provider; raise Unreachable or ClientGoneError while nothing was sent."""
        indices = self._name_recipients(copy)
        if not indices:
            return
        begun = self.upstream.begin_data()
        self._is_open = True
        if begun.code != 354:
            self._settle(indices, State.REJECTED, begun, is_journaled=is_journaled)
            return
        self.upstream.send_body(copy.octets)
        self._commit(indices, has_marks=copy.has_marks, is_journaled=is_journaled)
        try:
            reply = self.upstream.finish()
        except AnswerLost as trouble:
            lost = ours(f"451 4.4.2 {trouble.sentence} {trouble.cure}")
            self._settle(indices, State.UNKNOWN, lost, is_journaled=is_journaled)
            raise
        # Postfix keeps a transaction whose content it refused: a MAIL without RSET is then a nested one.
        self._is_open = not reply.is_ok
        self._settle(indices, State.ACCEPTED if reply.is_ok else State.REJECTED, reply, is_journaled=is_journaled)

    def _commit(self, indices: Sequence[int], *, has_marks: bool, is_journaled: bool) -> None:
        """Make COMMITTING and the rows of a copy with marks durable, both at once; from here on the mail may arrive.

        Without them, or without the client, the connection is dropped and nothing was sent.
        """
        entry_id = self.entry_id if is_journaled else None
        try:
            if entry_id is not None:
                self._means.journal().advance(entry_id, indices, State.COMMITTING)
            # Nobody can hit or press what has no marks: its rows may be written while the provider thinks.
            if has_marks:
                self._finish_recording()
        except StoreTrouble:
            self.upstream.drop()
            raise
        if has_marks and not self._copy_ids:
            self.upstream.drop()
            if entry_id is not None:
                with self._means.fail_open():
                    self._means.journal().advance(entry_id, indices, State.REJECTED)
            raise RowsMissingError
        if self._mail.is_gone():
            self.upstream.drop()
            self._settle(indices, State.REJECTED, _CLIENT_GONE, is_journaled=is_journaled)
            raise ClientGoneError

    def _name_recipients(self, copy: Copy) -> tuple[int, ...]:
        """Open the copy's own transaction, unless the one that is open serves; return who was accepted."""
        is_for_all = len(copy.indices) == len(self._mail.recipients)
        declared = self._mail.open_size_bytes
        if self._is_open and is_for_all and (declared is None or len(copy.octets) <= declared):
            return copy.indices
        if self._is_open:
            self.upstream.reset()
            self._is_open = False
            if not self.upstream.is_usable:
                self.upstream = self._means.connect(self.upstream.account)
        first, *others = copy.indices
        recipients = self._mail.recipients
        begun, named = self.upstream.open(self._mail.sender, len(copy.octets), recipients[first])
        if not begun.is_ok:
            self._settle(copy.indices, State.REJECTED, begun)
            return ()
        self._is_open = True
        replies = {first: named} | {index: self.upstream.rcpt(recipients[index]) for index in others}
        for index, reply in replies.items():
            if not reply.is_ok:
                self._settle([index], State.REJECTED, reply)
        return tuple(index for index, reply in replies.items() if reply.is_ok)

    def _settle(self, indices: Iterable[int], state: State, reply: Reply, *, is_journaled: bool = True) -> None:
        """Note what the provider said; a journal that fails now changes nothing about it."""
        fates = {State.ACCEPTED: Fate.SENT, State.REJECTED: Fate.REFUSED, State.UNKNOWN: Fate.UNKNOWN}
        settled = tuple(indices)
        for index in settled:
            self._note(index, fates[state], reply)
        if is_journaled and self.entry_id is not None:
            with self._means.fail_open():
                self._means.journal().advance(self.entry_id, settled, state)

    def _pass_through(self, indices: Sequence[int]) -> None:
        """Send the message to all of `indices` at once, with nothing added and without a journal."""
        if not indices:
            return
        copy = Copy(octets=self._raw, indices=tuple(indices))
        self._finish_recording()
        with self._means.fail_open():
            if self._copy_ids:
                ids = [self._copy_ids[index] for index in indices if index in self._copy_ids]
                record_untouched(self._means.store, ids, at=self._means.clock())
            else:
                rows = untracked_rows(self._order(indices), [WhyNot.STORE_TROUBLE] * len(indices))
                self._record_message(rows, indices)
        try:
            if not self.upstream.is_usable:
                self.upstream = self._means.connect(self.upstream.account)
                self._is_open = False
            self._send(copy, is_journaled=False)
        except ClientGoneError:
            self._give_up([copy], _CLIENT_GONE)
        except Trouble as trouble:
            self._give_up([copy], told(trouble))

    def _note(self, index: int, fate: Fate, reply: Reply) -> None:
        self._outcomes[index] = Outcome(address=self._mail.recipients[index].address, fate=fate, reply=reply)

    def _show(self, copy_id: int) -> None:
        """Have the list show a mail whose answer takes its time."""
        if len(self._outcomes) < len(self._mail.recipients):
            record_outcome(self._means.store, copy_id, CopyState.PREPARED, at=self._means.clock())

    def record_outcomes(self) -> None:
        """Tell the store what became of each copy; raise StoreTrouble.  The journal keeps what it may miss."""
        at = self._means.clock()
        if self.entry_id is not None:
            with self._means.fail_open():
                self._means.journal().sync()
        rows = [
            (copy_id, self._outcomes[index])
            for index, copy_id in self._copy_ids.items()
            if self._outcomes[index].fate in _STATES
        ]
        for copy_id, outcome in rows:
            reply = f"{outcome.reply.code} {outcome.reply.text}"
            record_outcome(self._means.store, copy_id, _STATES[outcome.fate], at=at, reply=reply)
        if self.entry_id is not None:
            self._means.journal().mark_recorded(self.entry_id)
