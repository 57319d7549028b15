"""A desktop as the relay sees it, and a relay on loopback in a thread of this process."""

import base64
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from relay.app import build_app
from relay.counts import Counts
from relay.limits import DEFAULT, Limits
from relay.server import Server
from relay.settings import Settings
from relay.wire import seal, urls
from relay.wire.hit import Hit, decode
from relay.wire.labels import Label
from relay.wire.token import Token, TokenType, mint

START_MS = 1_790_000_000_000  # 2026-09-21
MS_PER_DAY = 86_400_000
TAG = b"recipie1"
OTHER_TAG = b"recipie2"
DESTINATION = b"https://example.org/offer?x=1"


class Clock:
    """A clock that stands still until it is moved on."""

    def __init__(self) -> None:
        self.ms = START_MS

    def __call__(self) -> int:
        """Return the time in milliseconds."""
        return self.ms

    def pass_days(self, days: int) -> None:
        """Move on."""
        self.ms += days * MS_PER_DAY


def spell(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Desk:
    """One registered desktop: mints, polls, opens, acknowledges, exchanges stops."""

    def __init__(self, base: str, clock: Clock | None = None, *, invite: str | None = None) -> None:
        self.base = base
        self.clock = clock or Clock()
        self.private = seal.new_private_key()
        self.session = requests.Session()
        body = {"invite": invite, "public_key": spell(seal.public_key_of(self.private))}
        answer = self.session.post(f"{base}/channels", json=body, timeout=10)
        assert answer.status_code == 201, answer.text
        self.given: dict[str, Any] = answer.json()
        self.channel_id = bytes.fromhex(self.given["channel_id"])
        self.bearer = {"Authorization": f"Bearer {self.given['bearer']}"}
        self.lease = os.urandom(16).hex()
        self.opener = seal.Opener(self.private, self.channel_id)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def token(
        self,
        token_type: TokenType,
        *,
        tag: bytes = TAG,
        random_id: bytes | None = None,
        days_ago: int = 0,
        destination: bytes = b"",
    ) -> str:
        """Mint a token as a desktop does."""
        key = base64.urlsafe_b64decode(self.given["minting_keys"][token_type.name.lower()] + "=")
        token = Token(
            type=token_type,
            key_id=self.given["key_id"],
            channel_id=self.channel_id,
            recipient_tag=tag,
            issue_day=self.clock.ms // MS_PER_DAY - days_ago,
            random_id=random_id or os.urandom(12),
        )
        return mint(key, token, bound=destination)

    def open_url(self, **token: Any) -> str:
        """Return a picture of a fresh token."""
        return urls.open_url(self.base, self.token(TokenType.OPEN, **token))

    def click_url(self, destination: bytes = DESTINATION, **token: Any) -> str:
        """Return a tracked link of a fresh token."""
        text = self.token(TokenType.CLICK, destination=destination, **token)
        return urls.click_url(self.base, text, destination)

    def stop_url(self, **token: Any) -> str:
        """Return a stop link."""
        return urls.stop_url(self.base, self.token(TokenType.STOP, **token))

    def get(self, url: str, **headers: str) -> requests.Response:
        """Request without following a redirect; underscores in header names are hyphens."""
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.get(url, headers=spelled, allow_redirects=False, timeout=10)

    def poll(self, *, wait_s: float = 0, lease: str | None = None) -> dict[str, Any]:
        """Poll and return the answer."""
        answer = self.poll_raw(wait_s=wait_s, lease=lease)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def poll_raw(self, *, wait_s: float = 0, lease: str | None = None, stream: bool = False) -> requests.Response:
        """Poll on a connection of its own, as a poller has beside the other requests."""
        query = {"lease": lease or self.lease, "wait_s": f"{wait_s:g}"}
        return requests.get(f"{self.base}/feed", params=query, headers=self.bearer, timeout=30, stream=stream)

    def hits(self) -> list[Hit]:
        """Poll and open what came."""
        return self.opened(self.poll()["rows"])

    def opened(self, rows: list[dict[str, str]]) -> list[Hit]:
        """Open sealed rows."""
        return [decode(self.opener.open(base64.b64decode(row["sealed"], validate=True))) for row in rows]

    def acknowledge(self, rows: list[dict[str, str]]) -> int:
        """Acknowledge rows and return the status."""
        return self.post("/feed/acknowledge", {"keys": [row["key"] for row in rows]}).status_code

    def exchange(self, tags: list[bytes]) -> list[bytes]:
        """Exchange stops and return the union."""
        answer = self.post("/stops", {"tags": [tag.hex() for tag in tags]})
        assert answer.status_code == 200, answer.text
        return [bytes.fromhex(text) for text in answer.json()["tags"]]

    def post(self, path: str, body: Any) -> requests.Response:
        """Post JSON with the bearer."""
        return self.session.post(f"{self.base}{path}", json=body, headers=self.bearer, timeout=10)


def soon_labelled(desk: Desk, address: str) -> tuple[Label, ...]:
    """Ask from an address until it bears a label, since new lists are laid beside the requests; return its labels."""
    deadline_s = time.monotonic() + 10
    while time.monotonic() < deadline_s:
        desk.get(desk.open_url(), X_Forwarded_For=address)
        rows = desk.poll()["rows"]
        found = desk.opened(rows)[-1].labels
        desk.acknowledge(rows)
        if found:
            return found
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A relay that serves, and what it counts."""

    base: str
    counts: Counts


@contextmanager
def served(data: Path, clock: Clock, **settings: Any) -> Iterator[str]:
    """Serve from `data` on a free port and give the base URL; the relay is down again afterwards."""
    with running(data, clock, **settings) as relay:
        yield relay.base


@contextmanager
def running(data: Path, clock: Clock, *, limits: Limits = DEFAULT, **settings: Any) -> Iterator[Running]:
    """Do the same with limits of one's own, and give what is counted too."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        chosen: dict[str, Any] = {"public_url": base, "open_registration": True, **settings}
        ready = threading.Event()
        app = build_app(Settings(data=data, **chosen), clock, limits=limits)
        server = Server(app, ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(10)
            yield Running(base=base, counts=app.state.counts)
        finally:
            server.should_exit = True
            thread.join(15)


def raw(base: str, octets: bytes) -> bytes:
    """Send octets on a connection of their own and return all that comes back until it is closed."""
    host, _, port = base.removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        try:
            connection.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            return b""
        answer = bytearray()
        try:
            while chunk := connection.recv(65_536):
                answer += chunk
        except ConnectionResetError:
            return bytes(answer)
        return bytes(answer)
