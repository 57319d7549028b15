"""Small files from web servers: what is followed, what is refused, and that nothing outlasts its time."""

import socket
import ssl
import threading
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desktop.accounts.hostnames import checked_host
from desktop.accounts.reach import Connections, Reach
from desktop.accounts.webfile import Address, _redirected, fetch
from desktop.core.errors import Malformed, Unreachable
from tests.fakes.webhosts import Answer, WebHosts

URL = "https://a.example.test/file.xml"
OTHER = "https://b.example.test/other.xml"


def get(
    hosts: WebHosts, url: str = URL, *, connections: Connections | None = None, timeout_s: float = 5
) -> bytes | None:
    reach = Reach(resolver=None, open_socket=hosts.open_socket, context=hosts.context)
    parts = urlsplit(url)
    address = Address(host=parts.netloc, path=url.partition(parts.netloc)[2], is_encrypted=parts.scheme == "https")
    return fetch(address, reach, connections or Connections(), timeout_s=timeout_s, max_bytes=1000)


def test_a_file_is_fetched() -> None:
    """The body comes as it is, up to the largest size."""
    with WebHosts({URL: Answer(body=b"x" * 1000)}) as hosts:
        assert get(hosts, URL + "?a=b%20c") == b"x" * 1000
        assert hosts.urls == [URL + "?a=b%20c"]


@pytest.mark.parametrize("size", [1001, 5_000_000])
def test_a_file_too_large_is_refused(size: int) -> None:
    """One octet beyond the bound is too much, and the rest is not read."""
    with WebHosts({URL: Answer(body=b"x" * size)}) as hosts, pytest.raises(Malformed):
        get(hosts)


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 410])
def test_no_file_is_none(status: int) -> None:
    """Statuses that say "not here" are nothing; so are a name that does not exist and a port nobody listens on."""
    with WebHosts({URL: Answer(status=status), "http://plain.example.test/": Answer()}) as hosts:
        assert get(hosts) is None
        assert get(hosts, "https://nobody.example.test/") is None
        assert get(hosts, "https://plain.example.test/") is None


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_at_fault_is_told(status: int) -> None:
    """A 5xx says nothing about the file."""
    with WebHosts({URL: Answer(status=status)}) as hosts, pytest.raises(Unreachable):
        get(hosts)


def test_a_name_that_cannot_be_looked_up_is_told() -> None:
    """A resolver that does not answer says nothing about the name, unlike one that knows of none."""

    def open_socket(_host: str, _port: int, _timeout_s: float) -> socket.socket:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    reach = Reach(resolver=None, open_socket=open_socket, context=ssl.create_default_context())
    with pytest.raises(Unreachable, match="could not be looked up"):
        fetch(Address(host="a.example.test", path="/"), reach, Connections(), timeout_s=1, max_bytes=1)


def test_a_bad_certificate_is_told() -> None:
    """A certificate for somebody else is refused, and a good one beside it is taken."""
    with WebHosts({URL: Answer(body=b"x"), OTHER: Answer(body=b"y")}, without_certificate=("a.example.test",)) as hosts:
        with pytest.raises(Unreachable, match="certificate"):
            get(hosts)
        assert get(hosts, OTHER) == b"y"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", [OTHER, "https://b.example.test:443/other.xml", "//b.example.test/other.xml"])
def test_a_redirection_to_https_is_followed(status: int, location: str) -> None:
    """Another name on the usual port of https is asked instead."""
    with WebHosts({URL: Answer(status=status, headers={"Location": location}), OTHER: Answer(body=b"y")}) as hosts:
        assert get(hosts) == b"y"


def test_a_redirection_within_the_server_is_followed() -> None:
    """A path alone is one on the same server, its odd characters made safe."""
    there = "https://a.example.test/new%20place"
    with WebHosts({URL: Answer(status=302, headers={"Location": "/new place"}), there: Answer(body=b"y")}) as hosts:
        assert get(hosts) == b"y"


@pytest.mark.parametrize(
    "location",
    [
        "http://b.example.test/other.xml",
        "https://b.example.test:8443/other.xml",
        "https://user@b.example.test/other.xml",
        "https://127.0.0.1/other.xml",
        "https://localhost/other.xml",
        "file:///etc/passwd",
        "ftp://b.example.test/",
        "https://[::1",
        "https://b.example.test:99999/",
        "https://b.exämple.test/",
    ],
)
def test_a_redirection_elsewhere_is_not_followed(location: str) -> None:
    """Plain http, other ports, userinfo, addresses of the network and other schemes are nothing."""
    files = {
        URL: Answer(status=302, headers={"Location": location}),
        OTHER: Answer(body=b"y"),
        "http://b.example.test/other.xml": Answer(body=b"z"),
    }
    with WebHosts(files) as hosts:
        assert get(hosts) is None
        assert hosts.urls == [URL]


@example(location="https://b.example.test", is_encrypted=True)
@example(location="https://b.example.test//x\ty", is_encrypted=False)
@given(
    location=st.text(max_size=60) | st.text(max_size=40).map(lambda text: f"https://{text}"), is_encrypted=st.booleans()
)
def test_any_redirection_ends_at_https_on_a_sound_host_or_nowhere(location: str, *, is_encrypted: bool) -> None:
    """Whatever a server writes into Location, nothing is raised and only sound places are gone to."""
    start = Address(host="a.example.test", path="/x", is_encrypted=is_encrypted)
    there = _redirected(start, location)
    if there is not None:
        assert (there.is_encrypted, there.port) == (True, 443)
        assert there.host == checked_host(there.host)
        assert there.path.startswith("/")
        assert there.path.isascii()
        assert there.path.isprintable()
        assert " " not in there.path


def test_plain_http_may_only_lead_to_https() -> None:
    """From http, a redirection to https is followed and one within http is not."""
    files = {
        "http://a.example.test/up": Answer(status=301, headers={"Location": OTHER}),
        "http://a.example.test/on": Answer(status=301, headers={"Location": "/up"}),
        OTHER: Answer(body=b"y"),
    }
    with WebHosts(files) as hosts:
        assert get(hosts, "http://a.example.test/up") == b"y"
        assert get(hosts, "http://a.example.test/on") is None


def test_redirections_without_end_are_told() -> None:
    """A server that sends one round in a circle is left after a few turns."""
    with WebHosts({URL: Answer(status=302, headers={"Location": URL})}) as hosts:
        with pytest.raises(Unreachable, match="redirects"):
            get(hosts)
        assert len(hosts.urls) == 4


def test_a_silent_server_is_told_of_in_time() -> None:
    """A server that accepts and says nothing ends with the timeout."""
    with WebHosts({URL: Answer(is_silent=True)}) as hosts, pytest.raises(Unreachable, match="in time"):
        get(hosts, timeout_s=0.2)


def test_a_body_that_breaks_off_is_told() -> None:
    """Fewer octets than announced are a broken connection, not a file."""
    with (
        WebHosts({URL: Answer(body=b"half", is_cut_off=True)}) as hosts,
        pytest.raises(Unreachable, match="broken off"),
    ):
        get(hosts)


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_trickling_server_can_be_cut_off(part: str) -> None:
    """One octet at a time satisfies every timeout; cutting the connections ends the wait at once."""
    with WebHosts({URL: Answer(trickles=part)}) as hosts:
        connections = Connections()
        ended: list[type[BaseException]] = []

        def run() -> None:
            with pytest.raises((Unreachable, Malformed)) as caught:
                get(hosts, connections=connections, timeout_s=30)
            ended.append(caught.type)

        waiting = threading.Thread(target=run)
        waiting.start()
        while not hosts.urls:
            assert not hosts.wait(0.01)
        connections.cut()
        waiting.join(timeout=5)
        assert ended == [Unreachable]


def test_what_is_cut_off_opens_nothing_more() -> None:
    """After the cut, no further request is made."""
    connections = Connections()
    connections.cut()
    with WebHosts({URL: Answer(body=b"x")}) as hosts, pytest.raises(Unreachable):
        get(hosts, connections=connections)
    assert hosts.urls == []
