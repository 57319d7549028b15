"""Mail addresses: what we accept, and the one spelling under which a person is known.

Addresses are checked here before any client library sees them; what a library would quote or encode is refused instead.
"""

import re
from dataclasses import dataclass
from typing import Final

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
    local, at, domain = text.rpartition("@")
    well_formed = (
        bool(at)
        and len(local.encode("utf-8", "surrogatepass")) <= MAX_LOCAL_BYTES
        and len(text.encode("utf-8", "surrogatepass")) <= MAX_ADDRESS_BYTES
        and _DOT_ATOM.match(local) is not None
        and _DOMAIN.match(domain) is not None
        and text.isprintable()
    )
    if not well_formed:
        raise Malformed("This is not a mail address.", "Write it as name@example.com.")
    return text


def normalised(address: str) -> str:
    """Return the one spelling under which a person is known: lower case throughout; raise Malformed.

    RFC 5321 2.4 leaves the local part's case to the receiving host; no large provider tells two cases apart.
    """
    return check_address(address.strip()).lower()
