"""Channels that were replaced, disconnected or deleted: kept in the vault for good, since their mail can be stopped.

Kept is what asks their relay for stops.  The whole channel is kept only until that relay has deleted it, to fetch what
still waits there.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from desktop.accounts.channel import Channel, channel_of, fields_of, octets_in, octets_text
from desktop.accounts.vault import Vault
from desktop.core.errors import StoreTrouble

RETIRED_SECRET: Final = "retired_channels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """A channel that nothing is sent by any more; `channel` is the whole of it, None once its relay deleted it."""

    relay_url: str
    channel_id: bytes
    bearer: str
    channel: Channel | None = None

    def __repr__(self) -> str:
        """Name the relay only: it may end up in a traceback."""
        return f"Retired(relay_url={self.relay_url!r})"


def retired_of(channel: Channel) -> Retired:
    """Return a channel as one that was retired just now."""
    return Retired(relay_url=channel.relay_url, channel_id=channel.channel_id, bearer=channel.bearer, channel=channel)


def save_retired(vault: Vault, retired: tuple[Retired, ...]) -> None:
    """Keep the retired channels in the vault; raise StoreTrouble when the vault cannot."""
    vault.put(RETIRED_SECRET, json.dumps([_fields_of(each) for each in retired]))


def load_retired(vault: Vault) -> tuple[Retired, ...]:
    """Return the retired channels; raise StoreTrouble when they are damaged or the vault cannot be read."""
    text = vault.get(RETIRED_SECRET)
    if text is None:
        return ()
    try:
        return tuple(_retired_of(values) for values in json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreTrouble(
            "The secrets of earlier relays are damaged, so stops on old mail are not heard of.",
            "Put back the secrets as they were.",
        ) from error


def _fields_of(retired: Retired) -> dict[str, Any]:
    return {
        "relay_url": retired.relay_url,
        "channel_id": octets_text(retired.channel_id),
        "bearer": retired.bearer,
        "channel": None if retired.channel is None else fields_of(retired.channel),
    }


def _retired_of(values: dict[str, Any]) -> Retired:
    whole = values["channel"]
    return Retired(
        relay_url=str(values["relay_url"]),
        channel_id=octets_in(values["channel_id"]),
        bearer=str(values["bearer"]),
        channel=None if whole is None else channel_of(whole),
    )
