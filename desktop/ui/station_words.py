"""The sentences on the listener and the relay, for the status bar, the settings and the terminal; pure."""

from collections.abc import Sequence
from datetime import datetime

from desktop.ui import words
from desktop.ui.actions import ListenerState, RelayState, Stations

LISTENER_STATES = {
    ListenerState.OFF: "Mail program: not listening",
    ListenerState.STARTING: "Mail program: starting",
    ListenerState.LISTENING: "Mail program: ready on port {port}",
    ListenerState.FAILED: "Mail program: cannot listen",
}
RELAY_STATES = {
    RelayState.NONE: "No relay yet: opens and clicks stay unknown",
    RelayState.CONNECTING: "Relay: connecting to {host}",
    RelayState.CONNECTED: "Relay: connected to {host}",
    RelayState.WAITING: "Relay: {host} does not answer, trying again",
    RelayState.FAILED: "Relay: {host} does not accept this desktop any more",
    RelayState.UNREADABLE: "Relay: its keys cannot be read",
}


def listener_line(stations: Stations) -> str:
    """Return how the listener stands."""
    return LISTENER_STATES[stations.listener].format(port=stations.port)


def relay_line(stations: Stations) -> str:
    """Return how the relay stands."""
    return RELAY_STATES[stations.relay].format(host=words.one_line(stations.relay_host) or "the relay")


def gap_lines(gaps: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Return what the relay dropped because nobody fetched it in time; `gaps` are days as YYYY-MM-DD with counts."""
    days = ((words.day(datetime.fromisoformat(on)), words.count(number, "request", "requests")) for on, number in gaps)
    return tuple(f"{on}: {number} expired at the relay unread" for on, number in days)
