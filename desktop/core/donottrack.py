"""Do-not-track lists: addresses, whole domains, and patterns, one a line.

A domain stands for its subdomains too, and an address for those that add a plus and a detail to it.  International
domains are compared in their ASCII spelling, so that "müller.example" and "xn--mller-kva.example" are one; patterns
are tried on both.
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from desktop.core.address import check_address, domain_in_ascii, normalised, shown, without_detail
from desktop.core.errors import Malformed

MAX_PATTERN_CHARS: Final = 254
_CURE: Final = "Write one address, one domain or one pattern such as *@*.example a line."
_UNREADABLE: Final = "\ufffd"
# What addresses and domains are made of, the star beside it.
_PATTERN: Final = re.compile(r"[^\s@,;<>\"()\[\]\\:]*@?[^\s@,;<>\"()\[\]\\:]*\Z")


class Kind(StrEnum):
    """What an entry names."""

    ADDRESS = "address"
    DOMAIN = "domain"
    PATTERN = "pattern"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry; `value` is in lower case, its domain in ASCII."""

    kind: Kind
    value: str


def read_list(octets: bytes) -> str:
    """Return the text of a list's file: UTF-8, UTF-16 with its mark, or what Windows programs wrote before them."""
    if octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return octets.decode("utf-16", "replace")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def parse_line(text: str) -> Entry:
    """Return what a line names: `anna@x.example`, `x.example` or `@x.example`, or with stars; raise Malformed."""
    line = text.strip().lower()
    if not line:
        raise Malformed("There is nothing in this line.", _CURE)
    if _UNREADABLE in line:
        raise Malformed("This line holds letters that cannot be read.", "Save the list as UTF-8 and import it again.")
    if "*" in line:
        return _pattern(line)
    local, at, domain = line.rpartition("@")
    if at and local:
        return Entry(kind=Kind.ADDRESS, value=normalised(line))
    if not at and "." not in line:
        raise Malformed("This is no address and no domain.", _CURE)
    try:
        # A domain is what may stand after the sign.
        check_address(f"x@{domain}")
    except Malformed as error:
        raise Malformed("This is no domain.", _CURE) from error
    return Entry(kind=Kind.DOMAIN, value=domain_in_ascii(domain))


def _pattern(line: str) -> Entry:
    if len(line) > MAX_PATTERN_CHARS or not line.isprintable() or _PATTERN.match(line) is None:
        raise Malformed("This is no pattern of an address.", _CURE)
    if not line.replace("*", "").strip("@."):
        cure = "To track nobody, choose “nothing: no picture and no tracked link” under Settings → Accounts."
        raise Malformed("This pattern names everybody.", cure)
    return Entry(kind=Kind.PATTERN, value=re.sub(r"\*+", "*", line))


def names(entries: Iterable[Entry], address: str) -> Entry | None:
    """Return the first entry that names a normalised address; None where none does."""
    wanted = exact_spellings(address)
    return next((entry for entry in entries if _names(entry, wanted)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spellings:
    """An address as entries may name it: the whole of it and without a detail, its domain with all those above it.

    `written` are both spellings of those addresses.
    """

    addresses: frozenset[str]
    domains: frozenset[str]
    written: tuple[str, ...]


def exact_spellings(address: str) -> Spellings:
    """Return how entries may spell a normalised address."""
    addresses = frozenset({address, without_detail(address)})
    labels = address.rpartition("@")[2].split(".")
    return Spellings(
        addresses=addresses,
        domains=frozenset(".".join(labels[start:]) for start in range(len(labels))),
        written=tuple(sorted(addresses | {shown(each) for each in addresses})),
    )


def _names(entry: Entry, wanted: Spellings) -> bool:
    if entry.kind is Kind.ADDRESS:
        return entry.value in wanted.addresses
    if entry.kind is Kind.DOMAIN:
        return entry.value in wanted.domains
    return any(fits(entry.value, each) for each in wanted.written)


def fits(pattern: str, address: str) -> bool:
    """Return whether a pattern fits the whole address; a star stands for any characters or none.

    A pattern without the sign speaks of the domain alone.  Each piece is looked for once, from where the one before it
    ended, so that no pattern takes long.
    """
    text = address if "@" in pattern else address.rpartition("@")[2]
    first, *middle, last = pattern.split("*")
    if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
        return False
    position, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True
