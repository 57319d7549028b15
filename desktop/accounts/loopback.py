"""The door through which the browser brings a sign-in back: HTTP on 127.0.0.1 for one answer (RFC 8252 7.3).

The browser's page waits until the sign-in is known to have worked or not, so that it never says more than is true.
It is plain HTML without scripts; nothing a request holds is repeated in it.
"""

import contextlib
import html
import http.server
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qsl, urlsplit

from desktop.core.errors import StoreTrouble, Trouble, Unreachable

_HOST: Final = "127.0.0.1"
_LOOK_S: Final = 0.2
# As long as the token server may take, and a little more.
_TOLD_S: Final = 45.0
_REQUEST_S: Final = 10.0
_GOODBYE_S: Final = 2.0
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Readback</title></head>
<body><h1>{sentence}</h1><p>{cure}</p></body></html>
"""


class Cancelled(Trouble):
    """The user called the sign-in off."""


class Loopback:
    """Open inside `with`; one thread waits, the browser is answered on others."""

    def __init__(self, redirect_host: str, *, is_ours: Callable[[Mapping[str, str]], bool]) -> None:
        """Take the name the provider wants for this machine, and the test an answer must pass (its state)."""
        self._is_ours = is_ours
        self._answers: queue.Queue[dict[str, str]] = queue.Queue()
        self._is_closing = threading.Event()
        self._told = threading.Event()
        self._written = threading.Event()
        self._verdict = ("The sign-in was called off.", "You can close this page.")
        self._is_answered = threading.Lock()
        # The user agent of the browser that brought the answer.
        self.agent = ""
        try:
            self._server = _Server((_HOST, 0), _Handler)
        except OSError as error:
            raise StoreTrouble(
                "No port of this machine is free for the browser's answer.", "Close other programs and sign in again."
            ) from error
        self._server.door = self
        self.port: int = self._server.server_address[1]
        self.redirect_uri = f"http://{redirect_host}:{self.port}"
        self._thread = threading.Thread(target=self._serve, name="sign-in", daemon=True)

    def _serve(self) -> None:
        while not self._is_closing.is_set():
            self._server.handle_request()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._told.set()
        if self._is_answered.locked():
            self._written.wait(_GOODBYE_S)
        self._is_closing.set()
        # Whoever waits for a connection is woken by one.
        with contextlib.suppress(OSError), socket.create_connection((_HOST, self.port), _GOODBYE_S):
            self._thread.join()
        self._server.server_close()

    def wait(self, *, cancelled: threading.Event, timeout_s: float) -> Mapping[str, str]:
        """Return the parameters of the answer; raise Cancelled, or Unreachable when none came in time."""
        ends_at = time.monotonic() + timeout_s
        while not cancelled.is_set():
            if time.monotonic() >= ends_at:
                raise Unreachable(
                    "Nobody signed in in time.",
                    "Sign in again; if no page opened, copy its address into your browser.",
                )
            with contextlib.suppress(queue.Empty):
                return self._answers.get(timeout=_LOOK_S)
        raise Cancelled("The sign-in was called off.", "Sign in when you are ready.")

    @contextlib.contextmanager
    def telling(self, sentence: str) -> Iterator[None]:
        """Tell the browser `sentence` when the block went well, else its trouble."""
        try:
            yield
        except Trouble as trouble:
            self._tell(trouble.sentence, f"{trouble.cure} You can close this page and go back to Readback.")
            raise
        self._tell(sentence, "You can close this page and go back to Readback.")

    def _tell(self, sentence: str, cure: str) -> None:
        self._verdict = (sentence, cure)
        self._told.set()

    def _take(self, answer: dict[str, str], agent: str) -> tuple[int, str, str]:
        """Return status and words for the browser `agent` that brought `answer`, once they are known."""
        if not ({"code", "error"} & answer.keys()) or not self._is_ours(answer):
            return 400, "This does not belong to the sign-in under way.", "Close this page and sign in from Readback."
        if not self._is_answered.acquire(blocking=False):
            return 409, "This sign-in was answered already.", "You can close this page and go back to Readback."
        self.agent = agent
        self._answers.put(answer)
        self._told.wait(_TOLD_S)
        return 200, *self._verdict


def _read(target: str) -> tuple[str, dict[str, str]]:
    """Return path and parameters of a request; nothing where they cannot be read."""
    try:
        parts = urlsplit(target)
        return parts.path, dict(parse_qsl(parts.query, max_num_fields=50))
    except ValueError:
        return "", {}


class _Server(http.server.ThreadingHTTPServer):
    """Knows its door; a browser's idle connection never holds up the end."""

    # A port of this process alone: Windows would give a reused one to others as well.
    allow_reuse_address = False
    daemon_threads = True
    block_on_close = False
    door: Loopback

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - the library's signature
        """Send a bug to the crash handler; a browser that went away is none."""
        kind, error, trace = sys.exc_info()
        if kind is not None and not isinstance(error, OSError):
            threading.excepthook(threading.ExceptHookArgs((kind, error, trace, threading.current_thread())))


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET / and nothing else."""

    server: _Server
    timeout = _REQUEST_S
    server_version = "Readback"
    sys_version = ""

    def do_GET(self) -> None:
        """Hand the redirect's parameters over and answer when the outcome is known."""
        door = self.server.door
        path, parameters = _read(self.path)
        # Another name for this machine would be a page that had its own name point here (DNS rebinding).
        is_named = self.headers.get("Host", "") in (f"{_HOST}:{door.port}", f"localhost:{door.port}")
        if path not in ("", "/") or not is_named:
            self._answer(404, "There is nothing here.", "Close this page and sign in from Readback.")
            return
        status, sentence, cure = door._take(parameters, self.headers.get("User-Agent", ""))  # noqa: SLF001 - the two halves of one door
        self._answer(status, sentence, cure)
        if status == 200:
            door._written.set()  # noqa: SLF001 - as above

    def _answer(self, status: int, sentence: str, cure: str) -> None:
        page = _PAGE.format(sentence=html.escape(sentence), cure=html.escape(cure)).encode()
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Log nothing: the path holds the code."""
