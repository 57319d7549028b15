"""The company's sign-in server as a process, and the browsers of those who sign in there."""

import html.parser
import subprocess
import threading
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import requests

from desktop.accounts.oauth_providers import Client, Provider
from tests.real.waiting import end, until_listening

# Debian's own Python has Authlib.
PYTHON: Final = "/usr/bin/python3"
CLIENT: Final = Client(client_id="readback-at-the-company")
_SERVER: Final = Path(__file__).with_name("idp_server.py")


class SignInServer:
    """Authlib's authorization server on loopback."""

    def __init__(self, port: int, folder: Path, users: dict[str, str]) -> None:
        """Start it for `users` (address → password); return when it answers."""
        self.url = f"http://127.0.0.1:{port}"
        known = folder / "users"
        known.write_text("".join(f"{address}:{password}\n" for address, password in users.items()))
        log = folder / "idp.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [PYTHON, str(_SERVER), str(port), str(known)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until_listening("127.0.0.1", port, process=self._process, log=str(log))

    def close(self) -> None:
        """End it."""
        end(self._process)

    @property
    def provider(self) -> Provider:
        """What Readback is told of it."""
        return Provider(
            key="company",
            label="Company",
            authorize_url=f"{self.url}/authorize",
            token_url=f"{self.url}/token",
            scopes=("mail", "offline_access"),
        )

    def turn(self, **knobs: Any) -> None:
        """Change how it behaves: `ttl` of access tokens in seconds, `remembers` whom without a password."""
        self._post("_knobs", knobs)

    def end_access(self) -> None:
        """End every access token before its time."""
        self._post("_end_access", {})

    def revoke(self, address: str) -> None:
        """End all that this user has granted."""
        self._post("_revoke", {"user": address})

    @property
    def refreshes(self) -> int:
        """How often new tokens were asked for."""
        count: int = requests.get(f"{self.url}/_refreshes", timeout=10).json()["count"]
        return count

    def is_active(self, token: str) -> bool:
        """Return what the mail server would hear of an access token."""
        answer: dict[str, Any] = requests.post(f"{self.url}/introspect", data={"token": token}, timeout=10).json()
        return bool(answer["active"])

    def _post(self, path: str, values: dict[str, Any]) -> None:
        requests.post(f"{self.url}/{path}", json=values, timeout=10).raise_for_status()


class _Form(html.parser.HTMLParser):
    """Collects a form's fields."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an input."""
        values = dict(attrs)
        if tag == "input" and values.get("name"):
            self.fields[str(values["name"])] = values.get("value") or ""


class Person:
    """Somebody who fills in the company's page, in a browser of their own."""

    def __init__(self, password: str, *, answer: str = "allow", user: str = "") -> None:
        """Sign in as whoever the page proposes, or as `user`."""
        self._password = password
        self._answer = answer
        self._user = user
        self.page = ""
        self._thread: threading.Thread | None = None

    def open(self, url: str) -> None:
        """Open the page, as a desktop has its browser do."""
        self._thread = threading.Thread(target=self._sign_in, args=(url,), name="person")
        self._thread.start()

    def _sign_in(self, url: str) -> None:
        with requests.Session() as browser:
            form = _Form()
            form.feed(browser.get(url, timeout=20).text)
            fields = {**form.fields, "password": self._password, "answer": self._answer}
            if self._user:
                fields["user"] = self._user
            self.page = browser.post(urljoin(url, url), data=fields, timeout=60).text

    def done(self) -> str:
        """Return the last page once it came."""
        assert self._thread is not None
        self._thread.join(60)
        return self.page


class Chromium:
    """A real browser, in which its user is signed in at the company already."""

    def __init__(self, folder: Path) -> None:
        """Keep its profile in `folder`."""
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def open(self, url: str) -> None:
        """Show the page, follow where it leads and keep what is shown at the end."""
        self._process = subprocess.Popen(
            [
                "/usr/bin/chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                f"--user-data-dir={self._folder}",
                "--dump-dom",
                url,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def done(self) -> str:
        """Return the page as the browser holds it."""
        assert self._process is not None
        page, _ = self._process.communicate(timeout=60)
        return page
