"""One small file from a web server: no cookies, no proxy, no compression, no credentials, no way back to http.

requests is not used, as it cannot be cut off while a header trickles in and brings netrc and environment along.
"""

import contextlib
import http.client
import socket
import ssl
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from desktop.accounts.hostnames import checked_host
from desktop.accounts.reach import Connections, Reach
from desktop.core.errors import Malformed, Unreachable

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 3
_CHUNK_BYTES: Final = 16_384
# The name does not exist, as opposed to a resolver that does not answer (EAI_AGAIN).
_NO_SUCH_NAME: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a file lies; `path` includes the query and is percent-encoded."""

    host: str
    path: str
    is_encrypted: bool = True

    @property
    def port(self) -> int:
        """The scheme's own port; no other is ever used."""
        return 443 if self.is_encrypted else 80


def fetch(
    address: Address, reach: Reach, connections: Connections, *, timeout_s: float, max_bytes: int
) -> bytes | None:
    """Return the file, or None where there is none (no such name, nothing listens, a status such as 404).

    Raises Unreachable where that cannot be known (no answer in time, a bad certificate, 5xx) and Malformed where the
    file is larger than `max_bytes`.  A redirection is followed to https on the usual port only.
    """
    for _hop in range(_MAX_REDIRECTS + 1):
        try:
            answer = _ask(address, reach, connections, timeout_s, max_bytes)
        except (OSError, http.client.HTTPException) as error:
            if _is_nothing(error):
                return None
            raise _unreachable(address.host, error) from error
        if not isinstance(answer, Address):
            return answer
        address = answer
    raise Unreachable(f"{address.host} redirects without end.")


def _ask(
    address: Address, reach: Reach, connections: Connections, timeout_s: float, max_bytes: int
) -> bytes | Address | None:
    """Return the body, None where there is none, or the address to look at instead."""
    with _connected(address, reach, connections, timeout_s) as connection:
        connection.putrequest("GET", address.path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", address.host)
        connection.putheader("User-Agent", "Readback")
        connection.putheader("Accept", "application/xml, text/xml")
        connection.putheader("Connection", "close")
        connection.endheaders()
        # Closed by us: it holds the socket open beyond the connection's own end.
        with contextlib.closing(connection.getresponse()) as response:
            if response.status in _REDIRECTS:
                return _redirected(address, response.headers.get("Location", ""))
            if response.status >= 500:
                raise Unreachable(f"{address.host} has a fault of its own.", "Try again later.")
            return _body(response, max_bytes) if response.status == 200 else None


@contextlib.contextmanager
def _connected(
    address: Address, reach: Reach, connections: Connections, timeout_s: float
) -> Iterator[http.client.HTTPConnection]:
    plain = reach.open_socket(address.host, address.port, timeout_s)
    connections.add(plain)
    connection = http.client.HTTPConnection(address.host, address.port)
    wrapped = plain
    try:
        plain.settimeout(timeout_s)
        if address.is_encrypted:
            # Done in two steps, so that the handshake can be cut off as well.
            wrapped = reach.context.wrap_socket(plain, server_hostname=address.host, do_handshake_on_connect=False)
            connections.add(wrapped)
            connections.remove(plain)
            wrapped.do_handshake()
        connection.sock = wrapped
        yield connection
    finally:
        connections.remove(wrapped)
        connections.remove(plain)
        connection.close()
        wrapped.close()
        plain.close()


def _body(response: http.client.HTTPResponse, max_bytes: int) -> bytes:
    body = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            raise Malformed("The file is too large.")
    if response.length:  # read1 takes an early end for the end
        raise http.client.IncompleteRead(bytes(body), response.length)
    return bytes(body)


def _redirected(address: Address, location: str) -> Address | None:
    """Return where a redirection leads, or None where it leads anywhere but to https on the usual port."""
    try:
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(f"https://{address.host}{address.path}", location))
        port = parts.port
    except ValueError:
        return None
    if not location.isascii() or (not address.is_encrypted and not location.lower().startswith("https://")):
        return None
    host = checked_host(parts.hostname or "")
    if parts.scheme != "https" or host is None or port not in {None, 443} or "@" in parts.netloc:
        return None
    path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = urllib.parse.quote(parts.query, safe="/?%:@!$&'()*+,;=~")
    return Address(host=host, path=f"{path}?{query}" if query else path)


def _is_nothing(error: Exception) -> bool:
    return isinstance(error, ConnectionRefusedError) or (
        isinstance(error, socket.gaierror) and error.errno in _NO_SUCH_NAME
    )


def _unreachable(host: str, error: Exception) -> Unreachable:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unreachable(f"The certificate of {host} is not good.")
    if isinstance(error, TimeoutError):
        return Unreachable(f"{host} did not answer in time.")
    if isinstance(error, socket.gaierror):
        return Unreachable(f"The name {host} could not be looked up.", "Check your connection.")
    return Unreachable(f"The connection to {host} was broken off.")
