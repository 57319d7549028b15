"""Connections that a client's session left behind, kept a few seconds for the next one.

Most mail programs connect anew for every mail; encrypting and signing in to the provider again takes longer than the
mail itself.  One connection an account is kept, only while nothing is under way on it, and never past a change of the
account.
"""

import threading

from desktop.outgoing.upstream import Upstream
from desktop.store.accounts import AccountRow


class Parking:
    """Thread-safe; a connection is in the hands of whoever took it, or here, never both."""

    def __init__(self, stay_s: float) -> None:
        """Keep each connection for `stay_s` seconds; 0 keeps none."""
        self._stay_s = stay_s
        self._lock = threading.Lock()
        self._parked: dict[int, tuple[Upstream, threading.Timer]] = {}
        self._is_closed = False

    def park(self, upstream: Upstream) -> None:
        """Keep an idle connection for the next session; one that is not idle, or not wanted, is left."""
        timer = threading.Timer(self._stay_s, self._expire, [upstream])
        timer.daemon = True
        with self._lock:
            is_kept = (
                upstream.is_idle
                and self._stay_s > 0
                and not self._is_closed
                and upstream.account.id not in self._parked
            )
            if is_kept:
                self._parked[upstream.account.id] = (upstream, timer)
        if is_kept:
            timer.start()
        else:
            upstream.quit()

    def take(self, account: AccountRow) -> Upstream | None:
        """Return a connection to exactly this account that its server has not ended, or None."""
        with self._lock:
            upstream, timer = self._parked.pop(account.id, (None, None))
        if upstream is None or timer is None:
            return None
        timer.cancel()
        if upstream.account == account and not upstream.has_ended():
            return upstream
        upstream.drop()
        return None

    def clear(self) -> None:
        """Let go of every connection at once, without waiting for a goodbye."""
        with self._lock:
            parked, self._parked = tuple(self._parked.values()), {}
        for upstream, timer in parked:
            timer.cancel()
            upstream.drop()

    def close(self) -> None:
        """Let go of every connection, and keep none from now on."""
        self._is_closed = True
        self.clear()

    def _expire(self, upstream: Upstream) -> None:
        with self._lock:
            kept = self._parked.get(upstream.account.id)
            if kept is None or kept[0] is not upstream:
                return
            del self._parked[upstream.account.id]
        upstream.quit()
