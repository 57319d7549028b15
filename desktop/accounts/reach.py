"""How discovery reaches the network: a resolver, a way to open sockets, trust; and how it is cut off at once.

A server that sends one octet a minute keeps a socket's timeout happy for ever, so whoever waits does not rely on it:
the connections of a source are shut from outside when its time is over.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception

from desktop.accounts.tls import client_context
from desktop.core.errors import Unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """`open_socket` takes a host, a port and seconds, and raises OSError; `resolver` is None where none is set up."""

    resolver: dns.asyncresolver.Resolver | None
    open_socket: Callable[[str, int, float], socket.socket]
    context: ssl.SSLContext


def system_reach() -> Reach:
    """Return the network as this machine is set up to use it; raise StoreTrouble where its trust cannot be read."""
    return Reach(resolver=_system_resolver(), open_socket=_open_socket, context=client_context())


def _system_resolver() -> dns.asyncresolver.Resolver | None:
    try:
        return dns.asyncresolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return None


def _open_socket(host: str, port: int, timeout_s: float) -> socket.socket:
    return socket.create_connection((host, port), timeout_s)


class Connections:
    """The open sockets of one source; `cut` ends them from any thread, and every later one as it is added."""

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._is_cut = False

    def add(self, connected: socket.socket) -> None:
        """Keep a socket in sight; raise Unreachable, and close it, where the source was cut off already."""
        with self._lock:
            if not self._is_cut:
                self._open.append(connected)
                return
        connected.close()
        raise Unreachable("The search was ended.")

    def remove(self, connected: socket.socket) -> None:
        """Forget a socket that its owner is about to close."""
        with self._lock:
            self._open = [each for each in self._open if each is not connected]

    def cut(self) -> None:
        """Shut every socket: whoever waits on one gets an error at once."""
        with self._lock:
            self._is_cut = True
            for each in self._open:
                with contextlib.suppress(OSError):  # the other side may have been quicker
                    socket.socket.shutdown(each, socket.SHUT_RDWR)
