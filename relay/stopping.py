"""The two ways a stop comes in: the recipient's button, and a desktop's exchange of whole sets.

A stop outlives its channel: the desktop of one that was deleted goes on exchanging, and learns at the same time of the
wishes to delete that recipients of its old mail have.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relay.body import fields_of, read_body
from relay.channels import Channels, refusal
from relay.counts import Counts
from relay.database import ROW_KEY_BYTES, Database, StorageError
from relay.eventlog import EventLog
from relay.masters import Masters
from relay.pages import Page, Pages
from relay.pressing import MAX_FORM_BYTES, link_of, token_of
from relay.stops import Stops
from relay.wire.token import RECIPIENT_TAG_BYTES, Token, TokenType
from relay.wire.urls import read_stop_path

# Stops are kept for ever and in memory; a tag for everyone that somebody ever wrote to is far from this.
MAX_TAGS: Final = 250_000
MAX_EXCHANGE_BYTES: Final = 4 * 1_024 * 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """The stop page's and the exchange's endpoints; `reader` is the loop's connection, `wake` tells a poller."""

    masters: Masters
    channels: Channels
    stops: Stops
    reader: Database
    log: EventLog
    pages: Pages
    counts: Counts
    wake: Callable[[bytes], None]

    async def page(self, request: Request) -> Response:
        """Show the page with its one button, or that it was pressed already; looking never stops anything."""
        token = self._token(request)
        if token is None:
            return self.pages.answer(request, Page.INCOMPLETE)
        if self.is_told(token):
            page = Page.STOPPED if self.is_stopped(token) else Page.STOP
        else:
            page = Page.STOPPED_GONE if self.is_stopped(token) else Page.STOP_GONE
        return self.pages.answer(request, page, link=link_of(self.masters, token))

    async def press(self, request: Request) -> Response:
        """Stop the token's recipient tag; 200 once that would survive a crash and the loss of the database."""
        token = self._token(request)
        if token is None:
            return self.pages.answer(request, Page.INCOMPLETE)
        await read_body(request, MAX_FORM_BYTES)
        return await self.stop(request, token)

    async def stop(self, request: Request, token: Token) -> Response:
        """Stop a verified token's recipient tag, whichever page's button it was."""
        try:
            await self._stop(token.channel_id, frozenset({token.recipient_tag}))
        except (StorageError, OSError):
            return self.pages.answer(request, Page.STOP_LATER)
        self.counts.stops += 1
        page = Page.STOPPED if self.is_told(token) else Page.STOPPED_GONE
        return self.pages.answer(request, page, link=link_of(self.masters, token))

    def is_stopped(self, token: Token) -> bool:
        """Return True when nothing of the token's sender and recipient is stored any more."""
        return token.recipient_tag in self.stops.tags(token.channel_id)

    def is_told(self, token: Token) -> bool:
        """Return True when the sender's desktop learns of a stop, False where the relay knows of none."""
        return self.channels.has_listener(token.channel_id)

    async def exchange(self, request: Request) -> Response:
        """Take in a desktop's stops and answer the union, durable on both sides of the relay's storage.

        Of the wishes to delete that came by a deleted channel, those that were carried out go, the others are told.
        """
        channel_id = self.channels.authorised_for_stops(request.headers.get("authorization", ""))
        if channel_id is None:
            return refusal(401, "This bearer is unknown.")
        body = await read_body(request, MAX_EXCHANGE_BYTES)
        try:
            tags = parse_octets(body, "tags", RECIPIENT_TAG_BYTES)
            done = parse_octets(body, "done", ROW_KEY_BYTES, is_optional=True)
        except ValueError:
            return refusal(400, "The request is no list of tags.")
        if len(tags | self.stops.tags(channel_id)) > MAX_TAGS:
            return refusal(413, f"This relay keeps at most {MAX_TAGS} stops of one desktop.")
        try:
            union = await self._stop(channel_id, tags)
            if done:
                await self.log.run(lambda database: database.remove_wishes(channel_id, done))
            wishes = self.reader.wishes(channel_id)
        except (StorageError, OSError):
            return refusal(503, "The relay cannot keep stops now; try again.")
        told = [{"key": key.hex(), "tag": tag.hex()} for key, tag in wishes]
        is_retired = self.channels.is_retired(channel_id)
        return JSONResponse({"tags": sorted(tag.hex() for tag in union), "wishes": told, "retired": is_retired})

    async def _stop(self, channel_id: bytes, tags: frozenset[bytes]) -> frozenset[bytes]:
        before = self.stops.digest(channel_id)
        union = await self.log.run(lambda database: self.stops.add(channel_id, tags, database))
        if self.stops.digest(channel_id) != before:
            self.wake(channel_id)
        return union

    def _token(self, request: Request) -> Token | None:
        return token_of(self.masters, request, TokenType.STOP, read_stop_path)


def parse_octets(body: bytes, name: str, size_bytes: int, *, is_optional: bool = False) -> frozenset[bytes]:
    """Return the set of hex strings under `name`, each of `size_bytes`; raise ValueError for anything else."""
    listed = fields_of(body).get(name, [] if is_optional else None)
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
        raise ValueError("not a list of strings")
    octets = frozenset(bytes.fromhex(text) for text in listed)
    if any(len(item) != size_bytes for item in octets):
        raise ValueError("another length")
    return octets
