"""What the pages with buttons share: whose token a link bears, where its recipient's page is, who pressed a button.

Who pressed is asked of the browser alone: it says where a form was sent from, and no other site may press for a person.
Newer ones say it themselves; from older ones, and from any on a relay without TLS, it is the form's Origin that tells.
"""

import hashlib
from collections.abc import Callable
from typing import Final

from starlette.requests import Request

from relay.masters import Masters
from relay.wire.token import BadTokenError, Token, TokenType
from relay.wire.urls import BadUrlError, page_url

MAX_FORM_BYTES: Final = 4_096
_USED_BYTES: Final = 16


def token_of(
    masters: Masters, request: Request, token_type: TokenType, read_path: Callable[[str], str]
) -> Token | None:
    """Return the token in a link without a query, None for what is no link of ours."""
    try:
        if request.scope["query_string"]:
            return None
        return masters.verify(read_path(path_of(request)), token_type)
    except (BadUrlError, BadTokenError):
        return None


def path_of(request: Request) -> str:
    """Return the path as it came: one URL has one spelling, so nothing is unescaped."""
    path: bytes = request.scope["raw_path"]
    return path.decode("ascii", errors="replace")


def link_of(masters: Masters, token: Token) -> str:
    """Return the path of the page that tells the token's recipient what is recorded."""
    return page_url("", masters.page_token(token))


def used_mark(spelling: str) -> bytes:
    """Return the 16 octets that are kept of a link that was used: of them no link can be made again."""
    return hashlib.sha256(spelling.encode("ascii")).digest()[:_USED_BYTES]


def is_own_press(request: Request, base: str) -> bool:
    """Return False when the browser says that another site's page sent the form; `base` is the relay's public address.

    Fetch Metadata (W3C) where it is sent, else Origin (RFC 6454 7): its host is the request's own or the public one,
    which a proxy may have kept from the relay.  What sends neither is no browser of the last years.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site in {"same-origin", "none"}
    if origin is None:
        return True
    return _host_of(origin) in {request.headers.get("host", "").lower(), _host_of(base)} - {""}


def _host_of(origin: str) -> str:
    """Return host and port of an origin, empty for the "null" of one that is kept secret."""
    return origin.partition("://")[2].lower()
