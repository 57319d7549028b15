"""Builds the relay from its settings: the only file that knows all parts.

What is opened is opened and closed in one function, the lifespan; the routes are made there, from open parts.
"""

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay import backup, durable, invites, wellknown
from relay import masters as secrets
from relay.answers import Answers
from relay.blocks import Blocks
from relay.channels import Channels, Registration
from relay.confirming import Confirming
from relay.consent import Consent
from relay.counts import Counts
from relay.database import Database, StorageError
from relay.eventlog import EventLog
from relay.feed import Feed
from relay.gate import Gate
from relay.held import Held
from relay.hits import DailyKey, Links, Pictures, Recorder
from relay.limits import DEFAULT, Connections, Limits, PostLimits, Room
from relay.lists import Lists
from relay.marks import Marks
from relay.masters import Masters
from relay.metrics import Standing, registry_of, scraped
from relay.pages import Pages
from relay.recipient import Recipient
from relay.requester import Proxies
from relay.settings import BadSettingError, Settings, prepare_folder
from relay.stopping import Stopping
from relay.stops import Stops
from relay.unread import Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is on the disk, opened and merged; `reader` belongs to the event loop."""

    reader: Database
    masters: Masters
    stops: Stops
    channels: Channels
    blocks: Blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What serves: the routes, and the parts that the server and the lifespan name themselves."""

    feed: Feed
    routes: list[Route]
    log: EventLog
    pictures: Pictures
    standing: Callable[[], Standing]


@contextmanager
def opened(settings: Settings) -> Iterator[Kept]:
    """Open everything in the data folder, and close it again; raise BadSettingError with a plain sentence, OSError."""
    prepare_folder(settings)
    with ExitStack() as stack:
        stack.enter_context(_held(settings))
        backup.tidy(settings)
        reader = stack.enter_context(closing(_database(settings)))
        channels, retired = reader.channels(), reader.retired()
        masters = _masters(settings, is_fresh=not channels and not retired and not settings.stops.exists())
        stops = stack.enter_context(closing(Stops(settings.stops)))
        reader.begin()
        stops.merge(reader)
        reader.commit()
        blocks = Blocks(settings.blocks)
        known = Channels(channels, retired)
        yield Kept(reader=reader, masters=masters, stops=stops, channels=known, blocks=blocks)


def _held(settings: Settings) -> io.FileIO:
    try:
        return durable.hold(settings.lock)
    except BlockingIOError as error:
        # A stop taken in by one process would not hold in the other.
        raise BadSettingError(f"another relay serves from {settings.data}: give each a folder of its own.") from error


def _database(settings: Settings) -> Database:
    try:
        return Database(settings.database)
    except StorageError as error:
        raise BadSettingError(
            f"{settings.database} cannot be used ({error}): restore it from a backup, or move it away; without it "
            "links redirect and stops hold, and every desktop must register anew."
        ) from error


def _masters(settings: Settings, *, is_fresh: bool) -> Masters:
    if not settings.secrets.exists():
        if not is_fresh:
            raise BadSettingError(
                f"{settings.secrets} is missing, and mail already sent depends on it: restore it from a backup."
            )
        secrets.create(settings.secrets)
    return secrets.load(settings.secrets)


def build_app(
    settings: Settings,
    clock: Callable[[], int],
    *,
    metrics_listener: socket.socket | None = None,
    limits: Limits = DEFAULT,
) -> Starlette:
    """Return the application; `clock` gives milliseconds since 1970-01-01 UTC."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        with opened(settings) as kept:
            invites.note_address(settings)
            parts = _connect(settings, kept, clock, limits, counts)
            app.state.feed, app.router.routes[:] = parts.feed, parts.routes
            parts.log.start(asyncio.get_running_loop())
            with closing(parts.log):
                scraping = scraped(metrics_listener, registry_of(counts, parts.standing))
                async with scraping:
                    # For the server's protocol, which answers pictures itself.
                    yield {
                        "pictures": parts.pictures,
                        "counts": counts,
                        "proxies": proxies,
                        "connections": Connections(limits),
                    }

    app = Starlette(lifespan=lifespan)
    counts, proxies = Counts(), Proxies(settings.trusted_proxies)
    app.state.counts = counts
    app.state.gate = Gate(app, counts=counts, limits=PostLimits(limits), proxies=proxies, now_ms=clock)
    app.router.redirect_slashes = False  # A redirect would echo the request.
    return app


def _connect(settings: Settings, kept: Kept, clock: Callable[[], int], limits: Limits, counts: Counts) -> Parts:
    marks = Marks(kept.masters)
    log = EventLog(settings.database, kept.stops, mark_of=marks.of_row, now_ms=clock)
    unread = Unread(kept.reader.positions())
    proxies, daily_key, pages = Proxies(settings.trusted_proxies), DailyKey(), Pages(settings.contact)
    feed = Feed(
        channels=kept.channels,
        reader=kept.reader,
        log=log,
        unread=unread,
        stops=kept.stops,
        proxies=proxies,
        daily_key=daily_key,
        now_ms=clock,
    )
    log.on_stored, log.on_expired = feed.note_stored, unread.expire
    recorder = Recorder(
        channels=kept.channels,
        blocks=kept.blocks,
        log=log,
        proxies=proxies,
        daily_key=daily_key,
        labels_of=Lists(settings.lists).labels_of,
        now_ms=clock,
        room=Room(limits, unread, counts),
        counts=counts,
    )
    pictures = Pictures(kept.masters, recorder)
    registration = Registration(
        channels=kept.channels,
        masters=kept.masters,
        log=log,
        counts=counts,
        is_open=settings.open_registration,
        picture_base=settings.picture_base,
        link_base=settings.link_base,
    )
    stopping = Stopping(
        masters=kept.masters,
        channels=kept.channels,
        stops=kept.stops,
        reader=kept.reader,
        log=log,
        pages=pages,
        counts=counts,
        wake=feed.wake,
    )
    held = Held(
        channels=kept.channels, reader=kept.reader, log=log, stops=kept.stops, unread=unread, release=feed.release
    )
    answers = Answers(channels=kept.channels, reader=kept.reader, log=log, now_ms=clock)
    consent = Consent(
        masters=kept.masters,
        blocks=kept.blocks,
        stops=kept.stops,
        reader=kept.reader,
        log=log,
        answers=answers,
        pages=pages,
        counts=counts,
        base=settings.link_base,
        wake=feed.wake,
    )
    confirming = Confirming(
        masters=kept.masters,
        blocks=kept.blocks,
        stops=kept.stops,
        log=log,
        answers=answers,
        pages=pages,
        counts=counts,
        base=settings.link_base,
        wake=feed.wake,
    )
    recipient = Recipient(
        masters=kept.masters,
        stopping=stopping,
        marks=marks,
        unread=unread,
        log=log,
        answers=answers,
        pages=pages,
        counts=counts,
        base=settings.link_base,
        wake=feed.wake,
    )

    async def health(_request: Request) -> Response:
        return JSONResponse({"healthy": log.is_healthy}, status_code=200 if log.is_healthy else 503)

    routes = [
        Route("/open/{rest:path}", pictures),
        Route("/click/{rest:path}", Links(kept.masters, recorder, kept.blocks, pages)),
        Route("/feed", feed),
        Route("/feed/acknowledge", feed.acknowledge, methods=["POST"]),
        Route("/source", feed.source, methods=["GET"]),
        Route("/stop/{rest:path}", stopping.page, methods=["GET"]),
        Route("/stop/{rest:path}", stopping.press, methods=["POST"]),
        Route("/consent/{rest:path}", consent.page, methods=["GET"]),
        Route("/consent/{rest:path}", consent.press, methods=["POST"]),
        Route("/confirm/{rest:path}", confirming.page, methods=["GET"]),
        Route("/confirm/{rest:path}", confirming.press, methods=["POST"]),
        Route("/page/{rest:path}", recipient.page, methods=["GET"]),
        Route("/page/{rest:path}", recipient.press, methods=["POST"]),
        Route("/stops", stopping.exchange, methods=["POST"]),
        Route("/answers", answers.fetch, methods=["GET"]),
        Route("/answers/acknowledge", answers.acknowledge, methods=["POST"]),
        Route("/channels", registration.register, methods=["POST"]),
        Route("/held", held.tell, methods=["GET"]),
        Route("/channel", held.end, methods=["DELETE"]),
        Route("/health", health, methods=["GET"]),
        *wellknown.routes(contact=settings.contact, base=settings.link_base, now_ms=clock),
    ]

    def standing() -> Standing:
        return Standing(
            channels=len(kept.channels), unread=unread.total, stopped=kept.stops.total, is_healthy=log.is_healthy
        )

    return Parts(feed=feed, routes=routes, log=log, pictures=pictures, standing=standing)
