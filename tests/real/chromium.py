"""Headless Chromium as a webmail reader: it shows a page made of a mail's HTML part.

The page is loaded until its pictures are there, then the program ends by itself.
"""

import email
import email.policy
import subprocess
from pathlib import Path
from typing import Final

from tests.real.screen import Screen

PROGRAM: Final = "/usr/bin/chromium"


def html_part(message: bytes) -> str:
    """Return the HTML body of a mail."""
    part = email.message_from_bytes(message, policy=email.policy.default).get_body(("html",))
    assert part is not None
    text: str = part.get_content()
    return text


def show(page: str, folder: Path, screen: Screen, *, http_proxy: tuple[str, int]) -> Path:
    """Show `page` in headless Chromium behind `http_proxy`; return a picture of what it showed."""
    folder.mkdir()
    (folder / "mail.html").write_text(page, "utf-8")
    host, port = http_proxy
    command = [
        PROGRAM,
        "--headless",
        "--no-sandbox",  # the tests run as root, and Chromium has no sandbox there
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        f"--user-data-dir={folder / 'profile'}",
        f"--proxy-server=http://{host}:{port}",
        "--proxy-bypass-list=<-loopback>",
        f"--screenshot={folder / 'mail.png'}",
        "--window-size=900,700",
        f"file://{folder / 'mail.html'}",
    ]
    subprocess.run(
        command, env=screen.environment, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60
    )
    return folder / "mail.png"
