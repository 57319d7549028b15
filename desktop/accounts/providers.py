"""What is known about providers without asking anyone: by the address's domain, by an MX host, by the servers found."""

import dataclasses
from typing import Final

from desktop.accounts.provider_table import PROVIDERS
from desktop.accounts.servers import Found, Source, filled

# Every organisation at Microsoft 365 has a domain below this one.
_TENANTS: Final = ".onmicrosoft.com"
# Domains whose provider lets no other mail program in, in the words for the user.
_WITHOUT_IMAP: Final = {
    **dict.fromkeys(("tuta.com", "tuta.io", "tutamail.com", "tutanota.com", "tutanota.de", "keemail.me"), "Tuta"),
    "hey.com": "HEY",
}
_BY_DOMAIN: Final = {domain: provider for provider in PROVIDERS for domain in provider.domains}
_BY_MX: Final = {end: provider for provider in PROVIDERS for end in provider.mx}
_BY_HOSTS: Final = {
    (each.found.incoming.host, each.found.outgoing.host): each.found
    for each in reversed(PROVIDERS)
    if each.found.incoming is not None
}


def found_in_table(address: str) -> Found | None:
    """Return what the table knows about an address, or None; a domain below onmicrosoft.com counts as that one."""
    domain = address.rpartition("@")[2].lower()
    if domain.endswith(_TENANTS):
        domain = _TENANTS.removeprefix(".")
    provider = _BY_DOMAIN.get(domain)
    return None if provider is None else filled(provider.found, address)


def without_imap(domain: str) -> str:
    """Return a sentence where the domain's provider lets no other mail program in; an empty text otherwise."""
    name = _WITHOUT_IMAP.get(domain.lower())
    return f"{name} lets no other mail program in: it has neither IMAP nor SMTP." if name else ""


def found_by_mx(host: str, address: str) -> Found | None:
    """Return the table's provider whose MX `host` is, by the longest end that fits, or None."""
    labels = host.lower().rstrip(".").split(".")
    for start in range(len(labels)):
        provider = _BY_MX.get(".".join(labels[start:]))
        if provider is not None:
            return dataclasses.replace(filled(provider.found, address), sources=(Source.MX,), must_confirm=True)
    return None


def completed(found: Found) -> Found:
    """Return a finding with what the table knows about its servers: how they sign in, and what must be done first."""
    if found.incoming is None:
        return found
    known = _BY_HOSTS.get((found.incoming.host, found.outgoing.host))
    if known is None or known.incoming is None:
        return found
    return dataclasses.replace(
        found,
        incoming=dataclasses.replace(found.incoming, auth=known.incoming.auth),
        outgoing=dataclasses.replace(found.outgoing, auth=known.outgoing.auth),
        oauth_provider=known.oauth_provider,
        app_password_page=known.app_password_page,
        app_password_note=known.app_password_note,
        note=known.note,
        shared_copy_only=known.shared_copy_only,
    )
