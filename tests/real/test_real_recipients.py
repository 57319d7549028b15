"""Recipients without Readback: what their programs fetch, and through which network, when a mail holds a picture."""

from pathlib import Path

import pytest

from tests.real.chromium import html_part, show
from tests.real.provider import Provider
from tests.real.proxy import RecipientNetwork
from tests.real.relay import RelayProcess
from tests.real.screen import Screen
from tests.real.thunderbird import Thunderbird

pytestmark = pytest.mark.timeout(180)


def _mail(subject: str, picture: str) -> bytes:
    return (
        f"From: Alice <alice@example.test>\r\nTo: bob@example.test\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/html; charset=UTF-8\r\n\r\n"
        f'<p>Look: <img src="{picture}" width="1" height="1" alt=""></p>\r\n'
    ).encode()


def test_thunderbird_fetches_a_picture_only_when_asked(
    relay: RelayProcess, provider: Provider, bobs_network: RecipientNetwork, bobs_thunderbird: Thunderbird
) -> None:
    """Opening a mail fetches nothing while pictures are blocked; loading them fetches it once, as an image."""
    path = "/open/not-a-token-for-thunderbird.gif"
    message = _mail("With a picture", f"http://{relay.public_host}{path}")
    provider.submit(message, sender="alice", recipients=("bob",))
    bobs_thunderbird.open_message("With a picture")
    assert bobs_thunderbird.blocks_pictures()
    assert [request for request in bobs_network.passed if request.path == path] == []
    bobs_thunderbird.load_pictures()
    request = bobs_network.wait_for(lambda passed: passed.path == path)
    assert request.status == 200
    assert "Thunderbird/" in request.headers["User-Agent"]
    assert request.headers["Sec-Fetch-Dest"] == "image"


def test_chromium_fetches_a_picture(
    ground: Path, relay: RelayProcess, bobs_network: RecipientNetwork, bobs_screen: Screen
) -> None:
    """A page made of the mail's HTML part makes headless Chromium fetch the picture through bob's network."""
    path = "/open/not-a-token-for-chromium.gif"
    message = _mail("With a picture", f"http://{relay.public_host}{path}")
    picture = show(html_part(message), ground / "chromium-probe", bobs_screen, http_proxy=bobs_network.host_and_port)
    request = bobs_network.wait_for(lambda passed: passed.path == path)
    assert request.status == 200
    assert request.headers["Sec-Fetch-Dest"] == "image"
    assert picture.stat().st_size > 0
