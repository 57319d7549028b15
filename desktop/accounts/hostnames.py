"""Host names that strangers' files and records give us: which of them we would ever connect to.

Only names with at least two labels: a certificate for an address of the network or for a bare name proves nothing.
"""

import re
from typing import Final

import dns.exception
import dns.name

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_MAX_NAME_CHARACTERS: Final = 253


def checked_host(text: str) -> str | None:
    """Return a host name in lower case, in its ASCII form and without a final dot, or None where it is none."""
    if "\\" in text:  # dnspython reads RFC 1035's escapes, which no name of a mail server needs
        return None
    try:
        name = ascii_domain(text)
    except ValueError:
        return None
    labels = name.split(".")
    well_formed = len(labels) > 1 and all(_LABEL.match(label) for label in labels)
    return name if well_formed and len(name) <= _MAX_NAME_CHARACTERS and not labels[-1].isdigit() else None


def ascii_domain(domain: str) -> str:
    """Return a domain in the form that DNS and TLS use (IDNA 2008, RFC 5891); raise ValueError where it has none."""
    # IDNA refuses two hyphens in third and fourth place, which plain names such as r3--sn.example may have.
    codec = dns.name.IDNA_2003_Practical if domain.isascii() else dns.name.IDNA_2008_UTS_46
    try:
        return dns.name.from_unicode(domain, idna_codec=codec).to_text(omit_final_dot=True).lower()
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError("not a domain name") from error


def is_under(host: str, domain: str) -> bool:
    """Say whether `host` is `domain` or lies below it; both in their ASCII form."""
    return host == domain or host.endswith(f".{domain}")
