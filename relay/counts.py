"""What the relay has done since it started, as plain numbers: they name nobody, and no token, tag or channel.

Why a request with a good token was not stored is told apart only where the operator can do something about it.
Requests that asked not to be recorded are counted with the forged and the expired: that a signal came is kept nowhere.
Changed on the event loop only; read from anywhere.
"""

from dataclasses import dataclass, field
from typing import Final

KINDS: Final = ("picture", "link", "page", "desktop", "other")
_KINDS: Final = {
    "open": "picture",
    "click": "link",
    "stop": "page",
    "consent": "page",
    "confirm": "page",
    "page": "page",
    "feed": "desktop",
    "source": "desktop",
    "stops": "desktop",
    "answers": "desktop",
    "channels": "desktop",
    "channel": "desktop",
    "held": "desktop",
}


@dataclass(slots=True, kw_only=True)
class Counts:
    """Counters that only grow.

    `answers` counts by kind of request and class of the answer (`2xx`); `pictures` those that the protocol answered
    without the application, all of them 200.
    """

    answers: dict[tuple[str, str], int] = field(default_factory=dict)
    pictures: int = 0
    hits_stored: int = 0
    hits_stopped: int = 0
    hits_over_token: int = 0
    hits_over_network: int = 0
    hits_over_channel: int = 0
    hits_over_all: int = 0
    hits_channel_full: int = 0
    hits_relay_full: int = 0
    hits_disk_failed: int = 0
    hits_passed_over: int = 0
    stops: int = 0
    consents: int = 0
    refusals: int = 0
    confirms: int = 0
    deletions: int = 0
    registrations: int = 0
    posts_limited: int = 0
    connections_refused: int = 0
    connections_cut: int = 0
    requests_malformed: int = 0

    def answered(self, kind: str, status: int) -> None:
        """Count one answer."""
        key = kind, f"{status // 100}xx"
        self.answers[key] = self.answers.get(key, 0) + 1


def kind_of(path: str) -> str:
    """Return what kind of request a path is, as it is routed: one of `KINDS`."""
    return _KINDS.get(path[1:].partition("/")[0], "other")
