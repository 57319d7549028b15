"""A real DNS server on loopback, UDP and TCP on one port: a zone of texts, and the ways in which servers fail."""

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Mapping
from enum import Enum
from types import TracebackType
from typing import Self

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class Fault(Enum):
    """What happens instead of an answer."""

    SERVFAIL = "servfail"
    SILENCE = "silence"
    GARBAGE = "garbage"


Zone = Mapping[tuple[str, str], list[str] | Fault]


class NameServer:
    """Answers from `zone`: (name without a final dot, type) → records as text, or a fault; all else is NXDOMAIN.

    A name that has a CNAME is answered with the whole chain of them, loops included.  With `truncate`, UDP says that
    the answer is too long and only TCP gives it.
    """

    def __init__(self, zone: Zone, *, truncate: bool = False) -> None:
        """Listen on a port that is free for both protocols."""
        self.questions: list[tuple[str, str]] = []
        self._zone = zone
        self._truncate = truncate
        self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _tcp_handler(self))
        self._udp = socketserver.ThreadingUDPServer(("127.0.0.1", self._tcp.server_address[1]), _udp_handler(self))
        self._threads = [
            threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.01})
            for each in (self._tcp, self._udp)
        ]

    @property
    def resolver(self) -> dns.asyncresolver.Resolver:
        """A resolver that asks this server alone."""
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = int(self._tcp.server_address[1])
        return resolver

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()
        for each in self._threads:
            each.join()

    def answer(self, wire: bytes, *, is_udp: bool) -> bytes | None:
        """Return the answer to a query, None for silence."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.questions.append((name, kind))
        response = dns.message.make_response(query)
        records = self._records(response, name, kind)
        if records is Fault.SILENCE:
            return None
        if records is Fault.GARBAGE:
            return wire[:2] + b"\xff" * 40
        if records is Fault.SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
        if is_udp and self._truncate:
            response.answer = []
            response.flags |= dns.flags.TC
        return response.to_wire()

    def _records(self, response: dns.message.Message, name: str, kind: str) -> Fault | None:
        seen: set[str] = set()
        while (alias := self._zone.get((name, "CNAME"))) and isinstance(alias, list) and name not in seen:
            seen.add(name)
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", alias[0]))
            name = alias[0].rstrip(".")
        records = self._zone.get((name, kind))
        if isinstance(records, Fault):
            return records
        if records:
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *records))
        elif not any(known == name for known, _kind in self._zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return None


def _udp_handler(server: NameServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, listening = self.request
            answer = server.answer(wire, is_udp=True)
            if answer is not None:
                listening.sendto(answer, self.client_address)

    return Handler


def _tcp_handler(server: NameServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            connected: socket.socket = self.request
            with contextlib.suppress(OSError, struct.error):
                (length,) = struct.unpack("!H", connected.recv(2, socket.MSG_WAITALL))
                answer = server.answer(connected.recv(length, socket.MSG_WAITALL), is_udp=False)
                if answer is not None:
                    connected.sendall(struct.pack("!H", len(answer)) + answer)

    return Handler
