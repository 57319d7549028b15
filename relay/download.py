"""One file from a publisher over verified TLS: no redirect out of https, no end that cannot be told from a break.

A publisher's answer decides what is called a machine, so a doubt about how it came is a reason to do without it.
urllib is not used: a header that trickles in would hold it for ever, and it takes proxies from the environment.
"""

import contextlib
import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

MAX_REDIRECTS: Final = 3
IDLE_S: Final = 20.0
WITHIN_S: Final = 120.0
_HTTPS_PORT: Final = 443
_CHUNK_BYTES: Final = 65_536
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class DownloadError(Exception):
    """The file did not come whole and safely; the text is a plain sentence for the operator."""


def _open_socket(host: str, port: int, timeout_s: float) -> socket.socket:
    return socket.create_connection((host, port), timeout_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """How publishers are reached: whose certificates count, how to connect, and how long one file may take in all."""

    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    open_socket: Callable[[str, int, float], socket.socket] = _open_socket
    idle_s: float = IDLE_S
    within_s: float = WITHIN_S


def download(url: str, web: Web, *, max_bytes: int) -> bytes:
    """Return the file at an https `url`; raises DownloadError."""
    until_s = time.monotonic() + web.within_s
    parts = _checked("", url)
    for _hop in range(MAX_REDIRECTS + 1):
        host = parts.hostname or ""
        try:
            answer = _ask(parts, web, until_s, max_bytes)
        except (OSError, http.client.HTTPException) as error:
            raise DownloadError(_sentence(host, error, web)) from error
        if isinstance(answer, bytes):
            return answer
        parts = _checked(parts.geturl(), answer)
    raise DownloadError(f"{host} redirects without end.")


def _checked(base: str, location: str) -> SplitResult:
    """Return the parts of an https URL on the usual port, seen from `base`; raise DownloadError for any other."""
    try:
        parts = urlsplit(urljoin(base, location))
        is_usable = parts.scheme == "https" and bool(parts.hostname) and parts.port in {None, _HTTPS_PORT}
    except ValueError:
        is_usable = False
    if not is_usable or "@" in parts.netloc or not re.fullmatch(r"[!-~]*", location):
        raise DownloadError("The publisher redirects to where https on its usual port does not lead; not followed.")
    return parts


def _ask(parts: SplitResult, web: Web, until_s: float, max_bytes: int) -> bytes | str:
    """Return the body, or where a redirect leads."""
    host = parts.hostname or ""
    with _connected(host, web, until_s) as connection:
        connection.putrequest("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), skip_host=True)
        connection.putheader("Host", host)
        connection.putheader("User-Agent", "Readback-relay")
        connection.putheader("Connection", "close")
        connection.endheaders()
        with contextlib.closing(connection.getresponse()) as response:
            if response.status in _REDIRECTS:
                return response.headers.get("Location", "")
            if response.status != http.HTTPStatus.OK:
                raise DownloadError(f"{host} answered {response.status} instead of the list.")
            return _body(host, response, max_bytes)


@contextlib.contextmanager
def _connected(host: str, web: Web, until_s: float) -> Iterator[http.client.HTTPConnection]:
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(web.open_socket(host, _HTTPS_PORT, _left_s(web, until_s)))
        plain.settimeout(_left_s(web, until_s))
        wrapped = stack.enter_context(web.context.wrap_socket(plain, server_hostname=host))
        connection = stack.enter_context(contextlib.closing(http.client.HTTPConnection(host, _HTTPS_PORT)))
        connection.sock = _Hurried(wrapped, lambda: _left_s(web, until_s))
        yield connection


def _left_s(web: Web, until_s: float) -> float:
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return min(left_s, web.idle_s)


class _Hurried:
    """A socket as http.client uses it, whose every wait ends when the time for the whole file is over."""

    def __init__(self, wrapped: ssl.SSLSocket, left_s: Callable[[], float]) -> None:
        self._wrapped = wrapped
        self._left_s = left_s

    def sendall(self, octets: bytes) -> None:
        self._wrapped.settimeout(self._left_s())
        self._wrapped.sendall(octets)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._wrapped, self._left_s))

    def close(self) -> None:
        """Leave it open: http.client closes its socket before the answer is read, and whoever opened it closes it."""


class _Reader(io.RawIOBase):
    def __init__(self, wrapped: ssl.SSLSocket, left_s: Callable[[], float]) -> None:
        self._wrapped = wrapped
        self._left_s = left_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._wrapped.settimeout(self._left_s())
        return self._wrapped.recv_into(buffer)


def _body(host: str, response: http.client.HTTPResponse, max_bytes: int) -> bytes:
    if response.length is None and not response.chunked:
        raise DownloadError(f"{host} does not say where its answer ends.")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise DownloadError(f"{host} sent the list compressed, which was not asked for.")
    body = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            raise DownloadError(f"The answer of {host} is larger than {max_bytes:,} octets.")
    if response.length:  # read1 takes an early end for the end.
        raise http.client.IncompleteRead(bytes(body), response.length)
    return bytes(body)


def _sentence(host: str, error: Exception, web: Web) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of {host} is not good."
    if isinstance(error, TimeoutError):
        return f"{host} was silent for {web.idle_s:g} s, or took more than {web.within_s:g} s in all."
    if isinstance(error, socket.gaierror):
        return f"The name {host} could not be looked up."
    return f"The connection to {host} failed or broke off."
