"""A relay's door on the other address family: the same port on ::1, passing requests on as from an IPv6 address."""

import http.client
import http.server
import socket
import threading
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit


class FamilyProxy:
    """Serves on ::1 while inside `with`; the relay behind it trusts it to name `address`.

    With `is_mute` it takes requests and never answers.
    """

    def __init__(self, relay_url: str, address: str, *, is_mute: bool = False) -> None:
        self.port = urlsplit(relay_url).port or 0
        self.asked = threading.Semaphore(0)
        self._may_end = threading.Event()
        self._server = _Server(("::1", self.port), self._handler(address, is_mute=is_mute))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def _handler(self, address: str, *, is_mute: bool) -> type[http.server.BaseHTTPRequestHandler]:
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                proxy.asked.release()
                if is_mute:
                    proxy._may_end.wait(30)
                    return
                connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
                headers = {"Authorization": self.headers.get("Authorization", ""), "X-Forwarded-For": address}
                connection.request("GET", self.path, headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                connection.close()
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Stay silent."""

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._may_end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    daemon_threads = True
    block_on_close = False


def both_families(host: str, port: Any, *_arguments: Any, **_options: Any) -> list[Any]:
    """Resolve every name to this machine over both families, IPv4 first: for `socket.getaddrinfo`."""
    if host == "0.0.0.0":
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
    return [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
    ]
