"""The recipient's own page: what is recorded, what this server cannot know, how long; a button to stop, one to delete.

To delete is two things: the unread rows of that recipient go at once, found by their marks, and the sender's desktop is
told to delete the rest: by a sealed answer, or with the stops where its channel was deleted and nothing can be sealed
to it.  The rows are looked through in parts, so that no hit waits long behind them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from relay.answers import Answers
from relay.body import read_body
from relay.counts import Counts
from relay.database import Database, StorageError
from relay.eventlog import EventLog
from relay.marks import Marks
from relay.masters import Masters
from relay.pages import Page, Pages
from relay.pressing import MAX_FORM_BYTES, is_own_press, token_of
from relay.stopping import Stopping
from relay.unread import Unread
from relay.wire.answer import Answer, AnswerKind
from relay.wire.token import Token, TokenType
from relay.wire.urls import read_page_path

_PART: Final = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The endpoints of the recipient's page; `base` is the address they are reached at, `wake` tells a poller."""

    masters: Masters
    stopping: Stopping
    marks: Marks
    unread: Unread
    log: EventLog
    answers: Answers
    pages: Pages
    counts: Counts
    base: str
    wake: Callable[[bytes], None]

    async def page(self, request: Request) -> Response:
        """Show the page; looking changes nothing."""
        token = self._token(request)
        if token is None:
            return self.pages.answer(request, Page.INCOMPLETE)
        return self._shown(request, token, Page.RECIPIENT)

    async def press(self, request: Request) -> Response:
        """Stop or delete, as the button says; show the page again for anything else."""
        token = self._token(request)
        if token is None:
            return self.pages.answer(request, Page.INCOMPLETE)
        wishes = parse_qs((await read_body(request, MAX_FORM_BYTES)).decode("latin-1")).get("wish", [])
        if wishes == ["stop"]:
            return await self.stopping.stop(request, token)
        if wishes == ["delete"] and is_own_press(request, self.base):
            return await self._delete(request, token)
        return self._shown(request, token, Page.RECIPIENT)

    async def _delete(self, request: Request, token: Token) -> Response:
        channel_id = token.channel_id
        positions = self.unread.oldest(channel_id, self.unread.count(channel_id))
        try:
            for start in range(0, len(positions), _PART):
                removed = await self.log.run(partial(self._delete_among, token, positions[start : start + _PART]))
                self.unread.forget(channel_id, removed)
            # Last, so that no row of theirs is fetched after the desktop was told.
            is_told = await self.log.run(partial(self._tell, token, self.answers.of(token, AnswerKind.DELETE)))
        except (StorageError, OSError):
            return self.pages.answer(request, Page.DELETE_LATER)
        self.wake(channel_id)
        self.counts.deletions += 1
        return self._shown(request, token, Page.DELETED if is_told else Page.DELETED_HERE)

    def _tell(self, token: Token, answer: Answer, database: Database) -> bool:
        """Put the wish where the desktop fetches it; False where no desktop would."""
        duty = self.marks.of_duty(token.channel_id, token.recipient_tag)
        if self.answers.put(database, answer, token.channel_id, duty=duty):
            return True
        if self.answers.channels.is_retired(token.channel_id):
            database.add_wish(token.channel_id, token.recipient_tag, answer.id)
            return True
        return False

    def _delete_among(self, token: Token, positions: list[int], database: Database) -> list[int]:
        of_row, tag = self.marks.of_row, token.recipient_tag
        rows = database.marks_at(token.channel_id, positions)
        found = [position for position, row_key, mark in rows if mark == of_row(tag, row_key)]
        database.remove_at(found)
        return found

    def _shown(self, request: Request, token: Token, page: Page) -> Response:
        is_stopped, is_told = self.stopping.is_stopped(token), self.stopping.is_told(token)
        return self.pages.recipient(request, page, is_stopped=is_stopped, is_told=is_told)

    def _token(self, request: Request) -> Token | None:
        return token_of(self.masters, request, TokenType.PAGE, read_page_path)
