"""Where a user signs in: the pages and token servers of large providers, and those a company runs itself.

Readback carries no client id: whoever uses or packages it registers one, as each provider's terms ask.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from desktop.core.errors import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider's sign-in: `key` names it in settings, `scopes` are asked for, `needed_scopes` checked.

    `redirect_host` is how the provider wants this machine named in the redirect.  `client_page` is where a client id
    comes from, `app_password_page` where an app password does, empty where none is taken.  `ca_file` names an authority
    to trust for a token server of one's own.
    """

    key: str
    label: str
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    needed_scopes: tuple[str, ...] = ()
    extras: Mapping[str, str] = field(default_factory=dict)
    redirect_host: str = "127.0.0.1"
    needs_client_secret: bool = False
    client_page: str = ""
    app_password_page: str = ""
    ca_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What this program is to a provider; `secret` is empty where the provider gives none to desktop programs."""

    client_id: str
    secret: str = field(default="", repr=False)


GOOGLE: Final = Provider(
    key="google",
    label="Google",
    authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
    token_url="https://oauth2.googleapis.com/token",
    # The one scope for IMAP and SMTP; openid and email tell which mailbox it was.
    scopes=("https://mail.google.com/", "openid", "email"),
    # The consent page lets the user untick single permissions.
    needed_scopes=("https://mail.google.com/",),
    # Without both, a second sign-in gets no refresh token.
    extras={"access_type": "offline", "prompt": "consent"},
    # A “Desktop app” client has a secret, which its token server asks for though it is none (RFC 8252 8.5).
    needs_client_secret=True,
    client_page="https://console.cloud.google.com/apis/credentials",
    app_password_page="https://myaccount.google.com/apppasswords",
)
MICROSOFT: Final = Provider(
    key="microsoft",
    label="Microsoft",
    authorize_url="https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    token_url="https://login.microsoftonline.com/common/oauth2/v2.0/token",
    scopes=(
        "https://outlook.office.com/IMAP.AccessAsUser.All",
        "https://outlook.office.com/SMTP.Send",
        "offline_access",
    ),
    # What its own libraries register for desktop programs is http://localhost, which stands for any port.
    redirect_host="localhost",
    client_page="https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
)
PROVIDERS: Final[Mapping[str, Provider]] = {each.key: each for each in (GOOGLE, MICROSOFT)}


def own_provider(key: str, values: Mapping[str, Any]) -> Provider:
    """Return a provider of one's own as it is kept in the settings; raise Malformed when it cannot be used."""
    authorize_url, token_url = values.get("authorize_url"), values.get("token_url")
    scopes = values.get("scopes", ())
    if not isinstance(authorize_url, str) or not isinstance(token_url, str) or not isinstance(scopes, list | tuple):
        raise Malformed("The settings of this sign-in are not complete.", "It needs a sign-in page and a token server.")
    ca_file = values.get("ca_file")
    return Provider(
        key=key,
        authorize_url=checked_url(authorize_url),
        label=str(values.get("label") or urlsplit(authorize_url).hostname),
        token_url=checked_url(token_url),
        scopes=tuple(str(each) for each in scopes),
        needs_client_secret=bool(values.get("needs_client_secret", False)),
        ca_file=None if ca_file is None else str(ca_file),
    )


def checked_url(url: str) -> str:
    """Return an endpoint that may be used: HTTPS, or HTTP on this very machine; raise Malformed for any other."""
    cure = "Write it as https://…, as the provider's help page has it."
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise Malformed("This is not the address of a sign-in page.", cure) from error
    is_plain = bool(host) and url.isascii() and url.isprintable() and " " not in url and "@" not in parts.netloc
    if not is_plain or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))):
        raise Malformed("Signing in needs an encrypted address.", cure)
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
