"""The program never asks for a picture or link of its own: not what it sends, not what it shows, not what it checks."""

import ast
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from pytestqt.qtbot import QtBot

from desktop.core.address import Mailbox
from desktop.core.keep import Keep
from desktop.core.ownmarks import tokens_in
from desktop.core.permission import Method
from desktop.engine import Engine
from desktop.outgoing.inspect import inspect
from desktop.places import Places
from desktop.store.accounts import AccountRow, Security
from desktop.store.mail import cards, conversation
from desktop.store.people import record_grant
from desktop.ui.recipient_view import SealedBrowser
from relay.wire.purpose import Purpose
from tests.fakes.provider import PASSWORD, USER, Provider, make_certificates
from tests.fakes.rawclient import RawClient
from tests.fakes.relay_process import ROOT, RelayProcess
from tests.tracking.desktop_side import fetch

# Everything that can ask for a page, with what each place that names it asks for.
ASKS: Final = {
    "requests": {
        "desktop/accounts/oauth.py",  # a provider's tokens
        "desktop/tracking/client.py",  # the relay's feed
        "desktop/tracking/requesting.py",  # the relay's answers, stops, channels, source, what it holds, and health
    },
    "http.client": {"desktop/accounts/webfile.py"},  # a provider's settings
    "PySide6.QtGui.QDesktopServices": {"desktop/app.py"},  # a provider's sign-in page, in the browser
    "PySide6.QtNetwork.QNetworkAccessManager": set(),
    "PySide6.QtWebEngineWidgets": set(),
    "PySide6.QtWebEngineCore": set(),
    "PySide6.QtWebView": set(),
    "urllib.request": set(),
    "webbrowser": set(),
    "httpx": set(),
    "aiohttp": set(),
    "urllib3": {"desktop/tracking/requesting.py"},  # its errors
}
# Plays the recipients, who do open pictures.
PRACTICE: Final = "desktop/practice/"


def named(source: str) -> set[str]:
    """Return what of `ASKS` a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {each for each in ASKS for name in names if name == each or name.startswith(f"{each}.")}


def test_only_known_places_can_ask_for_a_page() -> None:
    """Whoever makes a further module ask for pages has to say here for which, and that they are not our own."""
    found: dict[str, set[str]] = {each: set() for each in ASKS}
    for path in sorted((ROOT / "desktop").rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if not place.startswith(PRACTICE):
            for each in named(path.read_text(encoding="utf-8")):
                found[each].add(place)
    assert found == ASKS
    assert named("def f():\n    import webbrowser\n    from urllib.request import urlopen") == {
        "webbrowser",
        "urllib.request",
    }


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    with Provider(make_certificates(tmp_path).context()) as running:
        yield running


@pytest.fixture
def engine(tmp_path: Path, provider: Provider) -> Iterator[Engine]:
    """Return a running engine with an account and a relay; Bob permits opens and clicks."""
    running = Engine(Places.in_folder(tmp_path / "home"), keep=Keep.FILE)
    row = AccountRow(
        id=0,
        label="Work",
        host="127.0.0.1",
        port=provider.port,
        security=Security.STARTTLS,
        user=USER,
        identities=(Mailbox("Alice", USER),),
        ca_file=str(next(tmp_path.glob("*.pem"))),
    )
    with RelayProcess(tmp_path / "relay") as relay:
        running.accounts.save_account(row, PASSWORD, Keep.FILE)
        running.start(port=0)
        running.connect_relay(relay.url, None)
        record_grant(
            running.store,
            address="bob@x.test",
            name="",
            purposes=frozenset({Purpose.OPENS, Purpose.CLICKS}),
            method=Method.SPOKEN,
            evidence="told me",
            at=running.clock(),
        )
        yield running
        running.close()


MAIL = (
    b"From: Alice <alice@example.test>\r\nTo: bob@x.test\r\nSubject: Offer\r\nMessage-ID: <one@example.test>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<p><a href="https://example.com/a">A long link to press, in the middle of the page</a></p>\r\n'
)


def hits(engine: Engine) -> int:
    connection = sqlite3.connect(engine.places.store)
    (count,) = connection.execute("SELECT count(*) FROM hit").fetchone()
    connection.close()
    return int(count)


def test_a_mail_is_sent_shown_and_checked_without_a_hit(engine: Engine, provider: Provider, qtbot: QtBot) -> None:
    """From the listener to the window nothing of it is loaded or followed: the first hit is the recipient's."""
    with RawClient(engine.port) as client:
        assert client.sign_in(engine.listener_password).startswith("235")
        client.start(USER, "bob@x.test")
        assert client.content(MAIL + b".\r\n").startswith("250")
    content = provider.messages[0].content
    channel = engine.channel
    assert channel is not None
    assert len(tokens_in(content, frozenset({channel.picture_base, channel.link_base}))) == 3
    inspect(content, recipients=["bob@x.test"], grounds={}, channel=channel, now=engine.clock())
    browser = SealedBrowser()
    qtbot.addWidget(browser)
    browser.resize(1000, 800)
    browser.show_html(content.partition(b"\r\n\r\n")[2].decode())
    browser.show()
    browser.grab()
    pressed: list[QUrl] = []
    browser.anchorClicked.connect(pressed.append)
    for words in ("A long link to press", "See or stop"):
        place = browser.cursorRect(browser.document().find(words)).center() - QPoint(8, 0)
        qtbot.mouseClick(browser.viewport(), Qt.MouseButton.LeftButton, pos=place)  # type: ignore[no-untyped-call]
    assert [url.path().split("/")[1] for url in pressed] == ["click", "stop"]
    assert all(conversation(engine.store, card.id) for card in cards(engine.store))
    assert browser.refused == []
    has_come = threading.Event()
    engine.store.subscribe(lambda change: has_come.set() if change.copies and hits(engine) else None)
    picture = re.findall(rb'src="([^"]*/open/[^"]*)"', content)[0].decode()
    assert fetch(picture) == 200
    assert has_come.wait(15)
    assert hits(engine) == 1
