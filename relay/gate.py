"""What every request passes but a picture that the protocol answers itself: limits on POSTs, and the counting.

Outermost, so that an answer given for a bug is counted too.  Who is over a limit reads so in four languages, and
nothing of what they sent.
"""

from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relay.counts import Counts, kind_of
from relay.limits import PostLimits
from relay.requester import Proxies
from relay.wire.labels import truncated_text

_REGISTRATION: Final = "/channels"
_TOO_OFTEN: Final = (
    "Too many requests. Nothing was changed by this one; please try again in an hour.\n"
    "Zu viele Anfragen. Diese hat nichts geändert; bitte versuchen Sie es in einer Stunde noch einmal.\n"
    "Trop de demandes. Celle-ci n’a rien changé ; veuillez réessayer dans une heure.\n"
    "Demasiadas solicitudes. Esta no ha cambiado nada; inténtelo de nuevo dentro de una hora.\n"
).encode()
_TOO_OFTEN_START: Final = {
    "type": "http.response.start",
    "status": 429,
    "headers": [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(_TOO_OFTEN)).encode("ascii")),
        (b"cache-control", b"no-store"),
        (b"retry-after", b"3600"),
    ],
}
_TOO_OFTEN_BODY: Final = {"type": "http.response.body", "body": _TOO_OFTEN}


class Gate:
    """The application with its gate."""

    def __init__(
        self, app: ASGIApp, *, counts: Counts, limits: PostLimits, proxies: Proxies, now_ms: Callable[[], int]
    ) -> None:
        """Take the application and what its gate needs."""
        self._app = app
        self._counts = counts
        self._limits = limits
        self._proxies = proxies
        self._now_ms = now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it, and count the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kind = kind_of(scope["path"])

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._counts.answered(kind, message["status"])
            await send(message)

        if scope["method"] == "POST" and not self._takes(kind, scope):
            self._counts.posts_limited += 1
            await noting(_TOO_OFTEN_START)
            await noting(_TOO_OFTEN_BODY)
            return
        await self._app(scope, receive, noting)

    def _takes(self, kind: str, scope: Scope) -> bool:
        if kind == "page":
            path = scope["raw_path"]
            return self._limits.takes_press(path=path, network=self._network_of(scope), at_ms=self._now_ms())
        if scope["path"] == _REGISTRATION:  # As it is routed: an escaped spelling reaches the same.
            return self._limits.takes_registration(network=self._network_of(scope), at_ms=self._now_ms())
        return True

    def _network_of(self, scope: Scope) -> str:
        return truncated_text(self._proxies.address_of(scope))
