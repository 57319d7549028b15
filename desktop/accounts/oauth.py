"""Signing in at a provider's own page (RFC 6749, with PKCE by RFC 7636 and a loopback redirect by RFC 8252).

oauthlib builds and reads what is sent, requests sends it.  oauthlib refuses plain HTTP wherever it sees a URL, but the
redirect to this machine is plain by design: so the answer's parameters are read here and only the code is passed on.
"""

import base64
import binascii
import hmac
import json
import math
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import requests
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from desktop.accounts.loopback import Loopback
from desktop.accounts.oauth_providers import Client, Provider
from desktop.core.address import known_as, normalised
from desktop.core.errors import Malformed, NotAuthorised, Refused, Unreachable

SIGN_IN_S: Final = 300.0
_CONNECT_S: Final = 10.0
_ANSWER_S: Final = 20.0
MAX_ANSWER_BYTES: Final = 65_536
# RFC 6749 5.1 recommends to say how long a token lives; where it is not said, an hour is what everybody gives.
_USUAL_LIFE_S: Final = 3600
_MAX_LIFE_S: Final = 7 * 86_400
_SAID_CHARS: Final = 200
# What ends a grant for good: RFC 6749 5.2, and OpenID Connect's ways to say that the user must be there.
_ENDED: Final = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
_WRONG_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client"})
_LATER: Final = frozenset({"temporarily_unavailable", "server_error", "slow_down"})


class SignInRefused(NotAuthorised):
    """The provider said no; `said` are its own words, a stranger's: plain, cut, to be shown as text only."""

    def __init__(self, sentence: str, cure: str, said: str = "") -> None:
        """Keep the stranger's words apart from ours."""
        super().__init__(sentence, cure)
        self.said = said


class GrantEnded(SignInRefused):
    """The provider takes the refresh token no longer: the user has to sign in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a token server gave; `refresh_token` is empty where the earlier one goes on, `ends_at` is our clock's."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    obtained_at: datetime
    ends_at: datetime
    scopes: tuple[str, ...] = ()
    address: str = ""

    def is_fresh(self, now: datetime) -> bool:
        """Say whether the token will hold for a while; a clock that was set back makes it unknown, so no."""
        margin = min(timedelta(seconds=120), (self.ends_at - self.obtained_at) / 4)
        return self.obtained_at <= now < self.ends_at - margin


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A sign-in that worked: the refresh token that is kept, and the first access token, which is not."""

    provider: str
    address: str
    tokens: Tokens


def sign_in(
    provider: Provider,
    client: Client,
    address: str,
    *,
    open_browser: Callable[[str], object],
    cancelled: threading.Event,
    clock: Callable[[], datetime],
    on_address: Callable[[str], None] = lambda _url: None,
    on_browser: Callable[[str], None] = lambda _agent: None,
    timeout_s: float = SIGN_IN_S,
) -> Grant:
    """Have the user sign in with the browser and return the grant; raise Trouble in plain words.

    `on_address` gets the page's address before the browser is asked, so that it can be copied where none opens;
    `on_browser` gets the user agent of the browser that brought the answer, once the provider bore it out.
    """
    asked = WebApplicationClient(client.client_id)
    verifier = asked.create_code_verifier(64)
    state = secrets.token_urlsafe(24)
    with Loopback(provider.redirect_host, is_ours=lambda answer: _is_ours(answer, state)) as door:
        challenge = asked.create_code_challenge(verifier, "S256")
        page = _page(provider, asked, door.redirect_uri, address, state=state, challenge=challenge)
        on_address(page)
        open_browser(page)
        answer = door.wait(cancelled=cancelled, timeout_s=timeout_s)
        with door.telling(f"You are signed in at {provider.label}."):
            code = _code_in(provider, answer)
            body = asked.prepare_request_body(
                code=code, redirect_uri=door.redirect_uri, code_verifier=verifier, client_secret=client.secret or None
            )
            tokens = _ask(provider, asked, body, clock)
            grant = Grant(provider=provider.key, address=address, tokens=_checked(provider, tokens, address))
        on_browser(door.agent)
        return grant


def refresh(provider: Provider, client: Client, refresh_token: str, *, clock: Callable[[], datetime]) -> Tokens:
    """Return new tokens; raise GrantEnded when only a new sign-in helps, Unreachable when later does."""
    asked = WebApplicationClient(client.client_id)
    body = asked.prepare_refresh_body(
        refresh_token=refresh_token, client_id=client.client_id, client_secret=client.secret or None
    )
    return _ask(provider, asked, body, clock)


def _page(
    provider: Provider, asked: WebApplicationClient, redirect_uri: str, address: str, *, state: str, challenge: str
) -> str:
    # oauthlib takes https alone; an endpoint on this machine was checked by `checked_url` and keeps its own scheme.
    scheme, _, rest = provider.authorize_url.partition("://")
    page = asked.prepare_request_uri(
        f"https://{rest}",
        redirect_uri=redirect_uri,
        scope=list(provider.scopes),
        state=state,
        code_challenge=challenge,
        code_challenge_method="S256",
        login_hint=address,
        **provider.extras,
    )
    return scheme + page.removeprefix("https")


def _is_ours(answer: Mapping[str, str], state: str) -> bool:
    return hmac.compare_digest(answer.get("state", "").encode(), state.encode())


def _code_in(provider: Provider, answer: Mapping[str, str]) -> str:
    error = answer.get("error")
    if error is not None:
        said = plain(answer.get("error_description", ""))
        if error == "access_denied":
            raise SignInRefused(
                f"{provider.label} did not let Readback in: the request was declined.",
                "Sign in again and allow access to your mail; at work, your administrator may have to allow Readback.",
                said,
            )
        raise _refusal(provider, error, said)
    code = answer.get("code", "")
    if not code:
        raise Malformed(f"The answer of {provider.label} holds no sign-in.", "Sign in again.")
    return code


def plain(text: object) -> str:
    """Return a stranger's words as one short line of printable characters."""
    letters = "".join(letter if letter.isprintable() else " " for letter in str(text))
    words = " ".join(letters.split())
    return words if len(words) <= _SAID_CHARS else words[: _SAID_CHARS - 1] + "…"


def _refusal(provider: Provider, error: str, said: str) -> Refused | Unreachable:
    """Return the trouble an error code means; the code is the provider's, so it is only compared, never shown."""
    if error in _LATER:
        return Unreachable(f"{provider.label} cannot sign anybody in just now.", "Try again in a few minutes.")
    if error in _WRONG_CLIENT:
        return SignInRefused(
            f"{provider.label} does not take Readback's client id or secret.",
            "Check both here or under Settings → Accounts; the page you got them from has them.",
            said,
        )
    if error in _ENDED:
        return GrantEnded(f"The sign-in at {provider.label} has ended.", "Sign in again.", said)
    return SignInRefused(
        f"{provider.label} refused to sign in.",
        "Sign in again; if that does not help, check the client id here or under Settings → Accounts.",
        said,
    )


def _ask(provider: Provider, asked: WebApplicationClient, body: str, clock: Callable[[], datetime]) -> Tokens:
    # The token's life is counted from before it was asked for: so a slow answer can only make us ask sooner.
    asked_at = clock()
    status, text = _post(provider, body)
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    is_told = isinstance(values, dict) and ("error" in values or "access_token" in values)
    if not is_told or status == 429 or status >= 500:
        raise Unreachable(
            f"The sign-in server of {provider.label} gave no sensible answer.", "Try again in a few minutes."
        )
    try:
        token = asked.parse_request_body_response(json.dumps(_plain_values(values)))
    except OAuth2Error as error:
        raise _refusal(provider, error.error or "", plain(error.description or "")) from None
    return _tokens(token, asked_at, _life_s(values))


def _plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those parts of an answer that are used, as far as they are what they should be."""
    texts = ("access_token", "refresh_token", "token_type", "id_token", "scope", "error", "error_description")
    plain_values: dict[str, Any] = {name: values[name] for name in texts if isinstance(values.get(name), str)}
    if "error" in values:
        plain_values.setdefault("error", "")
    return plain_values


def _life_s(values: Mapping[str, Any]) -> float:
    try:
        life_s = float(values.get("expires_in", _USUAL_LIFE_S))
    except (TypeError, ValueError, OverflowError):
        life_s = _USUAL_LIFE_S
    # JSON as Python reads it has NaN, which compares with nothing.
    return _USUAL_LIFE_S if math.isnan(life_s) else min(max(life_s, 0.0), _MAX_LIFE_S)


def _post(provider: Provider, body: str) -> tuple[int, str]:
    """Send a form to the token server; return status and text, of which at most 64 KB are read."""
    try:
        # No .netrc and no cookie may get into this: a session of its own, with authentication set to nothing.
        with (
            requests.Session() as session,
            session.post(
                provider.token_url,
                data=body,
                headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                auth=_unchanged,
                timeout=(_CONNECT_S, _ANSWER_S),
                verify=provider.ca_file or True,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            octets = response.raw.read(MAX_ANSWER_BYTES + 1, decode_content=True)
            if len(octets) > MAX_ANSWER_BYTES:
                octets = b""
            return response.status_code, octets.decode("utf-8", "replace")
    # The cause names the URL and, for some errors, what was sent: it is not kept.
    except (requests.RequestException, OSError):
        raise Unreachable(
            f"The sign-in server of {provider.label} cannot be reached.", "Check your connection and try again."
        ) from None


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _tokens(token: Mapping[str, Any], asked_at: datetime, life_s: float) -> Tokens:
    return Tokens(
        access_token=_usable(token["access_token"]),
        refresh_token=_usable(token.get("refresh_token") or None),
        obtained_at=asked_at,
        ends_at=asked_at + timedelta(seconds=life_s),
        # oauthlib has split it.
        scopes=tuple(token.get("scope") or ()),
        address=_address_in(token.get("id_token", "")),
    )


def _usable(text: str | None) -> str:
    """Return a token that can stand in a command line: printable ASCII without a space (RFC 6750 2.1)."""
    if text is None:
        return ""
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise Malformed("The sign-in server gave a token that cannot be used.", "Ask the provider.")
    return text


def _address_in(id_token: str) -> str:
    """Return the `email` of an ID token, empty where there is none.

    OpenID Connect Core 3.1.3.7 (6): from the token endpoint itself, TLS stands in for the signature.
    """
    if id_token.count(".") != 2:
        return ""
    payload = id_token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return normalised(claims["email"])
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, Malformed):
        return ""


def _checked(provider: Provider, tokens: Tokens, address: str) -> Tokens:
    """Return the tokens of a first sign-in when they are what was asked for; raise SignInRefused, Malformed."""
    if not tokens.refresh_token:
        raise SignInRefused(
            f"{provider.label} lets Readback in only for a short while.",
            "Sign in again; if that does not help, the client id needs “offline access”.",
        )
    granted = {each.lower() for each in tokens.scopes}
    if granted and not granted.issuperset(each.lower() for each in provider.needed_scopes):
        raise SignInRefused(
            f"{provider.label} gave no access to your mail.", "Sign in again and tick the box for reading and sending."
        )
    if tokens.address and tokens.address != known_as(address):
        raise SignInRefused(
            f"You signed in as {tokens.address}, and this account is {address}.",
            f"Sign in again as {address}; if that is another name of the same mailbox, set up {tokens.address}.",
        )
    return tokens
