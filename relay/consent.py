"""The page that asks: GET shows the question, only POST with one of its two buttons answers it, and only once.

A yes needs a box that lets something be seen; a no stops the tag like the stop page does.  The question is stopped by a
stop too: its tag is that of the generation which a yes would begin, and a stopped tag stays stopped.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from relay.answers import Answers
from relay.blocks import Blocks
from relay.body import read_body
from relay.counts import Counts
from relay.database import Database, StorageError
from relay.eventlog import MS_PER_DAY, EventLog
from relay.masters import Masters
from relay.pages import Page, Pages
from relay.pressing import MAX_FORM_BYTES, is_own_press, link_of, path_of, used_mark
from relay.stops import Stops
from relay.wire.answer import Answer, AnswerKind
from relay.wire.claims import BadClaimsError, Claims, read_claims
from relay.wire.purpose import Purpose
from relay.wire.token import BadTokenError, Token, TokenType
from relay.wire.urls import BadUrlError, read_consent_url
from relay.wire.wording import asked_text, wording_hash

ANSWERABLE_DAYS: Final = 365
# What lets something be seen; place and reading time only say more of it.
_SEEING: Final = frozenset({Purpose.OPENS, Purpose.CLICKS})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question that its link vouches for; `mark` is what is kept of a link that was answered."""

    token: Token
    claims: Claims
    mark: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The question's endpoints; `base` is the address they are reached at, `wake` tells a channel's poller.

    `reader` is the loop's own connection.
    """

    masters: Masters
    blocks: Blocks
    stops: Stops
    reader: Database
    log: EventLog
    answers: Answers
    pages: Pages
    counts: Counts
    base: str
    wake: Callable[[bytes], None]

    async def page(self, request: Request) -> Response:
        """Show the question, or why it cannot be answered; looking never answers anything."""
        asked = self._asked(request)
        if asked is None:
            return self.pages.answer(request, Page.INCOMPLETE)
        hindrance = self._hindrance(asked, self.reader)
        return self.pages.question(asked.claims) if hindrance is None else self._told(asked, hindrance)

    async def press(self, request: Request) -> Response:
        """Take the answer of the button that was pressed, durably; show the question again where none was."""
        asked = self._asked(request)
        if asked is None:
            return self.pages.answer(request, Page.INCOMPLETE)
        button, ticked = _read(await read_body(request, MAX_FORM_BYTES))
        chosen = ticked & asked.claims.purposes if button == "yes" else frozenset()
        hindrance = self._hindrance(asked, self.reader)
        if hindrance is not None:
            return self._told(asked, hindrance)
        if button not in {"yes", "no"} or not is_own_press(request, self.base):
            return self.pages.question(asked.claims)
        if button == "yes" and not chosen & _SEEING:
            return self.pages.question(asked.claims, is_unticked=True)
        return await self._take(asked, chosen)

    async def _take(self, asked: _Asked, chosen: frozenset[Purpose]) -> Response:
        answer = replace(
            self.answers.of(asked.token, AnswerKind.CONSENT),
            purposes=chosen,
            language=asked.claims.language,
            wording=wording_hash(asked_text(asked.claims)),
        )
        try:
            page = await self.log.run(lambda database: self._keep(asked, answer, database))
        except (StorageError, OSError):
            return self._told(asked, Page.QUESTION_LATER)
        self.wake(asked.token.channel_id)
        self.counts.consents += page is Page.AGREED
        self.counts.refusals += page is Page.REFUSED
        return self._told(asked, page, chosen)

    def _keep(self, asked: _Asked, answer: Answer, database: Database) -> Page:
        """Keep the answer and that the link was used, and stop on a no; a job of the log, so no other comes between."""
        hindrance = self._hindrance(asked, database)
        if hindrance is not None:
            return hindrance
        channel_id = asked.token.channel_id
        if not self.answers.put(database, answer, channel_id):
            return Page.GONE
        database.use(channel_id, asked.mark, asked.token.issue_day + ANSWERABLE_DAYS)
        if answer.purposes:
            return Page.AGREED
        self.stops.add(channel_id, frozenset({asked.token.recipient_tag}), database)
        return Page.REFUSED

    def _hindrance(self, asked: _Asked, database: Database) -> Page | None:
        """Return the page that says why the question cannot be answered, or None."""
        token = asked.token
        if database.is_used(token.channel_id, asked.mark):
            return Page.ANSWERED
        if token.recipient_tag in self.stops.tags(token.channel_id):
            return Page.QUESTION_STOPPED
        if self.answers.now_ms() // MS_PER_DAY - token.issue_day > ANSWERABLE_DAYS:
            return Page.QUESTION_EXPIRED
        if not self.answers.has_desktop(token.channel_id) or self.blocks.blocks_channel(token.channel_id):
            return Page.GONE
        return None

    def _told(self, asked: _Asked, page: Page, chosen: frozenset[Purpose] = frozenset()) -> Response:
        return self.pages.show(page, asked.claims.language, link=link_of(self.masters, asked.token), chosen=chosen)

    def _asked(self, request: Request) -> _Asked | None:
        try:
            query = request.scope["query_string"].decode("ascii", errors="replace")
            text, octets = read_consent_url(path_of(request), query)
            token = self.masters.verify(text, TokenType.CONSENT, bound=octets)
            mark = used_mark(text)
            return _Asked(token=token, claims=read_claims(octets), mark=mark)
        except (BadUrlError, BadTokenError, BadClaimsError):
            return None


def _read(form: bytes) -> tuple[str, frozenset[Purpose]]:
    """Return the button's value, empty for none or several, and the purposes that were ticked."""
    fields = parse_qs(form.decode("latin-1"))
    buttons = fields.get("answer", [])
    known = {purpose.value: purpose for purpose in Purpose}
    ticked = frozenset(known[name] for name in fields.get("purpose", ()) if name in known)
    return buttons[0] if len(buttons) == 1 else "", ticked
