"""How this desktop's own marks are known, long after the channel that made them was replaced or disconnected.

Kept beside the settings and not with the secrets: bases and channel ids stand in every tracked mail anyway.
"""

from typing import Any, Final

from desktop.accounts.channel import Channel
from desktop.core.ownmarks import OwnMarks
from desktop.store import settings
from desktop.store.database import Store

OWN_CHANNELS: Final = "relay.own_channels"


def marks_of(channel: Channel | None) -> OwnMarks:
    """Return how the marks of one channel are known; nothing where there is none."""
    if channel is None:
        return OwnMarks()
    bases = frozenset({channel.picture_base, channel.link_base})
    return OwnMarks(bases=bases, channel_ids=frozenset({channel.channel_id}))


def remembered(store: Store) -> OwnMarks:
    """Return how the marks of every channel are known that this desktop ever had; raise StoreTrouble."""
    kept: dict[str, Any] = settings.get(store, OWN_CHANNELS, {})
    return OwnMarks(
        bases=frozenset(kept.get("bases", ())),
        channel_ids=frozenset(bytes.fromhex(each) for each in kept.get("channel_ids", ())),
    )


def remember(store: Store, channel: Channel) -> None:
    """Keep for good how the channel's marks are known; raise StoreTrouble."""
    known = remembered(store)
    marks = known | marks_of(channel)
    if marks != known:
        value = {"bases": sorted(marks.bases), "channel_ids": sorted(each.hex() for each in marks.channel_ids)}
        settings.put(store, OWN_CHANNELS, value)
