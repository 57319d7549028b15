"""Mail addresses: what we accept, and the one spelling under which a person is known.

Addresses are checked here before any client library sees them; what a library would quote or encode is refused instead.
A domain has two spellings where it is international (RFC 5890): people are known under the ASCII one, and shown the
other.
"""

import re
from dataclasses import dataclass
from typing import Final

import idna

from desktop.core.errors import Malformed

# RFC 5321 4.5.3.1: 64 octets of local part, 255 of domain, 254 usable in a path.
MAX_LOCAL_BYTES: Final = 64
MAX_ADDRESS_BYTES: Final = 254
# RFC 5322 3.2.3 atext, RFC 6531 3.3 for everything above ASCII that is printable.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\U0010ffff]+"
_DOT_ATOM: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_LABEL: Final = r"[A-Za-z0-9\u00a1-\U0010ffff](?:[A-Za-z0-9\-\u00a1-\U0010ffff]{0,61}[A-Za-z0-9\u00a1-\U0010ffff])?"
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, empty when there is none, and an address as it was written."""

    name: str
    address: str


def check_address(text: str) -> str:
    """Return `text` when it is a dot-atom address (RFC 5321 4.1.2, RFC 6531); raise Malformed otherwise.

    Quoted local parts and address literals are refused: no provider of one-to-one mail gives them out.
    """
    if not _is_address(text):
        raise Malformed("This is not a mail address.", "Write it as name@example.com.")
    return text


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return (
        bool(at)
        and len(local.encode("utf-8", "surrogatepass")) <= MAX_LOCAL_BYTES
        and len(text.encode("utf-8", "surrogatepass")) <= MAX_ADDRESS_BYTES
        and _DOT_ATOM.match(local) is not None
        and _DOMAIN.match(domain) is not None
        and text.isprintable()
    )


def normalised(address: str) -> str:
    """Return the one spelling under which a person is known: lower case, the domain in ASCII; raise Malformed.

    RFC 5321 2.4 leaves the local part's case to the receiving host; no large provider tells two cases apart.
    """
    local, _, domain = check_address(address.strip()).rpartition("@")
    lowered = f"{local}@{domain}".lower()
    if domain.isascii():
        return lowered
    found = f"{local.lower()}@{_domain_in_ascii(domain)}"
    return found if _is_address(found) else lowered


def known_as(text: str) -> str:
    """Return what stands in a header normalised, and where that is no address in lower case alone."""
    try:
        return normalised(text)
    except Malformed:
        return text.strip().lower()


def domain_in_ascii(domain: str) -> str:
    """Return a domain as `normalised` spells it."""
    return normalised(f"x@{domain}").removeprefix("x@")


def _domain_in_ascii(domain: str) -> str:
    """Return a domain by UTS 46, non-transitional: each label by IDNA 2008, or by RFC 3492 alone where it is older."""
    try:
        mapped = idna.uts46_remap(domain, std3_rules=False, transitional=False)
    except idna.IDNAError:
        mapped = domain.lower()
    return ".".join(_label_in_ascii(label) for label in mapped.split("."))


def _label_in_ascii(label: str) -> str:
    if label.isascii():
        return label
    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError:
        # Signs that were once registered, such as emoji: both spellings are one person's all the same.
        return f"xn--{label.encode('punycode').decode('ascii')}"


def shown(address: str) -> str:
    """Return a normalised address with its domain as people write it, where that is the same domain beyond doubt."""
    local, _, domain = address.rpartition("@")
    if "xn--" not in domain:
        return address
    written = f"{local}@{'.'.join(_label_as_written(label) for label in domain.split('.'))}"
    return written if _is_address(written) and normalised(written) == address else address


def _label_as_written(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.ulabel(label)
    except idna.IDNAError:
        return _decoded(label)


def _decoded(label: str) -> str:
    """Return a label that IDNA 2008 has none for; it is shown where it leads back to this one."""
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def without_detail(address: str) -> str:
    """Return a normalised address without what follows a plus in its local part (RFC 5233): the same person's.

    At providers that know no such detail the two may be two people: what one of them refused holds for the other too.
    """
    local, _, domain = address.rpartition("@")
    user, plus, _ = local.partition("+")
    return f"{user}@{domain}" if plus and user else address
