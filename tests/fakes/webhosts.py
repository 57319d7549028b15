"""Real web servers on loopback under the names of others: https with certificates for them, and plain http."""

import http.server
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import trustme


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server says; `is_silent` says nothing, `trickles` one octet at a time and never comes to an end."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_silent: bool = False
    trickles: str = ""  # "head" or "body"
    is_cut_off: bool = False


class WebHosts:
    """Answers from `files`: a URL without its query → an answer; remembers each URL asked for, query and all.

    A name that no URL has does not exist; a port that no URL of a name has is refused.  `without_certificate` are
    names whose certificate is for somebody else.
    """

    def __init__(self, files: Mapping[str, Answer], *, without_certificate: tuple[str, ...] = ()) -> None:
        """Listen on free ports of loopback."""
        self.urls: list[str] = []
        self._files = files
        self._released = threading.Event()
        authority = trustme.CA()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks chain and name, trusts nobody yet
        authority.configure_trust(self.context)
        names = {url.split("/")[2] for url in files} - set(without_certificate)
        server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("somebody.test", *names).configure_cert(server_context)
        self._servers = {scheme: _Server(("127.0.0.1", 0), _handler(self, scheme)) for scheme in ("http", "https")}
        https = self._servers["https"]
        # The handshake is left to the request's own thread.
        https.socket = server_context.wrap_socket(https.socket, server_side=True, do_handshake_on_connect=False)
        self._threads = [
            threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.01})
            for each in self._servers.values()
        ]

    @property
    def port(self) -> int:
        """The port of the plain server."""
        return self._servers["http"].server_port

    def open_socket(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """Connect to the server that plays `host`."""
        hosts = {tuple(url.split("/")[:3:2]) for url in self._files}
        if host not in {name for _scheme, name in hosts}:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        scheme = "https" if port == 443 else "http"
        if (f"{scheme}:", host) not in hosts:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", self._servers[scheme].server_port), timeout_s)

    def answer(self, url: str) -> Answer:
        """Return what is said to a request for `url`."""
        self.urls.append(url)
        return self._files.get(url.partition("?")[0], Answer(status=404))

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the servers are about to end; say whether they are."""
        return self._released.wait(timeout_s)

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        for each in self._threads:
            each.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: clients that go away are the material."""


def _handler(hosts: WebHosts, scheme: str) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            answer = hosts.answer(f"{scheme}://{self.headers['Host']}{self.path}")
            if answer.is_silent:
                hosts.wait()
            elif answer.trickles == "head":
                self._trickle(b"HTTP/1.1 200 OK\r\nX-Endless: ")
            else:
                self._say(answer)

        def _say(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if not answer.trickles:
                self.send_header("Content-Length", str(len(answer.body) + answer.is_cut_off * 10))
            self.end_headers()
            self.wfile.write(answer.body)
            if answer.trickles:
                self._trickle(b"")

        def _trickle(self, start: bytes) -> None:
            self.wfile.write(start)
            while not hosts.wait(0.02):
                self.wfile.write(b"x")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Stay silent."""

    return Handler
