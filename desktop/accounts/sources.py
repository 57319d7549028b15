"""What each source of settings is asked, and which of its answers are believed.

Only the domain leaves this machine, with one exception: the domain's own server is told the address, over https alone,
because some (hosters above all) cannot answer without it.  The ISPDB, DNS and plain http never see it.
"""

import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from desktop.accounts.autoconfig import MAX_FILE_BYTES, read_autoconfig
from desktop.accounts.dns_records import found_by_srv, mx_hosts
from desktop.accounts.hostnames import is_under
from desktop.accounts.providers import found_by_mx
from desktop.accounts.reach import Connections, Reach
from desktop.accounts.servers import Found, Source
from desktop.accounts.webfile import Address, fetch
from desktop.core.errors import Malformed

_ISPDB_HOST: Final = "autoconfig.thunderbird.net"
_MAX_MX_DOMAINS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whose servers are sought: `domain` is the address's in its ASCII form; `timeout_s` is for each step."""

    address: str
    domain: str
    reach: Reach
    connections: Connections
    timeout_s: float


Ask = Callable[[Question], Found | None]


def _own_places(question: Question, *, is_encrypted: bool) -> tuple[Address, Address]:
    domain = question.domain
    path = "/mail/config-v1.1.xml"
    query = ""
    if is_encrypted:
        local = question.address.rpartition("@")[0]
        query = "?emailaddress=" + urllib.parse.quote(f"{local}@{domain}", safe="@")
    return (
        Address(host=f"autoconfig.{domain}", path=path + query, is_encrypted=is_encrypted),
        Address(host=domain, path=f"/.well-known/autoconfig{path}{query}", is_encrypted=is_encrypted),
    )


def ask_own_server(question: Question) -> Found | None:
    """Ask autoconfig.<domain> over https."""
    return _read(question, _own_places(question, is_encrypted=True)[0], Source.AUTOCONFIG)


def ask_well_known(question: Question) -> Found | None:
    """Ask <domain>/.well-known/autoconfig/ over https."""
    return _read(question, _own_places(question, is_encrypted=True)[1], Source.AUTOCONFIG)


def ask_own_server_in_the_clear(question: Question) -> Found | None:
    """Ask autoconfig.<domain> over http."""
    return _read_in_the_clear(question, _own_places(question, is_encrypted=False)[0])


def ask_well_known_in_the_clear(question: Question) -> Found | None:
    """Ask <domain>/.well-known/autoconfig/ over http."""
    return _read_in_the_clear(question, _own_places(question, is_encrypted=False)[1])


def ask_ispdb(question: Question) -> Found | None:
    """Ask Mozilla's database about the domain."""
    return _read(question, _ispdb_place(question.domain), Source.ISPDB)


def ask_srv(question: Question) -> Found | None:
    """Ask DNS for the domain's SRV records."""
    return found_by_srv(question.domain, question.address, question.reach.resolver, timeout_s=question.timeout_s)


def ask_mx(question: Question) -> Found | None:
    """Ask DNS who takes the domain's mail, and the table, else the ISPDB, about that provider.

    Always to be confirmed: MX can be forged on the way, and a domain may keep its mailboxes elsewhere than its MX.
    """
    hosts = mx_hosts(question.domain, question.reach.resolver, timeout_s=question.timeout_s)
    for host in hosts:
        found = found_by_mx(host, question.address)
        if found is not None:
            return found
    for domain in _domains_above(hosts[:1], question.domain):
        found = _read(question, _ispdb_place(domain), Source.MX, must_confirm=True)
        if found is not None:
            return found
    return None


def _domains_above(hosts: tuple[str, ...], asked_already: str) -> tuple[str, ...]:
    """Return the domains that an MX host lies in, the longest first; without the top-level one."""
    labels = [host.split(".") for host in hosts]
    above = [".".join(each[start:]) for each in labels for start in range(1, len(each) - 1)]
    return tuple(domain for domain in above if domain != asked_already)[-_MAX_MX_DOMAINS:]


def _ispdb_place(domain: str) -> Address:
    return Address(host=_ISPDB_HOST, path=f"/v1.1/{domain}")


def _read(question: Question, place: Address, source: Source, *, must_confirm: bool = False) -> Found | None:
    file = fetch(
        place,
        question.reach,
        question.connections,
        timeout_s=question.timeout_s,
        max_bytes=MAX_FILE_BYTES,
    )
    return None if file is None else read_autoconfig(file, question.address, source, must_confirm=must_confirm)


def _read_in_the_clear(question: Question, place: Address) -> Found | None:
    """Return what a file over http says; raise Malformed where it names a server outside the address's own domain.

    Anyone on the way can write such a file.  Below the own domain they gain nothing: the mail server's certificate is
    checked, and they have none for those names.  A server of their own elsewhere would have a good certificate, and
    get the password.
    """
    found = _read(question, place, Source.AUTOCONFIG_HTTP)
    if found is None:
        return None
    hosts = [each.host for each in (found.incoming, found.outgoing) if each is not None]
    if not all(is_under(host, question.domain) for host in hosts):
        raise Malformed("A file that came without encryption names servers of another domain. It was not used.")
    return found
