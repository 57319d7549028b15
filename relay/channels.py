"""Registration: an invite or the operator's open door gives a desktop a channel, a bearer and its minting keys.

Invites and bearers are 256 random bits and kept as SHA-256 only, so the database admits nobody.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relay.body import fields_of, read_body
from relay.counts import Counts
from relay.database import ChannelRow, Database, StorageError
from relay.eventlog import EventLog
from relay.masters import Masters
from relay.wire.seal import PUBLIC_KEY_BYTES, is_usable_public_key
from relay.wire.token import CHANNEL_ID_BYTES

SECRET_BYTES: Final = 32
_MAX_BODY_BYTES: Final = 4_096


def spell(octets: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def new_secret() -> str:
    """Return 256 fresh random bits as text."""
    return spell(os.urandom(SECRET_BYTES))


def hashed(secret: str) -> bytes:
    """Return what is kept of an invite or a bearer."""
    return hashlib.sha256(secret.encode()).digest()


class Channels:
    """Every registered channel, in memory: some 500 octets each spare every hit a query."""

    def __init__(self, rows: Iterable[ChannelRow], retired: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """Take the channels the database knows, and of those that were deleted id and hash of the bearer."""
        self._rows: dict[bytes, ChannelRow] = {}
        self._by_bearer: dict[bytes, bytes] = {}
        self._retired = {bearer_hash: channel_id for channel_id, bearer_hash in retired}
        self._retired_ids = set(self._retired.values())
        for row in rows:
            self.admit(row)

    def admit(self, row: ChannelRow) -> None:
        """Know a channel from now on."""
        self._rows[row.channel_id] = row
        self._by_bearer[row.bearer_hash] = row.channel_id
        if self._retired.pop(row.bearer_hash, None) is not None:
            self._retired_ids.discard(row.channel_id)

    def public_key(self, channel_id: bytes) -> bytes | None:
        """Return what seals to a channel, or None for one the database does not know."""
        row = self._rows.get(channel_id)
        return None if row is None else row.public_key

    def retire(self, channel_id: bytes) -> ChannelRow:
        """Know a channel for its stops alone; return what `admit` takes, should that have been too early."""
        row = self._rows.pop(channel_id)
        del self._by_bearer[row.bearer_hash]
        self._retired[row.bearer_hash] = channel_id
        self._retired_ids.add(channel_id)
        return row

    def is_retired(self, channel_id: bytes) -> bool:
        """Return True for a channel that was deleted, whose desktop still fetches its stops."""
        return channel_id in self._retired_ids

    def has_listener(self, channel_id: bytes) -> bool:
        """Return True when a desktop learns who stopped, be its channel deleted or not."""
        return channel_id in self._rows or channel_id in self._retired_ids

    def __len__(self) -> int:
        return len(self._rows)

    def authorised(self, authorization: str) -> bytes | None:
        """Return the channel whose bearer an Authorization header carries, or None."""
        return self._by_bearer.get(_hash_in(authorization))

    def authorised_for_stops(self, authorization: str) -> bytes | None:
        """Do the same, with the bearers of deleted channels: they are good for the exchange of stops alone."""
        bearer_hash = _hash_in(authorization)
        return self._by_bearer.get(bearer_hash) or self._retired.get(bearer_hash)


def _hash_in(authorization: str) -> bytes:
    """Return the hash of the bearer in an Authorization header, empty for any other header."""
    scheme, _, bearer = authorization.partition(" ")
    return hashed(bearer.strip()) if scheme.lower() == "bearer" else b""


def refusal(status: int, sentence: str) -> Response:
    """Return a refusal in a plain sentence."""
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The registration endpoint and what it needs."""

    channels: Channels
    masters: Masters
    log: EventLog
    counts: Counts
    is_open: bool
    picture_base: str
    link_base: str

    async def register(self, request: Request) -> Response:
        """Answer 201 with everything a desktop needs, after the channel is durable."""
        body = await read_body(request, _MAX_BODY_BYTES)
        try:
            invite, public_key = _parse(body)
        except ValueError:
            return refusal(400, "The request is no registration.")
        bearer = new_secret()
        row = ChannelRow(channel_id=os.urandom(CHANNEL_ID_BYTES), public_key=public_key, bearer_hash=hashed(bearer))
        try:
            is_admitted = await self.log.run(lambda database: self._admit(database, invite, row))
        except (StorageError, OSError):
            return refusal(503, "The relay cannot write its files now, so it registers nobody; try again later.")
        if not is_admitted:
            return refusal(403, "This relay needs an invite, and this one is unknown or used up.")
        self.channels.admit(row)
        self.counts.registrations += 1
        return JSONResponse(self._particulars(row.channel_id, bearer), status_code=201)

    def _admit(self, database: Database, invite: str | None, row: ChannelRow) -> bool:
        if not self.is_open and (invite is None or not database.take_invite(hashed(invite))):
            return False
        database.add_channel(row)
        return True

    def _particulars(self, channel_id: bytes, bearer: str) -> dict[str, Any]:
        keys = self.masters.minting_keys(channel_id)
        return {
            "channel_id": channel_id.hex(),
            "bearer": bearer,
            "key_id": self.masters.current,
            "minting_keys": {token_type.name.lower(): spell(key) for token_type, key in keys.items()},
            "picture_base": self.picture_base,
            "link_base": self.link_base,
        }


def _parse(body: bytes) -> tuple[str | None, bytes]:
    fields = fields_of(body)
    invite, spelled = fields.get("invite"), fields.get("public_key")
    if not isinstance(spelled, str) or not (invite is None or isinstance(invite, str)):
        raise ValueError("a field of another type")
    if invite is not None and not invite.isascii():
        raise ValueError("no invite of ours")
    try:
        public_key = base64.b64decode(spelled + "=" * (-len(spelled) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    if len(public_key) != PUBLIC_KEY_BYTES or not is_usable_public_key(public_key):
        raise ValueError("no public key")
    return invite, public_key
