"""The relay channel's secrets: what this desktop needs to mint tokens, to poll and to open what was sealed for it.

They are one JSON value in the vault, because half a channel is of no use to anyone.  The key of the recipient tags has
an entry of its own besides, for good: with another key nobody would know a tag again that was stopped.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from desktop.accounts.vault import Vault
from desktop.core.errors import StoreTrouble
from relay.wire.token import TokenType

CHANNEL_SECRET: Final = "channel"
TAG_KEY_SECRET: Final = "tag_key"
TAG_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One desktop's log at one relay; `tag_key` never leaves this machine, `private_key` opens the hits."""

    picture_base: str
    link_base: str
    relay_url: str
    channel_id: bytes
    bearer: str
    private_key: bytes
    tag_key: bytes
    key_id: int
    minting_keys: Mapping[TokenType, bytes]

    def __repr__(self) -> str:
        """Name the relay only: a channel may end up in a traceback."""
        return f"Channel(relay_url={self.relay_url!r})"


def save(vault: Vault, channel: Channel) -> None:
    """Keep the channel in the vault; raise StoreTrouble when the vault cannot."""
    keep_tag_key(vault, channel.tag_key)
    vault.put(CHANNEL_SECRET, json.dumps(fields_of(channel)))


def fields_of(channel: Channel) -> dict[str, Any]:
    """Return a channel as JSON has it."""
    return {
        "picture_base": channel.picture_base,
        "link_base": channel.link_base,
        "relay_url": channel.relay_url,
        "channel_id": octets_text(channel.channel_id),
        "bearer": channel.bearer,
        "private_key": octets_text(channel.private_key),
        "tag_key": octets_text(channel.tag_key),
        "key_id": channel.key_id,
        "minting_keys": {kind.name: octets_text(key) for kind, key in channel.minting_keys.items()},
    }


def load(vault: Vault) -> Channel | None:
    """Return the channel, or None when no relay is connected; raise StoreTrouble when it is damaged."""
    text = vault.get(CHANNEL_SECRET)
    if text is None:
        return None
    try:
        return channel_of(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreTrouble("The relay's secrets are damaged.", "Connect to the relay anew.") from error


def keep_tag_key(vault: Vault, key: bytes) -> None:
    """Keep the key of the tags for good, should none be kept yet; raise StoreTrouble when the vault cannot."""
    if vault.get(TAG_KEY_SECRET) is None:
        vault.put(TAG_KEY_SECRET, octets_text(key))


def kept_tag_key(vault: Vault) -> bytes | None:
    """Return the key of every tag that this desktop made, None where none is kept; raise StoreTrouble."""
    text = vault.get(TAG_KEY_SECRET)
    if text is None:
        return None
    try:
        key = octets_in(text)
    except binascii.Error:
        key = b""
    if len(key) != TAG_KEY_BYTES:
        raise StoreTrouble(
            "The key by which stops are known again is damaged.", "Put back the secrets as they were, then try again."
        )
    return key


def channel_of(values: dict[str, Any]) -> Channel:
    """Return the channel in JSON's values; raise ValueError, KeyError, TypeError, AttributeError for anything else."""
    return Channel(
        picture_base=str(values["picture_base"]),
        link_base=str(values["link_base"]),
        relay_url=str(values["relay_url"]),
        channel_id=octets_in(values["channel_id"]),
        bearer=str(values["bearer"]),
        private_key=octets_in(values["private_key"]),
        tag_key=octets_in(values["tag_key"]),
        key_id=int(values["key_id"]),
        minting_keys={TokenType[name]: octets_in(key) for name, key in values["minting_keys"].items()},
    )


def octets_text(octets: bytes) -> str:
    """Return octets as JSON has them."""
    return base64.b64encode(octets).decode("ascii")


def octets_in(text: str) -> bytes:
    """Return the octets in a text of JSON's; raise binascii.Error, a ValueError, for anything else."""
    return base64.b64decode(text, validate=True)
