"""The spelling of every URL that a mail carries, and how a request's path is read back.

Every URL ends in a fixed suffix, because linkifiers drop a trailing `-`, which a token may end in.
One path has one reading: a doubled slash, another suffix, another spelling, and a query anywhere but in a consent link
make no URL of ours.
"""

import base64
import binascii
import re
from typing import Final

MAX_DESTINATION_BYTES: Final = 1_500
_OPEN: Final = re.compile(r"/open/([A-Za-z0-9_-]{72})\.gif\Z")
_STOP: Final = re.compile(r"/stop/([A-Za-z0-9_-]{72})/me\Z")
_CONFIRM: Final = re.compile(r"/confirm/([A-Za-z0-9_-]{72})/read\Z")
_PAGE: Final = re.compile(r"/page/([A-Za-z0-9_-]{72})/me\Z")
_CONSENT: Final = re.compile(r"/consent/([A-Za-z0-9_-]{72})/me\Z")
_CLAIMS: Final = re.compile(r"by=([A-Za-z0-9_-]{1,200})\.me\Z")
_CLICK: Final = re.compile(r"/click/([A-Za-z0-9_-]{72})/([A-Za-z0-9_-]{1,2000})/go\Z")


class BadUrlError(ValueError):
    """The path or destination is none that Readback writes."""


def open_url(base: str, token: str) -> str:
    """Return the picture's URL; `base` is scheme and host with no slash at its end."""
    return f"{base}/open/{token}.gif"


def stop_url(base: str, token: str) -> str:
    """Return the URL of the page that stops tracking by the sender."""
    return f"{base}/stop/{token}/me"


def confirm_url(base: str, token: str) -> str:
    """Return the URL of the page on which a recipient says that they have read it."""
    return f"{base}/confirm/{token}/read"


def page_url(base: str, token: str) -> str:
    """Return the URL of the page that says what is recorded, and takes a wish to delete it."""
    return f"{base}/page/{token}/me"


def consent_url(base: str, token: str, claims: bytes) -> str:
    """Return the URL of the page that asks; its query bears the claims that the token is bound to."""
    return f"{base}/consent/{token}/me?by={_spelled(claims)}.me"


def click_url(base: str, token: str, destination: bytes) -> str:
    """Return the tracked link to `destination`, at most 1,500 octets of an http or https URL."""
    check_destination(destination)
    return f"{base}/click/{token}/{_spelled(destination)}/go"


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


def read_confirm_path(path: str) -> str:
    """Return the token text in a confirm page's path."""
    return _only(_CONFIRM, path)[0]


def read_page_path(path: str) -> str:
    """Return the token text in the path of a recipient's page."""
    return _only(_PAGE, path)[0]


def read_consent_url(path: str, query: str) -> tuple[str, bytes]:
    """Return the token text and the claims in a consent link's path and query."""
    return _only(_CONSENT, path)[0], _read(_only(_CLAIMS, query)[0])


def read_click_path(path: str) -> tuple[str, bytes]:
    """Return the token text and the destination in a tracked link's path."""
    token, spelled = _only(_CLICK, path)
    destination = _read(spelled)
    check_destination(destination)
    return token, destination


def _spelled(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _read(spelled: str) -> bytes:
    """Return the octets of the one spelling they have in a URL; raise BadUrlError for any other."""
    try:
        octets = base64.b64decode(spelled + "=" * (-len(spelled) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise BadUrlError("not base64url") from error
    if _spelled(octets) != spelled:
        raise BadUrlError("another spelling of the same octets")
    return octets


def _only(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    match = pattern.match(text)
    if match is None:
        raise BadUrlError("no URL of ours")
    return match.groups()
