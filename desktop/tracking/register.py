"""Registration: a relay gives this desktop a channel of its own, against an invite.

The private key and the tag key are made here and never sent: the relay seals to the one and sees tags only.
"""

import base64
import binascii
import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from desktop.accounts.channel import TAG_KEY_BYTES, Channel
from desktop.core.errors import Malformed, Unreachable
from desktop.tracking.requesting import ANSWER_S, new_session, post
from relay.wire.invite import read_invite
from relay.wire.seal import new_private_key, public_key_of
from relay.wire.token import CHANNEL_ID_BYTES, KEY_BYTES, TokenType


def register(
    relay_url: str,
    invite: str | None,
    *,
    tag_key: bytes | None = None,
    ca_file: Path | None = None,
    random: Callable[[int], bytes] = os.urandom,
    timeout_s: float = ANSWER_S,
) -> Channel:
    """Return a new channel at the relay; raises NotAuthorised for a bad invite, Unreachable, Refused, Malformed.

    `relay_url` may be the line that the relay's operator gave, which holds the invite too.
    Hand in the `tag_key` of an older channel to keep tags, and so stops, valid at the new relay.
    """
    relay_url, invite = read_invite(relay_url) or (relay_url, invite)
    base = _checked(relay_url)
    private_key = new_private_key()
    asked = {"invite": invite or None, "public_key": _spell(public_key_of(private_key))}
    with closing(new_session(base, ca_file)) as session:
        try:
            body = post(session, f"{base}/channels", asked, 201, timeout_s=timeout_s)
        except Unreachable as trouble:
            # Nothing is connected yet, so nothing waits there and nothing is tried again.
            cure = "Check the address, and with its operator that it is running, then connect again."
            raise Unreachable(trouble.sentence, cure) from trouble
    try:
        given = json.loads(body)
        return _channel(base, given, private_key, random(TAG_KEY_BYTES) if tag_key is None else tag_key)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(
            "The relay's answer cannot be read.", "Check that the address is a Readback relay's."
        ) from error


def _checked(relay_url: str) -> str:
    """Return the URL without a slash at its end; raise Malformed unless it is scheme and host alone."""
    try:
        parts = urlsplit(relay_url.strip())
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Malformed("This is not a relay's address.", "Write it as https://relay.example.com.")
    if parts.fragment:
        raise Malformed("The invite in this line is not whole.", "Copy the whole line from its operator once more.")
    return relay_url.strip().rstrip("/")


def _channel(base: str, given: dict[str, Any], private_key: bytes, tag_key: bytes) -> Channel:
    channel_id = bytes.fromhex(given["channel_id"])
    keys = {kind: _octets(given["minting_keys"][kind.name.lower()]) for kind in TokenType}
    if len(channel_id) != CHANNEL_ID_BYTES or any(len(key) != KEY_BYTES for key in keys.values()):
        raise ValueError("a field of another length")
    return Channel(
        picture_base=_checked(str(given["picture_base"])),
        link_base=_checked(str(given["link_base"])),
        relay_url=base,
        channel_id=channel_id,
        bearer=str(given["bearer"]),
        private_key=private_key,
        tag_key=tag_key,
        key_id=int(given["key_id"]),
        minting_keys=keys,
    )


def _spell(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
