"""A real HTTP server on loopback that gives the answers it is told to give, for what no real relay would say."""

import http.server
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class HttpAnswers:
    """Answers each request with the next of `answers` (status, body), the last one for ever; remembers the requests."""

    def __init__(self, *answers: tuple[int, bytes], context: ssl.SSLContext | None = None) -> None:
        """Listen on a free port of loopback; with `context`, behind TLS."""
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._next, self.requests.append))
        self._answers = list(answers)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def _next(self) -> tuple[int, bytes]:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(
    answer: Callable[[], tuple[int, bytes]], remember: Callable[[tuple[str, str, dict[str, str], bytes]], None]
) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            remember((self.command, self.path, dict(self.headers.items()), body))
            status, answered = answer()
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", answered.decode("ascii"))
                answered = b""
            self.send_header("Content-Length", str(len(answered)))
            self.end_headers()
            self.wfile.write(answered)

        do_GET = do_POST = _serve  # noqa: N815 - the names http.server asks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Stay silent."""

    return Handler
