"""MAIL and RCPT as the client spells them, read strictly and written anew for the provider.

The address is checked before any library sees it, and a parameter passes only when it is one of those we know
(RFC 1870, 6152, 6531, 3461): nothing a client writes reaches the provider's command line unread.
"""

import re
from dataclasses import dataclass
from typing import Final

from desktop.core.address import check_address
from desktop.core.errors import Malformed

# RFC 5321 4.1.1.2 allows no space after the colon; many clients send one and every server takes it.
_PATH: Final = re.compile(r"(?i:(FROM|TO)):\s*<([^<>]*)>((?:\s+[!-~]+)*)\s*\Z")
_QUOTED_OR_LITERAL: Final = re.compile(r'(?:"(?:[^"\\\r\n]|\\.)*"|[^@\s"]+)@(?:\[[0-9A-Za-z:.\-]+\]|[^@\s\[\]]+)\Z')
# RFC 3461 4: xtext, with the ENVID at most 100 characters and NOTIFY=NEVER on its own.
_XTEXT: Final = r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})"
_MAIL_PARAMETERS: Final = {
    "SIZE": re.compile(r"\d{1,20}\Z"),
    "BODY": re.compile(r"(?i:7BIT|8BITMIME)\Z"),
    "SMTPUTF8": re.compile(r"\Z"),
    "RET": re.compile(r"(?i:FULL|HDRS)\Z"),
    # Thunderbird 153 writes ENVID=<uuid@host> without encoding; `=` and `+` alone must be encoded.
    "ENVID": re.compile(rf"{_XTEXT}{{1,100}}\Z"),
    "AUTH": re.compile(rf"{_XTEXT}{{1,500}}\Z"),
}
_RCPT_PARAMETERS: Final = {
    "NOTIFY": re.compile(r"(?i:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2})\Z"),
    "ORCPT": re.compile(rf"[A-Za-z0-9\-]{{1,60}};{_XTEXT}{{1,500}}\Z"),
}
DSN_PARAMETERS: Final = frozenset({"RET", "ENVID", "NOTIFY", "ORCPT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One MAIL or RCPT: the address, empty for `<>`; the parameters by upper-case name, "" for one without value."""

    address: str
    parameters: dict[str, str]


class BadCommandError(ValueError):
    """The command cannot be taken; the text is the whole SMTP reply."""


def read_mail(argument: str) -> Path:
    """Return the sender in `FROM:<…> …`; raise BadCommandError with the reply."""
    return _read(argument, "FROM", _MAIL_PARAMETERS)


def read_rcpt(argument: str) -> Path:
    """Return the recipient in `TO:<…> …`; raise BadCommandError with the reply."""
    path = _read(argument, "TO", _RCPT_PARAMETERS)
    if not path.address:
        raise BadCommandError("553 5.1.3 A recipient needs an address.")
    return path


def _read(argument: str, keyword: str, known: dict[str, re.Pattern[str]]) -> Path:
    match = _PATH.match(argument)
    if match is None or match[1].upper() != keyword:
        raise BadCommandError(f"501 5.5.4 Write it as {keyword}:<name@example.com>.")
    return Path(address=_address(match[2]), parameters=_parameters(match[3].split(), known))


def _address(text: str) -> str:
    if not text:
        return ""
    try:
        return check_address(text)
    except Malformed as error:
        if _QUOTED_OR_LITERAL.match(text) and text.isprintable():
            # RFC 5321 4.1.2 allows these; no provider of one-to-one mail gives them out.
            raise BadCommandError(
                "553 5.1.3 Readback does not take this form of address (quoted name, literal or over-long). "
                "Send this mail through your provider directly."
            ) from error
        raise BadCommandError("553 5.1.3 This is not a mail address. Write it as name@example.com.") from error


def _parameters(words: list[str], known: dict[str, re.Pattern[str]]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        name = name.upper()
        pattern = known.get(name)
        if pattern is None:
            raise BadCommandError("555 5.5.4 A parameter of this command is not known here.")
        if name in parameters or not pattern.match(value):
            raise BadCommandError(f"501 5.5.4 The parameter {name} is not well formed.")
        parameters[name] = value
    return parameters


def spelled(name: str, value: str) -> str:
    """Return a parameter as it stands in a command."""
    return f"{name}={value}" if value else name
