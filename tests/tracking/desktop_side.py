"""The desktop as far as tracking needs it: a store, a channel, copies with minted tokens, a poller that is watched."""

import os
import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from desktop.core.status import CopyState, Rung
from desktop.core.verdict import Verdict
from desktop.store.change import Change
from desktop.store.database import Store
from desktop.store.mail import NewCopy, NewToken, cards, conversation, record_message, record_outcome
from desktop.tracking.poller import Link, Poller, PollerState
from desktop.tracking.register import register
from relay.wire import urls
from relay.wire.purpose import Purpose
from relay.wire.token import RANDOM_ID_BYTES, Token, TokenType, mint, recipient_tag
from tests.fakes.samples import THUNDERBIRD, facts

WAIT_S = 15.0
IMAGE = {"Sec-Fetch-Dest": "image"}


def now() -> datetime:
    return datetime.now(UTC)


class DesktopSide:
    """One desktop; its copies were sent an hour ago, so that every hit is past the window."""

    def __init__(self, relay_url: str, path: Path) -> None:
        self.channel = register(relay_url, None)
        self.path = path
        self.store = Store(path, clock=now)
        self.states: queue.Queue[PollerState] = queue.Queue()
        self.pollers: list[Poller] = []
        # One for all pollers of a test: the relay holds another's for ten seconds after its last answer.
        self.lease = os.urandom(16)
        self.changes: list[Change] = []
        self._changed = threading.Condition()
        self.store.subscribe(self._heard)

    def _heard(self, change: Change) -> None:
        with self._changed:
            self.changes.append(change)
            self._changed.notify_all()

    def close(self) -> None:
        """Stop every poller, then close the store."""
        for poller in self.pollers:
            poller.stop()
        self.store.close()

    def reopen(self) -> None:
        """Open the store anew, as after the program was started again."""
        self.store.close()
        self.store = Store(self.path, clock=now)
        self.store.subscribe(self._heard)

    def token(self, kind: TokenType, random_id: bytes, address: str, destination: bytes = b"") -> str:
        """Mint a token as outgoing mail does."""
        token = Token(
            type=kind,
            key_id=self.channel.key_id,
            channel_id=self.channel.channel_id,
            recipient_tag=self.tag(address),
            issue_day=int(now().timestamp()) // 86_400,
            random_id=random_id,
        )
        return mint(self.channel.minting_keys[kind], token, bound=destination)

    def tag(self, address: str) -> bytes:
        """Return the tag that stands for an address."""
        return recipient_tag(self.channel.tag_key, address, 0)

    def send(self, address: str = "anna@becker.example", *, ago: timedelta = timedelta(hours=1)) -> str:
        """Record a copy with a picture as sent so long ago; return the picture's URL."""
        random_id = os.urandom(RANDOM_ID_BYTES)
        copy = NewCopy(
            address=address,
            purposes=frozenset(Purpose),
            tag=self.tag(address),
            tokens=(NewToken(random_id=random_id, type=TokenType.OPEN),),
        )
        self._record(copy, random_id, ago)
        return urls.open_url(self.channel.picture_base, self.token(TokenType.OPEN, random_id, address))

    def send_confirmable(self, address: str = "anna@becker.example") -> str:
        """Record an untracked copy with an "I have read it" link as sent an hour ago; return the link's URL."""
        random_id = os.urandom(RANDOM_ID_BYTES)
        tokens = (NewToken(random_id=random_id, type=TokenType.CONFIRM),)
        self._record(NewCopy(address=address, tag=self.tag(address), tokens=tokens), random_id, timedelta(hours=1))
        return urls.confirm_url(self.channel.link_base, self.token(TokenType.CONFIRM, random_id, address))

    def _record(self, copy: NewCopy, random_id: bytes, ago: timedelta) -> None:
        at = now() - ago
        message = facts(message_id=f"<{random_id.hex()}@s>")
        _, (copy_id,) = record_message(self.store, account_id=1, facts=message, at=at, copies=(copy,))
        record_outcome(self.store, copy_id, CopyState.SENT, at=at)

    def stop_url(self, address: str = "anna@becker.example") -> str:
        """Return the URL of the stop page in a mail to the address."""
        token = self.token(TokenType.STOP, os.urandom(RANDOM_ID_BYTES), address)
        return urls.stop_url(self.channel.link_base, token)

    def poller(self, **options: object) -> Poller:
        """Return a poller that is not started; it is stopped with this desktop."""
        fields: dict[str, object] = {
            "store": self.store,
            "channel": self.channel,
            "clock": now,
            "on_state": self.states.put,
            "back_off": lambda _: 0.05,
            "patience_s": 0.0,
            **options,
        }
        poller = Poller(**fields)  # type: ignore[arg-type]
        poller._lease = self.lease
        self.pollers.append(poller)
        return poller

    def listening(self, **options: object) -> Poller:
        """Return a poller that was started and listens."""
        poller = self.poller(**options)
        poller.start()
        self.wait_for_state(lambda state: state.link is Link.LISTENING)
        return poller

    def fetch_all(self, **options: object) -> None:
        """Run a poller until it has stored and acknowledged what waits at the relay, at least one row."""
        poller = self.poller(**options)
        poller.start()
        self.wait_for_state(lambda _: poller.state.network != "")
        poller.stop()

    def wait_for_state(self, holds: Callable[[PollerState], bool]) -> PollerState:
        """Return the next state that `holds`."""
        while True:
            state = self.states.get(timeout=WAIT_S)
            if holds(state):
                return state

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Return once `holds`, asked anew after every change of the store."""
        with self._changed:
            assert self._changed.wait_for(holds, WAIT_S), "waited in vain"

    def is_opened(self) -> bool:
        """Return whether a conversation stands on opened."""
        return any(card.rung is Rung.OPENED for card in cards(self.store))

    def verdicts(self) -> list[Verdict]:
        """Return the verdicts on all hits, the newest first within a copy."""
        details = [conversation(self.store, card.id) for card in cards(self.store)]
        return [
            line.judgement.verdict
            for detail in details
            if detail is not None
            for message in detail.messages
            for copy in message.copies
            for line in copy.status.evidence
            if line.judgement is not None
        ]


def fetch(url: str, *, network: str = "198.51.100.23", agent: str = THUNDERBIRD) -> int:
    """Load a picture as a recipient on a network of their own does; return the status."""
    headers = {"User-Agent": agent, "X-Forwarded-For": network, **IMAGE}
    return requests.get(url, headers=headers, timeout=WAIT_S).status_code


def press_stop(url: str) -> int:
    """Press the stop page's button; return the status."""
    return requests.post(url, timeout=WAIT_S).status_code
