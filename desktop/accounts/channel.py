"""The relay channel's secrets: what this desktop needs to mint tokens, to poll and to open what was sealed for it.

They are one JSON value in the vault, because half a channel is of no use to anyone.
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
    vault.put(
        CHANNEL_SECRET,
        json.dumps(
            {
                "picture_base": channel.picture_base,
                "link_base": channel.link_base,
                "relay_url": channel.relay_url,
                "channel_id": _text(channel.channel_id),
                "bearer": channel.bearer,
                "private_key": _text(channel.private_key),
                "tag_key": _text(channel.tag_key),
                "key_id": channel.key_id,
                "minting_keys": {kind.name: _text(key) for kind, key in channel.minting_keys.items()},
            }
        ),
    )


def load(vault: Vault) -> Channel | None:
    """Return the channel, or None when no relay is connected; raise StoreTrouble when it is damaged."""
    text = vault.get(CHANNEL_SECRET)
    if text is None:
        return None
    try:
        return _channel_of(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise StoreTrouble("The relay's secrets are damaged.", "Connect to the relay anew.") from error


def _channel_of(values: dict[str, Any]) -> Channel:
    return Channel(
        picture_base=str(values["picture_base"]),
        link_base=str(values["link_base"]),
        relay_url=str(values["relay_url"]),
        channel_id=_octets(values["channel_id"]),
        bearer=str(values["bearer"]),
        private_key=_octets(values["private_key"]),
        tag_key=_octets(values["tag_key"]),
        key_id=int(values["key_id"]),
        minting_keys={TokenType[name]: _octets(key) for name, key in values["minting_keys"].items()},
    )


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _octets(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
