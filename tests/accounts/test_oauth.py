"""Signing in at a provider's page: the request, the redirect, the tokens, and every way it can end."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from desktop.accounts import oauth
from desktop.accounts.loopback import Cancelled
from desktop.accounts.oauth import GrantEnded, SignInRefused, Tokens, plain, refresh, sign_in
from desktop.accounts.oauth_providers import GOOGLE, MICROSOFT, Client, own_provider
from desktop.core.errors import Malformed, NotAuthorised, Refused, StoreTrouble, Trouble, Unreachable
from tests.fakes.idp import CLIENT_ID, IdentityProvider, User

ALICE = "alice@example.test"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CLIENT = Client(client_id=CLIENT_ID)


def clock() -> datetime:
    return NOW


@pytest.fixture
def idp() -> Iterator[IdentityProvider]:
    with IdentityProvider() as running:
        yield running


def signed_in(idp: IdentityProvider, user: User, address: str = ALICE, **changes: Any) -> oauth.Grant:
    """Sign in as far as it goes; the browser has its last page then."""
    arguments: dict[str, Any] = {"open_browser": user.open, "cancelled": threading.Event(), "clock": clock}
    arguments |= {name: changes.pop(name) for name in ("timeout_s", "on_address", "cancelled") if name in changes}
    client = changes.pop("client", CLIENT)
    try:
        return sign_in(idp.provider(**changes), client, address, **arguments)
    finally:
        if user.opened:
            user.done()


def test_a_sign_in_brings_a_grant(idp: IdentityProvider) -> None:
    """Code, PKCE and redirect are taken by the provider, and its tokens come back with the time they hold."""
    user = User()
    grant = signed_in(idp, user)
    assert (grant.provider, grant.address) == ("company", ALICE)
    assert idp.owner_of(grant.tokens.access_token) == ALICE
    assert grant.tokens.refresh_token.startswith("refresh-")
    assert grant.tokens.ends_at == NOW + timedelta(hours=1)
    (form,) = idp.token_forms
    assert {"grant_type", "code", "redirect_uri", "client_id", "code_verifier"} == form.keys()


def test_the_request_says_what_the_standards_ask(idp: IdentityProvider) -> None:
    """S256, a state, this machine with any port as the redirect, the scopes and the address as a hint; no secret."""
    signed_in(idp, User(), client=Client(client_id=CLIENT_ID), extras={"access_type": "offline"})
    (query,) = idp.authorize_queries
    assert (
        query.items()
        >= {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "scope": "mail offline_access",
            "code_challenge_method": "S256",
            "login_hint": ALICE,
            "access_type": "offline",
        }.items()
    )
    assert len(query["state"]) >= 32
    redirect = urlsplit(query["redirect_uri"])
    assert (redirect.scheme, redirect.hostname, redirect.path) == ("http", "127.0.0.1", "")


def test_no_two_sign_ins_share_a_secret(idp: IdentityProvider) -> None:
    """State, challenge and verifier are new each time."""
    for _ in range(2):
        signed_in(idp, User())
    for name in ("state", "code_challenge"):
        assert len({query[name] for query in idp.authorize_queries}) == 2
    assert len({form["code_verifier"] for form in idp.token_forms}) == 2


def test_the_browser_is_told_that_it_worked(idp: IdentityProvider) -> None:
    """The last page says so in plain HTML: no script, nothing from elsewhere, no code repeated, not to be kept."""
    user = User()
    signed_in(idp, user)
    assert user.status == 200
    assert "You are signed in at Example." in user.page
    assert "close this page" in user.page
    for forbidden in ("<script", "src=", "href=", "http", idp.authorize_queries[0]["state"]):
        assert forbidden not in user.page
    assert user.headers["Cache-Control"] == "no-store"
    assert user.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_browser_is_not_told_it_worked_where_it_did_not(idp: IdentityProvider) -> None:
    """A code that brings no token ends in a page that says why."""
    idp.knobs.answer = (503, "")
    user = User()
    with pytest.raises(Unreachable, match="no sensible answer"):
        signed_in(idp, user)
    assert "no sensible answer" in user.page
    assert "You are signed in" not in user.page


def test_a_client_secret_goes_along_where_there_is_one(idp: IdentityProvider) -> None:
    """A provider that wants the secret gets it when signing in and when renewing; without it the client is refused."""
    idp.knobs.client_secret = "not so secret"
    client = Client(client_id=CLIENT_ID, secret="not so secret")
    grant = signed_in(idp, User(), client=client)
    assert refresh(idp.provider(), client, grant.tokens.refresh_token, clock=clock).access_token
    with pytest.raises(SignInRefused, match="client id or secret"):
        signed_in(idp, User())
    assert "not so secret" not in repr(client)


def test_microsofts_redirect_names_localhost(idp: IdentityProvider) -> None:
    """Where the provider registers http://localhost, the redirect has that name and reaches the same door."""
    user = User()
    signed_in(idp, user, redirect_host=MICROSOFT.redirect_host)
    assert idp.authorize_queries[0]["redirect_uri"].startswith("http://localhost:")
    assert user.status == 200


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        ("access_denied", SignInRefused, "was declined"),
        ("temporarily_unavailable", Unreachable, "just now"),
        ("server_error", Unreachable, "just now"),
        ("unauthorized_client", SignInRefused, "client id"),
        ("invalid_scope", SignInRefused, "refused to sign in"),
        ("login_required", GrantEnded, "has ended"),
        ("<script>alert(1)</script>", SignInRefused, "refused to sign in"),
    ],
)
def test_a_refusal_at_the_page_is_told_in_our_words(
    idp: IdentityProvider, error: str, kind: type[Trouble], words: str
) -> None:
    """Each error has a sentence and a cure, in the browser too, and neither holds a stranger's words."""
    idp.knobs.denies, idp.knobs.says = error, "<b>Nope</b>\r\n\x1b[31mred " + "x" * 400
    user = User()
    with pytest.raises(kind, match=words) as caught:
        signed_in(idp, user)
    assert caught.value.cure
    assert "Nope" not in f"{caught.value} {caught.value.cure} {user.page}"
    assert error not in f"{caught.value} {caught.value.cure} {user.page}"
    assert words in user.page
    assert idp.token_forms == []
    if isinstance(caught.value, SignInRefused):
        assert caught.value.said.startswith("<b>Nope</b> [31mred xxx")
        assert caught.value.said.isprintable()
        assert len(caught.value.said) == 200


def test_an_answer_with_another_state_is_no_answer(idp: IdentityProvider) -> None:
    """The browser hears that it does not belong here, no code is used, and the sign-in goes on until its time is up."""
    idp.knobs.state = "somebody else's"
    user = User()
    with pytest.raises(Unreachable, match="in time") as caught:
        signed_in(idp, user, timeout_s=0.5)
    assert "copy its address" in caught.value.cure
    assert user.status == 400
    assert "does not belong to the sign-in under way" in user.page
    assert idp.token_forms == []


def test_a_browser_that_does_not_open_leaves_the_address_to_copy(idp: IdentityProvider) -> None:
    """The address is told before the browser is asked; whoever opens it by hand signs in."""
    user = User()
    told: list[str] = []

    def by_hand(url: str) -> None:
        told.append(url)
        user.open(url)

    grant = sign_in(
        idp.provider(),
        CLIENT,
        ALICE,
        open_browser=lambda _url: False,
        on_address=by_hand,
        cancelled=threading.Event(),
        clock=clock,
    )
    user.done()
    assert grant.tokens.refresh_token
    assert parse_qs(urlsplit(told[0]).query)["client_id"] == [CLIENT_ID]


def test_cancelling_ends_it_at_once(idp: IdentityProvider) -> None:
    """A sign-in that is called off ends without waiting for its time, and says so."""
    cancelled = threading.Event()
    with pytest.raises(Cancelled, match="called off"):
        sign_in(
            idp.provider(), CLIENT, ALICE, open_browser=lambda _url: cancelled.set(), cancelled=cancelled, clock=clock
        )
    assert idp.token_forms == []


def test_no_free_port_is_told(idp: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this machine has no port left the user hears it, and no browser opens."""

    def taken(_self: socket.socket, _address: object) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(socket.socket, "bind", taken)
    user = User()
    with pytest.raises(StoreTrouble, match="No port"):
        signed_in(idp, user)
    assert user.opened == []


def test_the_wrong_mailbox_is_told(idp: IdentityProvider) -> None:
    """Who signs in as somebody else hears as whom, where the provider says it; the right one passes."""
    idp.knobs.id_token, idp.knobs.signs_in = True, "bob@example.test"
    with pytest.raises(SignInRefused, match=r"as bob@example\.test, and this account is alice@example\.test"):
        signed_in(idp, User())
    idp.knobs.signs_in = ""
    assert signed_in(idp, User(), "Alice@Example.test").tokens.address == ALICE


@pytest.mark.parametrize("id_token", ["x", "a.b.c", "e30.e30.e30", "e30.bnVsbA.x", "e30.eyJlbWFpbCI6IDd9.x", 7])
def test_an_id_token_that_cannot_be_read_says_nothing(idp: IdentityProvider, id_token: object) -> None:
    """It is no reason to refuse a sign-in that worked."""
    idp.knobs.extra = {"id_token": id_token}
    assert signed_in(idp, User()).tokens.address == ""


def test_a_sign_in_without_what_is_needed_is_refused(idp: IdentityProvider) -> None:
    """No refresh token, or the box for mail not ticked: told, with what to tick; with the box ticked it passes."""
    idp.knobs.gives_refresh = False
    with pytest.raises(SignInRefused, match="short while"):
        signed_in(idp, User())
    idp.knobs.gives_refresh, idp.knobs.scope = True, "openid email"
    with pytest.raises(SignInRefused, match="no access to your mail") as caught:
        signed_in(idp, User(), needed_scopes=GOOGLE.needed_scopes)
    assert "tick" in caught.value.cure
    idp.knobs.scope = "openid https://mail.google.com/"
    assert signed_in(idp, User(), needed_scopes=GOOGLE.needed_scopes).tokens.scopes


@pytest.mark.parametrize("expires_in", [None, "soon", -5, 0, 10**9, "3600", True, float("nan"), float("inf")])
def test_a_life_that_makes_no_sense_is_bounded(idp: IdentityProvider, expires_in: object) -> None:
    """Whatever is said of a token's life, it ends between now and a week from now."""
    idp.knobs.extra = {"expires_in": expires_in}
    ends_at = signed_in(idp, User()).tokens.ends_at
    assert NOW <= ends_at <= NOW + timedelta(days=7)


@pytest.mark.parametrize("token", ["two words", "line\r\nAUTH PLAIN", "ümlaut", 7, ["x"], ""])
def test_a_token_that_could_leave_its_line_is_not_taken(idp: IdentityProvider, token: object) -> None:
    """A token is printable ASCII without spaces, or it is refused before it stands in any command."""
    idp.knobs.extra = {"access_token": token}
    with pytest.raises((Malformed, SignInRefused), match=r"cannot be used|refused to sign in"):
        signed_in(idp, User())


def test_a_refresh_token_that_is_taken_no_longer(idp: IdentityProvider) -> None:
    """A revoked grant is GrantEnded with the cure to sign in; before that, the same token brought a new one."""
    token = idp.grant(ALICE)
    renewed = refresh(idp.provider(), CLIENT, token, clock=clock)
    assert idp.owner_of(renewed.access_token) == ALICE
    assert renewed.refresh_token not in ("", token)
    idp.revoke(ALICE)
    with pytest.raises(GrantEnded, match="has ended") as caught:
        refresh(idp.provider(), CLIENT, renewed.refresh_token, clock=clock)
    assert isinstance(caught.value, NotAuthorised)
    assert caught.value.said == "<b>invalid_grant</b>"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((500, "{}"), Unreachable),
        ((503, json.dumps({"error": "invalid_grant"})), Unreachable),
        ((429, json.dumps({"error": "slow_down"})), Unreachable),
        ((200, "<html>Please log in to the hotel's network</html>"), Unreachable),
        ((302, ""), Unreachable),
        ((200, "[]"), Unreachable),
        ((200, "access_token=x"), Unreachable),
        ((200, "x" * 100_000), Unreachable),
        ((400, json.dumps({"error": "temporarily_unavailable"})), Unreachable),
        ((400, json.dumps({"error": "invalid_grant"})), GrantEnded),
        ((400, json.dumps({"error": ["odd"]})), SignInRefused),
        ((401, json.dumps({"error": "invalid_client"})), SignInRefused),
    ],
)
def test_only_a_clear_no_ends_a_grant(idp: IdentityProvider, answer: tuple[int, str], kind: type[Trouble]) -> None:
    """A server that is down, busy or not the right one is a matter of time; the provider's own no is one."""
    idp.knobs.answer = answer
    with pytest.raises((Unreachable, Refused)) as caught:
        refresh(idp.provider(), CLIENT, "token", clock=clock)
    assert type(caught.value) is kind


def test_a_token_server_that_is_not_there(idp: IdentityProvider) -> None:
    """A closed port is Unreachable, and nothing of what was sent stands in the error."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        refresh(idp.provider(token_url=f"http://127.0.0.1:{port}/"), CLIENT, "planted-secret", clock=clock)
    assert caught.value.__cause__ is None
    assert "planted-secret" not in repr(caught.value.__context__)


def test_no_login_of_a_netrc_file_goes_along(
    idp: IdentityProvider, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A password that some other program keeps for the host is not sent to the token server."""
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    refresh(idp.provider(), CLIENT, idp.grant(ALICE), clock=clock)
    assert "Authorization" not in idp.token_headers[0]


def test_nothing_secret_is_logged_or_shown(idp: IdentityProvider, caplog: pytest.LogCaptureFixture) -> None:
    """No code, verifier or token stands in a log record at any level, nor in what a value prints."""
    with caplog.at_level(logging.DEBUG):
        grant = signed_in(idp, User())
        renewed = refresh(idp.provider(), CLIENT, grant.tokens.refresh_token, clock=clock)
    planted = [
        *(form.get(name, "") for form in idp.token_forms for name in ("code", "code_verifier", "refresh_token")),
        grant.tokens.access_token,
        renewed.access_token,
        renewed.refresh_token,
    ]
    shown = caplog.text + repr(grant) + repr(renewed)
    assert [secret for secret in planted if secret and secret in shown] == []


def test_a_token_is_fresh_until_shortly_before_its_end() -> None:
    """It is renewed two minutes early, a short one at three quarters of its life, and once a clock was set back."""
    long = Tokens(access_token="x", obtained_at=NOW, ends_at=NOW + timedelta(hours=1))
    assert long.is_fresh(NOW + timedelta(minutes=57))
    assert not long.is_fresh(NOW + timedelta(minutes=58))
    assert not long.is_fresh(NOW - timedelta(seconds=1))
    short = Tokens(access_token="x", obtained_at=NOW, ends_at=NOW + timedelta(seconds=4))
    assert short.is_fresh(NOW + timedelta(seconds=2))
    assert not short.is_fresh(NOW + timedelta(seconds=3))


def test_a_strangers_words_become_one_plain_line() -> None:
    """Control characters and line ends become spaces, and what is long is cut."""
    assert plain(" a\r\n\tb\x00c\u202ed ") == "a b c d"
    assert plain(7) == "7"
    assert len(plain("x" * 500)) == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example.com/auth",
        "http://localhost.example.com/auth",
        "http://127.0.0.1.example.com/auth",
        "ftp://127.0.0.1/",
        "https://",
        "https://user@login.example.com/",
        "https://login.example.com/a b",
        "https://[::1",
        "javascript:alert(1)",
        "https://x:99999999/",
    ],
)
def test_an_endpoint_that_is_not_safe_is_refused(url: str) -> None:
    """Sign-in pages and token servers are HTTPS, or on this machine."""
    with pytest.raises(Malformed):
        own_provider("x", {"authorize_url": url, "token_url": "https://login.example.com/token"})
    with pytest.raises(Malformed):
        own_provider("x", {"authorize_url": "https://login.example.com/auth", "token_url": url})


def test_a_provider_of_ones_own_needs_both_endpoints() -> None:
    """Half a provider is none; a whole one is named by its host where it has no label."""
    with pytest.raises(Malformed, match="not complete"):
        own_provider("x", {"authorize_url": "https://login.example.com/auth"})
    made = own_provider("x", {"authorize_url": "https://login.example.com/a", "token_url": "http://127.0.0.1:7/t"})
    assert made.label == "login.example.com"
