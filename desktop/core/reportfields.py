"""What delivery reports and read receipts are written in: groups of fields, typed addresses, the mail they return."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from desktop.core.address import normalised
from desktop.core.errors import Malformed
from desktop.core.skim import Head, Leaf, read_head

MAX_GROUPS: Final = 200
_ORIGINALS: Final = frozenset(
    {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers"}
)
_ID_FIELDS: Final = (
    "message-id",
    "x-microsoft-original-message-id",
    "x-google-original-message-id",
    "original-message-id",
    "x-original-message-id",
)
_MESSAGE_ID: Final = re.compile(r"<[^<>\s\x00-\x20\x7f-\xa0\u2028\u2029]{1,996}>")
_ADDRESS_TYPE: Final = re.compile(r"\s*[A-Za-z0-9-]+\s*;")
# RFC 3461 4: xtext; only what had to be spelled so, for "bob+2026@…" is an address.
_XTEXT: Final = re.compile(r"\+(2B|3D)")
# RFC 6533 3: an address in seven bits.
_EMBEDDED: Final = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_MAX_POINT: Final = 0x10FFFF


def groups(leaf: Leaf) -> Iterator[Head]:
    """Yield the groups of fields, which blank lines part (RFC 3464 2.1)."""
    position = 0
    content = leaf.content.lstrip()
    for _ in range(MAX_GROUPS):
        head, end = read_head(content[position:])
        if head.values:
            yield head
        position += end
        if end == 0 or position >= len(content):
            return


def typed_address(value: str) -> str:
    """Return the address of "rfc822; name@example.com" normalised; empty where there is none."""
    match = _ADDRESS_TYPE.match(value)
    plain = _XTEXT.sub(lambda found: chr(int(found[1], 16)), value[match.end() :] if match else value)
    plain = _EMBEDDED.sub(_point, plain).strip().removeprefix("<").removesuffix(">")
    return known_address(plain)


def _point(found: re.Match[str]) -> str:
    point = int(found[1], 16)
    return chr(point) if point <= _MAX_POINT else ""


def known_address(address: str) -> str:
    """Return the address normalised, empty where it is none."""
    try:
        return normalised(address)
    except Malformed:
        return ""


def message_ids(values: Iterable[str]) -> tuple[str, ...]:
    """Return the Message-IDs in the values, each once."""
    return tuple(dict.fromkeys(name for value in values for name in _MESSAGE_ID.findall(value)))


def named_ids(head: Head) -> tuple[str, ...]:
    """Return the Message-IDs under which a returned mail or report fields name a mail."""
    return message_ids(head.first(name) for name in _ID_FIELDS)


def returned_ids(leaves: Sequence[Leaf]) -> tuple[str, ...]:
    """Return the Message-IDs of the mail that comes back with a report."""
    names = [named_ids(read_head(leaf.content)[0]) for leaf in leaves if leaf.media_type in _ORIGINALS]
    return tuple(dict.fromkeys(name for found in names for name in found))
