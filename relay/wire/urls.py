"""The spelling of every URL that a mail carries, and how a request's path is read back.

Every URL ends in a fixed suffix, because linkifiers drop a trailing `-`, which a token may end in.
One path has one reading: a query, a doubled slash, another suffix or another spelling is no URL of ours.
"""

import base64
import binascii
import re
from typing import Final

MAX_DESTINATION_BYTES: Final = 1_500
_OPEN: Final = re.compile(r"/open/([A-Za-z0-9_-]{72})\.gif\Z")
_STOP: Final = re.compile(r"/stop/([A-Za-z0-9_-]{72})/me\Z")
_CLICK: Final = re.compile(r"/click/([A-Za-z0-9_-]{72})/([A-Za-z0-9_-]{1,2000})/go\Z")


class BadUrlError(ValueError):
    """The path or destination is none that Readback writes."""


def open_url(base: str, token: str) -> str:
    """Return the picture's URL; `base` is scheme and host with no slash at its end."""
    return f"{base}/open/{token}.gif"


def stop_url(base: str, token: str) -> str:
    """Return the URL of the page that stops tracking by the sender."""
    return f"{base}/stop/{token}/me"


def click_url(base: str, token: str, destination: bytes) -> str:
    """Return the tracked link to `destination`, at most 1,500 octets of an http or https URL."""
    check_destination(destination)
    spelled = base64.urlsafe_b64encode(destination).rstrip(b"=").decode("ascii")
    return f"{base}/click/{token}/{spelled}/go"


def check_destination(destination: bytes) -> None:
    """Raise BadUrlError unless this is an http(s) URL of printable ASCII that a Location header can carry."""
    if len(destination) > MAX_DESTINATION_BYTES:
        raise BadUrlError("destination longer than 1,500 octets")
    if not re.match(rb"(?i:https?)://[\x21-\x7e]+\Z", destination):
        raise BadUrlError("not an http or https URL of printable ASCII")


def read_open_path(path: str) -> str:
    """Return the token text in a picture's path."""
    return _only(_OPEN, path)[0]


def read_stop_path(path: str) -> str:
    """Return the token text in a stop page's path."""
    return _only(_STOP, path)[0]


def read_click_path(path: str) -> tuple[str, bytes]:
    """Return the token text and the destination in a tracked link's path."""
    token, spelled = _only(_CLICK, path)
    try:
        destination = base64.b64decode(spelled + "=" * (-len(spelled) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise BadUrlError("destination is not base64url") from error
    if base64.urlsafe_b64encode(destination).rstrip(b"=").decode("ascii") != spelled:
        raise BadUrlError("another spelling of the destination")
    check_destination(destination)
    return token, destination


def _only(pattern: re.Pattern[str], path: str) -> tuple[str, ...]:
    match = pattern.match(path)
    if match is None:
        raise BadUrlError("no path of ours")
    return match.groups()
