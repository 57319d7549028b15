"""The pages a recipient may see: stop, stopped, a blocked link, and the plain refusals.

No script, no cookie, no third party, and no word of the request in any page; the one exception is a blocked link's
destination, which the sender's own token vouches for, and which is shown as text.
"""

import base64
import hashlib
import html
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from starlette.responses import PlainTextResponse, Response

_BLOCKED_MARK: Final = "{destination}"


class Pages:
    """Every page, read once; their style is inline and named by hash in the policy that comes with them."""

    def __init__(self) -> None:
        """Read the pages beside this module."""
        folder = files("relay").joinpath("pages")
        style = folder.joinpath("style.css").read_text("utf-8")
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
        self._headers: Mapping[str, str] = {
            "Cache-Control": "no-store, no-cache, must-revalidate, private",
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
                "frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex, nofollow",
        }
        frame = folder.joinpath("frame.html").read_text("utf-8").replace("{style}", style)

        def page(name: str) -> str:
            title, _, content = folder.joinpath(name).read_text("utf-8").partition("\n")
            return frame.replace("{title}", title).replace("{content}", content)

        self._blocked = page("blocked.html")
        self.stop = self._response(page("stop.html"), 200)
        self.stopped = self._response(page("stopped.html"), 200)
        self.incomplete = self._response(page("incomplete.html"), 404)
        self.later = self._response(page("later.html"), 503)
        self.not_found = PlainTextResponse("Not found.\n", status_code=404, headers={"Cache-Control": "no-store"})
        self.not_allowed = PlainTextResponse("Not allowed.\n", status_code=405, headers={"Allow": "GET, HEAD"})

    def _response(self, page: str, status: int) -> Response:
        return Response(page, status_code=status, headers=dict(self._headers), media_type="text/html")

    def blocked(self, destination: bytes) -> Response:
        """Return the page that shows a blocked link's destination as text."""
        shown = html.escape(destination.decode("ascii"))
        return self._response(self._blocked.replace(_BLOCKED_MARK, shown), 200)
