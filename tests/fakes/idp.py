"""An identity provider on loopback: authorization code with PKCE, rotation, revocation and denial, over real HTTP.

It checks what a real one checks (RFC 6749, 7636, 8252) and keeps what it was asked; bad days are knobs.  `User` plays
the browser: it asks for the page, follows the redirect and keeps what the last page said.
"""

import base64
import hashlib
import http.server
import json
import secrets
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from desktop.accounts.oauth_providers import Provider

CLIENT_ID = "readback-desktop"


@dataclass
class Knobs:
    """What happens at the pages; all of it is a good day at first."""

    ttl_s: float | None = 3600
    rotates: bool = True
    client_secret: str = ""
    # What the authorize page answers in place of a code.
    denies: str = ""
    says: str = ""
    state: str | None = None
    # Who sits at the browser, where it is not who was asked for.
    signs_in: str = ""
    id_token: bool = False
    scope: str | None = None
    gives_refresh: bool = True
    # What the token server answers in place of tokens: status and body.
    answer: tuple[int, str] | None = None
    # Held up until it is set.
    gate: threading.Event | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class _Code:
    address: str
    redirect_uri: str
    challenge: str


class IdentityProvider:
    """Started by `with`; serves each request on a thread."""

    def __init__(self) -> None:
        self.knobs = Knobs()
        self.authorize_queries: list[dict[str, str]] = []
        self.token_forms: list[dict[str, str]] = []
        self.token_headers: list[dict[str, str]] = []
        self.asked = threading.Event()
        self._lock = threading.Lock()
        self._codes: dict[str, _Code] = {}
        # Refresh token → address; one that was rotated away is known as used.
        self._refresh: dict[str, str] = {}
        self._used: dict[str, str] = {}
        self._access: dict[str, str] = {}
        self._server = _Server(("127.0.0.1", 0), _Pages)
        self._server.idp = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="idp")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self.knobs.gate is not None:
            self.knobs.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def provider(self, key: str = "company", **changes: Any) -> Provider:
        """Return what the desktop is told of this provider."""
        values: dict[str, Any] = {
            "key": key,
            "label": "Example",
            "authorize_url": f"{self.url}/authorize",
            "token_url": f"{self.url}/token",
            "scopes": ("mail", "offline_access"),
            "client_page": f"{self.url}/clients",
        }
        return Provider(**{**values, **changes})

    @property
    def refreshes(self) -> int:
        """How often new tokens were asked for with a refresh token."""
        return sum(form.get("grant_type") == "refresh_token" for form in self.token_forms)

    def owner_of(self, token: str) -> str | None:
        """Return whose access token this is, None for one that does not hold."""
        return self._access.get(token)

    def grant(self, address: str) -> str:
        """Return a refresh token as an earlier sign-in got it."""
        token = f"refresh-{secrets.token_urlsafe(8)}"
        self._refresh[token] = address
        return token

    def end_access(self) -> None:
        """Let every access token end before its time."""
        self._access.clear()

    def revoke(self, address: str) -> None:
        """End every grant of that mailbox, as its owner does in the provider's settings."""
        self._refresh = {token: owner for token, owner in self._refresh.items() if owner != address}
        self._access = {token: owner for token, owner in self._access.items() if owner != address}

    def authorize(self, query: dict[str, str]) -> str | None:
        """Return where the browser is sent, None when the request is not one a real provider takes."""
        self.authorize_queries.append(query)
        target = urlsplit(query.get("redirect_uri", ""))
        is_good = (
            query.get("response_type") == "code"
            and query.get("client_id") == CLIENT_ID
            and target.scheme == "http"
            and target.hostname in ("127.0.0.1", "localhost")
            and query.get("code_challenge_method") == "S256"
            and len(query.get("code_challenge", "")) == 43
        )
        if not is_good:
            return None
        knobs = self.knobs
        answer = {"state": query.get("state", "") if knobs.state is None else knobs.state}
        if knobs.denies:
            answer |= {"error": knobs.denies} | ({"error_description": knobs.says} if knobs.says else {})
        else:
            code = secrets.token_urlsafe(16)
            address = knobs.signs_in or query.get("login_hint", "")
            self._codes[code] = _Code(address, query["redirect_uri"], query["code_challenge"])
            answer["code"] = code
        return f"{query['redirect_uri']}/?{urlencode(answer)}"

    def token(self, form: dict[str, str], headers: Mapping[str, str]) -> tuple[int, str]:
        """Answer a request for tokens."""
        with self._lock:
            self.token_forms.append(form)
            self.token_headers.append(dict(headers))
            self.asked.set()
        if self.knobs.gate is not None:
            self.knobs.gate.wait(10)
        if self.knobs.answer is not None:
            return self.knobs.answer
        with self._lock:
            return self._tokens(form)

    def _tokens(self, form: dict[str, str]) -> tuple[int, str]:
        if form.get("client_id") != CLIENT_ID or form.get("client_secret", "") != self.knobs.client_secret:
            return _error("invalid_client", 401)
        if form.get("grant_type") == "authorization_code":
            # Good for one use, whatever comes of it.
            code = self._codes.pop(form.get("code", ""), None)
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if code is None or code.redirect_uri != form.get("redirect_uri") or code.challenge != challenge:
                return _error("invalid_grant")
            return self._given(code.address, "")
        if form.get("grant_type") == "refresh_token":
            token = form.get("refresh_token", "")
            if token in self._used:
                # RFC 9700 4.14.2: a rotated token that comes again was stolen; everything of its owner ends.
                self.revoke(self._used[token])
            address = self._refresh.get(token)
            return _error("invalid_grant") if address is None else self._given(address, token)
        return _error("unsupported_grant_type")

    def _given(self, address: str, earlier: str) -> tuple[int, str]:
        knobs = self.knobs
        access = f"access-{secrets.token_urlsafe(24)}"
        self._access[access] = address
        values: dict[str, Any] = {"access_token": access, "token_type": "Bearer"}
        if knobs.ttl_s is not None:
            values["expires_in"] = knobs.ttl_s
        if (knobs.rotates or not earlier) and knobs.gives_refresh:
            if earlier:
                self._used[earlier] = self._refresh.pop(earlier)
            values["refresh_token"] = self.grant(address)
        if knobs.id_token:
            claims = base64.urlsafe_b64encode(json.dumps({"email": address}).encode()).rstrip(b"=").decode()
            values["id_token"] = f"e30.{claims}.c2ln"
        if knobs.scope is not None:
            values["scope"] = knobs.scope
        return 200, json.dumps({**values, **knobs.extra})


def _error(code: str, status: int = 400) -> tuple[int, str]:
    return status, json.dumps({"error": code, "error_description": f"<b>{code}</b>"})


class _Server(http.server.ThreadingHTTPServer):
    idp: IdentityProvider


class _Pages(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        target = self.server.idp.authorize(dict(parse_qsl(parts.query))) if parts.path == "/authorize" else None
        if target is None:
            self._answer(400, "text/plain", "not a request a provider takes")
            return
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
        status, text = self.server.idp.token(form, dict(self.headers.items()))
        self._answer(status, "application/json", text)

    def _answer(self, status: int, kind: str, text: str) -> None:
        octets = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_arguments: object) -> None:
        """Keep the tests' output clean."""


class User:
    """Somebody at a browser: `open` is what a desktop's browser does with a URL, on a thread of its own."""

    def __init__(self, agent: str = "Python-urllib") -> None:
        self._agent = agent
        self.opened: list[str] = []
        self.status = 0
        self.headers: dict[str, str] = {}
        self.page = ""
        self._thread: threading.Thread | None = None

    def open(self, url: str) -> None:
        """Show the page and follow where it leads."""
        self.opened.append(url)
        self._thread = threading.Thread(target=self._browse, args=(url,), name="browser")
        self._thread.start()

    def _browse(self, url: str) -> None:
        try:
            asked = urllib.request.Request(url, headers={"User-Agent": self._agent})
            with urllib.request.urlopen(asked, timeout=20) as response:
                self.status, self.page = response.status, response.read().decode()
                self.headers = dict(response.headers.items())
        except urllib.error.HTTPError as error:
            with error:
                self.status, self.page = error.code, error.read().decode()
        except OSError as error:
            self.page = f"no answer: {error}"

    def done(self) -> Self:
        """Wait until the last page has come."""
        assert self._thread is not None
        self._thread.join(20)
        return self
