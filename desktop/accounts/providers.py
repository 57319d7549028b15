"""The table of large providers: what is known without asking anyone, each fact from the provider's own help pages."""

import dataclasses
from dataclasses import dataclass
from typing import Final

from desktop.accounts.servers import Found, Server, Source
from desktop.store.accounts import Auth, Security

ADDRESS: Final = "%EMAILADDRESS%"
LOCAL_PART: Final = "%EMAILLOCALPART%"
_OAUTH_FIRST: Final = (Auth.OAUTH2, Auth.PASSWORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider: its domains, the ends of its MX hosts, and the finding for any of its addresses."""

    domains: tuple[str, ...]
    mx: tuple[str, ...] = ()
    found: Found


def _server(host: str, port: int, *, user: str = ADDRESS, auth: tuple[Auth, ...] = (Auth.PASSWORD,)) -> Server:
    security = Security.TLS if port in {993, 465} else Security.STARTTLS
    return Server(host=host, port=port, security=security, user=user, auth=auth)


PROVIDERS: Final = (
    Provider(
        domains=("gmail.com", "googlemail.com"),
        mx=("google.com", "googlemail.com"),
        found=Found(
            sources=(Source.TABLE,),
            label="Gmail",
            incoming=_server("imap.gmail.com", 993, auth=_OAUTH_FIRST),
            outgoing=_server("smtp.gmail.com", 465, auth=_OAUTH_FIRST),
            oauth_provider="google",
            app_password_page="https://myaccount.google.com/apppasswords",
            app_password_note="Google takes no account password here: use an app password (needs 2-Step Verification).",
        ),
    ),
)
_BY_DOMAIN: Final = {domain: provider for provider in PROVIDERS for domain in provider.domains}


def found_in_table(address: str) -> Found | None:
    """Return what the table knows about an address, or None."""
    provider = _BY_DOMAIN.get(address.rpartition("@")[2].lower())
    return None if provider is None else filled(provider.found, address)


def filled(found: Found, address: str) -> Found:
    """Return a finding with the address in place of the placeholders of its user names."""
    incoming = None if found.incoming is None else _named(found.incoming, address)
    return dataclasses.replace(found, incoming=incoming, outgoing=_named(found.outgoing, address))


def _named(server: Server, address: str) -> Server:
    user = server.user.replace(ADDRESS, address).replace(LOCAL_PART, address.rpartition("@")[0])
    return dataclasses.replace(server, user=user)
