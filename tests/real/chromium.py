"""Chromium as a webmail reader: it shows a page made of a mail's HTML part.

Headless it loads the page with its pictures and ends by itself, and says in its user agent that it is headless; in a
window it is what a person uses.
"""

import email
import email.policy
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.real.screen import Screen
from tests.real.waiting import end

PROGRAM: Final = "/usr/bin/chromium"


def html_part(message: bytes) -> str:
    """Return the HTML body of a mail."""
    part = email.message_from_bytes(message, policy=email.policy.default).get_body(("html",))
    assert part is not None
    text: str = part.get_content()
    return text


def show(page: str, folder: Path, screen: Screen, *, http_proxy: tuple[str, int]) -> Path:
    """Show `page` in headless Chromium behind `http_proxy`; return a picture of what it showed."""
    command = _command(page, folder, http_proxy)
    picture = folder / "mail.png"
    subprocess.run(
        [*command, "--headless", f"--screenshot={picture}", "--window-size=900,700", _url(folder)],
        env=screen.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return picture


@contextmanager
def window(page: str, folder: Path, screen: Screen, *, http_proxy: tuple[str, int]) -> Iterator[None]:
    """Show `page` in a window of Chromium on `screen`, as a person's browser would, inside the block."""
    command = _command(page, folder, http_proxy)
    with (folder / "chromium.log").open("wb") as output:
        process = subprocess.Popen(
            [*command, f"--app={_url(folder)}"],
            env=screen.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        end(process)


def _url(folder: Path) -> str:
    return f"file://{folder / 'mail.html'}"


def _command(page: str, folder: Path, http_proxy: tuple[str, int]) -> list[str]:
    folder.mkdir()
    (folder / "mail.html").write_text(page, "utf-8")
    return [PROGRAM, *flags(folder, http_proxy)]


def flags(folder: Path, http_proxy: tuple[str, int] | None, without_proxy: str = "") -> list[str]:
    """Return what makes Chromium quiet and private to `folder`; `without_proxy` is host:port of an exception."""
    quiet = [
        "--no-sandbox",  # the tests run as root, and Chromium has no sandbox there
        "--test-type",  # no bar about that above the page, which would take the keyboard
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--password-store=basic",
        "--disable-background-networking",
        "--disable-component-update",
        f"--user-data-dir={folder / 'profile'}",
    ]
    if http_proxy is None:
        return quiet
    host, port = http_proxy
    # Without "<-loopback>" no address of this machine would go by the proxy.
    return [*quiet, f"--proxy-server=http://{host}:{port}", f"--proxy-bypass-list=<-loopback>;{without_proxy}"]
