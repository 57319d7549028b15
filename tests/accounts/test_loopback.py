"""The door for the browser's answer: what it takes, what it turns away, and what it leaves open."""

import http.client
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from desktop.accounts.loopback import Cancelled, Loopback
from desktop.core.errors import Refused, Unreachable

NEVER = threading.Event()


def is_ours(answer: Mapping[str, str]) -> bool:
    return answer.get("state") == "right"


def ask(
    door: Loopback, path: str, *, method: str = "GET", host: str | None = None, agent: str = "none"
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
    try:
        connection.request(method, path, headers={"Host": host or f"127.0.0.1:{door.port}", "User-Agent": agent})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_an_answer_is_taken_once_and_told_how_it_ended() -> None:
    """The parameters reach whoever waits; the browser hears the outcome, and a second answer that it came too late."""
    with ThreadPoolExecutor(1) as browser, Loopback("127.0.0.1", is_ours=is_ours) as door:
        page = browser.submit(ask, door, "/?code=abc%26&state=right")
        answer = door.wait(cancelled=NEVER, timeout_s=10)
        assert answer == {"code": "abc&", "state": "right"}
        assert ask(door, "/?code=other&state=right")[0] == 409
        with door.telling("It <worked>."):
            pass
        status, text = page.result()
    assert status == 200
    assert "It &lt;worked&gt;." in text


def test_the_browser_that_brought_the_answer_is_known() -> None:
    """Its user agent is at hand with the answer; a page that asks without the state, or later, has no say."""
    with ThreadPoolExecutor(1) as browser, Loopback("127.0.0.1", is_ours=is_ours) as door:
        ask(door, "/?code=abc&state=wrong", agent="stranger")
        page = browser.submit(ask, door, "/?code=abc&state=right", agent="Firefox")
        door.wait(cancelled=NEVER, timeout_s=10)
        ask(door, "/?code=abc&state=right", agent="late")
        assert door.agent == "Firefox"
        with door.telling("It worked."):
            pass
        assert page.result()[0] == 200


def test_trouble_is_told_to_the_browser_and_to_us() -> None:
    """Sentence and cure stand in the page, as text, and the trouble goes on."""
    with ThreadPoolExecutor(1) as browser, Loopback("127.0.0.1", is_ours=is_ours) as door:
        page = browser.submit(ask, door, "/?error=x&state=right")
        door.wait(cancelled=NEVER, timeout_s=10)
        with pytest.raises(Refused), door.telling("It worked."):
            raise Refused("No & no.", "Ask <them>.")
        text = page.result()[1]
    assert "No &amp; no." in text
    assert "Ask &lt;them&gt;. You can close this page" in text
    assert "It worked." not in text


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/favicon.ico", "GET", 404),
        ("/", "GET", 400),
        ("/?code=x", "GET", 400),
        ("/?code=x&state=wrong", "GET", 400),
        ("/?state=right", "GET", 400),
        ("/?error=&code=x&state=rightt", "GET", 400),
        ("/?code=x&state=right", "POST", 501),
        ("/?code=x&state=right", "HEAD", 501),
        ("/?" + "a=b&" * 200 + "code=x&state=right", "GET", 400),
        ("//[::1/?code=x&state=right", "GET", 404),
    ],
)
def test_what_is_no_answer_is_turned_away(path: str, method: str, status: int) -> None:
    """Other paths, methods and states get a plain page, and whoever waits goes on waiting."""
    with Loopback("127.0.0.1", is_ours=is_ours) as door:
        assert ask(door, path, method=method)[0] == status
        with pytest.raises(Unreachable, match="in time"):
            door.wait(cancelled=NEVER, timeout_s=0.0)


def test_a_page_under_another_name_is_not_this_machine() -> None:
    """A name that somebody had point at 127.0.0.1 is refused; the two names of this machine are not."""
    with ThreadPoolExecutor(1) as browser, Loopback("localhost", is_ours=is_ours) as door:
        assert ask(door, "/?code=x&state=right", host=f"evil.example:{door.port}")[0] == 404
        page = browser.submit(ask, door, "/?code=x&state=right", host=f"localhost:{door.port}")
        assert door.wait(cancelled=NEVER, timeout_s=10)["code"] == "x"
        assert door.redirect_uri == f"http://localhost:{door.port}"
        with door.telling("Done."):
            pass
        assert page.result()[0] == 200


def test_it_listens_on_this_machine_alone_and_is_gone_afterwards() -> None:
    """The door is on 127.0.0.1 and nowhere else, and closed once the block is left."""
    with Loopback("127.0.0.1", is_ours=is_ours) as door:
        assert door._server.socket.getsockname()[0] == "127.0.0.1"
        with socket.create_connection(("127.0.0.1", door.port), 5):
            port = door.port
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 5)


def test_a_browser_that_connects_and_says_nothing_holds_nothing_up() -> None:
    """Browsers open connections ahead: beside an idle one the answer comes, and the end is not delayed."""
    with ThreadPoolExecutor(1) as browser, socket.socket() as idle:
        with Loopback("127.0.0.1", is_ours=is_ours) as door:
            idle.connect(("127.0.0.1", door.port))
            page = browser.submit(ask, door, "/?code=x&state=right")
            assert door.wait(cancelled=NEVER, timeout_s=10)["code"] == "x"
            with door.telling("Done."):
                pass
        assert page.result()[0] == 200


def test_a_bug_reaches_the_crash_handler_and_a_gone_browser_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of ours while a request is read is a bug; a connection that broke is none."""
    seen: list[type[BaseException]] = []
    was_seen = threading.Event()

    def handler(arguments: threading.ExceptHookArgs) -> None:
        seen.append(arguments.exc_type)
        was_seen.set()

    monkeypatch.setattr(threading, "excepthook", handler)
    with Loopback("127.0.0.1", is_ours=is_ours) as door:
        for failure in (ConnectionResetError, ZeroDivisionError):

            def fail(*_arguments: object, failure: type[Exception] = failure) -> tuple[int, str, str]:
                raise failure

            monkeypatch.setattr(door, "_take", fail)
            with pytest.raises(http.client.RemoteDisconnected):
                ask(door, "/?code=x&state=right")
        assert was_seen.wait(10)
    assert seen == [ZeroDivisionError]


def test_a_cancelled_wait_tells_a_browser_that_comes_late() -> None:
    """After a cancel the door closes; whoever still waits for a page hears that it was called off."""
    cancelled = threading.Event()
    with ThreadPoolExecutor(1) as browser:
        with Loopback("127.0.0.1", is_ours=is_ours) as door:
            page = browser.submit(ask, door, "/?code=x&state=right")
            door.wait(cancelled=NEVER, timeout_s=10)
            cancelled.set()
            with pytest.raises(Cancelled):
                door.wait(cancelled=cancelled, timeout_s=10)
        assert "called off" in page.result()[1]
