"""The page behind "tell me you've read this": GET shows one button and records nothing, POST tells the sender once.

Pressing again thanks again and stores nothing more.  A stop holds here too: a stopped pair of sender and recipient
stores nothing at all, and the page says so instead of thanking for what nobody hears.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from relay.answers import Answers
from relay.blocks import Blocks
from relay.body import read_body
from relay.counts import Counts
from relay.database import Database, StorageError
from relay.eventlog import MS_PER_DAY, EventLog
from relay.hits import ACCEPTED_DAYS
from relay.masters import Masters
from relay.pages import Page, Pages
from relay.pressing import MAX_FORM_BYTES, is_own_press, link_of, path_of, token_of, used_mark
from relay.stops import Stops
from relay.wire.answer import Answer, AnswerKind
from relay.wire.token import Token, TokenType
from relay.wire.urls import read_confirm_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirming:
    """The confirm page's endpoints; `base` is the address they are reached at, `wake` tells a channel's poller."""

    masters: Masters
    blocks: Blocks
    stops: Stops
    log: EventLog
    answers: Answers
    pages: Pages
    counts: Counts
    base: str
    wake: Callable[[bytes], None]

    async def page(self, request: Request) -> Response:
        """Show the button, or why pressing it would tell nobody; looking never tells anything."""
        token = self._token(request)
        if token is None:
            return self.pages.answer(request, Page.INCOMPLETE)
        return self._shown(request, token)

    async def press(self, request: Request) -> Response:
        """Put the answer where the desktop fetches it, durably, and thank."""
        token = self._token(request)
        if token is None:
            return self.pages.answer(request, Page.INCOMPLETE)
        await read_body(request, MAX_FORM_BYTES)
        if not is_own_press(request, self.base):
            return self._shown(request, token)
        answer = self.answers.of(token, AnswerKind.CONFIRM)
        mark = used_mark(path_of(request))
        try:
            page = await self.log.run(lambda database: self._keep(token, answer, mark, database))
        except (StorageError, OSError):
            return self.pages.answer(request, Page.CONFIRM_LATER)
        self.wake(token.channel_id)
        self.counts.confirms += page is Page.THANKED
        return self.pages.answer(request, page, link=link_of(self.masters, token))

    def _shown(self, request: Request, token: Token) -> Response:
        page = self._hindrance(token) or Page.CONFIRM
        return self.pages.answer(request, page, link=link_of(self.masters, token))

    def _keep(self, token: Token, answer: Answer, mark: bytes, database: Database) -> Page:
        hindrance = self._hindrance(token)
        if hindrance is not None:
            return hindrance
        is_first = database.use(token.channel_id, mark, token.issue_day + ACCEPTED_DAYS)
        if is_first and not self.answers.put(database, answer, token.channel_id):
            return Page.GONE
        return Page.THANKED

    def _hindrance(self, token: Token) -> Page | None:
        """Return the page that says why pressing would tell nobody, or None."""
        if token.recipient_tag in self.stops.tags(token.channel_id):
            return Page.CONFIRM_STOPPED
        if self.answers.now_ms() // MS_PER_DAY - token.issue_day > ACCEPTED_DAYS:
            return Page.CONFIRM_EXPIRED
        if not self.answers.has_desktop(token.channel_id) or self.blocks.blocks_channel(token.channel_id):
            return Page.GONE
        return None

    def _token(self, request: Request) -> Token | None:
        return token_of(self.masters, request, TokenType.CONFIRM, read_confirm_path)
