"""What is found out about an address's mail servers: where mail is fetched and handed in, who says so, and how sure.

A finding is a proposal: nothing here was tried with a password.  Servers without encryption cannot be expressed.
"""

import dataclasses
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from desktop.core.address import Mailbox
from desktop.store.accounts import AccountRow, Auth, Security

_PLACEHOLDER: Final = re.compile("%EMAIL(?:ADDRESS|LOCALPART|DOMAIN)%")
POP_ONLY: Final = "Only POP3 is named for incoming mail. Readback sends through this account and reads no mail from it."


class Source(StrEnum):
    """Who named the servers, the most trustworthy first: several findings stand in this order."""

    TABLE = "table"
    AUTOCONFIG = "autoconfig"
    ISPDB = "ispdb"
    SRV = "srv"
    MX = "mx"
    AUTOCONFIG_HTTP = "autoconfig over http"
    GUESS = "guess"


class LookState(StrEnum):
    """How far one source is; the last three are final."""

    RUNNING = "running"
    FOUND = "found"
    NOTHING = "nothing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The progress of one source; `detail` is a sentence of ours, or empty, and never what a stranger wrote."""

    source: Source
    state: LookState
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server: `user` is the name to sign in with, `auth` the ways to do so, the preferred first and never empty."""

    host: str
    port: int
    security: Security
    user: str
    auth: tuple[Auth, ...] = (Auth.PASSWORD,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Servers of one provider, and every source that named them, the best first.

    `oauth_provider` is a key of `accounts.oauth`, empty where only a password works.  `app_password_page` is the page
    where the provider gives out passwords for programs, `app_password_note` the sentence about it; both are empty where
    the account's own password works or nothing is known.  `note` is what else must be known or done before signing in.
    `must_confirm` means: show the hosts and ask before any password goes there, because what named them can be forged
    (RFC 6186 6) or is a guess.  `label` may be what a stranger wrote: plain text, one line.
    """

    sources: tuple[Source, ...]
    label: str
    incoming: Server | None
    outgoing: Server
    oauth_provider: str = ""
    app_password_page: str = ""
    app_password_note: str = ""
    note: str = ""
    must_confirm: bool = False
    shared_copy_only: bool = False

    @property
    def source(self) -> Source:
        """The best of the sources."""
        return self.sources[0]

    @property
    def auth(self) -> Auth:
        """The way to sign in that is proposed: the provider's page where that works for both servers."""
        by_page = bool(self.oauth_provider) and self._takes(Auth.OAUTH2)
        return Auth.OAUTH2 if by_page else Auth.PASSWORD

    @property
    def takes_password(self) -> bool:
        """Whether both servers take a password; where not, only the provider's own page signs the user in."""
        return self._takes(Auth.PASSWORD)

    def _takes(self, auth: Auth) -> bool:
        return all(auth in server.auth for server in (self.outgoing, self.incoming) if server is not None)


def filled(found: Found, address: str) -> Found:
    """Return a finding with the address in place of the placeholders of Mozilla's format in its user names."""
    incoming = None if found.incoming is None else _for_address(found.incoming, address)
    return dataclasses.replace(found, incoming=incoming, outgoing=_for_address(found.outgoing, address))


def _for_address(server: Server, address: str) -> Server:
    return dataclasses.replace(server, user=with_address(server.user, address))


def with_address(text: str, address: str) -> str:
    """Return `text` with %EMAILADDRESS%, %EMAILLOCALPART% and %EMAILDOMAIN% replaced, each once and none within."""
    local, _at, domain = address.rpartition("@")
    values = {"%EMAILADDRESS%": address, "%EMAILLOCALPART%": local, "%EMAILDOMAIN%": domain}
    return _PLACEHOLDER.sub(lambda match: values[match.group()], text)


def row_of(found: Found, address: str, name: str) -> AccountRow:
    """Return a finding as an account that is not saved yet, with the user's own name and address as its identity.

    A provider that files every submission in Sent gets one shared copy per mail (`shared_copy_only`).
    """
    outgoing, incoming = found.outgoing, found.incoming
    row = AccountRow(
        id=0,
        label=address,
        host=outgoing.host,
        port=outgoing.port,
        security=outgoing.security,
        user=outgoing.user,
        identities=(Mailbox(name, address),),
        shared_copy_only=found.shared_copy_only,
        auth=found.auth,
        oauth_provider=found.oauth_provider if found.auth is Auth.OAUTH2 else "",
    )
    if incoming is None:
        return row
    return dataclasses.replace(
        row,
        imap_host=incoming.host,
        imap_port=incoming.port,
        imap_security=incoming.security,
        imap_user="" if incoming.user == outgoing.user else incoming.user,
    )
