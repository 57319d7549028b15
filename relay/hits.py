"""Picture and link: token → hit → sealed → log, then the one answer.

The picture's answer is the same octets whether the token is good, forged, expired or stopped; a link redirects
whenever its MAC holds, stored or not.  Mail fails open here too: a relay that cannot write still serves both.
"""

import os
from collections.abc import Callable
from typing import Final

from starlette.types import Receive, Scope, Send

from relay.blocks import Blocks
from relay.channels import Channels
from relay.counts import Counts
from relay.database import StorageError
from relay.eventlog import MS_PER_DAY, EventLog, Record
from relay.limits import Room
from relay.masters import Masters
from relay.pages import Pages
from relay.requester import Headers, Proxies, asks_not_to_be_recorded
from relay.wire.hit import HIT_ID_BYTES, KEPT_HEADERS, HitKind, same_source_mark, spell
from relay.wire.labels import Address, Label, truncated_text
from relay.wire.randomness import Randomness
from relay.wire.token import BadTokenError, Token, TokenType
from relay.wire.urls import BadUrlError, read_click_path, read_open_path

ACCEPTED_DAYS: Final = 90
# A desktop's clock may be ahead, and its zone a day ahead; a token dated further off could outlive the 90 days.
EARLY_DAYS: Final = 2
DAILY_KEY_BYTES: Final = 32
GIF: Final = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)  # GIF89a, 1×1, transparent
_NEVER_STORE: Final = (b"cache-control", b"no-store, no-cache, must-revalidate, private")
GIF_HEADERS: Final = [
    (b"content-type", b"image/gif"),
    (b"content-length", str(len(GIF)).encode("ascii")),
    _NEVER_STORE,
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_GIF_START: Final = {"type": "http.response.start", "status": 200, "headers": GIF_HEADERS}
_GIF_BODY: Final = {"type": "http.response.body", "body": GIF}
_KEPT: Final = tuple((name, name.encode("ascii")) for name in KEPT_HEADERS)


class DailyKey:
    """The key of the same-source marks: random, in memory only, another each day."""

    def __init__(self) -> None:
        """Begin with no key."""
        self._day = -1
        self._key = b""

    def of(self, at_ms: int) -> bytes:
        """Return the key of the day that `at_ms` lies in; an earlier day's is gone."""
        day = at_ms // MS_PER_DAY
        if day != self._day:
            self._day, self._key = day, os.urandom(DAILY_KEY_BYTES)
        return self._key


class Recorder:
    """Decides whether a request is stored, and waits until it is."""

    def __init__(
        self,
        *,
        channels: Channels,
        blocks: Blocks,
        log: EventLog,
        proxies: Proxies,
        daily_key: DailyKey,
        labels_of: Callable[[Address], tuple[Label, ...]],
        now_ms: Callable[[], int],
        room: Room,
        counts: Counts,
    ) -> None:
        """Take the parts a hit passes."""
        self._channels = channels
        self._blocks = blocks
        self._log = log
        self._proxies = proxies
        self._daily_key = daily_key
        self._labels_of = labels_of
        self._now_ms = now_ms
        self._room = room
        self.counts = counts
        self._randomness = Randomness()

    async def record(self, kind: HitKind, token: Token, scope: Scope) -> None:
        """Store the request durably if it may be stored; return either way."""
        record = self._record_of(kind, token, scope)
        if record is None:
            return
        try:
            is_stored = await self._log.store(record)
        except (StorageError, OSError) as error:
            # The log has said so, and /health does: the recipient's mail must look right all the same.
            self._count_missed(error)
        else:
            if is_stored:
                self.counts.hits_stored += 1
            else:
                self._count_missed(None)

    def begin(self, kind: HitKind, token: Token, scope: Scope, then: Callable[[], None]) -> None:
        """Call `then` once the request is durable or cannot be; at once if it may not be stored."""
        record = self._record_of(kind, token, scope)
        if record is None:
            then()
            return

        counts = self.counts

        def told(is_stored: bool | None, error: BaseException | None) -> None:
            if is_stored:
                counts.hits_stored += 1
            else:
                self._count_missed(error)
            then()

        self._log.store_then(record, told)

    def _count_missed(self, error: BaseException | None) -> None:
        if error is None:
            self.counts.hits_stopped += 1
        else:
            self.counts.hits_disk_failed += 1

    def _record_of(self, kind: HitKind, token: Token, scope: Scope) -> Record | None:
        headers: Headers = dict(scope["headers"])
        public_key = self._channels.public_key(token.channel_id)
        at_ms = self._now_ms()
        if (
            public_key is None
            or not -EARLY_DAYS <= at_ms // MS_PER_DAY - token.issue_day <= ACCEPTED_DAYS
            or asks_not_to_be_recorded(scope["method"], headers)
            or self._blocks.blocks_channel(token.channel_id)
        ):
            self.counts.hits_passed_over += 1
            return None
        address = self._proxies.address_of(scope)
        network = truncated_text(address)
        if not self._room.is_for(token, network, at_ms):
            return None
        return Record(
            plain=self._spelled(kind, token, address, network, headers=headers, at_ms=at_ms),
            channel_id=token.channel_id,
            recipient_tag=token.recipient_tag,
            public_key=public_key,
        )

    def _spelled(
        self, kind: HitKind, token: Token, address: Address, network: str, *, headers: Headers, at_ms: int
    ) -> bytes:
        return spell(
            hit_id=self._randomness.take(HIT_ID_BYTES),
            kind=kind,
            token_id=token.random_id,
            at_ms=at_ms,
            labels=self._labels_of(address),
            network=network,
            same_source=same_source_mark(self._daily_key.of(at_ms), address, token.channel_id),
            agent=headers.get(b"user-agent", b"").decode("latin-1"),
            headers={name: headers[key].decode("latin-1") for name, key in _KEPT if key in headers},
        )


class Pictures:
    """`GET /open/<token>.gif`: one picture, whatever the token."""

    def __init__(self, masters: Masters, recorder: Recorder) -> None:
        """Take what verifies and what stores."""
        self._masters = masters
        self._recorder = recorder

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer the picture after the hit, if it is one, is durable."""
        token = self._token(scope)
        if token is not None:
            await self._recorder.record(HitKind.OPEN, token, scope)
        await send(_GIF_START)
        await send(_GIF_BODY)

    def begin(self, scope: Scope, then: Callable[[], None]) -> None:
        """Hand the hit to the log and call `then` when the picture is to be answered; at once if there is no hit."""
        token = self._token(scope)
        if token is None:
            then()
        else:
            self._recorder.begin(HitKind.OPEN, token, scope, then)

    def _token(self, scope: Scope) -> Token | None:
        try:
            return self._masters.verify(read_open_path(_spelled(scope)), TokenType.OPEN)
        except (BadUrlError, BadTokenError):
            self._recorder.counts.hits_passed_over += 1
            return None


class Links:
    """`GET /click/<token>/<destination>/go`: redirects only to what the token's MAC covers."""

    def __init__(self, masters: Masters, recorder: Recorder, blocks: Blocks, pages: Pages) -> None:
        """Take what verifies, what stores, what is blocked and how that is shown."""
        self._masters = masters
        self._recorder = recorder
        self._blocks = blocks
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect after the hit is durable; 404 with no word of the request for what is no link of ours."""
        try:
            text, destination = read_click_path(_spelled(scope))
            token = self._masters.verify(text, TokenType.CLICK, bound=destination)
        except (BadUrlError, BadTokenError):
            await self._pages.not_found(scope, receive, send)
            return
        if scope["method"] not in {"GET", "HEAD"}:
            await self._pages.not_allowed(scope, receive, send)
            return
        if self._blocks.blocks_channel(token.channel_id) or self._blocks.blocks_destination(destination):
            await self._pages.blocked(destination)(scope, receive, send)
            return
        await self._recorder.record(HitKind.CLICK, token, scope)
        await _redirect(destination, send)


async def _redirect(destination: bytes, send: Send) -> None:
    headers = [
        (b"location", destination),
        (b"content-length", b"0"),
        _NEVER_STORE,
        (b"referrer-policy", b"no-referrer"),
    ]
    await send({"type": "http.response.start", "status": 302, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _spelled(scope: Scope) -> str:
    """Return path and query as they came: one URL has one spelling, so nothing is unescaped."""
    path: bytes = scope["raw_path"]
    if scope["query_string"]:
        raise BadUrlError("a query")
    return path.decode("ascii", errors="replace")
