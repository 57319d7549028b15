"""A front before a real relay that writes down all it sees, in every way a relay might leak without meaning to.

It passes each request on and gives back the answer, so that the relay behind it sees the same traffic; what a leaky
relay would have kept lies apart, one file for each form.
"""

import base64
import gzip
import hashlib
import hmac
import re
import sqlite3
import threading
import urllib.parse
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_WORD: Final = re.compile(rb"[^\s=&;,/?\"<>\x00]+")


def _words(head: bytes) -> list[bytes]:
    return _WORD.findall(urllib.parse.unquote_to_bytes(head))


def _each(spell: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return what spells each word of a head, one a line."""
    return lambda head: b"\n".join(spell(word) for word in _words(head)) + b"\n"


def _hashed(name: str) -> Callable[[bytes], bytes]:
    return lambda word: hashlib.new(name, word).digest()


# What a leaky relay might write of a request's head, by the form's name.
FORMS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "plain": lambda head: head,
    "upper case": bytes.upper,
    "percent": lambda head: "".join(f"%{octet:02X}" for octet in head).encode("ascii"),
    "base64": base64.b64encode,
    "base64url of each word": _each(base64.urlsafe_b64encode),
    "hex": lambda head: head.hex().encode("ascii"),
    "gzip": gzip.compress,
    "zlib, then base64": lambda head: base64.b64encode(zlib.compress(head)),
    "utf-16": lambda head: head.decode("latin-1").encode("utf-16-le"),
    "reversed": lambda head: head[::-1],
    "md5": _each(_hashed("md5")),
    "sha1 in hex": _each(lambda word: hashlib.sha1(word).hexdigest().encode("ascii")),
    "sha256": _each(_hashed("sha256")),
    "sha256, eight octets": _each(lambda word: hashlib.sha256(word).digest()[:8]),
    "sha256 of small letters": _each(lambda word: hashlib.sha256(word.lower()).digest()),
    "sha512 in base64": _each(lambda word: base64.b64encode(hashlib.sha512(word).digest())),
    "keyed with the relay's secret": _each(lambda word: word),  # Replaced by what has the secret.
}


class LeakyRelay:
    """A front at `url` before the relay at `behind`; `leaks` is the folder of what it wrote down."""

    def __init__(self, leaks: Path) -> None:
        """Listen; the relay behind is named once it runs, since its mails carry this address."""
        self.leaks = leaks
        leaks.mkdir()
        self.behind = ""
        self.secret = b""
        self._lock = threading.Lock()
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                front.pass_on(self)

            do_GET = do_POST = do_HEAD = do_DELETE = _pass_on  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def pass_on(self, handler: BaseHTTPRequestHandler) -> None:
        """Write a request down, ask the relay behind, and answer what it answers."""
        head = f"{handler.requestline}\r\n{handler.headers}".encode("latin-1", "replace")
        self._write_down(head)
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        connection = HTTPConnection(self.behind.removeprefix("http://"), timeout=90)
        with closing(connection):
            connection.request(handler.command, handler.path, body=body or None, headers=dict(handler.headers.items()))
            answer = connection.getresponse()
            content = answer.read()
        handler.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _write_down(self, head: bytes) -> None:
        with self._lock:
            for name, spell in FORMS.items():
                with (self.leaks / name).open("ab") as file:
                    file.write(self._keyed(head) if "keyed" in name else spell(head))
            with closing(sqlite3.connect(self.leaks / "a table")) as database, database:
                database.execute("CREATE TABLE IF NOT EXISTS seen (head BLOB)")
                database.execute("INSERT INTO seen VALUES (?)", (base64.b64encode(head),))

    def _keyed(self, head: bytes) -> bytes:
        return b"".join(hmac.digest(self.secret, word.lower(), "sha256")[:8] for word in _words(head))
