"""The files that others look for at fixed places: `gpc.json`, `security.txt` and `robots.txt`.

`gpc.json` says that the signal is honoured; `security.txt` (RFC 9116) is there only where the operator gave a contact,
which it must name.
"""

import datetime as dt
import json
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

# RFC 9116 2.5.5 recommends less than a year; made anew for each request, so it never lapses.
_VALID_DAYS: Final = 180
# The day from which the relay has stored nothing for whoever sends the signal, as GPC's support resource names it.
_GPC: Final = json.dumps({"gpc": True, "lastUpdate": "2026-11-22"}).encode("ascii")
_NO_ROBOTS: Final = "User-agent: *\nDisallow: /\n"


def routes(*, contact: str | None, base: str | None, now_ms: Callable[[], int]) -> list[Route]:
    """Return the files' routes; `contact` is a URI, `base` the address that mails carry."""

    async def gpc(_request: Request) -> Response:
        return Response(_GPC, media_type="application/json")

    async def robots(_request: Request) -> Response:
        return PlainTextResponse(_NO_ROBOTS)

    async def security(_request: Request) -> Response:
        expires = dt.datetime.fromtimestamp(now_ms() // 1_000, dt.UTC) + dt.timedelta(days=_VALID_DAYS)
        lines = [
            f"Contact: {contact}",
            f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
            "Preferred-Languages: en, de, fr, es",
            *([f"Canonical: {base}/.well-known/security.txt"] if base else []),
        ]
        return PlainTextResponse("\n".join(lines) + "\n")

    found = [Route("/.well-known/gpc.json", gpc, methods=["GET"]), Route("/robots.txt", robots, methods=["GET"])]
    if contact is not None:
        found.append(Route("/.well-known/security.txt", security, methods=["GET"]))
    return found
