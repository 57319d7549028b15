"""An account's further addresses and From names as text: one a line, as "Kim Larsen <sales@example.com>"."""

from collections.abc import Sequence

from desktop.core.address import Mailbox, check_address
from desktop.core.errors import Malformed


def as_text(mailboxes: Sequence[Mailbox]) -> str:
    """Return the lines for these."""
    return "\n".join(f"{each.name} <{each.address}>" if each.name else each.address for each in mailboxes)


def from_text(text: str) -> tuple[Mailbox, ...]:
    """Return what the lines name, each once; raise Malformed with the line that is no address."""
    found: dict[tuple[str, str], Mailbox] = {}
    for line in text.splitlines():
        if line.strip():
            one = _mailbox(line.strip())
            found.setdefault((one.name, one.address.lower()), one)
    return tuple(found.values())


def _mailbox(line: str) -> Mailbox:
    name, bracket, rest = line.rpartition("<")
    address = rest.strip().removesuffix(">").strip() if bracket else line
    try:
        return Mailbox(name.strip().strip('"') if bracket else "", check_address(address))
    except Malformed:
        raise Malformed(f"“{line}” is not a mail address.", "Write one a line, as Name <name@example.com>.") from None
