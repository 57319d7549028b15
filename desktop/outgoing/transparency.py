"""How a message's octets look on the wire, in both directions: line ends, dots, and what is refused.

Only CRLF ends a line and only CRLF.CRLF ends a message (RFC 5321 2.3.8, 4.1.1.4).  A lone LF inside becomes CRLF before
the dots are stuffed, so that no server, however lenient, can read a second message out of the first (SMTP smuggling).
"""

import re
from typing import Final

END_OF_DATA: Final = b"\r\n.\r\n"
FINAL_DOT: Final = b".\r\n"
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_BARE_CR: Final = re.compile(rb"\r(?!\n)")


def unstuffed(octets: bytes) -> bytes:
    """Return what the client meant: a dot that begins a line is the transparent one and goes (RFC 5321 4.5.2)."""
    text = octets.replace(b"\r\n.", b"\r\n")
    return text[1:] if text.startswith(b".") else text


def stuffed(octets: bytes) -> bytes:
    """Return `octets` as they may stand in front of the final dot: dots doubled, CRLF at the end."""
    text = octets.replace(b"\r\n.", b"\r\n..")
    if text.startswith(b"."):
        text = b"." + text
    return text if text.endswith(b"\r\n") or not text else text + b"\r\n"


def whole_lines(octets: bytes) -> bytes:
    """Return `octets` with every bare LF made CRLF."""
    if octets.count(b"\n") == octets.count(b"\r\n"):
        return octets
    return _BARE_LF.sub(b"\r\n", octets)


def has_forbidden(octets: bytes) -> bool:
    """Say whether there is a NUL or a CR without its LF, which servers read in different ways."""
    return b"\x00" in octets or (octets.count(b"\r") != octets.count(b"\r\n") and _BARE_CR.search(octets) is not None)
