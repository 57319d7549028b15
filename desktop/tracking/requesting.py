"""One request to the relay: its session, its authorities, what an answer means, how much of it is read.

Every failure is a Trouble in plain words; the body of a bad answer is never shown.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import LocationParseError

from desktop.accounts.tls import client_context
from desktop.core.errors import Malformed, NotAuthorised, Refused, Trouble, Unreachable

ANSWER_S: Final = 15.0
# A million stops are 19 MB.
MAX_BODY_BYTES: Final = 32 * 1_048_576


class LeaseHeld(Refused):
    """Another program polls this channel."""


class SystemTrust(HTTPAdapter):
    """Trusts what the computer trusts, as the mail stations do: a company's relay has its authority there.

    requests by itself trusts certifi's authorities alone, which are still trusted besides.
    """

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        """Give the connections a context of the system's authorities."""
        super().init_poolmanager(*args, **named, ssl_context=client_context())

    def proxy_manager_for(self, *args: Any, **named: Any) -> Any:
        """Give those through a proxy the same."""
        return super().proxy_manager_for(*args, **named, ssl_context=client_context())


class _Bearer(AuthBase):
    """Puts the bearer into the header; given as `auth`, so that a .netrc file cannot replace it."""

    def __init__(self, bearer: str) -> None:
        self._bearer = bearer

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._bearer}"
        return request


def do_nothing() -> None:
    """Stand in where nobody wants to know."""


def new_session(relay_url: str, ca_file: Path | None) -> requests.Session:
    """Return a session that verifies certificates always; a relay on this machine is asked without any proxy."""
    session = requests.Session()
    session.trust_env = not _is_loopback(relay_url)
    session.verify = True if ca_file is None else str(ca_file)
    if not relay_url.startswith("http://"):  # Reading the system's authorities costs more than a request without TLS.
        session.mount("https://", SystemTrust())
    session.headers["User-Agent"] = "readback"
    return session


def session_of(relay_url: str, bearer: str, ca_file: Path | None) -> requests.Session:
    """Return a session in which every request bears a channel's bearer."""
    session = new_session(relay_url, ca_file)
    session.auth = _Bearer(bearer)
    return session


def _is_loopback(relay_url: str) -> bool:
    host = urlsplit(relay_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def post(
    session: requests.Session, url: str, value: Mapping[str, Any], expected: int, *, timeout_s: float = ANSWER_S
) -> bytes:
    """Post JSON and return the body of the expected answer; raises Unreachable, NotAuthorised, Refused."""
    with told_as_trouble():
        response = session.post(url, json=value, stream=True, timeout=timeout_s, allow_redirects=False)
    with closing(response):
        check(response, expected)
        with told_as_trouble():
            return body_of(response, MAX_BODY_BYTES)


def fetch(session: requests.Session, url: str, *, timeout_s: float = ANSWER_S) -> bytes:
    """Return the body of a good answer; raises Unreachable, NotAuthorised, Refused, Malformed."""
    with told_as_trouble():
        response = session.get(url, stream=True, timeout=timeout_s, allow_redirects=False)
    with closing(response):
        check(response, 200)
        with told_as_trouble():
            return body_of(response, MAX_BODY_BYTES)


def delete(session: requests.Session, url: str, *, timeout_s: float = ANSWER_S) -> None:
    """Have the relay delete what a URL names; raises Unreachable, NotAuthorised, Refused."""
    with told_as_trouble():
        response = session.delete(url, timeout=timeout_s, allow_redirects=False)
    with closing(response):
        check(response, 204)


def check_health(relay_url: str, *, ca_file: Path | None = None, timeout_s: float = ANSWER_S) -> str:
    """Return the time that a well relay's answer bears, "" where it bears none; raises Unreachable, Refused, Malformed.

    The time is a date of HTTP's (RFC 9110 6.6.1), in whole seconds.
    """
    with (
        closing(new_session(relay_url, ca_file)) as session,
        told_as_trouble(),
        closing(session.get(f"{relay_url}/health", timeout=timeout_s, allow_redirects=False)) as response,
    ):
        check(response, 200)
        return str(response.headers.get("Date", ""))


def check(response: requests.Response, expected: int) -> None:
    """Raise what an unexpected status means."""
    status = response.status_code
    if status == expected:
        return
    if status == 401:
        raise NotAuthorised("The relay does not know this desktop any more.", "Connect to the relay anew, in Settings.")
    if status == 403:
        raise NotAuthorised(
            "The relay does not accept this invite.",
            "Ask its operator for a new one; each invite works once.",
        )
    if status == 409:
        raise LeaseHeld(
            "Another Readback fetches this relay's hits.",
            "Close Readback on the other computer, or in the other window.",
        )
    if status >= 500:
        raise Unreachable(f"The relay has trouble of its own ({status}).", "Hits wait there; Readback tries again.")
    raise Refused(f"The relay refused ({status}).", "Check the relay's address, in Settings.")


@contextmanager
def told_as_trouble() -> Iterator[None]:
    """Turn what requests raises into Unreachable or Malformed; RequestException is an OSError."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise Unreachable(
            "The relay's certificate does not hold.",
            "Check the relay's address and this computer's clock; its operator can say whether it was renewed.",
        ) from error
    except (requests.exceptions.InvalidURL, LocationParseError) as error:
        raise Malformed("This is not a relay's address.", "Write it as https://relay.example.com.") from error
    except OSError as error:
        raise Unreachable(
            "The relay does not answer.",
            "Mail goes out all the same, and hits wait at the relay; Readback tries again by itself.",
        ) from error


def shut_down(response: requests.Response) -> None:
    """End the reading of a response from another thread; nothing where it is over already."""
    # urllib3 2.3: wakes a read in another thread; raises when the response is read or closed already, and is done then.
    try:
        response.raw.shutdown()
    except (OSError, RuntimeError, ValueError):
        return


def body_of(response: requests.Response, limit_bytes: int, on_arriving: Callable[[], None] = do_nothing) -> bytes:
    """Return a response's body, told when its first octets are there; raises Malformed for a longer one."""
    body = bytearray()
    for chunk in response.iter_content(65_536):
        if not body:
            on_arriving()
        body += chunk
        if len(body) > limit_bytes:
            raise unreadable()
    return bytes(body)


def unreadable() -> Trouble:
    """Return the trouble of an answer that is not what it should be."""
    return Malformed("The relay's answer cannot be read.", "Check that the address is a Readback relay's.")
