"""What an operator's monitoring reads: counts and how the relay stands, as Prometheus text on a listener of its own.

No label holds anything that a request brought: kinds of request, classes of answers and outcomes are all there are.
The listener is not the public one, so that nobody but the operator learns how busy a relay is.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from relay.counts import Counts

ASKED_WITHIN_S: Final = 5.0
MAX_CONNECTIONS: Final = 16
_PREFIX: Final = "readback_relay_"
_HEAD_END: Final = b"\r\n\r\n"
_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
_OF_ANSWERS: Final = frozenset({"answers", "pictures"})
_PICTURE: Final = ("picture", "2xx")
# Counters whose names begin alike are one metric; what follows is its label's value.
_FAMILIES: Final = {
    "hits_": ("hits", "outcome", "Requests with a good token, by what became of them."),
    "connections_": ("connections", "fate", "Connections that the relay ended, by why."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the relay stands at one moment."""

    channels: int
    unread: int
    stopped: int
    is_healthy: bool


class _Figures:
    """Turns counts and standing into metrics at each scrape; a counter that is new in Counts is told by itself."""

    def __init__(self, counts: Counts, standing: Callable[[], Standing]) -> None:
        self._counts = counts
        self._standing = standing

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: what is collected is known at each scrape."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Return every metric."""
        yield self._answers()
        yield from self._counters()
        standing = self._standing()
        for name, value, said in (
            ("channels", standing.channels, "Desktops that are registered."),
            ("unread_hits", standing.unread, "Hits that no desktop has fetched yet."),
            ("stopped", standing.stopped, "Stops that hold."),
            ("healthy", standing.is_healthy, "1 while the relay can write its files."),
        ):
            yield GaugeMetricFamily(_PREFIX + name, said, value=value)

    def _answers(self) -> Metric:
        said = "Answers, by kind of request and class of the answer."
        family = CounterMetricFamily(f"{_PREFIX}requests", said, labels=["kind", "answer"])
        answers = dict(self._counts.answers)
        answers[_PICTURE] = answers.get(_PICTURE, 0) + self._counts.pictures
        for key, count in sorted(answers.items()):
            family.add_metric(key, count)
        return family

    def _counters(self) -> Iterable[Metric]:
        families: dict[str, CounterMetricFamily] = {}
        for name in (field.name for field in fields(self._counts) if field.name not in _OF_ANSWERS):
            count: int = getattr(self._counts, name)
            start = next((start for start in _FAMILIES if name.startswith(start)), None)
            if start is None:
                said = f"{name.replace('_', ' ').capitalize()} since the start."
                families[name] = CounterMetricFamily(_PREFIX + name, said, value=count)
                continue
            family, label, said = _FAMILIES[start]
            if start not in families:
                families[start] = CounterMetricFamily(_PREFIX + family, said, labels=[label])
            families[start].add_metric([name.removeprefix(start)], count)
        return families.values()


def registry_of(counts: Counts, standing: Callable[[], Standing]) -> CollectorRegistry:
    """Return what is told of a relay and of its process."""
    registry = CollectorRegistry()
    registry.register(_Figures(counts, standing))
    ProcessCollector(registry=registry)
    return registry


@asynccontextmanager
async def scraped(listener: socket.socket | None, registry: CollectorRegistry) -> AsyncIterator[None]:
    """Answer `GET /metrics` on `listener` meanwhile, where there is one; it is closed afterwards."""
    if listener is None:
        yield
        return
    server = await asyncio.start_server(_Scrapes(registry).answer, sock=listener, limit=8_192)
    try:
        yield
    finally:
        server.close()


class _Scrapes:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._open = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and hang up, at once if too many are open."""
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                async with asyncio.timeout(ASKED_WITHIN_S):
                    writer.write(self._said_to(await reader.readuntil(_HEAD_END)))
                    await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            return
        finally:
            self._open -= 1
            writer.close()

    def _said_to(self, head: bytes) -> bytes:
        if head.split(b" ", 2)[:2] != [b"GET", b"/metrics"]:
            return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        body = generate_latest(self._registry)
        about = b"content-type: %b\r\ncontent-length: %d\r\nconnection: close" % (_TYPE, len(body))
        return b"HTTP/1.1 200 OK\r\n" + about + _HEAD_END + body
