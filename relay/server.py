"""uvicorn as the relay runs it: limits on connections and heads, a discreet log, long polls that end at shutdown.

Whoever sends slowly, reads slowly, or does neither, is hung up on; what one connection can make the relay hold is a few
hundred kilobytes at most.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.types import Scope
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from relay.counts import Counts
from relay.hits import GIF, GIF_HEADERS, Pictures
from relay.limits import THIS_MACHINE, Connections
from relay.requester import Proxies
from relay.wire.labels import parse_address, truncated_text

MAX_URL_BYTES: Final = 4_096
MAX_HEAD_BYTES: Final = 16_384
KEEP_ALIVE_S: Final = 30
HEAD_WAIT_S: Final = 20
BODY_WAIT_S: Final = 60
WRITE_WAIT_S: Final = 60
CLOSE_WAIT_S: Final = 10
MAX_PIPELINED: Final = 64
_PICTURES: Final = b"/open/"
_GIF_HEAD: Final = b"".join(name + b": " + value + b"\r\n" for name, value in GIF_HEADERS)
_BAD_REQUEST, _URL_TOO_LONG, _TOO_MANY, _HEAD_TOO_LARGE = 400, 414, 429, 431


class _TooLargeError(Exception):
    """Raised inside the parser so that it stops; it says nothing of the request."""


class _NobodyWaits:
    def set(self) -> None:
        """Wake nobody: a picture's request has no task."""


_NOBODY_WAITS: Final = _NobodyWaits()


class _DirectCycle:
    """Stands where uvicorn keeps its request, so that it queues what comes meanwhile and goes on afterwards."""

    __slots__ = ("disconnected", "keep_alive", "response_complete")
    message_event = _NOBODY_WAITS
    more_body = False  # Nobody reads it.

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.response_complete = False
        self.disconnected = False


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with the limits that llhttp has none of: URL, head, and what the parser holds back.

    One timer a connection looks whether it is idle, and looks again later: uvicorn's, stopped and started for every
    request, costs as much as parsing it.
    """

    _held_bytes = 0
    _head_bytes = 0
    _refusal = _BAD_REQUEST
    _awaited_s = 0.0  # How long the rest of the message may take: its head's, then its body's.
    _is_body_dropped = False
    _message_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None
    _idle_timer: asyncio.TimerHandle
    _heard_s = 0.0
    _counts: Counts
    _network: str | None = None
    _answered: RequestResponseCycle | None = None  # What the application is at; uvicorn knows the newest one only.
    _is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are as many as may be, and hang up on whoever says nothing."""
        super().connection_made(transport)
        self._counts = self.app_state["counts"]
        self._heard_s = self.loop.time()
        self._idle_timer = self.loop.call_later(KEEP_ALIVE_S, self._look_if_idle)
        peer = parse_address(self.client[0]) if self.client else None
        network = truncated_text(peer) if peer else ""
        proxies: Proxies = self.app_state["proxies"]
        is_limited = network not in THIS_MACHINE and not (peer and proxies.trusts(peer))
        if self._connections.opened(network, is_limited=is_limited):
            self._network = network
        else:
            self._counts.connections_refused += 1
            transport.abort()

    @property
    def _connections(self) -> Connections:
        connections: Connections = self.app_state["connections"]
        return connections

    def _look_if_idle(self) -> None:
        left_s = self._heard_s + KEEP_ALIVE_S - self.loop.time()
        if self.transport.is_closing():
            self._cut()  # What was left to send has not been taken for so long.
            return
        if self.cycle is not None and not self.cycle.response_complete:
            left_s = KEEP_ALIVE_S
        if left_s <= 0:
            self.transport.close()
            left_s = CLOSE_WAIT_S
        self._idle_timer = self.loop.call_later(left_s, self._look_if_idle)

    def _cut(self) -> None:
        self._counts.connections_cut += 1
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._idle_timer.cancel()
        self._unset_message_timer()
        self._unset_write_timer()
        if self._network is not None:
            self._connections.closed(self._network)
            self._network = None
        self._drop_answers()
        super().connection_lost(exc)

    def _drop_answers(self) -> None:
        """Let what the application still says go nowhere: there is no connection to write it to."""
        self.pipeline.clear()
        if self._answered is not None:
            self._answered.disconnected = True
            self._answered.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def pause_writing(self) -> None:
        """Take no more requests of who does not read the answers, and cut them off in the end."""
        super().pause_writing()
        self.flow.pause_reading()
        self._write_timer = self.loop.call_later(WRITE_WAIT_S, self._cut)

    def resume_writing(self) -> None:
        """Go on, since the answers are being read."""
        super().resume_writing()
        self._unset_write_timer()
        if self.cycle is None or self.cycle.response_complete:
            self.flow.resume_reading()

    def _unset_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless a head has been growing past all measure, or what came before was no HTTP."""
        if self._is_refused:
            return
        self._heard_s = self.loop.time()
        self._held_bytes += len(data)
        super().data_received(data)
        if self._held_bytes > MAX_HEAD_BYTES and self.parser is not None and not self._is_over():
            self._refusal = _HEAD_TOO_LARGE
            self.send_400_response("")
        if self._awaited_s and self._message_timer is None:
            self._message_timer = self.loop.call_later(self._awaited_s, self._give_up_waiting)

    def _is_over(self) -> bool:
        return self._is_refused or self.transport.is_closing()

    def _give_up_waiting(self) -> None:
        self._counts.connections_cut += 1
        self.transport.close()

    def _unset_message_timer(self) -> None:
        if self._message_timer is not None:
            self._message_timer.cancel()
            self._message_timer = None

    def on_message_begin(self) -> None:
        """Begin to count anew; uvicorn makes its scope later, since a picture needs none."""
        self._head_bytes = 0
        self._awaited_s = HEAD_WAIT_S
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_url(self, url: bytes) -> None:
        """Count the URL."""
        if len(self.url) + len(url) > MAX_URL_BYTES:
            self._refusal = _URL_TOO_LONG
            raise _TooLargeError
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header, or a trailer, which the parser hands over the same way."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refusal = _HEAD_TOO_LARGE
            raise _TooLargeError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that nothing of the head is held back any more."""
        self._held_bytes = 0
        self._awaited_s = BODY_WAIT_S
        if self._message_timer is not None:
            self._unset_message_timer()
        cycle = self.cycle
        is_idle = cycle is None or cycle.response_complete
        # RFC 9112 9.6: what follows a request that is the connection's last is no request.
        is_past_last = self.transport.is_closing() or (cycle is not None and not cycle.keep_alive)
        is_picture = is_idle and self.url.startswith(_PICTURES) and self.parser.get_method() == b"GET"
        self._is_body_dropped = is_picture or is_past_last
        if is_past_last:
            return
        if is_picture:
            self._answer_picture(self.app_state["pictures"])
        elif len(self.pipeline) >= MAX_PIPELINED:
            self._refusal = _TOO_MANY
            raise _TooLargeError
        else:
            self._make_scope()
            super().on_headers_complete()
            if self.parser.should_upgrade():
                # No upgrade is offered, and what follows cannot be told from one: a proxy must not reuse this.
                self.cycle.keep_alive = False

    def _make_scope(self) -> None:
        """Do what uvicorn does when a message begins, now that its head is known."""
        url, headers, is_expecting = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, is_expecting
        self.headers += headers  # The scope holds this very list.

    def _answer_picture(self, pictures: Pictures) -> None:
        """Answer without a task or an application's layers between: most requests are pictures.

        Only on an idle connection; a picture asked for behind another request goes the common way, in turn.
        """
        keep_alive = (
            self.parser.get_http_version() != "1.0"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
        )
        cycle = _DirectCycle(keep_alive=keep_alive)
        self.cycle = cycle  # type: ignore[assignment]
        scope: Scope = {
            "method": "GET",
            "raw_path": self.url,
            "query_string": b"",
            "client": self.client,
            "headers": self.headers,
        }
        pictures.begin(scope, lambda: self._finish_picture(cycle))

    def _finish_picture(self, cycle: _DirectCycle) -> None:
        if cycle.disconnected or self.transport.is_closing():
            return
        lines = [name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers]
        closing = b"" if cycle.keep_alive else b"connection: close\r\n"
        self.transport.write(b"".join([STATUS_LINE[200], *lines, _GIF_HEAD, closing, b"\r\n", GIF]))
        cycle.response_complete = True
        self._counts.pictures += 1
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """Go on with what came meanwhile, or begin to be idle."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self._heard_s = self.loop.time()
        if not self.flow.write_paused:
            self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._is_refused:
            self._refuse()

    def on_body(self, body: bytes) -> None:
        """Pass a body on as it comes; who reads it counts it, and nobody reads a picture's."""
        self._held_bytes = 0
        if not self._is_body_dropped:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the message is whole."""
        self._held_bytes = 0
        self._awaited_s = 0.0
        if self._message_timer is not None:
            self._unset_message_timer()
        if not self._is_body_dropped:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        """Refuse with the status that fits, no word of the request, and hang up; after the answers that are due."""
        self._counts.requests_malformed += 1
        self._is_refused = True
        newest = self.cycle
        is_due = newest is not None and not newest.response_complete
        if is_due and newest.more_body:  # It is this one's body that is no HTTP: it gets no other answer.
            is_due = bool(self.pipeline)
            if is_due:
                self.pipeline.popleft()
        if is_due:
            self.flow.pause_reading()
        else:
            self._refuse()

    def _refuse(self) -> None:
        self.transport.write(STATUS_LINE[self._refusal] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()
        self._drop_answers()


class Server(uvicorn.Server):
    """Announces when it listens, and lets long polls end when it goes down."""

    def __init__(self, app: Starlette, on_ready: Callable[[], None]) -> None:
        """Take the application and what to call once requests are taken."""
        config = uvicorn.Config(
            app.state.gate,
            loop="uvloop",
            http=LimitedProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # It warns of every malformed request.
        self._app = app
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets=sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the waiting polls, then go down as uvicorn does."""
        self._app.state.feed.close()
        await super().shutdown(sockets=sockets)
