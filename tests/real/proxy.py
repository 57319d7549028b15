"""A recipient's way to the Internet: an HTTP proxy that tells the relay from which network its people come.

One proxy stands for one recipient network.  The relay trusts it and believes its X-Forwarded-For; there is no other
Internet behind it, so that a program that calls home gets a 502.
"""

import contextlib
import http.client
import http.server
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

# RFC 9110 7.6.1, and what a client says to its proxy alone.
_HOP_BY_HOP: Final = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "x-forwarded-for"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One request that was handed on to the relay, and the status that came back."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the relay said."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class RecipientNetwork:
    """A running proxy; what it passed on stands in `passed`, oldest first."""

    def __init__(self, *, address: str, public_host: str, relay_port: int) -> None:
        """Listen on a free port and hand requests for `public_host` on to the relay as coming from `address`."""
        self.address = address
        self.public_host = public_host
        self._relay_port = relay_port
        self._arrived = threading.Condition()
        self.passed: tuple[Passed, ...] = ()
        outer = self

        class Handler(_Handler):
            network = outer

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host_and_port = ("127.0.0.1", self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="proxy", daemon=True)
        self._thread.start()

    def hand_on(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """Return the relay's answer, None when `url` is not at the public host; raise OSError."""
        parts = urlsplit(url)
        if parts.netloc != self.public_host or parts.scheme != "http":
            return None
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        kept = {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
        relay = http.client.HTTPConnection("127.0.0.1", self._relay_port, timeout=10)
        with contextlib.closing(relay):
            relay.request(method, path, body=body or None, headers={**kept, "X-Forwarded-For": self.address})
            response = relay.getresponse()
            given = tuple((name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP)
            answer = Answer(status=response.status, reason=response.reason, headers=given, body=response.read())
        with self._arrived:
            self.passed += (Passed(method=method, path=path, headers=dict(headers), status=answer.status),)
            self._arrived.notify_all()
        return answer

    def wait_for(self, fits: Callable[[Passed], bool], *, since: int = 0, within_s: float = 15) -> Passed:
        """Return the first request that fits, the first `since` left out, once it was answered; raise TimeoutError."""

        def found() -> Passed | None:
            return next((request for request in self.passed[since:] if fits(request)), None)

        with self._arrived:
            request = self._arrived.wait_for(found, within_s)
        if request is None:
            raise TimeoutError(f"after {within_s:g} s no such request from {self.address}; passed on: {self.passed}")
        return request

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    """One client connection; a request names a whole URL, as to any proxy (RFC 9112 3.2.2)."""

    network: RecipientNetwork
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        answer = self.network.hand_on(self.command, self.path, dict(self.headers.items()), body)
        if answer is None:
            self.send_error(502, "There is no other Internet here")
            return
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = _answer  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
        """Say nothing on standard error; `passed` is the record."""
