"""Programs that fetch what a mail points at without a person: mail filters, link checkers, scripts, a driven browser.

Each goes by a recipient network's proxy, which is the only Internet it has.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.real.browser import Browser
from tests.real.proxy import RecipientNetwork
from tests.real.relay import PUBLIC_HOST
from tests.real.screen import Screen

# SpamAssassin asks by HEAD where a link leads, or by GET where it is told so, and calls itself Chrome; on its own it
# does so for known shorteners alone.
_SPAMASSASSIN: Final = """\
loadplugin Mail::SpamAssassin::Plugin::Check
loadplugin Mail::SpamAssassin::Plugin::DecodeShortURLs
body SHORT_URL eval:short_url()
{setting} {host}
use_bayes 0
dns_available no
"""
# A person's Chromium says neither that it is headless nor that it is driven; a scanner's says what its maker likes.
_PERSONS_AGENT: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)


def _run(
    command: Sequence[str], folder: Path, network: RecipientNetwork, *, given: bytes = b"", fails: bool = False
) -> None:
    """Run a program to its end; whether what the links lead to can be reached says nothing of what was asked before."""
    host, port = network.host_and_port
    proxy = f"http://{host}:{port}"
    environment = {**os.environ, "HOME": str(folder), "http_proxy": proxy, "https_proxy": proxy, "no_proxy": ""}
    done = subprocess.run(command, input=given, env=environment, check=False, capture_output=True, timeout=60)
    assert fails or done.returncode == 0, (command, done.returncode, done.stdout[-2_000:], done.stderr[-2_000:])


def curl(urls: Sequence[str], folder: Path, network: RecipientNetwork, *, head: bool = False) -> None:
    """Fetch each URL with curl."""
    _run(["curl", "--silent", "--show-error", *(["--head"] if head else []), *urls], folder, network)


def wget(page: str, folder: Path, network: RecipientNetwork, *, head: bool = False) -> None:
    """Fetch what a page points at with wget; `head` only looks whether it is there."""
    (folder / "mail.html").write_text(page, "utf-8")
    command = ["wget", "--no-config", "--quiet", "--tries=1", "--max-redirect=0", f"--directory-prefix={folder}"]
    command += ["--spider"] if head else []
    _run([*command, "--force-html", f"--input-file={folder / 'mail.html'}"], folder, network, fails=True)


def linkchecker(page: str, folder: Path, network: RecipientNetwork) -> None:
    """Check every link of a page with LinkChecker, which would leave a relay's alone were it to ask its robots.txt."""
    (folder / "mail.html").write_text(page, "utf-8")
    command = ["linkchecker", "--check-extern", "--no-robots", "--no-status", "--no-warnings"]
    command += [str(folder / "mail.html")]
    _run(command, folder, network, fails=True)


def linkchecker_beyond(urls: Sequence[str], folder: Path, network: RecipientNetwork) -> None:
    """Check every link of the pages behind the URLs too, three steps on, whatever robots are asked to leave alone."""
    command = ["linkchecker", "--recursion-level=3", "--no-robots", "--no-status", "--no-warnings", *urls]
    _run(command, folder, network, fails=True)


def wget_mirror(urls: Sequence[str], folder: Path, network: RecipientNetwork) -> None:
    """Fetch the pages behind the URLs and all that they point at, as for a mirror."""
    command = ["wget", "--no-config", "--quiet", "--tries=1", "--mirror", "--level=3", "--page-requisites"]
    command += ["--execute=robots=off", f"--directory-prefix={folder}", *urls]
    _run(command, folder, network, fails=True)


def spamassassin(mail: bytes, folder: Path, network: RecipientNetwork, *, head: bool = False) -> None:
    """Have SpamAssassin judge a mail and look where its links lead."""
    setting = "url_shortener" if head else "url_shortener_get"
    (folder / "local.cf").write_text(_SPAMASSASSIN.format(setting=setting, host=PUBLIC_HOST), "ascii")
    rules = [f"--siteconfigpath={folder}", f"--configpath={folder}"]
    _run(["spamassassin", "--test-mode", "--nocreate-prefs", *rules], folder, network, given=mail)


def driven_chromium(urls: Sequence[str], folder: Path, screen: Screen, network: RecipientNetwork) -> None:
    """Open all URLs at once in a headless Chromium that calls itself a person's; return when each was answered."""
    since = len(network.passed)
    driven = Browser(
        folder / "driven",
        screen,
        http_proxy=network.host_and_port,
        more=("--headless", f"--user-agent={_PERSONS_AGENT}"),
    )
    try:
        for url in urls:
            driven.open_tab(url)
        for url in urls:
            network.wait_for(lambda passed, url=url: url.endswith(passed.path), since=since)  # type: ignore[misc]
    finally:
        driven.close()
