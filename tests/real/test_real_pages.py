"""Every page that a recipient may see, in Chromium: four languages, with scripts and without, on a phone and a desk.

The relay is a real one in this process, so that its disk can be full for a moment; the browser meets it over HTTP.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from relay.database import Database, StorageError
from relay.limits import Limits
from relay.wire.language import Language
from tests.real.inspected import Inspected
from tests.real.recipient_walk import BLOCKED_HOST, EVERY, Walk
from tests.real.screen import Screen
from tests.relay.desk import Clock, Desk, running
from tests.relay.recipients import question_url

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def origin(ground: Path) -> Iterator[str]:
    """Serve a relay whose operator blocks one host, and give its address."""
    with running(_folder(ground), Clock(), limits=Limits(posts_per_network=10_000)) as relay:
        yield relay.base


def _folder(ground: Path) -> Path:
    data = ground / "pages-relay"
    data.mkdir(exist_ok=True)
    (data / "blocked.txt").write_text(f"host {BLOCKED_HOST}\n", "ascii")
    return data


@pytest.fixture(scope="module")
def strangers(ground: Path) -> Iterator[list[Desk]]:
    """Give desktops, one for each walk, that the relay at `origin` knew before its database was lost."""
    with running(_folder(ground), Clock()) as relay:
        desks = [Desk(relay.base) for _ in range(2 * len(Language))]
    for file in _folder(ground).glob("relay.sqlite3*"):
        file.unlink()
    yield desks
    for desk in desks:
        desk.close()


@contextmanager
def full_disk() -> Iterator[None]:
    """Let the relay of this process keep nothing inside the block."""

    def full(*_: object) -> None:
        raise StorageError("database or disk is full")

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(Database, "commit", full)
        yield


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("language", Language)
def test_every_page_serves_everybody(  # noqa: PLR0917 - fixtures are given by name
    ground: Path,
    bobs_screen: Screen,
    strangers: list[Desk],
    origin: str,
    pictures: Path,
    caplog: pytest.LogCaptureFixture,
    language: Language,
    has_scripts: bool,
) -> None:
    """By keyboard alone every page is reached, and none breaks WCAG AA, asks anybody else, leaves or complains."""
    caplog.set_level(logging.CRITICAL)
    folder = pictures / "pages"
    folder.mkdir(exist_ok=True)
    browser = Inspected(
        ground / f"pages-{language}-{has_scripts}", bobs_screen, language=language, has_scripts=has_scripts
    )
    walk = Walk(browser, origin, language, full_disk, strangers.pop())
    faults: dict[str, tuple[str, ...]] = {}
    try:
        for name in walk.pages():
            faults[name] = browser.faults(origin=origin, language=language)
            if has_scripts:
                browser.keep_pictures(folder, f"{name}.{language}")
    finally:
        walk.close()
        browser.close()
    assert {name: each for name, each in faults.items() if each} == {}
    assert set(faults) == EVERY


@pytest.fixture(scope="module")
def inspected(ground: Path, bobs_screen: Screen) -> Iterator[Inspected]:
    """Give a Chromium that runs scripts."""
    running_one = Inspected(ground / "pages-sabotaged", bobs_screen)
    yield running_one
    running_one.close()


SABOTAGES = {
    "color-contrast": "document.querySelector('.choice p').style.color = '#999'",
    "label:": "document.querySelector('label').remove()",
    "button-name": "document.querySelector('button').textContent = ''",
    "speaks ''": "document.documentElement.removeAttribute('lang')",
    "small: <button": "Object.assign(document.querySelector('button').style, { minHeight: 0, padding: 0 })",
    "desk, dark: wider than the screen": "document.querySelector('h1').style.width = '1400px'",
    "phone, dark: wider than the screen": "document.querySelector('h1').style.width = '600px'",
    "at 320 px: wider than the screen": "document.querySelector('h1').style.width = '340px'",
    "leaves mark": "document.cookie = 'mark=1'",
    "console: ": "console.error('something')",
    "Content Security Policy": 'document.body.innerHTML += \'<img alt="" src="http://127.0.0.1:9/x.gif">\';'
    " return new Promise(done => setTimeout(done, 200))",
}


@pytest.mark.parametrize("sign", SABOTAGES)
def test_a_page_that_is_worse_is_found_out(inspected: Inspected, origin: str, sign: str) -> None:
    """The page that asks has no fault; altered so that it serves somebody less, it has one that says what is wrong."""
    desk = Desk(origin)
    try:
        inspected.go(question_url(desk, tag=b"sabotage"))
    finally:
        desk.close()
    assert inspected.faults(origin=origin, language="en") == ()
    inspected.run(SABOTAGES[sign])
    found = inspected.faults(origin=origin, language="en")
    inspected.forget_cookies()
    assert any(sign in each for each in found), found


def test_where_scripts_are_off_none_runs(ground: Path, bobs_screen: Screen) -> None:
    """A page's own script alters its title in one browser and not in the other, which shows what is for it instead."""
    page = (
        "data:text/html,<title>as it came</title><h1><noscript>none</noscript></h1><script>document.title = 1</script>"
    )
    shown = []
    for has_scripts in (True, False):
        browser = Inspected(ground / f"scripts-{has_scripts}", bobs_screen, has_scripts=has_scripts)
        try:
            browser.go(page)
            shown.append((browser.run("return document.title"), browser.run("return document.body.innerText.trim()")))
        finally:
            browser.close()
    assert shown == [("1", ""), ("as it came", "none")]


def test_a_request_to_another_is_found_out(inspected: Inspected, origin: str) -> None:
    """Seen from another origin, the page's request to its own server is a request to somebody else."""
    url = f"{origin}/stop/no-token/me"
    inspected.go(url)
    assert inspected.faults(origin=origin, language="en") == ()
    assert inspected.faults(origin="http://elsewhere.test", language="en") == (f"asks {url}",)
