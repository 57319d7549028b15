"""One file over verified TLS from real web servers, and everything that makes a download doubtful."""

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trustme

from relay.download import DownloadError, Web, download
from tests.fakes.webhosts import Answer, WebHosts

URL = "https://lists.example/some.json"
GOOD = Answer(body=b"a list")


def web_of(hosts: WebHosts, *, idle_s: float = 10, within_s: float = 10) -> Web:
    return Web(context=hosts.context, open_socket=hosts.open_socket, idle_s=idle_s, within_s=within_s)


def refusal_of(answer: Answer, *, url: str = URL, idle_s: float = 10, within_s: float = 10) -> str:
    """Return the sentence that a download of this answer ends in."""
    with (
        WebHosts({URL: answer, "http://lists.example/some.json": GOOD}) as hosts,
        pytest.raises(DownloadError) as caught,
    ):
        download(url, web_of(hosts, idle_s=idle_s, within_s=within_s), max_bytes=1_000)
    assert {asked.partition(":")[0] for asked in hosts.urls} == {"https"}
    return str(caught.value)


def test_a_good_file_comes_whole() -> None:
    """The octets are the ones the server has, query and all."""
    with WebHosts({URL: GOOD}) as hosts:
        assert download(f"{URL}?a=b", web_of(hosts), max_bytes=6) == b"a list"
        assert hosts.urls == [f"{URL}?a=b"]


def test_a_redirect_to_https_is_followed() -> None:
    """To another path and to another host."""
    files = {
        URL: Answer(status=301, headers={"Location": "/moved.json"}),
        "https://lists.example/moved.json": Answer(status=302, headers={"Location": "https://other.example/x"}),
        "https://other.example/x": GOOD,
    }
    with WebHosts(files) as hosts:
        assert download(URL, web_of(hosts), max_bytes=1_000) == b"a list"


@pytest.mark.parametrize(
    "location",
    [
        "http://lists.example/some.json",
        "//lists.example:8443/x",
        "https://user@lists.example/x",
        "https://[x",
        "https://lists.example/\N{LATIN SMALL LETTER E WITH ACUTE}",
        "https://lists.example:x/",
        "ftp://lists.example/x",
        "https://lists.example/a b",
    ],
)
def test_a_redirect_out_of_https_is_not_followed(location: str) -> None:
    """Not to http, another port, a user or nonsense; the plain server is never asked."""
    answer = Answer(status=302, headers={"Location": location})
    assert "not followed" in refusal_of(answer)


def test_redirects_end() -> None:
    """A circle is given up, and so is a redirect that names no place."""
    assert refusal_of(Answer(status=302, headers={"Location": URL})) == "lists.example redirects without end."
    assert refusal_of(Answer(status=302)) == "lists.example redirects without end."


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(body=b"x" * 1_001), "The answer of lists.example is larger than 1,000 octets."),
        (Answer(body=b"half", is_cut_off=True), "The connection to lists.example failed or broke off."),
        (Answer(status=404), "lists.example answered 404 instead of the list."),
        (Answer(status=503, body=b"later"), "lists.example answered 503 instead of the list."),
        (
            Answer(body=b"x", headers={"Content-Encoding": "gzip"}),
            "lists.example sent the list compressed, which was not asked for.",
        ),
        (Answer(trickles="body"), "lists.example does not say where its answer ends."),
    ],
)
def test_a_doubtful_answer_is_refused(answer: Answer, sentence: str) -> None:
    """Too large, cut off, no list, compressed, or without an end: each is said."""
    assert sentence == refusal_of(answer)


@pytest.mark.parametrize("answer", [Answer(trickles="head"), Answer(is_silent=True)])
def test_a_slow_server_is_given_up(answer: Answer) -> None:
    """A head that trickles is never silent for long, and silence never trickles: both end in time."""
    sentence = refusal_of(answer, idle_s=0.3, within_s=0.5)
    assert sentence == "lists.example was silent for 0.3 s, or took more than 0.5 s in all."


def test_silence_ends_with_the_time_for_the_whole_file() -> None:
    """A last wait is no longer than what is left in all, however long silence alone might last."""
    began_s = time.monotonic()
    sentence = refusal_of(Answer(is_silent=True), idle_s=30, within_s=0.3)
    assert time.monotonic() - began_s < 15
    assert sentence == "lists.example was silent for 30 s, or took more than 0.3 s in all."


def test_a_certificate_for_another_name_is_refused() -> None:
    """A server that cannot prove its name is not listened to."""
    with (
        WebHosts({URL: GOOD}, without_certificate=("lists.example",)) as hosts,
        pytest.raises(DownloadError, match=r"^The certificate of lists.example is not good\.$"),
    ):
        download(URL, web_of(hosts), max_bytes=1_000)


def test_an_unknown_authority_is_refused() -> None:
    """What the system does not trust is refused by the settings that are used outside tests."""
    with (
        WebHosts({URL: GOOD}) as hosts,
        pytest.raises(DownloadError, match=r"^The certificate of lists.example is not good\.$"),
    ):
        download(URL, Web(open_socket=hosts.open_socket), max_bytes=1_000)


def test_no_name_and_no_server_are_said() -> None:
    """Without a way out the sentence says what failed."""
    with WebHosts({"http://lists.example/": GOOD}) as hosts:
        with pytest.raises(DownloadError, match=r"^The name other.example could not be looked up\.$"):
            download("https://other.example/", web_of(hosts), max_bytes=1_000)
        with pytest.raises(DownloadError, match=r"^The connection to lists.example failed or broke off\.$"):
            download(URL, web_of(hosts), max_bytes=1_000)


def test_the_usual_way_out_is_a_plain_connection() -> None:
    """Outside tests a socket is opened to the very host; nothing listens here."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with Web().open_socket("127.0.0.1", port, 5) as opened:
            assert opened.getpeername() == ("127.0.0.1", port)


@contextmanager
def speaking(octets: bytes) -> Iterator[Web]:
    """Answer the first request over TLS with these octets and hang up."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("lists.example").configure_cert(context)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trusting)

    class Speaking(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(octets)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Stay silent."""

    with http.server.HTTPServer(("127.0.0.1", 0), Speaking) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        where = server.server_address[:2]
        yield Web(context=trusting, open_socket=lambda _host, _port, timeout_s: socket.create_connection(
            (str(where[0]), int(where[1])), timeout_s))  # fmt: skip
        thread.join(10)


def test_an_answer_in_chunks_is_read_to_its_last() -> None:
    """Chunks say where they end."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with speaking(head + b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n") as web:
        assert download(URL, web, max_bytes=100) == b"hello!"


def test_chunks_without_their_last_are_a_break() -> None:
    """A missing last chunk is no end."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with speaking(head + b"5\r\nhello\r\n") as web, pytest.raises(DownloadError, match="broke off"):
        download(URL, web, max_bytes=100)


def test_what_is_no_http_is_a_break() -> None:
    """A status line of nonsense is said to have failed."""
    with speaking(b"nonsense\r\n\r\n") as web, pytest.raises(DownloadError, match="broke off"):
        download(URL, web, max_bytes=100)
