"""What recipients pressed, on its way to the sender's desktop: sealed like a hit, in a table apart from hits.

It waits longer than a hit does, a person's word being worth more than a sign: 365 days, and a wish to delete until it
is acknowledged.  The desktop fetches and acknowledges it as it does hits, after the feed has told it how many wait.
"""

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relay.body import read_body
from relay.channels import Channels, refusal
from relay.database import ROW_KEY_BYTES, AnswerRow, Database, StorageError
from relay.eventlog import MS_PER_DAY, EventLog
from relay.stopping import parse_octets
from relay.wire.answer import Answer, AnswerKind, spell_answer
from relay.wire.hit import HIT_ID_BYTES
from relay.wire.token import Token

MAX_ANSWERS: Final = 256
_MAX_ACKNOWLEDGE_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """`GET /answers` and `POST /answers/acknowledge`, and where the pages put an answer; `reader` is the loop's own."""

    channels: Channels
    reader: Database
    log: EventLog
    now_ms: Callable[[], int]

    def of(self, token: Token, kind: AnswerKind) -> Answer:
        """Return the answer that a press of this moment on a link gives, but for what a choice adds to it."""
        return Answer(
            id=os.urandom(HIT_ID_BYTES),
            kind=kind,
            token_id=token.random_id,
            tag=token.recipient_tag,
            at_ms=self.now_ms(),
        )

    def has_desktop(self, channel_id: bytes) -> bool:
        """Return True when the channel has a desktop that would fetch an answer."""
        return self.channels.public_key(channel_id) is not None

    def put(self, database: Database, answer: Answer, channel_id: bytes, *, duty: bytes | None = None) -> bool:
        """Seal and append an answer inside a job of the log; False when the channel has no desktop any more."""
        recipient = self.channels.public_key(channel_id)
        if recipient is None:
            return False
        row_key, sealed = self.log.seal_answer(spell_answer(answer), channel_id=channel_id, recipient=recipient)
        day = answer.at_ms // MS_PER_DAY
        database.add_answer(AnswerRow(row_key=row_key, channel_id=channel_id, day=day, duty=duty, sealed=sealed))
        return True

    async def fetch(self, request: Request) -> Response:
        """Answer a channel's oldest answers, at most 256."""
        channel_id = self.channels.authorised(request.headers.get("authorization", ""))
        if channel_id is None:
            return refusal(401, "This bearer is unknown.")
        rows = self.reader.answers(channel_id, MAX_ANSWERS)
        listed = [{"key": key.hex(), "sealed": base64.b64encode(sealed).decode("ascii")} for key, _, sealed in rows]
        return JSONResponse({"rows": listed}, headers={"cache-control": "no-store"})

    async def acknowledge(self, request: Request) -> Response:
        """Delete answers the desktop has stored; 204 once that is durable, again for keys already gone."""
        channel_id = self.channels.authorised(request.headers.get("authorization", ""))
        if channel_id is None:
            return refusal(401, "This bearer is unknown.")
        body = await read_body(request, _MAX_ACKNOWLEDGE_BYTES)
        try:
            keys = parse_octets(body, "keys", ROW_KEY_BYTES)
        except ValueError:
            return refusal(400, "The request is no list of keys.")
        try:
            await self.log.run(lambda database: database.remove_answers(channel_id, keys))
        except (StorageError, OSError):
            return refusal(503, "The relay cannot write its files now; try again.")
        return Response(status_code=204)
