"""What the relay holds for one desktop, told to whoever bears that channel's bearer; and the end of a channel.

Told is every row there is, as it is kept: sealed, under its random key, with its day.  Deleted is all of it but the
stops, which never end, and the hash of the bearer, by which the desktop goes on learning of them.  The masters do not
belong to one channel, so links go on redirecting and stop pages live on.
"""

import base64
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relay.channels import Channels, refusal, spell
from relay.database import Database, StorageError
from relay.eventlog import EventLog
from relay.stops import Stops
from relay.unread import Unread

MAX_TOLD: Final = 1_000
_EPOCH: Final = dt.date(1970, 1, 1)
_PRIVATELY: Final = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """`GET /held` and `DELETE /channel`; `reader` is the loop's connection, `release` ends a channel's polls."""

    channels: Channels
    reader: Database
    log: EventLog
    stops: Stops
    unread: Unread
    release: Callable[[bytes], None]

    async def tell(self, request: Request) -> Response:
        """Answer 200 with everything that is held for the bearer's channel, at most 1,000 rows of each kind."""
        channel_id = self.channels.authorised(request.headers.get("authorization", ""))
        if channel_id is None:
            return refusal(401, "This bearer is unknown.")
        return JSONResponse(self._held(channel_id), headers=_PRIVATELY)

    def _held(self, channel_id: bytes) -> dict[str, Any]:
        positions = self.unread.oldest(channel_id, MAX_TOLD)
        answers, _ = self.reader.answers_waiting(channel_id)
        return {
            "channel_id": channel_id.hex(),
            "public_key": spell(self.channels.public_key(channel_id) or b""),
            "hits_count": self.unread.count(channel_id),
            "hits": _rows(self.reader.dated_hits(channel_id, positions)),
            "answers_count": answers,
            "answers": _rows(self.reader.answers(channel_id, MAX_TOLD)),
            "gaps": [{"day": _spelled(day), "count": count} for day, count in self.reader.gaps(channel_id)],
            "stops": sorted(tag.hex() for tag in self.stops.tags(channel_id)),
            "used": self.reader.count_used(channel_id),
        }

    async def end(self, request: Request) -> Response:
        """Delete the bearer's channel and all that waits for it; 204 once that is durable."""
        bearer = request.headers.get("authorization", "")
        channel_id = self.channels.authorised(bearer)
        if channel_id is None:
            return refusal(401, "This bearer is unknown.")
        row = self.channels.retire(channel_id)  # Nothing new is taken in from here on.
        try:
            # Twice: a hit that was on its way is stored by the end of the first batch, and then known.
            for _ in range(2):
                positions = self.unread.oldest(channel_id, self.unread.count(channel_id))
                await self.log.run(partial(_retire, channel_id, positions))
                self.unread.drop(channel_id)
        except (StorageError, OSError):
            self.channels.admit(row)
            return refusal(503, "The relay cannot write its files now; try again.")
        self.release(channel_id)
        return Response(status_code=204)


def _retire(channel_id: bytes, positions: Sequence[int], database: Database) -> None:
    database.retire_channel(channel_id, positions)


def _rows(rows: Sequence[tuple[bytes, int, bytes]]) -> list[dict[str, str]]:
    return [
        {"day": _spelled(day), "key": key.hex(), "sealed": base64.b64encode(sealed).decode("ascii")}
        for key, day, sealed in rows
    ]


def _spelled(day: int) -> str:
    return (_EPOCH + dt.timedelta(days=day)).isoformat()
